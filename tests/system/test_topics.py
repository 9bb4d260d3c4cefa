"""Topics are made and judged on a real Kafka."""

import uuid

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError

from acquit.worker.settings import Settings
from acquit.worker.topics import check, create, specs
from tests.servers.kafka import Kafka
from tests.servers.process import free_ports


def settings_for(kafka: Kafka) -> Settings:
    name = f"topics-{uuid.uuid4().hex}"
    return Settings(
        kafka_bootstrap=kafka.bootstrap, topic_prefix=name, raw_topics={f"{name}.raw": "smpp"}, event_partitions=3
    )


async def make(kafka: Kafka, name: str, *, partitions: int, config: dict[str, str] | None = None) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        made = await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=config)])
        assert [code for _, code, *_ in made.topic_errors] == [0]
    finally:
        await admin.close()


async def test_topics_that_were_made_are_without_problem(kafka: Kafka) -> None:
    settings = settings_for(kafka)
    made = await create(settings, with_raw=True)
    assert made == [spec.name for spec in specs(settings)]
    assert await check(settings) == []


async def test_making_topics_again_makes_none(kafka: Kafka) -> None:
    settings = settings_for(kafka)
    await create(settings)
    assert await create(settings) == []


async def test_raw_topics_are_made_only_when_asked(kafka: Kafka) -> None:
    settings = settings_for(kafka)
    await create(settings)
    assert [problem.topic for problem in await check(settings)] == list(settings.raw_topics)


async def test_checking_makes_no_topic(kafka: Kafka) -> None:
    settings = settings_for(kafka)
    first, second = await check(settings), await check(settings)
    assert [problem.topic for problem in first] == [spec.name for spec in specs(settings)]
    assert first == second


async def test_a_topic_with_the_wrong_partition_count_is_reported(kafka: Kafka) -> None:
    settings = settings_for(kafka)
    await make(kafka, settings.topic("events"), partitions=2)
    await create(settings, with_raw=True)
    sentences = [problem.sentence for problem in await check(settings)]
    assert any("has 2 partitions and needs 3" in sentence for sentence in sentences)


async def test_a_topic_with_the_wrong_settings_is_reported(kafka: Kafka) -> None:
    settings = settings_for(kafka)
    name = settings.topic("dead-letters")
    await make(kafka, name, partitions=1, config={"cleanup.policy": "compact", "max.message.bytes": "1000"})
    await create(settings, with_raw=True)
    problems = await check(settings)
    assert [problem.topic for problem in problems] == [name, name]


async def test_no_broker_is_a_connection_error() -> None:
    (port,) = free_ports(1)
    with pytest.raises(KafkaConnectionError):
        await check(Settings(kafka_bootstrap=f"127.0.0.1:{port}"))
