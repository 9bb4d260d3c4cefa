"""The boundaries of smsmode's callbacks: report or reply, whose number, which zone."""

import json
from typing import Any

import pytest

from acquit.decode.context import Context
from acquit.decode.smsmode import decode
from acquit.errors import Undecodable
from acquit.events import Reply, Report

STATUS = {"value": "DELIVERED"}
REPORT = {"messageId": "m1", "recipient": {"to": "33612345678"}, "status": STATUS}
REPLY = {"messageId": "r1", "direction": "MO", "body": {"text": "STOP"}}
PARIS = Context(zone="Europe/Paris")


def one(fields: dict[str, Any], context: Context | None = None) -> Report | Reply:
    [said] = decode(json.dumps(fields).encode(), context or Context())
    assert isinstance(said, Report | Reply)
    return said


def refusal(body: bytes) -> Undecodable:
    with pytest.raises(Undecodable) as caught:
        list(decode(body, PARIS))
    return caught.value


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        (REPORT, Report),
        ({**REPORT, "direction": "MT"}, Report),
        ({**REPLY, "from": "33612345678"}, Reply),
        ({**REPLY, "from": "33612345678", "direction": "mo", "status": STATUS}, Reply),
        ({"from": "33612345678", "body": {"text": "STOP"}}, Reply),
    ],
)
def test_status_makes_a_report_unless_the_direction_says_reply(fields: dict[str, Any], kind: type) -> None:
    assert isinstance(one(fields), kind)


@pytest.mark.parametrize(
    ("sender", "recipient", "person"),
    [
        ("33612345678", "36180", "33612345678"),
        ("+33 6 12 34 56 78", "ACME", "+33 6 12 34 56 78"),
        ("ACME", "33612345678", "33612345678"),  # as RCS has it in production
        ("36180", "33612345678", "33612345678"),
        (33612345678, "36180", "33612345678"),
        ("33612345678", "33756789012", "33612345678"),  # a long virtual number: the documented side
    ],
)
def test_person_of_a_reply_is_whoever_has_a_phone_number(sender: Any, recipient: str, person: str) -> None:
    assert one({**REPLY, "from": sender, "recipient": {"to": recipient}}).to == person


@pytest.mark.parametrize(
    ("fields", "reason", "path"),
    [
        ({**REPLY, "from": "ACME"}, "missing_field", "$.from"),
        ({**REPLY, "from": "33612345678", "body": "STOP"}, "wrong_type", "$.body"),
        ({**REPLY, "from": "33612345678", "body": None}, "missing_field", "$.body"),
        ({**REPORT, "messageId": ""}, "missing_field", "$.messageId"),
        ({**REPORT, "status": {}}, "missing_field", "$.status.value"),
        ({**REPORT, "status": None, "direction": "MT"}, "missing_field", "$.status"),
        ({**REPORT, "status": {**STATUS, "deliveryDate": "hier"}}, "absurd_value", "$.status.deliveryDate"),
        ({**REPORT, "type": "EMAIL"}, "absurd_value", "$.type"),
        ({**REPORT, "recipient": "33612345678"}, "wrong_type", "$.recipient"),
    ],
)
def test_what_cannot_be_read_names_its_field(fields: dict[str, Any], reason: str, path: str) -> None:
    error = refusal(json.dumps(fields).encode())
    assert error.reason == reason
    assert path in error.detail
    assert "33612345678" not in error.detail


@pytest.mark.parametrize(
    ("text", "zone", "at"),
    [
        ("2026-08-24T22:36:10", "Europe/Paris", "2026-08-24T20:36:10+00:00"),
        ("2026-08-24T22:36:10", None, None),  # nobody says the zone
        ("2026-08-24T22:36:10Z", None, "2026-08-24T22:36:10+00:00"),
        ("2026-08-24T22:36:10Z", "Europe/Paris", "2026-08-24T22:36:10+00:00"),
        ("2026-08-24T22:36:10+02:00", None, "2026-08-24T20:36:10+00:00"),
        ("", "Europe/Paris", None),
        (None, "Europe/Paris", None),
    ],
)
def test_time_is_read_where_its_zone_is_known(text: str | None, zone: str | None, at: str | None) -> None:
    said = one({**REPORT, "status": {**STATUS, "deliveryDate": text}}, Context(zone=zone))
    assert (said.at.isoformat() if said.at else None) == at


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("2026-08-24+22%3A36%3A10", "2026-08-24T20:36:10+00:00"),
        ("24082026-22:36", "2026-08-24T20:36:00+00:00"),
        ("24082026-22:36:10", "2026-08-24T20:36:10+00:00"),
    ],
)
def test_http_api_writes_its_dates_in_two_ways(date: str, at: str) -> None:
    [said] = decode(f"smsID=1&statut=11&date_reception={date}".encode(), PARIS)
    assert isinstance(said, Report)
    assert said.at is not None
    assert said.at.isoformat() == at


@pytest.mark.parametrize(
    "body", [b"statut=11", b"smsID=1", b"message=STOP", b"smsID=1&statut=11&date_reception=31022026-10:00"]
)
def test_form_that_cannot_be_read_is_refused(body: bytes) -> None:
    assert refusal(body).reason in {"missing_field", "absurd_value"}


@pytest.mark.parametrize(
    ("written", "carrier"), [("20820", "20820"), ("208-20", "20820"), ("310_410", "310410"), ("x", None)]
)
def test_network_is_digits(written: str, carrier: str | None) -> None:
    [said] = decode(f"smsID=1&statut=11&mcc_mnc={written}".encode(), PARIS)
    assert isinstance(said, Report)
    assert said.carrier == carrier


@pytest.mark.parametrize(
    ("escaped", "text"), [(b"Arr%EAt", "Arr\xeat"), (b"Arr%C3%AAt", "Arr\xeat"), (b"%A4", "\u20ac")]
)
def test_text_of_a_reply_is_utf_8_or_else_latin_9(escaped: bytes, text: str) -> None:
    [said] = decode(b"numero=33612345678&message=" + escaped, PARIS)
    assert isinstance(said, Reply)
    assert said.text == text
