"""SparkPost (Bird): batches of message, generation, engagement and unsubscribe events, and relayed inbound mail.

https://developers.sparkpost.com/api/webhooks/ (every event, field by field)
https://developers.sparkpost.com/api/relay-webhooks/ (inbound)
https://developers.sparkpost.com/api/transmissions/ (its answer holds the transmission id, and no message id)
Numbers come as texts, times as epochs or ISO 8601. `reason` is `raw_reason` with its telling words taken out at times.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Shape, given, masked, moment
from acquit.decode.mail import bare, is_automatic, written
from acquit.events import EngagementType, Ignored, Reply, Report

_MESSAGES = frozenset({"message_event", "gen_event"})
_NO_MAIL = frozenset({"apn", "gcm", "smpp", "sms"})  # delv_method of push and SMS
_SAYS: Mapping[str, EngagementType] = {
    "open": "open",
    "initial_open": "open",  # the pixel at the top, where a mail program cuts off the one at the end
    "amp_open": "open",
    "amp_initial_open": "open",
    "click": "click",
    "amp_click": "click",
    "list_unsubscribe": "stop",
    "link_unsubscribe": "stop",
}
_NO_COMPLAINT = frozenset({"auth-failure", "not-spam"})
"""The feedback types (RFC 6591, RFC 6430) by which nobody complains."""


class Agent(Struct, frozen=True, gc=False):
    is_prefetched: bool | None = None


class Content(Struct, frozen=True, gc=False):
    subject: str | None = None
    text: str | None = None
    headers: list[dict[str, Any]] | None = None


class Details(Struct, frozen=True, gc=False):
    """All kinds in one. `rcpt_to` is in lower case, `raw_rcpt_to` as it was written."""

    type: str | None = None
    timestamp: int | float | str | None = None
    injection_time: int | float | str | None = None
    transmission_id: int | str | None = None
    message_id: int | str | None = None
    rcpt_to: str | None = None
    raw_rcpt_to: str | None = None
    bounce_class: int | str | None = None
    error_code: int | str | None = None
    reason: str | None = None
    raw_reason: str | None = None
    fbtype: str | None = None
    delv_method: str | None = None
    sms_dst: str | None = None
    list_id: int | str | None = None
    user_agent_parsed: Agent | None = None
    friendly_from: str | None = None
    msg_from: str | None = None
    content: Content | None = None


class Event(Struct, frozen=True, gc=False):
    """Details under the name of their class. There are none in a test ping."""

    msys: dict[str, Details]


_EVENTS = Shape(Event)


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _EVENTS.each(body, context, _said)


def _said(event: Event, context: Context) -> Iterator[Decoded]:
    if not event.msys:
        yield Ignored("sparkpost", "ping")
    for name, details in event.msys.items():
        yield _one(name, details, context)


def _one(name: str, details: Details, context: Context) -> Decoded:
    kind = details.type or ""
    if name == "relay_message":
        return _mail(details, context)
    if kind in _SAYS:
        return _did(details, _SAYS[kind], context)
    if name not in _MESSAGES:
        return Ignored("sparkpost", name)
    given(kind, "msys[...].type")
    is_sms = kind.startswith("sms_") or details.delv_method in _NO_MAIL or (details.sms_dst and not details.rcpt_to)
    return Ignored("sparkpost", kind) if is_sms else _report(details, kind, context)


def _report(details: Details, kind: str, context: Context) -> Report:
    feedback = (details.fbtype or "").casefold()
    return context.report(
        "sparkpost",
        "email",
        message_id=given(_id(details), "msys[...].transmission_id"),
        to=details.raw_rcpt_to or details.rcpt_to,
        at=moment(details.timestamp, "msys[...].timestamp"),
        submitted_at=moment(details.injection_time, "msys[...].injection_time"),
        status=f"{kind}:{feedback}" if feedback in _NO_COMPLAINT else kind,
        code=_code(details, kind),
        text=masked(_words(details, kind)),
    )


def _code(details: Details, kind: str) -> str | None:
    """The class. That of a delay is of a temporary reply, while SparkPost goes on trying: another table row."""
    name = _text(details.bounce_class)
    if name and kind == "delay":
        return f"delay/{name}"
    return name or _text(details.error_code) or details.fbtype or None


def _words(details: Details, kind: str) -> str | None:
    """The other server's answer. Why a template failed is cut at the colon: what follows may quote the message."""
    text = details.raw_reason or details.reason
    return text.partition(": ")[0] if text and kind == "generation_failure" else text


def _did(details: Details, says: EngagementType, context: Context) -> Reply | Ignored:
    """An unsubscription is from everything, unless it names a list (since December 2025)."""
    if says != "stop" and details.user_agent_parsed and details.user_agent_parsed.is_prefetched:
        return Ignored("sparkpost", f"machine {says}")
    return context.reply(
        "sparkpost",
        "email",
        to=given(details.raw_rcpt_to or details.rcpt_to or context.to, "msys[...].rcpt_to"),
        message_id=_id(details),
        at=moment(details.timestamp, "msys[...].timestamp"),
        says=says,
        only=_text(details.list_id) if says == "stop" else None,
    )


def _mail(details: Details, context: Context) -> Reply | Ignored:
    """Inbound mail, without a time."""
    content = details.content or Content()
    if is_automatic(field for header in content.headers or () for field in header.items()):
        return Ignored("sparkpost", "machine reply")
    sender = given(details.friendly_from or details.msg_from, "msys[...].friendly_from")
    return context.reply(
        "sparkpost",
        "email",
        to=bare(sender),
        text=written(content.text, content.subject),
    )


def _id(details: Details) -> str | None:
    """What the API answered to the sender. The other is SparkPost's own, for mail that came by SMTP without it."""
    return _text(details.transmission_id) or _text(details.message_id)


def _text(value: int | str | None) -> str | None:
    return None if value is None or value == "" else str(value)
