"""Partitions are read to their end, and reading ends, on a real Kafka and on the embedded broker."""

import asyncio
import uuid
from collections.abc import Sequence

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaTimeoutError

from acquit.worker import partition_reader
from acquit.worker.partition_reader import Isolation, Span, ask_spans, open_reader, read
from acquit.worker.sending import Outgoing, send_all
from tests.servers.embedded import running_embedded_kafka
from tests.servers.kafka import Kafka

PARTITIONS = 3
SOON_SECONDS = 20


class Topic:
    """A topic that was made just now."""

    def __init__(self, bootstrap: str) -> None:
        self.options = {"bootstrap_servers": bootstrap}
        self.name = f"read-{uuid.uuid4().hex}"
        self.tps = [TopicPartition(self.name, number) for number in range(PARTITIONS)]

    async def create(self) -> None:
        admin = AIOKafkaAdminClient(**self.options)
        await admin.start()
        await admin.create_topics([NewTopic(self.name, PARTITIONS, 1)])
        await admin.close()

    async def write(self, values: Sequence[bytes], *, partition: int = 0) -> None:
        async with AIOKafkaProducer(**self.options, acks="all") as producer:
            await send_all(producer, [Outgoing(self.name, partition, b"k", value) for value in values])

    async def read(self, isolation: Isolation = "read_committed", *, begin: int | None = None) -> list[bytes]:
        async with asyncio.timeout(SOON_SECONDS), open_reader(self.options, isolation) as reader:
            spans = await ask_spans(reader, self.tps)
            if begin is not None:
                spans = {tp: Span(min(begin, span.end), span.end) for tp, span in spans.items()}
            return [record.value async for records in read(reader, spans) for record in records]


@pytest.fixture
async def topic(kafka: Kafka) -> Topic:
    topic = Topic(kafka.bootstrap)
    await topic.create()
    return topic


async def test_every_record_of_every_partition_is_read(topic: Topic) -> None:
    for number in range(PARTITIONS):
        await topic.write([b"%d/%d" % (number, place) for place in range(500)], partition=number)
    found = await topic.read()
    assert sorted(found) == sorted(b"%d/%d" % (number, place) for number in range(PARTITIONS) for place in range(500))
    assert [value for value in found if value.startswith(b"1/")] == [b"1/%d" % place for place in range(500)]


async def test_reading_begins_where_it_is_told(topic: Topic) -> None:
    await topic.write([b"a", b"b", b"c"])
    assert await topic.read(begin=2) == [b"c"]
    assert await topic.read(begin=3) == []


async def test_topic_that_was_made_just_now_is_empty_and_reading_it_ends(kafka: Kafka) -> None:
    """The fetcher of aiokafka, stopped right after it was given another assignment, stops never."""
    for _ in range(20):
        topic = Topic(kafka.bootstrap)
        await topic.create()
        assert await topic.read() == []


async def test_partitions_are_read_again_by_the_same_reader(topic: Topic) -> None:
    await topic.write([b"a", b"b"], partition=1)
    async with asyncio.timeout(SOON_SECONDS), open_reader(topic.options, "read_committed") as reader:
        spans = await ask_spans(reader, topic.tps)
        for _ in range(3):
            assert [record.value async for records in read(reader, spans) for record in records] == [b"a", b"b"]


async def test_transaction_that_is_open_or_was_given_up_is_not_read(topic: Topic) -> None:
    await topic.write([b"before"])
    async with AIOKafkaProducer(**topic.options, transactional_id=topic.name) as producer:
        await producer.begin_transaction()
        await send_all(producer, [Outgoing(topic.name, 0, b"k", b"given up")])
        assert await topic.read() == [b"before"]
        assert await topic.read("read_uncommitted") == [b"before", b"given up"]
        await producer.abort_transaction()
        async with producer.transaction():
            await send_all(producer, [Outgoing(topic.name, 0, b"k", b"after")])
    assert await topic.read() == [b"before", b"after"]


async def test_end_that_is_not_reached_is_an_error(topic: Topic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition_reader, "SILENT_SECONDS", 1)
    await topic.write([b"a"])
    async with asyncio.timeout(SOON_SECONDS), open_reader(topic.options, "read_committed") as reader:
        with pytest.raises(KafkaTimeoutError, match=r"/0 was read to 1, not to 2"):
            async for _ in read(reader, {topic.tps[0]: Span(0, 2)}):
                pass


async def test_last_batch_is_read_whole_though_the_embedded_broker_says_that_it_ends_within() -> None:
    with running_embedded_kafka() as broker:
        topic, values = Topic(broker.bootstrap), [b"%d" % number for number in range(700)]
        await topic.create()
        for begin, end in ((0, 1), (1, 11), (11, 12), (12, 700)):
            await topic.write(values[begin:end])
            assert await topic.read("read_uncommitted") == values[:end]
