"""The boundaries of the WhatsApp Cloud API's webhooks. What they say otherwise is in the samples."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.decode import Context, Decoded
from acquit.decode.whatsapp import decode
from acquit.errors import UNDECODABLE_REASONS, Undecodable
from acquit.events import Ignored, Reply, Report
from tests.decode.samples import decoded

SENT = {"id": "wamid.1", "status": "sent", "timestamp": "1795338000", "recipient_id": "33612345678"}
TEXT = {"id": "wamid.2", "from": "33612345678", "timestamp": "1795338000", "type": "text", "text": {"body": "Hi"}}


def webhook(field: str = "messages", **value: Any) -> bytes:
    change = {"field": field, "value": {"messaging_product": "whatsapp", **value}}
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}).encode()


def report(**fields: Any) -> Report:
    [sent] = said(webhook(statuses=[{**SENT, **fields}]))
    assert isinstance(sent, Report)
    return sent


def reply(**fields: Any) -> Reply:
    [written] = said(webhook(messages=[{**TEXT, **fields}]))
    assert isinstance(written, Reply)
    return written


def refusal(payload: bytes) -> Undecodable:
    [error] = said(payload)
    assert isinstance(error, Undecodable)
    return error


def said(payload: bytes) -> list[Decoded]:
    return list(decode(payload, Context()))


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        ("1795338000", "2026-11-22T09:00:00+00:00"),
        (1795338000, "2026-11-22T09:00:00+00:00"),
        ("1795338000123", "2026-11-22T09:00:00.123000+00:00"),  # milliseconds, as some webhooks had it
        ("4102444799", "2099-12-31T23:59:59+00:00"),
        ("0", None),
        ("", None),
        (None, None),
    ],
)
def test_timestamp_is_an_epoch_in_seconds_or_milliseconds(timestamp: Any, at: str | None) -> None:
    sent = report(timestamp=timestamp)
    assert (sent.at.isoformat() if sent.at else None) == at


@pytest.mark.parametrize("timestamp", ["4102444800000", -1, "-1", "yesterday", "9" * 30, "٣"])
def test_timestamp_that_cannot_be_is_refused(timestamp: Any) -> None:
    error = refusal(webhook(statuses=[{**SENT, "timestamp": timestamp}]))
    assert error.reason == "absurd_value"
    assert error.detail.startswith("$.entry[0].changes[0].value.statuses[0].timestamp")


@pytest.mark.parametrize("recipient", [None, "", "US.13491208655302741918", "US.ENT.11815799212886844830"])
def test_recipient_without_a_number_is_nobody(recipient: str | None) -> None:
    assert report(recipient_id=recipient).to is None


def test_recipient_of_a_group_is_the_participant_not_the_group() -> None:
    assert report(recipient_type="group", recipient_participant_id="33698765432").to == "33698765432"
    assert report(recipient_type="group").to is None


def test_first_error_is_the_code() -> None:
    errors = [{"code": 131026, "title": "Message undeliverable"}, {"code": 131000}]
    failed = report(status="failed", errors=errors)
    assert (failed.code, failed.text) == ("131026", "Message undeliverable")


def test_code_zero_is_a_code() -> None:
    assert report(status="failed", errors=[{"code": 0}]).code == "0"


def test_details_of_an_error_never_pass_for_they_may_quote_the_message() -> None:
    errors = [{"code": 132000, "title": "Mismatch", "error_data": {"details": "body: Your code is 4711"}}]
    assert b"4711" not in msgspec.json.encode(report(status="failed", errors=errors))


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"text": {"body": "STOP"}}, "STOP"),
        ({"text": {}}, ""),
        ({"text": None}, ""),
        ({"text": None, "type": "button", "button": {"text": "Stop", "payload": "x"}}, "Stop"),
        ({"text": None, "type": "interactive", "interactive": {"button_reply": {"title": "Oui"}}}, "Oui"),
        ({"text": None, "type": "interactive", "interactive": {"list_reply": {"title": "Demain"}}}, "Demain"),
        ({"text": None, "type": "interactive", "interactive": {"nfm_reply": {"body": "Sent"}}}, ""),
        ({"text": None, "type": "video", "video": {"caption": "STOP"}}, ""),
    ],
)
def test_text_is_what_the_person_wrote_or_tapped(fields: dict[str, Any], text: str) -> None:
    assert reply(**fields).text == text


@pytest.mark.parametrize("type_", ["system", "request_welcome"])
def test_what_whatsapp_says_in_a_persons_name_is_no_reply(type_: str) -> None:
    assert said(webhook(messages=[{**TEXT, "type": type_}])) == [Ignored("whatsapp", type_)]


def test_preference_of_no_known_value_says_nothing() -> None:
    preference = {"wa_id": "33612345678", "value": "maybe", "timestamp": 1795338000}
    assert said(webhook("user_preferences", user_preferences=[preference])) == [Ignored("whatsapp", "user_preferences")]


@pytest.mark.parametrize(
    "payload",
    [
        webhook(messages=[{**TEXT, "from": None}]),
        webhook(messages=[{**TEXT, "from": "US.1234"}]),
        webhook("user_preferences", user_preferences=[{"value": "stop", "user_id": "US.1234"}]),
    ],
)
def test_wish_without_a_number_is_refused_lest_a_stop_gets_lost(payload: bytes) -> None:
    error = refusal(payload)
    assert error.reason == "missing_field"
    assert "1234" not in error.detail


@pytest.mark.parametrize("field", ["calls", "history", "smb_message_echoes", "account_update", "anything_new"])
def test_webhook_of_another_field_is_ignored_whatever_its_shape(field: str) -> None:
    assert said(webhook(field, statuses=[SENT], messages=17)) == [Ignored("whatsapp", field)]


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ([], "whatsapp_business_account"),
        ([{"id": "1"}], "entry"),
        ([{"id": "1", "changes": []}], "entry"),
        ([{"changes": [{"field": "messages"}]}], "messages"),
    ],
)
def test_webhook_without_anything_in_it_is_ignored(entry: list[Any], kind: str) -> None:
    payload = json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode()
    assert said(payload) == [Ignored("whatsapp", kind)]


def test_contact_that_cannot_be_read_costs_the_others_nothing() -> None:
    contacts = [17, {"wa_id": "33612345678", "user_id": "US.1"}, {"wa_id": 33612345678, "user_id": "US.2"}]
    status = {**SENT, "recipient_id": None, "recipient_user_id": "US.1"}
    [sent] = said(webhook(contacts=contacts, statuses=[status]))
    assert isinstance(sent, Report)
    assert sent.to == "33612345678"


def test_user_without_id_is_nobody_of_the_contacts() -> None:
    [sent] = said(webhook(contacts=[{"wa_id": "33612345678"}], statuses=[{**SENT, "recipient_id": None}]))
    assert isinstance(sent, Report)
    assert sent.to is None


@pytest.mark.parametrize(
    ("fields", "reason", "field"),
    [
        ({"id": 1}, "wrong_type", "`$.id`"),
        ({"id": ""}, "absurd_value", "`$.id`"),
        ({"status": None}, "wrong_type", "`$.status`"),
        ({"timestamp": []}, "wrong_type", "`$.timestamp`"),
        ({"recipient_id": 33612345678}, "wrong_type", "`$.recipient_id`"),
        ({"errors": {}}, "wrong_type", "`$.errors`"),
        ({"errors": [{}]}, "missing_field", "`$.errors[0]`"),
    ],
)
def test_field_of_another_type_is_named_with_its_place(fields: dict[str, Any], reason: str, field: str) -> None:
    sent, error = said(webhook(statuses=[SENT, {**SENT, **fields}]))
    assert isinstance(sent, Report)
    assert isinstance(error, Undecodable)
    assert error.reason == reason
    assert error.detail.startswith("$.entry[0].changes[0].value.statuses[1]")
    assert field in error.detail
    assert "33612345678" not in error.detail


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["id", "status", "timestamp", "from", "type", "text", "errors"]), inner)
    ),
    max_leaves=8,
)


@given(
    st.binary(max_size=200)
    | st.builds(lambda s, m: webhook(statuses=[{**SENT, **s}], messages=[{**TEXT, **m}]),
                st.dictionaries(st.sampled_from([*SENT, "errors", "type"]), _JSON),
                st.dictionaries(st.sampled_from([*TEXT, "context", "button"]), _JSON))
)  # fmt: skip
def test_any_bytes_are_read_or_undecodable(payload: bytes) -> None:
    found = decoded("whatsapp", payload, Context())
    assert isinstance(found, list) or found.reason in UNDECODABLE_REASONS
