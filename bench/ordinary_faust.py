"""Peer (d): acquit's core in ordinary Faust agents, one record at a time. `BOOTSTRAP PREFIX RECORDS TOPIC=PROVIDER...`

What a competent user of Faust writes first: an agent per step, `topic.send` for what goes on, a table for what has to
be there after a restart. The core is the worker's own: `take_in`, and `Partition.fold` with one record at a time.

Where there was a choice, it is the faster one. Totals leave by a timer, as the worker's leave with its batches, and not
with every record. Messages, people and labels are written to tables; the totals, which could be added up again from
the messages, are not.
"""

import os
import sys
from collections.abc import Mapping
from typing import Any

import faust
import msgspec
from msgspec import Struct

from acquit.effects import Append, DeadLetter, Effect, Suppression, Tally
from acquit.envelope import Source
from acquit.partition import Partition
from acquit.pipeline import take_in
from acquit.rules import load
from acquit.worker.settings import Settings
from bench.peers import Stopwatch, say

WRITTEN = ("events", "dead-letters", "suppressions", "suppression-log", "tallies")
KEPT = ("messages", "people", "labels")
NEVER_BY_ITSELF = 1e9
RAW: dict[str, Any] = {
    "key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw",
}  # fmt: skip


def needed_topics(prefix: str) -> list[str]:
    """What has to be there before it starts: a changelog that Faust has only just made counts as one without partitions."""
    return [f"{prefix}.{name}" for name in WRITTEN] + [f"{prefix}.faust-{name}-changelog" for name in KEPT]


class Read(Struct, frozen=True, gc=False):
    """A message of Faust as the core wants a record."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


class Progress:
    """Ends the process when as many records went through as there are."""

    def __init__(self, records: int) -> None:
        self._records = records
        self._done = 0
        self._watch: Stopwatch | None = None

    def begin(self) -> None:
        self._watch = self._watch or Stopwatch()

    def advance(self) -> None:
        self._done += 1
        if self._done == self._records:
            assert self._watch is not None
            say(self._watch.pace(self._records))
            os._exit(0)


class Ordinary:
    """The app: intake and ledger, each an agent over an ordinary stream."""

    def __init__(self, bootstrap: str, prefix: str, records: int, sources: Mapping[str, str]) -> None:
        settings = Settings()
        self.app = faust.App(
            f"{prefix}.faust", broker=f"kafka://{bootstrap}", store="memory://", web_enabled=False,
            topic_partitions=settings.event_partitions, topic_replication_factor=1,
            consumer_auto_offset_reset="earliest",
        )  # fmt: skip
        self._rules = load(None)
        self._max_bytes = settings.max_record_bytes
        self._settings = settings
        self._sources = {topic: Source(provider) for topic, provider in sources.items()}
        self._partitions: dict[int, Partition] = {}
        self._progress = Progress(records)
        self._topics = {name: self.app.topic(f"{prefix}.{name}", **RAW) for name in WRITTEN}
        self._tables = {name: self._table(name) for name in KEPT}
        self.app.agent(self.app.topic(*self._sources, **RAW), name="intake")(self._intake)
        self.app.agent(self._topics["events"], name="ledger")(self._ledger)
        self.app.timer(settings.tally_seconds)(self._flush)

    def _table(self, name: str) -> Any:
        return self.app.Table(name, partitions=self._settings.event_partitions, key_type=bytes, value_type=bytes)

    async def _intake(self, stream: Any) -> None:
        async for event in stream.events():
            self._progress.begin()
            record = read(event.message)
            for taken in take_in(record, self._sources[record.topic], rules=self._rules, max_bytes=self._max_bytes):
                if isinstance(taken, Append):
                    at = event.message.timestamp
                    await self._topics["events"].send(key=taken.key, value=taken.value, timestamp=at)
                elif isinstance(taken, DeadLetter):
                    headers = list(taken.headers)
                    await self._topics["dead-letters"].send(key=taken.key, value=taken.value, headers=headers)
                    self._progress.advance()

    async def _ledger(self, stream: Any) -> None:
        async for event in stream.events():
            record = read(event.message)
            partition = self._partition(record.partition)
            for effect in partition.fold([record]):
                await self._perform(effect)
            for name in KEPT:
                for block, key, row in partition.tables[name].take_delta():
                    self._keep(name, f"{block}/{key!r}".encode(), row)
            partition.tables["cells"].take_delta()
            self._progress.advance()

    def _keep(self, name: str, key: bytes, row: object) -> None:
        if row is None:
            self._tables[name].pop(key, None)
        else:
            self._tables[name][key] = msgspec.msgpack.encode(row)

    async def _perform(self, effect: Effect) -> None:
        match effect:
            case Suppression():
                await self._topics["suppressions"].send(key=effect.listing.key, value=effect.listing.value)
                await self._topics["suppression-log"].send(key=effect.recipient.encode(), value=effect.log)
            case Tally():
                await self._topics["tallies"].send(key=effect.key, value=effect.value)
            case DeadLetter():
                await self._topics["dead-letters"].send(key=effect.key, value=effect.value)

    async def _flush(self) -> None:
        for partition in self._partitions.values():
            for tally in partition.flush():
                await self._perform(tally)

    def _partition(self, number: int) -> Partition:
        partition = self._partitions.get(number)
        if partition is None:
            partition = self._partitions[number] = Partition(
                number, rules=self._rules, zone=self._settings.zone, window_hours=self._settings.window_hours,
                tally_seconds=NEVER_BY_ITSELF,
            )  # fmt: skip
        return partition


def read(message: Any) -> Read:
    return Read(
        message.topic, message.partition, message.offset, round(message.timestamp * 1000), message.key, message.value,
        message.headers or [],
    )  # fmt: skip


if __name__ == "__main__":
    bootstrap, prefix, count, *mapped = sys.argv[1:]
    pairs = dict(entry.split("=", 1) for entry in mapped)
    faust.Worker(Ordinary(bootstrap, prefix, int(count), pairs).app, loglevel="error").execute_from_commandline()
