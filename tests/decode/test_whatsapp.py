"""What the WhatsApp Cloud API says, by samples of its webhooks, then the boundaries."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.decode.context import Context
from acquit.decode.whatsapp import decode
from acquit.errors import UNDECODABLE_REASONS, Undecodable
from acquit.events import Reply, Report

SAMPLES = Path(__file__).parent.parent / "samples" / "whatsapp"
CASES = sorted(path.name.removesuffix(".expected.json") for path in SAMPLES.glob("*.expected.json"))
REFUSED = sorted(path.name.removesuffix(".refused.json") for path in SAMPLES.glob("*.refused.json"))
SENT = {"id": "wamid.1", "status": "sent", "timestamp": "1795338000", "recipient_id": "33612345678"}
TEXT = {"id": "wamid.2", "from": "33612345678", "timestamp": "1795338000", "type": "text", "text": {"body": "Hi"}}


def context(case: str) -> Context:
    path = SAMPLES / f"{case}.context.json"
    return msgspec.json.decode(path.read_bytes(), type=Context) if path.exists() else Context()


def webhook(field: str = "messages", **value: Any) -> bytes:
    change = {"field": field, "value": {"messaging_product": "whatsapp", **value}}
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}).encode()


def report(**fields: Any) -> Report:
    [said] = decode(webhook(statuses=[{**SENT, **fields}]), Context())
    assert isinstance(said, Report)
    return said


def reply(**fields: Any) -> Reply:
    [said] = decode(webhook(messages=[{**TEXT, **fields}]), Context())
    assert isinstance(said, Reply)
    return said


def refusal(payload: bytes) -> Undecodable:
    with pytest.raises(Undecodable) as caught:
        list(decode(payload, Context()))
    return caught.value


def attempt(payload: bytes) -> list[Report | Reply] | str:
    try:
        return list(decode(payload, Context()))
    except Undecodable as error:
        return error.reason


@pytest.mark.parametrize("case", CASES)
def test_sample_decodes_as_expected(case: str) -> None:
    types: dict[str, type[Report | Reply]] = {"report": Report, "reply": Reply}
    expected = [
        msgspec.convert({"provider": "whatsapp", **fields}, types[kind])
        for said in json.loads((SAMPLES / f"{case}.expected.json").read_bytes())
        for kind, fields in said.items()
    ]
    assert list(decode((SAMPLES / f"{case}.json").read_bytes(), context(case))) == expected


@pytest.mark.parametrize("case", REFUSED)
def test_sample_is_refused_as_expected(case: str) -> None:
    reason = json.loads((SAMPLES / f"{case}.refused.json").read_bytes())["reason"]
    assert refusal((SAMPLES / f"{case}.json").read_bytes()).reason == reason


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        ("1795338000", "2026-11-22T09:00:00+00:00"),
        (1795338000, "2026-11-22T09:00:00+00:00"),
        ("1795338000123", "2026-11-22T09:00:00.123000+00:00"),  # milliseconds, as some webhooks had it
        ("4102444799", "2099-12-31T23:59:59+00:00"),
        ("0", "1970-01-01T00:00:00+00:00"),  # for normalise to refuse
        ("", None),
        (None, None),
    ],
)
def test_timestamp_is_an_epoch_in_seconds_or_milliseconds(timestamp: Any, at: str | None) -> None:
    said = report(timestamp=timestamp)
    assert (said.at.isoformat() if said.at else None) == at


@pytest.mark.parametrize("timestamp", ["4102444800", "4102444800000", -1, "-1", "1.5", "yesterday", "9" * 30, "٣"])
def test_timestamp_that_cannot_be_is_refused(timestamp: Any) -> None:
    error = refusal(webhook(statuses=[{**SENT, "timestamp": timestamp}]))
    assert error.reason == "absurd_value"
    assert error.detail.startswith("$.entry[].changes[].value.statuses[].timestamp")


@pytest.mark.parametrize("recipient", [None, "", "US.13491208655302741918", "US.ENT.11815799212886844830"])
def test_recipient_without_a_number_is_nobody(recipient: str | None) -> None:
    assert report(recipient_id=recipient).to is None


def test_recipient_of_a_group_is_the_participant_not_the_group() -> None:
    assert report(recipient_type="group", recipient_participant_id="33698765432").to == "33698765432"
    assert report(recipient_type="group").to is None


def test_first_error_is_the_code() -> None:
    errors = [{"code": 131026, "title": "Message undeliverable"}, {"code": 131000}]
    said = report(status="failed", errors=errors)
    assert (said.code, said.text) == ("131026", "Message undeliverable")


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
    assert list(decode(webhook(messages=[{**TEXT, "type": type_}]), Context())) == []


def test_preference_of_no_known_value_says_nothing() -> None:
    preference = {"wa_id": "33612345678", "value": "maybe", "timestamp": 1795338000}
    assert list(decode(webhook("user_preferences", user_preferences=[preference]), Context())) == []


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
def test_webhook_of_another_field_holds_nothing_for_us(field: str) -> None:
    assert list(decode(webhook(field, statuses=[SENT], messages=[TEXT]), Context())) == []


@pytest.mark.parametrize(
    "entry", [[], [{"id": "1"}], [{"id": "1", "changes": []}], [{"changes": [{"field": "messages"}]}]]
)
def test_webhook_without_changes_holds_nothing(entry: list[Any]) -> None:
    payload = json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode()
    assert list(decode(payload, Context())) == []


@pytest.mark.parametrize(
    ("fields", "reason", "path"),
    [
        ({"id": 1}, "wrong_type", "$.entry[0].changes[0].value.statuses[1].id"),
        ({"id": ""}, "absurd_value", "$.entry[0].changes[0].value.statuses[1].id"),
        ({"status": None}, "wrong_type", "$.entry[0].changes[0].value.statuses[1].status"),
        ({"timestamp": []}, "wrong_type", "$.entry[0].changes[0].value.statuses[1].timestamp"),
        ({"recipient_id": 33612345678}, "wrong_type", "$.entry[0].changes[0].value.statuses[1].recipient_id"),
        ({"errors": {}}, "wrong_type", "$.entry[0].changes[0].value.statuses[1].errors"),
        ({"errors": [{}]}, "missing_field", "$.entry[0].changes[0].value.statuses[1].errors[0]"),
    ],
)
def test_field_of_another_type_is_named_with_its_path(fields: dict[str, Any], reason: str, path: str) -> None:
    error = refusal(webhook(statuses=[SENT, {**SENT, **fields}]))
    assert error.reason == reason
    assert f"`{path}`" in error.detail
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
    said = attempt(payload)
    assert isinstance(said, list) or said in UNDECODABLE_REASONS
