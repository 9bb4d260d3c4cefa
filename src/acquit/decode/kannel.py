"""Kannel: what it calls a dlr-url with, and what a sms-service's get-url gets from a phone; query strings, forms or JSON.

https://www.kannel.org/download/1.4.5/userguide-1.4.5/userguide.html (escapes of get-url and dlr-url; delivery reports)
https://www.kannel.org/trac/kannel (gw/dlr.h, gw/bb_smscconn.c and gw/smsc/smsc_smpp.c: what %d and %A can be)
Whoever writes the URL names its parameters. These are read, in any case, the first that holds something:

    type, dlr-type, dlr_type, dlr, status       %d  1 delivered, 2 failed, 4 buffered, 8 the SMSC took it, 16 refused it
    smsid, msgid, message_id, messageid, id     our own id of the message, for the URL is ours; else %I
    answer, reply, dlr-reply, dlr_reply         %A  the SMSC's words: a receipt's text, or NACK/ and its command_status
    to, receiver, phone, msisdn                 %p  in a dlr-url the recipient, for Kannel turns a report around
    from, sender, phone, msisdn                 %p  in a get-url the person who wrote
    text, message, content                      %a  or %b, in a get-url alone
    ts, timestamp, time                         %T  or %t, which is UTC
    smsc                                        %i  the route, where the context names none

A URL without a %A is told that a message failed and never why. The SMSC's id (%F) is none that a sender knows.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from acquit.decode.context import Context
from acquit.decode.fields import FIELDS_LIMIT, Decoded, Flat, moment, optional, required
from acquit.decode.smpp import receipt
from acquit.errors import Undecodable
from acquit.events import Reply, Report

_TYPES = ("type", "dlr-type", "dlr_type", "dlr", "status")
_IDS = ("smsid", "msgid", "message_id", "messageid", "id")
_ANSWERS = ("answer", "reply", "dlr-reply", "dlr_reply")
_RECIPIENTS = ("to", "receiver", "phone", "msisdn")
_WRITERS = ("from", "sender", "phone", "msisdn")
_TEXTS = ("text", "message", "content")
_TIMES = ("ts", "timestamp", "time")
# Some releases write the command_status in hexadecimal, some in decimal, with or without its description behind it.
_NACK = re.compile(r"NACK/(0x[0-9a-fA-F]{1,8}|[0-9]{1,10})(?![0-9A-Za-z])")
_SMSC = re.compile(r"[\w.:-]{1,64}")
_CALLS = Flat("latin-1")  # %A is as the SMSC sent it


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _CALLS.each(body, context, _said)


def _said(fields: Mapping[str, Any], context: Context) -> Iterator[Decoded]:
    if len(fields) > FIELDS_LIMIT:
        raise Undecodable("absurd_value", f"$: has more than {FIELDS_LIMIT} fields")
    fields = {name.casefold(): value for name, value in fields.items()}
    smsc = optional(fields, "smsc")
    if context.route is None and smsc is not None and _SMSC.fullmatch(smsc):
        context = replace(context, route=smsc)
    if _first(fields, _TYPES) is None and _first(fields, _TEXTS) is not None:
        yield _reply(fields, context)
    else:
        yield _report(fields, context)


def _report(fields: Mapping[str, Any], context: Context) -> Report:
    answer = _first(fields, _ANSWERS) or ""
    kind = required(fields, *_TYPES)
    told = receipt(answer, context)
    message_id = _first(fields, _IDS) or told.message_id
    if message_id is None:
        raise Undecodable("missing_field", f"$.{_IDS[0]}: is missing or empty")
    nack = _nack(answer)
    return context.report(
        "kannel",
        context.channel or "sms",
        message_id=message_id,
        to=_first(fields, _RECIPIENTS),
        at=_time(fields) or told.at,
        submitted_at=told.submitted_at,
        status=f"{kind}:{told.status}" if told.status else kind,
        code=nack or told.code,
        text=told.text,
        codes=None if nack else told.codes,
        carrier=told.carrier,
    )


def _nack(answer: str) -> str | None:
    """The command_status of a refusal, as one number however it is written."""
    status = _NACK.match(answer)
    return f"NACK/{int(status[1], 16 if status[1].startswith('0x') else 10)}" if status else None


def _reply(fields: Mapping[str, Any], context: Context) -> Reply:
    return context.reply(
        "kannel",
        context.channel or "sms",
        to=required(fields, *_WRITERS),
        text=_first(fields, _TEXTS),
        at=_time(fields),
    )


def _time(fields: Mapping[str, Any]) -> datetime | None:
    for name in _TIMES:
        time = moment(optional(fields, name), name)
        if time is not None:
            return time
    return None


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        value = optional(fields, name)
        if value is not None:
            return value
    return None
