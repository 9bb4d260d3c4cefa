"""Resend: webhooks about e-mail, sent through Amazon SES, whose bounce types it hands on.

https://resend.com/docs/webhooks/event-types (events, with a sample of each)
https://resend.com/docs/dashboard/emails/email-bounces (types and subtypes of a bounce)
What it gets wrong: an event names everybody whom the message went to, and not whom the event is about
(https://github.com/anymail/django-anymail, anymail/webhooks/resend.py). Where there were several, the report has its
message alone, for it must condemn nobody by mistake. `diagnosticCode`, the other server's reply, is an array.
Its e-mails arrive as metadata without their text. What becomes of contacts and domains is no news of a message.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Raw, Struct, field

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Shape, given, masked, moment
from acquit.decode.mail import bare
from acquit.events import EngagementType, Ignored, Report

_SAYS: Mapping[str, EngagementType] = {"email.opened": "open", "email.clicked": "click"}
_RECEIVED = "email.received"


class Bounce(Struct, frozen=True, gc=False):
    type: str | None = None
    sub_type: str | None = field(name="subType", default=None)
    message: str | None = None
    diagnostic_code: str | list[str] | None = field(name="diagnosticCode", default=None)


class Suppressed(Struct, frozen=True, gc=False):
    type: str | None = None
    message: str | None = None


class Failed(Struct, frozen=True, gc=False):
    reason: str | None = None


class Data(Struct, frozen=True, rename={"sender": "from"}, gc=False):
    email_id: str | None = None
    created_at: str | None = None  # of the message; the event has its own
    sender: str | None = None
    to: str | list[str] | None = None
    cc: Any = None
    bcc: Any = None
    headers: Any = None  # [{"name": ..., "value": ...}]
    bounce: Bounce | None = None
    suppressed: Suppressed | None = None
    failed: Failed | None = None


class Event(Struct, frozen=True, gc=False):
    type: str | None = None
    created_at: str | None = None
    data: Raw = Raw(b"{}")  # read only where it is of a message: others have other shapes


class Contact(Struct, frozen=True, gc=False):
    email: str | None = None
    unsubscribed: bool | None = None
    updated_at: str | None = None


_CONTACT, _BROADCASTS = "contact.updated", "broadcasts"
_EVENTS = Shape(Event)
_CONTACTS = Shape(Contact)
_DATA = Shape(Data)


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _EVENTS.each(body, context, _said)


def _said(event: Event, context: Context) -> Iterator[Decoded]:
    name = given(event.type, "type")
    if not name.startswith("email."):
        yield _wish(event, context) if name == _CONTACT else Ignored("resend", name)
        return
    data = _DATA.one(event.data)
    if name != _RECEIVED and name not in _SAYS:
        yield _report(event, data, name, context)
        return
    person = given(data.sender, "data.from") if name == _RECEIVED else _person(data)
    if person is None:  # one of several, and nobody knows which
        yield Ignored("resend", name)
        return
    yield context.reply(
        "resend",
        "email",
        to=bare(person),
        message_id=None if name == _RECEIVED else data.email_id,  # of what came in: its own, and of nothing we sent
        at=moment(event.created_at, "created_at"),
        says=_SAYS.get(name),
    )


def _wish(event: Event, context: Context) -> Decoded:
    """Who leaves all Broadcasts: told by no event of its own. The way back is not: any other change says `false` too."""
    contact = _CONTACTS.one(event.data)
    if contact.unsubscribed is not True:
        return Ignored("resend", _CONTACT)
    return context.reply(
        "resend",
        "email",
        to=given(contact.email, "data.email"),
        at=moment(contact.updated_at or event.created_at, "data.updated_at"),
        says="stop",
        only=_BROADCASTS,
    )


def _report(event: Event, data: Data, name: str, context: Context) -> Report:
    status, code, text = name, None, None
    if data.bounce is not None:
        status = f"{name}:{data.bounce.type}" if data.bounce.type else name
        code = f"{data.bounce.type}/{data.bounce.sub_type}" if data.bounce.type and data.bounce.sub_type else None
        text = _reply_of_server(data.bounce) or data.bounce.message
    elif data.suppressed is not None:
        code, text = data.suppressed.type, data.suppressed.message
    elif data.failed is not None:
        code = masked(data.failed.reason)
    person = _person(data)
    return context.report(
        "resend",
        "email",
        message_id=given(data.email_id, "data.email_id"),
        to=bare(person) if person else None,
        at=moment(event.created_at, "created_at"),
        submitted_at=moment(data.created_at, "data.created_at"),
        status=status,
        code=code,
        text=masked(text),
    )


def _reply_of_server(bounce: Bounce) -> str:
    lines = bounce.diagnostic_code or []
    return lines if isinstance(lines, str) else "; ".join(lines)


def _person(data: Data) -> str | None:
    """The recipient, if the message went to one alone."""
    people = given(data.to, "data.to")
    people = [people] if isinstance(people, str) else people
    return people[0] if len(people) == 1 and not data.cc and not data.bcc and not _has_copies(data.headers) else None


def _has_copies(headers: Any) -> bool:
    names = [header.get("name") for header in headers if isinstance(header, dict)] if isinstance(headers, list) else []
    return any(isinstance(name, str) and name.casefold() in {"cc", "bcc"} for name in names)
