"""ClickSend: delivery receipts and inbound messages, as the form that it posts, or as JSON of its REST API's fields.

https://help.clicksend.com/article/p4c49va5b6-what-dlr-format-will-the-api-send (both forms, field by field)
https://developers.clicksend.com/docs/messaging/sms (receipts, inbound and history; `status` as history words it)
A posted receipt names no recipient, and its times are Unix seconds. `originalmessage` and `body` quote what was sent.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Flat, moment, optional, required
from acquit.errors import Undecodable
from acquit.events import Reply, Report

_MESSAGES = frozenset({"sms", "mms"})
_DELIVERED = "201"
_STATUS = ("status", "status_code", "status_text", "error_code", "error_text")
_RECEIPTS = Flat()


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _RECEIPTS.each(body, context, _said)


def _said(fields: Mapping[str, Any], context: Context) -> Iterator[Decoded]:
    if (optional(fields, "message_type") or "sms").casefold() not in _MESSAGES:
        raise Undecodable("absurd_value", "$.message_type: neither sms nor mms")
    yield _reply(fields, context) if _is_inbound(fields) else _report(fields, context)


def _is_inbound(fields: Mapping[str, Any]) -> bool:
    """History holds what came in beside what went out, and calls it Received."""
    if optional(fields, "direction") == "in" or (optional(fields, "status") or "").casefold() == "received":
        return True
    return all(optional(fields, name) is None for name in _STATUS)


def _report(fields: Mapping[str, Any], context: Context) -> Report:
    text = _text(fields)
    code = optional(fields, "status_code")
    return context.report(
        "clicksend",
        context.channel or "sms",
        message_id=required(fields, "message_id", "messageid"),
        to=optional(fields, "to"),
        at=_time(fields, "timestamp"),
        submitted_at=_time(fields, "timestamp_send") or _time(fields, "date"),
        status=_status(fields, code),
        code=code if text else optional(fields, "error_code") or code,  # the same cause, as a number
        text=text,
        carrier=optional(fields, "carrier"),
    )


def _status(fields: Mapping[str, Any], code: str | None) -> str | None:
    """The word, for 200 is Sent as well as Queued; but 201 itself, for that is Sent as well. Receipts may lack words."""
    return code if code == _DELIVERED else optional(fields, "status") or code


def _text(fields: Mapping[str, Any]) -> str | None:
    """The description that tells apart what shares a code. Often both fields hold it, sometimes one."""
    texts = (optional(fields, "status_text"), optional(fields, "error_text"))
    return "; ".join(dict.fromkeys(text for text in texts if text)) or None


def _reply(fields: Mapping[str, Any], context: Context) -> Reply:
    return context.reply(
        "clicksend",
        context.channel or "sms",
        to=required(fields, "from"),
        text=optional(fields, "body") or optional(fields, "message"),
        message_id=optional(fields, "original_message_id") or optional(fields, "originalmessageid"),
        at=_time(fields, "timestamp") or _time(fields, "date"),
    )


def _time(fields: Mapping[str, Any], name: str) -> datetime | None:
    """Unix seconds. None where there is no time in it: a scheduled message's is 0."""
    seconds = optional(fields, name) or ""
    return moment(seconds, name) if seconds.isdecimal() else None
