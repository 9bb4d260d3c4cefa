"""Running totals: how many messages of each cell are in which status now. A number may fall when a message moves on."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from acquit.blocks import Blocks
from acquit.effects import Cell, Tally
from acquit.events import CATEGORIES, PERMANENCES, STATUSES
from acquit.ledger.merge import CONTRADICTIONS, CONVERTED, ENGAGED, IS_DELIVERED, NOTHING

Name = TypeVar("Name", int, str)

FAILURES = [[f"{category}/{permanence}" for permanence in PERMANENCES] for category in CATEGORIES]


class Running(Struct, array_like=True):
    """The totals of one cell: messages submitted, messages by status (in the order of STATUSES), failures by kind."""

    cell: Cell
    submitted: int
    status: list[int]
    failures: dict[str, int]
    delivered_in: dict[int, int] = {}  # by latency bin
    converted_in: dict[int, int] = {}
    engaged: dict[str, int] = {}
    contradicted: dict[str, int] = {}


class Totals:
    """All open cells of a partition, in blocks by hour, and those whose totals are still to leave."""

    def __init__(self) -> None:
        self.table: Blocks[Running] = Blocks(Running)
        self._pending: dict[tuple[int, str], None] = {}

    def open(self, cell: Cell) -> tuple[str, Running]:
        """The running totals of a cell under their key; made if they are not there."""
        key = msgspec.json.encode(cell).decode()
        running = self.table.get(cell.hour, key)
        if running is None:
            running = Running(cell, 0, [0] * len(STATUSES), {})
            self.table.put(cell.hour, key, running)
        return key, running

    def add(self, key: str, running: Running, standing: "Standing", sign: int) -> None:
        """A message joins (+1) or leaves (-1) this cell."""
        status, category, permanence, is_submitted, bin_, engaged, contradicted = standing
        running.status[status] += sign
        running.submitted += sign * is_submitted
        if bin_ != NOTHING and IS_DELIVERED[status]:
            running.delivered_in[bin_] = running.delivered_in.get(bin_, 0) + sign
            if engaged & CONVERTED:
                running.converted_in[bin_] = running.converted_in.get(bin_, 0) + sign
        if engaged:
            _add_bits(running.engaged, ENGAGED, engaged, sign)
        if contradicted:
            _add_bits(running.contradicted, CONTRADICTIONS, contradicted, sign)
        if category != NOTHING:
            failure = FAILURES[category][permanence]
            running.failures[failure] = running.failures.get(failure, 0) + sign
        self.table.touch(running.cell.hour, key)
        self._pending[running.cell.hour, key] = None

    def take_pending(self, *, partition: int, upto: int) -> list[Tally]:
        """The totals changed since the last call, as tally records."""
        runnings = [self.table.get(hour, key) for hour, key in self._pending]
        self._pending.clear()
        return [_tally(running, partition=partition, upto=upto) for running in runnings if running is not None]

    def pending(self) -> list[tuple[int, str]]:
        return list(self._pending)

    def loaded(self, changed: list[tuple[int, str]]) -> None:
        """These cells changed after the last checkpoint: whether their totals left is not known, so they leave again."""
        self._pending = dict.fromkeys(changed)


Standing = tuple[int, int, int, bool, int, int, int]
"""Of a message: status; category and permanence of its failure, if that is its status; whether it was submitted; the bin
of its latency; bit sets of what the recipient did and of what contradicts."""


def _add_bits(counts: dict[str, int], names: Sequence[str], bits: int, sign: int) -> None:
    for place, name in enumerate(names):
        if bits >> place & 1:
            counts[name] = counts.get(name, 0) + sign


def _tally(running: Running, *, partition: int, upto: int) -> Tally:
    status = {STATUSES[number]: count for number, count in enumerate(running.status) if count}
    failures = {failure: count for failure, count in running.failures.items() if count}
    return Tally(
        partition, upto, running.cell, running.submitted, status, failures,
        delivered_in=_without_zeros(running.delivered_in), converted_in=_without_zeros(running.converted_in),
        engaged=_without_zeros(running.engaged), contradicted=_without_zeros(running.contradicted),
    )  # fmt: skip


def _without_zeros(counts: dict[Name, int]) -> dict[Name, int]:
    return {name: count for name, count in counts.items() if count}
