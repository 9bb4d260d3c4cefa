"""What each engine in Python does with an event: acquit's own decoding, merging and labels, with the engine's state.

An event is joined with its message, the message's reports are merged into one status, and what that changes is counted by
place (channel, carrier, route, hour of submission) and status. The ledger does this and more: it judges who is suppressed.
"""

import json
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from acquit.events import STATUSES, Event, Receipt, Submit, decode, epoch_ms
from acquit.hours import Hours
from acquit.ledger import labels
from acquit.ledger.labels import Labels
from acquit.ledger.merge import (
    CATEGORY_NUMBER,
    IS_BAD,
    NOTHING,
    PERMANENCE_NUMBER,
    SENT,
    STATUS_NUMBER,
    Message,
    take_bad,
    take_basis,
    take_good,
)

COMMIT_SECONDS = 1.0
"""Between two commits of every engine that lets one choose."""
SESSION_MS = 6_000
"""Silence after which Kafka takes an engine that was killed for dead."""
FIRST_AT, SUBMITTED_AT, SUBMIT = 1, 2, 3
CATEGORY_UNKNOWN = CATEGORY_NUMBER["unknown"]

Change = tuple[str, int, int]
"""A message joins or moves: its place, its status there before and now; NOTHING where it is not there."""


class Task(NamedTuple):
    """What an engine is told on its command line. With `idle_seconds` it ends after so long a silence, else by records."""

    bootstrap: str
    name: str  # group, and prefix of what it makes
    topic: str
    records: int
    idle_seconds: float
    folder: Path
    rest: tuple[str, ...]


def task() -> Task:
    bootstrap, name, topic, records, idle_seconds, folder, *rest = sys.argv[1:]
    return Task(bootstrap, name, topic, int(records), float(idle_seconds), Path(folder), tuple(rest))


class Joined(Message, array_like=True, gc=False):
    """A message, with what its submit and its receipts call it."""

    submitted: Labels | None = None
    said: Labels | None = None


def joinable(value: bytes) -> tuple[str, Submit | Receipt] | None:
    """The event of a record, under its message's key; None if it is of no message."""
    event: Event = decode(value)
    if not isinstance(event, Submit | Receipt) or event.message_id is None or event.to is None:
        return None
    return f"{event.provider}/{event.message_id}/{event.to}", event


def join(joined: Joined, event: Submit | Receipt) -> list[Change]:
    """Merge an event into its message; what that changes in the counts."""
    is_email = event.channel == "email"
    before = _counted(joined, is_email=is_email) if joined.basis else None
    if isinstance(event, Submit):
        _take_submit(joined, event)
    else:
        _take_receipt(joined, event, is_email=is_email)
    after = _counted(joined, is_email=is_email)
    if before is None:
        return [(after[0], NOTHING, after[1])]
    if before == after:
        return []
    if before[0] == after[0]:
        return [(after[0], before[1], after[1])]
    return [(before[0], before[1], NOTHING), (after[0], NOTHING, after[1])]


def count(totals: Sequence[int] | None, change: Change) -> list[int]:
    """The totals of a place, by status, after a change."""
    counted = list(totals) if totals else [0] * len(STATUSES)
    _, before, after = change
    if before != NOTHING:
        counted[before] -= 1
    if after != NOTHING:
        counted[after] += 1
    return counted


pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder(Joined).decode


def tell(**said: Any) -> None:
    """A line to whoever measures. Faust redirects what is printed, so not by `print`."""
    assert sys.__stdout__ is not None
    sys.__stdout__.write(json.dumps(said) + "\n")
    sys.__stdout__.flush()


class Progress:
    """Says when the first record came, how far it is from time to time, and nothing in between."""

    def __init__(self, records: int) -> None:
        self._every = max(1, records // 20)
        self.seen = 0

    def advance(self, records: int = 1) -> None:
        before, self.seen = self.seen, self.seen + records
        if not before:
            tell(begun=True)
        elif before // self._every != self.seen // self._every:
            tell(at=self.seen)


def _take_submit(joined: Joined, submit: Submit) -> None:
    ours, at_ms = labels.of_submit(submit), epoch_ms(submit.at)
    known = joined.submitted
    if known is not None and (joined.basis_ms, labels.order(known)) <= (at_ms, labels.order(ours)):
        return
    joined.submitted = ours
    take_good(joined, SENT, at_ms, is_email=submit.channel == "email")
    take_basis(joined, SUBMIT, at_ms)


def _take_receipt(joined: Joined, receipt: Receipt, *, is_email: bool) -> None:
    at_ms, status = epoch_ms(receipt.at), STATUS_NUMBER[receipt.status]
    if receipt.submitted_at is None:
        take_basis(joined, FIRST_AT, at_ms)
    else:
        take_basis(joined, SUBMITTED_AT, epoch_ms(receipt.submitted_at))
    if IS_BAD[status]:
        category = CATEGORY_NUMBER[receipt.category] if receipt.category else CATEGORY_UNKNOWN
        take_bad(joined, (at_ms, status, category, PERMANENCE_NUMBER[receipt.permanence]), is_email=is_email)
    else:
        take_good(joined, status, at_ms, is_email=is_email)
    ours = labels.of_receipt(receipt)
    joined.said = ours if joined.said is None or joined.said == ours else labels.merged(joined.said, ours)


def _counted(joined: Joined, *, is_email: bool) -> tuple[str, int]:
    place = _place(joined.submitted, joined.said, _HOURS.start(joined.basis_ms))
    return place, joined.status(is_email=is_email)


@lru_cache(maxsize=100_000)
def _place(submitted: Labels | None, said: Labels | None, hour: int) -> str:
    cell = labels.cell(submitted, said, hour)
    return place_name(cell.channel, cell.carrier, cell.route, cell.hour)


def place_name(channel: str, carrier: str | None, route: str | None, hour: int) -> str:
    return msgspec.json.encode([channel, carrier, route, hour]).decode()


_HOURS = Hours("UTC")
