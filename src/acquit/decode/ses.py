"""Amazon SES: notifications about an identity and published events, in the envelope of SNS or without it.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html (notificationType)
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html (eventType)
One Report for every recipient. SES retries by itself: a bounce is its last word, a delay is not. What SNS says about
itself (a confirmation to click, a topic that was validated) is nothing for us, and yields nothing.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TypeAlias, TypeVar

import msgspec
from msgspec import Struct, field

from acquit.decode.context import Context
from acquit.decode.fields import read
from acquit.errors import Undecodable
from acquit.events import Engagement, EngagementType, Report, Text, Time

_ABOUT_SNS = frozenset({"SubscriptionConfirmation", "UnsubscribeConfirmation"})
# https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html
_GREETING = "Successfully validated SNS topic"  # plain text, in place of the JSON, once for every event destination
_ABOUT_A_TOPIC = "AmazonSnsSubscriptionSucceeded"
_NO_COMPLAINT = frozenset({"auth-failure", "not-spam"})
"""The feedback types (RFC 6591, RFC 6430) by which nobody complains. Whatever else may come is a complaint."""
_LOCAL_PART = re.compile(r"""(?:"[^"@]*"|(?<![^\s<>@,;])["'(]?([^\s<>@,;"'(]?)[^\s<>@,;]*)@""")


class Envelope(Struct, frozen=True, gc=False):
    """https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html"""

    type: str | None = field(name="Type", default=None)
    message: str | None = field(name="Message", default=None)


class Mail(Struct, frozen=True, rename="camel", gc=False):
    message_id: Text
    timestamp: Time | None = None
    destination: list[str] = []


class Recipient(Struct, frozen=True, rename="camel", gc=False):
    email_address: str
    diagnostic_code: str | None = None


class Bounce(Struct, frozen=True, rename="camel", gc=False):
    bounce_type: str
    bounced_recipients: list[Recipient]
    bounce_sub_type: str = "Undetermined"
    timestamp: Time | None = None


class Complaint(Struct, frozen=True, rename="camel", gc=False):
    """The recipients are those who may have complained: mailbox providers hide who did, and SES names all of theirs."""

    complained_recipients: list[Recipient]
    complaint_feedback_type: str | None = None
    complaint_sub_type: str | None = None
    timestamp: Time | None = None


class Delivery(Struct, frozen=True, gc=False):
    recipients: list[str]
    timestamp: Time | None = None


class Delay(Struct, frozen=True, rename="camel", gc=False):
    delayed_recipients: list[Recipient]
    delay_type: str = "Undetermined"
    timestamp: Time | None = None


class Reject(Struct, frozen=True, gc=False):
    reason: str | None = None


class Failure(Struct, frozen=True, rename="camel", gc=False):
    """`errorMessage` is left out: it may quote what the message was to say."""

    template_name: str | None = None


class Moment(Struct, frozen=True, gc=False):
    """An open or a click. Its link, address and browser are nobody's business here."""

    timestamp: Time | None = None


class Preferences(Struct, frozen=True, rename="camel", gc=False):
    unsubscribe_all: bool = False


class Subscription(Struct, frozen=True, rename="camel", gc=False):
    new_topic_preferences: Preferences = Preferences()
    timestamp: Time | None = None


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


_ENVELOPE = msgspec.json.Decoder(Envelope)
_EVENT = msgspec.json.Decoder(Event)

Decoded: TypeAlias = Report | Engagement
Reader: TypeAlias = Callable[[Event, Mail, Context], Iterator[Decoded]]
Value = TypeVar("Value")


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    envelope = read(_ENVELOPE, body)
    if envelope.type in _ABOUT_SNS or (envelope.message or "").startswith(_GREETING):
        return
    event = read(_EVENT, body if envelope.message is None else envelope.message.encode())
    name = event.event_type or event.notification_type
    if name == _ABOUT_A_TOPIC:
        return
    reader = _READERS.get(_given(name, "eventType").casefold())
    if reader is None:
        raise Undecodable("absurd_value", "$.eventType: no word of its closed list")
    yield from reader(event, _given(event.mail, "mail"), context)


def _given(value: Value | None, name: str) -> Value:
    if value is None:
        raise Undecodable("missing_field", f"$.{name}: is missing")
    return value


def _bounce(event: Event, mail: Mail, context: Context) -> Iterator[Report]:
    bounce = _given(event.bounce, "bounce")
    status, code = f"bounce:{bounce.bounce_type}", f"{bounce.bounce_type}/{bounce.bounce_sub_type}"
    for to, text in _people(bounce.bounced_recipients, context):
        yield _report(mail, context, to=to, at=bounce.timestamp, status=status, code=code, text=text)


def _complaint(event: Event, mail: Mail, context: Context) -> Iterator[Report]:
    """Two feedback types are no complaint; with a subtype SES did not even send, for somebody complained long ago."""
    complaint = _given(event.complaint, "complaint")
    kind = complaint.complaint_feedback_type
    what = complaint.complaint_sub_type or (kind if kind and kind.casefold() in _NO_COMPLAINT else None)
    status = f"complaint:{what}" if what else "complaint"
    for to, _ in _people(complaint.complained_recipients, context):
        yield _report(mail, context, to=to, at=complaint.timestamp, status=status, code=kind)


def _delivery(event: Event, mail: Mail, context: Context) -> Iterator[Report]:
    delivery = _given(event.delivery, "delivery")
    for to in _addresses(delivery.recipients, context):
        yield _report(mail, context, to=to, at=delivery.timestamp, status="delivery")


def _delay(event: Event, mail: Mail, context: Context) -> Iterator[Report]:
    delay = _given(event.delivery_delay, "deliveryDelay")
    code = f"DeliveryDelay/{delay.delay_type}"
    for to, text in _people(delay.delayed_recipients, context):
        yield _report(mail, context, to=to, at=delay.timestamp, status="deliverydelay", code=code, text=text)


def _send(_event: Event, mail: Mail, context: Context) -> Iterator[Report]:
    yield from _to_all(mail, context, status="send")


def _reject(event: Event, mail: Mail, context: Context) -> Iterator[Report]:
    yield from _to_all(mail, context, status="reject", code=event.reject.reason if event.reject else None)


def _rendering_failure(event: Event, mail: Mail, context: Context) -> Iterator[Report]:
    template = _masked(event.failure.template_name) if event.failure else None
    yield from _to_all(mail, context, status="rendering failure", text=template)


def _open(event: Event, mail: Mail, context: Context) -> Iterator[Engagement]:
    yield from _engagement(mail, context, at=event.open.timestamp if event.open else None, kind="open")


def _click(event: Event, mail: Mail, context: Context) -> Iterator[Engagement]:
    yield from _engagement(mail, context, at=event.click.timestamp if event.click else None, kind="click")


def _subscription(event: Event, mail: Mail, context: Context) -> Iterator[Engagement]:
    """A STOP only where the person wants nothing at all: a topic is no scope of ours, and a return to one no START."""
    subscription = _given(event.subscription, "subscription")
    if subscription.new_topic_preferences.unsubscribe_all:
        yield from _engagement(mail, context, at=subscription.timestamp, kind="stop")


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


def _people(recipients: list[Recipient], context: Context) -> Iterator[tuple[str | None, str | None]]:
    """Each recipient with what the other server said; one that is not named is the context's."""
    if not recipients:
        yield context.to, None
    for recipient in recipients:
        yield recipient.email_address, _masked(recipient.diagnostic_code)


def _to_all(
    mail: Mail, context: Context, *, status: str, code: str | None = None, text: str | None = None
) -> Iterator[Report]:
    for to in _addresses(mail.destination, context):
        yield _report(mail, context, to=to, at=mail.timestamp, status=status, code=code, text=text)


def _addresses(addresses: list[str], context: Context) -> list[str | None]:
    return [*addresses] or [context.to]


def _report(
    mail: Mail, context: Context, *, to: str | None, at: datetime | None, status: str,
    code: str | None = None, text: str | None = None,
) -> Report:  # fmt: skip
    return Report(
        provider="ses",
        channel="email",
        message_id=mail.message_id,
        to=_bare(to),
        at=at or mail.timestamp,
        submitted_at=mail.timestamp,
        status=status,
        code=code,
        text=text,
        route=context.route,
        carrier=context.carrier,
        account=context.account,
        stream=context.stream,
        supplier=context.supplier,
    )


def _engagement(mail: Mail, context: Context, *, at: datetime | None, kind: EngagementType) -> Iterator[Engagement]:
    """Nothing, if the message went to several: SES does not say which of them it was."""
    people = _addresses(mail.destination, context)
    if len(people) > 1:
        return
    yield Engagement(
        provider="ses",
        to=_given(_bare(people[0]), "mail.destination"),
        channel="email",
        at=_given(at or mail.timestamp, "mail.timestamp"),
        type=kind,
        message_id=mail.message_id,
        account=context.account,
        stream=context.stream,
    )


def _bare(address: str | None) -> str | None:
    """Without the display name, which SES hands through where the sender wrote one."""
    return address[address.rfind("<") + 1 : -1] if address and address.endswith(">") else address


def _masked(text: str | None) -> str | None:
    """The other server's words, in which every address keeps its first letter and its domain alone."""
    return _LOCAL_PART.sub(r"\1***@", text) if text else None
