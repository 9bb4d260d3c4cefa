"""One person's history, read from the topics: what was told of them, what the list made of it, and what holds now."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from acquit.effects import Entry, Suppression, read_change, read_suppression
from acquit.events import Event, Verdict, decode_logged
from acquit.suppression import timeline
from acquit.suppression.timeline import Moment, entry_in_words
from acquit.worker.list_view import canonical_recipient, names_of
from acquit.worker.log_reader import read_topic
from acquit.worker.names import KeptTopic
from acquit.worker.sending import partition_of
from acquit.worker.settings import Settings


class History(Struct, frozen=True):
    """`everything` is all that the log still holds, `moments` what of it may matter to the list. Both hold what the list made
    of it.
    """

    everything: list[Moment]
    moments: list[Moment]
    entries: dict[tuple[str, str], Entry]  # what holds now, by name and scope
    reach: str  # how far back this reaches


async def read(settings: Settings, recipient: str, *, now: datetime) -> History:
    """Raises AcquitError for what is no CHANNEL:ADDRESS."""
    known = canonical_recipient(recipient)
    names = names_of(settings, known)
    events = await _events(settings, known)
    changes = await changes_of(settings, names)
    changed = timeline.of_changes(changes)
    told = timeline.of_events(filter(timeline.is_of_the_list, events))
    return History(
        everything=timeline.in_order([*timeline.of_events(events), *changed]),
        moments=timeline.in_order([*told, *changed]),
        entries=await _entries(settings, known, names, now=now),
        reach=reach_of(settings),
    )


def told(moments: list[Moment]) -> list[str]:
    return [f"{moment.at:%Y-%m-%d %H:%M:%S} UTC  {moment.what}" for moment in moments]


def told_now(entries: dict[tuple[str, str], Entry]) -> list[str]:
    if not entries:
        return ["now: nothing is held"]
    return [f"now: {entry_in_words(scope, entry)}{_under(name)}" for (name, scope), entry in entries.items()]


def printed(moment: Moment) -> dict[str, Any]:
    return {"type": "told", **moment.logged, "at": moment.at}


def printed_now(entries: dict[tuple[str, str], Entry]) -> list[dict[str, Any]]:
    return [{"type": "entry", "scope": scope, **msgspec.to_builtins(entry)} for (_, scope), entry in entries.items()]


async def changes_of(settings: Settings, names: list[str]) -> list[Suppression]:
    """What the list made of whoever has these names."""
    return [read_change(record.value) for name in names for record in await _records(settings, "suppression-log", name)]


async def _events(settings: Settings, recipient: str) -> list[Event]:
    events: list[Event] = []
    for record in await _records(settings, "events", recipient):
        try:
            event = decode_logged(record.value or b"")
        except msgspec.DecodeError:
            continue  # it is among the dead letters
        if not isinstance(event, Verdict):
            events.append(event)
    return events


async def _entries(
    settings: Settings, recipient: str, names: list[str], *, now: datetime
) -> dict[tuple[str, str], Entry]:
    """From the truth, which the ledger writes into the partition of the address under whatever name."""
    entries: dict[tuple[str, str], Entry] = {}
    place = partition_of(recipient.encode(), settings.event_partitions)
    async for record in read_topic(settings, settings.topic("suppressions"), {place}):
        name, _, scope = record.key.decode().rpartition("/")
        if name in names:
            entries.pop((name, scope), None)
            if record.value is not None:
                found = read_suppression(record.value)
                entries[name, scope] = Entry(found.reason, found.since, found.rule, found.evidence, found.until)
    return {place: entry for place, entry in entries.items() if entry.until is None or entry.until > now}


async def _records(settings: Settings, topic: KeptTopic, key: str) -> list[Any]:
    wanted = key.encode()
    place = partition_of(wanted, settings.event_partitions)
    return [record async for record in read_topic(settings, settings.topic(topic), {place}) if record.key == wanted]


def reach_of(settings: Settings) -> str:
    hours = settings.retention_hours
    events, changes = _days(hours["events"]), _days(hours["suppression-log"])
    return f"events reach back {events}, changes of the list {changes}; what is older is gone"


def _days(hours: float) -> str:
    return "without end" if hours < 0 else f"{hours / 24:g} days"


def _under(name: str) -> str:
    return " (known by the hash alone)" if ":#" in name else ""
