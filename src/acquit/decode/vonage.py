"""Vonage (Nexmo): SMS API receipts and inbound SMS; Messages API statuses and inbound messages of SMS, MMS, WhatsApp and RCS.

https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts (GET, form or JSON; `msisdn` is the person)
https://developer.vonage.com/en/messaging/sms/guides/inbound-sms (the same names; `msisdn` is the person again)
https://developer.vonage.com/en/messages/concepts/messages-status-callbacks (JSON; `to` is the person)
https://developer.vonage.com/en/api/messages (JSON; inbound, where `from` is the person)
`message_uuid` is of the Messages API, `messageId` of the SMS API. "Some delivery receipts are fakes", by the first page.
Error 1 is an unknown one: like 0 it is no code of our table, lest it hides what the status says, such as `expired`.
`scts` is said to be UTC, and is an hour ahead of the push in the first page's sample: it is not read.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, field

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Flat, Shape, given, moment
from acquit.errors import Undecodable
from acquit.events import Channel, Reply, Report

_CHANNELS: Mapping[str, Channel] = {"sms": "sms", "mms": "sms", "whatsapp": "whatsapp", "rcs": "rcs"}
# Who hides the number behind a WhatsApp username has a business-scoped user id: US.13491208655302741918
# https://developer.vonage.com/en/messages/concepts/whatsapp/wa-status-callbacks
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]+")


class Error(Struct, frozen=True, gc=False):
    """`title` is the code; where it is a title, the end of `type` is: .../api-errors/messages#1300."""

    type: str | None = None
    title: int | str | None = None
    detail: str | None = None


class Destination(Struct, frozen=True, gc=False):
    network_code: int | str | None = None


class Recipient(Struct, frozen=True, gc=False):
    wa_id: str | None = None


class WhatsApp(Struct, frozen=True, gc=False):
    recipient: Recipient | None = None


class Words(Struct, frozen=True, gc=False):
    """What a tapped button (`text`), list row or suggestion (`title`) says."""

    text: str | None = None
    title: str | None = None


class Answered(Struct, frozen=True, gc=False):
    message_uuid: str | None = None


class Event(Struct, frozen=True, gc=False):
    """The fields of both APIs: hyphens and `messageId` are of the SMS API, the rest but `to` and `status` of the other."""

    message_id: str | None = field(name="messageId", default=None)
    msisdn: int | str | None = None
    err_code: int | str | None = field(name="err-code", default=None)
    network_code: int | str | None = field(name="network-code", default=None)
    pushed_at: str | None = field(name="message-timestamp", default=None)
    type: str | None = None
    to: int | str | None = None
    status: str | None = None
    text: str | None = None
    timestamp: int | str | None = None
    message_uuid: str | None = None
    channel: str | None = None
    from_: int | str | None = field(name="from", default=None)
    message_type: str | None = None
    error: Error | None = None
    destination: Destination | None = None
    whatsapp: WhatsApp | None = None
    button: Words | None = None
    reply: Words | None = None
    context: Answered | None = None


_EVENTS, _FORMS = Shape(Event), Flat()


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    if body.lstrip()[:1] in {b"{", b"["}:
        return _EVENTS.each(body, context, _said)
    return _FORMS.each(body, context, _of_form)


def _of_form(fields: Mapping[str, Any], context: Context) -> Iterator[Decoded]:
    return _said(_EVENTS.one(msgspec.json.encode(fields)), context)


def _said(event: Event, context: Context) -> Iterator[Decoded]:
    if event.message_uuid is not None:
        is_inbound = event.status is None and event.message_type is not None
        yield _message(event, context) if is_inbound else _status(event, context)
    else:
        is_inbound = event.status is None and event.type is not None
        yield _inbound_sms(event, context) if is_inbound else _receipt(event, context)


def _receipt(event: Event, context: Context) -> Report:
    return context.report(
        "vonage",
        context.channel or "sms",
        message_id=given(event.message_id, "messageId"),
        to=_number(event.msisdn),
        at=_pushed_at(event),
        status=given(event.status, "status"),
        code=_text(event.err_code),
        carrier=_text(event.network_code),
    )


def _status(event: Event, context: Context) -> Report:
    known = event.whatsapp.recipient if event.whatsapp else None
    return context.report(
        "vonage",
        _channel(event, context),
        message_id=given(event.message_uuid, "message_uuid"),
        to=_number(event.to) or _number(known.wa_id if known else None),
        at=moment(event.timestamp, "timestamp"),
        status=given(event.status, "status"),
        code=_code(event.error),
        text=event.error.detail if event.error else None,
        carrier=_text(event.destination.network_code) if event.destination else None,
    )


def _inbound_sms(event: Event, context: Context) -> Reply:
    person = given(_number(event.msisdn), "msisdn")
    return context.reply("vonage", context.channel or "sms", to=person, text=event.text, at=_pushed_at(event))


def _message(event: Event, context: Context) -> Reply:
    tapped = event.button or event.reply or Words()
    return context.reply(
        "vonage",
        _channel(event, context),
        to=given(_number(event.from_), "from"),
        text=event.text or tapped.text or tapped.title,
        message_id=event.context.message_uuid if event.context else None,
        at=moment(event.timestamp, "timestamp"),
    )


def _pushed_at(event: Event) -> datetime | None:
    """When Vonage began to push it, in UTC; in a signed request `timestamp` says the same in Unix seconds."""
    return moment(event.pushed_at, "message-timestamp") or moment(event.timestamp, "timestamp")


def _code(error: Error | None) -> str | None:
    if error is None:
        return None
    title = _text(error.title)
    return title if title and title.isdecimal() else (error.type or "").rpartition("#")[2] or title


def _channel(event: Event, context: Context) -> Channel:
    name = event.channel or context.channel or "sms"
    if name.casefold() not in _CHANNELS:
        raise Undecodable("absurd_value", "$.channel: another channel than SMS, MMS, WhatsApp and RCS")
    return _CHANNELS[name.casefold()]


def _number(address: int | str | None) -> str | None:
    text = _text(address)
    return None if not text or _USER_ID.fullmatch(text) else text


def _text(value: int | str | None) -> str | None:
    return None if value is None or value == "" else str(value)
