"""MessageBird: status reports and inbound messages of its SMS API, and the webhooks of Bird's Channels API.

https://developers.messagebird.com/api/sms-messaging/#handle-a-status-report (a query string; the reason may lack its code)
https://docs.bird.com/api/channels-api/message-status-and-interactions (JSON: <channel>.inbound, .outbound, .interaction)
All recipients of an SMS API message share its id. The error code is there only if the operator gave one; the reason in words
comes always, spelt with spaces by one API and with underscores by the other. Fixtures of both kinds of inbound:
https://github.com/nyaruka/courier/blob/main/handlers/messagebird/handler_test.go
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Flat, Shape, given, masked, moment, optional, required
from acquit.events import Channel, Ignored, Reply, Report

_CHANNELS: Mapping[str, Channel] = {"sms": "sms", "whatsapp": "whatsapp", "rcs": "rcs", "email": "email"}
_TOLD_OF_A_MESSAGE = frozenset({"read", "reported-as-spam"})
_SMS_PLATFORM = "sms-messagebird"
_NO_CODE = frozenset({"", "0"})
_EVENT = re.compile(r"[a-z]{1,20}(?:[.-][a-z]{1,20}){1,3}")
_REPORTS = Flat()


class Contact(Struct, frozen=True, rename="camel", gc=False):
    identifier_value: str | None = None


class Side(Struct, frozen=True, gc=False):
    """Who wrote, or who was written to."""

    contact: Contact | None = None
    contacts: list[Contact] | None = None


class Source(Struct, frozen=True, gc=False):
    name: str | None = None
    code: int | str | None = None


class Failure(Struct, frozen=True, gc=False):
    code: int | str | None = None
    source: Source | None = None


class Text(Struct, frozen=True, gc=False):
    text: str | None = None


class Body(Struct, frozen=True, gc=False):
    text: Text | None = None


class Origin(Struct, frozen=True, gc=False):
    id: str | None = None


class Payload(Struct, frozen=True, rename="camel", gc=False):
    """A message, or what was done with one."""

    id: str | None = None
    message_id: str | None = None
    sender: Side | None = None
    receiver: Side | None = None
    body: Body | None = None
    type: str | None = None
    status: str | None = None
    reason: str | None = None
    details: str | None = None
    failure: Failure | None = None
    reply_to: Origin | None = None
    last_status_at: str | None = None
    created_at: str | None = None


class Event(Struct, frozen=True, gc=False):
    """https://docs.bird.com/api/notifications-api/api-reference/webhook-subscriptions"""

    event: str | None = None
    payload: Payload | None = None


_EVENTS = Shape(Event)


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    """JSON with an event is Bird's; a form, a query string, or JSON of its fields, is of the SMS API."""
    if body.lstrip()[:1] in {b"{", b"["} and b'"payload"' in body:
        return _EVENTS.each(body, context, _event)
    return _REPORTS.each(body, context, _said)


def _said(fields: Mapping[str, Any], context: Context) -> Iterator[Decoded]:
    if optional(fields, "status") is None and optional(fields, "originator") is not None:
        yield _reply(fields, context)
    else:
        yield _report(fields, context)


def _report(fields: Mapping[str, Any], context: Context) -> Report:
    reason = optional(fields, "statusReason")
    code = optional(fields, "statusErrorCode") or ""
    return context.report(
        "messagebird",
        context.channel or "sms",
        message_id=required(fields, "id"),
        to=required(fields, "recipient").strip(),
        at=moment(optional(fields, "statusDatetime"), "statusDatetime", context.tz),
        status=required(fields, "status"),
        code=reason if code in _NO_CODE else code,
        text=reason,
        carrier=optional(fields, "mccmnc") if (optional(fields, "mccmnc") or "0").strip("0") else None,
    )


def _reply(fields: Mapping[str, Any], context: Context) -> Reply:
    """To a short code, the text is `message`, for `body` then holds it without its keyword."""
    return context.reply(
        "messagebird",
        context.channel or "sms",
        to=required(fields, "originator").strip(),
        text=optional(fields, "message") or optional(fields, "body"),
        at=_received_at(fields, "createdDatetime", context) or _received_at(fields, "receive_datetime", context),
    )


def _received_at(fields: Mapping[str, Any], name: str, context: Context) -> datetime | None:
    """ISO 8601, but yyyyMMddHHmmss of a short code, which is no number of seconds."""
    text = optional(fields, name) or ""
    return moment(f"{text[:8]}T{text[8:]}" if re.fullmatch("[0-9]{14}", text) else text, name, context.tz)


def _event(event: Event, context: Context) -> Iterator[Decoded]:
    name = given(event.event, "event")
    platform, _, kind = name.partition(".")
    channel = _CHANNELS.get(platform)
    if channel is None or kind not in {"outbound", "inbound", "interaction"}:
        yield Ignored("messagebird", name if _EVENT.fullmatch(name) else "event")
        return
    payload = given(event.payload, "payload")
    if kind == "inbound":
        yield _written(payload, channel, context)
    elif kind == "outbound":
        yield _message(payload, channel, context)
    else:
        yield _interaction(payload, channel, name, context)


def _message(payload: Payload, channel: Channel, context: Context) -> Report:
    return context.report(
        "messagebird",
        channel,
        message_id=given(payload.id, "payload.id"),
        to=_receiver(payload),
        at=moment(payload.last_status_at, "payload.lastStatusAt"),
        submitted_at=moment(payload.created_at, "payload.createdAt"),
        status=given(payload.status, "payload.status"),
        code=_code(payload),
        text=masked(payload.reason),
    )


def _code(payload: Payload) -> str | None:
    """The SMS platform's own code, else Bird's, which is one for all channels. Other platforms' codes are others' tables."""
    failure = payload.failure or Failure()
    source = failure.source
    if source and source.name == _SMS_PLATFORM and str(source.code or "") not in _NO_CODE:
        return str(source.code)
    return payload.details or None if failure.code is None else str(failure.code)


def _interaction(payload: Payload, channel: Channel, name: str, context: Context) -> Decoded:
    """It names the message and nobody. A wish to get no more mail that could hold nobody is kept where people look."""
    kind = given(payload.type, "payload.type")
    if kind in _TOLD_OF_A_MESSAGE:
        return context.report(
            "messagebird",
            channel,
            message_id=given(payload.message_id, "payload.messageId"),
            to=_receiver(payload),
            at=moment(payload.created_at, "payload.createdAt"),
            status=f"interaction:{kind}",
        )
    if kind == "unsubscribe-request":
        to = given(_receiver(payload), "payload.receiver")
        at = moment(payload.created_at, "payload.createdAt")
        return context.reply("messagebird", channel, to=to, message_id=payload.message_id or None, at=at, says="stop")
    return Ignored("messagebird", name)


def _written(payload: Payload, channel: Channel, context: Context) -> Reply:
    sender = payload.sender.contact if payload.sender else None
    return context.reply(
        "messagebird",
        channel,
        to=given(sender.identifier_value if sender else None, "payload.sender.contact.identifierValue"),
        text=payload.body.text.text if payload.body and payload.body.text else None,
        message_id=(payload.reply_to.id or None) if payload.reply_to else None,
        at=moment(payload.created_at, "payload.createdAt"),
    )


def _receiver(payload: Payload) -> str | None:
    contacts = (payload.receiver.contacts if payload.receiver else None) or []
    return contacts[0].identifier_value or None if contacts else None
