"""Lanes: the batches of one partition one after the other, those of different partitions side by side.

An agent hands every batch to its partition's lane and never waits, so that a slow partition keeps no other one waiting;
a lane with a batch waiting is full, and its partition is not read on. An error in a lane ends the process: nothing of
that batch was marked as done, so whoever comes next starts with it.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka import TopicPartition

from acquit.worker.ending import end_unacknowledged
from acquit.worker.record_batches import BatchApp

CLOSE_SECONDS = 5.0

Work = Callable[[TopicPartition, list[Any]], Awaitable[None]]
Idle = Callable[[TopicPartition], Awaitable[None]]


class _Lane:
    """The batches of one partition that were read and not begun."""

    def __init__(self) -> None:
        self.waiting: deque[list[Any]] = deque()
        self.arrived = asyncio.Event()
        self.is_busy = False
        self.begun_ms = 0  # the time of the last record begun: what waits is younger

    async def next(self, within_seconds: float | None) -> list[Any] | None:
        """The next batch; None when none came in time."""
        if not self.waiting:
            self.arrived.clear()
            try:
                async with asyncio.timeout(within_seconds):  # wait_for of 3.11 loses a cancellation as a batch comes
                    await self.arrived.wait()
            except TimeoutError:
                return None
        self.is_busy = True
        return self.waiting.popleft()


class Lanes:
    """The lanes of one agent. `work` gets each batch; `idle`, if given, is called after `idle_seconds` without one."""

    def __init__(self, app: BatchApp, work: Work, *, idle: Idle | None = None, idle_seconds: float = 1.0) -> None:
        self._app = app
        self._work = work
        self._idle = idle
        self._idle_seconds = idle_seconds if idle else None
        self._lanes: dict[TopicPartition, _Lane] = {}
        self._is_open = False
        self._tasks: list[asyncio.Task[None]] = []
        self.moved_at = time.monotonic()

    def begin(self) -> None:
        """Take batches from now on. Until then, and after `close`, they are dropped: they will be read again."""
        self._is_open = True

    def open(self, tp: TopicPartition) -> None:
        """Make the lane of a partition, if it is not there."""
        if tp not in self._lanes:
            self._lanes[tp] = _Lane()
            self._tasks.append(asyncio.create_task(self._run(tp, self._lanes[tp])))

    def submit(self, records: list[Any]) -> None:
        if not self._is_open:
            return
        tp = TopicPartition(records[0].topic, records[0].partition)
        self.open(tp)
        lane = self._lanes[tp]
        lane.waiting.append(records)
        lane.arrived.set()
        self._app.consumer.mark_full(tp)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is under way."""
        return not any(lane.is_busy or lane.waiting for lane in self._lanes.values())

    def waiting_at(self, tp: TopicPartition) -> int:
        """Records of this partition that were read and not begun."""
        lane = self._lanes.get(tp)
        return sum(len(records) for records in lane.waiting) if lane else 0

    def begun_ms_at(self, tp: TopicPartition) -> int:
        """The time of the last record of this partition that was begun, 0 if there was none."""
        lane = self._lanes.get(tp)
        return lane.begun_ms if lane else 0

    async def close(self) -> None:
        """Let what is under way end, for a while; then abandon it. What waits is read again by whoever owns it then."""
        self._is_open = False
        for lane in self._lanes.values():
            lane.waiting.clear()
        deadline = time.monotonic() + CLOSE_SECONDS
        while not self.is_idle and time.monotonic() < deadline:  # noqa: ASYNC110 - of many lanes, no one event tells
            await asyncio.sleep(0.01)
        tasks, self._tasks = self._tasks, []
        self._lanes.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, tp: TopicPartition, lane: _Lane) -> None:
        try:
            while True:
                records = await lane.next(self._idle_seconds)
                if records is not None:
                    await self._take(tp, lane, records)
                elif self._idle is not None:
                    await self._idle(tp)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - the top of an agent: whatever it is, nothing was acknowledged
            end_unacknowledged(error)

    async def _take(self, tp: TopicPartition, lane: _Lane, records: list[Any]) -> None:
        try:
            if not lane.waiting:
                self._app.consumer.mark_room(tp)
            lane.begun_ms = records[-1].timestamp
            await self._work(tp, records)
        finally:
            lane.is_busy = False
            self.moved_at = time.monotonic()
