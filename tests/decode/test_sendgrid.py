"""What the samples of SendGrid do not show: its fields beside the sender's own, and what may be missing."""

import json
from typing import Any

import pytest

from acquit.decode.context import Context
from acquit.decode.fields import Decoded
from acquit.decode.sendgrid import decode
from acquit.errors import Undecodable
from acquit.events import Ignored, Reply, Report

EVENT = {"event": "delivered", "email": "jane@example.com", "timestamp": 1795338000, "sg_message_id": "abc.recvd-1.0"}


def read(**fields: Any) -> Decoded:
    [said] = decode(json.dumps({**EVENT, **fields}).encode(), Context())
    return said


@pytest.mark.parametrize(
    ("sg_message_id", "message_id"),
    [
        ("XBg2anf2TqCy6WXKQFhieQ.filter0905p1mdw1-4434-59E0C6FF-3.0", "XBg2anf2TqCy6WXKQFhieQ"),
        ("euo2iKxdSayPF4YE4--I7A.recvd-5f54b5d587-pczjm-1-67BADEEA-6.0", "euo2iKxdSayPF4YE4--I7A"),
        ("XBg2anf2TqCy6WXKQFhieQ", "XBg2anf2TqCy6WXKQFhieQ"),
        ("", None),
        (None, None),
    ],
)
def test_message_id_is_what_sending_returned(sg_message_id: str | None, message_id: str | None) -> None:
    said = read(sg_message_id=sg_message_id)
    assert isinstance(said, Report)
    assert said.message_id == message_id


@pytest.mark.parametrize("event", ["processed", "delivered", "spamreport", "open", "click", "unsubscribe"])
def test_senders_own_arguments_are_no_fields_of_other_events(event: str) -> None:
    own = {"reason": "8080", "status": 8080.5, "type": ["8080"], "bounce_classification": {"a": "8080"}}
    assert "8080" not in repr(read(event=event, asm_group_id=[8080], **own))


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"type": "bounce", "bounce_classification": "Content"}, "bounce:bounce", "bounce/Content"),
        ({"type": "blocked", "status": "5.7.1"}, "bounce:blocked", "blocked/5.7.1"),
        ({"type": "bounce"}, "bounce:bounce", None),
        ({"bounce_classification": "Invalid Address"}, "bounce", "Invalid Address"),
        ({}, "bounce", None),
    ],
)
def test_bounce_says_its_type_and_the_best_class_there_is(
    fields: dict[str, Any], status: str, code: str | None
) -> None:
    said = read(event="bounce", **fields)
    assert isinstance(said, Report)
    assert (said.status, said.code) == (status, code)


@pytest.mark.parametrize("group", [None, ""])
@pytest.mark.parametrize("event", ["group_unsubscribe", "group_resubscribe"])
def test_group_that_is_not_named_is_never_everything(event: str, group: str | None) -> None:
    with pytest.raises(Undecodable, match=r"\$\.asm_group_id"):
        read(event=event, asm_group_id=group)


@pytest.mark.parametrize("flag", [False, None, "false", 0])
def test_open_is_a_persons_unless_it_is_flagged(flag: Any) -> None:
    assert isinstance(read(event="open", sg_machine_open=flag), Reply)


def test_event_of_a_new_kind_is_counted_by_its_word() -> None:
    assert read(event="amp_open") == Ignored("sendgrid", "amp_open")
