"""The events that every engine reads, as intake writes them, and what must come of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from aiokafka import TopicPartition
from msgspec import Struct

from acquit.effects import Append
from acquit.envelope import Source
from acquit.pipeline import take_in
from acquit.rules import load
from acquit.worker.partition_reader import ask_spans, keep_last, open_reader, read
from acquit.worker.sending import Outgoing, partition_of
from acquit.worker.settings import Settings
from bench import shapes
from bench.engines.core import Joined, count, join, joinable

Cells = Mapping[str, Sequence[int]]
"""Messages by status (in the order of STATUSES), by place."""


@dataclass(frozen=True)
class Written:
    """Records of a topic of 12 partitions; `changes` of counts come of them, and at the end `cells`."""

    records: list[Outgoing]
    changes: int
    cells: Cells

    async def send(self, bootstrap: str, topic: str) -> None:
        await shapes.create(bootstrap, {topic: Settings().event_partitions})
        moved = (Outgoing(topic, r.partition, r.key, r.value, r.timestamp_ms) for r in self.records)
        await shapes.send_records(bootstrap, moved)


@dataclass(frozen=True)
class Difference:
    """Counts beside the truth: a message in a wrong status is lost in one and doubled in another."""

    lost: int
    doubled: int

    def __str__(self) -> str:
        words = [f"{number:,} {word}" for number, word in ((self.lost, "lost"), (self.doubled, "doubled")) if number]
        return ", ".join(words) or "exact"


class Raw(Struct, frozen=True, gc=False):
    """A raw record as the core wants it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def written(records: int) -> Written:
    """Submits and receipts of the simulator, taken in by acquit's own intake; about so many."""
    messages = max(1, round(records / shapes.RECORDS_PER_MESSAGE))
    partitions, rules, max_bytes = Settings().event_partitions, load(None), Settings().max_record_bytes
    found = []
    for offset, (arrival_ms, _, value) in enumerate(shapes.CANONICAL.tell(shapes.scenario(messages))):
        raw = Raw("raw", 0, offset, arrival_ms, None, value, [])
        for taken in take_in(raw, Source("canonical"), rules=rules, max_bytes=max_bytes):
            assert isinstance(taken, Append)
            place = partition_of(taken.key, partitions)
            found.append(Outgoing("", place, taken.key, taken.value, arrival_ms))
    return _with_truth(found)


def first(whole: Written, records: int) -> Written:
    return _with_truth(list(islice(whole.records, records)))


def _with_truth(records: list[Outgoing]) -> Written:
    messages: dict[str, Joined] = {}
    cells: dict[str, list[int]] = {}
    changes = 0
    for record in records:
        event = joinable(record.value or b"")
        if event is None:
            continue
        for change in join(messages.setdefault(event[0], Joined()), event[1]):
            cells[change[0]] = count(cells.get(change[0]), change)
            changes += 1
    return Written(records, changes, cells)


def difference(found: Cells, truth: Cells) -> Difference:
    lost = doubled = 0
    for place in found.keys() | truth.keys():
        nothing = [0] * 12
        for has, should in zip(found.get(place, nothing), truth.get(place, nothing), strict=True):
            lost += max(0, should - has)
            doubled += max(0, has - should)
    return Difference(lost, doubled)


async def latest(bootstrap: str, topic: str) -> list[tuple[bytes, bytes]]:
    """Key and last value of every key of every partition, of what is committed."""
    found: list[tuple[bytes, bytes]] = []
    async with open_reader({"bootstrap_servers": bootstrap}, "read_committed") as reader:
        await reader._client._wait_on_metadata(topic)
        for number in sorted(reader.partitions_for_topic(topic)):
            records: dict[bytes, bytes] = {}
            async for batch in read(reader, await ask_spans(reader, [TopicPartition(topic, number)])):
                keep_last(records, batch)
            found += records.items()
    return found
