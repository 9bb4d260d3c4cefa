"""Where Plivo puts the time, the carrier and the message's own id."""

from typing import Any
from urllib.parse import urlencode

import pytest

from acquit.decode.context import Context
from acquit.decode.plivo import decode
from acquit.errors import Undecodable
from acquit.events import Reply, Report

STATUS = {"MessageUUID": "part", "To": "33612345678", "Status": "delivered"}
TIMES = {
    "QueuedTime": "2026-11-22 08:01:00.000000",
    "SentTime": "2026-11-22 08:02:00.000000",
    "DeliveryReportTime": "2026-11-22 08:03:00.000000",
}


def read(fields: dict[str, Any], known: Context | None = None) -> Report | Reply:
    [said] = decode(urlencode(fields).encode(), known or Context())
    assert isinstance(said, Report | Reply)
    return said


def report(**fields: Any) -> Report:
    said = read({**STATUS, **fields})
    assert isinstance(said, Report)
    return said


@pytest.mark.parametrize(
    ("status", "minute"), [("queued", 1), ("sent", 2), ("Sent", 2), ("delivered", 3), ("undelivered", 3), ("new", 3)]
)
def test_each_status_has_its_own_time(status: str, minute: int) -> None:
    at = report(Status=status, **TIMES).at
    assert at is not None
    assert at.minute == minute


def test_failure_without_a_receipt_has_no_time() -> None:
    assert report(Status="failed", QueuedTime=TIMES["QueuedTime"]).at is None


def test_older_name_of_the_receipts_time_is_read() -> None:
    assert report(DLRReceivedTime=TIMES["DeliveryReportTime"]).at is not None


@pytest.mark.parametrize(("parent", "message_id"), [("whole", "whole"), ("", "part")])
def test_part_is_told_by_the_message_that_it_is_of(parent: str, message_id: str) -> None:
    assert report(ParentMessageUUID=parent).message_id == message_id


@pytest.mark.parametrize(
    ("mcc", "mnc", "carrier"), [("208", "01", "20801"), ("208", "", None), ("000", "000", None), ("None", "None", None)]
)
def test_carrier_needs_both_of_its_codes(mcc: str, mnc: str, carrier: str | None) -> None:
    assert report(MCC=mcc, MNC=mnc).carrier == carrier


@pytest.mark.parametrize(("kind", "channel"), [("sms", "sms"), ("mms", "sms"), ("WhatsApp", "whatsapp")])
def test_type_is_the_channel(kind: str, channel: str) -> None:
    assert report(Type=kind).channel == channel


def test_type_of_another_channel_is_refused() -> None:
    with pytest.raises(Undecodable, match="Type"):
        report(Type="voice")


def test_channel_of_the_route_holds_where_no_type_is_said() -> None:
    assert read(STATUS, Context(channel="whatsapp")).channel == "whatsapp"


def test_status_with_a_text_beside_it_is_no_reply() -> None:
    assert report(Text="Hello").status == "delivered"
