"""Delivery per channel, carrier and hour of submission: the running totals of all partitions, added up.

Of each cell and source partition the total with the highest offset counts, so a record that comes twice, or late, changes
nothing. Hours carry labels 00 to 23; what is shown under a label is its latest day.
"""

from collections.abc import Callable, Iterable, Mapping
from sys import intern
from typing import Any
from zlib import crc32

import msgspec
from msgspec import DecodeError, Struct

from acquit.blocks import Blocks
from acquit.capped import Capped
from acquit.effects import COUNTED, HELD, Alert, Example, Tally, read_counted, read_tally
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
from acquit.rules.prices import NO_PRICES, Prices

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
    counts: bytes | None = (
        b""  # what the judge's days hold of it; None: in journals from before closed hours were added up
    )


class RoutesHead(Struct):
    """How far the tallies are read."""

    to: int = -1
    timestamp_ms: int = 0
    checksum: int = 0
    newest_hour: int = 0
    carriers: list[str] = []  # those that have names of their own as labels
    judged_day: int = -1  # the last day of which the routes were judged
    newest: dict[int, int] = {}  # hour, by source partition
    counted: dict[int, int] = {}  # by source partition, the offset up to which all totals are here


class Sums:
    """The state of the routes agent."""

    def __init__(
        self, carriers: Capped, *, zone: str, floors: Mapping[Channel, float] = rates.FLOORS, window_hours: float = 72,
        prices: Prices = NO_PRICES, is_fresh: Callable[[Mapping[int, int]], bool] = lambda _: True,
    ) -> None:  # fmt: skip
        """`is_fresh` is asked before a drop is raised, with what is counted: whether hardly anything waits to be read."""
        self._former: Blocks[Any] = Blocks(Any)  # of journals from before drops were judged by cohorts
        self.drops = Drops(lambda: is_fresh(self.head.counted))
        self.rates = Rates(floors)
        self._known: dict[int, dict[str, list[int]]] = {}  # hour, route: submitted, known by receipts alone
        self._carriers = carriers
        self.head = RoutesHead()
        self._held: Blocks[Held] = Blocks(Held)
        self.holdings = Holdings()
        self.days = Days()
        self.docket = Docket(self.days, prices)
        # A partition may be behind by a day.
        self._open_seconds = max(round(window_hours * 3_600) + DAY_SECONDS, rates.DAYS_HOURS * 3_600)
        self._closed: Blocks[dict[Status, int]] = Blocks(dict[Status, int])  # by hour, channel and carrier
        self.tables: dict[str, Blocks[Any]] = {
            "cells": self._held,
            "closed": self._closed,
            "series": self._former,
            "holdings": self.holdings.table,
            "days": self.days.table,
            "verdicts": self.docket.table,
            "rates": self.rates.table,
            **self.drops.tables,
        }
        self._hours = Hours(zone)
        self._lean: set[int] = set()
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
        self._lean.clear()
        for hour in [hour for hour in self._held.rows if not self._is_judged(hour)]:
            self._make_lean(hour)
        for hour, name, status in self._closed:
            channel, carrier = msgspec.json.decode(name)
            self._count((channel, self._carriers.label(carrier), hour), status, 1)

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
        if hour < self._closes(tally.partition):
            return None  # it comes again: its ledger has closed it
        self._forget_old(hour, tally.partition)
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
            what = record.key.partition(b"/")[2]
            if what.startswith(HELD):
                self.holdings.take(record.value)
                return None
            if what == COUNTED:
                counted = read_counted(record.value)
                self.head.counted[counted.partition] = counted.upto
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
        alerts = [*self.holdings.judge(now_ms), *self.drops.judge(now_ms)]
        if (
            not self.drops.is_catching_up
        ):  # receipts of a backlog stand under a carrier that is a guess until their submit is read
            alerts += self.rates.judge(now_ms)
        return alerts

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
        self._count(place, held.status, sign)
        self._judge_by(place, held, sign)
        return place

    def _count(self, place: Place, status: Mapping[Status, int], sign: int) -> None:
        sums = self._sums.setdefault(place, {})
        for one, number in status.items():
            sums[one] = sums.get(one, 0) + sign * number
        label = (place[0], place[1], self._hours.label(place[2]))
        self._latest[label] = max(self._latest.get(label, place[2]), place[2])

    def _closes(self, partition: int) -> int:
        """Earlier hours this partition's ledger has closed: its totals of them change no more."""
        return self.head.newest.get(partition, 0) - self._open_seconds

    def _close(self, partition: int) -> None:
        """What is closed need not be known cell by cell, of which there are thousands an hour: carriers are enough."""
        before, prefix = self._closes(partition), f"{partition}/"
        for hour in [hour for hour in self._held.rows if hour < before]:
            for name in [name for name in self._held.rows[hour] if name.startswith(prefix)]:
                held = self._held.rows[hour][name]
                self._held.remove(hour, name)
                place = msgspec.json.encode((held.channel, held.carrier)).decode()
                status = self._closed.get(hour, place) or {}
                for one, number in held.status.items():
                    status[one] = status.get(one, 0) + number
                self._closed.put(hour, place, status)

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

    def _make_lean(self, hour: int) -> None:
        """Without what is asked of young hours alone, and names but once: of many routes all hours would take gigabytes."""
        self._lean.add(hour)
        for held in self._held.rows[hour].values():
            held.slots, held.failed = _NO_SLOTS, _NO_FAILURES
            _intern(held)

    def _is_judged(self, hour: int) -> bool:
        return hour > self.head.newest_hour - JUDGED_HOURS * 3_600

    def _forget_old(self, hour: int, partition: int) -> None:
        if hour > self.head.newest.get(partition, 0):
            self.head.newest[partition] = hour
            self._close(partition)
        if hour <= self.head.newest_hour:
            return
        self.head.newest_hour = hour
        for old in [start for start in self._held.rows if start not in self._lean and not self._is_judged(start)]:
            self._make_lean(old)
        oldest = hour - KEPT_DAYS * DAY_SECONDS
        for old in [start for start in self._known if start < oldest]:
            del self._known[old]
        for old in [start for start in self._held.rows if start < oldest]:
            self._held.drop(old)
            self._lean.discard(old)
        for old in [start for start in self._closed.rows if start < oldest]:
            self._closed.drop(old)
        for place in [place for place in self._sums if place[2] < oldest]:
            del self._sums[place]


_NO_SLOTS: list[int] = []
_NO_FAILURES: dict[str, int] = {}


def _intern(held: Held) -> Held:
    """Its names are those of thousands of others."""
    held.channel, held.carrier = intern(held.channel), held.carrier and intern(held.carrier)
    held.route, held.supplier = held.route and intern(held.route), held.supplier and intern(held.supplier)
    held.stream = held.stream and intern(held.stream)
    return held


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
    return _intern(Held(
        tally.upto, cell.channel, cell.carrier, dict(status), cell.route, tally.submitted, cell.supplier, cell.stream,
        slots_of(tally) if is_judged else [], failed, told,
        {kind: list(tally.examples[kind]) for kind in rates.SHOWN if kind in tally.examples},
    ))  # fmt: skip
