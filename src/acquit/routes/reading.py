"""Tallies as the judge of routes reads them: by day and stream, with their examples; and judged day after day."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from acquit.columns import WIDTH
from acquit.effects import Cell, Example, Tally
from acquit.routes.days import DAY_SECONDS
from acquit.routes.judge import judge
from acquit.routes.streams import Ints, Key, Place, key_of, vector, windows_of
from acquit.routes.verdict import DEFAULT_THRESHOLDS, Judged, Standings, Thresholds
from acquit.rules.prices import NO_PRICES, Prices

_EPOCH = date(1970, 1, 1)

Days = Mapping[int, Mapping[Key, Ints]]
"""By day since 1970 in UTC: vectors of `acquit.columns` by stream."""


@dataclass(frozen=True)
class Named:
    """An example of a contradiction, and the day that it is of."""

    kind: str
    day: int
    example: Example


@dataclass(frozen=True)
class Tallied:
    days: Days
    examples: Mapping[Place, Sequence[Named]] = field(default_factory=dict)

    def until(self, day: int) -> "Tallied":
        """As if nothing later were known."""
        return Tallied({number: rows for number, rows in self.days.items() if number <= day}, self.examples)


def tallied(tallies: Iterable[Tally]) -> Tallied:
    """Running totals, in any order: of each partition and cell the last one counts."""
    last: dict[tuple[int, Cell], Tally] = {}
    for tally in tallies:
        known = last.get((tally.partition, tally.cell))
        if known is None or known.upto <= tally.upto:
            last[tally.partition, tally.cell] = tally
    days: dict[int, dict[Key, Ints]] = {}
    examples: dict[Place, list[Named]] = {}
    for tally in last.values():
        day, key = tally.cell.hour // DAY_SECONDS, key_of(tally)
        rows = days.setdefault(day, {})
        rows[key] = rows[key] + vector(tally) if key in rows else vector(tally)
        for kind, found in tally.examples.items():
            examples.setdefault(place_of(key), []).extend(Named(kind, day, one) for one in found)
    return Tallied(days, examples)


def judged_days(
    days: Days, thresholds: Thresholds = DEFAULT_THRESHOLDS, prices: Prices = NO_PRICES
) -> Iterator[tuple[int, Judged]]:
    """Every day from the first to the last, each with what was said the day before."""
    before: Standings = {}
    for day in range(min(days, default=0), max(days, default=-1) + 1):
        judged = judge(windows_of(days, day), day, before, thresholds, prices)
        before = {**before, **judged.standing}
        yield day, judged


def of_place(days: Days, place: Place, day: int) -> Ints:
    """All streams of a place on a day, added up."""
    total = np.zeros(WIDTH, np.int64)
    for key, counts in days.get(day, {}).items():
        if place_of(key) == place:
            total += counts
    return total


def place_of(key: Key) -> Place:
    return Place(key.channel, key.route, key.supplier, key.carrier)


def date_of(day: int) -> date:
    return _EPOCH + timedelta(days=day)


def day_of(on: date) -> int:
    return (on - _EPOCH).days
