"""Inbound messages of the SMS API, whose `body` is the text itself, and the boundaries of batches and channels."""

import json
from typing import Any

import pytest

from acquit.decode import Decoded
from acquit.decode.context import Context
from acquit.decode.sinch import decode
from acquit.errors import Undecodable
from acquit.events import Ignored, Reply, Report

INBOUND = {
    "type": "mo_text",
    "id": "m1",
    "from": "33612345678",
    "to": "33700000100",
    "received_at": "2026-11-22T08:00:00Z",
}
REPORT = {"type": "recipient_delivery_report_sms", "batch_id": "b1", "recipient": "33612345678", "status": "Failed"}
BATCH = {"type": "delivery_report_sms", "batch_id": "b1"}


def read(fields: dict[str, Any]) -> list[Decoded]:
    return list(decode(json.dumps(fields).encode(), Context()))


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"body": "ARRET"}, "ARRET"),
        ({"body": ""}, ""),
        ({}, ""),
        ({"type": "mo_media", "body": {"subject": "no", "message": "STOP", "media": [{"url": "no"}]}}, "STOP"),
        ({"type": "mo_media", "body": {"media": []}}, ""),
        ({"type": "mo_media", "body": {"message": 17}}, ""),
        ({"type": "mo_binary", "body": "VGV4dA==", "udh": "10010203040506070809000a0b0c0d0e0f"}, ""),
    ],
)
def test_inbound_message_is_a_reply_with_its_text_alone(fields: dict[str, Any], text: str) -> None:
    [said] = read({**INBOUND, **fields})
    assert isinstance(said, Reply)
    assert (said.to, said.text) == ("33612345678", text)
    assert said.at is not None


def test_time_of_sending_stands_in_for_that_of_receipt() -> None:
    [said] = read({**INBOUND, "received_at": None, "sent_at": "2026-11-22T07:59:00Z"})
    assert isinstance(said, Reply)
    assert said.at is not None
    assert said.at.minute == 59


@pytest.mark.parametrize(("code", "read_as"), [(150, "150"), ("150", "150"), (0, "0"), (None, None)])
def test_code_is_read_as_number_or_text(code: int | str | None, read_as: str | None) -> None:
    [said] = read({**REPORT, "code": code})
    assert isinstance(said, Report)
    assert said.code == read_as


def test_operators_time_is_taken_only_without_sinchs_own() -> None:
    [said] = read({**REPORT, "operator_status_at": "2026-11-22T08:00:00Z"})
    assert isinstance(said, Report)
    assert said.at is not None


@pytest.mark.parametrize("statuses", [[], [{"code": 0, "status": "Delivered", "count": 3, "recipients": []}]])
def test_batch_that_names_nobody_is_no_news(statuses: list[dict[str, Any]]) -> None:
    assert read({**BATCH, "statuses": statuses}) == [Ignored("sinch", "delivery_report_sms")]


def test_recipient_without_a_number_is_placed_in_its_batch() -> None:
    [said] = read({**BATCH, "statuses": [{"code": 0, "status": "Delivered", "recipients": [""]}]})
    assert isinstance(said, Undecodable)
    assert said.detail.startswith("$.statuses[0].recipients[0]")


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"app_id": "a1", "contact_create_notification": {"contact": {}}}, "contact_create_notification"),
        ({"app_id": "a1", "what_is_new_notification": {}}, "callback"),
        ({"app_id": "a1", "opt_out_notification": {"status": "OPT_OUT_FAILED"}}, "opt_out_notification"),
        ({"type": "jane@example.com"}, "type"),
    ],
)
def test_other_callbacks_are_ignored_by_a_name_that_is_no_address(fields: dict[str, Any], kind: str) -> None:
    assert read(fields) == [Ignored("sinch", kind)]
