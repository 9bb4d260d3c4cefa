"""Mandrill (Mailchimp Transactional): webhooks about e-mail, as the form field `mandrill_events` or the JSON array in it.

https://mandrill.zendesk.com/hc/en-us/articles/205583307-Message-Event-Webhook-format
https://mandrill.zendesk.com/hc/en-us/articles/205583297-Sync-Event-Webhook-format (of its own lists: no news of a message)
https://mandrill.zendesk.com/hc/en-us/articles/205582947 (an unsubscribe holds for one sender, of one subaccount)
`diag` is the other server's reply behind a word such as "smtp;". An empty array is the ping of a new webhook. A bounce's
number means another thing in a hard bounce than in a soft one, so that both are the code: hard_bounce/10.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Raw, Struct, field

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Flat, Shape, given, masked, moment, required
from acquit.decode.mail import is_automatic
from acquit.events import EngagementType, Ignored, Reply, Report

_STATUSES = frozenset({"send", "delivered", "deferral", "hard_bounce", "soft_bounce", "spam", "reject"})
_BOUNCES = frozenset({"hard_bounce", "soft_bounce"})
_SAYS: Mapping[str, EngagementType] = {"open": "open", "click": "click", "unsub": "stop"}
_LISTS = frozenset({"blacklist", "whitelist", "denylist", "allowlist"})
_CAUSE = re.compile("[a-z0-9_-]{1,40}")  # some gateways put the other server's reply, with its addresses, in its place
_FORMS = Flat()


class Attempt(Struct, frozen=True, gc=False):
    diag: str | None = None


class Rejection(Struct, frozen=True, gc=False):
    reason: str | None = None


class Message(Struct, frozen=True, gc=False):
    id: str | None = field(name="_id", default=None)
    ts: float | str | None = None
    email: str | None = None
    subaccount: str | None = None
    bounce_description: str | None = None
    bgtools_code: int | str | None = None
    diag: str | None = None
    smtp_events: list[Attempt] | None = None
    reject: Rejection | str | None = None
    from_email: str | None = None
    text: str | None = None
    headers: dict[str, Any] | list[Any] | None = None


class Event(Struct, frozen=True, gc=False):
    """`type` in place of `event` where Mandrill's lists changed. Links and addresses of readers are left unread.

    A form that somebody made JSON of is an event that holds events.
    """

    mandrill_events: list[Raw] | str | None = None
    event: str | None = None
    type: str | None = None
    ts: float | str | None = None
    msg: Message | None = None
    user_agent_parsed: dict[str, Any] | list[Any] | None = None


_EVENTS = Shape(Event)


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    if body.lstrip()[:1] in {b"{", b"["}:
        return _each(body, context)
    return _FORMS.each(body, context, _form)


def _form(fields: Mapping[str, Any], context: Context) -> Iterator[Decoded]:
    return _each(required(fields, "mandrill_events").encode(), context)


def _each(events: bytes, context: Context) -> Iterator[Decoded]:
    if events.translate(None, b" \t\r\n") == b"[]":
        return iter([Ignored("mandrill", "test")])
    return _EVENTS.each(events, context, _said)


def _said(event: Event, context: Context) -> Iterator[Decoded]:
    if isinstance(event.mandrill_events, str):
        yield from _EVENTS.each(event.mandrill_events.encode(), context, _told)
    elif event.mandrill_events is not None:
        yield from _EVENTS.each_of(event.mandrill_events, context, _told, "$.mandrill_events")
    else:
        yield from _told(event, context)


def _told(event: Event, context: Context) -> Iterator[Decoded]:
    if event.event is None and event.type in _LISTS:
        yield Ignored("mandrill", event.type)
        return
    kind = given(event.event, "event")
    if kind in _STATUSES:
        yield _report(kind, event, given(event.msg, "msg"), context)
    elif kind in _SAYS:
        yield _engagement(kind, event, given(event.msg, "msg"), context)
    elif kind == "inbound":
        yield _reply(event, given(event.msg, "msg"), context)
    else:
        yield Ignored("mandrill", kind)


def _report(status: str, event: Event, message: Message, context: Context) -> Report:
    return context.report(
        "mandrill",
        "email",
        message_id=given(message.id, "msg._id"),
        to=given(message.email, "msg.email"),
        at=moment(event.ts, "ts"),
        submitted_at=moment(message.ts, "msg.ts"),
        status=status,
        code=_code(status, message),
        text=masked(message.diag or _last_reply(message)),
    )


def _code(status: str, message: Message) -> str | None:
    if status == "reject":
        return _cause(message.reject.reason if isinstance(message.reject, Rejection) else message.reject)
    cause = _cause(message.bgtools_code) or _cause(message.bounce_description)
    return f"{status}/{cause}" if cause and status in _BOUNCES else None


def _cause(cause: int | str | None) -> str | None:
    return str(cause) if _CAUSE.fullmatch(str(cause or "").casefold()) else None


def _last_reply(message: Message) -> str | None:
    replies = [attempt.diag for attempt in message.smtp_events or () if attempt.diag]
    return replies[-1] if replies else None


def _engagement(kind: str, event: Event, message: Message, context: Context) -> Reply | Ignored:
    agent = event.user_agent_parsed
    if kind != "unsub" and isinstance(agent, dict) and agent.get("type") == "Robot":
        return Ignored("mandrill", f"machine {kind}")
    return context.reply(
        "mandrill",
        "email",
        to=given(message.email, "msg.email"),
        message_id=message.id,
        at=moment(event.ts, "ts"),
        says=_SAYS[kind],
        only=message.subaccount or None if kind == "unsub" else None,
    )


def _reply(event: Event, message: Message, context: Context) -> Reply | Ignored:
    headers = message.headers if isinstance(message.headers, dict) else {}
    if is_automatic(headers.items()):
        return Ignored("mandrill", "automatic reply")
    return context.reply(
        "mandrill",
        "email",
        to=given(message.from_email, "msg.from_email"),
        text=message.text,
        at=moment(event.ts, "ts"),
    )
