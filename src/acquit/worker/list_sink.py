"""Redis as the projection of `acquit.suppressions`: it can be emptied, restarted or left behind, and comes right again.

Redis itself says how far it is projected (`sup:meta:pos:<n>`, written last in each pipeline, and only if nobody else wrote
it meanwhile). No position: the partition is rebuilt from the start. Another run of Redis: from 15 minutes before, for
the last writes may not have reached its disk. What a partition lacks before a batch is read by a reader of our own.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from msgspec import MsgspecError, Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from acquit.effects import read_suppression
from acquit.suppression.keys import READY, entry_key, entry_value, offset_key, part_key, position_key
from acquit.worker.metrics import Metrics
from acquit.worker.waiting import Waits, backoff, is_passing, pause

STEP_BACK_MS = 900_000
OFFSET_KEPT_SECONDS = 604_800
ALIVE_SECONDS = 60
PIPELINE_ENTRIES = 5_000

# KEYS: the entry, its offset. ARGV: offset, how long it is kept, value ("" removes), until in ms ("" for ever).
_WRITE = """
local known = redis.call('GET', KEYS[2])
if known and tonumber(known) > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[2])
if ARGV[3] == '' then redis.call('DEL', KEYS[1]) return 1 end
redis.call('SET', KEYS[1], ARGV[3])
if ARGV[4] ~= '' then redis.call('PEXPIREAT', KEYS[1], ARGV[4]) end
return 1
"""
# KEYS: the position. ARGV: what it must be ("" for absent), what it becomes.
_ADVANCE = """
local is = redis.call('GET', KEYS[1]) or ''
if is ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""

log = logging.getLogger(__name__)


class Position(Struct, frozen=True):
    """How far a partition is projected: the offset of the last record, the run of Redis, that record's time."""

    offset: int
    run_id: str
    timestamp_ms: int

    def __str__(self) -> str:
        return f"{self.offset}|{self.run_id}|{self.timestamp_ms}"


def read_position(value: bytes | str | None) -> Position | None:
    """None for a key that is absent, or not of this form."""
    text = value.decode() if isinstance(value, bytes) else value or ""
    offset, _, rest = text.partition("|")
    run_id, _, timestamp_ms = rest.partition("|")
    return Position(int(offset), run_id, int(timestamp_ms)) if timestamp_ms else None


class Reading(Struct, frozen=True):
    """How far a partition was read, and whether all that was read is written."""

    position: int
    is_idle: bool


class ListSink:
    """Projects the partitions that this worker owns. `reader` is a consumer of its own, outside the group."""

    def __init__(self, redis: Redis, topic: str, *, reader: AIOKafkaConsumer, metrics: Metrics, waits: Waits) -> None:
        self._redis = redis
        self._topic = topic
        self._reader = reader
        self._metrics = metrics
        self._waits = waits
        self._locks: dict[int, asyncio.Lock] = {}
        self._reading = asyncio.Lock()
        self._positions: dict[int, Position] = {}
        self._ends: dict[int, int] = {}
        self._run_id = ""

    def forget(self) -> None:
        """After a rebalance nothing that was known of a partition holds."""
        self._positions.clear()
        self._ends.clear()

    async def stop(self) -> None:
        await self._reader.stop()

    async def project(self, tp: TopicPartition, records: Sequence[Any]) -> None:
        """Write a batch, waiting for Redis as long as it takes."""
        async with self._lock(tp):
            for seconds in backoff():
                try:
                    if tp.partition not in self._positions:
                        await self._align(tp, records[0].offset)
                    if await self._write_and_advance(tp, records):
                        self._waits.end("Redis")
                        return
                except (RedisError, KafkaError, OSError) as error:
                    self._lost(error)
                    await pause(seconds)

    async def renew(self, owned: Mapping[TopicPartition, "Reading"], partitions: int) -> None:
        """Say of the partitions projected to their end that they are, and, with partition 0, that all are."""
        try:
            for tp, reading in owned.items():
                async with self._lock(tp):
                    await self._verify(tp, reading.position)
                    await self._renew_part(tp, reading)
            if any(tp.partition == 0 for tp in owned):
                await self._renew_ready(partitions)
            self._waits.end("Redis")
            if owned:
                async with self._reading:
                    ends = await self._reader.end_offsets(list(owned))
                self._ends = {tp.partition: end for tp, end in ends.items()}
        except (RedisError, KafkaError, OSError) as error:
            self._lost(error)

    def _lock(self, tp: TopicPartition) -> asyncio.Lock:
        return self._locks.setdefault(tp.partition, asyncio.Lock())

    def _lost(self, error: BaseException) -> None:
        if not is_passing(error):
            raise error
        self._waits.begin("Redis" if isinstance(error, RedisError) else "Kafka", error)
        self._positions.clear()

    async def _verify(self, tp: TopicPartition, before: int) -> None:
        """Redis may have been emptied, or started again, with nobody writing."""
        known = self._positions.get(tp.partition)
        if known is not None:
            there = await self._redis.get(position_key(tp.partition))
            run_id = (await self._redis.info("server"))["run_id"]
            if there == str(known).encode() and run_id == known.run_id:
                return
            del self._positions[tp.partition]
        await self._align(tp, before)

    async def _renew_part(self, tp: TopicPartition, reading: "Reading") -> None:
        end = self._ends.get(tp.partition)
        projected = reading.position if reading.is_idle else self._positions[tp.partition].offset + 1
        if end is not None and projected >= end:
            await self._redis.set(part_key(tp.partition), str(projected), ex=ALIVE_SECONDS)

    async def _renew_ready(self, partitions: int) -> None:
        there = await self._redis.mget([part_key(n) for n in range(partitions)])
        if all(value is not None for value in there):
            await self._redis.set(READY, self._run_id, ex=ALIVE_SECONDS)

    async def _align(self, tp: TopicPartition, before: int) -> None:
        """Bring Redis to where this partition is read on: nothing before `before` may be missing."""
        info = await self._redis.info("server")
        self._run_id = info["run_id"]
        found = read_position(await self._redis.get(position_key(tp.partition)))
        start = 0 if found is None else found.offset + 1
        if found is not None and found.run_id != self._run_id:
            start = await self._offset_at(tp, found.timestamp_ms - STEP_BACK_MS)
            before = max(before, found.offset + 1)
        last = await self._rebuild(tp, start, before) if start < before else None
        now = Position(max(before - 1, found.offset if found else -1), self._run_id,
                       last or (found.timestamp_ms if found else 0))  # fmt: skip
        await self._redis.set(position_key(tp.partition), str(now))
        self._positions[tp.partition] = now

    async def _offset_at(self, tp: TopicPartition, timestamp_ms: int) -> int:
        async with self._reading:
            found = (await self._reader.offsets_for_times({tp: max(0, timestamp_ms)}))[tp]
        return 0 if found is None else int(found.offset)

    async def _rebuild(self, tp: TopicPartition, start: int, before: int) -> int | None:
        """Write again what lies between these offsets; returns the time of the last record."""
        log.info("rebuilding partition %d of the list from %d to %d", tp.partition, start, before)
        last = None
        async for records in self._read(tp, start, before):
            await self._write(records)
            last = records[-1].timestamp
        return last

    async def _read(self, tp: TopicPartition, start: int, before: int) -> AsyncIterator[list[Any]]:
        async with self._reading:
            self._reader.assign([tp])
            beginning = (await self._reader.beginning_offsets([tp]))[tp]
            before = min(before, (await self._reader.end_offsets([tp]))[tp])
            self._reader.seek(tp, max(start, beginning))
            while await self._reader.position(tp) < before:
                batch = (await self._reader.getmany(tp, timeout_ms=200, max_records=PIPELINE_ENTRIES)).get(tp, [])
                wanted = [record for record in batch if record.offset < before]
                if wanted:
                    yield wanted

    async def _write(self, records: Sequence[Any]) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for record in records:
                _add(pipe, record)
            await pipe.execute()

    async def _write_and_advance(self, tp: TopicPartition, records: Sequence[Any]) -> bool:
        """False: Redis is not where we left it, so that something may be missing there."""
        known = self._positions[tp.partition]
        fresh = [record for record in records if record.offset > known.offset]
        if not fresh:
            return True
        now = Position(fresh[-1].offset, self._run_id, fresh[-1].timestamp)
        async with self._redis.pipeline(transaction=False) as pipe:
            for record in fresh:
                _add(pipe, record)
            pipe.eval(_ADVANCE, 1, position_key(tp.partition), str(known), str(now))
            answers = await pipe.execute()
        if not answers[-1]:
            del self._positions[tp.partition]
            return False
        self._positions[tp.partition] = now
        self._metrics.projected(fresh)
        return True


def _add(pipe: Any, record: Any) -> None:
    """One record of the truth as one command. A tombstone removes; what has expired since is removed as well."""
    recipient, _, scope = record.key.decode().rpartition("/")
    value, until_ms = "", ""
    if record.value is not None:
        try:
            entry = read_suppression(record.value)
        except MsgspecError:
            log.error("a record of the list at %d/%d cannot be read", record.partition, record.offset)  # noqa: TRY400
            return
        value = entry_value(entry.reason, entry.since, entry.rule)
        until_ms = "" if entry.until is None else str(round(entry.until.timestamp() * 1000))
    keys = (entry_key(recipient, scope), offset_key(recipient, scope))
    pipe.eval(_WRITE, 2, *keys, record.offset, OFFSET_KEPT_SECONDS, value, until_ms)
