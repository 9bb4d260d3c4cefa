"""Redis as the projection of `acquit.suppressions`: it can be emptied, restarted or left behind, and comes right again.

Redis itself says how far it is projected (`sup:meta:pos:<n>`). No position, or keys evicted since: the partition is
written anew from the start. Another run of Redis: from 15 minutes before, for the last writes may not have reached its
disk. Left behind: from there. Until a partition is projected to its end, nobody says that the list can be trusted.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from acquit.worker.list_rebuild import MovedError, NotNowError, Rebuild, at_most, check_end, check_policy, is_whole
from acquit.worker.list_redis import (
    NO_EVICTION,
    SCRIPT_ENTRIES,
    ListRedis,
    Position,
    Server,
    new_word,
    read_position,
)
from acquit.worker.list_truth import Truth, entry_of
from acquit.worker.metrics import Metrics
from acquit.worker.waiting import Waits, backoff, is_passing, pause

STEP_BACK_MS = 900_000
CHECKED_PER_SECOND = 5_000

log = logging.getLogger(__name__)


class ListSink:
    """Projects the partitions that this worker owns."""

    def __init__(
        self, redis: Redis, truth: Truth, *, partitions: int, ends_are_known: bool, metrics: Metrics, waits: Waits
    ) -> None:
        self._there = ListRedis(redis)
        self._truth = truth
        self._partitions = partitions
        self._ends_are_known = ends_are_known
        self._metrics = metrics
        self._waits = waits
        self._aligning = asyncio.Lock()
        self._owned: set[int] = set()
        self._positions: dict[int, Position] = {}
        self._read_to: dict[int, int] = {}  # where the group's consumer is
        self._ends: dict[int, int] = {}
        self._empty_to: dict[int, int] = {}  # behind a position, as far as no record lies
        self._checked_at: dict[int, float] = {}
        self._writing: set[int] = set()

    def own(self, tps: Iterable[TopicPartition]) -> None:
        """After a rebalance nothing that was known of a partition holds."""
        self._owned = {tp.partition for tp in tps}
        self._positions.clear()
        self._read_to.clear()
        self._ends.clear()
        self._empty_to.clear()

    async def stop(self) -> None:
        await self._truth.stop()

    async def project(self, tp: TopicPartition, records: Sequence[Any]) -> None:
        """Write a batch, waiting for Redis as long as it takes."""
        number = tp.partition
        self._read_to[number] = max(self._read_to.get(number, 0), records[0].offset)
        for seconds in backoff():
            try:
                if await self._is_aligned(number) and await self._write(number, records):
                    self._waits.end("Redis")
                    return
            except (RedisError, KafkaError, OSError, NotNowError) as error:
                await self._lost(error)
                await pause(seconds)

    async def renew(self, read_to: Mapping[TopicPartition, int]) -> None:
        """Say of the partitions projected to their end that they are, and, with partition 0, that all are."""
        for tp, offset in read_to.items():
            self._read_to[tp.partition] = max(self._read_to.get(tp.partition, 0), offset)
        try:
            server = await self._there.server()
            self._metrics.redis_evicts.set(int(server.policy != NO_EVICTION))
            if server.policy != NO_EVICTION:
                await self._there.withdraw()
            check_policy(server)
            self._waits.end("Redis setting")
            await self._verify(server)
            for number in self._owned:
                await self._is_aligned(number)
            self._ends = self._ends or await self._ends_now()
            await self._there.renew_parts(await self._projected())
            if 0 in self._owned:
                self._metrics.list_ready.set(int(await self._there.renew_ready(self._partitions, server.run_id)))
            self._waits.end("Redis")
            self._ends = await self._ends_now()
            self._waits.end("Kafka")
        except (RedisError, KafkaError, OSError, NotNowError) as error:
            self._metrics.list_ready.set(0)
            await self._lost(error)

    def unchecked(self, *, for_seconds: float) -> list[int]:
        """The partitions that are projected, and were not compared with their truth for so long."""
        now = time.monotonic()
        return [n for n in self._positions if now - self._checked_at.get(n, -for_seconds) >= for_seconds]

    async def check(self, due: Sequence[int], truth: Truth) -> None:
        """Compare slowly with the truth; what is missing or different is written, what is extra only said.

        What nobody put there by this topic an operator should look at before it is taken away.
        """
        now = time.monotonic()
        rebuild = Rebuild(truth, self._there, self._partitions, pace=at_most(CHECKED_PER_SECOND))
        with suppress(MovedError):  # then they were written anew meanwhile, and their turn comes again
            drift = await rebuild.compare(due, mend=("missing", "different"))
            self._checked_at |= dict.fromkeys(due, now)
            self._metrics.drifted(missing=drift.missing, different=drift.different, extra=drift.extra)
            if not drift.is_none:
                log.error("the list in Redis was not its truth: of %d entries %d were missing and %d different, which is "
                          "mended; %d are extra: look, and run acquit suppression rebuild", drift.entries, drift.missing,
                          drift.different, drift.extra)  # fmt: skip

    async def _lost(self, error: BaseException) -> None:
        if isinstance(error, NotNowError):
            self._waits.begin(error.what, str(error))
            return
        if not is_passing(error):
            raise error
        self._waits.begin("Redis" if isinstance(error, RedisError) else "Kafka", error)
        self._positions.clear()
        if isinstance(error, RedisError | OSError):
            await self._there.let_go()

    async def _verify(self, server: Server) -> None:
        """Redis may have been emptied, or started again, or have evicted something, with nobody writing."""
        known = dict(self._positions)
        there = await self._there.positions(list(known))
        for number, position in known.items():
            is_written = number in self._writing or self._positions.get(number) is not position
            is_ours = is_written or there[number] == str(position)
            if not is_ours or position.run_id != server.run_id or position.evicted != server.evicted:
                self._positions.pop(number, None)

    async def _ends_now(self) -> dict[int, int]:
        return await self._truth.ends(self._owned) if self._owned else {}

    async def _projected(self) -> dict[int, Position]:
        """The partitions of which nothing is missing of what was there when we looked last."""
        whole = {}
        for number, end in self._ends.items():
            position = self._positions.get(number)
            if position is None:
                continue
            reached = max(position.offset + 1, self._empty_to.get(number, 0))
            if reached >= end or await self._truth.is_empty(number, reached, end):
                self._empty_to[number] = max(reached, end)
                whole[number] = position
        return whole

    async def _is_aligned(self, number: int) -> bool:
        """Bring Redis to the end of this partition, if it is not known to be where we left it. False: try again."""
        if number in self._positions:
            return True
        async with self._aligning:
            if number in self._positions:
                return True
            try:
                await self._align([n for n in self._owned | {number} if n not in self._positions])
            except MovedError:
                return False
        self._waits.end("Kafka")
        return number in self._positions

    async def _align(self, numbers: Sequence[int]) -> None:
        server = await self._there.server()
        check_policy(server)
        found = await self._there.positions(numbers)
        ends = await self._truth.ends(numbers)
        if not self._ends_are_known:
            ends = {n: max(end, self._read_to.get(n, 0)) for n, end in ends.items()}
        lost = {}
        for number, raw in found.items():
            position = read_position(raw)
            if position is not None and self._ends_are_known:
                check_end(number, position, ends[number])
            if position is not None and is_whole(position, server):
                self._positions[number] = await self._continued(number, raw, position, server, end=ends[number])
            else:
                lost[number] = raw
        self._waits.end("suppressions")
        if lost:
            await self._write_anew(lost, server, ends)

    async def _continued(self, number: int, raw: str, found: Position, server: Server, *, end: int) -> Position:
        start = found.offset + 1
        if found.run_id != server.run_id:
            start = min(start, await self._truth.offset_at(number, found.timestamp_ms - STEP_BACK_MS) or 0)
            log.warning("Redis was started anew, or another one took over: partition %d again from %d", number, start)
        ours = msgspec.structs.replace(
            found, run_id=server.run_id, evicted=server.evicted, word=new_word(), is_exact=True
        )
        return await Rebuild(self._truth, self._there, self._partitions).catch_up(
            number, raw, ours, start=start, end=end
        )

    async def _write_anew(self, found: Mapping[int, str], server: Server, ends: Mapping[int, int]) -> None:
        log.warning("Redis does not say how far it is projected, or has evicted keys: %d partitions are written anew "
                    "from the truth", len(found))  # fmt: skip
        self._waits.begin("the list", "it is written to Redis anew")
        begun = time.monotonic()
        try:
            exact, drift = await Rebuild(self._truth, self._there, self._partitions).write_anew(
                found, server, ends=ends
            )
        finally:
            self._waits.end("the list")
        self._positions.update(exact)
        self._metrics.rebuilt.inc(drift.entries)
        log.warning("%d entries are written anew in %.1f s, %d that the truth does not have are taken away", drift.entries,
                    time.monotonic() - begun, drift.extra)  # fmt: skip

    async def _write(self, number: int, records: Sequence[Any]) -> bool:
        """False: Redis is not where we left it, so that something may be missing there."""
        known = self._positions[number]
        fresh = [record for record in records if record.offset > known.offset]
        steps = []
        for at in range(0, len(fresh), SCRIPT_ENTRIES):
            some = fresh[at : at + SCRIPT_ENTRIES]
            entries = {entry[0]: entry for entry in map(entry_of, some) if entry}
            steps.append((list(entries.values()), known.at(some[-1].offset, some[-1].timestamp)))
        self._writing.add(number)
        try:
            is_there = await self._there.advance(number, known, steps)
        finally:
            self._writing.discard(number)
        if not is_there:
            self._positions.pop(number, None)
            return False
        if steps:
            self._positions[number] = steps[-1][1]
            self._metrics.projected(fresh)
        return True
