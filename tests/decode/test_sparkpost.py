"""What the samples of SparkPost cannot show: which events are no mail, and that a class name is never quoted."""

import json
from typing import Any

import pytest

from acquit.decode.context import Context
from acquit.decode.fields import Decoded
from acquit.decode.sparkpost import decode
from acquit.errors import Undecodable
from acquit.events import Ignored, Reply, Report

DELIVERY = {"type": "delivery", "rcpt_to": "jane@example.com", "transmission_id": "65832150921904138"}


def read(name: str = "message_event", **fields: Any) -> Decoded:
    [said] = decode(json.dumps([{"msys": {name: {**DELIVERY, **fields}}}]).encode(), Context())
    return said


@pytest.mark.parametrize("method", ["apn", "gcm", "smpp", "sms"])
def test_push_and_sms_are_no_mail(method: str) -> None:
    assert read(delv_method=method) == Ignored("sparkpost", "delivery")


@pytest.mark.parametrize("method", ["esmtp", "file", "", None])
def test_any_other_way_is_mail(method: str | None) -> None:
    assert isinstance(read(delv_method=method), Report)


def test_sms_is_known_by_its_number_where_there_is_no_mailbox() -> None:
    assert read(rcpt_to=None, sms_dst="12025550123") == Ignored("sparkpost", "delivery")
    assert isinstance(read(sms_dst="12025550123"), Report)  # the documented event holds the fields of both


@pytest.mark.parametrize(("kind", "word"), [("click", "machine click"), ("open", "machine open")])
def test_what_a_machine_fetched_before_the_person_is_ignored(kind: str, word: str) -> None:
    assert read("track_event", type=kind, user_agent_parsed={"is_prefetched": True}) == Ignored("sparkpost", word)


def test_stop_counts_whoever_fetched_it() -> None:
    said = read("unsubscribe_event", type="list_unsubscribe", user_agent_parsed={"is_prefetched": True})
    assert isinstance(said, Reply)
    assert said.says == "stop"


@pytest.mark.parametrize("feedback", ["abuse", "fraud", "virus", "other", "", None])
def test_complaint_of_any_other_type_is_one(feedback: str | None) -> None:
    said = read(type="spam_complaint", fbtype=feedback)
    assert isinstance(said, Report)
    assert said.status == "spam_complaint"


def test_delay_has_codes_of_its_own() -> None:
    codes = [said.code for kind in ("bounce", "delay") if isinstance(said := read(type=kind, bounce_class=10), Report)]
    assert codes == ["10", "delay/10"]


def test_sender_with_a_display_name_is_its_address() -> None:
    said = read("relay_message", friendly_from="Jane <jane@example.com>", content={"text": "Hello"})
    assert isinstance(said, Reply)
    assert said.to == "jane@example.com"


def test_class_name_is_never_quoted() -> None:
    said = list(decode(b'[{"msys": {"jane@example.com": {"timestamp": {}}}}]', Context()))
    assert isinstance(said[0], Undecodable)
    assert "jane" not in said[0].detail
