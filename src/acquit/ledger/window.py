"""The messages of the window, packed: a key of 12 bytes and a row of 25, in tables of some hours that are dropped whole.

What a batch touches is unpacked once and packed again at its end; a table of borghash holds keys and rows without a
Python object for each. A key is the first 96 bits of BLAKE2b: that two of 20 million messages have the same happens once
in 10^14 times, and nobody who chooses message ids can bring it about.
"""

from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from struct import Struct

from acquit.events import EARLIEST, epoch_ms
from acquit.ledger.merge import NOTHING, Message
from acquit.ledger.packed import Change, PackedBlocks

KEY_BYTES = 12
BLOCKS = 12
"""Tables of a whole window. More cost each new message a look, fewer keep for longer what is too old."""
RECENT_LIMIT = 4_000
"""Messages that were packed and stay unpacked, too: most receipts come within seconds of each other."""
TOUCHED_LIMIT = 20_000
"""Messages held unpacked, where no journal asks for them before."""
_ROW = Struct("<QQQB")
_BEFORE_MS = epoch_ms(EARLIEST) - 1  # so that 0 is no time
_TIME_BITS, _OFFSET_BITS = 42, 32  # 2^42 ms after 2000 is 2139; a block is shorter than 2^32 ms
_TIME, _OFFSET = (1 << _TIME_BITS) - 1, (1 << _OFFSET_BITS) - 1


class Window(PackedBlocks):
    """Messages by key. `keep` after every change."""

    def __init__(self, window_seconds: float, *, is_journaled: bool = True) -> None:
        span = max(3_600, round(-(-window_seconds // BLOCKS // 3_600) * 3_600))
        super().__init__(span, key_bytes=KEY_BYTES, row_bytes=_ROW.size, is_journaled=is_journaled)
        self._touched: dict[bytes, Message | None] = {}
        self._was_in: dict[bytes, int] = {}  # the block that a removed message was in
        self._recent: dict[bytes, Message] = {}

    @property
    def newest(self) -> int:
        """The newest block; NOTHING where there is none."""
        return max(self.tables, default=NOTHING)

    def find(self, key: bytes) -> Message | None:
        if key in self._touched:
            return self._touched[key]
        recent = self._recent.get(key)
        if recent is not None:
            return recent
        for table in self.newest_first:
            row = table.get(key)
            if row is not None:
                return _unpacked(row, table.block)
        return None

    def keep(self, key: bytes, message: Message) -> None:
        self._touched[key] = message
        if len(self._touched) > TOUCHED_LIMIT:
            self._settle()

    def give_up(self, key: bytes, message: Message) -> None:
        self._touched[key] = None
        if message.block != NOTHING:
            self._was_in[key] = message.block

    def drop_before(self, seconds: int) -> None:
        self._settle()
        super().drop_before(seconds)

    def _forget(self, block: int) -> None:
        super()._forget(block)
        self._recent = {key: message for key, message in self._recent.items() if message.block != block}

    def shrink(self, messages: int) -> tuple[int, int]:
        """Forget the oldest blocks until no more than so many messages are left, or two blocks: what comes now needs those.

        Returns how many were forgotten, and the time before which nothing is remembered now; 0 if nothing was forgotten.
        """
        if super().__len__() + len(self._touched) <= messages:
            return 0, 0  # without packing what was touched, once for every minute of the log
        before, until = len(self), 0
        while len(self) > messages and len(self.tables) > 2:
            oldest = min(self.tables)
            self.drop(oldest)
            until = oldest + self.span
        return before - len(self), until

    def __len__(self) -> int:
        self._settle()
        return super().__len__()

    def __iter__(self) -> Iterator[tuple[int, bytes, bytes]]:
        self._settle()
        return super().__iter__()

    def messages(self) -> Iterator[tuple[int, bytes, Message]]:
        for block, key, row in self:
            yield block, key, _unpacked(row, block)

    @property
    def is_changed(self) -> bool:
        return bool(self._touched) or super().is_changed

    def take_delta(self) -> list[Change]:
        self._settle()
        return super().take_delta()

    def _remember(self) -> None:
        for key, message in self._touched.items():
            self._recent.pop(key, None)  # to come last
            if message is not None:
                self._recent[key] = message
        for key in list(islice(self._recent, max(0, len(self._recent) - RECENT_LIMIT))):
            del self._recent[key]

    def _settle(self) -> None:
        """Pack what was touched."""
        for key, message in self._touched.items():
            block = NOTHING if message is None else self.block_of(message.basis_ms)
            before = self._was_in.get(key, NOTHING) if message is None or message.block == NOTHING else message.block
            if before not in {NOTHING, block}:
                self.remove(before, key)
            if message is not None:
                self.put(block, key, _packed(message, block))
                message.block = block
        self._remember()
        self._touched.clear()
        self._was_in.clear()


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
        | message.basis << 60
        | message.is_to_dead << 62,
        message.engaged,
    )


def _unpacked(row: bytes, block: int) -> Message:
    delivered, bad, rest, engaged = _ROW.unpack(row)
    delivered_ms, bad_ms = delivered & _TIME, bad & _TIME
    return Message(
        rest >> 60 & 3,
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
        bool(rest >> 62 & 1),
        block,
    )
