"""Partitions read from an offset to where they end now, outside any group: journals, logs, dead letters. All do it here.

An end is a lower bound, and what is read may go beyond it. The embedded broker names the offset behind the first record
of the last batch; but batches are read whole, so that whoever is there has read them all.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaTimeoutError

POLL_MS = 200
SILENT_SECONDS = 90
"""A worker that died within a transaction hides what comes after for 60 s, until the broker ends it."""
FETCH_BYTES = 4 * 1024 * 1024

Isolation = Literal["read_committed", "read_uncommitted"]


class Span(NamedTuple):
    """Offsets of a partition: of the first record, and behind the last."""

    begin: int
    end: int


def isolation(*, fencing: bool) -> Isolation:
    """Of whoever reads what counts. The embedded broker has no transactions, and its answer to such a reader is empty."""
    return "read_committed" if fencing else "read_uncommitted"


@asynccontextmanager
async def open_reader(
    options: Mapping[str, Any], isolation_level: Isolation, *, fetch_bytes: int = FETCH_BYTES
) -> AsyncIterator[AIOKafkaConsumer]:
    reader = AIOKafkaConsumer(
        **options,
        isolation_level=isolation_level,
        enable_auto_commit=False,
        auto_offset_reset="earliest",  # where retention was faster than we
        max_partition_fetch_bytes=fetch_bytes,
    )
    try:
        await reader.start()
        await asyncio.sleep(0)  # stop() raises CancelledError where a task of the reader's has not begun yet
        reader._fetcher._prefetch_backoff = 0.0  # noqa: SLF001 - as in record_batches.py: 100 ms for every fetch
        yield reader
    finally:
        await reader.stop()


async def ask_spans(reader: AIOKafkaConsumer, tps: Collection[TopicPartition]) -> dict[TopicPartition, Span]:
    """Where these partitions begin and end now, for this reader: what is committed ends before an open transaction."""
    assign(reader, tps)  # else it would look for their leaders only when it has failed to find them
    begins, ends = await asyncio.gather(reader.beginning_offsets(list(tps)), reader.end_offsets(list(tps)))
    return {tp: Span(begins[tp], ends[tp]) for tp in tps}


def assign(reader: AIOKafkaConsumer, tps: Collection[TopicPartition]) -> None:
    """Once only: aiokafka's fetcher, stopped right after another assignment took the place of one, stops never."""
    if reader.assignment() != set(tps):
        reader.assign(list(tps))


async def read(reader: AIOKafkaConsumer, spans: Mapping[TopicPartition, Span]) -> AsyncGenerator[list[Any], None]:
    """The records of these spans, a batch of one partition at a time; the last may go beyond the end.

    Raises KafkaTimeoutError when an end is not reached.
    """
    assign(reader, spans)
    for tp, span in spans.items():
        # Never seek_to_beginning: the reset that assign() begins may overtake it, to the latest offset where that is the
        # reader's policy, and nothing is read.
        reader.seek(tp, span.begin)
    before, moved_at = dict.fromkeys(spans, -1), time.monotonic()
    while True:
        positions = {tp: await reader.position(tp) for tp in spans}
        behind = [tp for tp, span in spans.items() if positions[tp] < span.end]
        if not behind:
            return
        if positions != before:
            before, moved_at = positions, time.monotonic()
        elif time.monotonic() - moved_at > SILENT_SECONDS:
            tp = behind[0]
            raise KafkaTimeoutError(f"{tp.topic}/{tp.partition} was read to {positions[tp]}, not to {spans[tp].end}")
        for records in (await reader.getmany(*behind, timeout_ms=POLL_MS)).values():
            yield records


def keep_last(records: dict[bytes, bytes], batch: Iterable[Any]) -> None:
    """Take what follows into the last values of keys. What was removed leaves nothing."""
    for record in batch:
        if record.value is None:
            records.pop(record.key, None)
        else:
            records[record.key] = record.value
