"""SendGrid (Twilio): the events of its Event Webhook, one or an array of them.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
https://www.twilio.com/docs/sendgrid/glossary/x-message-id (the id that sending returns)
The sender's own arguments stand beside SendGrid's fields, under any name that the kind of event leaves free: a field is read
only in the events that have it, whatever else it may hold. Bounces that come late name no message.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Flat, masked, moment, optional, required
from acquit.events import EngagementType, Ignored, Reply, Report

_REPORTS = frozenset({"processed", "deferred", "delivered", "bounce", "dropped", "spamreport"})
_SAYS: Mapping[str, EngagementType] = {
    "open": "open",
    "click": "click",
    "unsubscribe": "stop",  # of all mail
    "group_unsubscribe": "stop",
    "group_resubscribe": "start",
}
_OF_A_GROUP = frozenset({"group_unsubscribe", "group_resubscribe"})
_EVENTS = Flat()


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _EVENTS.each(body, context, _said)


def _said(fields: Mapping[str, Any], context: Context) -> Iterator[Decoded]:
    event = required(fields, "event")
    word = event.casefold()
    if word in _REPORTS:
        yield _report(word, event, fields, context)
    elif word == "open" and fields.get("sg_machine_open") is True:  # Apple's proxy, and not the person
        yield Ignored("sendgrid", "machine open")
    elif word in _SAYS:
        yield _reply(word, fields, context)
    else:
        yield Ignored("sendgrid", event)


def _report(word: str, event: str, fields: Mapping[str, Any], context: Context) -> Report:
    status, code, text = event, None, None
    if word == "bounce":
        status, code, text = _bounced(event, fields)
    elif word == "dropped":
        code = masked(optional(fields, "reason"))  # SendGrid's own word: it asked no other server
    elif word == "deferred":  # the page has it in `response` as well as in `reason`
        text = optional(fields, "response") or optional(fields, "reason")
    elif word == "delivered":
        text = optional(fields, "response")
    return context.report(
        "sendgrid",
        "email",
        message_id=_message_id(fields),
        to=required(fields, "email"),
        at=_at(fields),
        status=status,
        code=code,
        text=masked(text),
    )


def _bounced(event: str, fields: Mapping[str, Any]) -> tuple[str, str | None, str | None]:
    """With SendGrid's class of the reason where the account has it switched on, and with the enhanced code else."""
    kind = optional(fields, "type")
    cause = optional(fields, "bounce_classification") or optional(fields, "status")
    status = f"{event}:{kind}" if kind else event
    code = f"{kind}/{cause}" if kind and cause else cause
    return status, code, optional(fields, "reason")


def _reply(word: str, fields: Mapping[str, Any], context: Context) -> Reply:
    return context.reply(
        "sendgrid",
        "email",
        to=required(fields, "email"),
        message_id=_message_id(fields),
        at=_at(fields),
        says=_SAYS[word],
        only=required(fields, "asm_group_id") if word in _OF_A_GROUP else None,  # never more than the person said
    )


def _at(fields: Mapping[str, Any]) -> datetime | None:
    """Seconds, and milliseconds in what Single Sends report."""
    time = fields.get("timestamp")
    return moment(time if isinstance(time, float) else optional(fields, "timestamp"), "timestamp")


def _message_id(fields: Mapping[str, Any]) -> str | None:
    """What sending returned as X-Message-Id. What follows its dot tells SendGrid's servers and our recipients apart.

    https://sendgrid.com/docs/Glossary/message_id.html: XBg2anf2TqCy6WXKQFhieQ.filter0905p1mdw1-4434-59E0C6FF-3.0
    """
    return (optional(fields, "sg_message_id") or "").partition(".")[0] or None
