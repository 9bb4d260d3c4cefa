"""The data: the simulator's messages as raw records in two shapes, written once per run and read by every peer."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from time import time_ns

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from acquit.events import encode
from acquit.simulate import Scenario, simulate
from acquit.simulate.arrival import by_arrival
from acquit.simulate.canonical import receipt, submit
from acquit.simulate.message import Message
from acquit.simulate.plan import plan
from acquit.worker.sending import Outgoing, partition_of, send_all

RECORDS_PER_MESSAGE = 2.9
AT_ONCE = 10_000

Told = tuple[int, str, bytes]
"""When it arrives, the part of the topic's name that says what it holds, and the record's value."""


@dataclass(frozen=True)
class Shape:
    """What providers send. `providers` maps each kind of raw topic to its decoder, `tell` makes the records."""

    name: str
    providers: Mapping[str, str]
    partitions: int  # of each raw topic: 12 together
    tell: Callable[[Scenario], Iterator[Told]]


@dataclass(frozen=True)
class Load:
    """Records that lie ready on Kafka."""

    topics: Mapping[str, str]  # topic: provider
    records: int
    messages: int
    bytes: int


def _canonical(scenario: Scenario) -> Iterator[Told]:
    return by_arrival(plan(scenario), _submit_and_receipts)


def _submit_and_receipts(message: Message) -> Iterator[tuple[int, Told]]:
    yield message.arrival_ms, (message.arrival_ms, "events", encode(submit(message)))
    for notice in message.notices:
        for arrival_ms in (notice.arrival_ms, notice.again_ms):
            if arrival_ms is not None:
                value = encode(receipt(message, notice, received_ms=arrival_ms))
                yield arrival_ms, (arrival_ms, "events", value)


def _smpp(scenario: Scenario) -> Iterator[Told]:
    for record in simulate(scenario):
        if record.topic != "engagements":
            kind = "receipts" if record.topic == "raw" else "submits"
            yield record.timestamp_ms, kind, record.value


CANONICAL = Shape("canonical", {"events": "canonical"}, 12, _canonical)
SMPP = Shape("smpp", {"receipts": "smpp", "submits": "canonical"}, 6, _smpp)
SHAPES = (CANONICAL, SMPP)


async def prepare(bootstrap: str, shape: Shape, prefix: str, messages: int) -> Load:
    """Make the raw topics of this prefix and fill them with all that is told of so many messages."""
    topics = await make_topics(bootstrap, shape, prefix)
    sent, sent_bytes = await send_records(bootstrap, outgoing(shape, prefix, scenario(messages)))
    return Load(topics, sent, messages, sent_bytes)


def scenario(messages: int, *, seed: int = 1) -> Scenario:
    """Messages of twelve hours that ended twelve hours ago: all within the window, none ahead of the clock."""
    return Scenario(seed=seed, messages=messages, start=datetime.now(UTC) - timedelta(hours=24))


async def make_topics(bootstrap: str, shape: Shape, prefix: str) -> dict[str, str]:
    topics = {f"{prefix}.{kind}": provider for kind, provider in shape.providers.items()}
    await create(bootstrap, dict.fromkeys(topics, shape.partitions))
    return topics


async def create(bootstrap: str, partitions: Mapping[str, int]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, count, 1) for topic, count in partitions.items()])
    finally:
        await admin.close()


async def delete(bootstrap: str, prefix: str) -> None:
    """Take away the topics of a measurement that is over, so that the next one finds the broker as this one did."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        topics = [topic for topic in await admin.list_topics() if topic.startswith(f"{prefix}.")]
        if topics:
            await admin.delete_topics(topics)
    finally:
        await admin.close()


def outgoing(shape: Shape, prefix: str, made_from: Scenario) -> Iterator[Outgoing]:
    """Without keys, spread over all partitions, as gateways that know nothing of acquit write them."""
    now_ms = time_ns() // 1_000_000
    for arrival_ms, kind, value in shape.tell(made_from):
        partition = partition_of(value, shape.partitions)
        yield Outgoing(f"{prefix}.{kind}", partition, None, value, min(arrival_ms, now_ms))


async def send_records(bootstrap: str, records: Iterator[Outgoing]) -> tuple[int, int]:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, max_batch_size=256 * 1024)
    await producer.start()
    sent = sent_bytes = 0
    try:
        while chosen := list(islice(records, AT_ONCE)):
            await send_all(producer, chosen)
            sent += len(chosen)
            sent_bytes += sum(len(record.value or b"") for record in chosen)
    finally:
        await producer.stop()
    return sent, sent_bytes
