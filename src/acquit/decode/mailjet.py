"""Mailjet: the events of its Event API, one as the whole body or grouped in an array.

https://dev.mailjet.com/email/guides/webhooks/ (events, and the table of errors)
https://github.com/mailjet/api-documentation/blob/master/guides/_event-api.md (the same, with samples)
What it gets wrong: one `error` may come with a hard bounce as well as with a soft one, and only `hard_bounce` tells
them apart; its own sample of "user unknown" holds the comment "Host or domain name not found". MessageID is larger than
what a double holds exactly. `Payload` and `CustomID` are the sender's own and are left out.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Shape, given, masked, moment
from acquit.events import EngagementType, Report

_SAYS: Mapping[str, EngagementType] = {"open": "open", "click": "click", "unsub": "stop"}
_TRUE = frozenset({"true", "1"})


class Event(Struct, frozen=True, gc=False):
    event: str | None = None
    time: int | str | None = None
    email: str | None = None
    message_id: int | str | None = field(name="MessageID", default=None)
    mj_message_id: int | str | None = None  # all that grouped events had before 2015
    message_guid: str | None = field(name="Message_GUID", default=None)
    hard_bounce: bool | int | str | None = None
    error: str | None = None
    comment: str | None = None  # of a bounce: the other server's words
    smtp_reply: str | None = None  # of a delivery: the other server's words
    mj_list_id: int | str | None = None


_EVENTS = Shape(Event)


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _EVENTS.each(body, context, _said)


def _said(event: Event, context: Context) -> Iterator[Decoded]:
    says = _SAYS.get(given(event.event, "event").casefold())
    if says is None:
        yield _report(event, context)
        return
    # A list's id where the person leaves one list; 0 or nothing where the message went to no list
    of_list = str(event.mj_list_id) if says == "stop" and event.mj_list_id not in {None, "", 0, "0"} else None
    yield context.reply(
        "mailjet",
        "email",
        to=given(event.email, "email"),
        message_id=_message_id(event),
        at=moment(event.time, "time"),
        says=says,
        only=of_list,
    )


def _report(event: Event, context: Context) -> Report:
    status, error = given(event.event, "event"), (event.error or "").strip() or None
    if status.casefold() == "bounce":
        if str(event.hard_bounce).casefold() in _TRUE:
            status = f"{status}:hard_bounce"
        elif error:
            error = f"soft/{error}"  # the same error, but not for good: it must not condemn the address
    return context.report(
        "mailjet",
        "email",
        message_id=given(_message_id(event), "MessageID"),
        to=given(event.email, "email"),
        at=moment(event.time, "time"),
        status=status,
        code=error,
        text=masked(event.comment or event.smtp_reply),
    )


def _message_id(event: Event) -> str | None:
    """MessageID, which the send API returns; it returns Message_GUID as well, as MessageUUID."""
    message_id = event.message_id or event.mj_message_id or event.message_guid
    return str(message_id) if message_id else None
