"""All of a topic, partition by partition in the order of offsets, to where it ends now: for replays and tests."""

from collections.abc import AsyncIterator, Collection
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from acquit.effects import is_tally
from acquit.worker.connections import kafka_options
from acquit.worker.partition_reader import ask_spans, isolation, keep_last, open_reader, read
from acquit.worker.settings import Settings


async def read_topic(settings: Settings, topic: str, only: Collection[int] | None = None) -> AsyncIterator[Any]:
    """The records of all partitions, or of these, one partition after the other, in the order of their offsets."""
    async with open_reader(kafka_options(settings), isolation(fencing=settings.fencing)) as reader:
        partitions = sorted(reader.partitions_for_topic(topic) or await _partitions(reader, topic))
        for tp in (TopicPartition(topic, number) for number in partitions if only is None or number in only):
            async for records in read(reader, await ask_spans(reader, [tp])):
                for record in records:
                    yield record


async def last_values(settings: Settings, topic: str) -> dict[int, dict[bytes, bytes]]:
    """What a compacted topic says now, by partition and key."""
    last: dict[int, dict[bytes, bytes]] = {}
    async for record in read_topic(settings, topic):
        keep_last(last.setdefault(record.partition, {}), [record])
    return last


async def read_log(settings: Settings) -> list[Any]:
    """All of `acquit.events`, each partition in the order of its offsets."""
    return [record async for record in read_topic(settings, settings.topic("events"))]


async def read_tallies(settings: Settings) -> list[bytes]:
    """The running totals that `acquit.tallies` holds now."""
    parts = await last_values(settings, settings.topic("tallies"))
    return [value for last in parts.values() for key, value in last.items() if is_tally(key)]


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    await consumer._client.force_metadata_update()  # noqa: SLF001 - aiokafka learns of topics only by asking
    return set(consumer.partitions_for_topic(topic) or ())
