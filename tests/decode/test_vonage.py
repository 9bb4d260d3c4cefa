"""What tells Vonage's two APIs and their directions apart, and where its codes stand."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from acquit.decode import Context, Decoded
from acquit.decode.vonage import decode
from acquit.errors import Undecodable
from acquit.events import Reply, Report
from acquit.reasons import explain
from tests.builders import shipped_rules

RULES = shipped_rules()
RECEIPT = {"messageId": "m1", "msisdn": "33612345678", "to": "ACME", "status": "failed", "err-code": "0"}
INBOUND = {"messageId": "m1", "msisdn": "33612345678", "to": "33700000100", "type": "text", "text": "Hi"}
STATUS = {"message_uuid": "u1", "to": "33612345678", "from": "ACME", "channel": "sms", "status": "rejected"}
MESSAGE = {"message_uuid": "u1", "from": "33612345678", "to": "ACME", "channel": "sms", "message_type": "text"}


def one(fields: dict[str, Any]) -> Decoded:
    [said] = decode(json.dumps(fields).encode(), Context())
    return said


def report(fields: dict[str, Any]) -> Report:
    said = one(fields)
    assert isinstance(said, Report)
    return said


def refusal(payload: bytes) -> Undecodable:
    with pytest.raises(Undecodable) as caught:
        list(decode(payload, Context()))
    return caught.value


@pytest.mark.parametrize("fields", [RECEIPT, INBOUND])
def test_form_and_json_of_the_same_fields_say_the_same(fields: dict[str, str]) -> None:
    assert list(decode(urlencode(fields).encode(), Context())) == [one(fields)]


@pytest.mark.parametrize(("fields", "kind"), [(RECEIPT, Report), (INBOUND, Reply), (STATUS, Report), (MESSAGE, Reply)])
def test_person_is_told_by_api_and_direction(fields: dict[str, str], kind: type[Report | Reply]) -> None:
    said = one(fields)
    assert isinstance(said, kind)
    assert isinstance(said, Report | Reply)
    assert said.to == "33612345678"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"type": "https://developer.vonage.com/api-errors/messages#1300", "title": 1300}, "1300"),
        ({"type": "https://developer.vonage.com/api-errors/messages#1300", "title": "1300"}, "1300"),
        ({"type": "https://developer.vonage.com/api-errors/messages#1300", "title": "Not a user"}, "1300"),
        ({"title": "Not a user"}, "Not a user"),
        ({}, None),
    ],
)
def test_code_of_a_message_is_the_title_or_the_end_of_the_type(error: dict[str, Any], code: str | None) -> None:
    assert report({**STATUS, "error": error}).code == code


@pytest.mark.parametrize("status", ["expired", "rejected", "failed"])
def test_unknown_error_does_not_hide_the_status(status: str) -> None:
    told = {explain(report({**RECEIPT, "status": status, "err-code": code}), RULES).rule for code in ("0", "1")}
    assert told == {f"vonage:status:{status}"}


def test_undeliverable_says_nothing_of_the_recipient() -> None:
    reason = explain(report({**STATUS, "status": "undeliverable"}), RULES)
    assert (reason.category, reason.permanence) == ("network_or_system_error", "transient")


@pytest.mark.parametrize("code", ["4", "5", "12", "14", "15"])
def test_barred_ported_or_unreachable_number_is_not_condemned(code: str) -> None:
    assert explain(report({**RECEIPT, "err-code": code}), RULES).permanence != "permanent"


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({**RECEIPT, "status": ""}, "$.status: is missing or empty"),
        ({**RECEIPT, "message-timestamp": "2026-13-01 10:00:00"}, "$.message-timestamp: is no time of a known form"),
        ({**INBOUND, "msisdn": ""}, "$.msisdn: is missing or empty"),
        ({**MESSAGE, "from": "FR.13491208655302741918"}, "$.from: is missing or empty"),
        ({**STATUS, "channel": "messenger"}, "$.channel: another channel than SMS, MMS, WhatsApp and RCS"),
    ],
)
def test_refusal_names_the_field(fields: dict[str, Any], detail: str) -> None:
    assert refusal(json.dumps(fields).encode()).detail == detail


@pytest.mark.parametrize("form", [b"error=1&message_uuid=u1&status=read", b"whatsapp=%7B%7D&messageId=1"])
def test_form_with_a_text_in_place_of_an_object_is_refused(form: bytes) -> None:
    assert refusal(form).reason == "wrong_type"
