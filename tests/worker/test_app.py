"""What a worker does when its partitions come and go, without a Kafka."""

import asyncio
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from acquit import rules
from acquit.worker.app import Worker
from acquit.worker.health import Health
from acquit.worker.settings import Settings


class _Loading:
    """A load of state that ends when it is told to."""

    def __init__(self, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.ended, self.go_on = 0, 0, asyncio.Event()
        monkeypatch.setattr(worker, "_load", self._load)

    async def _load(self, _: Iterable[Any]) -> None:
        self.begun += 1
        try:
            await self.go_on.wait()
        finally:
            self.ended += 1


@pytest.fixture
async def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    worker = Worker(Settings(), rules.load(), Health(max_carriers=10, stall_seconds=60), {})
    consumer = SimpleNamespace(assignment=set, forget=lambda: None)
    monkeypatch.setattr(worker, "app", SimpleNamespace(has_assignment=True, consumer=consumer))
    return worker


async def test_worker_is_ready_when_its_state_is_loaded_and_not_before(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading = _Loading(worker, monkeypatch)
    rebalance = asyncio.create_task(worker._assigned())
    await asyncio.sleep(0.01)
    assert worker.health.not_ready()
    loading.go_on.set()
    await rebalance
    assert not worker.health.not_ready()


async def test_revocation_ends_the_loading_before_another_worker_can_be_fenced_by_it(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading = _Loading(worker, monkeypatch)
    rebalance = asyncio.create_task(worker._assigned())
    await asyncio.sleep(0.01)
    await worker._revoked()
    assert (loading.begun, loading.ended) == (1, 1)
    loading.go_on.set()
    await rebalance
    assert worker.health.not_ready()
    assert not any(lanes._is_open for lanes in worker._lanes.values())


async def test_nothing_is_owned_of_an_assignment_that_is_over(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    loading = _Loading(worker, monkeypatch)
    await worker._revoked()
    await worker._assigned()
    assert loading.begun == 0
