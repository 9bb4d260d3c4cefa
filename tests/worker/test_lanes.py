"""Lanes: one batch of a partition after the other, and a clean end whenever it comes."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from acquit.worker import lanes as lanes_page
from acquit.worker.lanes import Lanes

TP = TopicPartition("t", 0)
BATCH = [SimpleNamespace(topic="t", partition=0, offset=0, timestamp=0)]


class Consumer:
    """Takes what the lanes tell it."""

    def mark_full(self, tp: TopicPartition) -> None: ...
    def mark_room(self, tp: TopicPartition) -> None: ...


def opened(work: Any, idle: Any = None) -> Lanes:
    app: Any = SimpleNamespace(consumer=Consumer())
    lanes = Lanes(app, work, idle=idle, idle_seconds=60)
    lanes.open(TP)
    lanes.begin()
    return lanes


@pytest.mark.parametrize("idle", [None, pytest.param(lambda _: asyncio.sleep(0), id="idle")])
async def test_batch_that_comes_as_the_lanes_close_is_dropped_and_ends_nothing(
    idle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, ended = list[Any](), list[BaseException]()
    monkeypatch.setattr(lanes_page, "end_unacknowledged", ended.append)

    async def take(_: TopicPartition, records: list[Any]) -> None:
        taken.append(records)

    lanes = opened(take, idle)
    await asyncio.sleep(0.01)  # the lane waits for a batch by now
    lanes.submit(BATCH)
    async with asyncio.timeout(1):
        await lanes.close()
    assert (taken, ended) == ([], [])


async def test_batch_that_is_under_way_is_let_end() -> None:
    taken, go_on = list[Any](), asyncio.Event()

    async def take(_: TopicPartition, records: list[Any]) -> None:
        await go_on.wait()
        taken.append(records)

    lanes = opened(take)
    lanes.submit(BATCH)
    await asyncio.sleep(0.01)
    closing = asyncio.create_task(lanes.close())
    await asyncio.sleep(0.01)
    go_on.set()
    await closing
    assert taken == [BATCH]


async def test_what_an_agent_raises_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = list[BaseException]()
    monkeypatch.setattr(lanes_page, "end_unacknowledged", ended.append)

    async def take(_: TopicPartition, records: list[Any]) -> None:
        raise KeyError

    lanes = opened(take)
    lanes.submit(BATCH)
    await asyncio.sleep(0.01)
    await lanes.close()
    assert [type(error) for error in ended] == [KeyError]
