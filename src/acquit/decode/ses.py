"""Amazon SES: notifications about an identity and published events, in the envelope of SNS or EventBridge or without.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html (notificationType)
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html (eventType)
One Report for every recipient. SES retries by itself: a bounce is its last word, a delay is not. It does not say which
of several recipients opened or clicked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TypeAlias

from msgspec import Raw, Struct

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Shape, given, masked, moment
from acquit.decode.mail import bare
from acquit.decode.sns import Topic
from acquit.errors import Undecodable
from acquit.events import EngagementType, Ignored, Reply, Report, Text

_ABOUT_A_TOPIC = "AmazonSnsSubscriptionSucceeded"
_NO_COMPLAINT = frozenset({"auth-failure", "not-spam"})
"""The feedback types (RFC 6591, RFC 6430) by which nobody complains. Whatever else may come is a complaint."""


class Mail(Struct, frozen=True, rename="camel", gc=False):
    message_id: Text
    timestamp: str | None = None
    destination: list[Raw] | None = None


class Recipient(Struct, frozen=True, rename="camel", gc=False):
    """`status` is the enhanced code (5.1.1), which stands in where the other server's words are not known."""

    email_address: str
    status: str | None = None
    diagnostic_code: str | None = None


class Bounce(Struct, frozen=True, rename="camel", gc=False):
    bounce_type: str
    bounced_recipients: list[Raw]
    bounce_sub_type: str = "Undetermined"
    timestamp: str | None = None


class Complaint(Struct, frozen=True, rename="camel", gc=False):
    """The recipients are those who may have complained: mailbox providers hide who did, and SES names all of theirs."""

    complained_recipients: list[Raw]
    complaint_feedback_type: str | None = None
    complaint_sub_type: str | None = None
    timestamp: str | None = None


class Delivery(Struct, frozen=True, gc=False):
    recipients: list[Raw]
    timestamp: str | None = None


class Delay(Struct, frozen=True, rename="camel", gc=False):
    delayed_recipients: list[Raw]
    delay_type: str = "Undetermined"
    timestamp: str | None = None


class Reject(Struct, frozen=True, gc=False):
    reason: str | None = None


class Failure(Struct, frozen=True, rename="camel", gc=False):
    """`errorMessage` is left out: it may quote what the message was to say."""

    template_name: str | None = None


class Moment(Struct, frozen=True, gc=False):
    """An open or a click. Its link, address and browser are nobody's business here."""

    timestamp: str | None = None


class Choice(Struct, frozen=True, rename="camel", gc=False):
    topic_name: str
    subscription_status: str


class Preferences(Struct, frozen=True, rename="camel", gc=False):
    unsubscribe_all: bool = False
    topic_subscription_status: list[Raw] | None = None


class Subscription(Struct, frozen=True, rename="camel", gc=False):
    new_topic_preferences: Preferences = Preferences()
    timestamp: str | None = None


class Event(Struct, frozen=True, rename="camel", gc=False):
    """What happened, and the object that is named after it."""

    event_type: str | None = None
    notification_type: str | None = None
    mail: Mail | None = None
    bounce: Bounce | None = None
    complaint: Complaint | None = None
    delivery: Delivery | None = None
    delivery_delay: Delay | None = None
    reject: Reject | None = None
    failure: Failure | None = None
    open: Moment | None = None
    click: Moment | None = None
    subscription: Subscription | None = None


Reader: TypeAlias = Callable[[Event, Mail, Context], Iterator[Decoded]]
Reporting: TypeAlias = Callable[..., Report]

_EVENTS = Topic("ses", Event)
_RECIPIENTS = Shape(Recipient)
_ADDRESSES = Shape(str)
_CHOICES = Shape(Choice)


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _EVENTS.each(body, context, _said)


def _said(event: Event, context: Context) -> Iterator[Decoded]:
    name = given(event.event_type or event.notification_type, "eventType")
    if name == _ABOUT_A_TOPIC:
        yield Ignored("ses", name)
        return
    mail = given(event.mail, "mail")
    reader = _READERS.get(name.casefold())
    if reader is None:
        yield Ignored("ses", name)
    else:
        yield from reader(event, mail, context)


def _bounce(event: Event, mail: Mail, context: Context) -> Iterator[Decoded]:
    bounce = given(event.bounce, "bounce")
    status, code = f"bounce:{bounce.bounce_type}", f"{bounce.bounce_type}/{bounce.bounce_sub_type}"
    at = moment(bounce.timestamp, "bounce.timestamp")
    report = _reporting(mail, context, at=at, status=status, code=code)
    return _of_recipients(bounce.bounced_recipients, "$.bounce.bouncedRecipients", context, report)


def _complaint(event: Event, mail: Mail, context: Context) -> Iterator[Decoded]:
    """Two feedback types are no complaint; with a subtype SES did not even send, for somebody complained long ago."""
    complaint = given(event.complaint, "complaint")
    kind = complaint.complaint_feedback_type
    what = complaint.complaint_sub_type or (kind if kind and kind.casefold() in _NO_COMPLAINT else None)
    at = moment(complaint.timestamp, "complaint.timestamp")
    report = _reporting(mail, context, at=at, status=f"complaint:{what}" if what else "complaint", code=kind)
    return _of_recipients(complaint.complained_recipients, "$.complaint.complainedRecipients", context, report)


def _delay(event: Event, mail: Mail, context: Context) -> Iterator[Decoded]:
    delay = given(event.delivery_delay, "deliveryDelay")
    at = moment(delay.timestamp, "deliveryDelay.timestamp")
    report = _reporting(mail, context, at=at, status="deliverydelay", code=f"DeliveryDelay/{delay.delay_type}")
    return _of_recipients(delay.delayed_recipients, "$.deliveryDelay.delayedRecipients", context, report)


def _delivery(event: Event, mail: Mail, context: Context) -> Iterator[Decoded]:
    delivery = given(event.delivery, "delivery")
    at = moment(delivery.timestamp, "delivery.timestamp")
    report = _reporting(mail, context, at=at, status="delivery")
    return _of_addresses(delivery.recipients, "$.delivery.recipients", context, report)


def _send(_event: Event, mail: Mail, context: Context) -> Iterator[Decoded]:
    return _of_everybody(mail, context, _reporting(mail, context, status="send"))


def _reject(event: Event, mail: Mail, context: Context) -> Iterator[Decoded]:
    reason = event.reject.reason if event.reject else None
    return _of_everybody(mail, context, _reporting(mail, context, status="reject", code=reason))


def _rendering_failure(event: Event, mail: Mail, context: Context) -> Iterator[Decoded]:
    template = masked(event.failure.template_name) if event.failure else None
    return _of_everybody(mail, context, _reporting(mail, context, status="rendering failure", text=template))


def _open(event: Event, mail: Mail, context: Context) -> Iterator[Decoded]:
    at = moment(event.open.timestamp, "open.timestamp") if event.open else None
    yield Ignored("ses", "open by one of several") if _are_several(mail) else _reply(mail, context, at=at, says="open")


def _click(event: Event, mail: Mail, context: Context) -> Iterator[Decoded]:
    at = moment(event.click.timestamp, "click.timestamp") if event.click else None
    yield (
        Ignored("ses", "click by one of several") if _are_several(mail) else _reply(mail, context, at=at, says="click")
    )


def _subscription(event: Event, mail: Mail, context: Context) -> Iterator[Decoded]:
    """A STOP, of everything or of the topics that are not wanted; nothing new otherwise.

    A return to a topic is no START, for that would lift what the person said of the others.
    """
    subscription = given(event.subscription, "subscription")
    if _are_several(mail):  # a STOP that could hold nobody: it is kept where people look, as a dead letter
        raise Undecodable("absurd_value", "$.mail.destination: names several, of whom one has unsubscribed")
    at = moment(subscription.timestamp, "subscription.timestamp")
    wishes = subscription.new_topic_preferences
    if wishes.unsubscribe_all:
        yield _reply(mail, context, at=at, says="stop")
        return

    def told(choice: Choice, context: Context) -> Iterator[Reply]:
        if choice.subscription_status.casefold() == "optout":
            yield _reply(mail, context, at=at, says="stop", stream=given(choice.topic_name, "topicName"))

    path = "$.subscription.newTopicPreferences.topicSubscriptionStatus"
    stops = list(_CHOICES.each_of(wishes.topic_subscription_status or (), context, told, path))
    yield from stops or [Ignored("ses", "Subscription")]


_READERS: Mapping[str, Reader] = {
    "bounce": _bounce,
    "complaint": _complaint,
    "delivery": _delivery,
    "deliverydelay": _delay,
    "send": _send,
    "reject": _reject,
    "rendering failure": _rendering_failure,
    "open": _open,
    "click": _click,
    "subscription": _subscription,
}


def _reporting(
    mail: Mail, context: Context, *, status: str, at: datetime | None = None, code: str | None = None,
    text: str | None = None,
) -> Reporting:  # fmt: skip
    """All of a report but who it is of."""
    sent_at = moment(mail.timestamp, "mail.timestamp")
    return partial(
        context.report, "ses", "email", message_id=mail.message_id, at=at or sent_at, submitted_at=sent_at,
        status=status, code=code, text=text,
    )  # fmt: skip


def _of_recipients(recipients: Sequence[Raw], path: str, context: Context, report: Reporting) -> Iterator[Decoded]:
    """A report of each, with what the other server said; where nobody is named, of the context's recipient."""

    def told(recipient: Recipient, _: Context) -> Iterator[Report]:
        to = given(bare(recipient.email_address), "emailAddress")
        yield report(to=to, text=masked(recipient.diagnostic_code or recipient.status))

    yield from _RECIPIENTS.each_of(recipients, context, told, path)
    if not recipients:
        yield report()


def _of_addresses(addresses: Sequence[Raw], path: str, context: Context, report: Reporting) -> Iterator[Decoded]:
    def told(address: str, _: Context) -> Iterator[Report]:
        yield report(to=given(bare(address), "address"))

    yield from _ADDRESSES.each_of(addresses, context, told, path)
    if not addresses:
        yield report()


def _of_everybody(mail: Mail, context: Context, report: Reporting) -> Iterator[Decoded]:
    return _of_addresses(mail.destination or (), "$.mail.destination", context, report)


def _reply(
    mail: Mail, context: Context, *, at: datetime | None, says: EngagementType, stream: str | None = None
) -> Reply:
    to = bare(_ADDRESSES.one(mail.destination[0])) if mail.destination else context.to
    return context.reply(
        "ses", "email", to=given(to, "mail.destination"), message_id=mail.message_id,
        at=at or moment(mail.timestamp, "mail.timestamp"), says=says, only=stream,
    )  # fmt: skip


def _are_several(mail: Mail) -> bool:
    return mail.destination is not None and len(mail.destination) > 1
