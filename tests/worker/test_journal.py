"""What a partition journals is all that it needs: one that is read back goes on as if it had never stopped."""

import asyncio
import random
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from acquit.capped import Capped
from acquit.effects import Cell, Effect, Holding, Suppression, Tally
from acquit.events import CommandName, Event, Status
from acquit.ledger import packed
from acquit.partition import Partition
from acquit.routes.cohorts import Sums
from acquit.suppression.facts import Joined
from acquit.suppression.keys import Hashing
from acquit.worker import journal as journals
from acquit.worker.journal import Journal, UnreadableJournalError
from acquit.worker.sending import Outgoing
from acquit.worker.topics import HEADROOM_BYTES, JOURNAL_BYTES
from tests.builders import (
    DAY,
    HOUR,
    PHONE,
    START_MS,
    FakeProducer,
    Read,
    batches,
    cells_of,
    certain,
    command,
    engagement,
    entries_of,
    from_origin,
    last_totals,
    log,
    partition,
    receipt,
    record,
    submit,
    tables_of,
    unknown_number,
    when,
)

TOPIC = "acquit.journal.ledger"
DECISIONS: tuple[CommandName, ...] = ("drop", "release")
BROKER_BYTES = JOURNAL_BYTES + HEADROOM_BYTES
"""What the broker takes on the journal's topic: `topics` sets it."""
T = TypeVar("T")


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is split, and checkpoints come every few batches."""
    monkeypatch.setattr(journals, "CHECKPOINT_BYTES", 2_500)
    monkeypatch.setattr(journals, "PART_BYTES", 400)
    monkeypatch.setattr(journals, "PIECE_ROWS", 2)
    monkeypatch.setattr(packed, "PACKED_ROWS", 2)


class Worker:
    """One owner after the other of one partition, with one journal topic. Only its producer is a fake."""

    def __init__(
        self, runner: asyncio.Runner, *, window_hours: int = 6, tally_seconds: float = 3_600,
        batch_bytes: int = 1_000_000, **fields: Any,
    ) -> None:  # fmt: skip
        self._runner = runner
        self._fields: dict[str, Any] = {"window_hours": window_hours, "tally_seconds": tally_seconds, **fields}
        self.producer = FakeProducer(batch_bytes=batch_bytes)
        self.effects: list[Effect] = []
        self.own()

    def own(self) -> None:
        """Begin anew, with what is in the journal."""
        self.state = partition(**self._fields)
        self.journal = owned(self.state, self.producer)

    def take(self, records: Sequence[Read]) -> list[Effect]:
        fresh = [record for record in records if record.offset > self.state.head.to]
        effects = self.state.fold(fresh)
        self.wait_for(self.journal.commit([Outgoing("out", 0, b"%d" % len(self.effects), b"")]))
        self.effects += effects
        return effects

    def fail(self, records: Sequence[Read]) -> None:
        """Fold, and lose the broker: nothing of it may be journaled."""
        self.state.fold(records)
        self.producer.refuses = True
        with pytest.raises(ConnectionError):
            self.wait_for(self.journal.commit([]))
        self.producer.refuses = False

    def break_off(self, records: Sequence[Read], *, after: int) -> None:
        """Fold, and lose the broker behind so many batches of the transaction; then begin anew, whether it ended or not."""
        self.producer.takes = after
        with suppress(ConnectionError):
            self.take(records)
        self.producer.takes = None
        self.own()

    def flush(self) -> None:
        self.effects += self.state.flush()

    def wait_for(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(coroutine)

    @property
    def keys(self) -> list[str]:
        return sorted(key.decode() for key in self.producer.compacted(TOPIC, 0))


def owned(state: Partition | Sums, producer: FakeProducer) -> Journal[Any]:
    """The journal of a state that was read from what this producer sent."""
    journal = owned_as(state, producer)
    loading = journal._load(producer.compacted(TOPIC, 0))
    with suppress(StopIteration):  # it waits for nothing, and only lets others work in between
        while True:
            loading.send(None)
    return journal


def owned_as(state: Partition | Sums, producer: FakeProducer) -> Journal[Any]:
    """The journal of a state as it is."""
    journal: Journal[Any] = Journal(TOPIC, 0, state, options={}, transactional_id="acquit-0")
    journal._producer = producer  # a fake with its four methods
    return journal


def head_of(worker: Worker) -> tuple[object, ...]:
    return msgspec.structs.astuple(worker.state.head)


@pytest.mark.usefixtures("small")
@settings(
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # to make a failing example smaller takes half a minute: add Phase.shrink
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(parts=batches(), restarts=st.sets(st.integers(0, 6)), failures=st.sets(st.integers(0, 6)))
def test_partition_that_is_read_back_goes_on_as_if_it_had_never_stopped(
    runner: asyncio.Runner, parts: list[list[Read]], restarts: set[int], failures: set[int]
) -> None:
    steady, broken = Worker(runner), Worker(runner)
    for number, records in enumerate(parts):
        if number in failures:
            broken.fail(records)
            broken.own()
        assert certain(broken.take(records)) == certain(steady.take(records))
        if number in restarts:
            broken.own()
        assert tables_of(broken.state) == tables_of(steady.state)
        assert head_of(broken) == head_of(steady)
    for worker in (steady, broken):
        worker.flush()
    assert last_totals(broken.effects) == last_totals(steady.effects)


FATES = ("committed", "within", "after", "flushed")
"""Of a batch: committed; lost with the broker before its commit, or within it; committed, and the worker dies; committed,
and totals leave before the next."""
Way = tuple[int, int, str, int]
"""Of a batch: how long it is, how many records before it are read again, its fate, batches that the broker still takes."""
WAYS = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 4), st.sampled_from(FATES), st.integers(0, 12)), max_size=30
)


@pytest.mark.usefixtures("small")
@settings(
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(parts=batches(), ways=WAYS)
def test_any_cut_with_crashes_anywhere_ends_as_one_fold_of_all(
    runner: asyncio.Runner, parts: list[list[Read]], ways: list[Way]
) -> None:
    _same_as_one_fold(runner, [record for part in parts for record in part], ways)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("seed", range(8))
def test_long_log_with_crashes_anywhere_ends_as_one_fold_of_all(runner: asyncio.Runner, seed: int) -> None:
    """The law above where checkpoints come and go, hours close, and blocks shrink."""
    chance = random.Random(seed)
    records = [
        record(_event(chance, number // 4), number, at=number // 4 * HOUR / 2 + number % 4) for number in range(240)
    ]
    ways = [
        (chance.randint(1, 5), chance.randint(0, 4), chance.choice(FATES), chance.randint(0, 12)) for _ in range(90)
    ]
    _same_as_one_fold(runner, records, ways)


def _same_as_one_fold(runner: asyncio.Runner, records: Sequence[Read], ways: Sequence[Way]) -> None:
    whole = partition(window_hours=6, tally_seconds=2)
    effects = [*whole.fold(records), *whole.flush()]
    broken = Worker(runner, tally_seconds=2, batch_bytes=500)
    for length, back, fate, takes in [*ways, (len(records) + 1, 0, "committed", 0)]:
        done = sum(record.offset <= broken.state.head.to for record in records)
        batch = records[max(0, done - back) : done + length]
        if fate in {"within", "after"}:
            broken.break_off(batch, after=takes if fate == "within" else 10_000)
        else:
            broken.take(batch)
        if fate == "flushed":
            broken.flush()
    broken.own()
    broken.flush()
    assert tables_of(broken.state) == tables_of(whole)
    assert replace(broken.state.head, flushed_ms=0) == replace(whole.head, flushed_ms=0)
    assert certain(broken.effects) == certain(effects)
    assert last_totals(broken.effects) == last_totals(effects)


@pytest.mark.usefixtures("small")
def test_long_log_with_a_restart_after_every_third_batch(runner: asyncio.Runner) -> None:
    """Checkpoints come and go, hours close, blocks shrink: the law above on one log that is long enough for it."""
    chance = random.Random(5)
    steady, broken = (Worker(runner, tally_seconds=0) for _ in range(2))
    checkpoints = 0
    for number in range(60):
        records = [
            record(_event(chance, number), 4 * number + index, at=number * HOUR / 2 + index) for index in range(4)
        ]
        assert certain(broken.take(records)) == certain(steady.take(records))
        if number % 3 == 0:
            broken.own()
        assert tables_of(broken.state) == tables_of(steady.state)
        assert head_of(broken) == head_of(steady)
        checkpoints += not any(key.startswith("d/") for key in broken.keys)
    assert last_totals(broken.effects) == last_totals(steady.effects)
    assert checkpoints > 3
    assert len(broken.keys) < 200  # what checkpoints cover, and hours that are closed, leave nothing behind


def _event(chance: random.Random, number: int) -> Event:
    message_id, at = f"m{number - chance.randrange(4)}-{chance.randrange(2)}", (number - chance.randrange(5)) * HOUR / 2
    to = f"+3361234567{chance.randrange(10)}"
    made: list[Event] = [
        submit(message_id, at=at, to=to, route=f"r{chance.randrange(3)}"),
        receipt("delivered_handset", message_id, at=at, to=to),
        receipt("sent", message_id, at=at, to=to, carrier="20801"),
        unknown_number(message_id, at=at, to=to),
    ]
    return chance.choice(made)


# One test for each thing that is needed to go on


@pytest.mark.parametrize("value", [b"{", engagement("click")], ids=["no event", "an event that changes nothing"])
def test_batch_that_changes_no_row_is_journaled_too(runner: asyncio.Runner, value: bytes | Event) -> None:
    worker = Worker(runner)
    worker.take(log(value, value))
    worker.own()
    assert worker.state.head.to == 1  # or its dead letters leave twice


def test_closed_hour_stays_closed_over_a_restart(runner: asyncio.Runner) -> None:
    worker = Worker(runner, window_hours=1)
    worker.take(log(receipt("sent")))
    worker.take([record(receipt("sent", "m2", at=9 * HOUR), 1, at=9 * HOUR)])
    worker.own()
    worker.take([record(receipt("sent", "m3"), 2, at=9 * HOUR)])
    assert (worker.state.counts.too_late, len(worker.state.messages.window)) == (1, 1)


def test_totals_that_have_not_left_leave_after_a_restart(
    runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "CHECKPOINT_BYTES", 0)
    worker = Worker(runner)
    worker.state.head.flushed_ms = START_MS
    assert worker.take(log(receipt("sent"))) == []
    worker.own()
    assert [tally.status for tally in worker.state.flush()] == [{"sent": 1}]


def test_totals_that_may_not_have_left_leave_again(runner: asyncio.Runner) -> None:
    worker = Worker(runner)
    worker.take(log(receipt("sent")))
    worker.own()
    assert [tally.status for tally in worker.state.flush()] == [{"sent": 1}]


def test_hold_that_was_read_back_ends_in_time(runner: asyncio.Runner) -> None:
    worker = Worker(runner)
    worker.take(log(unknown_number()))
    worker.own()
    changes = certain(worker.take([record(receipt("sent", "m2", at=90 * DAY), 1, at=90 * DAY)]))
    assert [getattr(change, "change", None) for change in changes] == ["expired"]


def test_our_own_repeats_are_known_over_a_restart(runner: asyncio.Runner) -> None:
    worker = Worker(runner)
    event = from_origin(receipt("sent"), "raw", 3, 7)
    worker.take(log(event))
    worker.own()
    worker.take([record(event, 1)])
    assert (worker.state.head.seen, worker.state.counts.again) == ({"raw": {3: (7, 0, worker.state.head.clock_ms)}}, 1)


def test_counted_messages_move_on_from_the_cells_they_were_in(runner: asyncio.Runner) -> None:
    worker = Worker(runner)
    worker.take(log(receipt("sent", at=HOUR), at=HOUR))
    worker.own()
    worker.take([record(submit(at=0), 1, at=HOUR)])
    assert sum(sum(status.values()) for _, status, _ in cells_of(worker.state.messages).values()) == 1


# Records


def test_batch_that_fails_leaves_nothing(runner: asyncio.Runner) -> None:
    worker = Worker(runner)
    worker.take(log(receipt("sent")))
    before = list(worker.producer.sent)
    worker.fail([record(receipt("sent", "m2"), 1)])
    assert worker.producer.sent == before


def test_outputs_and_journal_leave_in_one_transaction(runner: asyncio.Runner) -> None:
    worker = Worker(runner)
    worker.take(log(receipt("sent")))
    assert [record.topic for record in worker.producer.sent] == ["out", TOPIC]


def test_first_owner_finds_nothing_and_begins_at_the_beginning(runner: asyncio.Runner) -> None:
    assert Worker(runner).state.head.to == -1


@pytest.mark.usefixtures("small")
def test_delta_is_split_and_read_back_whole(runner: asyncio.Runner) -> None:
    worker = Worker(runner)
    worker.take(log(*(receipt("sent", f"m{number}") for number in range(20))))
    assert len([key for key in worker.keys if key.startswith("d/")]) > 1
    worker.own()
    assert len(worker.state.messages.window) == 20


@pytest.mark.usefixtures("small")
def test_checkpoint_removes_the_deltas_that_it_covers(runner: asyncio.Runner) -> None:
    worker = Worker(runner)
    for number in range(40):
        worker.take([record(receipt("sent", f"m{number}"), number)])
    worker.own()  # and deltas that a former owner wrote
    seen = set()
    for number in range(40, 80):
        worker.take([record(receipt("sent", f"m{number}"), number)])
        seen.add(len([key for key in worker.keys if key.startswith("d/")]))
    assert min(seen) == 0
    assert max(seen) < 30


@pytest.mark.usefixtures("small")
def test_block_that_became_smaller_removes_its_last_parts(runner: asyncio.Runner) -> None:
    worker = Worker(runner, window_hours=1)
    worker.take(log(*(receipt("sent", f"m{number}") for number in range(60))))
    many = len([key for key in worker.keys if key.startswith("b/messages/")])
    worker.own()
    for number in range(60, 90):  # hours later, so that the first block is dropped
        worker.take([record(receipt("sent", f"m{number}", at=9 * HOUR), number, at=9 * HOUR)])
    worker.own()
    assert many > 1
    assert f"b/messages/{START_MS // 1000}/0000" not in worker.keys
    assert len(worker.state.messages.window) == 30


@pytest.mark.usefixtures("small")
def test_journal_holds_no_more_after_many_windows_than_after_a_few(
    runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty windows of the same traffic, always of new messages, labels and people; half the time a new owner."""
    monkeypatch.setattr(journals, "CHECKPOINT_BYTES", 20_000)
    worker, live, of_gone, hour = Worker(runner, window_hours=12, tally_seconds=0), list[int](), set[str](), 0
    written: list[set[str]] = []
    for number in range(20):
        before = len(worker.producer.sent)
        for hour in range(12 * number, 12 * number + 12):
            worker.take(_hour_of_traffic(hour))
            live.append(len(worker.keys))
            if not any(key.startswith("d/") for key in worker.keys):
                horizon = START_MS // 1000 + (hour - 12) * HOUR
                of_gone |= {key for key in worker.keys if _is_before(key, horizon)}
        if number % 2:
            worker.own()
        sent = worker.producer.sent[before:]
        written.append({record.key.decode() for record in sent if record.topic == TOPIC and record.key})
    assert not of_gone, "blocks that have left leave no key behind"
    assert max(live[-60:]) <= 1.2 * max(live[24:84])
    deltas = [{key for key in keys if key.startswith("d/")} for keys in written]
    assert len(set.union(*deltas)) <= 1.5 * len(set.union(*deltas[:4])), "and keys of deltas come again"
    state = worker.state
    assert len(state.messages.numbers) <= 14 * 4
    assert len(state.messages.numbers._labels) <= 20 * 4
    assert len(state.messages._groups) <= 14 * 8
    assert len(state.people.table) <= 0


def _hour_of_traffic(hour: int) -> list[Read]:
    """Messages of routes that nobody has used before, to a person of its own who is held for a while, and a START."""
    at = hour * HOUR
    person = f"+336{hour:08}"
    events: list[Event] = [submit(f"{hour}-{n}", at=at, to=person, route=f"{hour}-{n % 3}") for n in range(12)]
    events += [receipt("delivered_handset", f"{hour}-{n}", at=at + 5, to=person, carrier="20801") for n in range(12)]
    return log(*events, at=at, first=24 * hour)


def _is_before(key: str, horizon: int) -> bool:
    """Whether a key is of a block of messages, cells or labels that ended by then."""
    kind, *place = key.split("/")
    if kind != "b" or place[0] == "people":
        return False
    return int(place[1]) + HOUR <= horizon


@pytest.mark.usefixtures("small")
def test_people_who_need_not_be_known_leave_the_journal(
    runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "CHECKPOINT_DELTAS", 5)
    worker = Worker(runner)
    worker.take(log(*(unknown_number(f"m{n}", to=f"+336{n:08}") for n in range(19))))  # more would be an outage
    keys = {key for key in worker.keys if key.startswith("b/people/")}
    for day in (89, 91, 92):
        worker.take(
            [record(receipt("sent", f"d{day}-{n}", at=day * DAY), day * 100 + n, at=day * DAY) for n in range(30)]
        )
        worker.own()
        assert (len(worker.state.people.table) == 0) is (day > 90)
    assert keys
    assert not {key for key in worker.keys if key.startswith("b/people/")}


def test_checkpoint_comes_after_so_many_deltas_however_small(
    runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "CHECKPOINT_DELTAS", 5)
    worker, most = Worker(runner), 0
    for number in range(30):
        worker.take([record(receipt("sent", f"m{number}"), number)])
        most = max(most, len([key for key in worker.keys if key.startswith("d/")]))
    assert most == 5


def test_deltas_whose_keys_were_numbers_without_end_are_read_in_their_order(runner: asyncio.Runner) -> None:
    """As journals were written before keys came again."""
    worker = Worker(runner)
    for number, said in enumerate((engagement("stop"), engagement("start", at=1))):
        worker.take([record(said, number, at=number)])
        last = worker.producer.sent[-1]
        worker.producer.sent[-1] = msgspec.structs.replace(last, key=b"d/%020d/0000" % (number + 5_000))
    worker.own()
    worker.take([record(engagement("stop", at=3), 2, at=3)])
    worker.producer.sent[-1] = msgspec.structs.replace(worker.producer.sent[-1], key=b"d/%020d/0000" % 3)
    expected = tables_of(worker.state)
    worker.own()
    assert tables_of(worker.state) == expected
    assert worker.state.head.to == 2


def test_delta_takes_no_place_of_one_whose_key_was_a_number_without_end(
    runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(runner)
    monkeypatch.setattr(journals, "CHECKPOINT_BYTES", 0)
    for number in range(2):
        worker.take([record(receipt("sent", f"m{number}"), number)])
    monkeypatch.setattr(journals, "CHECKPOINT_BYTES", 1_000_000)
    for number in range(2, 5):
        worker.take([record(receipt("sent", f"m{number}"), number)])
        last = worker.producer.sent[-1]
        worker.producer.sent[-1] = replace(last, key=b"d/%020d/0000" % (number + 1))  # as format 2 wrote it
    worker.own()
    for number in range(5, 7):
        worker.take([record(receipt("sent", f"m{number}"), number)])
    worker.own()
    assert len(worker.state.messages.window) == 7


def test_delta_that_a_checkpoint_covers_is_not_applied(runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without transactions, on the embedded broker, a worker may end between a checkpoint and its tombstones."""
    worker = Worker(runner)
    worker.take(log(engagement("stop")))
    [old] = [record for record in worker.producer.sent if record.topic == TOPIC]
    monkeypatch.setattr(journals, "CHECKPOINT_BYTES", 0)
    worker.take([record(engagement("start", at=5), 1, at=5)])
    expected = tables_of(worker.state)
    worker.producer.sent.append(old)
    worker.own()
    assert (tables_of(worker.state), worker.state.head.to) == (expected, 1)


def test_record_of_another_format_is_refused() -> None:
    other = msgspec.msgpack.encode((journals.FORMAT + 1, 0, b"", []))
    journal: Journal[Any] = Journal(TOPIC, 0, partition(), options={}, transactional_id=None)
    with pytest.raises(UnreadableJournalError, match=f"format {journals.FORMAT + 1}, not {journals.FORMAT}"):
        journal._load({b"h/0000": other}).send(None)


def largest(worker: Worker) -> int:
    return max(len(record.key or b"") + len(record.value or b"") for record in worker.producer.sent)


@pytest.mark.parametrize("checkpoint_bytes", [journals.CHECKPOINT_BYTES, 0], ids=["deltas", "blocks"])
def test_batch_of_usual_messages_makes_records_that_the_broker_takes(
    runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch, checkpoint_bytes: int
) -> None:
    monkeypatch.setattr(journals, "CHECKPOINT_BYTES", checkpoint_bytes)
    worker = Worker(runner)
    worker.take(log(*(receipt("sent", f"b01e65e0-22a5-4a3c-8df0-{number:012}") for number in range(5_000))))
    assert largest(worker) < BROKER_BYTES


@pytest.mark.parametrize("checkpoint_bytes", [journals.CHECKPOINT_BYTES, 0], ids=["deltas", "blocks"])
def test_batch_of_longest_ids_makes_records_that_the_broker_takes(
    runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch, checkpoint_bytes: int
) -> None:
    monkeypatch.setattr(journals, "CHECKPOINT_BYTES", checkpoint_bytes)
    worker = Worker(runner)
    worker.take(log(*(receipt("sent", f"{number:é>512}") for number in range(2_000))))
    assert largest(worker) < BROKER_BYTES


def test_batch_of_people_who_failed_makes_records_that_the_broker_takes(runner: asyncio.Runner) -> None:
    worker = Worker(runner)
    dead = [
        unknown_number(
            f"b01e65e0-22a5-4a3c-8df0-{number:012}",
            to=f"first.last-{number // 3}@{50 * 'm'}.example.org",
            rule="dsn:5.1.1",
        )
        for number in range(6_000)
    ]
    worker.take(log(*dead))
    assert largest(worker) < BROKER_BYTES


def test_batch_of_many_cells_makes_records_that_the_broker_takes(
    runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "CHECKPOINT_BYTES", 0)
    worker = Worker(runner)
    worker.state.head.flushed_ms = START_MS
    worker.take(log(*(receipt("sent", f"m{number}", route=f"route-{number:020}") for number in range(5_000))))
    assert largest(worker) < BROKER_BYTES


# The other state that is journaled


@pytest.mark.usefixtures("small")
def test_sums_that_are_read_back_show_the_same(runner: asyncio.Runner) -> None:
    chance = random.Random(7)
    producer = FakeProducer(batch_bytes=1_000_000)
    sums, steady = (Sums(Capped(100), zone="UTC") for _ in range(2))
    journal = owned(sums, producer)
    for number in range(60):
        hour = START_MS // 1000 + number * DAY + chance.randrange(2) * HOUR  # beyond the days that are kept
        cell = Cell("sms", f"c{chance.randrange(3)}", None, f"r{chance.randrange(2)}", None, None, hour)
        tally = Tally(chance.randrange(3), number, cell, number // 2, {"sent": number})
        told = Read(number, START_MS + number, tally.value, tally.key, "acquit.tallies")
        for state in (sums, steady):
            state.take_record(told)
        runner.run(journal.commit([]))
        sums = Sums(Capped(100), zone="UTC")
        journal = owned(sums, producer)
        assert tables_of(sums) == tables_of(steady)
        assert sums.head == steady.head
        assert sorted(map(repr, sums.all_cohorts())) == sorted(map(repr, steady.all_cohorts()))
        assert sums.matched() == steady.matched()


class OldHeld(msgspec.Struct, array_like=True):
    """As journals of before routes were matched hold it."""

    upto: int
    channel: str
    carrier: str | None
    status: dict[Status, int]


@pytest.mark.parametrize("is_checkpointed", [False, True])
def test_sums_of_an_old_journal_are_read(
    runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch, is_checkpointed: bool
) -> None:
    monkeypatch.setattr(journals, "CHECKPOINT_BYTES", 0 if is_checkpointed else 1_000_000)
    producer = FakeProducer(batch_bytes=1_000_000)
    old, hour = Sums(Capped(100), zone="UTC"), START_MS // 1000
    cells = [Cell("sms", "20801", None, route, None, None, hour) for route in ("a", "b")]
    tallies = [Tally(0, 7, cell, 2, {"sent": 1, "failed": 2}) for cell in cells]
    for offset, tally in enumerate(tallies):
        old.take_record(Read(offset, START_MS, tally.value, tally.key, "acquit.tallies"))
    for block, key, held in list(old.tables["cells"]):
        old.tables["cells"].put(block, key, OldHeld(held.upto, held.channel, held.carrier, held.status))
    runner.run(owned_as(old, producer).commit([]))
    assert any(key.startswith(b"b/") for key in producer.compacted(TOPIC, 0)) is is_checkpointed

    sums = Sums(Capped(100), zone="UTC")
    journal = owned(sums, producer)
    assert [cohort.status for cohort in sums.all_cohorts()] == [{"sent": 2, "failed": 4}]
    assert (sums.head.to, sums.matched()) == (1, {})
    later = Tally(0, 9, cells[0], 3, {"sent": 2, "failed": 2})
    sums.take_record(Read(2, START_MS, later.value, later.key, "acquit.tallies"))
    assert sums.matched() == {"a": (3, 1)}
    runner.run(journal.commit([]))
    again = Sums(Capped(100), zone="UTC")
    owned(again, producer)
    assert again.matched() == {"a": (3, 1)}
    assert [cohort.status for cohort in again.all_cohorts()] == [{"sent": 3, "failed": 4}]


def test_turn_of_the_clock_takes_nothing_from_the_journal(runner: asyncio.Runner) -> None:
    """A commit without new records has the offset of the one before; it must not take that one's place."""
    worker = Worker(runner)
    worker.take(log(receipt("sent", "m1")))
    worker.state.people.learn("sms:+33612345678", "p", "m", Joined("a"), ported_ms=None, now_ms=0, upto=0)
    worker.state.messages.totals.table.touch(
        *next((block, key) for block, key, _ in worker.state.messages.totals.table)
    )
    runner.run(worker.journal.commit([]))
    expected = tables_of(worker.state)
    worker.own()
    assert tables_of(worker.state) == expected


def test_erased_address_is_in_no_record_of_the_journal_and_known_by_its_hash_after_a_restart(
    runner: asyncio.Runner,
) -> None:
    worker = Worker(runner, hashing=Hashing(b"k" * 32))
    digits = PHONE[1:].encode()
    packed_number = int(PHONE[1:]).to_bytes(7, "little")
    worker.take(log(submit(), unknown_number(at=1), unknown_number("m2", to="+33699999999")))
    assert _holds(worker, digits)
    assert _holds(worker, packed_number)
    worker.take(log(command("erase"), first=3))
    assert not _holds(worker, digits)
    assert not _holds(worker, packed_number)
    assert _holds(worker, b"33699999999")
    worker.own()
    worker.take(log(unknown_number("m3"), first=4))
    assert not _holds(worker, digits)
    assert sorted(entry.reason for entry in entries_of(worker.state).values()) == ["erased", "recipient_unknown"]


def _holds(worker: Worker, text: bytes) -> bool:
    return any(text in key + value for key, value in worker.producer.compacted(TOPIC, 0).items())


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("checkpoint_deltas", [3, 10_000])
def test_outage_is_held_the_same_however_often_its_partition_is_owned_anew(
    runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch, checkpoint_deltas: int
) -> None:
    """From deltas, and from checkpoints."""
    monkeypatch.setattr(journals, "CHECKPOINT_DELTAS", checkpoint_deltas)
    told: list[Any] = [unknown_number(f"m{n}", at=n * 10, to=f"+336{n:08}", route="aggr-a") for n in range(60)]
    told += [receipt("delivered_handset", f"d{n}", at=n * 10, to=f"+337{n:08}", route="aggr-b") for n in range(60)]
    told += [command(name, at=1_800, to=f"+336{n:08}") for n in range(4) for name in DECISIONS]
    told.sort(key=lambda event: event.at)
    records = [record(event, n, at=(event.at - when(0)).total_seconds()) for n, event in enumerate(told)]
    worker = Worker(runner)
    for start in range(0, len(records), 7):
        worker.take(records[start : start + 7])
        worker.own()
    whole = partition(**worker._fields)
    effects = whole.fold(records)
    assert tables_of(worker.state) == tables_of(whole)
    assert (worker.state.head.breakers, len(worker.state.people.table)) == ({}, 60)
    assert [e for e in worker.effects if isinstance(e, Suppression)] == [
        e for e in effects if isinstance(e, Suppression)
    ]
    last = {e.key: (e.failures, e.is_open) for e in worker.effects if isinstance(e, Holding)}
    assert last == {b'0/held/["sms","aggr-a",null]': (56, False)}
    assert last == {e.key: (e.failures, e.is_open) for e in effects if isinstance(e, Holding)}
