"""What Infobip's status and error say together, and which of its events are reports, messages or neither."""

import json
from typing import Any

import pytest

from acquit.decode import Context, Decoded
from acquit.decode.infobip import decode
from acquit.errors import Undecodable
from acquit.events import Ignored, Reply, Report
from acquit.reasons import explain
from tests.builders import shipped_rules

RULES = shipped_rules()
NO_ERROR = {"id": 0, "name": "NO_ERROR", "description": "No Error", "permanent": False}
FAILED = {"id": 9, "name": "UNDELIVERABLE_NOT_DELIVERED", "description": "Message sent not delivered"}
RESULT = {"messageId": "m1", "to": "33612345678", "status": FAILED, "error": NO_ERROR}
WRITTEN = {"from": "33612345678", "to": "38100", "receivedAt": "2026-11-22T10:00:36.000+0000"}


def one(fields: dict[str, Any], known: Context | None = None) -> Decoded:
    [said] = decode(json.dumps({"results": [fields]}).encode(), known or Context())
    return said


def report(**fields: Any) -> Report:
    said = one({**RESULT, **fields})
    assert isinstance(said, Report)
    return said


def error(number: int) -> dict[str, Any]:
    return {"id": number, "name": "EC", "description": "Error", "permanent": True}


@pytest.mark.parametrize("code", ["0", "255", "633", "810"])
def test_error_that_tells_nothing_has_no_row_that_could_hide_the_status(code: str) -> None:
    assert code not in RULES.codes["infobip"]


@pytest.mark.parametrize("number", [0, 255, 999_999])
def test_error_without_a_row_leaves_the_reason_to_the_status(number: int) -> None:
    status = {"id": 15, "name": "EXPIRED_EXPIRED", "description": "Message expired"}
    assert explain(report(status=status, error=error(number)), RULES).category == "expired"


@pytest.mark.parametrize("number", [10, 51, 258, 569, 628, 2049, 4100, 4101, 4102, 4103, 7002, 7025, 7201, 7280])
def test_flag_of_permanence_alone_condemns_no_number(number: int) -> None:
    assert explain(report(error=error(number)), RULES).permanence != "permanent"


def test_error_beside_a_delivery_does_not_undo_it() -> None:
    status = {"id": 5, "name": "DELIVERED_TO_HANDSET", "description": "Message delivered to handset"}
    assert explain(report(status=status, error=error(1)), RULES).status == "delivered_handset"


@pytest.mark.parametrize(
    ("number", "category"), [(14, "provider_suppressed"), ("14", "provider_suppressed"), (52, "invalid_address_format")]
)
def test_rejected_destination_is_told_apart_by_its_number(number: int | str, category: str) -> None:
    said = report(status={"id": number, "name": "REJECTED_DESTINATION", "description": "By Destination"})
    assert explain(said, RULES).category == category


@pytest.mark.parametrize(
    ("name", "channel"), [("SMS", "sms"), ("MMS", "sms"), ("WHATSAPP", "whatsapp"), ("rcs", "rcs"), ("", "sms")]
)
def test_channel_is_what_the_result_says_and_sms_where_nobody_says(name: str, channel: str) -> None:
    assert report(channel=name).channel == channel


def test_context_says_the_channel_where_the_result_does_not() -> None:
    known = Context(channel="whatsapp")
    for fields, channel in ((RESULT, "whatsapp"), ({**RESULT, "channel": "RCS"}, "rcs")):
        said = one(fields, known)
        assert isinstance(said, Report)
        assert said.channel == channel


@pytest.mark.parametrize(("value", "carrier"), [("20801", "20801"), (20801, "20801"), ("null", None), ("", None)])
def test_carrier_is_the_code_of_a_network(value: Any, carrier: str | None) -> None:
    assert report(mccMnc=value).carrier == carrier


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"text": "STOP Brand", "cleanText": "Brand", "keyword": "STOP"}, "STOP Brand"),
        ({"message": {"type": "TEXT", "text": "Hi"}}, "Hi"),
        ({"message": {"type": "INTERACTIVE_LIST_REPLY", "id": "1", "title": "Stop"}}, "Stop"),
        ({"message": {"type": "IMAGE", "url": "https://example.com/1"}}, ""),
        ({"content": [{"type": "TEXT", "text": "Hi"}, {"type": "IMAGE", "url": "https://example.com/1"}]}, "Hi"),
        ({}, ""),
    ],
)
def test_words_of_a_message_are_all_that_was_written(fields: dict[str, Any], text: str) -> None:
    said = one({**WRITTEN, **fields})
    assert isinstance(said, Reply)
    assert (said.to, said.text) == ("33612345678", text)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"event": "TYPING_STOPPED", "sender": "33612345678", "receivedAt": "2026-11-22T10:00:36Z"}, "TYPING_STOPPED"),
        ({"messageId": "m1", "to": "33612345678", "deletedAt": "2026-11-22T10:00:36Z"}, "deleted"),
    ],
)
def test_what_is_no_news_of_a_message_is_ignored(fields: dict[str, Any], kind: str) -> None:
    assert one(fields) == Ignored("infobip", kind)


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({**RESULT, "messageId": ""}, "$.results[0].messageId: is missing or empty"),
        ({**RESULT, "status": {"id": 9}}, "$.results[0].status.name: is missing or empty"),
        ({**RESULT, "doneAt": "yesterday"}, "$.results[0].doneAt: is no time of a known form"),
        ({**WRITTEN, "from": None}, "$.results[0].from: is missing or empty"),
        ({"messageId": "m1", "seenAt": "2026-11-22T10:00:36Z"}, "$.results[0].channel: is missing or empty"),
    ],
)
def test_refusal_names_the_field_and_its_place(fields: dict[str, Any], detail: str) -> None:
    said = one(fields)
    assert isinstance(said, Undecodable)
    assert said.detail == detail
