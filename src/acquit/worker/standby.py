"""Standbys: the ledger's journals, followed in the background, so that owning a partition reads only what is new.

Kept is the last value of every key, as it came, and not a loaded state. That is right whatever is compacted away meanwhile;
a loaded state would have to be made anew for every delta that it missed, and would save little: of 300,000 messages (14 MB,
broker on the same machine) reading takes 0.13 s and loading 0.1 s, and only reading has to wait for a broker and a network.

All journals are followed, those of owned partitions too: at every rebalance an owner forgets its state and loads it again,
and what it keeps is more than what it takes over. Nobody reads from here but an owner whose producer was started, and
it reads the journal on to its end.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from acquit.worker.journal import Known, nothing_known
from acquit.worker.partition_reader import assign, keep_last
from acquit.worker.waiting import backoff, is_passing, pause

STALE_SECONDS = 3_600.0
"""Kafka keeps a removal for 24 hours (topics.py). Who has not been at the end for so long may have missed one."""
ASK_SECONDS = 15.0
FETCH_BYTES = 1024 * 1024
REST_SECONDS = 0.05
"""After each step: the owners' agents run in the same loop."""
POLL_MS = 1_000

Clock = Callable[[], float]
log = logging.getLogger(__name__)


class Copy:
    """One journal as far as it was followed. `sure_at`: when all that was committed by then had been read."""

    def __init__(self, position: int, now: float) -> None:
        self.records: dict[bytes, bytes] = {}
        self.position = position
        self.sure_at = now  # of what is kept, nothing was removed before it was read

    def take(self, batch: Iterable[Any]) -> None:
        keep_last(self.records, batch)

    def reach(self, position: int, *, end: int, asked_at: float) -> None:
        """All before `position` was taken. `end` is where the journal ended at that time."""
        self.position = position
        if position >= end:
            self.sure_at = asked_at

    def is_stale(self, now: float) -> bool:
        return abs(now - self.sure_at) > STALE_SECONDS  # a clock may be set back


class Standby:
    """Follows the journals of all partitions of a topic from `begin` on."""

    def __init__(self, topic: str, partitions: int, *, options: Mapping[str, Any], clock: Clock = time.time) -> None:
        self._tps = [TopicPartition(topic, number) for number in range(partitions)]
        self._options = options
        self._clock = clock
        self._copies: dict[int, Copy] = {}
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def known(self, partition: int) -> Known:
        """What an owner need not read again; it may keep and change what it gets."""
        copy = self._copies.get(partition)
        if copy is None or copy.is_stale(self._clock()):
            return nothing_known(partition)
        return Known(dict(copy.records), copy.position)

    async def _run(self) -> None:
        try:
            for seconds in backoff():
                try:
                    await self._follow()
                except (KafkaError, OSError) as error:
                    if not is_passing(error):
                        raise
                    log.info("following journals breaks off: %s", type(error).__name__)
                    await pause(seconds)
        except Exception as error:  # noqa: BLE001 - the top of a task; without a standby all is read, which is right too
            log.error("following journals has ended: %s", type(error).__name__)  # noqa: TRY400 - its text is not ours
            self._copies.clear()

    async def _follow(self) -> None:
        reader = AIOKafkaConsumer(
            **self._options, isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="none",
            max_partition_fetch_bytes=FETCH_BYTES, fetch_max_bytes=4 * FETCH_BYTES,
        )  # fmt: skip
        try:
            await reader.start()
            await self._seek(reader)
            while True:
                asked_at, ends = await self._ask(reader)
                while abs(self._clock() - asked_at) < ASK_SECONDS:
                    await self._step(reader, ends, asked_at)
                    await asyncio.sleep(REST_SECONDS)
        finally:
            await reader.stop()

    async def _seek(self, reader: AIOKafkaConsumer) -> None:
        begins = await reader.beginning_offsets(self._tps)
        assign(reader, self._tps)
        for tp in self._tps:
            copy = self._copies.get(tp.partition)
            if copy is None or copy.position < begins[tp] or copy.is_stale(self._clock()):
                copy = self._copies[tp.partition] = Copy(begins[tp], self._clock())
            reader.seek(tp, copy.position)

    async def _ask(self, reader: AIOKafkaConsumer) -> tuple[float, dict[TopicPartition, int]]:
        """Where the journals end, and when that was asked. What was not sure by then for too long is begun anew."""
        asked_at, ends = self._clock(), await reader.end_offsets(self._tps)
        if any(copy.is_stale(asked_at) for copy in self._copies.values()):
            await self._seek(reader)
        return asked_at, ends

    async def _step(self, reader: AIOKafkaConsumer, ends: Mapping[TopicPartition, int], asked_at: float) -> None:
        try:
            batches = await reader.getmany(timeout_ms=POLL_MS)
        except OffsetOutOfRangeError:  # cut off at its beginning, or made anew
            self._copies.clear()
            await self._seek(reader)
            return
        for tp in self._tps:
            copy = self._copies[tp.partition]
            copy.take(batches.get(tp, ()))
            copy.reach(await reader.position(tp), end=ends[tp], asked_at=asked_at)
