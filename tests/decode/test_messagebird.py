"""Which of its two APIs wrote, and which of several codes is taken."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from acquit.decode import Decoded
from acquit.decode.context import Context
from acquit.decode.messagebird import decode
from acquit.events import Ignored, Reply, Report

STATUS = {"id": "m1", "recipient": "33612345678", "status": "delivery_failed"}
INBOUND = {"id": "m2", "recipient": "33700000100", "originator": "33612345678", "body": "Stop"}
SMS_PLATFORM = "sms-messagebird"


def read(body: bytes) -> Decoded:
    [said] = decode(body, Context())
    return said


def report(fields: dict[str, Any], *, is_form: bool = True) -> Report:
    said = read((urlencode(fields) if is_form else json.dumps(fields)).encode())
    assert isinstance(said, Report)
    return said


def outbound(**fields: Any) -> Report:
    payload = {"id": "m1", "status": "delivery_failed", **fields}
    said = read(json.dumps({"service": "channels", "event": "sms.outbound", "payload": payload}).encode())
    assert isinstance(said, Report)
    return said


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"statusErrorCode": "103", "statusReason": "opted out"}, "103"),
        ({"statusErrorCode": "0", "statusReason": "opted out"}, "opted out"),
        ({"statusErrorCode": "", "statusReason": "opted out"}, "opted out"),
        ({"statusReason": "opted out"}, "opted out"),
        ({}, None),
    ],
)
def test_reason_stands_in_for_a_code_that_did_not_come(fields: dict[str, str], code: str | None) -> None:
    assert report({**STATUS, **fields}).code == code


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"failure": {"code": 15005, "source": {"name": SMS_PLATFORM, "code": "1"}}, "details": "x"}, "1"),
        ({"failure": {"code": 15005, "source": {"name": SMS_PLATFORM, "code": 1}}}, "1"),
        ({"failure": {"code": 15005, "source": {"name": SMS_PLATFORM, "code": "0"}}}, "15005"),
        ({"failure": {"code": 15005, "source": {"name": "email-messagebird", "code": "1"}}}, "15005"),
        ({"failure": {"code": 15005}}, "15005"),
        ({"details": "unknown_subscriber"}, "unknown_subscriber"),
        ({}, None),
    ],
)
def test_code_of_the_sms_platform_goes_before_birds(fields: dict[str, Any], code: str | None) -> None:
    assert outbound(**fields).code == code


def test_report_as_json_of_its_fields_is_read_as_the_form() -> None:
    fields = {**STATUS, "statusErrorCode": 27, "recipient": 33612345678, "reference": '{"payload": 1}'}
    assert report(fields, is_form=False) == report(fields)


@pytest.mark.parametrize(("mccmnc", "carrier"), [("20801", "20801"), ("0", None), ("", None), ("00000", None)])
def test_carrier_of_zeros_is_none(mccmnc: str, carrier: str | None) -> None:
    assert report({**STATUS, "mccmnc": mccmnc}).carrier == carrier


@pytest.mark.parametrize("time", ["2026-11-22T08:49:29+00:00", "2026-11-22T08:49:29Z", "20261122084929"])
@pytest.mark.parametrize("name", ["createdDatetime", "receive_datetime"])
def test_inbound_time_is_read_in_both_of_its_forms(name: str, time: str) -> None:
    said = read(urlencode({**INBOUND, name: time}).encode())
    assert isinstance(said, Reply)
    assert said.at == datetime(2026, 11, 22, 8, 49, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("sms.outbound-batch", "sms.outbound-batch"),
        ("telegram.inbound", "telegram.inbound"),
        ("+33612345678", "event"),
        ("jane@example.com", "event"),
    ],
)
def test_other_events_are_ignored_by_a_name_that_is_no_address(event: str, kind: str) -> None:
    assert read(json.dumps({"event": event, "payload": {}}).encode()) == Ignored("messagebird", kind)


def test_wish_for_no_more_mail_is_a_stop() -> None:
    payload = {"type": "unsubscribe-request", "receiver": {"contacts": [{"identifierValue": "jane@example.com"}]}}
    said = read(json.dumps({"event": "email.interaction", "payload": payload}).encode())
    assert isinstance(said, Reply)
    assert (said.to, said.says, said.channel) == ("jane@example.com", "stop", "email")
