"""State as rows in blocks: what changed is known row by row for the journal, and block by block for its checkpoints."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

import msgspec

Row = TypeVar("Row")
_WHOLE = ""
"""In a delta: the whole block is gone. No row has an empty key."""


class Blocks(Generic[Row]):
    """A table of rows by key, in numbered blocks. Rows may be changed in place if `touch` is called after it.

    A block is what is dropped at once when it is old, and what is written again as a whole at a checkpoint.
    """

    def __init__(self, row_type: type[Row]) -> None:
        self.rows: dict[int, dict[str, Row]] = {}
        self._changed: dict[int, dict[str, None]] = {}
        self._dropped: set[int] = set()
        self._stale: set[int] = set()  # blocks that differ from their last checkpoint
        self.has_erased = False
        self._delta_type = list[tuple[int, str, row_type | None]]  # type: ignore[valid-type]
        self._block_type = dict[str, row_type]  # type: ignore[valid-type]

    def get(self, block: int, key: str) -> Row | None:
        rows = self.rows.get(block)
        return rows.get(key) if rows is not None else None

    def put(self, block: int, key: str, row: Row) -> None:
        rows = self.rows.get(block)
        if rows is None:
            rows = self.rows[block] = {}
        rows[key] = row
        self.touch(block, key)

    def touch(self, block: int, key: str) -> None:
        """The row under this key was changed in place."""
        changed = self._changed.get(block)
        if changed is None:
            changed = self._changed[block] = {}
        changed[key] = None

    def remove(self, block: int, key: str) -> None:
        self.rows[block].pop(key)
        self.touch(block, key)

    def erase(self, block: int, key: str) -> None:
        """Remove a row of which no journal may go on telling: not even a delta may name its key."""
        self.remove(block, key)
        self.has_erased = True

    def drop(self, block: int) -> dict[str, Row]:
        """Forget a whole block, and return what was in it."""
        self._dropped.add(block)
        self._changed.pop(block, None)
        return self.rows.pop(block, {})

    def __iter__(self) -> Iterator[tuple[int, str, Row]]:
        for block, rows in self.rows.items():
            for key, row in rows.items():
                yield block, key, row

    def __len__(self) -> int:
        return sum(len(rows) for rows in self.rows.values())

    @property
    def is_changed(self) -> bool:
        """Whether the next delta holds anything."""
        return bool(self._changed or self._dropped)

    def take_delta(self) -> list[tuple[int, str, Row | None]]:
        """Dropped blocks, then the rows changed since the last call, as they are now; None was removed."""
        delta: list[tuple[int, str, Row | None]] = [(block, _WHOLE, None) for block in self._dropped]
        delta += [(block, key, self.get(block, key)) for block, changed in self._changed.items() for key in changed]
        self._stale.update(block for block, _, _ in delta)
        self._dropped.clear()
        self._changed.clear()
        self.has_erased = False
        return delta

    def apply(self, delta: Iterable[tuple[int, str, Row | None]]) -> None:
        """A delta read back; the blocks it touches differ from their checkpoint from then on."""
        for block, key, row in delta:
            self._stale.add(block)
            if row is not None:
                self.rows.setdefault(block, {})[key] = row
            elif key == _WHOLE:
                self.rows.pop(block, None)
            else:
                self.rows.get(block, {}).pop(key, None)

    def take_stale(self) -> list[int]:
        """The blocks changed since the last call, empty ones too."""
        stale = sorted(self._stale)
        self._stale.clear()
        for block in stale:
            if not self.rows.get(block, True):
                del self.rows[block]
        return stale

    def load_delta(self, packed: bytes) -> list[tuple[int, str]]:
        """Apply a delta read back; returns what it changed."""
        delta: list[tuple[int, str, Row | None]] = msgspec.msgpack.decode(packed, type=self._delta_type)
        self.apply(delta)
        return [(block, key) for block, key, _ in delta]

    def block_rows(self, block: int) -> Sequence[tuple[str, Row]]:
        return list(self.rows.get(block, {}).items())

    def load_block(self, block: int, packed: bytes) -> None:
        rows: dict[str, Row] = msgspec.msgpack.decode(packed, type=self._block_type)
        self.rows.setdefault(block, {}).update(rows)
