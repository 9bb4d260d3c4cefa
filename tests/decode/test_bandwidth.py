"""Whom a callback of Bandwidth is about, and what it may not let pass."""

import json
from typing import Any

import pytest

from acquit.decode.bandwidth import decode
from acquit.decode.context import Context
from acquit.decode.fields import Decoded
from acquit.errors import Undecodable
from acquit.events import Report


def said(**event: Any) -> Decoded:
    [one] = decode(json.dumps([{"type": "message-delivered", **event}]).encode(), Context())
    return one


def to_of(event: dict[str, Any]) -> str | None:
    report = said(**event)
    assert isinstance(report, Report)
    return report.to


@pytest.mark.parametrize(
    "event",
    [
        {"to": "+12025550123", "message": {"id": "m1", "to": ["+12025550124", "+12025550123"]}},
        {"message": {"id": "m1", "to": ["+12025550123"]}},
        {"message": {"id": "m1", "to": "+12025550123"}},
    ],
)
def test_recipient_is_the_one_that_the_event_names_or_the_only_one(event: dict[str, Any]) -> None:
    assert to_of(event) == "+12025550123"


@pytest.mark.parametrize("to", [["+12025550123", "+12025550124"], [], None])
def test_recipient_of_a_group_is_never_guessed(to: list[str] | None) -> None:
    refused = said(message={"id": "m1", "to": to})
    assert isinstance(refused, Undecodable)
    assert refused.reason == "missing_field"


def test_text_that_was_sent_never_passes() -> None:
    event = {"to": "+12025550123", "message": {"id": "m1", "text": "Your code is 8080", "content": {"text": "8080"}}}
    assert "8080" not in repr(said(**event))


@pytest.mark.parametrize(
    ("channel", "ours"), [("RBM", "rcs"), ("SMS", "sms"), ("MMS", "sms"), (None, "sms"), ("FAX", None)]
)
def test_channel_is_what_the_message_says(channel: str | None, ours: str | None) -> None:
    report = said(to="+12025550123", message={"id": "m1", "channel": channel})
    assert (report.channel if isinstance(report, Report) else None) == ours
