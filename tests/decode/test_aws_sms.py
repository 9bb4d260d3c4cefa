"""The boundaries of AWS End User Messaging's events. What they say otherwise is in the samples."""

import json
from typing import Any

import pytest

from acquit.decode import Context, Decoded
from acquit.decode.aws_sms import decode
from acquit.errors import Undecodable
from acquit.events import Ignored, Reply, Report
from acquit.reasons import explain
from tests.builders import shipped_rules

RULES = shipped_rules()
EVENT = {"eventType": "TEXT_DELIVERED", "messageId": "m1", "destinationPhoneNumber": "+33612345678"}
INBOUND = {"originationNumber": "33612345678", "destinationNumber": "rcs-c020de25", "inboundMessageId": "i1"}


def read(event: dict[str, Any], context: Context | None = None) -> Decoded:
    [said] = decode(json.dumps(event).encode(), context or Context())
    return said


def report(**fields: Any) -> Report:
    said = read({**EVENT, **fields})
    assert isinstance(said, Report)
    return said


@pytest.mark.parametrize(
    ("kind", "channel"),
    [("TEXT_DELIVERED", "sms"), ("MEDIA_DELIVERED", "sms"), ("RCS_READ", "rcs"), ("TTL_EXPIRATION_REVOKED", "rcs")],
)
def test_channel_is_told_by_the_event_type(kind: str, channel: str) -> None:
    assert report(eventType=kind).channel == channel


@pytest.mark.parametrize("kind", ["VOICE_ANSWERED", "REGISTRATION_UPDATED", "HELLO"])
def test_event_of_no_message_of_ours_is_ignored(kind: str) -> None:
    assert read({**EVENT, "eventType": kind}) == Ignored("aws_sms", kind)


def test_registration_is_ignored() -> None:
    assert read({"detail": {"registrationId": "registration-1"}}) == Ignored("aws_sms", "registration")


@pytest.mark.parametrize(
    ("fields", "carrier"),
    [
        ({"mcc": "208", "mnc": "01", "carrierName": "Orange"}, "20801"),
        ({"mcc": "208", "carrierName": "Orange"}, "Orange"),
        ({"mcc": "", "mnc": "", "carrierName": "Orange"}, "Orange"),
        ({}, None),
    ],
)
def test_carrier_is_its_code_or_else_its_name(fields: dict[str, str], carrier: str | None) -> None:
    assert report(**fields).carrier == carrier


@pytest.mark.parametrize(
    ("kind", "is_final", "status"),
    [
        ("TEXT_SUCCESSFUL", True, "delivered_network"),
        ("TEXT_SUCCESSFUL", None, "delivered_network"),
        ("TEXT_SUCCESSFUL", False, "accepted"),
        ("MEDIA_SUCCESSFUL", False, "accepted"),
        ("TEXT_UNREACHABLE", False, "failed"),
    ],
)
def test_success_that_is_not_final_is_no_delivery(kind: str, is_final: bool | None, status: str) -> None:
    assert explain(report(eventType=kind, isFinal=is_final), RULES).status == status


def test_fallback_to_sms_is_no_failure_whatever_its_status() -> None:
    fallen_back = report(eventType="RCS_FALLEN_BACK_TO_SMS", messageStatus="UNDELIVERABLE")
    assert explain(fallen_back, RULES).status == "sent"


def test_only_an_invalid_number_or_an_opt_out_is_permanent() -> None:
    words = RULES.statuses["aws_sms"].values()
    codes = [row for rows in RULES.codes["aws_sms"].values() for row in rows]
    assert {row.category for row in words if row.permanence == "permanent"} == {"recipient_unknown"}
    assert {row.category for row in codes if row.permanence == "permanent"} == {"recipient_unknown", "opted_out"}


@pytest.mark.parametrize(
    ("body", "says", "text"),
    [
        ('{"type":"SUGGESTION","text":"Oui","postbackData":"x"}', None, "Oui"),
        ('{"type":"LOCATION","latitude":1}', None, ""),
        ('{"type":"UNSUBSCRIBE"}', "stop", ""),
        ('{"type":"SUBSCRIBE"}', "start", ""),
        ('{"type":17}', None, '{"type":17}'),  # a person may write what they like
        ("{STOP", None, "{STOP"),
        ("STOP", None, "STOP"),
        (None, None, ""),
    ],
)
def test_inbound_rcs_is_what_the_person_wrote_or_tapped(body: str | None, says: str | None, text: str) -> None:
    said = read({**INBOUND, "messageBody": body})
    assert isinstance(said, Reply)
    assert (said.channel, said.says, said.text) == ("rcs", says, text)


@pytest.mark.parametrize("kind", ["RCS_TYPING", "CONVERSATION_STARTED", "SOMETHING_NEW"])
def test_what_the_platform_says_in_a_persons_name_is_no_reply(kind: str) -> None:
    assert read({**INBOUND, "messageBody": json.dumps({"type": kind})}) == Ignored("aws_sms", kind)


def test_json_in_an_sms_is_the_persons_own_text() -> None:
    said = read({**INBOUND, "destinationNumber": "+12125550101", "messageBody": '{"type":"RCS_TYPING"}'})
    assert isinstance(said, Reply)
    assert said.text == '{"type":"RCS_TYPING"}'


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({**EVENT, "messageId": None}, "missing_field"),
        ({**EVENT, "messageId": ""}, "absurd_value"),
        ({**EVENT, "eventType": None}, "missing_field"),
        ({**EVENT, "eventTimestamp": "soon"}, "absurd_value"),
        ({**EVENT, "eventTimestamp": {}}, "wrong_type"),
        ({**INBOUND, "originationNumber": ""}, "missing_field"),
    ],
)
def test_what_cannot_be_read_is_refused(event: dict[str, Any], reason: str) -> None:
    with pytest.raises(Undecodable) as caught:
        read(event)
    assert caught.value.reason == reason
