"""Rows of bytes by key in tables of some hours, which are dropped whole; a table of borghash holds no Python object a row.

The journal is told which rows changed: keys and rows one after the other, for millions of them are to be read in a second.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, islice, repeat
from struct import Struct

import msgspec
from borghash import HashTable

PACKED_ROWS = 2_000
Change = tuple[int, bytes, bytes | None]
"""Block, keys and rows, one after the other. Without rows they were removed, and without keys the whole block was."""
_DENSE = {"max_load_factor": 0.8, "grow_factor": 1.3, "kv_grow_factor": 1.08}
"""A row of 37 bytes takes 42 to 43 so, 49 with borghash's own values, which write a seventh faster and find no faster."""
_WHOLE = b""
_DELTA = msgspec.msgpack.Decoder(list[Change])
_BLOCK = msgspec.msgpack.Decoder(dict[bytes, bytes])


class _Table(HashTable):  # type: ignore[misc]  # borghash has no types
    """The rows of one block."""

    block: int


class PackedBlocks:
    """Rows of one size under keys of one size. `take_delta` tells the journal what changed since it was asked last."""

    def __init__(self, span: int, *, key_bytes: int, row_bytes: int, is_journaled: bool = True) -> None:
        self.span = span  # seconds
        self._key_bytes, self._row_bytes = key_bytes, row_bytes
        self._keys, self._rows = Struct(f"{key_bytes}s"), Struct(f"{row_bytes}s")
        self._is_journaled = is_journaled
        self.tables: dict[int, _Table] = {}
        self.newest_first: list[_Table] = []  # most of what is asked for is in the newest
        self._changes: dict[int, dict[bytes, bytes | None]] = {}
        self._dropped: list[int] = []
        self._stale: set[int] = set()
        self.has_erased = False

    def block_of(self, epoch_ms: int) -> int:
        return epoch_ms // 1000 // self.span * self.span

    def put(self, block: int, key: bytes, row: bytes) -> None:
        table = self.tables.get(block)
        if table is None:
            table = self._new_table(block)
        table[key] = row
        if self._is_journaled:
            changes = self._changes.get(block)
            if changes is None:
                changes = self._changes[block] = {}
            changes[key] = row

    def remove(self, block: int, key: bytes) -> None:
        if block in self.tables:
            self.tables[block].pop(key, None)
            if self._is_journaled:
                self._changes.setdefault(block, {})[key] = None

    def erase(self, key: bytes) -> None:
        """Remove a row, wherever it is, of which no journal may go on telling: not even a delta may name its key."""
        for block in [table.block for table in self.newest_first if key in table]:
            self.remove(block, key)
        self.has_erased = True

    def drop(self, block: int) -> None:
        if self._is_journaled:
            self._dropped.append(block)
            self._changes.pop(block, None)
        self._forget(block)

    def drop_before(self, seconds: int) -> None:
        """Forget the blocks that end by this time."""
        for block in [block for block in self.tables if block + self.span <= seconds]:
            self.drop(block)

    def __len__(self) -> int:
        return sum(map(len, self.newest_first))

    @property
    def is_changed(self) -> bool:
        """Whether the next delta holds anything."""
        return bool(self._changes or self._dropped)

    def take_delta(self) -> list[Change]:
        """Dropped blocks, then the rows changed since the last call."""
        delta: list[Change] = [(block, _WHOLE, None) for block in self._dropped]
        for block, changed in self._changes.items():
            removed = [key for key, row in changed.items() if row is None]
            delta += [(block, part, None) for part in _parts(b"".join(removed), self._key_bytes)]
            for key in removed:
                del changed[key]
            keys, rows = b"".join(changed), b"".join(changed.values())  # type: ignore[arg-type]
            delta += zip(repeat(block), _parts(keys, self._key_bytes), _parts(rows, self._row_bytes), strict=False)
        self._stale.update(block for block, _, _ in delta)
        self._dropped, self._changes, self.has_erased = [], {}, False
        return delta

    def load_delta(self, packed: bytes) -> list[tuple[int, bytes]]:
        """Apply a delta read back. What it changed is asked of other tables only."""
        for block, keys, rows in _DELTA.decode(packed):
            self._stale.add(block)
            if rows is not None:
                self._fill(block, keys, rows)
            elif keys == _WHOLE:
                self._forget(block)
            elif block in self.tables:
                for (key,) in self._keys.iter_unpack(keys):
                    self.tables[block].pop(key, None)
        return []

    def take_stale(self) -> list[int]:
        """The blocks changed since the last call, those that are gone too."""
        stale = sorted(self._stale)
        self._stale.clear()
        return stale

    def block_rows(self, block: int) -> Sequence[tuple[bytes, bytes]]:
        """The keys and rows of a block, one after the other in parts."""
        items = self.tables[block].items() if block in self.tables else iter(())
        parts = iter(lambda: list(islice(items, PACKED_ROWS)), [])
        return [(b"".join([key for key, _ in part]), b"".join([row for _, row in part])) for part in parts]

    def load_block(self, block: int, packed: bytes) -> None:
        for keys, rows in _BLOCK.decode(packed).items():
            self._fill(block, keys, rows)

    def __iter__(self) -> Iterator[tuple[int, bytes, bytes]]:
        for block, table in sorted(self.tables.items()):
            for key, row in table.items():
                yield block, key, row

    def _fill(self, block: int, keys: bytes, rows: bytes) -> None:
        """Without a line of Python for each row."""
        table = self.tables[block] if block in self.tables else self._new_table(block)
        each_key = chain.from_iterable(self._keys.iter_unpack(keys))
        deque(map(table.__setitem__, each_key, chain.from_iterable(self._rows.iter_unpack(rows))), maxlen=0)

    def _new_table(self, block: int) -> _Table:
        table = self.tables[block] = _Table(key_size=self._key_bytes, value_size=self._row_bytes, **_DENSE)
        table.block = block
        self.newest_first = [self.tables[start] for start in sorted(self.tables, reverse=True)]
        return table

    def _forget(self, block: int) -> None:
        table = self.tables.pop(block, None)
        if table is not None:
            self.newest_first.remove(table)


def _parts(packed: bytes, size: int) -> list[bytes]:
    """Keys or rows of this size in parts that a record can take several of."""
    step = PACKED_ROWS * size
    return [packed[start : start + step] for start in range(0, len(packed), step)]
