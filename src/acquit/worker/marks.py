"""A mark of a record, to know it again: its timestamp and a checksum. A recreated topic has other records at its offsets."""

from typing import Protocol
from zlib import crc32


class Marked(Protocol):
    @property
    def timestamp(self) -> int: ...
    @property
    def value(self) -> bytes | None: ...


def mark(timestamp_ms: int, checksum: int) -> str:
    """`timestamp:checksum`, as it stands in the metadata of a committed offset."""
    return f"{timestamp_ms}:{checksum}"


def mark_of(record: Marked) -> str:
    return mark(record.timestamp, crc32(record.value or b""))


def is_same(said: str, record: Marked) -> bool:
    """Whether this is the record that the mark was made of. Without its checksum it may be, without both it is."""
    timestamp, _, checksum = said.partition(":")
    return not said or said == mark_of(record) or (not checksum and timestamp == str(record.timestamp))
