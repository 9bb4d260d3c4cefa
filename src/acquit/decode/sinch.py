"""Sinch: delivery reports and inbound messages of the SMS REST API (XMS), and the Conversation API's webhooks.

https://developers.sinch.com/docs/sms/api-reference/sms/delivery-reports (one recipient's report, and a batch's)
https://developers.sinch.com/docs/conversation/callbacks (MESSAGE_DELIVERY, MESSAGE_INBOUND, OPT_IN, OPT_OUT)
All recipients of a batch share its id. A batch's summary names no recipient and so says nothing of any message. `code` mixes
SMPP, MMS and REST codes, all decimal here; on delivered messages it need not be 0. Numbers come without a plus.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Raw, Struct, field

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Shape, given, masked, moment
from acquit.errors import Undecodable
from acquit.events import Channel, EngagementType, Ignored, Reply, Report

_RECIPIENT_REPORTS = frozenset({"recipient_delivery_report_sms", "recipient_delivery_report_mms"})
_BATCH_REPORTS = frozenset({"delivery_report_sms", "delivery_report_mms"})
_INBOUND = frozenset({"mo_text", "mo_media", "mo_binary"})
_CHANNELS: Mapping[str, Channel] = {"SMS": "sms", "MMS": "sms", "WHATSAPP": "whatsapp", "RCS": "rcs"}
_CONSENTS: Mapping[str, EngagementType] = {"OPT_IN_SUCCEEDED": "start", "OPT_OUT_SUCCEEDED": "stop"}


class Count(Struct, frozen=True, gc=False):
    """The recipients of a batch who share a status; none are named in a summary."""

    code: int | str | None = None
    status: str | None = None
    recipients: list[Raw] | None = None


class Identity(Struct, frozen=True, gc=False):
    channel: str | None = None
    identity: str | None = None


class Reason(Struct, frozen=True, gc=False):
    code: str | None = None
    channel_code: str | None = None
    description: str | None = None


class Delivery(Struct, frozen=True, gc=False):
    message_id: str | None = None
    status: str | None = None
    channel_identity: Identity = Identity()
    reason: Reason | None = None


class Origin(Struct, frozen=True, gc=False):
    message_id: str | None = None


class Writing(Struct, frozen=True, gc=False):
    text: str | None = None


class Content(Struct, frozen=True, gc=False):
    text_message: Writing | None = None
    reply_to: Origin | None = None


class Inbound(Struct, frozen=True, gc=False):
    contact_message: Content | None = None
    channel_identity: Identity = Identity()


class Consent(Struct, frozen=True, gc=False):
    channel: str | None = None
    identity: str | None = None
    status: str | None = None


class Event(Struct, frozen=True, gc=False):
    """A callback of either API: `type` tells those of the SMS API, the name of the object those of the Conversation API."""

    type: str | None = None
    batch_id: str | None = None
    recipient: str | None = None
    code: int | str | None = None
    status: str | None = None
    at: str | None = None
    operator_status_at: str | None = None
    operator: str | None = None
    statuses: list[Raw] = []
    sender: str | None = field(name="from", default=None)
    body: Any = None
    sent_at: str | None = None
    received_at: str | None = None
    event_time: str | None = None
    accepted_time: str | None = None
    message_delivery_report: Delivery | None = None
    message: Inbound | None = None
    opt_in_notification: Consent | None = None
    opt_out_notification: Consent | None = None
    app_id: str | None = None
    event: Any = None
    event_delivery_report: Any = None
    conversation_start_notification: Any = None
    conversation_stop_notification: Any = None
    contact_create_notification: Any = None
    contact_delete_notification: Any = None
    contact_merge_notification: Any = None
    capability_notification: Any = None
    unsupported_callback: Any = None


_NO_NEWS = (
    "event", "event_delivery_report", "conversation_start_notification", "conversation_stop_notification",
    "contact_create_notification", "contact_delete_notification", "contact_merge_notification",
    "capability_notification", "unsupported_callback",
)  # fmt: skip
_TYPE = re.compile("[a-z_]{1,40}")
_EVENTS = Shape(Event)
_COUNTS = Shape(Count)
_RECIPIENTS = Shape(str)


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _EVENTS.each(body, context, _said)


def _said(event: Event, context: Context) -> Iterator[Decoded]:
    if event.type in _RECIPIENT_REPORTS:
        yield _report(event, context)
    elif event.type in _BATCH_REPORTS:
        yield from _batch(event, context)
    elif event.type in _INBOUND:
        yield _reply(event, context)
    elif event.type is not None:
        yield Ignored("sinch", event.type if _TYPE.fullmatch(event.type) else "type")
    else:
        yield _conversation(event, context)


def _report(event: Event, context: Context) -> Report:
    """The operator's time is of its own clock and often whole minutes: `sent` would be later than `delivered`."""
    return context.report(
        "sinch",
        context.channel or "sms",
        message_id=given(event.batch_id, "batch_id"),
        to=given(event.recipient, "recipient"),
        at=moment(event.at, "at") or moment(event.operator_status_at, "operator_status_at"),
        status=given(event.status, "status"),
        code=None if event.code is None else str(event.code),
        carrier=event.operator or None,
    )


def _batch(event: Event, context: Context) -> Iterator[Decoded]:
    """A report for every recipient that is named. There is no time in it."""
    batch_id = given(event.batch_id, "batch_id")

    def counted(count: Count, context: Context) -> Iterator[Decoded]:
        status = given(count.status, "status")
        code = None if count.code is None else str(count.code)

        def told(recipient: str, context: Context) -> Iterator[Report]:
            to = given(recipient, "recipient")
            yield context.report("sinch", channel, message_id=batch_id, to=to, status=status, code=code)

        return _RECIPIENTS.each_of(count.recipients or [], context, told, "$.recipients")

    channel = context.channel or "sms"
    named = False
    for said in _COUNTS.each_of(event.statuses, context, counted, "$.statuses"):
        named = True
        yield said
    if not named:
        yield Ignored("sinch", event.type or "")


def _reply(event: Event, context: Context) -> Reply:
    """What is no text (a picture without words, binary data) is a reply all the same."""
    return context.reply(
        "sinch",
        context.channel or "sms",
        to=given(event.sender, "from"),
        text=_text(event),
        at=moment(event.received_at, "received_at") or moment(event.sent_at, "sent_at"),
    )


def _text(event: Event) -> str | None:
    text = event.body.get("message") if event.type == "mo_media" and isinstance(event.body, dict) else event.body
    return text if isinstance(text, str) and event.type != "mo_binary" else None


def _conversation(event: Event, context: Context) -> Decoded:
    if event.message_delivery_report is not None:
        return _delivery(event.message_delivery_report, event, context)
    if event.opt_out_notification is not None:
        return _consent(event.opt_out_notification, "opt_out_notification", event, context)
    if event.opt_in_notification is not None:
        return _consent(event.opt_in_notification, "opt_in_notification", event, context)
    for name in _NO_NEWS:
        if getattr(event, name) is not None:
            return Ignored("sinch", name)
    if event.message is None and event.app_id is not None:
        return Ignored("sinch", "callback")  # of a kind that is new: it is named by a field of its own
    return _written(event, context)


def _delivery(delivery: Delivery, event: Event, context: Context) -> Report:
    reason = delivery.reason or Reason()
    texts = (reason.channel_code, reason.description)
    return context.report(
        "sinch",
        _channel(delivery.channel_identity.channel, "message_delivery_report.channel_identity.channel"),
        message_id=given(delivery.message_id, "message_delivery_report.message_id"),
        to=delivery.channel_identity.identity or None,
        at=_time(event),
        status=given(delivery.status, "message_delivery_report.status"),
        code=reason.code or None,
        text=masked(": ".join(text for text in texts if text)),
    )


def _written(event: Event, context: Context) -> Reply:
    message = given(event.message, "type")
    content = given(message.contact_message, "message.contact_message")
    return context.reply(
        "sinch",
        _channel(message.channel_identity.channel, "message.channel_identity.channel"),
        to=given(message.channel_identity.identity, "message.channel_identity.identity"),
        text=content.text_message.text if content.text_message else None,
        message_id=(content.reply_to.message_id or None) if content.reply_to else None,
        at=_time(event),
    )


def _consent(consent: Consent, name: str, event: Event, context: Context) -> Decoded:
    says = _CONSENTS.get(given(consent.status, f"{name}.status"))
    if says is None:  # a registration that failed changes nothing
        return Ignored("sinch", name)
    to = given(consent.identity, f"{name}.identity")
    return context.reply("sinch", _channel(consent.channel, f"{name}.channel"), to=to, at=_time(event), says=says)


def _channel(word: str | None, name: str) -> Channel:
    channel = _CHANNELS.get(given(word, name))
    if channel is None:
        raise Undecodable("absurd_value", f"$.{name}: another channel than SMS, MMS, WhatsApp and RCS")
    return channel


def _time(event: Event) -> datetime | None:
    return moment(event.event_time, "event_time") or moment(event.accepted_time, "accepted_time")
