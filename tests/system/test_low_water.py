"""Whether a group has read all that stood in its topics once, as a real Kafka says it."""

import asyncio
from collections.abc import Sequence

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import GroupCoordinatorNotAvailableError

from acquit.worker import topics
from acquit.worker.connections import kafka_options
from acquit.worker.low_water import GroupOffsets
from acquit.worker.sending import Outgoing, send_all
from acquit.worker.waiting import backoff
from tests.system.stage import Stage

PARTITION = 1


class Sources:
    """Topics of a stage, of which one partition is written and read."""

    def __init__(self, stage: Stage) -> None:
        self.options = kafka_options(stage.settings)
        self.group = stage.settings.app_id
        self.names = [stage.settings.topic("submits"), stage.settings.topic("engagements")]
        self.tp = TopicPartition(self.names[1], PARTITION)
        self.offsets = GroupOffsets(stage.settings, self.options)

    async def write(self, values: Sequence[bytes]) -> None:
        async with AIOKafkaProducer(**self.options) as producer:
            await send_all(producer, self._records(values))

    def _records(self, values: Sequence[bytes]) -> list[Outgoing]:
        return [Outgoing(self.tp.topic, self.tp.partition, b"k", value) for value in values]

    def transacting(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(**self.options, transactional_id=f"{self.group}-theirs")

    async def send(self, producer: AIOKafkaProducer, values: Sequence[bytes]) -> None:
        await send_all(producer, self._records(values))

    async def read_to(self, offset: int) -> None:
        async with AIOKafkaConsumer(**self.options, group_id=self.group, enable_auto_commit=False) as consumer:
            consumer.assign([self.tp])
            await consumer.commit({self.tp: offset})

    async def remove_before(self, offset: int) -> None:
        admin = AIOKafkaAdminClient(**self.options)
        await admin.start()
        try:
            await admin.delete_records({self.tp: RecordsToDelete(offset)})
        finally:
            await admin.close()

    async def is_read(self) -> bool:
        ends = await self.offsets.ends(self.names)
        for seconds in backoff():
            try:
                unread = await self.offsets.first_unread(ends)
            except GroupCoordinatorNotAvailableError:  # a broker that is new has none for a moment
                await asyncio.sleep(seconds)
            else:
                assert unread in {None, self.tp}
                return unread is None
        raise AssertionError


@pytest.fixture
async def sources(stage: Stage) -> Sources:
    await topics.create(stage.settings, with_raw=True)
    return Sources(stage)


async def test_topics_that_were_never_written_are_read(sources: Sources) -> None:
    assert await sources.is_read()


async def test_record_that_is_not_read_is_found_whoever_reads_the_other_topics(sources: Sources) -> None:
    await sources.write([b"a", b"b"])
    assert not await sources.is_read()
    await sources.read_to(1)
    assert not await sources.is_read()
    await sources.read_to(2)
    assert await sources.is_read()


async def test_what_is_sent_after_the_ends_were_asked_does_not_count(sources: Sources) -> None:
    await sources.write([b"a"])
    ends = await sources.offsets.ends(sources.names)
    await sources.write([b"b"])
    await sources.read_to(1)
    assert await sources.offsets.first_unread(ends) is None


async def test_mark_of_a_transaction_is_no_record(sources: Sources) -> None:
    async with sources.transacting() as producer:
        async with producer.transaction():
            await sources.send(producer, [b"a"])
        await sources.read_to(1)
        assert await sources.is_read()
        await producer.begin_transaction()
        await sources.send(producer, [b"given up"])
        await producer.abort_transaction()
    assert await sources.is_read()


async def test_transaction_that_is_open_is_waited_for(sources: Sources) -> None:
    async with sources.transacting() as producer:
        await producer.begin_transaction()
        await sources.send(producer, [b"a"])
        assert not await sources.is_read()
        await producer.commit_transaction()
    assert not await sources.is_read()
    await sources.read_to(1)
    assert await sources.is_read()


async def test_what_retention_has_removed_is_not_waited_for(sources: Sources) -> None:
    await sources.write([b"a", b"b", b"c"])
    await sources.remove_before(3)
    assert await sources.is_read()
