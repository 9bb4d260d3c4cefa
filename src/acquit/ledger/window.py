"""The messages of the window, packed: a key of 12 bytes and a row of 25, in tables of some hours that are dropped whole.

What a batch touches is unpacked once and packed again at its end; a table of borghash holds keys and rows without a
Python object for each. A key is the first 96 bits of BLAKE2b: that two of 20 million messages have the same happens once
in 10^14 times, and nobody who chooses message ids can bring it about.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import chain, islice, repeat
from struct import Struct

import msgspec
from borghash import HashTable

from acquit.events import EARLIEST, epoch_ms
from acquit.ledger.merge import NOTHING, Message

KEY_BYTES = 12
BLOCKS = 12
"""Tables of a whole window. More cost each new message a look, fewer keep for longer what is too old."""
TOUCHED_LIMIT = 20_000
"""Messages held unpacked, where no journal asks for them before."""
LABELS_LIMIT = (1 << 22) - 1
"""Sets of labels that rows can name: 22 bits, of which 0 says that there are none."""
PACKED_ROWS = 2_000
Change = tuple[int, bytes, bytes | None]
"""Block, keys and rows of messages that changed, one after the other. Without rows they were removed, and without keys the
whole block was. Bytes and not lists, for a journal of millions of rows is to be read in a second.
"""
_WHOLE = b""
_ROW = Struct("<QQQB")
_KEYS, _ROWS = Struct(f"{KEY_BYTES}s"), Struct(f"{_ROW.size}s")
_BEFORE_MS = epoch_ms(EARLIEST) - 1  # so that 0 is no time
_TIME_BITS, _OFFSET_BITS = 42, 32  # 2^42 ms after 2000 is 2139; a block is shorter than 2^32 ms
_TIME, _OFFSET = (1 << _TIME_BITS) - 1, (1 << _OFFSET_BITS) - 1


class Window:
    """Messages by key. `put` after every change; `take_delta` tells the journal which rows changed."""

    def __init__(self, window_seconds: float, *, is_journaled: bool = True) -> None:
        self.span = max(3_600, round(-(-window_seconds // BLOCKS // 3_600) * 3_600))
        self._is_journaled = is_journaled
        self._tables: dict[int, _Table] = {}
        self._newest_first: list[_Table] = []  # most of what comes belongs to the newest
        self._touched: dict[bytes, Message | None] = {}
        self._was_in: dict[bytes, int] = {}  # the block that a removed message was in
        self._changes: dict[int, dict[bytes, bytes | None]] = {}
        self._dropped: list[int] = []
        self._stale: set[int] = set()

    def block_of(self, epoch_ms: int) -> int:
        return epoch_ms // 1000 // self.span * self.span

    @property
    def newest(self) -> int:
        """The newest block; NOTHING where there is none."""
        return max(self._tables, default=NOTHING)

    def find(self, key: bytes) -> Message | None:
        if key in self._touched:
            return self._touched[key]
        for table in self._newest_first:
            row = table.get(key)
            if row is not None:
                return _unpacked(row, table.block)
        return None

    def put(self, key: bytes, message: Message) -> None:
        self._touched[key] = message
        if len(self._touched) > TOUCHED_LIMIT:
            self._settle()

    def remove(self, key: bytes, message: Message) -> None:
        self._touched[key] = None
        if message.block != NOTHING:
            self._was_in[key] = message.block

    def drop_before(self, seconds: int) -> None:
        """Forget the blocks that end by this time."""
        self._settle()
        for block in [block for block in self._tables if block + self.span <= seconds]:
            self._drop(block)

    def shrink(self, messages: int) -> tuple[int, int]:
        """Forget the oldest blocks until no more than so many messages are left, or two blocks: what comes now needs those.

        Returns how many were forgotten, and the time before which nothing is remembered now; 0 if nothing was forgotten.
        """
        if sum(map(len, self._newest_first)) + len(self._touched) <= messages:
            return 0, 0  # without packing what was touched, once for every minute of the log
        before, until = len(self), 0
        while len(self) > messages and len(self._tables) > 2:
            oldest = min(self._tables)
            self._drop(oldest)
            until = oldest + self.span
        return before - len(self), until

    def __len__(self) -> int:
        self._settle()
        return sum(map(len, self._newest_first))

    def __iter__(self) -> Iterator[tuple[int, bytes, Message]]:
        self._settle()
        for block, table in sorted(self._tables.items()):
            for key, row in table.items():
                yield block, key, _unpacked(row, block)

    @property
    def is_changed(self) -> bool:
        """Whether the next delta holds anything."""
        return bool(self._touched or self._changes or self._dropped)

    def take_delta(self) -> list[Change]:
        """Dropped blocks, then the rows changed since the last call."""
        self._settle()
        delta: list[Change] = [(block, _WHOLE, None) for block in self._dropped]
        for block, changed in self._changes.items():
            removed = [key for key, row in changed.items() if row is None]
            delta += [(block, part, None) for part in _parts(b"".join(removed), KEY_BYTES)]
            for key in removed:
                del changed[key]
            keys, rows = b"".join(changed), b"".join(changed.values())  # type: ignore[arg-type]
            delta += zip(repeat(block), _parts(keys, KEY_BYTES), _parts(rows, _ROW.size), strict=False)
        self._stale.update(block for block, _, _ in delta)
        self._dropped, self._changes = [], {}
        return delta

    def load_delta(self, packed: bytes) -> list[tuple[int, bytes]]:
        """Apply a delta read back. What it changed is asked of other tables only."""
        for block, keys, rows in _DELTA.decode(packed):
            self._stale.add(block)
            if rows is not None:
                self._fill(block, keys, rows)
            elif keys == _WHOLE:
                self._forget(block)
            elif block in self._tables:
                for (key,) in _KEYS.iter_unpack(keys):
                    self._tables[block].pop(key, None)
        return []

    def take_stale(self) -> list[int]:
        """The blocks changed since the last call, those that are gone too."""
        stale = sorted(self._stale)
        self._stale.clear()
        return stale

    def block_rows(self, block: int) -> Sequence[tuple[bytes, bytes]]:
        """The keys and rows of a block, one after the other in parts."""
        items = self._tables[block].items() if block in self._tables else iter(())
        parts = iter(lambda: list(islice(items, PACKED_ROWS)), [])
        return [(b"".join([key for key, _ in part]), b"".join([row for _, row in part])) for part in parts]

    def load_block(self, block: int, packed: bytes) -> None:
        for keys, rows in _BLOCK.decode(packed).items():
            self._fill(block, keys, rows)

    def _fill(self, block: int, keys: bytes, rows: bytes) -> None:
        """Without a line of Python for each row."""
        each_key, each_row = (chain.from_iterable(s.iter_unpack(b)) for s, b in ((_KEYS, keys), (_ROWS, rows)))
        deque(map(self._table(block).__setitem__, each_key, each_row), maxlen=0)

    def _settle(self) -> None:
        """Pack what was touched."""
        for key, message in self._touched.items():
            block = NOTHING if message is None else self.block_of(message.basis_ms)
            before = self._was_in.get(key, NOTHING) if message is None or message.block == NOTHING else message.block
            if before not in {NOTHING, block} and before in self._tables:
                self._tables[before].pop(key, None)
                self._changed(before, key, None)
            if message is not None:
                row = _packed(message, block)
                self._table(block)[key] = row
                message.block = block
                self._changed(block, key, row)
        self._touched.clear()
        self._was_in.clear()

    def _changed(self, block: int, key: bytes, row: bytes | None) -> None:
        if self._is_journaled:
            self._changes.setdefault(block, {})[key] = row

    def _table(self, block: int) -> "_Table":
        table = self._tables.get(block)
        if table is None:
            table = self._tables[block] = _Table(key_size=KEY_BYTES, value_size=_ROW.size)
            table.block = block
            self._newest_first = [self._tables[start] for start in sorted(self._tables, reverse=True)]
        return table

    def _drop(self, block: int) -> None:
        if self._is_journaled:
            self._dropped.append(block)
            self._changes.pop(block, None)
        self._forget(block)

    def _forget(self, block: int) -> None:
        table = self._tables.pop(block, None)
        if table is not None:
            self._newest_first.remove(table)


class _Table(HashTable):  # type: ignore[misc]  # borghash has no types
    """The rows of one block."""

    block: int


_DELTA = msgspec.msgpack.Decoder(list[Change])
_BLOCK = msgspec.msgpack.Decoder(dict[bytes, bytes])


def _parts(packed: bytes, size: int) -> list[bytes]:
    """Keys or rows of this size in parts that a record can take several of."""
    step = PACKED_ROWS * size
    return [packed[start : start + step] for start in range(0, len(packed), step)]


def key_of(provider: str, message_id: str | None, to: str | None) -> bytes:
    """A message is provider, id and recipient: one mail, batch or group message to several people is as many messages."""
    return blake2b(f"{provider}/{message_id}/{to}".encode(), digest_size=KEY_BYTES).digest()


def _packed(message: Message, block: int) -> bytes:
    delivered_ms, bad_ms = message.delivered_ms, message.bad_ms
    return _ROW.pack(
        (delivered_ms - _BEFORE_MS if delivered_ms else 0) | (message.submit + 1) << _TIME_BITS,
        (bad_ms - _BEFORE_MS if bad_ms else 0) | (message.receipt + 1) << _TIME_BITS,
        (message.basis_ms - block * 1000)
        | message.reported << 32
        | (message.good + 1) << 44
        | (message.bad + 1) << 48
        | (message.category + 1) << 52
        | (message.permanence + 1) << 58
        | message.basis << 60,
        message.engaged,
    )


def _unpacked(row: bytes, block: int) -> Message:
    delivered, bad, rest, engaged = _ROW.unpack(row)
    delivered_ms, bad_ms = delivered & _TIME, bad & _TIME
    return Message(
        rest >> 60,
        (rest & _OFFSET) + block * 1000,
        (delivered >> _TIME_BITS) - 1,
        (bad >> _TIME_BITS) - 1,
        (rest >> 44 & 15) - 1,
        (rest >> 48 & 15) - 1,
        delivered_ms + _BEFORE_MS if delivered_ms else 0,
        bad_ms + _BEFORE_MS if bad_ms else 0,
        (rest >> 52 & 63) - 1,
        (rest >> 58 & 3) - 1,
        rest >> 32 & 4095,
        engaged,
        block,
    )
