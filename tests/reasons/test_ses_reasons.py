"""What SES's bounces, delays and complaints mean for an address, and what becomes of it on the list."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from acquit.decode.context import Context
from acquit.decode.ses import decode
from acquit.events import FINAL, Receipt, Report
from acquit.normalise import normalise_report
from acquit.pipeline import judge_report
from acquit.reasons import Reason, explain
from acquit.suppression.facts import NEVER_LIFTED_BY_DELIVERY
from tests.builders import entries_of, folded, shipped_rules

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ANN = "ann@example.org"
TIME = {"timestamp": "2026-11-22T09:00:00Z"}


def report(name: str, *, at: str = "2026-11-22T09:00:00Z", diagnostic: str | None = None, **fields: Any) -> Report:
    mail = {"messageId": "m1", "destination": [ANN], **TIME}
    fields = {"timestamp": at, "recipients": [ANN], **fields}
    for recipients in ("bouncedRecipients", "complainedRecipients", "delayedRecipients"):
        fields[recipients] = [{"emailAddress": ANN, "diagnosticCode": diagnostic}]
    part = {"DeliveryDelay": "deliveryDelay", "Rendering Failure": "failure"}.get(name, name.lower())
    [said] = decode(json.dumps({"eventType": name, "mail": mail, part: fields}).encode(), Context())
    assert isinstance(said, Report)
    return said


def bounce(kind: str, **fields: Any) -> Report:
    bounce_type, _, subtype = kind.partition("/")
    return report("Bounce", bounceType=bounce_type, bounceSubType=subtype, **fields)


def why(said: Report) -> Reason:
    return explain(said, shipped_rules())


def judged(said: Report) -> Receipt:
    return judge_report(normalise_report(said, received_at=NOW), NOW, None, shipped_rules())


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("Permanent/General", ("failed", "recipient_unknown", "permanent", "suppress")),
        ("Permanent/NoEmail", ("failed", "recipient_unknown", "permanent", "suppress")),
        ("Permanent/Suppressed", ("rejected", "provider_suppressed", "permanent", "suppress")),
        ("Permanent/OnAccountSuppressionList", ("rejected", "provider_suppressed", "permanent", "suppress")),
        ("Permanent/OnTenantSuppressionList", ("rejected", "provider_suppressed", "permanent", "suppress")),
        ("Permanent/EmailValidationSuppressed", ("rejected", "provider_suppressed", "permanent", "suppress")),
        ("Permanent/UnsubscribedRecipient", ("rejected", "provider_suppressed", "permanent", "suppress")),
        ("Permanent/Brandnew", ("failed", "unknown", "permanent", "review")),
        ("Transient/General", ("failed", "network_or_system_error", "transient", "retry_later")),
        ("Transient/MailboxFull", ("failed", "recipient_storage_full", "transient", "retry_later")),
        ("Transient/MessageTooLarge", ("failed", "message_too_large", "none", "fix_content")),
        ("Transient/ContentRejected", ("failed", "content_rejected", "none", "fix_content")),
        ("Transient/AttachmentRejected", ("failed", "content_rejected", "none", "fix_content")),
        ("Transient/CustomTimeoutExceeded", ("expired", "expired", "transient", "retry")),
        ("Transient/Brandnew", ("failed", "unknown", "transient", "retry_later")),
        ("Undetermined/Undetermined", ("failed", "unknown", "transient", "review")),
        ("TRANSIENT/mailboxfull", ("failed", "recipient_storage_full", "transient", "retry_later")),
        ("Brandnew/General", ("unknown", "unknown", "transient", "review")),
    ],
)
def test_bounce_is_explained(kind: str, answer: tuple[str, ...]) -> None:
    reason = why(bounce(kind))
    assert (reason.status, reason.category, reason.permanence, reason.action) == answer


@pytest.mark.parametrize(
    ("diagnostic", "category", "permanence"),
    [
        (None, "recipient_unknown", "permanent"),
        ("smtp; 550 nobody of this name", "recipient_unknown", "permanent"),
        ("smtp; 550 5.1.1 user unknown", "recipient_unknown", "permanent"),
        ("smtp; 550-5.1.1 The account does not exist. 550 5.1.1 [35.7.1.9]", "recipient_unknown", "permanent"),
        ("smtp; 550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found", "recipient_unknown", "permanent"),
        ("smtp; 556 5.1.10 Recipient address has a null MX", "domain_unknown", "permanent"),
        ("smtp; 550 5.2.1 The account is disabled", "recipient_inactive", "permanent"),
        ("smtp; 552 5.2.2 Over quota", "recipient_storage_full", "transient"),
        ("smtp; 550 5.7.1 Message blocked", "policy_rejected", "none"),
        ("smtp; 550-5.7.26 Unauthenticated email is not accepted", "sender_auth_failed", "none"),
        ("smtp; 554 refused, see https://www.spamhaus.org/query/ip/192.0.2.1", "sender_reputation_blocked", "none"),
    ],
)
def test_hard_bounce_without_a_kind_is_told_by_the_other_servers_reply(
    diagnostic: str | None, category: str, permanence: str
) -> None:
    reason = why(bounce("Permanent/General", diagnostic=diagnostic))
    assert (reason.category, reason.permanence) == (category, permanence)


@pytest.mark.parametrize(
    ("kind", "category", "action"),
    [
        ("InternalFailure", "network_or_system_error", "wait"),
        ("General", "network_or_system_error", "wait"),
        ("MailboxFull", "recipient_storage_full", "wait"),
        ("SpamDetected", "sender_reputation_blocked", "fix_sender"),
        ("RecipientServerError", "network_or_system_error", "wait"),
        ("IPFailure", "sender_reputation_blocked", "fix_sender"),
        ("TransientCommunicationFailure", "network_or_system_error", "wait"),
        ("BYOIPHostNameLookupUnavailable", "sender_auth_failed", "fix_sender"),
        ("Undetermined", "network_or_system_error", "wait"),  # the code knows less than the word
        ("SendingDeferral", "rate_limited", "wait"),
        ("Brandnew", "network_or_system_error", "wait"),
    ],
)
def test_delay_is_no_end(kind: str, category: str, action: str) -> None:
    reason = why(report("DeliveryDelay", delayType=kind))
    assert (reason.status, reason.category, reason.action) == ("deferred", category, action)
    assert reason.status not in FINAL


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("Send", ("sent", None, "none", "none")),
        ("Delivery", ("delivered_handset", None, "none", "none")),
        ("Reject", ("rejected", "malware_detected", "none", "fix_content")),
        ("Rendering Failure", ("rejected", "session_or_template_error", "none", "fix_content")),
    ],
)
def test_event_is_explained(name: str, answer: tuple[str | None, ...]) -> None:
    reason = why(report(name))
    assert (reason.status, reason.category, reason.permanence, reason.action) == answer


@pytest.mark.parametrize("kind", ["abuse", "fraud", "virus", "other", "opt-out", None])
def test_complaint_suppresses_for_good(kind: str | None) -> None:
    receipt = judged(report("Complaint", complaintFeedbackType=kind))
    assert (receipt.status, receipt.category, receipt.action) == ("delivered_handset", "complaint", "suppress")
    [entry] = entries_of(folded(receipt)).values()
    assert (entry.reason, entry.until) == ("complaint", None)


@pytest.mark.parametrize(("kind", "status"), [("not-spam", "delivered_handset"), ("auth-failure", "accepted")])
def test_report_that_is_no_complaint_suppresses_nobody(kind: str, status: str) -> None:
    receipt = judged(report("Complaint", complaintFeedbackType=kind))
    assert (receipt.status, receipt.category) == (status, None)
    assert receipt.category not in NEVER_LIFTED_BY_DELIVERY
    assert entries_of(folded(receipt)) == {}


def test_report_on_authentication_does_not_turn_a_bounce_into_a_delivery() -> None:
    failed = judged(bounce("Permanent/NoEmail"))
    later = judged(report("Complaint", at="2026-11-22T09:05:00Z", complaintFeedbackType="auth-failure"))
    assert len(entries_of(folded(failed, later))) == 1


def test_complaint_of_long_ago_is_the_lists_and_no_new_one() -> None:
    receipt = judged(report("Complaint", complaintSubType="OnAccountSuppressionList"))
    assert (receipt.status, receipt.category) == ("rejected", "provider_suppressed")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("Permanent/NoEmail", "recipient_unknown"),
        ("Permanent/OnAccountSuppressionList", "provider_suppressed"),
        ("Permanent/UnsubscribedRecipient", "provider_suppressed"),  # of one topic, maybe
        ("Permanent/Brandnew", None),
        ("Transient/MailboxFull", None),
        ("Transient/ContentRejected", None),
        ("Undetermined/Undetermined", None),
    ],
)
def test_first_bounce_condemns_only_whom_it_names_as_gone(kind: str, reason: str | None) -> None:
    assert [entry.reason for entry in entries_of(folded(judged(bounce(kind)))).values()] == ([reason] if reason else [])


def test_bounce_after_the_delivery_wins() -> None:
    delivered, bounced = judged(report("Delivery")), judged(bounce("Permanent/NoEmail", at="2026-11-22T09:01:00Z"))
    assert len(entries_of(folded(delivered, bounced))) == 1
