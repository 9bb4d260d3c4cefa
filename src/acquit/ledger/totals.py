"""Running totals: how many messages of each cell are in which status now. A number may fall when a message moves on."""

import msgspec
from msgspec import Struct

from acquit.blocks import Blocks
from acquit.effects import Cell, Tally
from acquit.events import CATEGORIES, PERMANENCES, STATUSES
from acquit.ledger.merge import NOTHING

FAILURES = [[f"{category}/{permanence}" for permanence in PERMANENCES] for category in CATEGORIES]


class Running(Struct, array_like=True):
    """The totals of one cell: messages submitted, messages by status (in the order of STATUSES), failures by kind."""

    cell: Cell
    submitted: int
    status: list[int]
    failures: dict[str, int]


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
        status, category, permanence, is_submitted = standing
        running.status[status] += sign
        running.submitted += sign * is_submitted
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


Standing = tuple[int, int, int, bool]
"""Of a message: status, category, permanence (both of its failure, if that is its status), and whether it was submitted."""


def _tally(running: Running, *, partition: int, upto: int) -> Tally:
    status = {STATUSES[number]: count for number, count in enumerate(running.status) if count}
    failures = {failure: count for failure, count in running.failures.items() if count}
    return Tally(partition, upto, running.cell, running.submitted, status, failures)
