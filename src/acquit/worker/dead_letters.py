"""Dead letters, listed and sent back. The topic itself remembers which were: a mark follows its letter.

A mark is a record without key and value in the letter's partition, whose header `acquit.replayed` is the letter's
offset. It is written in the transaction that sends the letter back, and only `replay` writes it. So any letter can be
sent back alone, whichever others wait before it; a mark stays as long as its letter, for retention removes from the
beginning; and a topic that is made anew has no marks. A consumer group's offset could only say "all up to here".
"""

from base64 import b64encode
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from acquit.effects import Header
from acquit.envelope import Record
from acquit.errors import AcquitError
from acquit.events import from_epoch_ms
from acquit.pipeline import only_of
from acquit.worker.connections import kafka_options
from acquit.worker.partition_reader import Isolation, Span, ask_spans, isolation, open_reader, read
from acquit.worker.sending import Outgoing, partition_of, send_all
from acquit.worker.settings import Settings
from acquit.worker.sources import sources_of

OURS = "acquit.errors."
ATTEMPTS = "acquit.attempts"
"""How often a record was sent back. Whoever writes raw records can write it too: they can only have theirs given up."""
REPLAYED = "acquit.replayed"
BATCH_BYTES = 512 * 1024

Fate: TypeAlias = Literal["sent", "skipped_by_filter", "given_up", "sent_before"]
Spans: TypeAlias = Mapping[TopicPartition, Span]
Marks: TypeAlias = Mapping[int, Collection[int]]


@dataclass(frozen=True)
class Letter:
    """A dead letter: where it lies, why, where its record came from, and that record as it came.

    What somebody else wrote into the topic has the reason `unknown` and no topic, and is never sent anywhere.
    """

    partition: int
    offset: int
    reason: str
    detail: str
    topic: str
    original_partition: int
    original_offset: int
    original_timestamp_ms: int
    attempts: int
    key: bytes | None = field(repr=False)  # these three may hold an address
    value: bytes | None = field(repr=False)
    headers: tuple[Header, ...] = field(repr=False)  # the record's own, `acquit.only` and `acquit.attempts`
    only: tuple[int, ...] | None = None  # the places of the events that were refused; None: nothing of it was taken
    is_replayed: bool = False

    @property
    def size_bytes(self) -> int:
        return len(self.value or b"")


@dataclass(frozen=True)
class Selection:
    """Which letters are meant: None means any."""

    reason: str | None = None
    topic: str | None = None

    def has(self, letter: Letter) -> bool:
        return self.reason in (None, letter.reason) and self.topic in (None, letter.topic)


@dataclass(frozen=True)
class Replayed:
    """What became of all letters: how many were sent, and how many stay where they are, each counted once.

    `given_up`: sent back too often already, or from a topic that is gone or that acquit does not read (any more).
    `sent_before`: by an earlier replay.
    """

    sent: int = 0
    skipped_by_filter: int = 0
    given_up: int = 0
    sent_before: int = 0


async def letters(
    settings: Settings, *, reason: str | None = None, topic: str | None = None, limit: int | None = None
) -> AsyncGenerator[Letter, None]:
    """The letters that there are now, each partition's oldest first. Raises AcquitError where the topic is missing."""
    selection, found = Selection(reason, topic), 0
    async with aclosing(_batches(settings, await _partitions(settings))) as batches:
        async for batch in batches:
            for letter in filter(selection.has, batch):
                if found == limit:
                    return
                yield letter
                found += 1


async def replay(
    settings: Settings,
    *,
    reason: str | None = None,
    topic: str | None = None,
    max_attempts: int = 3,
    dry_run: bool = False,
) -> Replayed:
    """Send letters back to where they came from, with their own bytes, headers and time, each of them once.

    A letter is due until its mark is there, so what a filter leaves out, or what is given up, stays due for a later
    replay. What fails again after its replay is a new letter, with one attempt more. With `fencing` a letter and its
    mark are one transaction, and a second replay fences the first (ProducerFenced) before it looks what is left.
    Without, a replay that is killed between letters and marks leaves some that the next one sends again.
    """
    partitions = await _partitions(settings)
    selection, targets = Selection(reason, topic), targets_of(settings) & partitions.keys()
    fates: Counter[Fate] = Counter()
    async with (
        nullcontext() if dry_run else _sender(settings) as sender,
        aclosing(_batches(settings, partitions)) as batches,
    ):
        async for batch in batches:
            judged = [(fate_of(letter, selection, targets, max_attempts=max_attempts), letter) for letter in batch]
            due = [letter for fate, letter in judged if fate == "sent"]
            if sender is not None and due:
                await _send(sender, due, settings, partitions)
            fates.update(fate for fate, _ in judged)
    return Replayed(
        sent=fates["sent"],
        skipped_by_filter=fates["skipped_by_filter"],
        given_up=fates["given_up"],
        sent_before=fates["sent_before"],
    )


def described(letter: Letter, *, with_value: bool) -> dict[str, Any]:
    """A letter as it is printed. Key and value may hold an address, so they are shown only when asked for."""
    shown: dict[str, Any] = {
        "partition": letter.partition,
        "offset": letter.offset,
        "reason": letter.reason,
        "detail": letter.detail,
        "topic": letter.topic,
        "original_partition": letter.original_partition,
        "original_offset": letter.original_offset,
        "original_at": _time(letter.original_timestamp_ms),
        "attempts": letter.attempts,
        "only": letter.only,
        "bytes": letter.size_bytes,
        "replayed": letter.is_replayed,
    }
    return shown | _text("key", letter.key) | _text("value", letter.value) if with_value else shown


def targets_of(settings: Settings) -> set[str]:
    """The topics that a letter may go back to: those that acquit reads others' records from, and the log of events."""
    return {*sources_of(settings), settings.topic("events")}


def fate_of(letter: Letter, selection: Selection, targets: Collection[str], *, max_attempts: int) -> Fate:
    """What a replay does with a letter."""
    if letter.is_replayed:
        return "sent_before"
    if not selection.has(letter):
        return "skipped_by_filter"
    return "sent" if letter.attempts < max_attempts and letter.topic in targets else "given_up"


def read_letter(record: Record, *, is_replayed: bool = False) -> Letter:
    """What a record of the topic says of itself; `pipeline.dead_letter` wrote it, and its headers are the last."""
    said, only = dict(record.headers), only_of(record.headers)
    return Letter(
        partition=record.partition,
        offset=record.offset,
        reason=(said.get(f"{OURS}reason") or b"unknown").decode(errors="replace"),
        detail=(said.get(f"{OURS}detail") or b"").decode(errors="replace"),
        topic=(said.get(f"{OURS}topic") or b"").decode(errors="replace"),
        original_partition=_number(said.get(f"{OURS}partition")),
        original_offset=_number(said.get(f"{OURS}offset")),
        original_timestamp_ms=_number(said.get(f"{OURS}timestamp")),
        attempts=_number(said.get(ATTEMPTS)),
        key=record.key,
        value=record.value,
        headers=tuple(header for header in record.headers if not header[0].startswith(OURS)),
        only=only and only[0],
        is_replayed=is_replayed,
    )


def read_mark(record: Record) -> int | None:
    """The offset of the letter that was sent back; None if this is no mark.

    A letter keeps the headers that its record came with, which may look like a mark's; but then it has ours as well.
    """
    said = dict(record.headers)
    return _number(said[REPLAYED]) if REPLAYED in said and f"{OURS}reason" not in said else None


def sent_back(letter: Letter, partition: int) -> Outgoing:
    """The letter's record as it came, with one attempt more. Its time stays: it is when the receipt was received."""
    headers = [header for header in letter.headers if header[0] != ATTEMPTS]
    headers.append((ATTEMPTS, str(letter.attempts + 1).encode()))
    return Outgoing(letter.topic, partition, letter.key, letter.value, letter.original_timestamp_ms or None, headers)


def mark(letter: Letter, topic: str) -> Outgoing:
    return Outgoing(topic, letter.partition, None, None, headers=[(REPLAYED, str(letter.offset).encode())])


def home_of(letter: Letter, settings: Settings, partitions: Mapping[str, int]) -> int:
    """The partition that a letter goes back to: the one that it came from, for only its writer knows how keys are
    spread there. In the log of events the key decides, so that all about a recipient meets even in a topic made anew.
    """
    count = partitions[letter.topic]
    if letter.original_partition < count and letter.topic != settings.topic("events"):
        return letter.original_partition
    return partition_of(letter.key or letter.value or b"", count)


async def _send(sender: AIOKafkaProducer, due: list[Letter], settings: Settings, partitions: Mapping[str, int]) -> None:
    """Marks are written when the broker has the letters; with fencing, both count or neither."""
    async with sender.transaction() if settings.fencing else nullcontext():
        await send_all(sender, [sent_back(letter, home_of(letter, settings, partitions)) for letter in due])
        await send_all(sender, [mark(letter, settings.topic("dead-letters")) for letter in due])


@asynccontextmanager
async def _sender(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """Started before anything is read: that ends what an earlier replay left open."""
    async with AIOKafkaProducer(
        **kafka_options(settings),
        transactional_id=f"{settings.app_id}-dead-letters" if settings.fencing else None,
        acks="all",
        compression_type="lz4",
        max_batch_size=BATCH_BYTES,
    ) as sender:
        yield sender


async def _batches(settings: Settings, partitions: Mapping[str, int]) -> AsyncGenerator[list[Letter], None]:
    """All letters that are there at the start, read twice: first the marks, for they stand behind their letters."""
    topic = settings.topic("dead-letters")
    wanted = await _spans(settings, [TopicPartition(topic, number) for number in range(partitions[topic])])
    async with _reader(settings, isolation(fencing=settings.fencing)) as reader:
        marks, spans = await _survey(reader, wanted)
        async for records in read(reader, spans):
            replayed = marks[records[0].partition]
            end = spans[TopicPartition(topic, records[0].partition)].end
            kept = [record for record in records if record.offset < end]
            yield [read_letter(r, is_replayed=r.offset in replayed) for r in kept if read_mark(r) is None]


async def _survey(reader: AIOKafkaConsumer, wanted: Spans) -> tuple[Marks, Spans]:
    """The marks of each partition, and the spans in which they were looked for: to the end at least, in whole batches."""
    marks: dict[int, set[int]] = {tp.partition: set() for tp in wanted}
    async for records in read(reader, wanted):
        marks[records[0].partition].update(offset for r in records if (offset := read_mark(r)) is not None)
    return marks, {tp: Span(span.begin, await reader.position(tp)) for tp, span in wanted.items()}


async def _spans(settings: Settings, tps: list[TopicPartition]) -> Spans:
    """Where the partitions end, open transactions and all: from a reader of what is committed, a worker's open
    transaction would hide the marks behind it, and their letters would be sent again.
    """
    async with _reader(settings, "read_uncommitted") as reader:
        return await ask_spans(reader, tps)


def _reader(settings: Settings, isolation_level: Isolation) -> AbstractAsyncContextManager[AIOKafkaConsumer]:
    return open_reader(kafka_options(settings), isolation_level, fetch_bytes=settings.fetch_max_bytes)


async def _partitions(settings: Settings) -> dict[str, int]:
    """The partition count of every topic. Asked for by name, a missing topic would be made by many a broker."""
    admin = AIOKafkaAdminClient(**kafka_options(settings))
    try:
        await admin.start()
        found = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
    finally:
        await admin.close()
    if not found.get(settings.topic("dead-letters")):
        raise AcquitError(f"{settings.topic('dead-letters')} is missing: run `acquit topics create`")
    return found


def _number(said: bytes | None) -> int:
    return int(said) if said is not None and said.isdigit() and len(said) < 19 else 0


def _time(milliseconds: int) -> datetime | None:
    """None: a time that no calendar has. A record's writer is free to choose it."""
    try:
        return from_epoch_ms(milliseconds)
    except (ValueError, OverflowError, OSError):
        return None


def _text(name: str, data: bytes | None) -> dict[str, str | None]:
    try:
        return {name: None if data is None else data.decode()}
    except UnicodeDecodeError as error:
        return {f"{name}_base64": b64encode(error.object).decode()}
