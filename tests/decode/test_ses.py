"""What Amazon's pages on SES events do not say. The samples hold one of every event that they show."""

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.decode import Context, Decoded
from acquit.decode.ses import decode
from acquit.errors import Undecodable
from acquit.events import Ignored, Reply, Report

MAIL = {"messageId": "m1", "timestamp": "2026-11-22T09:00:00Z", "destination": ["ann@example.org"]}
BOUNCED: dict[str, Any] = {
    "bounceType": "Transient",
    "bounceSubType": "General",
    "bouncedRecipients": [],
    "timestamp": None,
}


def read(event: dict[str, Any] | str, context: Context | None = None) -> list[Decoded]:
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


def subscription(topics: dict[str, str], *, unsubscribe_all: bool = False) -> dict[str, Any]:
    choices = [{"topicName": name, "subscriptionStatus": status} for name, status in topics.items()]
    wishes = {"unsubscribeAll": unsubscribe_all, "topicSubscriptionStatus": choices}
    return {"eventType": "Subscription", "mail": MAIL, "subscription": {"newTopicPreferences": wishes}}


def refusal(event: dict[str, Any] | str) -> Undecodable:
    with pytest.raises(Undecodable) as caught:
        read(event)
    return caught.value


def test_envelope_of_sns_changes_nothing() -> None:
    event = bounce({"emailAddress": "ann@example.org"})
    assert read({"Type": "Notification", "Message": json.dumps(event)}) == read(event)


def test_both_names_of_the_event_are_read() -> None:
    event = bounce({"emailAddress": "ann@example.org"})
    assert read({"notificationType": event.pop("eventType"), **event}) == read({"eventType": "Bounce", **event})


def test_envelope_of_eventbridge_changes_nothing_not_even_within_that_of_sns() -> None:
    event = bounce({"emailAddress": "ann@example.org"})
    bridged = {"detail-type": "Email Bounced", "source": "aws.ses", "detail": event}
    assert read(bridged) == read({"Type": "Notification", "Message": json.dumps(bridged)}) == read(event)


def test_message_of_sns_may_hold_several_events() -> None:
    event = bounce({"emailAddress": "ann@example.org"})
    assert read({"Type": "Notification", "Message": json.dumps([event, event])}) == read(event) * 2


@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_what_sns_says_of_itself_is_ignored(kind: str) -> None:
    said = read({"Type": kind, "Message": "You have chosen to subscribe", "Token": "x"})
    assert said == [Ignored("ses", kind)]


def test_event_of_a_new_type_is_ignored_by_its_name() -> None:
    assert read({"eventType": "Teleported", "mail": MAIL}) == [Ignored("ses", "Teleported")]


def test_recipient_without_address_names_its_place() -> None:
    [_, refused] = read(bounce({"emailAddress": "ann@example.org"}, {"status": "5.1.1"}))
    assert isinstance(refused, Undecodable)
    assert (refused.reason, refused.detail.split(":")[0]) == ("missing_field", "$.bounce.bouncedRecipients[1]")


def test_enhanced_code_stands_in_for_words_that_are_not_known() -> None:
    assert one(bounce({"emailAddress": "ann@example.org", "status": "5.1.1"})).text == "5.1.1"


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
        ("unknown user: (ann.smith@example.org)", "unknown user: (a***@example.org)"),
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
    said = read({"eventType": kind, "mail": {**MAIL, "destination": people}, kind.lower(): {}})
    assert said == [Ignored("ses", f"{kind.lower()} by one of several")]


def test_click_tells_neither_link_nor_browser() -> None:
    click = {"link": "https://example.org/secret", "userAgent": "Mozilla", "ipAddress": "192.0.2.1"}
    [event] = read({"eventType": "Click", "mail": MAIL, "click": click})
    assert not any(value in msgspec.json.encode(event).decode() for value in click.values())


def test_rendering_failure_does_not_quote_the_template() -> None:
    failure = {"templateName": "Welcome", "errorMessage": "Attribute 'code 4711' is not present"}
    assert one({"eventType": "Rendering Failure", "mail": MAIL, "failure": failure}).text == "Welcome"


@pytest.mark.parametrize(
    ("topics", "unsubscribe_all", "streams"),
    [
        ({}, True, [None]),
        ({"offers": "OptOut"}, True, [None]),  # everything holds the topic
        ({"offers": "OptOut"}, False, ["offers"]),
        ({"offers": "OptOut", "news": "OptIn", "events": "OptOut"}, False, ["offers", "events"]),
    ],
)
def test_stop_is_as_wide_as_was_said(topics: dict[str, str], unsubscribe_all: bool, streams: list[str | None]) -> None:
    said = read(subscription(topics, unsubscribe_all=unsubscribe_all))
    assert [(reply.says, reply.only) for reply in said if isinstance(reply, Reply)] == [("stop", s) for s in streams]


@pytest.mark.parametrize("topics", [{}, {"news": "OptIn"}])
def test_return_to_a_topic_is_no_start_for_that_would_lift_every_stop(topics: dict[str, str]) -> None:
    assert read(subscription(topics)) == [Ignored("ses", "Subscription")]


def test_stop_of_one_of_several_is_refused_lest_it_gets_lost() -> None:
    event = subscription({}, unsubscribe_all=True)
    event["mail"] = {**MAIL, "destination": ["ann@example.org", "bob@example.org"]}
    error = refusal(event)
    assert error.reason == "absurd_value"
    assert "@" not in error.detail


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"mail": MAIL}, "missing_field"),
        ({"eventType": "Bounce"}, "missing_field"),
        ({"eventType": "Bounce", "mail": MAIL}, "missing_field"),
        ({"eventType": "Bounce", "mail": {}}, "missing_field"),
        ({"eventType": "Bounce", "mail": MAIL, "bounce": {"bounceType": "Permanent"}}, "missing_field"),
        ({"eventType": "Open", "mail": {**MAIL, "destination": []}}, "missing_field"),
        ({"eventType": "Send", "mail": {**MAIL, "messageId": ""}}, "absurd_value"),
        ({"eventType": "Send", "mail": {**MAIL, "messageId": "m" * 513}}, "absurd_value"),
        ({"eventType": "Send", "mail": {**MAIL, "timestamp": "yesterday"}}, "absurd_value"),
        ({"eventType": "Teleported"}, "missing_field"),
        ({"eventType": 1, "mail": MAIL}, "wrong_type"),
        ({"detail": {"eventType": 1}}, "wrong_type"),
        ({"Type": "Notification", "Message": "{"}, "undecodable"),
        ({"Type": "Notification", "Message": {"eventType": "Send"}}, "wrong_type"),
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
