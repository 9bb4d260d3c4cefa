"""Infobip: delivery and seen reports of SMS, MMS, WhatsApp and RCS, and what people write back, several in a payload.

https://www.infobip.com/docs/api/channels/sms/sms-messaging/logs-and-status-reports/receive-outbound-sms-message-report
https://www.infobip.com/docs/api/channels/whatsapp/whatsapp-message-status-reports/receive-whatsapp-delivery-reports
https://www.infobip.com/docs/api/channels/sms/inbound-sms/receive-inbound-sms-messages
The status says what became of a message and the error why. NO_ERROR (0) stands beside many a failure: like 255, 633 and
810, which are unknown errors, it is no code of our table, lest it hides what the status says. An error's `permanent`
means that the same message fails again, not that the number is bad: it is true of a flooded handset, and is not read.
A report of WhatsApp or RCS that names no channel looks like one of SMS: its route has to say it.
"""

import re
from collections.abc import Iterator, Mapping

from msgspec import Raw, Struct, field

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Shape, given, moment
from acquit.errors import Undecodable
from acquit.events import Channel, Ignored, Reply, Report

_CHANNELS: Mapping[str, Channel] = {"sms": "sms", "mms": "sms", "whatsapp": "whatsapp", "rcs": "rcs"}
_EVENTS = frozenset({"DELIVERY", "SEEN", "MO"})  # of its Messages API; the other webhooks name no event
_NO_ERROR = "0"
# Until its present name, REJECTED_DESTINATION_BLOCKLISTED, status 14 was called as status 52 is, an impossible number
_TWO_MEANINGS = frozenset({("REJECTED_DESTINATION", "14")})
# Who hides the number behind a WhatsApp username has a business-scoped user id: US.13491208655302741918
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]+")


class Status(Struct, frozen=True, gc=False):
    """Status and error are of one shape: a name, its number, and a sentence of Infobip's own."""

    id: int | str | None = None
    name: str | None = None
    description: str | None = None


class Words(Struct, frozen=True, gc=False, rename="camel"):
    """The words of a text or a suggestion (`text`), of a tapped button or list row (`title`), of a part of an MMS."""

    text: str | None = None
    title: str | None = None
    content_type: str | None = None
    value: str | None = None


class Result(Struct, frozen=True, gc=False, rename="camel"):
    """One report or one message; the Messages API says `sender` and `destination` for `from` and `to`."""

    message_id: str | None = None
    to: str | None = None
    destination: str | None = None
    from_: str | None = field(name="from", default=None)
    sender: str | None = None
    channel: str | None = None
    integration_type: str | None = None
    event: str | None = None
    sent_at: int | str | None = None
    done_at: int | str | None = None
    seen_at: int | str | None = None
    deleted_at: int | str | None = None
    received_at: int | str | None = None
    mcc_mnc: int | str | None = None
    status: Status | None = None
    error: Status | None = None
    text: str | None = None
    message: Words | list[Words] | None = None
    content: list[Words] | None = None
    paired_message_id: str | None = None


class Payload(Struct, frozen=True, gc=False):
    results: list[Raw]


_PAYLOADS, _RESULTS = Shape(Payload), Shape(Result)


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _PAYLOADS.each(body, context, _each)


def _each(payload: Payload, context: Context) -> Iterator[Decoded]:
    return _RESULTS.each_of(payload.results, context, _said, "$.results")


def _said(result: Result, context: Context) -> Iterator[Decoded]:
    if result.event and result.event not in _EVENTS:
        yield Ignored("infobip", result.event)
    elif result.status is not None:
        yield _report(result, result.status, context)
    elif result.seen_at:
        yield _seen(result, context)
    elif result.deleted_at:
        yield Ignored("infobip", "deleted")
    elif result.received_at or result.text is not None or result.message is not None:
        yield _reply(result, context)
    else:
        raise Undecodable("missing_field", "$.status: is missing")


def _report(result: Result, status: Status, context: Context) -> Report:
    name = given(status.name, "status.name")
    code = None if result.error is None or result.error.id is None else str(result.error.id)
    cause = status if code in {None, _NO_ERROR} else result.error
    return context.report(
        "infobip",
        _channel(result) or context.channel or "sms",
        message_id=given(result.message_id, "messageId"),
        to=_number(result.to or result.destination),
        at=moment(result.done_at, "doneAt", context.tz),
        submitted_at=moment(result.sent_at, "sentAt", context.tz),
        status=f"{name}:{status.id}" if (name, str(status.id)) in _TWO_MEANINGS else name,
        code=code,
        text=cause.description if cause else None,
        carrier=_carrier(result.mcc_mnc),
    )


def _seen(result: Result, context: Context) -> Report:
    return context.report(
        "infobip",
        given(_channel(result) or context.channel, "channel"),  # not SMS, which nobody is seen to read
        message_id=given(result.message_id, "messageId"),
        to=_number(result.to or result.destination),
        at=moment(result.seen_at, "seenAt", context.tz),
        submitted_at=moment(result.sent_at, "sentAt", context.tz),
        status="SEEN",
    )


def _reply(result: Result, context: Context) -> Reply:
    return context.reply(
        "infobip",
        _channel(result) or context.channel or "sms",
        to=given(_number(result.from_ or result.sender), "from"),
        text=_words(result),
        message_id=result.paired_message_id or None,
        at=moment(result.received_at, "receivedAt", context.tz),
    )


def _words(result: Result) -> str | None:
    """All that was written. `cleanText` lacks the keyword, which may be STOP."""
    if result.text is not None:
        return result.text
    parts = [result.message] if isinstance(result.message, Words) else result.message or result.content or []
    return " ".join(filter(None, map(_part, parts))) or None


def _part(part: Words) -> str | None:
    is_text = (part.content_type or "").startswith("text/")
    return part.text or part.title or (part.value if is_text else None)


def _carrier(mcc_mnc: int | str | None) -> str | None:
    digits = str(mcc_mnc)  # a network that is not known is null, and was seen as "null"
    return digits if digits.isdecimal() else None


def _channel(result: Result) -> Channel | None:
    name = result.channel or result.integration_type
    if name and name.casefold() not in _CHANNELS:
        raise Undecodable("absurd_value", "$.channel: another channel than SMS, MMS, WhatsApp and RCS")
    return _CHANNELS[name.casefold()] if name else None


def _number(address: str | None) -> str | None:
    return None if not address or _USER_ID.fullmatch(address) else address
