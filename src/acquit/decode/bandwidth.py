"""Bandwidth: callbacks of its Messaging API about SMS, MMS and RCS, and what people write back; arrays of events.

https://dev.bandwidth.com/docs/messaging/webhooks
https://github.com/Bandwidth/ruby-sdk/blob/main/docs/StatusCallback.md (every type, `carrierName`, `eventTime`)
`to` beside `type` is the one recipient that a status is about; `message.to` is everybody of the group. "Delivered" is the
carrier's word, and of MMS often Bandwidth's own; the handset's of toll-free numbers alone, which nothing tells apart.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct, field

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Shape, given, moment
from acquit.errors import Undecodable
from acquit.events import Channel, Ignored, Reply, Report

_STATUSES = frozenset({"message-sending", "message-sent", "message-delivered", "message-read", "message-failed"})
_INBOUND = frozenset({"message-received", "suggestion-response"})
_CHANNELS: Mapping[str, Channel] = {"sms": "sms", "mms": "sms", "rbm": "rcs", "rcs": "rcs"}


class Words(Struct, frozen=True, gc=False):
    text: str | None = None


class Message(Struct, frozen=True, rename="camel", gc=False):
    """`text` is empty in statuses today, and was what was sent: it is read of inbound messages alone."""

    id: str | None = None
    time: str | None = None
    to: list[str] | str | None = None
    sender: str | None = field(name="from", default=None)
    channel: str | None = None
    text: str | None = None
    content: Words | None = None
    suggestion_response: Words | None = None


class Event(Struct, frozen=True, rename="camel", gc=False):
    type: str | None = None
    time: str | None = None
    event_time: str | None = None  # of reading
    to: str | None = None
    description: str | None = None
    error_code: int | str | None = None
    carrier_name: str | None = None
    message: Message | None = None


_EVENTS = Shape(Event)


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _EVENTS.each(body, context, _said)


def _said(event: Event, context: Context) -> Iterator[Decoded]:
    kind = given(event.type, "type")
    if kind in _STATUSES:
        yield _report(kind, event, given(event.message, "message"), context)
    elif kind in _INBOUND:
        yield _reply(event, given(event.message, "message"), context)
    else:
        yield Ignored("bandwidth", kind)


def _report(status: str, event: Event, message: Message, context: Context) -> Report:
    return context.report(
        "bandwidth",
        _channel(message, context),
        message_id=given(message.id, "message.id"),
        to=event.to or _only(message.to),
        at=_at(event),
        submitted_at=moment(message.time, "message.time"),
        status=status,
        code=None if event.error_code is None else str(event.error_code),
        text=event.description,
        carrier=event.carrier_name or None,
    )


def _reply(event: Event, message: Message, context: Context) -> Reply:
    texts = (message.text, *(words.text for words in (message.content, message.suggestion_response) if words))
    return context.reply(
        "bandwidth",
        _channel(message, context),
        to=given(message.sender, "message.from"),
        text=next((text for text in texts if text), None),
        at=_at(event),
    )


def _at(event: Event) -> datetime | None:
    return moment(event.event_time, "eventTime") or moment(event.time, "time")


def _only(people: list[str] | str | None) -> str:
    """The recipient of a message to one. Of a group it must be said whom a status is about."""
    people = [people] if isinstance(people, str) else people or []
    return given(people[0] if len(people) == 1 else None, "to")


def _channel(message: Message, context: Context) -> Channel:
    if not message.channel:
        return context.channel or "sms"
    channel = _CHANNELS.get(message.channel.casefold())
    if channel is None:
        raise Undecodable("absurd_value", "$.message.channel: none of SMS, MMS and RBM")
    return channel
