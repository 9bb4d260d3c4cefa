"""Owning partitions is all or nothing: what could not be owned leaves no producer behind that would fence the next one."""

import asyncio
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaConnectionError

from acquit.partition import Partition
from acquit.worker import journal as journals
from acquit.worker import journaled as module
from acquit.worker.journal import Journal
from acquit.worker.journaled import Journaled
from acquit.worker.origin import SourceChangedError
from acquit.worker.waiting import Waits
from tests.builders import partition


class _Producer:
    """A producer that only knows whether it runs."""

    running: list[str]

    def __init__(self, *, transactional_id: str, **_: Any) -> None:
        self._id = transactional_id

    async def start(self) -> None:
        self.running.append(self._id)

    async def stop(self) -> None:
        self.running.remove(self._id)


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The transactional ids of the producers that run."""
    running: list[str] = []
    monkeypatch.setattr(_Producer, "running", running, raising=False)
    monkeypatch.setattr(journals, "AIOKafkaProducer", _Producer)
    return running


def read_by_partition(monkeypatch: pytest.MonkeyPatch, *, failing: int) -> None:
    async def read(journal: Journal[Partition]) -> dict[bytes, bytes]:
        if journal.partition == failing:
            raise KafkaConnectionError
        await asyncio.sleep(0.01)
        return {}

    monkeypatch.setattr(Journal, "_read", read)


async def test_journal_that_cannot_be_read_lets_go_of_its_producer(
    running: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by_partition(monkeypatch, failing=0)
    journal = Journal("journal", 0, partition(), options={}, transactional_id="ledger-0")
    with pytest.raises(KafkaConnectionError):
        await journal.own()
    assert running == []


def journaled() -> Journaled[Partition]:
    return Journaled(
        source="events", journal_topic="journal", new_state=lambda _: partition(), fold=lambda *_: [],
        committed=lambda _: None, is_contiguous=True, waits=Waits(), options={}, transactional_prefix="ledger",
    )  # fmt: skip


async def test_partition_that_cannot_be_owned_leaves_no_other_one_being_owned(
    running: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by_partition(monkeypatch, failing=1)
    ours, reader = journaled(), cast("Any", None)
    with pytest.raises(KafkaConnectionError):
        await ours.own([0, 1, 2], reader)
    assert (running, ours.journals) == ([], {})


async def test_source_that_is_another_one_leaves_one_producer_a_partition_however_often_it_is_tried(
    running: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check(*_: Any, **__: Any) -> int:
        raise SourceChangedError

    read_by_partition(monkeypatch, failing=-1)
    monkeypatch.setattr(module, "check_source", check)
    ours, reader = journaled(), cast("Any", None)
    for _ in range(3):
        with pytest.raises(SourceChangedError):
            await ours.own([0, 1], reader)
    assert sorted(running) == ["ledger-0", "ledger-1"]
    await ours.disown()
    assert running == []
