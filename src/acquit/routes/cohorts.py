"""Delivery per channel, carrier and hour of submission: the running totals of all partitions, added up.

Of each cell and source partition the total with the highest offset counts, so a record that comes twice, or late, changes
nothing. Hours carry labels 00 to 23; what is shown under a label is its latest day.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from zlib import crc32

from msgspec import DecodeError, Struct

from acquit.blocks import Blocks
from acquit.capped import Capped
from acquit.effects import HELD, Alert, Example, Tally, read_tally
from acquit.envelope import Record
from acquit.events import DELIVERED, RATED, Channel, Status, Verdict
from acquit.hours import Hours
from acquit.routes import rates
from acquit.routes.days import DAY_SECONDS, Days
from acquit.routes.docket import Docket
from acquit.routes.drops import Drops
from acquit.routes.flows import Flow, slots_of
from acquit.routes.holdings import Holdings
from acquit.routes.raised import Raised
from acquit.routes.rates import Rates
from acquit.routes.recent import Recent
from acquit.routes.verdict import Judged

KEPT_DAYS, MATCHED_HOURS = 40, 24
JUDGED_HOURS = 5
"""Of older hours nobody asks any more how their cohorts do."""
Place = tuple[str, str, int]
"""Channel, carrier (its label), start of the hour."""


class Cohort(Struct, frozen=True):
    """The messages of one carrier and hour, by status now; a status that fell to nothing stays, with 0."""

    channel: str
    carrier: str  # its label
    hour: str
    status: dict[Status, int]

    @property
    def delivered(self) -> int:
        return sum(number for status, number in self.status.items() if status in DELIVERED)

    @property
    def final(self) -> int:
        """What a ratio divides by."""
        return sum(number for status, number in self.status.items() if status in RATED)


class Held(Struct, array_like=True):
    """The last total of one cell from one source partition."""

    upto: int
    channel: str
    carrier: str | None
    status: dict[Status, int]
    route: str | None = None
    submitted: int | None = None  # None: journaled before this was kept, so that nothing is known of it
    supplier: str | None = None
    stream: str | None = None
    slots: list[int] = []  # flows.py; only of hours that are judged
    failed: dict[str, int] = {}  # by category, of these hours, too
    told: tuple[int, ...] = ()  # rates.py
    examples: dict[str, list[Example]] = {}  # of what the alerts of rates.py show
    counts: bytes | None = b""  # what the judge's days hold of it; None: too old to change them any more


class RoutesHead(Struct):
    """How far the tallies are read."""

    to: int = -1
    timestamp_ms: int = 0
    checksum: int = 0
    newest_hour: int = 0
    carriers: list[str] = []  # those that have names of their own as labels
    judged_day: int = -1  # the last day of which the routes were judged


class Sums:
    """The state of the routes agent."""

    def __init__(
        self, carriers: Capped, *, zone: str, floors: Mapping[Channel, float] = rates.FLOORS, window_hours: float = 72
    ) -> None:  # fmt: skip
        self._former: Blocks[Any] = Blocks(Any)  # of journals from before drops were judged by cohorts
        self.drops = Drops()
        self.rates = Rates(floors)
        self._known: dict[int, dict[str, list[int]]] = {}  # hour, route: submitted, known by receipts alone
        self._carriers = carriers
        self.head = RoutesHead()
        self._held: Blocks[Held] = Blocks(Held)
        self.holdings = Holdings()
        self.days = Days()
        self.docket = Docket(self.days)
        self._open_seconds = round(window_hours * 3_600) + DAY_SECONDS  # a partition may be behind by a day
        self.tables: dict[str, Blocks[Any]] = {
            "cells": self._held,
            "series": self._former,
            "holdings": self.holdings.table,
            "days": self.days.table,
            "verdicts": self.docket.table,
            "rates": self.rates.table,
            **self.drops.tables,
        }
        self._hours = Hours(zone)
        self._sums: dict[Place, dict[Status, int]] = {}
        self._latest: dict[tuple[str, str, str], int] = {}

    def loaded(self, changed_cells: list[tuple[int, str]]) -> None:  # noqa: ARG002 - a journal says it to every state
        self._carriers.learn(self.head.carriers)
        self._sums.clear()
        self._latest.clear()
        for block in list(self._former.rows):
            self._former.drop(block)
        self.drops.loaded()
        self.rates.loaded()
        self._known.clear()
        for hour, _, held in self._held:
            self._add(hour, held, 1)

    def unsent(self) -> list[tuple[int, str, Any]]:
        """Nothing leaves from here yet."""
        return []

    def take(self, key: bytes, value: bytes) -> Place | None:
        """Take a running total; returns the place whose sum it changed."""
        tally = read_tally(value)
        hour, name = tally.cell.hour, key.decode()
        before = self._held.get(hour, name)
        if before is not None and before.upto > tally.upto:
            return None
        self._forget_old(hour)
        was = b"" if before is None else before.counts
        held = _held(tally, is_judged=self._is_judged(hour))
        held.counts = None if was is None else self.days.move(was, tally)
        if before is not None:
            self._add(hour, before, -1)
        self._held.put(hour, name, held)
        place = self._add(hour, held, 1)
        self.head.carriers = self._carriers.names
        return place

    def take_record(self, record: Record) -> Place | None:
        """Take a record of `acquit.tallies`. A tombstone, or what is no total, changes nothing."""
        self.head.to, self.head.timestamp_ms = record.offset, record.timestamp
        self.head.checksum = crc32(record.value or b"")
        if record.key is None or record.value is None:
            return None
        try:
            if record.key.partition(b"/")[2].startswith(HELD):
                self.holdings.take(record.value)
                return None
            return self.take(record.key, record.value)
        except (DecodeError, UnicodeDecodeError):
            return None

    def cohorts(self, places: Iterable[Place]) -> list[Cohort]:
        """Those of these places that are the latest day of their hour."""
        return [
            Cohort(channel, carrier, label, dict(self._sums[channel, carrier, start]))
            for channel, carrier, start in dict.fromkeys(places)
            if (channel, carrier, start) in self._sums
            and self._latest[channel, carrier, label := self._hours.label(start)] == start
        ]

    def judge(self, now_ms: int) -> list[Alert]:
        """Note what the totals say at this moment, and say what rises or clears."""
        return [*self.holdings.judge(now_ms), *self.drops.judge(now_ms), *self.rates.judge(now_ms)]

    def raised(self) -> list[Raised]:
        """The alerts on delivery that are up now."""
        return [*self.drops.raised(), *self.rates.raised()]

    @property
    def recent(self) -> dict[tuple[str, str], Recent]:
        """Delivery of the last hour, by channel and carrier, beside what is usual."""
        return self.drops.recent

    def matched(self) -> dict[str, tuple[int, int]]:
        """By route: the messages of the newest day that were submitted, and those that receipts alone know.

        Where many are not submitted, a supplier names messages otherwise than its submit response did (routes.toml).
        """
        since, found = self.head.newest_hour - MATCHED_HOURS * 3_600, dict[str, tuple[int, int]]()
        for hour, routes in self._known.items():
            for route, (submitted, unmatched) in routes.items() if hour > since else ():
                before = found.get(route, (0, 0))
                found[route] = (before[0] + submitted, before[1] + unmatched)
        return {route: counts for route, counts in found.items() if any(counts)}

    def due_day(self) -> int | None:
        """The day of which the routes are to be judged next, if it is over."""
        return self.docket.due(self.head.judged_day, self.head.newest_hour)

    def say(self, day: int, judged: Judged, now_ms: int) -> list[Alert | Verdict]:
        """The day is judged (`docket.weigh`): what is new of it."""
        self.head.judged_day = day
        return self.docket.say(judged, now_ms)

    def all_cohorts(self) -> list[Cohort]:
        return self.cohorts(list(self._sums))

    def _add(self, hour: int, held: Held, sign: int) -> Place:
        place = (held.channel, self._carriers.label(held.carrier), hour)
        if held.submitted is not None:
            known = self._known.setdefault(hour, {}).setdefault(held.route or "", [0, 0])
            known[0] += sign * held.submitted
            known[1] += sign * (sum(held.status.values()) - held.submitted)
        sums = self._sums.setdefault(place, {})
        for status, number in held.status.items():
            sums[status] = sums.get(status, 0) + sign * number
        self._judge_by(place, held, sign)
        label = (place[0], place[1], self._hours.label(hour))
        self._latest[label] = max(self._latest.get(label, hour), hour)
        return place

    def _close(self, before: int) -> None:
        """The ledger has closed these hours, so that their counts need not be known cell by cell any more."""
        for hour in [hour for hour in self._held.rows if hour < before]:
            for name, held in self._held.rows[hour].items():
                if held.counts is not None:
                    held.counts = None
                    self._held.touch(hour, name)

    def _judge_by(self, place: Place, held: Held, sign: int) -> None:
        """Of what this total says, what alerts are judged by."""
        channel, carrier, hour = place
        route = held.route or ""
        flow = Flow(channel, carrier, held.supplier or route, route, held.stream or "")
        if self._is_judged(hour):
            self.drops.flows.add(flow, hour, held.slots, sign)
            self.drops.flows.say_why(flow, held.failed, sign)
        if any(held.told) and hour > self.head.newest_hour - rates.DAYS_HOURS * 3_600:
            self.rates.add(flow, hour, held.told, sign)
            self.rates.show(flow, hour, held.examples)

    def _is_judged(self, hour: int) -> bool:
        return hour > self.head.newest_hour - JUDGED_HOURS * 3_600

    def _forget_old(self, hour: int) -> None:
        if hour <= self.head.newest_hour:
            return
        self.head.newest_hour = hour
        self._close(hour - self._open_seconds)
        oldest = hour - KEPT_DAYS * DAY_SECONDS
        for old in [start for start in self._held.rows if start < oldest]:
            self._known.pop(old, None)
            for held in self._held.drop(old).values():
                self._sums.pop((held.channel, self._carriers.label(held.carrier), old), None)


def _held(tally: Tally, *, is_judged: bool) -> Held:
    cell, status = tally.cell, tally.status
    told = (
        sum(number for one, number in status.items() if one in DELIVERED),
        sum(number for one, number in status.items() if one in RATED and one not in DELIVERED),
        sum(count for name, count in tally.failures.items() if name.endswith("/permanent")),
        tally.engaged.get("not_received", 0),
        tally.engaged.get("complaint", 0),
        tally.contradicted.get("port_overdue", 0),
    )
    failed: dict[str, int] = {}
    for name, count in tally.failures.items() if is_judged else ():
        category = name.partition("/")[0]
        failed[category] = failed.get(category, 0) + count
    return Held(
        tally.upto, cell.channel, cell.carrier, dict(status), cell.route, tally.submitted, cell.supplier, cell.stream,
        slots_of(tally) if is_judged else [], failed, told,
        {kind: list(tally.examples[kind]) for kind in rates.SHOWN if kind in tally.examples},
    )  # fmt: skip
