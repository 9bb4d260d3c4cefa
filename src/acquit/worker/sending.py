"""How records leave in quantity: by the batch, for a record by itself costs ten times as much; and where a key belongs."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import chain
from typing import Any
from zlib import crc32

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
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
    """Send records in their order and wait until the broker has them all. Raises KafkaError if it has not.

    Of those for one partition a beginning has arrived then, and never what follows a hole: whoever knows our repeats by
    their offsets would take what is missing for one when it comes again. aiokafka sends on behind a batch that failed, so
    each waits for the one before; it has but one of a partition under way itself.
    """
    batches: dict[tuple[str, int], list[Any]] = {}
    for record in outgoing:
        place = (record.topic, record.partition)
        found = batches.get(place)
        if found is None:
            found = batches[place] = [producer.create_batch()]
        if _append(found[-1], record) is None:  # it is full; an empty one takes a record of any size
            found.append(producer.create_batch())
            _append(found[-1], record)
    is_failed = False

    async def send(topic: str, partition: int, waiting: Sequence[Any]) -> None:
        nonlocal is_failed
        for batch in waiting:
            if is_failed:
                return
            batch.close()
            try:
                await (await producer.send_batch(batch, topic, partition=partition))
            except BaseException:
                is_failed = True
                raise

    await asyncio.gather(*(send(*place, waiting) for place, waiting in batches.items()))


class Outbox:
    """One way to the broker for many lanes: while one sending is under way, what comes waits and goes out together.

    Lanes that each send for themselves queue up inside aiokafka, where a queue of many runs out of its time-out early.
    """

    def __init__(self, started: Callable[[], Awaitable[AIOKafkaProducer]]) -> None:
        self._started = started
        self._waiting: list[tuple[Sequence[Outgoing], asyncio.Future[None]]] = []
        self._sending: asyncio.Task[None] | None = None

    async def send(self, outgoing: Sequence[Outgoing]) -> None:
        """Return when the broker has all of these, in their order. Raises KafkaError if it has not."""
        sent = asyncio.get_running_loop().create_future()
        self._waiting.append((outgoing, sent))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_waiting())
        await sent

    async def _send_waiting(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            error: BaseException | None = None
            try:
                await send_all(await self._started(), chain.from_iterable(outgoing for outgoing, _ in waiting))
            except (KafkaError, OSError) as caught:
                error = caught
            for _, sent in waiting:
                if sent.done():  # its lane was closed meanwhile
                    continue
                if error is None:
                    sent.set_result(None)
                else:
                    sent.set_exception(error)


def _append(batch: Any, record: Outgoing) -> Any:
    headers = list(record.headers) if record.headers else []
    return batch.append(timestamp=record.timestamp_ms, key=record.key, value=record.value, headers=headers)
