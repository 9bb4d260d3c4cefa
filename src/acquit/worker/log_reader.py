"""Reading a topic from its beginning to where it ends now, outside any group: for replays, dead letters, tests."""

from collections.abc import AsyncIterator
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from acquit.worker.connections import kafka_options
from acquit.worker.settings import Settings

SILENCE_SECONDS = 1.5
"""Without fencing, on the embedded broker, the end of a topic is only known by silence."""


async def read_topic(settings: Settings, topic: str) -> AsyncIterator[Any]:
    """The records of all partitions, one partition after the other, in the order of their offsets."""
    committed = "read_committed" if settings.fencing else "read_uncommitted"
    consumer = AIOKafkaConsumer(
        **kafka_options(settings), isolation_level=committed, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    try:
        partitions = sorted(consumer.partitions_for_topic(topic) or await _partitions(consumer, topic))
        for partition in partitions:
            async for record in _read_partition(consumer, TopicPartition(topic, partition), settings.fencing):
                yield record
    finally:
        await consumer.stop()


async def read_log(settings: Settings) -> list[Any]:
    """All of `acquit.events`, each partition in the order of its offsets."""
    return [record async for record in read_topic(settings, settings.topic("events"))]


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    await consumer._client.force_metadata_update()  # noqa: SLF001 - aiokafka learns of topics only by asking
    return set(consumer.partitions_for_topic(topic) or ())


async def _read_partition(consumer: AIOKafkaConsumer, tp: TopicPartition, is_end_known: bool) -> AsyncIterator[Any]:  # noqa: FBT001
    consumer.assign([tp])
    consumer.seek(tp, (await consumer.beginning_offsets([tp]))[tp])
    end = (await consumer.end_offsets([tp]))[tp]
    silent = 0.0
    while await consumer.position(tp) < end or (not is_end_known and silent < SILENCE_SECONDS):
        records = (await consumer.getmany(tp, timeout_ms=200)).get(tp, [])
        silent = 0.0 if records else silent + 0.2
        for record in records:
            yield record
