"""AWS End User Messaging (Pinpoint SMS and voice, version 2): events of SMS, MMS and RCS, and what people write back.

https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-format.html (the events, field by field)
https://docs.aws.amazon.com/sms-voice/latest/userguide/rcs-events.html (RCS, also what comes of suggestions and typing)
https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html (inbound)
A success may not be final yet (`isFinal`), and SUCCESSFUL means the carrier, DELIVERED the handset. Without news from the
carrier AWS itself says UNKNOWN after 72 hours. Events of EventBridge may name no recipient. Inbound RCS that is no plain
text is JSON within the text. Calls are Ignored.
"""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, given, moment, read
from acquit.decode.sns import Topic
from acquit.errors import Undecodable
from acquit.events import Channel, EngagementType, Ignored, Report, Text

_CHANNELS: Mapping[str, Channel] = {"TEXT": "sms", "MEDIA": "sms", "RCS": "rcs", "TTL": "rcs"}
"""By the first word of the event type. MEDIA is MMS; the TTL_EXPIRATION_ events are of RCS."""
_SUCCESSES = frozenset({"TEXT_SUCCESSFUL", "MEDIA_SUCCESSFUL"})
_OF_RCS = "rcs-"  # how the number of an RCS agent begins
_SAYS: Mapping[str, EngagementType] = {"UNSUBSCRIBE": "stop", "SUBSCRIBE": "start"}
_SENT_BY_A_PERSON = frozenset({"SUGGESTION", "LOCATION", "FILE"})


class Event(Struct, frozen=True, rename="camel", gc=False):
    """An event of a message that was sent, or (from `originationNumber` on) a message that came in."""

    event_type: Text | None = None
    event_timestamp: int | str | None = None
    is_final: bool | None = None
    destination_phone_number: str | None = None
    mcc: int | str | None = None
    mnc: int | str | None = None
    carrier_name: str | None = None
    message_id: Text | None = None
    message_request_timestamp: int | str | None = None
    message_status: str | None = None
    message_status_description: str | None = None
    registration_id: str | None = None
    origination_number: str | None = None
    destination_number: str | None = None
    message_body: str | None = None
    previous_published_message_id: str | None = None


class Rich(Struct, frozen=True, gc=False):
    """What stands in the text of an inbound RCS message. `postbackData` is ours and no word of the person's."""

    type: str
    text: str | None = None


_EVENTS = Topic("aws_sms", Event)
_RICH = msgspec.json.Decoder(Rich)


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _EVENTS.each(body, context, _said)


def _said(event: Event, context: Context) -> Iterator[Decoded]:
    if event.origination_number is not None:
        yield _inbound(event, context)
    elif event.event_type is None and event.registration_id is not None:
        yield Ignored("aws_sms", "registration")
    else:
        yield _outbound(event, context)


def _outbound(event: Event, context: Context) -> Report | Ignored:
    kind = given(event.event_type, "eventType")
    channel = _CHANNELS.get(kind.partition("_")[0])
    if channel is None:
        return Ignored("aws_sms", kind)
    return context.report(
        "aws_sms",
        channel,
        message_id=given(event.message_id, "messageId"),
        to=event.destination_phone_number,
        at=moment(event.event_timestamp, "eventTimestamp"),
        submitted_at=moment(event.message_request_timestamp, "messageRequestTimestamp"),
        status=f"{kind}:isFinal=false" if kind in _SUCCESSES and event.is_final is False else kind,
        code=event.message_status,
        text=event.message_status_description,
        carrier=f"{event.mcc}{event.mnc}" if event.mcc and event.mnc else event.carrier_name,
    )


def _inbound(event: Event, context: Context) -> Decoded:
    is_rcs = (event.destination_number or "").startswith(_OF_RCS)
    text = event.message_body or ""
    rich = _rich(text) if is_rcs else None
    says = None
    if rich is not None:
        text, says = rich.text or "", _SAYS.get(rich.type)
        if not text and not says and rich.type not in _SENT_BY_A_PERSON:
            return Ignored("aws_sms", rich.type)
    return context.reply(
        "aws_sms",
        "rcs" if is_rcs else context.channel or "sms",
        to=given(event.origination_number, "originationNumber"),
        text=text,
        message_id=event.previous_published_message_id or None,
        says=says,
    )


def _rich(text: str) -> Rich | None:
    """What is no JSON object of ours is the person's own text."""
    if not text.startswith("{"):
        return None
    try:
        return read(_RICH, text.encode())
    except Undecodable:
        return None
