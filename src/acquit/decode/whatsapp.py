"""WhatsApp Cloud API webhooks: one Report a status, one Reply a message or preference, several of them in a payload.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/user_preferences
https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
Webhooks about templates, accounts and calls, errors of the account without a message, statuses of payments, and what
WhatsApp itself says in a person's name are Ignored. Times are seconds, in some webhooks milliseconds.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TypeAlias

from msgspec import Raw, Struct, field

from acquit.decode.context import Context
from acquit.decode.fields import EVENTS_LIMIT, Decoded, Shape, moment
from acquit.errors import Undecodable
from acquit.events import EngagementType, Ignored, Reply, Report, Text

_FIELDS = frozenset({"messages", "user_preferences"})
_NOT_OF_A_PERSON = frozenset({"system", "request_welcome"})
_PREFERENCES: Mapping[str, EngagementType] = {"stop": "stop", "resume": "start"}
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
    contacts: list[Raw] | None = None
    statuses: list[Raw] | None = None
    messages: list[Raw] | None = None
    user_preferences: list[Raw] | None = None
    errors: list[Raw] | None = None


class Change(Struct, frozen=True, gc=False):
    field: str
    value: Raw = Raw(b"{}")


class Entry(Struct, frozen=True, gc=False):
    changes: list[Raw] | None = None


class Webhook(Struct, frozen=True, gc=False):
    object: str
    entry: list[Raw]


_WEBHOOKS = Shape(Webhook)
_ENTRIES = Shape(Entry)
_CHANGES = Shape(Change)
_VALUES = Shape(Value)
_CONTACTS = Shape(Contact)
_STATUSES = Shape(Status)
_MESSAGES = Shape(Message)
_WISHES = Shape(Preference)
Numbers: TypeAlias = Mapping[str | None, str | None]
_VALUE = "$.value"


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _WEBHOOKS.each(body, context, _said)


def _said(webhook: Webhook, context: Context) -> Iterator[Decoded]:
    if webhook.object != "whatsapp_business_account":
        raise Undecodable("absurd_value", "$.object: a webhook of another product")
    if not webhook.entry:
        yield Ignored("whatsapp", webhook.object)
    yield from _ENTRIES.each_of(webhook.entry, context, _changes, "$.entry")


def _changes(entry: Entry, context: Context) -> Iterator[Decoded]:
    if not entry.changes:
        yield Ignored("whatsapp", "entry")
    yield from _CHANGES.each_of(entry.changes or (), context, _change, "$.changes")


def _change(change: Change, context: Context) -> Iterator[Decoded]:
    if change.field not in _FIELDS:
        yield Ignored("whatsapp", change.field)
        return
    value = _VALUES.one(change.value)
    numbers = _numbers(value.contacts or ())

    def status(one: Status, context: Context) -> Iterator[Decoded]:
        yield _report(one, numbers, context) if one.type in {"message", None} else Ignored("whatsapp", one.type)

    def message(one: Message, context: Context) -> Iterator[Decoded]:
        yield Ignored("whatsapp", one.type) if one.type in _NOT_OF_A_PERSON else _reply(one, numbers, context)

    def wish(one: Preference, context: Context) -> Iterator[Decoded]:
        yield _wish(one, numbers, context) if one.value in _PREFERENCES else Ignored("whatsapp", change.field)

    yield from _STATUSES.each_of(value.statuses or (), context, status, f"{_VALUE}.statuses")
    yield from _MESSAGES.each_of(value.messages or (), context, message, f"{_VALUE}.messages")
    yield from _WISHES.each_of(value.user_preferences or (), context, wish, f"{_VALUE}.user_preferences")
    if not (value.statuses or value.messages or value.user_preferences):
        yield Ignored("whatsapp", "errors" if value.errors else change.field)


def _numbers(contacts: Sequence[Raw]) -> Numbers:
    """Whose number is whose, by user id. A contact that cannot be read tells no number."""
    numbers: dict[str | None, str | None] = {}
    for contact in contacts[:EVENTS_LIMIT]:
        with suppress(Undecodable):
            known = _CONTACTS.one(contact)
            numbers[known.user_id] = known.wa_id
    numbers.pop(None, None)
    return numbers


def _report(status: Status, numbers: Numbers, context: Context) -> Report:
    error = status.errors[0] if status.errors else None
    recipient = status.recipient_participant_id if status.recipient_type == "group" else status.recipient_id
    return context.report(
        "whatsapp",
        "whatsapp",
        message_id=status.id,
        to=_number(recipient) or _number(numbers.get(status.recipient_user_id)),
        at=moment(status.timestamp, "timestamp"),
        status=status.status,
        code=str(error.code) if error else None,
        text=error.title or error.message if error else None,
    )


def _reply(message: Message, numbers: Numbers, context: Context) -> Reply:
    person = _number(message.sender) or _number(numbers.get(message.from_user_id))
    return context.reply(
        "whatsapp",
        "whatsapp",
        to=_known(person, "from"),
        text=_words(message),
        message_id=message.context.id if message.context else None,
        at=moment(message.timestamp, "timestamp"),
    )


def _wish(preference: Preference, numbers: Numbers, context: Context) -> Reply:
    person = _number(preference.wa_id) or _number(numbers.get(preference.user_id))
    return context.reply(
        "whatsapp",
        "whatsapp",
        to=_known(person, "wa_id"),
        at=moment(preference.timestamp, "timestamp"),
        says=_PREFERENCES[preference.value],
    )


def _words(message: Message) -> str:
    tapped = message.interactive or Interactive()
    words = message.text or message.button or tapped.button_reply or tapped.list_reply or Words()
    return words.body or words.text or words.title or ""


def _number(address: str | None) -> str | None:
    return None if not address or _USER_ID.fullmatch(address) else address


def _known(person: str | None, name: str) -> str:
    """The person's number. Without one a STOP could hold nobody: it is kept where people look, as a dead letter."""
    if person is None:
        raise Undecodable("missing_field", f"$.{name}: holds no phone number")
    return person
