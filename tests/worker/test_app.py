"""What a worker does when its partitions come and go, without a Kafka."""

import asyncio
import time
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

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


def _value(worker: Worker, name: str, **labels: str) -> float | None:
    return worker.metrics.registry.get_sample_value(name, labels)


class _Reader:
    """A consumer with one partition, of which so many records are there and so many were read."""

    def __init__(self, end: int, read_to: int) -> None:
        self.tp, self.end, self.read_to = TopicPartition("acquit.events", 3), end, read_to

    def assignment(self) -> set[TopicPartition]:
        return {self.tp}

    async def position(self, _: TopicPartition) -> int:
        return self.read_to

    def highwater(self, _: TopicPartition) -> int:
        return self.end

    def forget(self) -> None:
        """Nothing is remembered."""


@pytest.fixture
def reader(worker: Worker) -> _Reader:
    reader = _Reader(end=9, read_to=5)
    worker.app.consumer = reader
    worker.health.is_assigned = True
    return reader


LAG = {"topic": "acquit.events", "partition": "3"}


async def test_lag_of_a_partition_that_was_taken_away_is_not_shown_any_more(worker: Worker, reader: _Reader) -> None:
    await worker._measure_lag()
    assert _value(worker, "acquit_consumer_lag_records", **LAG) == 4
    assert worker.health.lag == {reader.tp: 4}
    await worker._revoked()
    assert _value(worker, "acquit_consumer_lag_records", **LAG) is None
    assert worker.health.lag == {}, "it would look as if its records waited for us"


async def test_record_after_a_quiet_night_has_not_waited_all_night(
    worker: Worker, reader: _Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_790_000_000.0
    monkeypatch.setattr("acquit.worker.app.time", SimpleNamespace(time=lambda: now, monotonic=time.monotonic))
    monkeypatch.setattr(worker._lanes["ledger"], "begun_ms_at", lambda _: round((now - 40_000) * 1000))
    await worker._measure_lag()
    assert _value(worker, "acquit_consumer_lag_seconds", **LAG) == 40_000, "as far as is known"
    reader.read_to = 9
    await worker._measure_lag()
    assert _value(worker, "acquit_consumer_lag_seconds", **LAG) == 0
    now, reader.end = now + 5, 10
    await worker._measure_lag()
    assert _value(worker, "acquit_consumer_lag_seconds", **LAG) == 5


async def test_worker_that_lost_its_partitions_says_nothing_good_of_the_list(worker: Worker) -> None:
    worker.metrics.list_ready.set(1)
    await worker._revoked()
    assert _value(worker, "acquit_suppression_list_ready") == 0


async def test_what_a_worker_loaded_is_shown(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    loading = _Loading(worker, monkeypatch)
    loading.go_on.set()
    worker.app.consumer.assignment = lambda: {TopicPartition("acquit.events", 0), TopicPartition("acquit.events", 4)}
    await worker._assigned()
    assert _value(worker, "acquit_partitions_owned", topic="acquit.events") == 2
    assert _value(worker, "acquit_rebalances_total") == 1
    await worker._revoked()
    assert _value(worker, "acquit_partitions_owned", topic="acquit.events") is None


async def test_batch_is_measured_by_the_agent_that_worked_it(worker: Worker) -> None:
    async def work(_: TopicPartition, __: list[Any]) -> None:
        """Nothing to do."""

    await worker._measured("ledger", work)(TopicPartition("acquit.events", 0), [1, 2, 3])
    assert _value(worker, "acquit_batch_records_sum", agent="ledger") == 3
    assert _value(worker, "acquit_batch_seconds_count", agent="ledger") == 1
