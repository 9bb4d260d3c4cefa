"""The first agent: raw records to events in the recipients' log. It keeps no state, so its place is the group's offset."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from acquit.effects import Append, DeadLetter
from acquit.envelope import Sources
from acquit.events import Ignored
from acquit.pipeline import take_in
from acquit.rules import Rules
from acquit.worker.metrics import Metrics
from acquit.worker.perform import Performer
from acquit.worker.sending import Outbox, Outgoing
from acquit.worker.settings import Settings
from acquit.worker.waiting import Waits, backoff, is_passing, pause

BATCH_BYTES = 512 * 1024
AHEAD_MS = 300_000


def _not_ahead(timestamp_ms: int, now_ms: int) -> int:
    """A record stamped far ahead would move the ledger's clock, and the broker would refuse it."""
    return timestamp_ms if timestamp_ms <= now_ms + AHEAD_MS else now_ms


class Intake:
    """Takes batches of raw records in. Its producer is idempotent; what it sends twice after a crash, `src` gives away."""

    def __init__(
        self, settings: Settings, *, rules: Rules, sources: Sources, performer: Performer, metrics: Metrics,
        waits: Waits, options: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self._rules = rules
        self._sources = sources
        self._performer = performer
        self._metrics = metrics
        self._waits = waits
        self._max_bytes = settings.max_record_bytes
        self._opt_outs_across = settings.opt_outs_across
        codec = settings.events_compression
        self._options = {
            **options,
            "acks": "all",
            "enable_idempotence": settings.fencing,
            "compression_type": None if codec == "none" else codec,
            "max_batch_size": BATCH_BYTES,
        }
        self._producer: AIOKafkaProducer | None = None
        self._outbox = Outbox(self._started)

    async def take(self, tp: TopicPartition, records: Sequence[Any]) -> None:
        """Have the whole batch at the broker before this returns, waiting for Kafka as long as it takes."""
        outgoing, refused, ignored = self._read(tp, records)
        for seconds in backoff():
            try:
                await self._outbox.send(outgoing)
                break
            except (KafkaError, OSError) as error:
                if not is_passing(error):
                    raise
                self._waits.begin("Kafka", error)
                await self.stop()
                await pause(seconds)
        self._waits.end("Kafka")
        self._metrics.taken_in(tp.topic, len(records))
        for letter in refused:
            self._metrics.refused(letter.provider, letter.reason)
        for event in ignored:
            self._metrics.ignored(event.provider, event.kind)

    async def stop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    def _read(
        self, tp: TopicPartition, records: Sequence[Any]
    ) -> tuple[list[Outgoing], list[DeadLetter], list[Ignored]]:
        source, performer = self._sources[tp.topic], self._performer
        outgoing: list[Outgoing] = []
        refused: list[DeadLetter] = []
        ignored: list[Ignored] = []
        now_ms = time.time_ns() // 1_000_000
        for record in records:
            for taken in take_in(
                record, source, rules=self._rules, max_bytes=self._max_bytes, opt_outs_across=self._opt_outs_across
            ):
                if isinstance(taken, Append):
                    outgoing.append(performer.append(taken, timestamp_ms=_not_ahead(record.timestamp, now_ms)))
                elif isinstance(taken, DeadLetter):
                    refused.append(taken)
                    outgoing.append(performer.dead_letter(taken))
                else:
                    ignored.append(taken)
        return outgoing, refused, ignored

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(**self._options)
            await producer.start()
            self._producer = producer
        return self._producer
