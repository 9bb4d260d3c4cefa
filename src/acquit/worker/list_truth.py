"""The truth of the list, read: what each key holds at the end of a stretch of a partition of `acquit.suppressions`.

It is folded before anything is written, for a sender must not see again what a person's entry went through: suppressed,
lifted, suppressed once more.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from typing import Any
from zlib import crc32

from aiokafka import AIOKafkaConsumer, TopicPartition
from msgspec import MsgspecError, Struct

from acquit.effects import read_suppression
from acquit.suppression.keys import entry_key, entry_value
from acquit.worker.list_redis import Entry

FETCH_MS = 20
"""While a fetch waits for more at the end of a partition, what is asked for next on its connection waits behind it."""
POLL_MS = 50
POLL_RECORDS = 5_000
SHARE_RECORDS = 1_000_000
"""More are folded in shares, each by a reading of its own: a key and what it holds take about 350 bytes meanwhile."""

log = logging.getLogger(__name__)


class Stretch(Struct, frozen=True):
    """What the keys of some records hold after the last of them. `timestamp_ms` is 0 where there was no record."""

    entries: list[Entry]
    timestamp_ms: int


class Truth:
    """Reads with a consumer of its own, outside the group, a partition at a time. `options` say where Kafka is."""

    def __init__(self, topic: str, *, options: Mapping[str, Any], reads_committed: bool) -> None:
        self._reader = AIOKafkaConsumer(
            **options,
            isolation_level="read_committed" if reads_committed else "read_uncommitted",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=FETCH_MS,
        )
        self._topic = topic
        self._reading = asyncio.Lock()

    async def start(self) -> None:
        await self._reader.start()
        await asyncio.sleep(0)  # stopped before its tasks have begun, aiokafka 0.14 raises CancelledError

    async def stop(self) -> None:
        await self._reader.stop()

    async def ends(self, numbers: Iterable[int]) -> dict[int, int]:
        """Where these partitions end now, as far as it is committed."""
        async with self._reading:
            ends = await self._reader.end_offsets([self._tp(number) for number in numbers])
        return {tp.partition: int(end) for tp, end in ends.items()}

    async def offset_at(self, number: int, timestamp_ms: int) -> int | None:
        """The first offset of this time or later, None if there is none."""
        tp = self._tp(number)
        async with self._reading:
            found = (await self._reader.offsets_for_times({tp: max(0, timestamp_ms)}))[tp]
        return None if found is None else int(found.offset)

    async def is_empty(self, number: int, start: int, before: int) -> bool:
        """Whether no record lies there: the ends of transactions take offsets, too."""
        async with aclosing(self._read(number, start, before)) as batches:
            async for _ in batches:
                return False
        return True

    async def shares(self, number: int, start: int, before: int) -> int:
        """In how many shares this stretch is folded, so that no more is held at once than is known beforehand."""
        async with self._reading:
            beginning = (await self._reader.beginning_offsets([self._tp(number)]))[self._tp(number)]
        return 1 + max(0, before - max(start, int(beginning))) // SHARE_RECORDS

    async def fold(self, number: int, start: int, before: int, *, share: int = 0, shares: int = 1) -> Stretch:
        """What the keys of a share hold in the end; with `shares` more than one, those whose hash says so."""
        held: dict[bytes, Entry] = {}
        timestamp_ms = 0
        async with aclosing(self._read(number, start, before)) as batches:
            async for records in batches:
                timestamp_ms = records[-1].timestamp
                for record in records:
                    if shares > 1 and crc32(record.key) % shares != share:
                        continue
                    entry = entry_of(record)
                    if entry is not None:
                        held[entry[0]] = entry
        return Stretch(list(held.values()), timestamp_ms)

    async def _read(self, number: int, start: int, before: int) -> AsyncGenerator[list[Any], None]:
        if start >= before:
            return
        tp = self._tp(number)
        async with self._reading:
            beginning = (await self._reader.beginning_offsets([tp]))[tp]
            self._reader.assign([tp])
            try:
                self._reader.seek(tp, max(start, beginning))
                while await self._reader.position(tp) < before:
                    batch = (await self._reader.getmany(tp, timeout_ms=POLL_MS, max_records=POLL_RECORDS)).get(tp, [])
                    wanted = [record for record in batch if record.offset < before]
                    if wanted:
                        yield wanted
            finally:
                self._reader.unsubscribe()  # else it would go on fetching

    def _tp(self, number: int) -> TopicPartition:
        return TopicPartition(self._topic, number)


def entry_of(record: Any) -> Entry | None:
    """A record as the entry that it leaves in Redis; None, and a word in the log, for one that cannot be read."""
    recipient, _, scope = record.key.decode().rpartition("/")
    key = entry_key(recipient, scope).encode()
    if record.value is None:
        return key, "", ""
    try:
        entry = read_suppression(record.value)
    except MsgspecError:
        log.error("a record of the list at %d/%d cannot be read", record.partition, record.offset)  # noqa: TRY400
        return None
    until = "" if entry.until is None else str(round(entry.until.timestamp() * 1000))
    return key, entry_value(entry.reason, entry.since, entry.rule), until
