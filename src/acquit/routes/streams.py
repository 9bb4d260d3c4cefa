"""What the judge of routes reads: tallies as vectors of `acquit.columns`, by stream, over windows of days.

A row is one stream of messages: a channel, route, supplier, carrier, country and class. A place is a route on a carrier: its
streams are judged together. All vectors add.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from acquit import columns
from acquit.columns import CONTRADICTIONS, EARLY_LIMIT, PLACE, PROBED, STRATA
from acquit.effects import Tally
from acquit.events import DELIVERED, FAILED

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
WINDOWS = (1, 3, 7, 28)
"""Days that are judged together. Small routes need the long ones."""
_STRATUM = {name: place for place, name in enumerate(STRATA)}


class Key(NamedTuple):
    """What a row is of."""

    channel: str
    route: str
    supplier: str
    carrier: str
    country: str
    stream: str


class Place(NamedTuple):
    """What a verdict is of."""

    channel: str
    route: str
    supplier: str
    carrier: str


@dataclass(frozen=True)
class Evidence:
    """Sums over windows that end with the same day. `windows`: by days, an array of rows by columns.

    `days`: by row, so many from its first one in the longest window to the last; None: as many as the windows have.
    """

    keys: Sequence[Key]
    windows: Mapping[int, Ints]
    days: Ints | None = None

    def known_days(self, rows: NDArray[np.bool_]) -> int:
        """How many days of the longest window these rows have, from the first one that has any messages."""
        return max(self.windows) if self.days is None else int(self.days[rows].max())


@dataclass(frozen=True)
class Grouping:
    """Which rows belong together, as numbers. `places` are in the order of their numbers."""

    places: Sequence[Place]
    place: Ints  # of each row
    stream: Ints  # of each row: channel and class
    market: Ints  # of each row: channel, carrier and class
    supplier: Ints  # of each row
    place_carrier: Ints  # of each place: channel and carrier
    place_supplier: Ints  # of each place


def key_of(tally: Tally) -> Key:
    cell = tally.cell
    return Key(
        cell.channel, cell.route or "", cell.supplier or cell.route or "", cell.carrier or "", cell.country or "",
        cell.stream or "",
    )  # fmt: skip


def vector(tally: Tally) -> Ints:
    """A running total as a vector. A later total of the same cell and partition replaces it."""
    made = np.zeros(columns.WIDTH, np.int64)
    made[PLACE["submitted"]] = tally.submitted
    for status, number in tally.status.items():
        column = "failed" if status in FAILED else "waiting"
        if status in DELIVERED:
            column = "network" if status == "delivered_network" else "handset"
        made[PLACE[column]] += number
    made[PLACE["unknown_recipient"]] = tally.failures.get("recipient_unknown/permanent", 0)
    made[PLACE["not_received"]] = tally.engaged.get("not_received", 0)
    _put(made, "delivered_in", tally.delivered_in)
    _put(made, "converted_in", tally.converted_in)
    _put(made, "delivered_at", tally.delivered_at)
    _put(made, "early", {min(place, EARLY_LIMIT): number for place, number in tally.early.items()})
    _put(made, "delivered_by", {_STRATUM[name]: n for name, n in tally.delivered_by.items() if name in _STRATUM})
    _put(made, "converted_by", {_STRATUM[name]: n for name, n in tally.converted_by.items() if name in _STRATUM})
    _put(made, "contradicted", {CONTRADICTIONS.index(name): n for name, n in tally.contradicted.items()})
    _put(made, "probed", {PROBED.index(name): n for name, n in tally.probed.items()})
    hour = tally.cell.hour // 3_600 % 24
    for name, number in (
        ("delivered_hour", _slots(tally.delivered_by)),
        ("converted_hour", _slots(tally.converted_by)),
        ("dead_hour", tally.probed.get("known_dead", 0)),
        ("dead_delivered_hour", tally.contradicted.get("known_dead_delivered", 0)),
    ):
        made[PLACE[name].start + hour] = number
    return made


def windows_of(days: Mapping[int, Mapping[Key, Ints]], last: int, lengths: Sequence[int] = WINDOWS) -> Evidence:
    """Add up days, which are numbered, until the last one. What names neither a route nor a supplier is nobody's."""
    recent = [rows for day, rows in days.items() if last - max(lengths) < day <= last]
    keys = sorted({key for rows in recent for key in rows if key.route or key.supplier})
    number = {key: row for row, key in enumerate(keys)}
    known = np.ones(len(keys), np.int64)
    windows = {}
    for length in lengths:
        total = np.zeros((len(keys), columns.WIDTH), np.int64)
        for day in range(last - length + 1, last + 1):
            for key, counts in days.get(day, {}).items():
                if (row := number.get(key)) is not None:
                    total[row] += counts
                    known[row] = max(known[row], last - day + 1)
        windows[length] = total
    return Evidence(keys, windows, known)


def grouped(keys: Sequence[Key]) -> Grouping:
    places = list(dict.fromkeys(Place(key.channel, key.route, key.supplier, key.carrier) for key in keys))
    number = {place: row for row, place in enumerate(places)}
    return Grouping(
        places=places,
        place=np.array([number[key.channel, key.route, key.supplier, key.carrier] for key in keys], np.int64),  # type: ignore[index]
        stream=_numbers([(key.channel, key.stream) for key in keys]),
        market=_numbers([(key.channel, key.carrier, key.stream) for key in keys]),
        supplier=_numbers([(key.channel, key.supplier) for key in keys]),
        place_carrier=_numbers([(place.channel, place.carrier) for place in places]),
        place_supplier=_numbers([(place.channel, place.supplier) for place in places]),
    )


def summed(values: Floats | Ints, group: Ints, size: int) -> Floats:
    """Rows added up by group."""
    out = np.zeros((size, *values.shape[1:]))
    if len(group):
        order = np.argsort(group, kind="stable")
        first = np.flatnonzero(np.diff(group[order], prepend=-1))
        out[group[order[first]]] = np.add.reduceat(values[order], first, axis=0)
    return out


def _numbers(names: Sequence[tuple[str, ...]]) -> Ints:
    number = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return np.array([number[name] for name in names], np.int64)


def _put(made: Ints, field: str, counts: Mapping[int, int]) -> None:
    width = PLACE[field].stop - PLACE[field].start
    for place, number in counts.items():
        made[PLACE[field].start + min(place, width - 1)] += number


def _slots(counts: Mapping[str, int]) -> int:
    """Every delivery stands in one slot."""
    return sum(number for name, number in counts.items() if name.startswith("slot/"))
