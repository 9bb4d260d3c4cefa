"""How records leave in quantity: by the batch, for a record by itself costs ten times as much; and where a key belongs."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any
from zlib import crc32

from aiokafka import AIOKafkaProducer
from msgspec import Struct

from acquit.effects import Header


class Outgoing(Struct, frozen=True, gc=False):
    """A record on its way out. `timestamp_ms` None: the time at which it is sent."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int | None = None
    headers: Sequence[Header] = ()


def partition_of(key: bytes, partitions: int) -> int:
    """The partitioner that every writer of `acquit.events` shares: CRC-32 of the key, modulo the partitions."""
    return crc32(key) % partitions


async def send_all(producer: AIOKafkaProducer, outgoing: Iterable[Outgoing]) -> None:
    """Send records in their order and wait until the broker has them all. Raises KafkaError if it has not."""
    batches: dict[tuple[str, int], Any] = {}
    sent: list[asyncio.Future[Any]] = []
    for record in outgoing:
        place = (record.topic, record.partition)
        batch = batches.get(place)
        if batch is None:
            batch = batches[place] = producer.create_batch()
        if _append(batch, record) is None:  # it is full; an empty one takes a record of any size
            batch.close()
            sent.append(await producer.send_batch(batch, record.topic, partition=record.partition))
            batch = batches[place] = producer.create_batch()
            _append(batch, record)
    for (topic, partition), batch in batches.items():
        batch.close()
        sent.append(await producer.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*sent)


def _append(batch: Any, record: Outgoing) -> Any:
    headers = list(record.headers) if record.headers else []
    return batch.append(timestamp=record.timestamp_ms, key=record.key, value=record.value, headers=headers)
