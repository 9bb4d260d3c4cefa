"""Mailgun: webhooks as JSON, the forms that they were until 2023, and what people write back to a route.

https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads
https://help.mailgun.com/hc/en-us/articles/14048832145051-Legacy-Webhooks (the forms)
https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/receive-http (routes)
"Permanent" is Mailgun's word for blocked, too old and suppressed as well. The sender's own variables stand between a form's
fields and may hide one of the same name. A form with attachments is multipart, and not read.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Flat, Shape, given, masked, moment, optional, required
from acquit.decode.mail import bare, is_automatic
from acquit.events import EngagementType, Ignored, Reply, Report

_FAILED = frozenset({"failed", "dropped", "bounced"})
_REPORTS = _FAILED | {"accepted", "rejected", "delivered", "complained"}
_SAYS: Mapping[str, EngagementType] = {"opened": "open", "clicked": "click", "unsubscribed": "stop"}
_MACHINES: Mapping[str, str] = {"opened": "machine open", "clicked": "machine click"}
_VAGUE = frozenset({"generic", "bounce", "hardfail"})
"""The reasons that say less than the codes beside them."""
_EVERYTHING = (
    "*"  # https://documentation.mailgun.com/docs/mailgun/api-reference/openapi-final/tag/Unsubscribe: a tag, or all
)
_OWN_NUMBER = re.compile("498|499|6[0-9]{2}")
"""No replies of any server: what Mailgun found, or decided, by itself."""
_RETRY_LIMIT = 31_536_000


class Headers(Struct, frozen=True, gc=False):
    message_id: str | None = field(name="message-id", default=None)


class Message(Struct, frozen=True, gc=False):
    headers: Headers = Headers()
    recipients: list[str] = []


class Status(Struct, frozen=True, rename="kebab", gc=False):
    """What the other server replied, in parts; `description` is Mailgun's own where no server was asked."""

    code: int | str | None = None
    enhanced_code: str | None = None
    message: str | None = None
    description: str | None = None
    retry_seconds: float | None = None


class Reject(Struct, frozen=True, gc=False):
    reason: str | None = None
    description: str | None = None


class Flags(Struct, frozen=True, rename="kebab", gc=False):
    is_test_mode: bool | None = None


class MailingList(Struct, frozen=True, gc=False):
    address: str | None = None


class Event(Struct, frozen=True, rename="kebab", gc=False):
    """An empty object may come as an empty array."""

    event: str | None = None
    timestamp: float | str | None = None
    recipient: str | None = None
    severity: str | None = None
    reason: str | None = None
    message: Message | None = None
    delivery_status: Status | None = None
    reject: Reject | None = None
    flags: Flags | list[Any] | None = None
    client_info: dict[str, Any] | list[Any] | None = None
    mailing_list: MailingList | list[Any] | None = None
    tags: list[str] | None = None


class Webhook(Struct, frozen=True, gc=False):
    event_data: Event | None = field(name="event-data", default=None)


_WEBHOOKS = Shape(Webhook)
_FORMS = Flat()


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    if body.lstrip()[:1] in {b"{", b"["}:
        return _WEBHOOKS.each(body, context, _told)
    return _FORMS.each(body, context, _posted)


def _told(webhook: Webhook, context: Context) -> Iterator[Decoded]:
    return _said(given(webhook.event_data, "event-data"), context)


def _posted(fields: Mapping[str, Any], context: Context) -> Iterator[Decoded]:
    if optional(fields, "event") is None:
        yield _written(fields, context)
    else:
        yield from _said(_legacy(fields), context)


def _said(event: Event, context: Context) -> Iterator[Decoded]:
    word = given(event.event, "event")
    if isinstance(event.flags, Flags) and event.flags.is_test_mode:  # o:testmode: nobody gets it
        yield Ignored("mailgun", "is-test-mode")
    elif word in _REPORTS:
        yield _report(event, word, context)
    elif word in _MACHINES and _is_machine(event.client_info):
        yield Ignored("mailgun", _MACHINES[word])
    elif word in _SAYS:
        for stream in _streams(event) if word == "unsubscribed" else [None]:
            yield _reply(event, word, stream, context)
    else:  # `stored` is an incoming message, whose words only a route hands on
        yield Ignored("mailgun", word)


def _report(event: Event, word: str, context: Context) -> Report:
    status = event.delivery_status or Status()
    recipients = event.message.recipients if event.message else []
    only = recipients[0] if len(recipients) == 1 else None  # what was rejected may name its recipient there alone
    return context.report(
        "mailgun",
        "email",
        message_id=_message_id(event),
        to=event.recipient or only,
        at=moment(event.timestamp, "timestamp"),
        status=f"{word}:{event.severity}" if event.severity else word,
        code=_code(event, status) if word in _FAILED else None,
        text=masked(_rejection(event.reject) if event.reject else _words(status)),
        retry_after_seconds=_retry_after(status.retry_seconds),
    )


def _code(event: Event, status: Status) -> str | None:
    """What says most: Mailgun's own reason, its own number, the enhanced code of a last word, a reason that says little."""
    if event.reason and event.reason.casefold() not in _VAGUE:
        return event.reason
    number = _number(status)
    if number and _OWN_NUMBER.fullmatch(number):
        return number
    return (None if event.severity == "temporary" else status.enhanced_code) or event.reason or number


def _number(status: Status) -> str | None:
    return None if status.code in {None, 0, "", "0"} else str(status.code)


def _words(status: Status) -> str | None:
    """The other server's whole reply: Mailgun takes its number out of it, and sometimes its enhanced code as well."""
    words, number, enhanced = status.message or status.description, _number(status), status.enhanced_code
    if number is None or _OWN_NUMBER.fullmatch(number):
        return words
    parts = (number, None if enhanced and enhanced in (words or "") else enhanced, words)
    return " ".join(part for part in parts if part)


def _rejection(reject: Reject) -> str | None:
    return "; ".join(part for part in (reject.reason, reject.description) if part) or None


def _retry_after(seconds: float | None) -> int | None:
    return int(seconds) if seconds and 0 < seconds <= _RETRY_LIMIT else None


def _reply(event: Event, word: str, stream: str | None, context: Context) -> Reply:
    return context.reply(
        "mailgun",
        "email",
        to=given(event.recipient, "recipient"),
        message_id=_message_id(event),
        at=moment(event.timestamp, "timestamp"),
        says=_SAYS[word],
        only=stream,
    )


def _streams(event: Event) -> list[str | None]:
    """What the person wants no more of: everything, one mailing list, or the message's tags.

    https://documentation.mailgun.com/docs/mailgun/user-manual/tracking-messages/tracking-unsubscribes
    """
    if event.tags and _EVERYTHING in event.tags:
        return [None]
    if isinstance(event.mailing_list, MailingList) and event.mailing_list.address:
        return [event.mailing_list.address]
    return [*dict.fromkeys(tag for tag in event.tags or [] if tag)] or [None]


def _is_machine(client: dict[str, Any] | list[Any] | None) -> bool:
    """https://documentation.mailgun.com/docs/mailgun/user-manual/tracking-messages/open-click-bot-detect"""
    return isinstance(client, dict) and bool(client.get("bot") or client.get("client-type") == "robot")


def _message_id(event: Event) -> str | None:
    return _bracketed(event.message.headers.message_id if event.message else None)


def _bracketed(message_id: str | None) -> str | None:
    """As the sending API returned it: events leave its < and > out."""
    return f"<{message_id.strip('<> ')}>" if message_id else None


def _legacy(fields: Mapping[str, Any]) -> Event:
    """A form as the event that it would be today. Its `tag` is the message's, whatever the person left."""
    code = optional(fields, "code")
    return Event(
        event=optional(fields, "event"),
        timestamp=optional(fields, "timestamp"),
        recipient=required(fields, "recipient"),
        reason=optional(fields, "reason"),
        message=Message(Headers(optional(fields, "Message-Id") or optional(fields, "message-id"))),
        delivery_status=Status(
            code=None if code and "." in code else code,
            enhanced_code=code if code and "." in code else None,
            message=optional(fields, "error") or optional(fields, "notification"),
            description=optional(fields, "description"),
        ),
        client_info={"client-type": optional(fields, "client-type")},
        mailing_list=MailingList(optional(fields, "mailing-list")),
    )


def _written(fields: Mapping[str, Any], context: Context) -> Decoded:
    """What a route forwards."""
    if is_automatic(fields.items()):
        return Ignored("mailgun", "auto-submitted")
    writer = required(fields, "from", "sender")
    return context.reply(
        "mailgun",
        "email",
        to=bare(writer),
        text=optional(fields, "stripped-text") or optional(fields, "body-plain"),
        message_id=_bracketed(optional(fields, "In-Reply-To")),
        at=moment(optional(fields, "timestamp"), "timestamp"),
    )
