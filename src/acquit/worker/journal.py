"""The journal: an agent's state and its source's offset, written in one transaction with what the agent sends out.

Owning a partition means: start its transactional producer, which fences the former owner and ends what it had open; then
read what was journaled. After every rebalance everything is read again, and the source is sought to where it ends.

Keys: `d/<place>/<part>` the delta of a commit, by its place after the last checkpoint, so that keys come again and no
tombstone is without end; `b/<table>/<block>/<part>` a block as it was at the last checkpoint, `h/<part>` the head at that
checkpoint and the cells whose totals had not left. A delta counts only if its number is greater than the head's. Values
are msgpack and carry a format version.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition
from msgspec import Struct

from acquit.worker.partition_reader import Span, ask_spans, isolation, keep_last, open_reader, read
from acquit.worker.sending import Outgoing, send_all
from acquit.worker.waiting import is_passing

log = logging.getLogger(__name__)

FORMAT = 4
READABLE = frozenset({2, 3, FORMAT})
"""In 2 each row of the window stood by itself, and in 3 cells had other counters: the tables read both (ledger/totals.py). A
worker that writes one of them could not read 4.
"""
PART_BYTES = 800_000
"""A record is split below Kafka's usual 1 MB, with room for its key and its batch."""
PIECE_ROWS = 2_000
CHECKPOINT_BYTES = 2_000_000
CHECKPOINT_DELTAS = 10_000
"""A checkpoint comes after so many bytes or deltas, for each is read at the next start; and not before the deltas are as
large as the last one was, so that what is written for checkpoints is never much more than what is written for deltas.
"""
READS_AT_ONCE = 3
"""Journals read at the same time: more are no faster, and what was read and not loaded takes memory."""


class Table(Protocol):
    """Rows in numbered blocks: blocks.py, and the ledger's window."""

    @property
    def is_changed(self) -> bool: ...
    @property
    def has_erased(self) -> bool:
        """Whether something is to go from the journal at once."""

    def take_delta(self) -> Sequence[tuple[int, Any, Any]]: ...
    def take_stale(self) -> Sequence[int]: ...
    def block_rows(self, block: int) -> Sequence[tuple[Any, Any]]: ...
    def load_delta(self, packed: bytes) -> list[tuple[int, Any]]: ...
    def load_block(self, block: int, packed: bytes) -> None: ...


class State(Protocol):
    """What can be journaled: a head that is small, and tables of rows in blocks."""

    head: Any

    @property
    def tables(self) -> Mapping[str, Table]: ...

    def loaded(self, changed_cells: list[tuple[int, str]]) -> None:
        """The tables are filled. Of these cells it is not known whether what they say has left."""

    def unsent(self) -> Sequence[tuple[int, str, Any]]:
        """The rows of the cells of which it is known that it has not."""


S = TypeVar("S", bound=State)
R = TypeVar("R")
Piece = tuple[str, bytes]


class _Record(Struct, array_like=True):
    """The value of any journal record. `pieces` are (table, packed delta or block)."""

    version: int
    number: int
    head: bytes
    pieces: list[tuple[str, bytes]]


class Known(NamedTuple):
    """A journal as far as it is known without reading: the last value of every key of its records before `position`."""

    records: dict[bytes, bytes]
    position: int


def nothing_known(_: int) -> Known:
    return Known({}, 0)


class UnreadableJournalError(Exception):
    """The journal has a format that this version does not read."""


class Journal(Generic[S]):
    """One partition's journal and the state that it keeps. `own` first; then `commit` batch by batch."""

    def __init__(
        self, topic: str, partition: int, state: S, *, options: Mapping[str, Any], transactional_id: str | None,
        known: Callable[[int], Known] = nothing_known,
    ) -> None:  # fmt: skip
        self.topic, self.partition, self.state = topic, partition, state
        self._options = options
        self._transactional_id = transactional_id
        self._known = known
        self._producer: AIOKafkaProducer | None = None
        self._deltas: dict[bytes, None] = {}
        self._delta_bytes = self._checkpoint_bytes = 0  # of the deltas since the last checkpoint, and of that
        self._number = self._checkpointed = 0  # of commits so far, and at the last checkpoint
        self._place = 0  # of the last delta after that
        self.loaded = 0  # records, the last time
        self._parts: dict[str, int] = {}  # of each checkpoint key, how many records it was split into

    async def own(self, turns: AbstractAsyncContextManager[Any] | None = None) -> None:
        """Fence the former owner, then, in its turn, read what it left. Raises KafkaError; nothing is owned then."""
        self._producer = AIOKafkaProducer(
            **self._options, transactional_id=self._transactional_id, acks="all", max_batch_size=PART_BYTES,
        )  # fmt: skip
        try:
            await self._producer.start()
            async with turns or nullcontext():
                await self._load(await self._read())
        except BaseException:
            await self.disown()
            raise

    async def disown(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                await asyncio.wait_for(producer.stop(), 5)
            except Exception as error:  # noqa: BLE001 - a fenced producer may fail to stop; it is dropped all the same
                log.info("the producer of %s/%d did not stop: %s", self.topic, self.partition, type(error).__name__)

    async def commit(self, outgoing: Sequence[Outgoing]) -> None:
        """Send what goes out and journal the state as it is now, all or nothing.

        Raises ProducerFenced when another worker owns the partition by now.
        """
        self._number += 1
        is_erasing = any(table.has_erased for table in self.state.tables.values())
        head = msgspec.msgpack.encode(self.state.head)
        records = list(self._delta_records(head))
        size = self._delta_bytes + sum(len(r.value or b"") for r in records)
        is_large = size > max(CHECKPOINT_BYTES, self._checkpoint_bytes)
        if is_erasing or is_large or len(self._deltas) + len(records) > CHECKPOINT_DELTAS:
            checkpoint = list(self._checkpoint_records(head))
            await self._send([*outgoing, *checkpoint])
            self._deltas, self._delta_bytes, self._checkpointed, self._place = {}, 0, self._number, 0
            self._checkpoint_bytes = sum(len(record.value or b"") for record in checkpoint)
            return
        await self._send([*outgoing, *records])
        self._place += 1
        self._deltas |= {record.key: None for record in records if record.key}
        self._delta_bytes = size

    def has_changes(self) -> bool:
        """Whether any row differs from what is journaled."""
        return any(table.is_changed for table in self.state.tables.values())

    async def send(self, outgoing: Sequence[Outgoing]) -> None:
        """Send without journaling: for what may leave twice."""
        await self._send(list(outgoing))

    async def _send(self, outgoing: list[Outgoing]) -> None:
        assert self._producer is not None, "own() comes first"
        if self._transactional_id is None:
            await send_all(self._producer, outgoing)
            return
        async with self._producer.transaction():
            await send_all(self._producer, outgoing)

    def _delta_records(self, head: bytes) -> Iterator[Outgoing]:
        pieces = [
            (name, piece)
            for name, table in self.state.tables.items()
            for piece in _pieces(table.take_delta(), msgspec.msgpack.encode)
        ]
        for part, group in enumerate(_groups(pieces) or [[]]):  # the head travels even if no row has changed
            value = msgspec.msgpack.encode(_Record(FORMAT, self._number, head, group))
            yield self._record(b"d/%020d/%04d" % (self._place + 1, part), value)

    def _checkpoint_records(self, head: bytes) -> Iterator[Outgoing]:
        """Blocks that changed since the last checkpoint, the head, and tombstones for the deltas that they cover."""
        for name, table in self.state.tables.items():
            for block in table.take_stale():
                yield from self._block_records(name, block, table.block_rows(block))
        cells = self.state.unsent()
        unsent = [("cells", piece) for piece in _pieces(cells, msgspec.msgpack.encode)]
        yield from self._parts_of(
            "h", [_Record(FORMAT, self._number, head, group) for group in _groups(unsent) or [[]]]
        )
        for key in self._deltas:
            yield self._record(key, None)

    def _block_records(self, name: str, block: int, rows: Sequence[tuple[Any, Any]]) -> Iterator[Outgoing]:
        pieces = _pieces(rows, lambda items: msgspec.msgpack.encode(dict(items)))
        groups = _groups((name, piece) for piece in pieces)
        yield from self._parts_of(f"b/{name}/{block}", [_Record(FORMAT, self._number, b"", group) for group in groups])

    def _parts_of(self, key: str, records: Sequence[_Record]) -> Iterator[Outgoing]:
        """A checkpoint's records under one key, and tombstones for the parts that it had more of before."""
        for part, record in enumerate(records):
            yield self._record(f"{key}/{part:04d}".encode(), msgspec.msgpack.encode(record))
        for part in range(len(records), self._parts.pop(key, 0)):
            yield self._record(f"{key}/{part:04d}".encode(), None)
        if records:
            self._parts[key] = len(records)

    def _record(self, key: bytes, value: bytes | None) -> Outgoing:
        return Outgoing(self.topic, self.partition, key, value)

    async def _read(self) -> dict[bytes, bytes]:
        """The last value of every key, from where the journal is known already. Only after the producer has started."""
        tp = TopicPartition(self.topic, self.partition)
        async with open_reader(self._options, isolation(fencing=self._transactional_id is not None)) as reader:
            span = (await ask_spans(reader, [tp]))[tp]
            known = self._known(self.partition)
            if not span.begin <= known.position <= span.end:
                known = Known({}, span.begin)  # cut off at its beginning, or made anew
            records, number = known.records, 0
            async for batch in read(reader, {tp: Span(known.position, span.end)}):
                keep_last(records, batch)
                number += len(batch)
        log.info("%s/%d: %d records read, from %d to %d", self.topic, self.partition, number, known.position, span.end)
        return records

    async def _load(self, records: dict[bytes, bytes]) -> None:
        """Take these records into the state, and out of `records`: both at once would be twice the memory."""
        self.loaded, blocks = len(records), _keys(records, b"b/")
        self._checkpoint_bytes = sum(len(records[key]) for key in blocks)
        for key in blocks:
            self._load_block(key, self._decode(records.pop(key)))
            await asyncio.sleep(0)  # a worker that loads millions of rows stays alive
        changed = list[tuple[int, str]]()
        for key in _keys(records, b"h/"):
            head = self._decode(records.pop(key))
            self._checkpointed, changed = head.number, changed + self._load_delta(head)
            self._parts["h"] = self._parts.get("h", 0) + 1
        self._number = self._checkpointed
        deltas = [(self._decode(records[key]), key) for key in _keys(records, b"d/")]
        for record, key in sorted(deltas, key=lambda delta: (delta[0].number, delta[1])):
            if record.number > self._checkpointed:
                self._number = record.number
                changed += self._load_delta(record)
                self._delta_bytes += len(records[key])
                await asyncio.sleep(0)
            self._deltas[key] = None
            # Behind all that are there, also where places were numbers without end: none may take the place of another.
            self._place = max(self._place, int(key.split(b"/")[1]))
        self.state.loaded(changed)

    def _load_block(self, key: bytes, record: _Record) -> None:
        place, _, _ = key.decode().rpartition("/")
        _, name, number = place.split("/")
        table, block = self.state.tables[name], int(number)
        for _, packed in record.pieces:
            table.load_block(block, packed)
        self._parts[place] = self._parts.get(place, 0) + 1

    def _load_delta(self, record: _Record) -> list[tuple[int, str]]:
        self.state.head = self._head(record)
        changed = []
        for name, packed in record.pieces:
            loaded = self.state.tables[name].load_delta(packed)
            if name == "cells":
                changed += loaded
        return changed

    def _head(self, record: _Record) -> Any:
        return msgspec.msgpack.decode(record.head, type=type(self.state.head))

    def _decode(self, value: bytes) -> _Record:
        record = msgspec.msgpack.decode(value, type=_Record)
        if record.version not in READABLE:
            raise UnreadableJournalError(f"{self.topic}/{self.partition} has format {record.version}, not {FORMAT}")
        return record


async def own_all(journals: Sequence[Journal[Any]]) -> None:
    """Own these journals, a few at a time, or none of them. Raises KafkaError."""
    turns = asyncio.Semaphore(READS_AT_ONCE)
    owning = [asyncio.create_task(journal.own(turns)) for journal in journals]
    try:
        # To the last: one that was still under way when this is tried again would fence the next.
        ended = await asyncio.gather(*owning, return_exceptions=True)
    except asyncio.CancelledError:  # the partitions go to somebody else, who must not be fenced either
        await asyncio.wait(owning)
        await asyncio.gather(*(journal.disown() for journal in journals))
        raise
    failed = [error for error in ended if error is not None]
    if failed:
        await asyncio.gather(*(journal.disown() for journal in journals))
        raise next((error for error in failed if not is_passing(error)), failed[0])


def _keys(records: Iterable[bytes], prefix: bytes) -> list[bytes]:
    return sorted(key for key in records if key.startswith(prefix))


def _pieces(rows: Sequence[R], pack: Callable[[Sequence[R]], bytes]) -> Iterator[bytes]:
    """Rows packed in pieces that fit into a record, by their bytes and not by their number alone."""
    for start in range(0, len(rows), PIECE_ROWS):
        yield from _halved(rows[start : start + PIECE_ROWS], pack)


def _halved(rows: Sequence[R], pack: Callable[[Sequence[R]], bytes]) -> Iterator[bytes]:
    packed = pack(rows)
    if len(packed) <= PART_BYTES or len(rows) == 1:
        yield packed
        return
    half = len(rows) // 2
    yield from _halved(rows[:half], pack)
    yield from _halved(rows[half:], pack)


def _groups(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """Pieces, put together up to the size of one record."""
    groups: list[list[Piece]] = []
    size = PART_BYTES
    for piece in pieces:
        size += len(piece[1])
        if size > PART_BYTES:
            groups.append([])
            size = len(piece[1])
        groups[-1].append(piece)
    return groups
