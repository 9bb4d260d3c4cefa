"""Running totals: how many messages of each cell stand in which counters now. A number may fall when a message moves on."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import msgspec
from msgspec import Struct

from acquit.blocks import Blocks
from acquit.columns import CONTRADICTIONS
from acquit.effects import Cell, Example, Tally
from acquit.events import CATEGORIES, PERMANENCES
from acquit.ledger import counters
from acquit.ledger.merge import ENGAGED

EXAMPLES = 5
"""Messages shown for each contradiction of a cell: a supplier asks for three."""


class Running(Struct):
    """The totals of one cell: in `counts`, or packed where nothing is expected any more."""

    cell: Cell
    counts: dict[int, int] | None
    packed: bytes = b""
    contents: tuple[str, ...] = ()
    examples: dict[str, list[Example]] | None = None
    changed: set[int] | None = None  # counters that the journal does not have yet
    is_told: bool = False  # to the journal: what follows are changes
    has_names: bool = False  # contents or examples that the journal does not have yet
    is_pending: bool = False  # a change of it has not left yet

    def unpacked(self) -> dict[int, int]:
        if self.counts is None:
            self.counts, self.packed = _COUNTS.decode(self.packed), b""
        return self.counts

    def pack(self) -> None:
        if self.counts is not None:
            self.counts, self.packed = None, msgspec.msgpack.encode(self.counts)


_NAMES = {"cell": "c", "counts": "m", "counts_of_3": "n", "contents": "k", "examples": "e"}


class _Row(Struct, omit_defaults=True, rename=_NAMES):
    """A row of the journal: a whole cell, or without `cell` its changed counters as they are now. Of messages as they are
    now, too: `contents` and `examples` are whole where they are given.
    """

    counts: dict[int, int] = {}
    cell: Cell | None = None
    contents: tuple[str, ...] | None = None
    examples: dict[str, list[Example]] | None = None
    counts_of_3: dict[int, int] = {}  # as journals of format 3 number them; never written

    def taken(self) -> dict[int, int]:
        return self.counts | counters.of_format_3(self.counts_of_3) if self.counts_of_3 else self.counts


class _Former(NamedTuple):
    """A row of journals up to format 2."""

    cell: Cell
    submitted: int
    status: list[int]
    failures: dict[str, int]
    delivered_in: Mapping[int, int] = MappingProxyType({})
    converted_in: Mapping[int, int] = MappingProxyType({})
    engaged: Mapping[str, int] = MappingProxyType({})
    contradicted: Mapping[str, int] = MappingProxyType({})


_AnyRow: TypeAlias = _Row | _Former
_COUNTS = msgspec.msgpack.Decoder(dict[int, int])
_DELTA = msgspec.msgpack.Decoder(list[tuple[int, str, _AnyRow | None]])
_BLOCK = msgspec.msgpack.Decoder(dict[str, _AnyRow])


class Cells(Blocks[Running]):
    """Cells in blocks by hour. Their journal holds the counters that changed: a cell has hundreds, an event moves ten."""

    def __init__(self) -> None:
        super().__init__(Running)

    def whole(self, hour: int, key: str) -> tuple[int, str, _Row | None]:
        running = self.get(hour, key)
        return hour, key, None if running is None else _whole(running)

    def take_delta(self) -> list[tuple[int, str, _Row | None]]:  # type: ignore[override]
        return [
            (hour, key, None if running is None else _changes(running)) for hour, key, running in super().take_delta()
        ]

    def load_delta(self, packed: bytes) -> list[tuple[int, str]]:
        delta = [(hour, _key(key, row), row) for hour, key, row in _DELTA.decode(packed)]
        self.apply([(hour, key, None if row is None else self._taken(hour, key, row)) for hour, key, row in delta])
        return [(hour, key) for hour, key, _ in delta]

    def block_rows(self, block: int) -> Sequence[tuple[str, _Row]]:  # type: ignore[override]
        return [(key, _whole(running)) for key, running in self.rows.get(block, {}).items()]

    def load_block(self, block: int, packed: bytes) -> None:
        rows = {_key(key, row): self._taken(block, key, row) for key, row in _BLOCK.decode(packed).items()}
        self.rows.setdefault(block, {}).update(rows)

    def _taken(self, hour: int, key: str, row: _AnyRow) -> Running:
        if isinstance(row, _Former):
            row = _of_former(row)
        if row.cell is not None:
            return Running(row.cell, row.taken(), b"", row.contents or (), row.examples, is_told=True)
        running = self.rows[hour][key]
        running.unpacked().update(row.taken())
        running.contents = running.contents if row.contents is None else row.contents
        running.examples = running.examples if row.examples is None else row.examples
        return running


class Totals:
    """All open cells of a partition, and those whose totals are still to leave."""

    def __init__(self) -> None:
        self.table = Cells()
        self._pending: dict[tuple[int, str], None] = {}

    def open(self, cell: Cell) -> tuple[str, Running]:
        """The running totals of a cell under their key; made if they are not there."""
        key = key_of(cell)
        running = self.table.get(cell.hour, key)
        if running is None:
            running = Running(cell, {})
            self.table.put(cell.hour, key, running)
        return key, running

    def add(self, key: str, running: Running, standing: "Standing", sign: int) -> None:
        """A message joins (+1) or leaves (-1) this cell."""
        self.move(key, running, *((), standing) if sign > 0 else (standing, ()))

    def move(self, key: str, running: Running, leaves: "Standing", joins: "Standing") -> None:
        """A message stands in other counters of its cell than before."""
        counts = running.unpacked() if running.counts is None else running.counts
        for number in leaves:
            if counts.get(number):  # journals of formats 2 and 3 do not have all of what their messages stand in
                counts[number] -= 1
        for number in joins:
            if number in counts:
                counts[number] += 1
            else:
                counts[number] = 1
        if running.changed is None:
            running.changed = {*leaves, *joins}
            self.table.touch(running.cell.hour, key)
        else:
            running.changed.update(leaves, joins)
        if not running.is_pending:
            running.is_pending = True
            self._pending[running.cell.hour, key] = None

    def renamed(self, key: str, running: Running) -> None:
        """The examples of this cell changed, though perhaps none of its counters."""
        running.has_names = True
        self.move(key, running, (), ())

    def take_pending(self, *, partition: int, upto: int) -> list[Tally]:
        """The totals changed since the last call, as tally records."""
        runnings = [running for hour, key in self._pending if (running := self.table.get(hour, key)) is not None]
        self._pending.clear()
        for running in runnings:
            running.is_pending = False
        return [tally_of(running, partition=partition, upto=upto) for running in runnings]

    def pack_before(self, hour: int) -> None:
        """Of these hours most is told: who wants more of a cell than this takes the time to unpack it."""
        for start in [start for start in self.table.rows if start < hour]:
            for running in self.table.rows[start].values():
                running.pack()

    @property
    def has_pending(self) -> bool:
        return bool(self._pending)

    def pending(self) -> list[tuple[int, str]]:
        return list(self._pending)

    def loaded(self, changed: list[tuple[int, str]]) -> None:
        """These cells changed after the last checkpoint: whether their totals left is not known, so they leave again."""
        self._pending = dict.fromkeys(changed)


Standing: TypeAlias = tuple[int, ...]
"""The counters of its cell that a message stands in."""


def key_of(cell: Cell) -> str:
    """Short, for there are many: 96 bits."""
    return b64encode(blake2b(msgspec.json.encode(cell), digest_size=12).digest()).decode()


def show(running: Running, kinds: Iterable[str], example: Example) -> None:
    """The earliest messages of each contradiction are shown, whatever order they come in."""
    examples = dict(running.examples or {})
    for kind in kinds:
        examples[kind] = sorted([*examples.get(kind, ()), example], key=_when)[:EXAMPLES]
    running.examples = examples


def hide(running: Running, kinds: Iterable[str], provider: str, message_id: str, to: str) -> None:
    """A message contradicts nothing any more, or counts elsewhere."""
    examples = dict(running.examples or {})
    for kind in kinds:
        shown = examples.get(kind, [])
        examples[kind] = [e for e in shown if (e.provider, e.message_id, e.to) != (provider, message_id, to)]
    running.examples = examples


def _when(example: Example) -> tuple[datetime, str, str, str]:
    return example.at, example.provider, example.message_id, example.to


def _whole(running: Running) -> _Row:
    counts = _COUNTS.decode(running.packed) if running.counts is None else running.counts
    return _Row(counts, running.cell, running.contents or None, running.examples or None)


def _changes(running: Running) -> _Row:
    """What the journal is told; it knows it from then on."""
    changed, running.changed = running.changed or (), None
    if not running.is_told:
        running.is_told, running.has_names = True, False
        return _whole(running)
    now = running.unpacked()
    counts = {number: now.get(number, 0) for number in changed}
    if not running.has_names:
        return _Row(counts)
    running.has_names = False
    return _Row(counts, None, running.contents, running.examples)


def _key(key: str, row: _AnyRow | None) -> str:
    return key_of(row.cell) if isinstance(row, _Former) else key


def _of_former(row: _Former) -> _Row:
    counts = {counters.SUBMITTED: row.submitted}
    counts |= {counters.STATUS + number: count for number, count in enumerate(row.status)}
    failures = [f"{category}/{permanence}" for category in CATEGORIES for permanence in PERMANENCES]
    counts |= {counters.FAILURES + failures.index(name): count for name, count in row.failures.items()}
    counts |= {counters.DELIVERED_IN + place: count for place, count in row.delivered_in.items()}
    counts |= {counters.CONVERTED_IN + place: count for place, count in row.converted_in.items()}
    counts |= {counters.ENGAGED_AS + ENGAGED.index(name): count for name, count in row.engaged.items()}
    counts |= {counters.CONTRADICTED + CONTRADICTIONS.index(name): count for name, count in row.contradicted.items()}
    return _Row({number: count for number, count in counts.items() if count}, row.cell)


def tally_of(running: Running, *, partition: int, upto: int) -> Tally:
    fields = counters.by_field(running.unpacked(), running.contents)
    submitted = fields.pop("submitted", {}).get("", 0)
    examples = {kind: shown for kind, shown in (running.examples or {}).items() if shown}
    return Tally(partition, upto, running.cell, submitted, fields.pop("status", {}), examples=examples, **fields)
