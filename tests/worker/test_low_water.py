"""When a day may be judged: all that was sent by then is read, counted, and its totals have come; without a Kafka."""

import asyncio
from collections.abc import Collection

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, TopicAuthorizationFailedError

from acquit.worker import low_water as module
from acquit.worker.low_water import Ends, LowWater

RECEIPTS, ANSWERS = TopicPartition("raw", 0), TopicPartition("engagements", 0)
DUE, LATER = 3_600, 90_000
COUNTED = {0: 99, 1: 49}
"""All of the log below."""


class FakeOffsets:
    """Sources, a group that reads them, and a log of two partitions."""

    def __init__(self) -> None:
        self.sources = {RECEIPTS: 10, ANSWERS: 10}
        self.read = {RECEIPTS: 10, ANSWERS: 10}
        self.log = {TopicPartition("events", 0): 100, TopicPartition("events", 1): 50}
        self.asked = 0
        self.error: Exception | None = None

    async def ends(self, topics: Collection[str]) -> Ends:
        return dict(self.log if "events" in topics else self.sources)

    async def first_unread(self, ends: Ends) -> TopicPartition | None:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return next((tp for tp, end in ends.items() if self.read[tp] < end), None)


@pytest.fixture
def offsets() -> FakeOffsets:
    return FakeOffsets()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be moved."""
    clock = [0.0]
    monkeypatch.setattr(module, "monotonic", lambda: clock[0])
    return clock


@pytest.fixture
def water(offsets: FakeOffsets, now: list[float]) -> LowWater:
    return LowWater("verdicts on routes", offsets, sources=["raw", "engagements"], events="events")


async def is_counted(water: LowWater, counted: dict[int, int] = COUNTED, *, since: int = DUE, at: int = DUE) -> bool:
    """What it says when the question that it may put is answered."""
    water.is_counted(since, now=at, counted=counted)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return water.is_counted(since, now=at, counted=counted)


async def test_day_is_counted_when_every_source_is_read_and_its_totals_have_come(water: LowWater) -> None:
    assert await is_counted(water)


async def test_one_source_that_is_not_read_keeps_the_day_from_being_judged(
    water: LowWater, offsets: FakeOffsets, now: list[float]
) -> None:
    offsets.read[ANSWERS] = 9
    assert not await is_counted(water)
    offsets.read[ANSWERS] = 10
    now[0] += module.LONGEST_SECONDS
    assert await is_counted(water)


@pytest.mark.parametrize("counted", [{}, {0: 99}, {0: 98, 1: 49}, {0: 99, 1: 48}])
async def test_one_partition_of_the_log_whose_totals_have_not_all_come_keeps_it_too(
    water: LowWater, counted: dict[int, int]
) -> None:
    assert not await is_counted(water, counted)
    assert await is_counted(water)


async def test_partition_of_the_log_that_is_empty_is_not_waited_for(water: LowWater, offsets: FakeOffsets) -> None:
    offsets.log[TopicPartition("events", 2)] = 0
    assert await is_counted(water)


async def test_log_ends_where_it_did_when_the_sources_were_read_and_not_before(
    water: LowWater, offsets: FakeOffsets, now: list[float]
) -> None:
    offsets.read[ANSWERS] = 9
    assert not await is_counted(water)
    offsets.read[ANSWERS], offsets.log[TopicPartition("events", 1)] = 10, 51
    now[0] += module.LONGEST_SECONDS
    assert not await is_counted(water)
    assert await is_counted(water, {0: 99, 1: 50})


async def test_what_is_sent_after_the_day_became_due_is_not_waited_for(
    water: LowWater, offsets: FakeOffsets, now: list[float]
) -> None:
    offsets.read[ANSWERS] = 9
    assert not await is_counted(water)
    offsets.read[ANSWERS], offsets.sources[ANSWERS] = 10, 1_000
    now[0] += module.LONGEST_SECONDS
    assert await is_counted(water)


async def test_tallies_that_go_on_meanwhile_do_not_put_the_question_off(
    water: LowWater, offsets: FakeOffsets, now: list[float]
) -> None:
    offsets.read[ANSWERS] = 9
    assert not await is_counted(water)
    offsets.read[ANSWERS], offsets.sources[ANSWERS] = 10, 1_000
    now[0] += module.LONGEST_SECONDS
    assert await is_counted(water, at=LATER)


async def test_later_day_is_asked_for_anew(water: LowWater, offsets: FakeOffsets) -> None:
    assert await is_counted(water)
    offsets.sources[ANSWERS] = 1_000
    assert not await is_counted(water, since=LATER, at=LATER)


async def test_days_that_were_due_already_are_not_asked_for_again(water: LowWater, offsets: FakeOffsets) -> None:
    assert await is_counted(water, at=LATER)
    offsets.sources[ANSWERS] = 1_000
    assert await is_counted(water, since=LATER, at=LATER)
    assert offsets.asked == 1


async def test_kafka_is_asked_seldom(water: LowWater, offsets: FakeOffsets, now: list[float]) -> None:
    offsets.read[ANSWERS] = 9
    for _ in range(3_600):
        now[0] += 1
        await is_counted(water)
    assert offsets.asked <= 3_600 / module.LONGEST_SECONDS + 5


async def test_what_is_not_read_is_said_once_of_each_topic(
    water: LowWater, offsets: FakeOffsets, now: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    offsets.read = {RECEIPTS: 0, ANSWERS: 0}
    assert not await is_counted(water)
    assert not caplog.records  # something was always sent just now
    for read in ({}, {}, {RECEIPTS: 10}, {}):
        offsets.read |= read
        now[0] += module.LONGEST_SECONDS
        assert not await is_counted(water)
    assert [record.getMessage().split(": ")[1] for record in caplog.records] == [
        "raw/0 is not", "engagements/0 is not",
    ]  # fmt: skip


async def test_broker_that_is_away_is_asked_again(water: LowWater, offsets: FakeOffsets, now: list[float]) -> None:
    offsets.error = KafkaConnectionError()
    assert not await is_counted(water)
    offsets.error = None
    now[0] += module.LONGEST_SECONDS
    assert await is_counted(water)


async def test_what_does_not_go_away_by_itself_is_raised(water: LowWater, offsets: FakeOffsets) -> None:
    offsets.error = TopicAuthorizationFailedError()
    with pytest.raises(TopicAuthorizationFailedError):
        await is_counted(water)
