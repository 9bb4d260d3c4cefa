"""Brevo (once Sendinblue): transactional webhooks, and marketing webhooks where they tell of a person's mail.

https://developers.brevo.com/docs/transactional-webhooks
https://developers.brevo.com/docs/marketing-webhooks (no message id: these are keyed by their recipient)
https://developers.brevo.com/docs/batch-webhooks (up to 500 in one body)
What it gets wrong: `date` is in the account's zone, `ts` and `ts_event` were (https://github.com/anymail/django-anymail,
tests/test_brevo_webhooks.py), `ts_epoch` is UTC, in milliseconds in life and in seconds in its samples. A complaint is
`spam` or `complaint`, an unsubscription `unsubscribed` or `unsubscribe`. `deferred` may hold a reply of 550. The same
page documents events of SMS, which have neither event nor reason: they are ignored.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct, field

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Shape, given, masked, moment
from acquit.errors import Undecodable
from acquit.events import EngagementType, Ignored, Reply, Report

_SAYS: Mapping[str, EngagementType] = {
    "opened": "open",
    "unique_opened": "open",
    "click": "click",
    "unsubscribed": "stop",
    "unsubscribe": "stop",
}
_BY_MACHINES = frozenset({"proxy_open", "unique_proxy_open"})
_OF_CONTACTS = frozenset({"list_addition", "contact_updated", "contact_deleted"})
_ENHANCED = re.compile(r"(?<![\d.])5\.\d{1,3}\.\d{1,3}(?!\.?\d)")
"""RFC 3463, of a permanent failure: 5.1.1, and no part of an IP address."""


class Event(Struct, frozen=True, gc=False):
    event: str | None = None
    email: str | list[str] | None = None  # several only where contacts are changed
    message_id: str | None = field(name="message-id", default=None)
    ts_epoch: int | str | None = None
    ts_event: int | str | None = None
    ts_sent: int | str | None = None  # of a campaign
    reason: str | None = None
    camp_id: int | str | None = None
    list_id: int | str | list[int | str] | None = None
    msg_status: str | None = None  # of an SMS alone


_EVENTS = Shape(Event)


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _EVENTS.each(body, context, _said)


def _said(event: Event, context: Context) -> Iterator[Decoded]:
    if event.msg_status and not event.event:
        yield Ignored("brevo", "sms")
        return
    name = given(event.event, "event")
    word = name.casefold()
    if word in _BY_MACHINES:
        yield Ignored("brevo", "machine open")
    elif word in _OF_CONTACTS:
        yield Ignored("brevo", name)
    elif word in _SAYS:
        yield from _replies(event, _SAYS[word], context)
    else:
        yield _report(event, name, context)


def _report(event: Event, status: str, context: Context) -> Report:
    reason = (event.reason or "").strip()
    return context.report(
        "brevo",
        "email",
        message_id=_message_id(event),
        to=_person(event),
        at=_time(event),
        submitted_at=moment(event.ts_sent, "ts_sent"),
        status=status,
        code=_code(status.casefold(), reason),
        text=masked(reason),
    )


def _code(word: str, reason: str) -> str | None:
    """Brevo's own words where it sent nothing, and of a hard bounce the enhanced code in the other server's reply."""
    if word == "blocked":
        return masked(reason)
    enhanced = _ENHANCED.search(reason) if word == "hard_bounce" else None
    return enhanced[0] if enhanced else None


def _replies(event: Event, says: EngagementType, context: Context) -> Iterator[Reply]:
    """One for each list that the person leaves; one for all mail where no list is named."""
    lists = event.list_id if isinstance(event.list_id, list) else [event.list_id]
    for one in lists if says == "stop" and lists else [None]:
        yield context.reply(
            "brevo",
            "email",
            to=_person(event),
            message_id=_message_id(event),
            at=_time(event),
            says=says,
            only=str(one) if one else None,
        )


def _message_id(event: Event) -> str | None:
    """With its < and >, as the send API returns it. A campaign's mail has none."""
    return event.message_id or None if event.camp_id else given(event.message_id, "message-id")


def _person(event: Event) -> str:
    email = given(event.email, "email")
    if not isinstance(email, str):
        raise Undecodable("wrong_type", "$.email: expected a string")
    return email


def _time(event: Event) -> datetime | None:
    return moment(event.ts_epoch, "ts_epoch") or moment(event.ts_event, "ts_event")
