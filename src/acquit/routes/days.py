"""The judge's evidence as it grows: counters of each stream by day of submission, kept for as long as the judge looks back.

A row is the vector of `acquit.columns` without its zeros. Tallies are running totals, so what is added is how a total differs
from the one before it of the same cell and partition.
"""

from collections.abc import Iterator, Mapping
from itertools import accumulate

import msgspec
import numpy as np
from msgspec import Struct

from acquit import columns
from acquit.blocks import Blocks
from acquit.effects import Tally
from acquit.routes.streams import WINDOWS, Evidence, Ints, Key, key_of, vector, windows_of

DAY_SECONDS = 86_400
KEPT_DAYS = max(WINDOWS) + 1
"""And the day that is not over."""


class DayRow(Struct, array_like=True):
    """The counters of a stream and day, packed."""

    packed: bytes


class Days:
    """`table` holds the rows by day (since 1970, UTC) and stream."""

    def __init__(self) -> None:
        self.table: Blocks[DayRow] = Blocks(DayRow)
        self._newest = 0

    def move(self, before: bytes, tally: Tally) -> bytes:
        """A total takes the place of `before`: what an earlier call returned for the total before it, b"" if there was none."""
        now = vector(tally)
        change = {int(place): int(now[place]) for place in np.flatnonzero(now)}
        packed = _packed(change)
        for place, number in _unpacked(before).items():
            change[place] = change.get(place, 0) - number
        day, name = tally.cell.hour // DAY_SECONDS, msgspec.json.encode(key_of(tally)).decode()
        row = self.table.get(day, name)
        counts = _unpacked(row.packed) if row is not None else {}
        for place, number in change.items():
            counts[place] = counts.get(place, 0) + number
        self.table.put(day, name, DayRow(_packed({place: number for place, number in counts.items() if number})))
        self._forget(day)
        return packed

    def evidence(self, last: int) -> Evidence:
        """Over the windows that end with this day."""
        return windows_of(self.vectors(), last)

    def vectors(self) -> dict[int, Mapping[Key, Ints]]:
        """Every day by stream, each vector made when it is asked for."""
        return {day: _Day(rows) for day, rows in self.table.rows.items()}

    def _forget(self, day: int) -> None:
        if day > self._newest:
            self._newest = day
            for old in [each for each in self.table.rows if each <= day - KEPT_DAYS]:
                self.table.drop(old)


class _Day(Mapping[Key, Ints]):
    """Rows as vectors: of all days at once they would take gigabytes."""

    def __init__(self, rows: Mapping[str, DayRow]) -> None:
        self._rows = {Key(*msgspec.json.decode(name)): row for name, row in rows.items()}

    def __getitem__(self, key: Key) -> Ints:
        counts = _unpacked(self._rows[key].packed)
        made = np.zeros(columns.WIDTH, np.int64)
        made[list(counts)] = list(counts.values())
        return made

    def __iter__(self) -> Iterator[Key]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


_COUNTS = msgspec.msgpack.Decoder(dict[int, int] | list[int])


def _packed(counts: Mapping[int, int]) -> bytes:
    """Each place as its distance from the one before it, and its number: both are small, and take a byte."""
    flat, last = list[int](), 0
    for place in sorted(counts):
        flat += (place - last, counts[place])
        last = place
    return msgspec.msgpack.encode(flat)


def _unpacked(packed: bytes) -> dict[int, int]:
    """Journals from before this hold {place: number}."""
    found = _COUNTS.decode(packed) if packed else {}
    if isinstance(found, dict):
        return found
    return dict(zip(accumulate(found[::2]), found[1::2], strict=True))
