"""A partition has one owner: whoever owns it next fences the one before, on a real Kafka."""

import asyncio
import os
from types import SimpleNamespace

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import ProducerFenced

from acquit import rules
from acquit.events import encode
from acquit.partition import Partition
from acquit.worker.journal import Journal
from tests.builders import receipt
from tests.servers.kafka import Kafka


def journal_of(kafka: Kafka, topic: str) -> Journal[Partition]:
    state = Partition(0, rules=rules.load(), zone="UTC", window_hours=72, tally_seconds=2)
    options = {"bootstrap_servers": kafka.bootstrap}
    return Journal(topic, 0, state, options=options, transactional_id=topic)


def fold_one(journal: Journal[Partition], offset: int) -> None:
    event = receipt("delivered_handset", f"m{offset}")
    value = encode(event)
    at_ms = round(event.at.timestamp() * 1000)
    record = SimpleNamespace(topic="e", partition=0, offset=offset, timestamp=at_ms, key=None, value=value, headers=())
    journal.state.fold([record])


async def test_former_owner_is_fenced_and_the_next_one_has_what_it_committed(kafka: Kafka) -> None:
    topic = f"fenced-{os.getpid()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1, topic_configs={"cleanup.policy": "compact"})])
    await admin.close()
    former, owner = journal_of(kafka, topic), journal_of(kafka, topic)
    await former.own()
    fold_one(former, 0)
    await former.commit([])
    await owner.own()
    assert owner.state.head == former.state.head
    assert len(owner.state.messages.window) == 1
    fold_one(former, 1)
    with pytest.raises(ProducerFenced):
        await former.commit([])
    fold_one(owner, 1)
    await owner.commit([])
    await asyncio.gather(former.disown(), owner.disown())


async def test_journal_is_read_whole_however_often_it_is_owned(kafka: Kafka) -> None:
    """Aiokafka's seek_to_beginning can be overtaken by the reset to the latest offset: then nothing would be read."""
    topic = f"owned-often-{os.getpid()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1, topic_configs={"cleanup.policy": "compact"})])
    await admin.close()
    for offset in range(25):
        journal = journal_of(kafka, topic)
        await journal.own()
        assert journal.state.head.to == offset - 1
        fold_one(journal, offset)
        await journal.commit([])
        await journal.disown()
