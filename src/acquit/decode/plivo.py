"""Plivo: status callbacks of SMS, MMS and WhatsApp and what people write back, as a form, a query string or JSON of its fields.

https://plivo.com/docs/messaging/api/message/message-status-callbacks
https://plivo.com/docs/messaging/use-cases/receive-sms (inbound: no Status)
Older accounts get a callback for each part, with a MessageUUID that nobody was told; ParentMessageUUID is the message's own.
Older callbacks call it `status`, and numbers come with and without their plus.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Flat, moment, optional, required
from acquit.errors import Undecodable
from acquit.events import Channel, Reply, Report

_CHANNELS: Mapping[str, Channel] = {"sms": "sms", "mms": "sms", "whatsapp": "whatsapp", "rcs": "rcs"}
_CONTENT = ("Text", "Body", "MediaCount", "Media0", "ContentType")
_RECEIPT_TIMES = ("DeliveryReportTime", "DLRReceivedTime")
_TIMES: Mapping[str, tuple[str, ...]] = {"queued": ("QueuedTime",), "sent": ("SentTime",)}
"""Where the time of a status is. What failed before it was sent has no time of its own: that of the record is nearer."""
_CALLBACKS = Flat()


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _CALLBACKS.each(body, context, _said)


def _said(fields: Mapping[str, Any], context: Context) -> Iterator[Decoded]:
    status = optional(fields, "Status") or optional(fields, "status")
    if status is None and any(name in fields for name in _CONTENT):
        yield _reply(fields, context)
    else:
        yield _report(fields, context)


def _report(fields: Mapping[str, Any], context: Context) -> Report:
    status = required(fields, "Status", "status")
    return context.report(
        "plivo",
        _channel(fields, context),
        message_id=required(fields, "ParentMessageUUID", "MessageUUID"),
        to=_number(fields, "To"),
        at=_time(fields, _TIMES.get(status.casefold(), _RECEIPT_TIMES), context),
        submitted_at=_time(fields, ("MessageTime",), context),
        status=status,
        code=optional(fields, "ErrorCode"),
        carrier=_carrier(fields),
    )


def _reply(fields: Mapping[str, Any], context: Context) -> Reply:
    required(fields, "From")
    return context.reply(
        "plivo",
        _channel(fields, context),
        to=_number(fields, "From") or "",
        text=optional(fields, "Text") or optional(fields, "Body"),
        at=_time(fields, ("MessageTime",), context),
    )


def _channel(fields: Mapping[str, Any], context: Context) -> Channel:
    kind = optional(fields, "Type")
    if kind is None:
        return context.channel or "sms"
    channel = _CHANNELS.get(kind.casefold())
    if channel is None:
        raise Undecodable("absurd_value", "$.Type: another channel than SMS, MMS, WhatsApp and RCS")
    return channel


def _number(fields: Mapping[str, Any], name: str) -> str | None:
    """The number; a + that nobody quoted in the form is a space."""
    return (optional(fields, name) or "").strip() or None


def _time(fields: Mapping[str, Any], names: tuple[str, ...], context: Context) -> datetime | None:
    """UTC: its callbacks name no zone."""
    name = next((name for name in names if optional(fields, name) is not None), None)
    return None if name is None else moment(optional(fields, name), name, context.tz)


def _carrier(fields: Mapping[str, Any]) -> str | None:
    mcc, mnc = optional(fields, "MCC") or "", optional(fields, "MNC") or ""
    return mcc + mnc if mcc.isdecimal() and mnc.isdecimal() and mcc.strip("0") else None
