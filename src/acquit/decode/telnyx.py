"""Telnyx: status updates and inbound messages of SMS, MMS, RCS and WhatsApp, as its webhooks (API v2) post them.

https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks
https://developers.telnyx.com/docs/messaging/messages/receiving-rcs-webhooks
https://github.com/team-telnyx/telnyx-dotnet (MessagingInboundMessagePayload: WhatsApp's forms, `autoresponse_type`)
One Report for every recipient of a group. `errors` are the message's: `source.pointer` may say which recipient's. A
delivered message may hold one, the warning 40328. Webhooks of calls and faxes come to the same URL and have another form.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Generic, TypeAlias, TypeVar

from msgspec import Meta, Raw, Struct, field

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Shape, given, moment
from acquit.errors import Undecodable
from acquit.events import Channel, EngagementType, Ignored, Reply, Report

_STATUSES = frozenset({"message.sent", "message.finalized", "message.read"})
_INBOUND = "message.received"
_CHANNELS: Mapping[str, Channel] = {"sms": "sms", "mms": "sms", "rcs": "rcs", "whatsapp": "whatsapp"}
_SAYS: Mapping[str, EngagementType] = {"stop": "stop", "start": "start", "help": "reply"}
_FEW = Meta(max_length=1000)  # a group has ten people at most
_WARNING = "40328"  # "SMS exceeds recommended size": no cause of a failure, where another stands beside it


Payload = TypeVar("Payload")


class Source(Struct, frozen=True, gc=False):
    pointer: str | None = None


class Error(Struct, frozen=True, gc=False):
    code: int | str | None = None
    title: str | None = None
    source: Source | None = None


class Person(Struct, frozen=True, gc=False):
    """A recipient with what became of the message there, or who wrote."""

    phone_number: str | None = None
    status: str | None = None
    carrier: str | None = None


class Words(Struct, frozen=True, gc=False):
    text: str | None = None
    body: str | None = None


class Body(Struct, frozen=True, gc=False):
    """What a person wrote or tapped, in RCS and WhatsApp."""

    text: str | Words | None = None
    suggestion_response: Words | None = None
    button: Words | None = None


class Status(Struct, frozen=True, gc=False):
    id: str | None = None
    type: str | None = None
    to: Annotated[list[Raw], _FEW] | str | None = None
    cc: Annotated[list[Raw], _FEW] | None = None
    status: str | None = None
    errors: Annotated[list[Error], _FEW] | None = None
    received_at: str | None = None


class Inbound(Struct, frozen=True, gc=False):
    type: str | None = None
    sender: Person | str | None = field(name="from", default=None)
    text: str | None = None
    body: Body | str | None = None
    autoresponse_type: str | None = None
    received_at: str | None = None


class Event(Struct, Generic[Payload], frozen=True, gc=False):
    payload: Payload
    event_type: str | None = None
    occurred_at: str | None = None


class Webhook(Struct, Generic[Payload], frozen=True, gc=False):
    data: Event[Payload]


_WEBHOOKS: Shape[Raw] = Shape(Raw)
_OF_ANY: Shape[Webhook[Raw]] = Shape(Webhook[Raw])
_OF_STATUS: Shape[Webhook[Status]] = Shape(Webhook[Status])
_OF_INBOUND: Shape[Webhook[Inbound]] = Shape(Webhook[Inbound])
_PEOPLE = Shape(Person)

Reporter: TypeAlias = Callable[..., Report]
"""Makes a report of one recipient, and knows all that they have in common."""


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _WEBHOOKS.each(body, context, _said)


def _said(webhook: Raw, context: Context) -> Iterator[Decoded]:
    kind = given(_OF_ANY.one(webhook).data.event_type, "data.event_type")
    if kind in _STATUSES:
        yield from _reports(_OF_STATUS.one(webhook).data, context)
    elif kind == _INBOUND:
        yield _reply(_OF_INBOUND.one(webhook).data, context)
    else:
        yield Ignored("telnyx", kind)


def _reports(event: Event[Status], context: Context) -> Iterator[Decoded]:
    message = event.payload
    report: Reporter = partial(
        context.report,
        "telnyx",
        _channel(message.type, context),
        message_id=given(message.id, "data.payload.id"),
        at=moment(event.occurred_at, "data.occurred_at"),
        submitted_at=moment(message.received_at, "data.payload.received_at"),
    )
    if isinstance(message.to, str):  # WhatsApp's single recipient
        yield _of(Person(message.to, message.status), report, _error(message, "/to", alone=True))
        return
    groups = {"to": given(message.to or None, "data.payload.to"), "cc": message.cc or []}
    alone = sum(map(len, groups.values())) == 1
    for name, people in groups.items():
        for place, raw in enumerate(people):
            try:
                yield _of(_PEOPLE.one(raw), report, _error(message, f"/{name}/{place}", alone=alone))
            except Undecodable as error:
                yield Undecodable(error.reason, f"$.data.payload.{name}[{place}]: {error.detail}")


def _of(person: Person, report: Reporter, error: Error | None) -> Report:
    return report(
        to=given(person.phone_number, "phone_number"),
        status=given(person.status, "status"),
        code=None if error is None or error.code is None else str(error.code),
        text=error.title if error else None,
        carrier=person.carrier or None,
    )


def _error(message: Status, path: str, *, alone: bool) -> Error | None:
    """The cause of this recipient's failure. One that names nobody is nobody's in a group: it may be another's STOP."""
    ours = [error for error in message.errors or () if _is_of(error, path, alone=alone)]
    return next((error for error in ours if str(error.code) != _WARNING), ours[0] if ours else None)


def _is_of(error: Error, path: str, *, alone: bool) -> bool:
    pointer = (error.source.pointer if error.source else None) or ""
    return alone or pointer == path or pointer.startswith(f"{path}/")


def _reply(event: Event[Inbound], context: Context) -> Reply:
    message = event.payload
    sender = message.sender.phone_number if isinstance(message.sender, Person) else message.sender
    return context.reply(
        "telnyx",
        _channel(message.type, context),
        to=given(sender, "data.payload.from.phone_number"),
        text=message.text or _words(message.body),
        at=moment(message.received_at, "data.payload.received_at") or moment(event.occurred_at, "data.occurred_at"),
        says=_SAYS.get((message.autoresponse_type or "").casefold()),
    )


def _words(body: Body | str | None) -> str | None:
    if body is None or isinstance(body, str):
        return body
    parts: Sequence[Words | str | None] = (body.text, body.suggestion_response, body.button)
    texts = (part if part is None or isinstance(part, str) else part.text or part.body for part in parts)
    return next((text for text in texts if text), None)


def _channel(kind: str | None, context: Context) -> Channel:
    if not kind:
        return context.channel or "sms"
    channel = _CHANNELS.get(kind.casefold())
    if channel is None:
        raise Undecodable("absurd_value", "$.data.payload.type: none of SMS, MMS, RCS and WhatsApp")
    return channel
