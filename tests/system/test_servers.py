"""The servers that other system tests stand on keep what they promise."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis as redis_client
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import ProducerFenced
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.servers.embedded import running_embedded_kafka, running_embedded_redis
from tests.servers.kafka import ROOT, Kafka
from tests.servers.process import ServerFailedError, is_listening
from tests.servers.redis import Redis, running_redis

PARTITIONS = 3
READ_SECONDS = 15
ORPHAN = """
import signal
from tests.servers.redis import running_redis
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job starts with it ignored
with running_redis() as server:
    print(server.port, flush=True)
    input()
"""


@asynccontextmanager
async def fresh_topic(bootstrap: str) -> AsyncIterator[str]:
    topic = f"servers-{uuid.uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        created = await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
        assert [(name, code) for name, code, *_ in created.topic_errors] == [(topic, 0)]
        yield topic
    finally:
        await admin.close()


async def write(bootstrap: str, topic: str, values: list[bytes], *, compression: str | None = None) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, compression_type=compression) as producer:
        sent = [await producer.send(topic, value, partition=n % PARTITIONS) for n, value in enumerate(values)]
        await asyncio.wait_for(asyncio.gather(*sent), READ_SECONDS)


async def read(bootstrap: str, topic: str, count: int, *, isolation: str = "read_uncommitted") -> set[bytes]:
    """The first `count` values; fewer when no more come in time, so that a test says which are missing."""
    values: set[bytes] = set()
    deadline = time.monotonic() + READ_SECONDS
    async with AIOKafkaConsumer(
        bootstrap_servers=bootstrap, auto_offset_reset="earliest", isolation_level=isolation
    ) as consumer:
        consumer.assign([TopicPartition(topic, partition) for partition in range(PARTITIONS)])
        while len(values) < count and time.monotonic() < deadline:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                values.update(record.value for record in records)
    return values


@pytest.mark.parametrize("compression", [None, "gzip", "snappy", "lz4", "zstd"])
async def test_kafka_gives_back_every_codec(kafka: Kafka, compression: str | None) -> None:
    written = [b"receipt %d " % n * 50 for n in range(300)]
    async with fresh_topic(kafka.bootstrap) as topic:
        await write(kafka.bootstrap, topic, written, compression=compression)
        assert await read(kafka.bootstrap, topic, len(written)) == set(written)


async def test_kafka_fences_the_former_owner_of_a_transactional_id(kafka: Kafka) -> None:
    async with fresh_topic(kafka.bootstrap) as topic:
        former = await transactional(kafka.bootstrap, owner=topic)
        await former.begin_transaction()
        await former.send_and_wait(topic, b"never committed", partition=0)
        owner = await transactional(kafka.bootstrap, owner=topic)
        async with owner.transaction():
            await owner.send_and_wait(topic, b"committed", partition=0)
        with pytest.raises(ProducerFenced):
            await former.commit_transaction()
        await owner.stop()
        await former.stop()
        assert await read(kafka.bootstrap, topic, 1, isolation="read_committed") == {b"committed"}


async def transactional(bootstrap: str, *, owner: str) -> AIOKafkaProducer:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=owner)
    await producer.start()
    return producer


@pytest.mark.parametrize("end", [Kafka.stop, Kafka.kill])
async def test_kafka_keeps_its_records_when_it_starts_again(kafka: Kafka, end: Callable[[Kafka], None]) -> None:
    written = [b"%d" % n for n in range(30)]
    async with fresh_topic(kafka.bootstrap) as topic:
        await write(kafka.bootstrap, topic, written)
        await asyncio.to_thread(end, kafka)
        await asyncio.to_thread(kafka.start)
        assert await read(kafka.bootstrap, topic, len(written)) == set(written)


async def test_kafka_outlives_the_event_loop_that_started_it(kafka: Kafka) -> None:
    """The test above started it from a thread of a loop that is closed by now."""
    async with fresh_topic(kafka.bootstrap) as topic:
        await write(kafka.bootstrap, topic, [b"still here"])
        assert await read(kafka.bootstrap, topic, 1) == {b"still here"}


@pytest.mark.parametrize("end", [Redis.stop, Redis.kill])
def test_redis_keeps_its_data_when_it_starts_again(redis: Redis, end: Callable[[Redis], None]) -> None:
    key = uuid.uuid4().hex
    with redis_client.Redis.from_url(redis.url) as client:
        client.set(key, "kept")
        end(redis)
        redis.start()
        assert client.get(key) == b"kept"


def test_redis_loses_its_data_when_it_is_emptied() -> None:
    with running_redis() as server, redis_client.Redis.from_url(server.url) as client:
        client.set("sup", "lost")
        server.restart(emptied=True)
        assert client.dbsize() == 0


def test_paused_redis_answers_again_when_it_is_resumed(redis: Redis) -> None:
    with redis_client.Redis.from_url(redis.url, socket_timeout=0.2, retry=Retry(NoBackoff(), 0)) as client:
        redis.process.pause()
        with pytest.raises(redis_client.TimeoutError):
            client.ping()
        redis.process.resume()
        assert client.ping()


def test_server_that_cannot_start_shows_the_end_of_its_log() -> None:
    with (
        pytest.raises(ServerFailedError, match="maxmemory-nonsense"),
        running_redis(arguments=("--maxmemory-nonsense", "1")),
    ):
        pass


def test_missing_server_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ServerFailedError, match="install Debian's redis-server"), running_redis():
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_run_leaves_no_server_behind(number: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-c", ORPHAN]
    surroundings = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=surroundings) as run:
        assert run.stdout is not None
        port = int(run.stdout.readline())
        assert is_listening(port)
        run.send_signal(number)
        run.wait(READ_SECONDS)
    deadline = time.monotonic() + READ_SECONDS
    while is_listening(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_listening(port)


async def test_embedded_kafka_gives_back_records() -> None:
    with running_embedded_kafka() as broker:
        async with fresh_topic(broker.bootstrap) as topic:
            await write(broker.bootstrap, topic, [b"a", b"b", b"c"])
            assert await read(broker.bootstrap, topic, 3) == {b"a", b"b", b"c"}


def test_embedded_redis_gives_back_values() -> None:
    with running_embedded_redis() as server, redis_client.Redis.from_url(server.url) as client:
        client.set("sup", "kept")
        assert client.get("sup") == b"kept"
