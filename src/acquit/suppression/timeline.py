"""What happened to one person, in the order of time and in words: what was told of them, and what the list made of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from acquit.effects import Entry, Suppression
from acquit.events import FAILED, Command, Engagement, Event, Receipt, Submit, shown
from acquit.suppression.facts import NEVER_LIFTED_BY_DELIVERY

_TO_THE_HANDSET = frozenset({"delivered_handset", "read"})


class Moment(Struct, frozen=True):
    """One thing that happened: in words, and as it was logged (without the address)."""

    at: datetime
    what: str
    logged: dict[str, Any]


def of_events(events: Iterable[Event]) -> list[Moment]:
    """All that was told of a person; what intake wrote twice is there once."""
    seen, moments = set(), []
    for event in events:
        if event.src is not None and event.src in seen:
            continue
        seen.add(event.src)
        logged = {name: value for name, value in shown(event).items() if name != "to" and value is not None}
        moments.append(Moment(event.at, _told(event), logged))
    return moments


def of_changes(changes: Iterable[Suppression]) -> list[Moment]:
    """What the list made of it."""
    return [
        Moment(change.at, _changed(change), {"kind": "suppression", **_without_recipient(change)}) for change in changes
    ]


def in_order(moments: Iterable[Moment]) -> list[Moment]:
    """Of one time, what was told before what came of it."""
    return sorted(moments, key=lambda moment: (moment.at, moment.logged["kind"] == "suppression"))


def is_of_the_list(event: Event) -> bool:
    """Whether it may matter to the list: a failure, a delivery to the handset, what the person did, what staff asked."""
    if isinstance(event, Receipt):
        return event.status in FAILED | _TO_THE_HANDSET or event.category in NEVER_LIFTED_BY_DELIVERY
    return not isinstance(event, Submit)


def entry_in_words(scope: str, entry: Entry) -> str:
    until = "until somebody lifts it" if entry.until is None else f"until {_time(entry.until)}"
    evidence = entry.evidence
    rests = [
        f"message {evidence.message_id}" if evidence.message_id else "",
        f"{evidence.provider} code {evidence.code}" if evidence.code else "",
        f"by {evidence.by}" if evidence.by else "",
    ]
    rest = ", ".join(filter(None, rests))
    return f"{entry.reason} in scope {scope}, since {_time(entry.since)}, {until}, rule {entry.rule}{rest and f' ({rest})'}"


def _told(event: Event) -> str:
    match event:
        case Receipt():
            return _receipt(event)
        case Submit():
            return f"sent by {event.provider}, message {event.message_id}{_labels(event)}"
        case Engagement():
            of = f" of list {event.only}" if event.only else ""
            return f"said {event.type}{of}, by {event.provider}{_message(event.message_id)}"
        case Command():
            return _command(event)


def _receipt(event: Receipt) -> str:
    code = f"{event.provider} {event.said.code or event.said.status or ''}".strip()
    if event.category is None:
        return f"{event.status} ({code}){_message(event.message_id)}{_labels(event)}"
    why = f"{event.status}: {event.category}, {event.permanence} ({code}, rule {event.rule or 'none'})"
    return f"{why}{_message(event.message_id)}{_labels(event)}"


def _command(event: Command) -> str:
    more = [
        f"for {event.hold}" if event.hold else "",
        f"until {_time(event.until)}" if event.until else "",
        f"ported {_time(event.ported_at)}" if event.ported_at else "",
        "forced" if event.force else "",
    ]
    what = " ".join(filter(None, [event.name, f"scope {event.scope}", *more]))
    return f"{event.by} asked: {what}; {event.reason}"


def _changed(change: Suppression) -> str:
    who = f"; by {change.by}{f': {change.why}' if change.why else ''}" if change.by else ""
    before = entry_in_words(change.scope, change.before) if change.before else "nothing"
    after = entry_in_words(change.scope, change.entry) if change.entry else "nothing"
    if change.change == "refused":
        return f"REFUSED to restore: the policy lifts {after} for a forced restore alone{who}"
    return f"{change.change.upper()}: {after}; before: {before}{who}"


def _without_recipient(change: Suppression) -> dict[str, Any]:
    return {
        name: value for name, value in msgspec.to_builtins(change).items() if name != "recipient" and value is not None
    }


def _message(message_id: str | None) -> str:
    return f", message {message_id}" if message_id else ""


def _labels(event: Submit | Receipt) -> str:
    names = ("route", "supplier", "carrier", "account", "stream")
    said = [f"{name} {value}" for name in names if (value := getattr(event, name))]
    return f", {', '.join(said)}" if said else ""


def _time(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"
