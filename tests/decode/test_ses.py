"""One sample for every event that Amazon publishes an example of, then what its pages do not say."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.decode.context import Context
from acquit.decode.ses import decode
from acquit.errors import Undecodable
from acquit.events import Engagement, Report

SAMPLES = Path(__file__).parent.parent / "samples" / "ses"
CASES = sorted(path.name.removesuffix(".expected.json") for path in SAMPLES.glob("*.expected.json"))
MAIL = {"messageId": "m1", "timestamp": "2026-11-22T09:00:00Z", "destination": ["ann@example.org"]}
BOUNCED: dict[str, Any] = {
    "bounceType": "Transient",
    "bounceSubType": "General",
    "bouncedRecipients": [],
    "timestamp": None,
}


def read(event: dict[str, Any] | str, context: Context | None = None) -> list[Report | Engagement]:
    text = event if isinstance(event, str) else json.dumps(event)
    return list(decode(text.encode(), context or Context()))


def one(event: dict[str, Any], context: Context | None = None) -> Report:
    [report] = read(event, context)
    assert isinstance(report, Report)
    return report


def bounce(*recipients: dict[str, str], **fields: Any) -> dict[str, Any]:
    return {"eventType": "Bounce", "mail": MAIL, "bounce": {**BOUNCED, "bouncedRecipients": recipients, **fields}}


def complaint(**fields: Any) -> dict[str, Any]:
    who = {"complainedRecipients": [{"emailAddress": "ann@example.org"}]}
    return {"eventType": "Complaint", "mail": MAIL, "complaint": {**who, **fields}}


def refusal(event: dict[str, Any] | str) -> Undecodable:
    with pytest.raises(Undecodable) as caught:
        read(event)
    return caught.value


def expected(fields: dict[str, Any]) -> Report | Engagement:
    whole = {"provider": "ses", "channel": "email", **fields}
    return msgspec.convert(whole, Engagement) if "kind" in fields else msgspec.convert(whole, Report)


@pytest.mark.parametrize("case", CASES)
def test_sample_decodes_as_expected(case: str) -> None:
    context_path = SAMPLES / f"{case}.context.json"
    context = msgspec.json.decode(context_path.read_bytes(), type=Context) if context_path.exists() else Context()
    answer = json.loads((SAMPLES / f"{case}.expected.json").read_bytes())
    said = list(decode((SAMPLES / f"{case}.json").read_bytes(), context))
    assert said == [expected(fields) for fields in (answer if isinstance(answer, list) else [answer])]


def test_envelope_of_sns_changes_nothing() -> None:
    event = bounce({"emailAddress": "ann@example.org"})
    assert read({"Type": "Notification", "Message": json.dumps(event)}) == read(event)


def test_both_names_of_the_event_are_read() -> None:
    event = bounce({"emailAddress": "ann@example.org"})
    assert read({"notificationType": event.pop("eventType"), **event}) == read({"eventType": "Bounce", **event})


@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_what_sns_says_of_itself_is_nothing_for_us(kind: str) -> None:
    assert read({"Type": kind, "Message": "You have chosen to subscribe", "Token": "x"}) == []


@pytest.mark.parametrize("context", [Context(), Context(to="ann@example.org")])
def test_bounce_that_names_nobody_is_the_contexts(context: Context) -> None:
    assert one(bounce(), context).to == context.to


def test_time_of_the_mail_stands_in_for_the_events() -> None:
    report = one(bounce({"emailAddress": "ann@example.org"}))
    assert report.at == report.submitted_at is not None


def test_event_without_any_time_has_none() -> None:
    event = {**bounce({"emailAddress": "ann@example.org"}), "mail": {"messageId": "m1"}}
    assert one(event).at is None


def test_bounce_without_subtype_is_undetermined() -> None:
    event = bounce({"emailAddress": "ann@example.org"})
    del event["bounce"]["bounceSubType"]
    assert one(event).code == "Transient/Undetermined"


@pytest.mark.parametrize(
    ("kind", "subtype", "status"),
    [
        ("abuse", None, "complaint"),
        ("fraud", None, "complaint"),
        ("virus", None, "complaint"),
        ("other", None, "complaint"),
        ("opt-out", None, "complaint"),  # of no registered type: a complaint still
        (None, None, "complaint"),
        ("not-spam", None, "complaint:not-spam"),
        ("Not-Spam", None, "complaint:Not-Spam"),
        ("auth-failure", None, "complaint:auth-failure"),
        (None, "OnAccountSuppressionList", "complaint:OnAccountSuppressionList"),
        ("abuse", "OnAccountSuppressionList", "complaint:OnAccountSuppressionList"),
    ],
)
def test_complaint_is_told_from_what_is_none(kind: str | None, subtype: str | None, status: str) -> None:
    report = one(complaint(complaintFeedbackType=kind, complaintSubType=subtype))
    assert (report.status, report.code) == (status, kind)


@pytest.mark.parametrize(
    ("diagnostic", "text"),
    [
        ("550 5.1.1 <ann.smith@example.org>: no such user", "550 5.1.1 <a***@example.org>: no such user"),
        ("smtp; 550 ann.smith@example.org unknown", "smtp; 550 a***@example.org unknown"),
        ("unknown user: (ann.smith@example.org)", "unknown user: a***@example.org)"),
        ('"ann smith"@example.org is unknown', "***@example.org is unknown"),
        ("to=ann@example.org,bob@example.net", "t***@example.org,b***@example.net"),
        ("bounce-ann=example.org@mta.example", "b***@mta.example"),
        ("@example.org", "***@example.org"),
        ("mailbox unavailable", "mailbox unavailable"),
        ("", None),
    ],
)
def test_addresses_in_the_other_servers_words_are_masked(diagnostic: str, text: str | None) -> None:
    assert one(bounce({"emailAddress": "ann@example.org", "diagnosticCode": diagnostic})).text == text


@given(st.text(), st.from_regex(r"[a-z]{2,20}(\.[a-z]{2,20})?", fullmatch=True), st.text())
def test_no_local_part_survives_in_the_words(before: str, local: str, after: str) -> None:
    words = f"{before} {local}@example.org {after}"
    text = one(bounce({"emailAddress": "x@example.org", "diagnosticCode": words})).text
    assert f"{local}@" not in (text or "")


@pytest.mark.parametrize("kind", ["Open", "Click"])
@pytest.mark.parametrize("people", [["ann@example.org", "bob@example.org"], ["ann@example.org"] * 2])
def test_who_of_several_opened_or_clicked_is_not_known(kind: str, people: list[str]) -> None:
    assert read({"eventType": kind, "mail": {**MAIL, "destination": people}, kind.lower(): {}}) == []


def test_click_tells_neither_link_nor_browser() -> None:
    click = {"link": "https://example.org/secret", "userAgent": "Mozilla", "ipAddress": "192.0.2.1"}
    [event] = read({"eventType": "Click", "mail": MAIL, "click": click})
    assert not any(value in msgspec.json.encode(event).decode() for value in click.values())


def test_rendering_failure_does_not_quote_the_template() -> None:
    failure = {"templateName": "Welcome", "errorMessage": "Attribute 'code 4711' is not present"}
    assert one({"eventType": "Rendering Failure", "mail": MAIL, "failure": failure}).text == "Welcome"


@pytest.mark.parametrize(
    "preferences",
    [
        {},
        {"unsubscribeAll": False},
        {"unsubscribeAll": False, "topicSubscriptionStatus": [{"topicName": "t", "subscriptionStatus": "OptOut"}]},
        {"unsubscribeAll": False, "topicSubscriptionStatus": [{"topicName": "t", "subscriptionStatus": "OptIn"}]},
    ],
)
def test_preference_short_of_everything_is_no_stop(preferences: dict[str, Any]) -> None:
    change = {"newTopicPreferences": preferences, "oldTopicPreferences": {"unsubscribeAll": True}}
    assert read({"eventType": "Subscription", "mail": MAIL, "subscription": change}) == []


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"mail": MAIL}, "missing_field"),
        ({"eventType": "Bounce"}, "missing_field"),
        ({"eventType": "Bounce", "mail": MAIL}, "missing_field"),
        ({"eventType": "Bounce", "mail": {}}, "missing_field"),
        ({"eventType": "Bounce", "mail": MAIL, "bounce": {"bounceType": "Permanent"}}, "missing_field"),
        ({"eventType": "Open", "mail": {**MAIL, "destination": []}}, "missing_field"),
        ({"eventType": "Open", "mail": {**MAIL, "timestamp": None}}, "missing_field"),
        ({"eventType": "Received", "mail": MAIL}, "absurd_value"),
        ({"eventType": "Send", "mail": {**MAIL, "messageId": ""}}, "absurd_value"),
        ({"eventType": "Send", "mail": {**MAIL, "messageId": "m" * 513}}, "absurd_value"),
        ({"eventType": "Send", "mail": {**MAIL, "timestamp": "yesterday"}}, "wrong_type"),
        ({"eventType": "Send", "mail": {**MAIL, "timestamp": "2026-11-22T09:00:00"}}, "wrong_type"),  # of no zone
        ({"eventType": 1, "mail": MAIL}, "wrong_type"),
        ({"Type": "Notification", "Message": "{"}, "undecodable"),
        ({"Type": "Notification", "Message": "[]"}, "wrong_type"),
        ({"Type": "Notification", "Message": {"eventType": "Send"}}, "wrong_type"),
        ("[]", "wrong_type"),
        ("{", "undecodable"),
    ],
)
def test_what_cannot_be_read_says_which_field(event: dict[str, Any] | str, reason: str) -> None:
    error = refusal(event)
    assert error.reason == reason
    assert "yesterday" not in error.detail


_VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 10) | st.text(max_size=8) | st.sampled_from(["a@b.c", "<a@b>", ""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["emailAddress", "timestamp"]), inner),
    max_leaves=6,
)
_NAMES = ["mail", "bounce", "complaint", "delivery", "deliveryDelay", "reject", "failure", "open", "subscription"]


@given(
    st.fixed_dictionaries(
        {"eventType": st.sampled_from(["Bounce", "Complaint", "Delivery", "Send", "Open", "Reject", "DeliveryDelay"])},
        optional=dict.fromkeys(_NAMES, _VALUES) | {"mail": st.just(MAIL) | _VALUES},
    )
)
def test_any_event_is_read_or_undecodable(event: dict[str, Any]) -> None:
    with suppress(Undecodable):
        read(event)
