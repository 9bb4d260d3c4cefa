"""Postmark: bounces, complaints, deliveries, opens, clicks, changes of its suppression lists, and inbound mail.

https://postmarkapp.com/developer/webhooks/webhooks-overview (each kind has its page beneath)
https://postmarkapp.com/developer/api/bounce-api#bounce-types (Type and TypeCode)
A complaint comes with the TypeCode 512, which is that of SpamNotification: Type decides, and its table is that of status
words. `Inactive` says what Postmark did with the address, and judges nothing here. Content is a dump of the mail: not read.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Shape, given, masked, moment
from acquit.decode.mail import is_automatic, written
from acquit.events import EngagementType, Ignored, Reply, Report

_SAYS: Mapping[str, EngagementType] = {"Open": "open", "Click": "click"}
_NOBODY = "00000000-0000-0000-0000-000000000000"  # in complaints whose message Postmark does not know, and in its tests
_QUOTING = frozenset({
    "AddressChange", "AutoResponder", "ChallengeVerification", "OpenRelayTest", "SpamComplaint", "Subscribe",
    "TemplateRenderingFailed",
})  # fmt: skip
"""Types whose Details are no answer of a server, and may hold words of a person's mail or of the message."""


class Person(Struct, frozen=True, rename="pascal", gc=False):
    email: str | None = None


class Header(Struct, frozen=True, rename="pascal", gc=False):
    name: str | None = None
    value: str | None = None


class Event(Struct, frozen=True, rename={
    "record_type": "RecordType", "message_id": "MessageID", "stream": "MessageStream", "type": "Type",
    "code": "TypeCode", "details": "Details", "description": "Description", "email": "Email", "recipient": "Recipient",
    "delivered_at": "DeliveredAt", "bounced_at": "BouncedAt", "received_at": "ReceivedAt", "changed_at": "ChangedAt",
    "is_suppressed": "SuppressSending", "reason": "SuppressionReason", "origin": "Origin", "sender": "FromFull",
    "reply": "StrippedTextReply", "text": "TextBody", "subject": "Subject", "headers": "Headers",
}, gc=False):  # fmt: skip
    """All kinds in one. RecordType is missing from inbound mail, and from webhooks that were set up long ago."""

    record_type: str | None = None
    message_id: str | None = None
    stream: str | None = None
    type: str | None = None
    code: int | str | None = None
    details: str | None = None
    description: str | None = None
    email: str | None = None
    recipient: str | None = None
    delivered_at: str | None = None
    bounced_at: str | None = None
    received_at: str | None = None
    changed_at: str | None = None
    is_suppressed: bool | None = None
    reason: str | None = None
    origin: str | None = None
    sender: Person | None = None
    reply: str | None = None
    text: str | None = None
    subject: str | None = None
    headers: list[Header] | None = None


_EVENTS = Shape(Event)


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _EVENTS.each(body, context, _said)


def _said(event: Event, context: Context) -> Iterator[Decoded]:
    kind = event.record_type or ""
    if says := _SAYS.get(kind):
        yield _did(event, context, says, at=event.received_at, name="ReceivedAt")
    elif kind == "SubscriptionChange":
        yield _change(event, context)
    elif event.type:
        yield _bounce(event, event.type, context)
    elif kind == "Delivery" or event.delivered_at:
        yield _report(event, context, "Delivery", at=event.delivered_at, name="DeliveredAt", text=event.details)
    elif kind == "Inbound" or event.sender:
        yield _mail(event, context)
    elif kind in {"Bounce", "SpamComplaint"}:
        given(event.type, "Type")
    else:
        yield Ignored("postmark", given(kind, "RecordType"))


def _bounce(event: Event, kind: str, context: Context) -> Decoded:
    if kind == "InboundError":  # a mail to us that did not reach our own webhook
        return Ignored("postmark", kind)
    if kind == "Unsubscribe":  # somebody answered the mail with that word
        return _did(event, context, "stop", at=event.bounced_at, name="BouncedAt", stream=event.stream)
    text = event.description if kind in _QUOTING else event.details or event.description
    return _report(event, context, kind, at=event.bounced_at, name="BouncedAt", text=text)


def _change(event: Event, context: Context) -> Decoded:
    """Of a list of one stream. What staff did there, ours or Postmark's, no person asked for: that START would be ours.

    A bounce and a complaint have records of their own, which not every kind of stream used to send.
    """
    if not given(event.is_suppressed, "SuppressSending") or event.reason == "ManualSuppression":
        if event.origin != "Recipient":
            return Ignored("postmark", "SubscriptionChange")
        says: EngagementType = "stop" if event.is_suppressed else "start"
        return _did(event, context, says, at=event.changed_at, name="ChangedAt", stream=event.stream)
    status = f"SubscriptionChange:{given(event.reason, 'SuppressionReason')}"
    return _report(event, context, status, at=event.changed_at, name="ChangedAt", text=None)


def _report(event: Event, context: Context, status: str, *, at: str | None, name: str, text: str | None) -> Report:
    """The stream is the submit's and the context's: MessageStream is Postmark's name for it."""
    to = event.email or event.recipient
    if _id(event) is None:
        given(to or context.to, "MessageID")
    return context.report(
        "postmark",
        "email",
        message_id=_id(event),
        to=to,
        at=moment(at, name),
        status=status,
        code=None if event.code is None else str(event.code),
        text=masked(text),
    )


def _did(
    event: Event, context: Context, says: EngagementType, *, at: str | None, name: str, stream: str | None = None
) -> Reply:
    """A STOP is for its stream alone, as on Postmark's list. The context's name for it goes first: a webhook belongs to
    one stream, and the route's word is the one that our senders ask by.
    """
    return context.reply(
        "postmark",
        "email",
        to=given(event.recipient or event.email or context.to, "Recipient"),
        message_id=_id(event),
        at=moment(at, name),
        says=says,
        only=context.stream or stream,
    )


def _mail(event: Event, context: Context) -> Decoded:
    """Inbound mail. Its Date is by the writer's clock and in the writer's form, and MessageID is its own: not read."""
    if is_automatic((header.name, header.value) for header in event.headers or ()):
        return Ignored("postmark", "machine reply")
    return context.reply(
        "postmark",
        "email",
        to=given(event.sender.email if event.sender else None, "FromFull.Email"),
        text=written(event.reply, event.text, event.subject),
    )


def _id(event: Event) -> str | None:
    return None if event.message_id in {None, "", _NOBODY} else event.message_id
