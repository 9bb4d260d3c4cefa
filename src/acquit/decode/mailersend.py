"""MailerSend: activity webhooks in their first and their second form, and inbound messages.

https://developers.mailersend.com/api/v1/account/webhooks (events and payloads)
https://github.com/anymail/django-anymail, tests/test_mailersend_webhooks.py (both forms as received; the first form ends
with 2026)
What it gets wrong: the second form's `meta` is an object or, where there is nothing to say, an empty array; its samples
have the recipient as `email`, its webhooks as `recipient`; the event `activity.spam_complaint` is `spam_complaints`
inside. A reason is MailerSend's summary more often than the other server's reply. SMS has webhooks of its own, with the
same envelope: they are ignored.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Raw, Struct

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Shape, given, masked, moment
from acquit.events import EngagementType, Ignored, Reply, Report

_SAYS: Mapping[str, EngagementType] = {
    "activity.opened": "open",
    "activity.opened_unique": "open",
    "activity.clicked": "click",
    "activity.clicked_unique": "click",
    "activity.unsubscribed": "stop",
}


class Named(Struct, frozen=True, gc=False):
    """A message, by its id, or a person, by the address."""

    id: str | None = None
    email: str | None = None


class Mail(Struct, frozen=True, gc=False):
    """Of the first form."""

    created_at: str | None = None
    message: Named | None = None
    recipient: Named | None = None


class Morph(Struct, frozen=True, gc=False):
    """Of the first form: what else there is to say of this kind of event."""

    reason: str | None = None


class Meta(Struct, frozen=True, gc=False):
    """Of the second form."""

    bounce_reason: str | None = None
    bounce_code: int | str | None = None
    suppression_reason: str | None = None


class Data(Struct, frozen=True, rename={"sent_by": "from"}, gc=False):
    created_at: str | None = None
    message_id: str | None = None
    recipient: str | None = None
    email: Mail | str | None = None
    morph: Morph | None = None
    meta: Meta | list[object] | None = None
    sent_by: Named | str | None = None  # of an inbound message, as its text
    text: str | None = None


class Event(Struct, frozen=True, gc=False):
    type: str | None = None
    created_at: str | None = None
    data: Raw = Raw(b"{}")  # read only where it is of a message: others have other shapes


_EVENTS = Shape(Event)
_DATA = Shape(Data)


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _EVENTS.each(body, context, _said)


def _said(event: Event, context: Context) -> Iterator[Decoded]:
    name = given(event.type, "type")
    if name == "inbound.message":
        yield _inbound(event, _DATA.one(event.data), context)
    elif not name.startswith("activity.") or name.startswith("activity.survey"):
        yield Ignored("mailersend", name)
    elif name in _SAYS:
        yield _engagement(event, _DATA.one(event.data), _SAYS[name], context)
    else:
        yield _report(event, _DATA.one(event.data), name, context)


def _report(event: Event, data: Data, status: str, context: Context) -> Report:
    mail, meta = _mail(data), data.meta if isinstance(data.meta, Meta) else Meta()
    code = meta.bounce_code or meta.suppression_reason
    return context.report(
        "mailersend",
        "email",
        message_id=given(_message_id(data), "data.message_id"),
        to=_person(data),
        at=_time(event, data),
        submitted_at=moment(mail.created_at, "data.email.created_at"),
        status=status,
        code=masked(str(code)) if code else None,
        text=masked(meta.bounce_reason or (data.morph.reason if data.morph else None)),
    )


def _engagement(event: Event, data: Data, says: EngagementType, context: Context) -> Reply:
    return context.reply(
        "mailersend", "email", to=_person(data), message_id=_message_id(data), at=_time(event, data), says=says
    )


def _inbound(event: Event, data: Data, context: Context) -> Reply:
    sender = data.sent_by.email if isinstance(data.sent_by, Named) else data.sent_by
    return context.reply(
        "mailersend", "email", to=given(sender, "data.from.email"), text=data.text, at=_time(event, data)
    )


def _mail(data: Data) -> Mail:
    return data.email if isinstance(data.email, Mail) else Mail()


def _message_id(data: Data) -> str | None:
    """What the send API returns as X-Message-Id; the id of `email` is another, one for each recipient."""
    message = _mail(data).message
    return data.message_id or (message.id if message else None)


def _person(data: Data) -> str:
    recipient = _mail(data).recipient
    email = data.email if isinstance(data.email, str) else None
    return given(data.recipient or (recipient.email if recipient else None) or email, "data.recipient")


def _time(event: Event, data: Data) -> datetime | None:
    return moment(data.created_at, "data.created_at") or moment(event.created_at, "created_at")
