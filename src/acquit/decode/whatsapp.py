"""WhatsApp Cloud API webhooks: one Report a status, one Reply a message or preference, several of them in a payload.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/user_preferences
https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
Webhooks about templates, accounts and calls, and errors of the account without a message, hold nothing for us: an
empty result. The same goes for statuses of payments, and for what WhatsApp itself says in a person's name.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec
from msgspec import Struct, field

from acquit.decode.context import Context
from acquit.decode.fields import read
from acquit.errors import Undecodable
from acquit.events import EngagementType, Reply, Report, Text, from_epoch_ms

_FIELDS = frozenset({"messages", "user_preferences"})
_NOT_OF_A_PERSON = frozenset({"system", "request_welcome"})
_PREFERENCES: Mapping[str, EngagementType] = {"stop": "stop", "resume": "start"}
_MS_FROM = 100_000_000_000  # the year 5138 in seconds, 1973 in milliseconds: some webhooks come with milliseconds
_EPOCH_MS_LIMIT = 4_102_444_800_000  # 2100
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]+")  # seen where numbers belong, before and after usernames began


class Error(Struct, frozen=True, gc=False):
    """Its `error_data.details` may quote the message's parameters, and is not read."""

    code: int | str
    title: str | None = None
    message: str | None = None


class Status(Struct, frozen=True, gc=False):
    """`recipient_id` is a number without its +, absent for who hides it behind a username; of a group, the group."""

    id: Text
    status: Text
    timestamp: int | str | None = None
    type: str | None = "message"
    recipient_id: str | None = None
    recipient_user_id: str | None = None
    recipient_type: str | None = None
    recipient_participant_id: str | None = None
    errors: list[Error] | None = None


class Words(Struct, frozen=True, gc=False):
    """The words of a text (`body`), of a template's button (`text`), or of a button or list row (`title`)."""

    body: str | None = None
    text: str | None = None
    title: str | None = None


class Interactive(Struct, frozen=True, gc=False):
    button_reply: Words | None = None
    list_reply: Words | None = None


class Answered(Struct, frozen=True, gc=False):
    id: str | None = None


class Message(Struct, frozen=True, gc=False):
    """What a person wrote, tapped or sent; of pictures, reactions and the like there are no words."""

    type: str = ""
    timestamp: int | str | None = None
    sender: str | None = field(name="from", default=None)
    from_user_id: str | None = None
    context: Answered | None = None
    text: Words | None = None
    button: Words | None = None
    interactive: Interactive | None = None


class Preference(Struct, frozen=True, gc=False):
    """A person stopped marketing messages in WhatsApp itself, or takes them again."""

    value: str
    timestamp: int | str | None = None
    wa_id: str | None = None
    user_id: str | None = None


class Contact(Struct, frozen=True, gc=False):
    wa_id: str | None = None
    user_id: str | None = None


class Value(Struct, frozen=True, gc=False):
    contacts: list[Contact] | None = None
    statuses: list[Status] | None = None
    messages: list[Message] | None = None
    user_preferences: list[Preference] | None = None


class Change(Struct, frozen=True, gc=False):
    field: str
    value: Value = Value()


class Entry(Struct, frozen=True, gc=False):
    changes: list[Change] | None = None


class Webhook(Struct, frozen=True, gc=False):
    object: str
    entry: list[Entry]


_WEBHOOK = msgspec.json.Decoder(Webhook)


def decode(body: bytes, context: Context) -> Iterator[Report | Reply]:
    webhook = read(_WEBHOOK, body)
    if webhook.object != "whatsapp_business_account":
        raise Undecodable("absurd_value", "$.object: a webhook of another product")
    for change in (change for entry in webhook.entry for change in entry.changes or ()):
        if change.field in _FIELDS:
            yield from _read_value(change.value, context)


def _read_value(value: Value, context: Context) -> Iterator[Report | Reply]:
    numbers = {contact.user_id: contact.wa_id for contact in value.contacts or () if contact.user_id}
    for status in value.statuses or ():
        if status.type in {"message", None}:
            yield _report(status, numbers, context)
    for message in value.messages or ():
        if message.type not in _NOT_OF_A_PERSON:
            yield _reply(message, numbers, context)
    for preference in value.user_preferences or ():
        if preference.value in _PREFERENCES:
            yield _wish(preference, numbers, context)


def _report(status: Status, numbers: Mapping[str, str | None], context: Context) -> Report:
    error = status.errors[0] if status.errors else None
    recipient = status.recipient_participant_id if status.recipient_type == "group" else status.recipient_id
    return Report(
        provider="whatsapp",
        channel="whatsapp",
        message_id=status.id,
        to=_number(recipient) or _number(numbers.get(status.recipient_user_id or "")),
        at=_time(status.timestamp, "statuses[].timestamp"),
        status=status.status,
        code=str(error.code) if error else None,
        text=error.title or error.message if error else None,
        route=context.route,
        carrier=context.carrier,
        account=context.account,
        stream=context.stream,
        supplier=context.supplier,
    )


def _reply(message: Message, numbers: Mapping[str, str | None], context: Context) -> Reply:
    person = _number(message.sender) or _number(numbers.get(message.from_user_id or ""))
    return Reply(
        provider="whatsapp",
        channel="whatsapp",
        to=_known(person, "messages[].from"),
        text=_words(message),
        message_id=message.context.id if message.context else None,
        at=_time(message.timestamp, "messages[].timestamp"),
        account=context.account,
        stream=context.stream,
    )


def _wish(preference: Preference, numbers: Mapping[str, str | None], context: Context) -> Reply:
    person = _number(preference.wa_id) or _number(numbers.get(preference.user_id or ""))
    return Reply(
        provider="whatsapp",
        channel="whatsapp",
        to=_known(person, "user_preferences[].wa_id"),
        at=_time(preference.timestamp, "user_preferences[].timestamp"),
        says=_PREFERENCES[preference.value],
        account=context.account,
        stream=context.stream,
    )


def _words(message: Message) -> str:
    tapped = message.interactive or Interactive()
    words = message.text or message.button or tapped.button_reply or tapped.list_reply or Words()
    return words.body or words.text or words.title or ""


def _number(address: str | None) -> str | None:
    return None if not address or _USER_ID.fullmatch(address) else address


def _known(person: str | None, path: str) -> str:
    """The person's number. Without one a STOP could hold nobody: it is kept where people look, as a dead letter."""
    if person is None:
        raise Undecodable("missing_field", f"$.entry[].changes[].value.{path}: holds no phone number")
    return person


def _time(epoch: int | str | None, path: str) -> datetime | None:
    """Seconds, or milliseconds, since 1970."""
    if epoch is None or epoch == "":
        return None
    if isinstance(epoch, str) and not re.fullmatch("[0-9]{1,16}", epoch):
        raise Undecodable("absurd_value", f"$.entry[].changes[].value.{path}: is no epoch in seconds")
    milliseconds = int(epoch) if int(epoch) >= _MS_FROM else int(epoch) * 1000
    if not 0 <= milliseconds < _EPOCH_MS_LIMIT:
        raise Undecodable("absurd_value", f"$.entry[].changes[].value.{path}: is no epoch before 2100")
    return from_epoch_ms(milliseconds)
