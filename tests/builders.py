"""Small builders: events, logs and partitions, what a partition holds in a form that compares, and drawn traffic.

Times are seconds after START; whatever a test does not name has a plain value.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from acquit import rules
from acquit.effects import Cell, DeadLetter, Effect, Entry, Suppression, Tally
from acquit.events import (
    DELIVERED,
    STATUSES,
    Command,
    CommandName,
    Engagement,
    EngagementType,
    Event,
    Receipt,
    Status,
    Submit,
    encode,
    epoch_ms,
)
from acquit.ledger.counters import by_field
from acquit.ledger.messages import Messages
from acquit.ledger.totals import Running
from acquit.ledger.window import key_of
from acquit.partition import Partition
from acquit.rules import Rules
from acquit.worker.sending import Outgoing

START = datetime(2026, 11, 22, 9, tzinfo=UTC)
START_MS = epoch_ms(START)
HOUR = 3_600
DAY = 86_400
PHONE = "+33612345678"
MAIL = "ann@example.org"
TRIES = settings().max_examples
"""Of a law, in the profile that runs: `make test` tries it less often than `make soak`."""


class Read(Struct):
    """A record as aiokafka hands it over."""

    offset: int
    timestamp: int
    value: bytes | None
    key: bytes | None = b"k"
    topic: str = "acquit.events"
    partition: int = 0
    headers: Sequence[tuple[str, bytes]] = ()


@cache
def shipped_rules() -> Rules:
    return rules.load()


def when(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def submit(message_id: str = "m1", *, at: float = 0, to: str = PHONE, **fields: Any) -> Submit:
    fields.setdefault("channel", _channel(to))
    return Submit(provider="p", message_id=message_id, to=to, at=when(at), **fields)


def receipt(
    status: Status, message_id: str | None = "m1", *, at: float = 0, to: str | None = PHONE, **fields: Any
) -> Receipt:
    fields.setdefault("channel", _channel(to))
    return Receipt(provider="p", message_id=message_id, to=to, at=when(at), status=status, **fields)


def unknown_number(message_id: str | None = "m1", *, at: float = 0, **fields: Any) -> Receipt:
    """A failure for which the shipped policy holds the recipient at once: a phone for 90 days, a mailbox for 365."""
    return receipt("failed", message_id, at=at, category="recipient_unknown", permanence="permanent", **fields)


def complaint(message_id: str | None = "m1", *, at: float = 0, **fields: Any) -> Receipt:
    fields.setdefault("to", MAIL)
    return receipt("delivered_handset", message_id, at=at, category="complaint", action="suppress", **fields)


def engagement(kind: EngagementType, *, at: float = 0, to: str = PHONE, **fields: Any) -> Engagement:
    fields.setdefault("channel", _channel(to))
    return Engagement(provider="p", to=to, at=when(at), type=kind, **fields)


def command(name: CommandName, *, at: float = 0, to: str = PHONE, **fields: Any) -> Command:
    return Command(name=name, to=to, channel=_channel(to), at=when(at), by="ann", reason="asked", **fields)


def _channel(to: str | None) -> Any:
    return "email" if to and "@" in to else "sms"


def from_origin(event: Event, topic: str, partition: int, offset: int, index: int = 0) -> Event:
    """The event as intake writes it, with where it comes from."""
    moved: Event = replace(event, src=(topic, partition, offset, index))
    return moved


def record(event: Event | bytes | None, offset: int = 0, *, at: float = 0) -> Read:
    value = event if event is None or isinstance(event, bytes) else encode(event)
    return Read(offset, START_MS + round(at * 1000), value)


def log(*events: Event | bytes | None, at: float = 0, first: int = 0) -> list[Read]:
    """These events one after the other, all arriving at the same time."""
    return [record(event, offset, at=at) for offset, event in enumerate(events, first)]


def marked(events: Iterable[Event], *, first: int = 0) -> list[Event]:
    """Each event with an origin of its own, as intake writes them."""
    return [from_origin(event, "raw", 0, offset) for offset, event in enumerate(events, first)]


def partition(*, window_hours: int = 72, tally_seconds: float = 2, zone: str = "UTC", **fields: Any) -> Partition:
    fields.setdefault("rules", shipped_rules())
    return Partition(0, zone=zone, window_hours=window_hours, tally_seconds=tally_seconds, **fields)


def folded(*events: Event | bytes | None, at: float = 0, **fields: Any) -> Partition:
    """A partition that has read these events."""
    state = partition(**fields)
    state.fold(log(*events, at=at))
    return state


# What a partition holds


def totals_of(messages: Messages) -> dict[tuple[Cell, str], int]:
    """Messages by cell and status, of every open hour; cells that fell to nothing are left out."""
    return {
        (running.cell, status): count
        for _, _, running in messages.totals.table
        for status, count in by_field(running.unpacked(), running.contents).get("status", {}).items()
    }


def cells_of(messages: Messages) -> dict[Cell, tuple[int, dict[str, int], dict[str, int]]]:
    """Submitted, messages by status, failures by kind: of each cell that is not empty."""
    found = {}
    for _, _, running in messages.totals.table:
        fields = by_field(running.unpacked(), running.contents)
        if fields:
            submitted = fields.get("submitted", {}).get("", 0)
            found[running.cell] = (submitted, fields.get("status", {}), fields.get("failures", {}))
    return found


def rows_of(messages: Messages) -> dict[bytes, tuple[object, ...]]:
    """Each message with its labels written out: their numbers depend on who came first."""

    def named(number: int) -> object:
        return messages.numbers[number] if number >= 0 else None

    return {
        key: (named(row.submit), named(row.receipt), replace(row, submit=0, receipt=0))
        for _, key, row in messages.window.messages()
    }


def status_of(state: Partition, message_id: str = "m1", *, is_email: bool = False) -> str:
    found = (state.messages.window.find(key_of("p", message_id, to)) for to in (PHONE, MAIL))
    [row] = (row for row in found if row is not None)
    return STATUSES[row.status(is_email=is_email)]


def entries_of(state: Partition) -> dict[tuple[str, str], Entry]:
    """The list by recipient and scope."""
    return {
        (recipient, scope): entry
        for _, recipient, person in state.people.table
        for scope, entry in person.entries.items()
    }


def tables_of(state: Any) -> dict[str, dict[tuple[int, str], object]]:
    """The rows of every table of a state that is journaled, row by row."""
    return {name: {(block, key): _said(row) for block, key, row in table} for name, table in state.tables.items()}


def _said(row: object) -> object:
    """A row as far as it says anything: whether a cell is packed, and what the journal knows of it, says nothing."""
    if not isinstance(row, Running):
        return row
    counts = msgspec.msgpack.decode(row.packed, type=dict[int, int]) if row.counts is None else dict(row.counts)
    counts = {number: count for number, count in counts.items() if count}
    return row.cell, counts, row.contents, {kind: shown for kind, shown in (row.examples or {}).items() if shown}


def certain(effects: Iterable[Effect]) -> list[Suppression | DeadLetter]:
    """What leaves once and in order. Totals may leave at any time, and again."""
    return [effect for effect in effects if isinstance(effect, Suppression | DeadLetter)]


def last_totals(effects: Iterable[Effect]) -> dict[bytes, Tally]:
    """What a reader of the tallies ends up with: the last of each key."""
    return {effect.key: replace(effect, upto=0) for effect in effects if isinstance(effect, Tally)}


# Drawn traffic

MESSAGES = {"s1": PHONE, "s2": PHONE, "s3": "+12025550123", "e1": MAIL, "e2": MAIL}
"""A message has one recipient. The French number has a carrier by its range, the American one has none."""
TENTHS = st.integers(0, 14).map(lambda tenth: tenth * 600)
"""Times in two hours and a half, few enough that some are equal."""
FAILURES = [
    ("failed", "recipient_unknown", "permanent"),
    ("failed", "recipient_inactive", "permanent"),  # the second of these holds longer
    ("expired", "recipient_unreachable", "transient"),  # nobody is held for this
    ("rejected", "content_rejected", "permanent"),
    ("cancelled", None, "none"),
]
CONDEMNATIONS = [("delivered_handset", "complaint", "none"), ("rejected", "opted_out", "permanent")]
MILD = [(status, None, "none") for status in STATUSES if status in DELIVERED or status not in {"rejected", "cancelled"}]


@st.composite
def submits(draw: st.DrawFn, ids: Sequence[str]) -> Submit:
    message_id, at = draw(st.sampled_from(ids)), draw(TENTHS)
    which = at // 600  # a sender that repeats a submit at the same time repeats all of it
    return submit(
        message_id, at=at, to=MESSAGES[message_id], route=("r1", "r2", None)[which % 3],
        carrier=("20801", None)[which % 2], stream=("otp", "marketing", None)[which % 3], country="FR",
    )  # fmt: skip


@st.composite
def receipts(draw: st.DrawFn, ids: Sequence[str], kinds: Sequence[tuple[Any, Any, Any]]) -> Receipt:
    message_id = draw(st.sampled_from(ids))
    status, category, permanence = draw(st.sampled_from(kinds))
    carrier, is_guess = draw(st.sampled_from([(None, False), ("20801", False), ("20810", False), ("SFR", True)]))
    submitted = draw(st.none() | TENTHS)
    return receipt(
        status, message_id, at=draw(TENTHS), to=MESSAGES[message_id], category=category, permanence=permanence,
        carrier=carrier, carrier_is_guess=is_guess, route=draw(st.sampled_from([None, "r1", "r9"])),
        submitted_at=None if submitted is None else when(submitted),
    )  # fmt: skip


@st.composite
def people(draw: st.DrawFn) -> Engagement | Command:
    to = draw(st.sampled_from(sorted({*MESSAGES.values()})))
    if draw(st.booleans()):
        kinds: list[EngagementType] = ["stop", "start", "complaint", "click"]
        return engagement(draw(st.sampled_from(kinds)), at=draw(TENTHS), to=to)
    names: list[CommandName] = ["add", "restore"]
    return command(draw(st.sampled_from(names)), at=draw(TENTHS), to=to)


def traffic(
    *, ids: Sequence[str] = tuple(MESSAGES), kinds: Sequence[tuple[Any, Any, Any]] = (*MILD, *FAILURES, *CONDEMNATIONS)
) -> st.SearchStrategy[list[Event]]:
    """Events of a few messages, as they may arrive: some twice, and some by people."""
    one: st.SearchStrategy[Event] = st.one_of(submits(ids), receipts(ids, kinds), receipts(ids, kinds), people())
    return st.lists(one, max_size=14).flatmap(
        lambda events: (
            st.lists(st.sampled_from(events), max_size=3).map(lambda again: [*events, *again])
            if events
            else st.just(events)
        )
    )


@st.composite
def logs(draw: st.DrawFn) -> list[Read]:
    """A log over days, with holes, records that are none, late and early times, and our own repeats (of `src`)."""
    events = draw(traffic())
    offset, at, records = draw(st.integers(0, 3)), float(draw(TENTHS)), list[Read]()
    for number, event in enumerate(events):
        value: Event | bytes = from_origin(event, "raw", number % 2, draw(st.integers(0, number)))
        if draw(st.integers(0, 9)) == 0:
            value = b"{"
        records.append(record(value, offset, at=at))
        offset += draw(st.integers(1, 2))
        at += draw(st.sampled_from([-1, 0, 0, 1, 60, HOUR, 5 * HOUR, 20 * DAY, 100 * DAY]))
    return records


@st.composite
def batches(draw: st.DrawFn) -> list[list[Read]]:
    """A log, cut anywhere."""
    records = draw(logs())
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(records) - 1)), max_size=6)))
    parts = [records[start:end] for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True)]
    return [part for part in parts if part]


# A producer that keeps what it is given


class FakeBatch:
    """A batch as aiokafka's: full at its size, but an empty one takes a record of any size."""

    def __init__(self, batch_bytes: int) -> None:
        self._left = batch_bytes
        self._is_closed = False
        self.records: list[tuple[bytes | None, bytes | None, int | None, list[tuple[str, bytes]]]] = []

    def append(
        self, *, timestamp: int | None, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]
    ) -> object | None:
        assert key is not None or value is not None, "aiokafka refuses both to be None"
        size = len(key or b"") + len(value or b"") + 10
        if self._is_closed or (self.records and size > self._left):
            return None
        self._left -= size
        self.records.append((key, value, timestamp, headers))
        return self

    def close(self) -> None:
        self._is_closed = True


class FakeProducer:
    """A producer whose transactions show all or nothing. `refuses`: the broker is gone; `takes`: after so many batches."""

    def __init__(self, *, batch_bytes: int = 10_000, refuses: bool = False) -> None:
        self._batch_bytes = batch_bytes
        self.refuses = refuses
        self.takes: int | None = None
        self.batches: list[FakeBatch] = []
        self.sent: list[Outgoing] = []

    def create_batch(self) -> FakeBatch:
        return FakeBatch(self._batch_bytes)

    async def send_batch(self, batch: FakeBatch, topic: str, *, partition: int) -> "asyncio.Future[None]":
        future = asyncio.get_running_loop().create_future()
        if self.takes is not None:
            self.takes -= 1
        if self.refuses or (self.takes is not None and self.takes < 0):
            future.set_exception(ConnectionError("the broker is gone"))
            return future
        assert batch.records, "an empty batch was sent"
        self.batches.append(batch)
        self.sent += [Outgoing(topic, partition, *record) for record in batch.records]
        future.set_result(None)
        return future

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        before = len(self.sent)
        try:
            yield
        except BaseException:
            del self.sent[before:]
            raise

    def sent_to(self, topic: str, partition: int) -> list[Outgoing]:
        return [record for record in self.sent if (record.topic, record.partition) == (topic, partition)]

    def compacted(self, topic: str, partition: int) -> dict[bytes, bytes]:
        """What a reader finds at the end: the last value of every key that was not removed."""
        last = {record.key: record.value for record in self.sent_to(topic, partition)}
        return {key: value for key, value in last.items() if key is not None and value is not None}
