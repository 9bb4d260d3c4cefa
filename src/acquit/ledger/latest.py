"""The latest message of each recipient, for a while: many providers hand over a reply without saying to which message.

A row is small, and there is one for each recipient of the last hours only: the number itself or 56 bits of a mailbox's hash,
the key of the message, and when it was sent.
"""

from hashlib import blake2b
from struct import Struct

from acquit.events import CHANNELS, Channel
from acquit.ledger.packed import PackedBlocks
from acquit.ledger.window import KEY_BYTES

RECIPIENT_BYTES = 8
E164_DIGITS = 15
_CHANNEL = {channel: number << 56 for number, channel in enumerate(CHANNELS)}
REPLY_HOURS = 12.0
BLOCKS = 12
_ROW = Struct(f"<{KEY_BYTES}sI")


class Latest:
    """What was sent last to whom. `table` is journaled like the messages themselves."""

    def __init__(self, window_seconds: float, *, is_journaled: bool = True) -> None:
        self._window_ms = round(window_seconds * 1000)
        span = max(1, -round(-window_seconds // BLOCKS))
        self.table = PackedBlocks(span, key_bytes=RECIPIENT_BYTES, row_bytes=_ROW.size, is_journaled=is_journaled)
        self._next_drop_ms = 0

    def learn(self, channel: Channel, to: str, message: bytes, at_ms: int) -> None:
        """A message with this key was sent to somebody at this time."""
        who, block = _who(channel, to), self.table.block_of(at_ms)
        table = self.table.tables.get(block)
        known = None if table is None else table.get(who)
        if known is None or _ROW.unpack(known)[1] <= at_ms // 1000:
            self.table.put(block, who, _ROW.pack(message, at_ms // 1000))

    def message(self, channel: Channel, to: str, at_ms: int) -> bytes | None:
        """The key of the message that somebody answers at this time."""
        who = _who(channel, to)
        for table in self.table.newest_first:
            row = table.get(who)
            if row is not None:
                key, sent = _ROW.unpack(row)
                if at_ms - self._window_ms <= sent * 1000 <= at_ms:
                    return bytes(key)
        return None

    def erase(self, channel: Channel, to: str) -> None:
        """Forget somebody, and leave no trace of it."""
        self.table.erase(_who(channel, to))

    def advance(self, clock_ms: int) -> None:
        """Forget whom nobody answers any more."""
        self.table.drop_before((clock_ms - self._window_ms) // 1000)


def _who(channel: Channel, to: str) -> bytes:
    digits = to[1:]
    if to.startswith("+") and len(digits) <= E164_DIGITS and digits.isdecimal():
        return (int(digits) | _CHANNEL[channel]).to_bytes(RECIPIENT_BYTES, "little")
    return blake2b(f"{channel}:{to}".encode(), digest_size=RECIPIENT_BYTES - 1).digest() + b"\xff"
