"""What the samples of Postmark cannot show: whose words pass, and what a record without its message is worth."""

import json
from typing import Any

import pytest

from acquit.decode.context import Context
from acquit.decode.fields import Decoded
from acquit.decode.postmark import decode
from acquit.errors import Undecodable
from acquit.events import Ignored, Reply, Report
from tests.builders import shipped_rules

BOUNCE = {"RecordType": "Bounce", "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483", "Email": "jane@example.com"}
CHANGE = {"RecordType": "SubscriptionChange", "MessageStream": "broadcasts", "Recipient": "jane@example.com"}
WORDS = shipped_rules().statuses["postmark"]


def read(fields: dict[str, Any], **more: Any) -> Decoded:
    [said] = decode(json.dumps({**fields, **more}).encode(), Context())
    return said


@pytest.mark.parametrize("kind", ["AutoResponder", "AddressChange", "ChallengeVerification", "TemplateRenderingFailed"])
def test_details_that_may_quote_a_mail_do_not_pass(kind: str) -> None:
    said = read(BOUNCE, Type=kind, Details="I am at the seaside", Description="Ours")
    assert isinstance(said, Report)
    assert said.text == "Ours"


@pytest.mark.parametrize("kind", ["HardBounce", "SoftBounce", "Blocked", "DMARCPolicy", "TypeOfTomorrow"])
def test_details_that_a_server_said_pass_whole(kind: str) -> None:
    said = read(BOUNCE, Type=kind, Details="smtp;550 5.1.1 no such user", Description="Ours")
    assert isinstance(said, Report)
    assert said.text == "smtp;550 5.1.1 no such user"


def test_type_decides_and_not_its_code() -> None:
    complaint, notification = (read(BOUNCE, Type=kind, TypeCode=512) for kind in ("SpamComplaint", "SpamNotification"))
    assert isinstance(complaint, Report)
    assert isinstance(notification, Report)
    assert WORDS[(complaint.status or "").casefold()].category == "complaint"
    assert WORDS[(notification.status or "").casefold()].category == "spam_filtered"


@pytest.mark.parametrize("origin", ["Customer", "Admin", None])
@pytest.mark.parametrize("is_suppressed", [True, False])
def test_what_staff_did_is_neither_stop_nor_start(origin: str | None, is_suppressed: bool) -> None:
    said = read(CHANGE, Origin=origin, SuppressSending=is_suppressed, SuppressionReason="ManualSuppression")
    assert said == Ignored("postmark", "SubscriptionChange")


def test_stop_without_a_stream_is_for_everything() -> None:
    said = read(CHANGE, MessageStream=None, Origin="Recipient", SuppressSending=True,
                SuppressionReason="ManualSuppression")  # fmt: skip
    assert isinstance(said, Reply)
    assert (said.says, said.stream) == ("stop", None)


@pytest.mark.parametrize("message_id", [None, "", "00000000-0000-0000-0000-000000000000"])
def test_bounce_of_nothing_and_nobody_is_refused(message_id: str | None) -> None:
    with pytest.raises(Undecodable) as caught:
        read(BOUNCE, Type="HardBounce", MessageID=message_id, Email=None)
    assert caught.value.reason == "missing_field"
