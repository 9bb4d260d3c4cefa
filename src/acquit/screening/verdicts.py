"""The verdict on each row of a contact list, as far as the list alone tells. All reasons for a reject are named here."""

import os
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Literal, NamedTuple, TypeAlias, get_args

from borghash import HashTable

from acquit.events import Channel

Reason: TypeAlias = Literal[
    "unreadable", "not_an_address", "not_a_number", "misspelt_domain", "duplicate", "no_such_domain", "suppressed"
]
REASONS: tuple[Reason, ...] = get_args(Reason)

HASH_BYTES, LINE_BYTES = 16, 4
_DENSE = {"max_load_factor": 0.8, "grow_factor": 1.3, "kv_grow_factor": 1.08}


class Row(NamedTuple):
    """A row as it stands in the file; `text` is its address, None where the row has no such field."""

    line: int
    raw: str
    text: str | None


class Reject(NamedTuple):
    """Why a row is not clean. `detail` never holds the address; `suggestion` is empty unless it is nearly certain."""

    reason: Reason
    detail: str
    suggestion: str = ""


Verdict: TypeAlias = str | Reject
"""The canonical address of a row that may be clean, or why it is not."""


class FirstLines:
    """On which line each recipient stood first, in about 30 bytes each.

    Kept under the first 128 bits of a hash with a key drawn for this run: that two recipients of ten million share one,
    so that a real contact is taken for a duplicate, has a chance of 1 in 10^24, and nobody can make two that do.
    """

    def __init__(self) -> None:
        self._key = os.urandom(HASH_BYTES)
        self._lines = HashTable(key_size=HASH_BYTES, value_size=LINE_BYTES, **_DENSE)

    def first(self, recipient: str, line: int) -> int:
        """The line on which it stood first, which is this one if it is new."""
        digest = blake2b(recipient.encode(), digest_size=HASH_BYTES, key=self._key).digest()
        there: bytes | None = self._lines.get(digest)
        if there is not None:
            return int.from_bytes(there, "little")
        self._lines[digest] = line.to_bytes(LINE_BYTES, "little")
        return line


class Screen:
    """Judges rows in the order of the file. `read` makes an address canonical, or says why it is none."""

    def __init__(self, channel: Channel, read: Callable[[str], Verdict]) -> None:
        self.channel = channel
        self._read = read
        self._first_lines = FirstLines()

    def judge(self, rows: Iterable[Row]) -> list[Verdict]:
        return [self._verdict(row) for row in rows]

    def _verdict(self, row: Row) -> Verdict:
        if row.text is None:
            return Reject("unreadable", "has no such column, or a quote that is never closed")
        found = self._read(row.text)
        if isinstance(found, Reject):
            return found
        first = self._first_lines.first(found, row.line)
        return found if first == row.line else Reject("duplicate", f"stands on line {first} first")
