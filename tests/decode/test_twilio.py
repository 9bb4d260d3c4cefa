"""The boundaries of Twilio's callbacks: addresses, times, inbound or not."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.decode.context import Context
from acquit.decode.fields import Decoded
from acquit.decode.twilio import decode
from acquit.errors import UNDECODABLE_REASONS, Undecodable
from acquit.events import Reply, Report

DELIVERED = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+33612345678", "From": "+33700000100"}
RECEIVED = {"MessageSid": "SM1", "SmsStatus": "received", "To": "+33700000100", "From": "+33612345678", "Body": "Hi"}


def one(fields: dict[str, Any], known: Context | None = None) -> Report | Reply:
    [said] = decode(json.dumps(fields).encode(), known or Context())
    assert isinstance(said, Report | Reply)
    return said


def report(fields: dict[str, Any], known: Context | None = None) -> Report:
    said = one({**DELIVERED, **fields}, known)
    assert isinstance(said, Report)
    return said


def reply(fields: dict[str, Any]) -> Reply:
    said = one({**RECEIVED, **fields})
    assert isinstance(said, Reply)
    return said


def refusal(payload: bytes, known: Context | None = None) -> Undecodable:
    with pytest.raises(Undecodable) as caught:
        list(decode(payload, known or Context()))
    return caught.value


def attempt(payload: bytes) -> list[Decoded] | str:
    try:
        return list(decode(payload, Context(zone="Europe/Paris")))
    except Undecodable as error:
        return error.reason


@pytest.mark.parametrize("fields", [DELIVERED, RECEIVED])
def test_form_and_json_of_the_same_fields_say_the_same(fields: dict[str, str]) -> None:
    assert list(decode(urlencode(fields).encode(), Context())) == [one(fields)]


@pytest.mark.parametrize(
    ("to", "sender", "channel", "number"),
    [
        ("+33612345678", "+33700000100", "sms", "+33612345678"),
        ("+33612345678", "ACME", "sms", "+33612345678"),
        ("whatsapp:+33612345678", "whatsapp:+33700000100", "whatsapp", "+33612345678"),
        ("WhatsApp:+33612345678", "", "whatsapp", "+33612345678"),
        ("rcs:+33612345678", "rcs:acme_agent", "rcs", "+33612345678"),
        ("+33612345678", "rcs:acme_agent", "rcs", "+33612345678"),
        ("whatsapp: 33612345678", "", "whatsapp", "33612345678"),  # a + that nobody quoted in the form
        ("whatsapp:", "", "whatsapp", None),
        ("", "+33700000100", "sms", None),
        ("whatsapp:US.13491208655302741918", "", "whatsapp", None),
        ("whatsapp:US.ENT.11815799212886844830", "", "whatsapp", None),
    ],
)
def test_channel_and_number_are_told_by_the_address(to: str, sender: str, channel: str, number: str | None) -> None:
    said = report({"To": to, "From": sender})
    assert (said.channel, said.to) == (channel, number)


def test_context_says_the_channel_where_no_prefix_does() -> None:
    known = Context(channel="rcs")
    assert report({}, known).channel == "rcs"
    assert report({"To": "whatsapp:+33612345678"}, known).channel == "whatsapp"


def test_account_of_twilio_is_not_ours() -> None:
    assert report({"AccountSid": "AC1"}).account is None


def test_message_status_goes_before_sms_status() -> None:
    assert report({"SmsStatus": "sent"}).status == "delivered"


@pytest.mark.parametrize(("code", "said"), [("30003", "30003"), (30003, "30003"), ("", None), (None, None)])
def test_error_code_is_text_or_number_or_nothing(code: Any, said: str | None) -> None:
    assert report({"ErrorCode": code}).code == said


@pytest.mark.parametrize(
    ("digits", "zone", "at"),
    [
        ("2607011200", "Europe/Paris", "2026-07-01T10:00:00+00:00"),
        ("2601011200", "Europe/Paris", "2026-01-01T11:00:00+00:00"),
        ("2601011200", "UTC", "2026-01-01T12:00:00+00:00"),
        ("2601011200", None, None),  # nobody says the zone, so it is no time
        ("2602301200", "UTC", None),  # 30 February
        ("2601012400", "UTC", None),  # hour 24
        ("260101120", "UTC", None),
        ("20260101120000", "UTC", None),
        ("", "UTC", None),
    ],
)
def test_done_date_is_read_in_the_zone_of_the_route_or_left_out(digits: str, zone: str | None, at: str | None) -> None:
    said = report({"RawDlrDoneDate": digits}, Context(zone=zone))
    assert (said.at.isoformat() if said.at else None) == at


def test_zone_that_does_not_exist_is_refused() -> None:
    payload = json.dumps({**DELIVERED, "RawDlrDoneDate": "2601011200"}).encode()
    assert refusal(payload, Context(zone="Nowhere/Here")).reason == "absurd_value"


@pytest.mark.parametrize(
    ("fields", "is_inbound"),
    [
        ({"SmsStatus": "received", "Body": "Hi"}, True),
        ({"SmsStatus": "Received"}, True),
        ({"MessageStatus": "received"}, True),
        ({"MessageStatus": "receiving"}, True),
        ({"Body": ""}, True),
        ({"Body": "Hi", "MessageStatus": "delivered"}, False),
        ({"SmsStatus": "delivered"}, False),
    ],
)
def test_inbound_is_told_by_received_or_by_a_body_alone(fields: dict[str, str], is_inbound: bool) -> None:
    said = one({"MessageSid": "SM1", "To": "+33700000100", "From": "+33612345678", **fields})
    assert isinstance(said, Reply) == is_inbound


@pytest.mark.parametrize(
    ("word", "says"),
    [("STOP", "stop"), ("START", "start"), ("HELP", "reply"), ("stop", "stop"), ("", None), ("?", None)],
)
def test_opt_out_type_is_twilios_own_reading(word: str, says: str | None) -> None:
    assert reply({"OptOutType": word}).says == says


def test_person_of_a_reply_is_who_wrote_it() -> None:
    assert reply({}).to == "+33612345678"


@pytest.mark.parametrize("sender", ["", "whatsapp:", "whatsapp:US.13491208655302741918"])
def test_reply_without_a_number_is_refused_lest_a_stop_gets_lost(sender: str) -> None:
    assert refusal(json.dumps({**RECEIVED, "From": sender}).encode()).reason == "missing_field"


@pytest.mark.parametrize("field", ["MessageSid", "MessageStatus", "To", "From", "ErrorCode", "RawDlrDoneDate"])
@pytest.mark.parametrize("value", [[], {}, True, 1.5])
def test_field_of_another_type_is_named(field: str, value: Any) -> None:
    error = refusal(json.dumps({**DELIVERED, field: value}).encode())
    assert (error.reason, error.detail) == ("wrong_type", f"$.{field}: expected a string")


def test_missing_field_is_named() -> None:
    error = refusal(b"MessageStatus=delivered&To=%2B33612345678")
    assert (error.reason, error.detail) == ("missing_field", "$.MessageSid: is missing or empty")


def test_text_of_a_refused_message_is_not_in_the_detail() -> None:
    error = refusal(json.dumps({**RECEIVED, "From": "messenger:1234567", "Body": "my secret"}).encode())
    assert "secret" not in error.detail
    assert "1234567" not in error.detail


_FIELDS = st.sampled_from(
    [
        "MessageSid",
        "SmsSid",
        "MessageStatus",
        "SmsStatus",
        "To",
        "From",
        "Body",
        "ErrorCode",
        "RawDlrDoneDate",
        "OptOutType",
    ]
)
_VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.lists(st.text(max_size=3), max_size=2)


@given(
    st.binary(max_size=200)
    | st.dictionaries(_FIELDS, _VALUES).map(json.dumps).map(str.encode)
    | st.dictionaries(_FIELDS, st.text(max_size=12)).map(urlencode).map(str.encode)
)
def test_any_bytes_are_read_or_undecodable(payload: bytes) -> None:
    said = attempt(payload)
    assert said in UNDECODABLE_REASONS or len(said) <= 1  # an empty array says nothing
