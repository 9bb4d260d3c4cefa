"""Twilio: status callbacks of SMS, MMS, WhatsApp and RCS, and what people write back; as a form, or as JSON of its fields.

https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
https://www.twilio.com/docs/messaging/guides/webhook-request (inbound; OptOutType is of Advanced Opt-Out)
Twilio adds fields without notice: what is not named here is ignored. AccountSid is Twilio's account and none of ours.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Flat, moment, optional, required
from acquit.errors import Undecodable
from acquit.events import Channel, EngagementType, Reply, Report

_CHANNELS: Mapping[str, Channel] = {"whatsapp": "whatsapp", "rcs": "rcs"}
_SAYS: Mapping[str, EngagementType] = {"stop": "stop", "start": "start", "help": "reply"}
_INBOUND = frozenset({"received", "receiving"})
# Who hides the number behind a username has a business-scoped user id in its place: whatsapp:US.13491208655302741918
# https://www.twilio.com/en-us/changelog/whatsapp-bsuid-format-in-conversations-and-webhook-fields
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]+")
_CALLBACKS = Flat()


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _CALLBACKS.each(body, context, _said)


def _said(fields: Mapping[str, Any], context: Context) -> Iterator[Decoded]:
    status = optional(fields, "MessageStatus") or optional(fields, "SmsStatus")
    if (status or "").casefold() in _INBOUND or (status is None and "Body" in fields):
        yield _reply(fields, context)
    else:
        yield _report(fields, context)


def _report(fields: Mapping[str, Any], context: Context) -> Report:
    to = optional(fields, "To") or ""
    return context.report(
        "twilio",
        _channel(to) or _channel(optional(fields, "From") or "") or context.channel or "sms",
        message_id=required(fields, "MessageSid", "SmsSid"),
        to=_number(to, "To"),
        at=_done_at(optional(fields, "RawDlrDoneDate"), context),
        status=required(fields, "MessageStatus", "SmsStatus"),
        code=optional(fields, "ErrorCode"),
    )


def _reply(fields: Mapping[str, Any], context: Context) -> Reply:
    sender = required(fields, "From")
    person = _number(sender, "From")
    if person is None:  # a STOP that could hold nobody: it is kept where people look, as a dead letter
        raise Undecodable("missing_field", "$.From: holds no phone number")
    return context.reply(
        "twilio",
        _channel(sender) or context.channel or "sms",
        to=person,
        text=optional(fields, "Body"),
        message_id=optional(fields, "OriginalRepliedMessageSid"),
        says=_SAYS.get((optional(fields, "OptOutType") or "").casefold()),
    )


def _channel(address: str) -> Channel | None:
    return _CHANNELS.get(address.partition(":")[0].casefold())


def _number(address: str, name: str) -> str | None:
    """The address without its channel; None where it holds no number."""
    prefix, colon, rest = address.rpartition(":")
    if colon and prefix.casefold() not in _CHANNELS:
        raise Undecodable("absurd_value", f"$.{name}: an address of another channel than SMS, WhatsApp and RCS")
    rest = rest.strip()  # a + that nobody quoted in the form is a space
    return None if not rest or _USER_ID.fullmatch(rest) else rest


def _done_at(digits: str | None, context: Context) -> datetime | None:
    """The carrier's time, yyMMddHHmm, where the route says its zone.

    Without one it says nothing: the zone "varies between carrier partners and even within the same carrier"
    (https://www.twilio.com/en-us/changelog/addition-of-rawdlrdonedate-to-delivered-and-undelivered-status-webhooks),
    and the time of arrival is hours nearer to the truth.
    """
    zone = context.tz
    if digits is None or zone is None or not re.fullmatch("[0-9]{10}", digits):
        return None
    try:
        return moment(f"20{digits[:6]}T{digits[6:]}", "RawDlrDoneDate", zone)
    except Undecodable:
        return None
