"""Simulated traffic onto Kafka: what `acquit simulate --kafka`, the system tests and the benchmark send."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from aiokafka import AIOKafkaProducer

from acquit.errors import BadSettings
from acquit.simulate import Record, Scenario, simulate
from acquit.simulate.live import Live
from acquit.worker.connections import kafka_options
from acquit.worker.sending import Outgoing, partition_of, send_all
from acquit.worker.settings import Settings

AT_ONCE = 2_000
HISTORY_MESSAGES = 3_000


async def feed(settings: Settings, scenario: Scenario) -> int:
    """Send a scenario's records to the topics of the settings, in their order; returns how many."""
    return await feed_records(settings, simulate(scenario))


async def feed_records(settings: Settings, records: Iterator[Record]) -> int:
    """The same of records from anywhere."""
    producer = AIOKafkaProducer(**kafka_options(settings))
    await producer.start()
    sent = 0
    try:
        while batch := list(islice(records, AT_ONCE)):
            await send_records(producer, settings, batch)
            sent += len(batch)
    finally:
        await producer.stop()
    return sent


async def feed_live(settings: Settings) -> None:
    """Half a day of history at once, then what happens, as it happens, without end."""
    producer = AIOKafkaProducer(**kafka_options(settings))
    await producer.start()
    try:
        start = datetime.now(UTC)
        past = Scenario(seed=7, messages=HISTORY_MESSAGES, start=start - timedelta(hours=12), span_hours=11,
                        malformed_share=0.001)  # fmt: skip
        now_ms = time.time_ns() // 1_000_000
        await send_records(producer, settings, [r for r in simulate(past) if r.timestamp_ms < now_ms])
        live = Live(seed=int(start.timestamp()) & 0xFFFF, start=start)
        while True:
            await send_records(producer, settings, list(live.until(datetime.now(UTC))))
            await asyncio.sleep(0.2)
    finally:
        await producer.stop()


async def send_records(producer: AIOKafkaProducer, settings: Settings, records: Iterable[Record]) -> None:
    """Send these to their topics, by the batch, and wait until the broker has them."""
    outgoing, now_ms = [], time.time_ns() // 1_000_000
    for record in records:
        topic = topic_of(settings, record)
        partition = partition_of(record.key or record.value, len(await producer.partitions_for(topic)))
        timestamp_ms = min(record.timestamp_ms, now_ms)  # a broker refuses times that are hours ahead
        outgoing.append(Outgoing(topic, partition, record.key, record.value, timestamp_ms))
    await send_all(producer, outgoing)


def topic_of(settings: Settings, record: Record) -> str:
    """Raw records go to the raw topic that the settings map to their provider."""
    if record.topic != "raw":
        return settings.topic("submits" if record.topic == "submits" else "engagements")
    for topic, provider in settings.raw_topics.items():
        if provider == record.provider:
            return topic
    raise BadSettings("settings", None, "raw_topics", f"no topic is mapped to {record.provider}")
