"""Whatever is written, compacted or cut off while a standby follows: a state begun from it is the one that all gives."""

import asyncio
import random
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError
from msgspec.structs import replace

from acquit.events import Event
from acquit.ledger import packed
from acquit.partition import Partition
from acquit.worker import journal as journals
from acquit.worker.journal import Journal, Known
from acquit.worker.partition_reader import keep_last
from acquit.worker.standby import STALE_SECONDS, Standby
from tests.builders import HOUR, TRIES, FakeProducer, partition, receipt, record, submit, tables_of, unknown_number

TOPIC = "acquit.journal.ledger"
TP = TopicPartition(TOPIC, 0)
REMOVAL_SECONDS = 24 * HOUR
T = TypeVar("T")


class Entry(NamedTuple):
    offset: int
    key: bytes
    value: bytes | None


class Log:
    """One partition as a broker keeps it: the last of each key, and removals for a day after they were first compacted."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.begin = self.end = 0
        self._compacted_at: dict[int, float] = {}  # of removals, by offset

    def append(self, records: Sequence[tuple[bytes, bytes | None]]) -> None:
        self.entries += [Entry(self.end + number, *kept) for number, kept in enumerate(records)]
        self.end += len(records) + 1  # and the mark of the transaction's end

    def compact(self, now: float) -> None:
        last = {entry.key: entry.offset for entry in self.entries}
        self.entries = [entry for entry in self.entries if entry.offset == last[entry.key]]
        removals = [entry.offset for entry in self.entries if entry.value is None]
        gone = {offset for offset in removals if now - self._compacted_at.setdefault(offset, now) > REMOVAL_SECONDS}
        self.entries = [entry for entry in self.entries if entry.offset not in gone]

    def since(self, offset: int) -> list[Entry]:
        return [entry for entry in self.entries if entry.offset >= offset]


class FakeConsumer:
    """A reader of the log, which gets a few records at a time."""

    def __init__(self, log: Log, chance: random.Random) -> None:
        self._log, self._chance = log, chance
        self._position = 0
        self._assigned: set[TopicPartition] = set()

    def assignment(self) -> set[TopicPartition]:
        return self._assigned

    def assign(self, tps: list[TopicPartition]) -> None:
        self._assigned = set(tps)

    def seek(self, _: TopicPartition, offset: int) -> None:
        self._position = offset

    async def beginning_offsets(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(tps, self._log.begin)

    async def end_offsets(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(tps, self._log.end)

    async def position(self, _: TopicPartition) -> int:
        return self._position

    async def getmany(self, **_: Any) -> dict[TopicPartition, list[Entry]]:
        if not self._log.begin <= self._position <= self._log.end:
            raise OffsetOutOfRangeError({TP: self._position})
        found = self._log.since(self._position)
        some = found[: self._chance.randint(1, 20)]
        self._position = some[-1].offset + 1 if len(some) < len(found) else self._log.end
        return {TP: some} if some else {}


class Follower:
    """A standby with its clock and reader, brought forward by hand."""

    def __init__(self, log: Log, chance: random.Random) -> None:
        self.now = 0.0
        self.standby = Standby(TOPIC, 1, options={}, clock=lambda: self.now)
        self._reader: Any = FakeConsumer(log, chance)
        self._log = log
        wait_for(self.standby._seek(self._reader))
        self._asked = wait_for(self.standby._ask(self._reader))

    def ask(self) -> None:
        self._asked = wait_for(self.standby._ask(self._reader))

    def step(self) -> None:
        wait_for(self.standby._step(self._reader, self._asked[1], self._asked[0]))

    def catch_up(self) -> None:
        self.ask()
        for _ in range(200):
            self.step()

    def handed_over(self) -> dict[bytes, bytes]:
        """What an owner has when it has read on to the end."""
        known = self.standby.known(0)
        keep_last(known.records, self._log.since(known.position))
        return known.records


def wait_for(coroutine: Coroutine[Any, Any, T]) -> T:
    """Nothing here waits for anything, it only lets others work in between."""
    try:
        while True:
            coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result


def owned(records: dict[bytes, bytes], producer: FakeProducer) -> Journal[Partition]:
    state = partition(window_hours=6, tally_seconds=2)
    journal = Journal(TOPIC, 0, state, options={}, transactional_id="acquit-0")
    wait_for(journal._load(records))
    journal._producer = producer  # a fake with its four methods
    return journal


def remembered(journal: Journal[Partition]) -> tuple[object, ...]:
    """All that an owner goes on with."""
    return (
        tables_of(journal.state), journal.state.head, journal._number, journal._checkpointed, journal._place,
        set(journal._deltas), journal._parts, journal._delta_bytes, journal._checkpoint_bytes,
    )  # fmt: skip


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is split, and checkpoints come every few batches."""
    monkeypatch.setattr(journals, "CHECKPOINT_BYTES", 2_500)
    monkeypatch.setattr(journals, "PART_BYTES", 400)
    monkeypatch.setattr(journals, "PIECE_ROWS", 2)
    monkeypatch.setattr(packed, "PACKED_ROWS", 2)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("seed", range(TRIES // 5))
def test_state_begun_from_a_standby_is_the_one_that_reading_all_gives(runner: asyncio.Runner, seed: int) -> None:
    chance, log, producer = random.Random(seed), Log(), FakeProducer(batch_bytes=1_000_000)
    follower, whole = Follower(log, chance), partition(window_hours=6, tally_seconds=2)
    journal, handed_over = owned({}, producer), 0
    for number in range(120):
        records = [record(_event(chance, number), 3 * number + n, at=number * HOUR / 2 + n) for n in range(3)]
        whole.fold(records)
        journal.state.fold(records)
        sent = len(producer.sent)
        runner.run(journal.commit([]))
        log.append([(written.key or b"", written.value) for written in producer.sent[sent:]])
        for _ in range(chance.choice((0, 1, 5))):
            chance.choice((follower.step, follower.step, follower.ask))()
        follower.now += chance.choice((1, 1, 1, 60, STALE_SECONDS / 2, 30 * HOUR))
        if chance.random() < 0.3:
            log.compact(follower.now)
        if chance.random() < 0.15:
            journal = owned(follower.handed_over(), producer)
            everything = owned(producer.compacted(TOPIC, 0), producer)
            assert remembered(journal) == remembered(everything)
            handed_over += 1
    assert tables_of(journal.state) == tables_of(whole)
    assert replace(journal.state.head, flushed_ms=0) == replace(whole.head, flushed_ms=0)
    assert handed_over > 5


def _event(chance: random.Random, number: int) -> Event:
    message_id, at = f"m{number - chance.randrange(4)}-{chance.randrange(2)}", (number - chance.randrange(5)) * HOUR / 2
    to = f"+3361234567{chance.randrange(10)}"
    made: list[Event] = [
        submit(message_id, at=at, to=to, route=f"r{chance.randrange(3)}"),
        receipt("delivered_handset", message_id, at=at, to=to),
        unknown_number(message_id, at=at, to=to),
    ]
    return chance.choice(made)


def log_of(*entries: tuple[bytes, bytes | None]) -> Log:
    log = Log()
    log.append(entries)
    return log


def following(log: Log) -> Follower:
    follower = Follower(log, random.Random(1))
    follower.catch_up()
    return follower


def test_what_was_followed_need_not_be_read() -> None:
    follower = following(log_of((b"a", b"1"), (b"b", b"2"), (b"a", None)))
    assert follower.standby.known(0) == Known({b"b": b"2"}, 4)


def test_owner_may_take_its_copy_apart() -> None:
    follower = following(log_of((b"a", b"1")))
    follower.standby.known(0).records.clear()
    assert follower.standby.known(0).records == {b"a": b"1"}


def test_partition_that_nobody_followed_is_not_known() -> None:
    assert following(Log()).standby.known(7) == Known({}, 0)


def test_standby_that_was_away_for_too_long_knows_nothing_until_it_has_begun_anew() -> None:
    """The removal of `a` came and went meanwhile."""
    log = log_of((b"a", b"1"))
    follower = following(log)
    log.append([(b"a", None), (b"b", b"2")])
    log.compact(follower.now)
    follower.now += REMOVAL_SECONDS + 1
    log.compact(follower.now)
    assert [entry.key for entry in log.entries] == [b"b"]
    assert follower.standby.known(0) == Known({}, 0)
    follower.step()
    assert follower.standby.known(0) == Known({}, 0), "though it has read all that is there"
    follower.catch_up()
    assert follower.standby.known(0) == Known({b"b": b"2"}, log.end)


def test_standby_that_never_comes_to_the_end_is_not_sure_of_anything() -> None:
    log = log_of(*((b"%d" % number, b"") for number in range(100)))
    follower = Follower(log, random.Random(1))
    follower.now += STALE_SECONDS * 0.6
    follower.ask()
    follower.step()
    assert 0 < len(follower.standby.known(0).records) < 100
    follower.now += STALE_SECONDS * 0.6
    assert follower.standby.known(0) == Known({}, 0)


def test_clock_that_is_set_back_is_no_reason_to_be_sure() -> None:
    follower = following(log_of((b"a", b"1")))
    follower.now -= 2 * STALE_SECONDS
    assert follower.standby.known(0) == Known({}, 0)


@pytest.mark.parametrize("is_shorter", [True, False], ids=["made anew", "cut off at its beginning"])
def test_journal_that_is_another_one_is_begun_anew(is_shorter: bool) -> None:
    log = log_of((b"a", b"1"), (b"b", b"2"))
    follower = following(log)
    log.entries = [Entry(0 if is_shorter else 9, b"c", b"3")]
    log.begin, log.end = (0, 1) if is_shorter else (9, 10)
    with suppress(OffsetOutOfRangeError):
        follower.step()
    follower.catch_up()
    assert follower.standby.known(0) == Known({b"c": b"3"}, log.end)
