"""Dead letters are listed and sent back on a real Kafka, each of them once."""

import asyncio
import time
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from msgspec import Struct
from msgspec.structs import replace

from acquit.effects import Header
from acquit.errors import AcquitError, Undecodable
from acquit.pipeline import dead_letter
from acquit.worker.connections import kafka_options
from acquit.worker.dead_letters import ATTEMPTS, Letter, Replayed, _send, _sender, letters, mark, replay
from acquit.worker.partition_reader import ask_spans, isolation, open_reader, read
from acquit.worker.perform import Performer
from acquit.worker.sending import Outgoing, partition_of, send_all
from acquit.worker.settings import Settings
from acquit.worker.topics import create
from tests.servers.embedded import running_embedded_kafka
from tests.servers.kafka import Kafka

PARTITIONS = 3
AT_MS = time.time_ns() // 1_000_000 - 3_600_000
"""Not longer ago than the topic keeps its records, or Kafka removes them between two lines of a test."""


class Raw(Struct):
    """A record that acquit could not read."""

    topic: str
    value: bytes | None = b"no receipt"
    key: bytes | None = b"k"
    partition: int = 1
    offset: int = 5
    timestamp: int = AT_MS
    headers: Sequence[Header] = ()


async def settings_on(bootstrap: str, *, fencing: bool = True) -> Settings:
    name = f"dead-{uuid.uuid4().hex}"
    settings = Settings(
        kafka_bootstrap=bootstrap,
        app_id=name,
        topic_prefix=name,
        raw_topics={f"{name}.sms": "smpp", f"{name}.mail": "dsn"},
        event_partitions=PARTITIONS,
        fencing=fencing,
    )
    await create(settings, with_raw=True)
    return settings


@pytest.fixture
async def settings(kafka: Kafka) -> Settings:
    return await settings_on(kafka.bootstrap)


def sms(settings: Settings, value: bytes = b"no receipt", **fields: Any) -> Raw:
    return Raw(f"{settings.topic_prefix}.sms", value, **fields)


def mail(settings: Settings, value: bytes = b"no mail") -> Raw:
    return Raw(f"{settings.topic_prefix}.mail", value)


async def write(settings: Settings, outgoing: Iterable[Outgoing]) -> None:
    async with AIOKafkaProducer(**kafka_options(settings), acks="all") as producer:
        await send_all(producer, outgoing)


async def refuse(settings: Settings, records: Iterable[Any], *, reason: str = "undecodable") -> None:
    """Write these records' dead letters, as intake does."""
    performer = Performer(settings, {settings.topic("dead-letters"): PARTITIONS})
    error = Undecodable(reason, "$: is none")
    letters = [(dead_letter(record, "smpp", error), record.timestamp) for record in records]
    await write(settings, [replace(performer.dead_letter(letter), timestamp_ms=at_ms) for letter, at_ms in letters])


async def records_in(settings: Settings, topic: str) -> list[Any]:
    """All that is committed there, by partition. A commit is answered before it can be read, so the end is not asked
    of the reader of what is committed.
    """
    options, tps = kafka_options(settings), [TopicPartition(topic, number) for number in range(PARTITIONS)]
    async with open_reader(options, "read_uncommitted") as reader:
        spans = await ask_spans(reader, tps)
    async with open_reader(options, isolation(fencing=settings.fencing)) as reader:
        found = [record async for records in read(reader, spans) for record in records]
    return sorted(found, key=lambda record: (record.partition, record.offset))


async def values_in(settings: Settings, topic: str) -> list[bytes]:
    return sorted(record.value for record in await records_in(settings, topic))


async def listed(settings: Settings, **filters: Any) -> list[Letter]:
    return [letter async for letter in letters(settings, **filters)]


async def test_letters_are_listed_with_why_and_where_from(settings: Settings) -> None:
    await refuse(settings, [sms(settings)])
    (letter,) = await listed(settings)
    assert (letter.reason, letter.topic, letter.value) == ("undecodable", f"{settings.topic_prefix}.sms", b"no receipt")
    assert (letter.original_partition, letter.original_offset, letter.original_timestamp_ms) == (1, 5, AT_MS)


async def test_letters_are_listed_by_reason_and_topic_and_up_to_a_limit(settings: Settings) -> None:
    await refuse(settings, [sms(settings, b"%d" % n, key=b"%d" % n) for n in range(30)])
    await refuse(settings, [mail(settings)], reason="empty")
    assert len(await listed(settings)) == 31
    assert len(await listed(settings, limit=7)) == 7
    assert await listed(settings, limit=0) == []
    assert [letter.value for letter in await listed(settings, reason="empty")] == [b"no mail"]
    assert [letter.value for letter in await listed(settings, topic=mail(settings).topic)] == [b"no mail"]


async def test_where_there_is_no_letter_nothing_is_listed_or_sent(settings: Settings) -> None:
    assert await listed(settings) == []
    assert await replay(settings) == Replayed()


async def test_a_letter_goes_back_with_its_bytes_headers_and_time(settings: Settings) -> None:
    raw = sms(settings, b"\xff\x00", key=None, headers=[("provider", b"smpp"), ("provider", b"twice")])
    await refuse(settings, [raw])
    assert await replay(settings) == Replayed(sent=1)
    (record,) = await records_in(settings, raw.topic)
    assert (record.partition, record.key, record.value, record.timestamp) == (1, None, b"\xff\x00", AT_MS)
    assert record.headers == (("provider", b"smpp"), ("provider", b"twice"), (ATTEMPTS, b"1"))


async def test_a_letter_of_the_log_goes_back_by_its_key(settings: Settings) -> None:
    key = b"sms:+33612345678"
    await refuse(settings, [Raw(settings.topic("events"), b"{}", key, partition=17)])
    await replay(settings)
    (record,) = await records_in(settings, settings.topic("events"))
    assert record.partition == partition_of(key, PARTITIONS)


async def test_a_second_replay_sends_nothing(settings: Settings) -> None:
    await refuse(settings, [sms(settings, b"%d" % n, key=b"%d" % n) for n in range(2_000)])
    assert await replay(settings) == Replayed(sent=2_000)
    assert await replay(settings) == Replayed(sent_before=2_000)
    assert len(await records_in(settings, sms(settings).topic)) == 2_000
    assert all(letter.is_replayed for letter in await listed(settings))


async def test_what_a_filter_leaves_out_is_sent_by_a_later_replay(settings: Settings) -> None:
    await refuse(settings, [mail(settings, b"1"), sms(settings, b"2"), mail(settings, b"3")])
    assert await replay(settings, topic=sms(settings).topic) == Replayed(sent=1, skipped_by_filter=2)
    assert await replay(settings, reason="empty") == Replayed(skipped_by_filter=2, sent_before=1)
    assert await replay(settings) == Replayed(sent=2, sent_before=1)
    assert await values_in(settings, mail(settings).topic) == [b"1", b"3"]
    assert await values_in(settings, sms(settings).topic) == [b"2"]


async def test_a_letter_that_fails_again_and_again_is_given_up(settings: Settings) -> None:
    await refuse(settings, [sms(settings)])
    for attempt in (1, 2):
        assert await replay(settings, max_attempts=2) == Replayed(sent=1, sent_before=attempt - 1)
        await refuse(settings, (await records_in(settings, sms(settings).topic))[-1:])
    assert await replay(settings, max_attempts=2) == Replayed(given_up=1, sent_before=2)
    assert await replay(settings, max_attempts=3) == Replayed(sent=1, sent_before=2)


async def test_a_dry_run_sends_nothing(settings: Settings) -> None:
    await refuse(settings, [sms(settings), mail(settings)])
    assert await replay(settings, topic=sms(settings).topic, dry_run=True) == Replayed(sent=1, skipped_by_filter=1)
    assert await records_in(settings, sms(settings).topic) == []
    assert await replay(settings) == Replayed(sent=2)


async def test_a_letter_from_a_topic_that_is_gone_is_given_up_and_its_topic_not_made(settings: Settings) -> None:
    gone = settings.model_copy(update={"raw_topics": {"gone": "smpp", **settings.raw_topics}})
    await refuse(settings, [Raw("gone"), sms(settings)])
    assert await replay(gone) == Replayed(sent=1, given_up=1)


async def test_a_replay_that_ended_before_its_commit_sent_nothing(settings: Settings) -> None:
    await refuse(settings, [sms(settings, b"1", key=b"1"), sms(settings, b"2", key=b"2")])
    first, _ = await listed(settings)
    async with AIOKafkaProducer(
        **kafka_options(settings), transactional_id=f"{settings.app_id}-dead-letters"
    ) as killed:
        await killed.begin_transaction()
        await send_all(killed, [Outgoing(first.topic, 1, first.key, first.value)])
        await send_all(killed, [mark(first, settings.topic("dead-letters"))])
        assert await replay(settings) == Replayed(sent=2)
        with pytest.raises(KafkaError):
            await killed.commit_transaction()
    assert await values_in(settings, sms(settings).topic) == [b"1", b"2"]
    assert await replay(settings) == Replayed(sent_before=2)


async def test_a_replay_that_was_overtaken_sends_no_more(settings: Settings) -> None:
    await refuse(settings, [sms(settings)])
    partitions = {sms(settings).topic: PARTITIONS}
    async with _sender(settings) as overtaken:
        assert await replay(settings) == Replayed(sent=1)
        with pytest.raises(KafkaError):
            await _send(overtaken, await listed(settings), settings, partitions)
    assert len(await records_in(settings, sms(settings).topic)) == 1


async def test_a_worker_in_a_transaction_hides_no_mark(settings: Settings) -> None:
    await refuse(settings, [sms(settings)])
    (letter,) = await listed(settings)
    topic = settings.topic("dead-letters")
    async with AIOKafkaProducer(**kafka_options(settings), transactional_id=settings.app_id) as worker:
        await worker.begin_transaction()
        await send_all(worker, [Outgoing(topic, letter.partition, b"k", b"another letter")])
        await write(settings, [mark(letter, topic)])
        replaying = asyncio.create_task(replay(settings))
        assert not (await asyncio.wait({replaying}, timeout=2))[0]
        await worker.abort_transaction()
        assert await replaying == Replayed(sent_before=1)


async def test_letters_as_large_as_can_be_go_back(settings: Settings) -> None:
    large = settings.max_record_bytes
    noise = b"".join(uuid.uuid4().bytes for _ in range(large // 16))  # no compression makes it smaller
    await refuse(settings, [sms(settings, noise)], reason="too_large")
    assert await replay(settings) == Replayed(sent=1)
    (record,) = await records_in(settings, sms(settings).topic)
    assert record.value == noise


async def test_a_missing_topic_is_said_and_not_made(kafka: Kafka) -> None:
    settings = Settings(kafka_bootstrap=kafka.bootstrap, topic_prefix=f"missing-{uuid.uuid4().hex}")
    for reading in (listed(settings), replay(settings)):
        with pytest.raises(AcquitError, match=r"is missing: run `acquit topics create`"):
            await reading
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        assert settings.topic("dead-letters") not in await admin.list_topics()
    finally:
        await admin.close()


async def test_without_fencing_letters_are_sent_once_on_the_embedded_broker() -> None:
    with running_embedded_kafka() as broker:
        settings = await settings_on(broker.bootstrap, fencing=False)
        await refuse(settings, [sms(settings, b"%d" % n, key=b"%d" % n) for n in range(200)])
        await refuse(settings, [mail(settings)])
        assert await replay(settings, topic=sms(settings).topic) == Replayed(sent=200, skipped_by_filter=1)
        assert await replay(settings) == Replayed(sent=1, sent_before=200)
        assert await replay(settings) == Replayed(sent_before=201)
        assert len(await values_in(settings, sms(settings).topic)) == 200
