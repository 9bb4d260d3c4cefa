"""Recovery: the journals of a million messages loaded, beside a bare aiokafka loop that reads the same changelog.

`bare|ours BOOTSTRAP TOPIC PARTITIONS MESSAGES` is a peer: a process of its own that measures itself. Two changelogs: as it
was written, and as it is when Kafka has compacted it, which is the harder one, for nothing can be passed over.
"""

import asyncio
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from statistics import median

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from acquit.effects import Effect
from acquit.events import Event, Receipt, Submit, encode, epoch_ms
from acquit.offline import LogRecord
from acquit.partition import Partition
from acquit.rules import load
from acquit.worker.journal import Journal, own_all
from acquit.worker.log_reader import read_topic
from acquit.worker.sending import Outgoing, send_all
from acquit.worker.settings import Settings
from acquit.worker.topics import specs
from bench.peers import Stopwatch, run_peer
from bench.stage import Stage

MESSAGES = 1_000_000
BATCH = 5_000
TARGET = 3.0
WITHIN_SECONDS = 300
ROUTES = 30
BEGUN = datetime.now(UTC) - timedelta(hours=24)


@dataclass(frozen=True)
class Loaded:
    """What one peer needed. `grown_mb` is what its process grew by, at its peak."""

    seconds: float
    cpu_seconds: float
    grown_mb: float
    changelog_mb: float  # as far as it was seen: by the bare loop alone


@dataclass(frozen=True)
class Recovery:
    """Rounds over one changelog."""

    partitions: int
    messages: int
    is_compacted: bool
    bare: list[Loaded]
    ours: list[Loaded]

    @property
    def ratio(self) -> float:
        """Of each round, the median."""
        return median(ours.seconds / bare.seconds for ours, bare in zip(self.ours, self.bare, strict=True))


def measure(stage: Stage, rounds: int, *, messages: int = MESSAGES) -> list[Recovery]:
    found = []
    for partitions in (1, 12):
        with stage.fresh(f"recovery-{partitions}") as name:
            topic, compacted = f"{name}.journal.ledger", f"{name}.compacted"
            asyncio.run(_write(stage.bootstrap, topic, partitions, messages))
            asyncio.run(_compact(stage.bootstrap, topic, compacted, partitions))
            for each in (topic, compacted):
                arguments = [stage.bootstrap, each, str(partitions), str(messages)]
                pairs = [(_peer("bare", arguments), _peer("ours", arguments)) for _ in range(rounds)]
                bare, ours = ([pair[side] for pair in pairs] for side in (0, 1))
                found.append(Recovery(partitions, messages, each == compacted, bare, ours))
    return found


def told(recovery: Recovery) -> str:
    bare, ours = (median(loaded.seconds for loaded in side) for side in (recovery.bare, recovery.ours))
    grown = [median(loaded.grown_mb for loaded in side) for side in (recovery.bare, recovery.ours)]
    state = "compacted" if recovery.is_compacted else "as written"
    verdict = "met" if recovery.ratio <= TARGET else "MISSED"
    return (
        f"recovery of {recovery.messages:,} messages in {recovery.partitions} partitions, changelog {state}, "
        f"{recovery.bare[0].changelog_mb:.0f} MB: bare {bare:.2f} s (+{grown[0]:.0f} MB), acquit {ours:.2f} s "
        f"(+{grown[1]:.0f} MB), {recovery.ratio:.1f} times   target <= {TARGET:g}: {verdict}"
    )


def traffic(messages: int, *, routes: int = ROUTES, hours: float = 12) -> Iterator[tuple[str, Event]]:
    """Each message's submit and, some thousand events later, that it was delivered; with the recipient."""
    waiting: list[tuple[str, Event]] = []
    for number in range(messages):
        at, to = BEGUN + timedelta(hours=hours * number / messages), f"+336{number % 99_999_989:08}"
        message_id, route = f"b01e65e0-22a5-4a3c-{number:016x}", f"route-{number * 7919 % routes}"
        yield to, Submit(provider="p", message_id=message_id, channel="sms", to=to, at=at, route=route, carrier="20801")
        waiting.append((to, Receipt(provider="p", message_id=message_id, to=to, at=at + timedelta(seconds=4),
                                    status="delivered_handset", channel="sms")))  # fmt: skip
        if len(waiting) > BATCH:
            yield from waiting
            waiting.clear()
    yield from waiting


def new_partition(number: int, *, max_messages: int = 50_000_000) -> Partition:
    return Partition(
        number, rules=load(), zone="UTC", window_hours=72, tally_seconds=2, max_messages=max_messages
    )  # fmt: skip


class Log:
    """Events as the records of one partition."""

    def __init__(self) -> None:
        self._offsets = count()

    def record(self, event: Event) -> LogRecord:
        return LogRecord(next(self._offsets), epoch_ms(event.at), encode(event))


async def _write(bootstrap: str, topic: str, partitions: int, messages: int) -> None:
    """The journals that ledgers of these messages write."""
    await _create(bootstrap, topic, partitions)
    journals = [_journal(bootstrap, topic, number) for number in range(partitions)]
    for journal in journals:
        await journal.own()
    logs, waiting = [Log() for _ in journals], [list[LogRecord]() for _ in journals]
    events = traffic(messages)
    while some := list(islice(events, BATCH * partitions)):
        for to, event in some:
            place = int(to[4:]) % partitions
            waiting[place].append(logs[place].record(event))
        for journal, records in zip(journals, waiting, strict=True):
            effects: list[Effect] = journal.state.fold(records)
            assert effects is not None
            await journal.commit([])
            records.clear()
    for journal in journals:
        await journal.disown()


def _journal(bootstrap: str, topic: str, number: int) -> Journal[Partition]:
    options = {"bootstrap_servers": bootstrap}
    return Journal(topic, number, new_partition(number), options=options, transactional_id=f"{topic}-{number}")


async def _create(bootstrap: str, topic: str, partitions: int) -> None:
    [spec] = [spec for spec in specs(Settings()) if spec.name.endswith("journal.ledger")]
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=dict(spec.config))])
    finally:
        await admin.close()


async def _compact(bootstrap: str, topic: str, compacted: str, partitions: int) -> None:
    """The last value of each key, in order, as the log cleaner would leave it."""
    await _create(bootstrap, compacted, partitions)
    last: dict[tuple[int, bytes], bytes | None] = {}
    async for record in read_topic(Settings(kafka_bootstrap=bootstrap), topic):
        last.pop((record.partition, record.key), None)
        if record.value is not None:
            last[record.partition, record.key] = record.value
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, max_batch_size=1_000_000)
    await producer.start()
    try:
        await send_all(producer, [Outgoing(compacted, number, key, value) for (number, key), value in last.items()])
    finally:
        await producer.stop()


def _peer(side: str, arguments: list[str]) -> Loaded:
    return Loaded(**run_peer("recovery", [side, *arguments], within_seconds=WITHIN_SECONDS))


async def _bare(bootstrap: str, topic: str, partitions: int) -> int:
    """Read everything, keep nothing; returns how many bytes there were."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, isolation_level="read_committed", enable_auto_commit=False,
        max_partition_fetch_bytes=Settings().fetch_max_bytes,
    )  # fmt: skip
    await consumer.start()
    try:
        tps, size = [TopicPartition(topic, number) for number in range(partitions)], 0
        consumer.assign(tps)
        ends = await consumer.end_offsets(tps)
        for tp, begin in (await consumer.beginning_offsets(tps)).items():
            consumer.seek(tp, begin)
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                size += sum(len(record.key or b"") + len(record.value or b"") for record in records)
        return size
    finally:
        await consumer.stop()


async def _ours(bootstrap: str, topic: str, partitions: int, messages: int) -> None:
    journals = [_journal(bootstrap, topic, number) for number in range(partitions)]
    await own_all(journals)
    assert sum(len(journal.state.messages.window) for journal in journals) == messages
    for journal in journals:
        await journal.disown()


def most_mb() -> float:
    """The most that this process ever held. Not getrusage's: that has the parent's in it."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def _main(side: str, bootstrap: str, topic: str, partitions: int, messages: int) -> Loaded:
    load()
    before, watch, size = most_mb(), Stopwatch(), 0
    if side == "bare":
        size = asyncio.run(_bare(bootstrap, topic, partitions))
    else:
        asyncio.run(_ours(bootstrap, topic, partitions, messages))
    pace = watch.pace(messages)
    return Loaded(pace.seconds, pace.cpu_seconds, most_mb() - before, size / 1e6)


if __name__ == "__main__":
    import orjson

    side, bootstrap, topic, *counts = sys.argv[1:]
    print(orjson.dumps(_main(side, bootstrap, topic, *map(int, counts))).decode())
