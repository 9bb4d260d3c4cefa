"""smsmode: status and MO callbacks of its REST API (JSON), and those of its older HTTP API (`notification_url`).

https://dev.smsmode.com/sms/v1/ and https://dev.smsmode.com/rcs/v1/ (callbackUrlStatus and callbackUrlMo)
https://www.smsmode.com/pdf/fiche-HTTP-api-EN.pdf (the HTTP API: numero, statut, smsID; message and responseID of a reply)
https://support.smsmode.com/en/base-de-connaissance/i-received-an-error-code-what-does-it-mean (the numbers of `statut`)
Its times name no zone: where the route says none either they are left out, for the time of arrival is nearer to the truth
than a guess. Its page shows the writer of a reply in `from`; RCS in production kept the direction of what was answered,
the agent in `from` and the person in `recipient` (github.com/messagingme, tests of 2026-08-24). READ is on no page.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Flat, Shape, given, moment, optional, required
from acquit.errors import Undecodable
from acquit.events import Channel

_CHANNELS: Mapping[str, Channel] = {"sms": "sms", "rcs": "rcs", "whatsapp": "whatsapp"}
_NUMBER = re.compile(r"(?:\+|00)?[0-9]{7,15}")  # longer than a short code, and no agent's name
_NETWORK = re.compile(r"([0-9]{3})[^0-9]?([0-9]{2,3})")
_ZONED = re.compile(r"(?:Z|[+-][0-9]{2}:?[0-9]{2})\Z")
_FRENCH = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{4})-([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)")  # ddMMyyyy-HH:mm


class Lookup(Struct, frozen=True, gc=False):
    """The recipient's network, as smsmode found it."""

    mcc_mnc: str | int | None = field(default=None, name="mccMnc")
    network: str | None = None


class Status(Struct, frozen=True, gc=False):
    """What became of a message."""

    value: str | None = None
    detail: str | int | None = None
    at: str | None = field(default=None, name="deliveryDate")
    lookup: Lookup | None = None


class Recipient(Struct, frozen=True, gc=False):
    """Who a message is for."""

    to: str | int | None = None


class Message(Struct, frozen=True, gc=False, rename="camel"):
    """A message of either direction; with a status it is a report."""

    message_id: str | None = None
    origin_message_id: str | None = None
    type: str | None = None
    direction: str | None = None
    sent_date: str | None = None
    accepted_at: str | None = None
    sender: str | int | None = field(default=None, name="from")
    recipient: Recipient | None = None
    status: Status | None = None
    body: Any = None


_MESSAGES = Shape(Message)
_FORMS = Flat("iso8859-15")  # the HTTP API's charset unless the account says UTF-8


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    if body.lstrip()[:1] in {b"{", b"["}:
        return _MESSAGES.each(body, context, _said)
    return _FORMS.each(body, context, _said_by_form)


def _said(message: Message, context: Context) -> Iterator[Decoded]:
    direction = (message.direction or "").casefold()
    if direction == "mo" or (not direction and message.status is None):
        yield _reply(message, context)
    else:
        yield _report(message, given(message.status, "status"), context)


def _report(message: Message, status: Status, context: Context) -> Decoded:
    lookup = status.lookup or Lookup()
    sent, name = (message.sent_date, "sentDate") if message.sent_date else (message.accepted_at, "acceptedAt")
    return context.report(
        "smsmode",
        _channel(message, context),
        message_id=given(message.message_id, "messageId"),
        to=_text(message.recipient.to) if message.recipient else None,
        at=_time(status.at, "status.deliveryDate", context),
        submitted_at=_time(sent, name, context),
        status=given(status.value, "status.value"),
        code=_text(status.detail),
        carrier=_network(_text(lookup.mcc_mnc)) or lookup.network,
    )


def _reply(message: Message, context: Context) -> Decoded:
    if not isinstance(message.body, dict):
        raise Undecodable("wrong_type" if message.body else "missing_field", "$.body: expected an object")
    candidates = (_text(message.sender), _text(message.recipient.to) if message.recipient else None)
    writer = next((text for text in candidates if text and _NUMBER.fullmatch(text.replace(" ", ""))), None)
    return context.reply(
        "smsmode",
        _channel(message, context),
        to=given(writer, "from"),
        text=optional(message.body, "text"),  # a shared place or file has none
        message_id=message.origin_message_id,
        at=_time(message.sent_date, "sentDate", context),
    )


def _said_by_form(fields: Mapping[str, Any], context: Context) -> Iterator[Decoded]:
    status = optional(fields, "statut") or optional(fields, "status")
    at = _time(optional(fields, "date_reception"), "date_reception", context)
    channel = context.channel or "sms"
    if status is None and "message" in fields:
        to, text = required(fields, "numero"), optional(fields, "message")
        yield context.reply("smsmode", channel, to=to, text=text, message_id=optional(fields, "smsID"), at=at)
        return
    yield context.report(
        "smsmode",
        channel,
        message_id=required(fields, "smsID"),
        to=optional(fields, "numero"),
        at=at,
        status=required(fields, "statut", "status"),
        carrier=_network(optional(fields, "mcc_mnc")),
    )


def _channel(message: Message, context: Context) -> Channel:
    if message.type is None:
        return context.channel or "sms"
    channel = _CHANNELS.get(message.type.casefold())
    if channel is None:
        raise Undecodable("absurd_value", "$.type: neither SMS nor RCS nor WhatsApp")
    return channel


def _text(value: str | int | None) -> str | None:
    return str(value) if value not in {None, ""} else None


def _network(text: str | None) -> str | None:
    parts = _NETWORK.fullmatch(text or "")
    return parts[1] + parts[2] if parts else None


def _time(text: str | None, name: str, context: Context) -> datetime | None:
    """The time where its zone is known; refused where it is none."""
    french = _FRENCH.fullmatch(text or "")
    time = moment(f"{french[3]}-{french[2]}-{french[1]}T{french[4]}" if french else text, name, context.tz)
    is_known = context.tz is not None or (text is not None and _ZONED.search(text))
    return time if is_known else None
