"""Whose words a record holds: its header says so, else an envelope, else the settings."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from acquit.decode import Context
from acquit.envelope import Opened, Source, open_envelope
from acquit.errors import Undecodable
from acquit.events import from_epoch_ms
from tests.builders import Read

ARRIVED_MS = 1_795_338_005_000
RECEIPT = "id:1 stat:DELIVRD"


def enveloped(provider: Any = "smpp", payload: Any = RECEIPT, **more: Any) -> bytes:
    return json.dumps({"provider": provider, "payload": payload, **more}).encode()


def opened(value: bytes | None, *, headers: tuple[tuple[str, bytes], ...] = (), mapped: str = "") -> Opened:
    return open_envelope(Read(0, ARRIVED_MS, value, headers=headers), Source(mapped), max_bytes=1000)


def refusal(value: bytes | None, *, headers: tuple[tuple[str, bytes], ...] = (), mapped: str = "") -> str:
    with pytest.raises(Undecodable) as caught:
        opened(value, headers=headers, mapped=mapped)
    return caught.value.reason


def test_header_goes_before_envelope_and_settings() -> None:
    assert opened(enveloped("canonical"), headers=(("provider", b"smpp"),), mapped="canonical").provider == "smpp"


def test_envelope_goes_before_settings() -> None:
    assert opened(enveloped("smpp"), mapped="canonical").provider == "smpp"


def test_settings_speak_for_a_record_that_says_nothing() -> None:
    assert opened(RECEIPT.encode(), mapped="smpp").provider == "smpp"


def test_first_header_of_the_name_counts() -> None:
    headers = (("trace", b"1"), ("provider", b"smpp"), ("provider", b"canonical"))
    assert opened(RECEIPT.encode(), headers=headers).provider == "smpp"


def test_empty_header_says_nothing() -> None:
    assert opened(RECEIPT.encode(), headers=(("provider", b""),), mapped="smpp").provider == "smpp"


def test_header_without_a_value_says_nothing() -> None:
    # Kafka allows null for a header's value, and aiokafka hands over None
    headers: Any = (("provider", None), ("trace", None))
    assert opened(RECEIPT.encode(), headers=headers, mapped="smpp").provider == "smpp"


def test_text_of_an_envelope_stands_for_its_bytes() -> None:
    assert opened(enveloped(payload="id:1 text:é\n")).body == "id:1 text:é\n".encode()


def test_object_of_an_envelope_stands_for_itself_byte_for_byte() -> None:
    value = b'{"payload": {"b": 1.50,  "a":"\\u00e9"} , "provider":"smpp"}'
    assert opened(value).body == b'{"b": 1.50,  "a":"\\u00e9"}'


def test_body_without_envelope_is_the_value() -> None:
    value = b' {"short_message": "id:1"}\n'
    assert opened(value, mapped="smpp").body == value


def test_envelope_tells_what_is_known_beside_the_payload() -> None:
    context = opened(enveloped(context={"route": "aggr-a", "channel": "sms", "other": 1})).context
    assert context == Context(route="aggr-a", channel="sms")


def test_payload_arrived_when_its_envelope_says() -> None:
    received_at = opened(enveloped(received_at="2026-11-22T09:00:00Z")).received_at
    assert received_at == datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_payload_arrived_when_its_record_did() -> None:
    assert opened(enveloped()).received_at == from_epoch_ms(ARRIVED_MS)


@pytest.mark.parametrize(
    "value",
    [
        b'{"payload": "id:1 stat:DELIVRD"}',  # names no provider
        b'{"provider": 5, "payload": "id:1"}',
        b'{"tlvs": {"message_payload": {"payload": "id:1"}}}',
        b'the word "payload" in a text',
        b'["payload"]',
        b'{"provider": "smpp", "payload": "cut',
        b'{"provider": "smpp", "payload": "\\ud800"}',  # half a character
        b'{"provider": "\xff", "payload": "id:1"}',
    ],
)
def test_body_that_merely_holds_the_word_payload_is_no_envelope(value: bytes) -> None:
    assert opened(value, mapped="smpp").body == value
    assert refusal(value) == "unmapped"


@pytest.mark.parametrize(
    "value",
    [
        b'{"provider": "smpp", "payload": "\xff"}',  # no UTF-8 where nothing looked so far
        b'{"provider": "smpp", "payload": ' + b"[" * 100_000,
        b'{"provider": "smpp", "payload": 1, "context": {"x": ' + b"[" * 100_000,
    ],
    ids=["no UTF-8", "deep payload", "deep context"],
)
def test_envelope_that_cannot_be_opened_is_refused_and_stops_nothing(value: bytes) -> None:
    with pytest.raises(Undecodable):
        open_envelope(Read(0, ARRIVED_MS, value), Source(), max_bytes=1_000_000)


@pytest.mark.parametrize("value", [None, b""])
def test_record_without_a_value_is_empty(value: bytes | None) -> None:
    assert refusal(value, mapped="smpp") == "empty"


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
def test_record_may_have_as_many_bytes_as_allowed(size: int, fits: bool) -> None:
    value = b"x" * size
    if fits:
        assert opened(value, mapped="smpp").body == value
    else:
        assert refusal(value, mapped="smpp") == "too_large"


def test_record_of_nobody_is_unmapped() -> None:
    assert refusal(RECEIPT.encode()) == "unmapped"


@pytest.mark.parametrize(
    ("value", "headers", "mapped"),
    [
        (b"id:1", (("provider", b"carrier pigeon"),), "smpp"),
        (b"id:1", (("provider", b"\xff\xfe"),), "smpp"),
        (b"id:1", (("provider", b"SMPP"),), ""),  # names are spelt as they are
        (enveloped("carrier pigeon"), (), "smpp"),
        (b"id:1", (), "carrier pigeon"),
    ],
)
def test_provider_without_a_decoder_is_unknown(
    value: bytes, headers: tuple[tuple[str, bytes], ...], mapped: str
) -> None:
    assert refusal(value, headers=headers, mapped=mapped) == "unknown_provider"
