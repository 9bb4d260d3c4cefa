"""Strata: the parts of a cell's deliveries in which forged receipts would pile up, and never be converted.

A gateway that forges does so for some senders or prefixes, for large batches, after the first so many messages of an hour,
or with receipts of another shape (mission row S1). Each message stands in one stratum of each kind. Which one follows from
the message alone: no ranking, no order of arrival, so that strata of partitions and hours add up.
"""

import re
from bisect import bisect_right
from functools import lru_cache
from zlib import crc32

from acquit.columns import BATCH_SIZES, OCTILES, PREFIXES, SENDERS, SHAPES, STRATUM_KINDS
from acquit.events import Channel, Receipt

_BATCH, _SENDER, _PREFIX, _SHAPE = (STRATUM_KINDS[kind].start for kind in ("batch", "sender", "prefix", "shape"))
_OCTILE_MS = 3_600_000 // OCTILES
_PREFIX_DIGITS = 6
"""`+33612`: the country and an operator's block, or most of it."""
_WITH_DIGITS = re.compile(r"\S*[0-9]\S*")


def of_time(submitted_ms: int) -> int:
    return submitted_ms // _OCTILE_MS % OCTILES


@lru_cache(maxsize=10_000)
def of_batch(size: int | None) -> int:
    return _BATCH + bisect_right(BATCH_SIZES, size or 0)


@lru_cache(maxsize=10_000)
def of_sender(sender: str | None) -> int:
    return _SENDER + crc32((sender or "").encode()) % SENDERS


def of_recipient(channel: Channel, to: str) -> int:
    prefix = to.rpartition("@")[2] if channel == "email" else to[:_PREFIX_DIGITS]
    return _PREFIX + crc32(prefix.encode()) % PREFIXES


def of_receipt(receipt: Receipt) -> int:
    """By what a receipt looks like, whatever it says: its words without times and ids, and the form of the message's id."""
    said, message_id = receipt.said, receipt.message_id or ""
    text = _WITH_DIGITS.sub("9", said.text) if said.text else ""
    return _shape(said.status, said.code, text, len(message_id), message_id.isdigit())


@lru_cache(maxsize=10_000)
def _shape(status: str | None, code: str | None, text: str, length: int, is_number: bool) -> int:  # noqa: FBT001
    return _SHAPE + crc32(f"{status}/{code}/{text}/{length}/{is_number}".encode()) % SHAPES
