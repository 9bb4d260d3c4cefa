"""Strata: the parts of a cell's deliveries in which forged receipts would pile up, and never be converted.

A gateway that forges does so for some senders or prefixes, for large batches, after the first so many messages of an hour,
or with receipts of another shape (mission row S1). Each message stands in one stratum of each kind. Which one follows from
the message alone: no ranking, no order of arrival, so that strata of partitions and hours add up. The slots are also the
cohorts by which a carrier's delivery is judged (routes/drops.py): of them it is counted, too, what waits and what failed.
"""

import re
from bisect import bisect_right
from functools import lru_cache
from zlib import crc32

from acquit.columns import BATCH_SIZES, PREFIXES, SENDERS, SHAPES, SLOTS, STRATUM_KINDS
from acquit.events import Channel, Receipt

_BATCH, _SENDER, _PREFIX, _SHAPE = (STRATUM_KINDS[kind].start for kind in ("batch", "sender", "prefix", "shape"))
SLOT_MS = 3_600_000 // SLOTS
_PREFIX_DIGITS = 6
"""`+33612`: the country and an operator's block, or most of it."""
_WITH_DIGITS = re.compile(r"\S*[0-9]\S*")


def of_time(submitted_ms: int) -> int:
    """Of the hour of UTC: an hour of a zone that is off by half an hour begins with its seventh slot."""
    return submitted_ms // SLOT_MS % SLOTS


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
