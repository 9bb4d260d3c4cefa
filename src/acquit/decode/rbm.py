"""Google RCS Business Messaging (RCS for Business): what became of a message, and what people write and tap.

https://developers.google.com/business-communications/rcs-business-messaging/guides/build/events/receive-events
https://developers.google.com/business-communications/rcs-business-messaging/guides/build/messages/receive
https://developers.google.com/business-communications/rcs-business-messaging/guides/integrate/webhooks (the envelope)
In the envelope of Pub/Sub (base64), or as the JSON within. There is no event of a failure but the end of the time to
live; that may come beside DELIVERED, which is then right. User events may have no time of their own.
"""

import binascii
from base64 import b64decode
from collections.abc import Iterator, Mapping

from msgspec import Struct

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Shape, given, moment
from acquit.errors import Undecodable
from acquit.events import EngagementType, Ignored, Text

_LAUNCH = "agent_launch_event"
_SAYS: Mapping[str, EngagementType] = {"UNSUBSCRIBE": "stop", "SUBSCRIBE": "start"}
_OF_A_MESSAGE = frozenset({"DELIVERED", "READ", "TTL_EXPIRATION_REVOKED", "TTL_EXPIRATION_REVOKE_FAILED"})
_TYPING = "IS_TYPING"


class Attributes(Struct, frozen=True, gc=False):
    type: str | None = None


class Envelope(Struct, frozen=True, gc=False):
    """A message of Pub/Sub; `messageId` is Pub/Sub's own and none of ours."""

    data: str | None = None
    attributes: Attributes = Attributes()


class Words(Struct, frozen=True, gc=False):
    """What a person tapped. `postbackData` is ours and no word of theirs."""

    text: str | None = None


class Happening(Struct, frozen=True, rename="camel", gc=False):
    """A user's event or message, one of the platform (`phoneNumber`), or the envelope of one of these."""

    message: Envelope | None = None
    client_token: str | None = None
    new_launch_state: str | None = None
    sender_phone_number: str | None = None
    phone_number: str | None = None
    event_type: str | None = None
    message_id: Text | None = None
    send_time: str | None = None
    text: str | None = None
    suggestion_response: Words | None = None
    user_file: Struct | None = None  # of what is in there, nothing is read
    location: Struct | None = None


_HAPPENINGS = Shape(Happening)


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _HAPPENINGS.each(body, context, _opened)


def _opened(happening: Happening, context: Context) -> Iterator[Decoded]:
    envelope = happening.message
    if envelope is None:
        yield _said(happening, context)
    elif envelope.attributes.type == _LAUNCH:
        yield Ignored("rbm", _LAUNCH)
    else:
        yield _said(_HAPPENINGS.one(_unpacked(given(envelope.data, "message.data"))), context)


def _unpacked(data: str) -> bytes:
    try:
        return b64decode(data, validate=True)
    except (binascii.Error, ValueError):  # ValueError: letters that are not ASCII
        raise Undecodable("undecodable", "$.message.data: is no base64") from None


def _said(happening: Happening, context: Context) -> Decoded:
    kind = happening.event_type
    if kind is None:
        return _written(happening, context)
    if kind in _SAYS:
        return _reply(happening, context, says=_SAYS[kind])
    if kind == _TYPING or (kind not in _OF_A_MESSAGE and happening.message_id is None):
        return Ignored("rbm", kind)
    return context.report(
        "rbm",
        "rcs",
        message_id=given(happening.message_id, "messageId"),
        to=happening.sender_phone_number or happening.phone_number,
        at=moment(happening.send_time, "sendTime"),
        status=kind,
    )


def _written(happening: Happening, context: Context) -> Decoded:
    tapped = happening.suggestion_response
    if happening.text is not None:
        return _reply(happening, context, text=happening.text)
    if tapped is not None:
        return _reply(happening, context, text=tapped.text)
    if happening.user_file is not None or happening.location is not None:
        return _reply(happening, context)
    if happening.client_token is not None:  # how Google checks that the webhook is ours
        return Ignored("rbm", "clientToken")
    if happening.new_launch_state is not None:
        return Ignored("rbm", _LAUNCH)
    raise Undecodable("missing_field", "$.eventType: is missing, and so is all that a person sends")


def _reply(
    happening: Happening, context: Context, *, text: str | None = None, says: EngagementType | None = None
) -> Decoded:
    """What a person says: their message's id is no message of ours."""
    return context.reply(
        "rbm",
        "rcs",
        to=given(happening.sender_phone_number, "senderPhoneNumber"),
        text=text,
        at=moment(happening.send_time, "sendTime"),
        says=says,
    )
