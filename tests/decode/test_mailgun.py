"""What the samples of Mailgun do not show: which of its codes says most, and what a person wants no more of."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from acquit.decode.context import Context
from acquit.decode.fields import Decoded
from acquit.decode.mailgun import decode
from acquit.errors import Undecodable
from acquit.events import Ignored, Reply, Report

EVENT = {"event": "failed", "recipient": "jane@example.com", "timestamp": 1795338000.5, "severity": "permanent"}
WRITTEN = {"sender": "b@mail.example.com", "from": "Jane <jane@example.com>", "stripped-text": "Stop", "token": "t"}


def read(**fields: Any) -> list[Decoded]:
    return list(decode(json.dumps({"event-data": {**EVENT, **fields}}).encode(), Context()))


def report(**fields: Any) -> Report:
    [said] = read(**fields)
    assert isinstance(said, Report)
    return said


def posted(fields: dict[str, str]) -> Decoded:
    [said] = decode(urlencode(fields).encode(), Context())
    return said


@pytest.mark.parametrize(
    ("reason", "status", "code"),
    [
        ("suppress-bounce", {"code": 605}, "suppress-bounce"),
        ("hardfail", {"code": 605}, "605"),
        ("generic", {"code": 498}, "498"),
        ("bounce", {"code": 550, "enhanced-code": "5.1.1"}, "5.1.1"),
        ("bounce", {"code": 550, "enhanced-code": None}, "bounce"),
        ("espblock", {"code": 550, "enhanced-code": "5.1.1"}, "espblock"),  # a block says nothing about the mailbox
        (None, {"code": "550"}, "550"),
        (None, {"code": 0}, None),
        (None, None, None),
    ],
)
def test_code_is_what_says_most(reason: str | None, status: dict[str, Any] | None, code: str | None) -> None:
    assert report(**{"reason": reason, "delivery-status": status}).code == code


def test_enhanced_code_of_what_is_tried_again_condemns_nobody() -> None:
    status = {"code": 550, "enhanced-code": "5.1.1"}
    assert report(**{"severity": "temporary", "reason": "generic", "delivery-status": status}).code == "generic"


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ({"code": 550, "message": "5.1.1 No such user", "enhanced-code": "5.1.1"}, "550 5.1.1 No such user"),
        ({"code": 550, "message": "No such user", "enhanced-code": "5.1.1"}, "550 5.1.1 No such user"),
        ({"code": 550, "message": "No such user"}, "550 No such user"),
        ({"code": 498, "message": "No MX for [example.com]"}, "No MX for [example.com]"),
        ({"code": 605, "message": "", "description": "Not delivering"}, "Not delivering"),
        ({"code": 550}, "550"),
        ({}, None),
    ],
)
def test_text_is_the_whole_reply_of_the_other_server(status: dict[str, Any], text: str | None) -> None:
    assert report(**{"delivery-status": status}).text == text


@pytest.mark.parametrize(
    ("fields", "streams"),
    [
        ({"tags": ["*"]}, [None]),
        ({"tags": ["news", "*"]}, [None]),
        ({"tags": ["*"], "mailing-list": {"address": "news@mg.example.com"}}, [None]),
        ({"tags": ["news"], "mailing-list": {"address": "news@mg.example.com"}}, ["news@mg.example.com"]),
        ({"tags": ["news", "offers", "news"]}, ["news", "offers"]),
        ({"tags": [], "mailing-list": []}, [None]),
        ({}, [None]),
    ],
)
def test_unsubscribed_is_as_wide_as_the_person_said(fields: dict[str, Any], streams: list[str | None]) -> None:
    said = read(event="unsubscribed", **fields)
    assert [reply.only for reply in said if isinstance(reply, Reply)] == streams


@pytest.mark.parametrize("message_id", ["20261122@mg.example.com", "<20261122@mg.example.com>"])
def test_message_id_is_what_sending_returned(message_id: str) -> None:
    assert report(message={"headers": {"message-id": message_id}}).message_id == "<20261122@mg.example.com>"


@pytest.mark.parametrize(("seconds", "after"), [(600, 600), (0.5, 0), (0, None), (-1, None), (1e12, None)])
def test_time_to_the_next_try_is_believed_within_a_year(seconds: float, after: int | None) -> None:
    assert report(**{"delivery-status": {"retry-seconds": seconds}}).retry_after_seconds == after


@pytest.mark.parametrize("answer", ["auto-replied", "auto-generated", "Auto-Replied; owner-email=x"])
def test_answer_of_a_machine_is_no_reply(answer: str) -> None:
    assert posted({**WRITTEN, "Auto-Submitted": answer}) == Ignored("mailgun", "auto-submitted")


@pytest.mark.parametrize(
    ("fields", "to"),
    [
        ({"from": "Jane <jane@example.com>"}, "jane@example.com"),
        ({"from": "jane@example.com"}, "jane@example.com"),
        ({"from": ""}, "b@mail.example.com"),
        ({"Auto-Submitted": "no"}, "jane@example.com"),
    ],
)
def test_reply_is_by_who_wrote_it(fields: dict[str, str], to: str) -> None:
    said = posted({**WRITTEN, **fields})
    assert isinstance(said, Reply)
    assert (said.to, said.text) == (to, "Stop")


def test_webhook_without_event_names_the_field() -> None:
    with pytest.raises(Undecodable, match=r"\$\.event-data"):
        list(decode(b"{}", Context()))
