"""What is missing or wrong is waited for or refused, with a sentence that says what; and nothing is lost meanwhile."""

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from acquit import events
from acquit.events import Receipt
from acquit.pipeline import ONLY
from acquit.worker import topics
from acquit.worker.dead_letters import Replayed, replay
from tests.system.stage import Stage, WorkerProcess, patiently, scenario, truth

EXIT_REFUSED = 78


def waits_for(worker: WorkerProcess, words: str) -> bool:
    """It says so, is not ready, and is live all the same."""
    patiently(lambda: words in worker.page("/readyz")[1], seconds=30)
    status, said = worker.page("/readyz")
    assert words in said, f"{said!r} does not say {words!r}"
    return status == 503 and worker.page("/livez")[0] == 200


def test_worker_waits_for_redis_at_start(stage: Stage) -> None:
    stage.create_topics()
    stage.redis.stop()
    worker = stage.start()
    assert waits_for(worker, "waiting for Redis")
    stage.redis.start()
    assert patiently(worker.is_ready)


def test_worker_waits_for_kafka_at_start(stage: Stage) -> None:
    stage.create_topics()
    stage.kafka.stop()
    worker = stage.start()
    assert waits_for(worker, "waiting for Kafka")
    stage.kafka.start()
    assert patiently(worker.is_ready)


def test_worker_waits_until_topics_are_made(stage: Stage) -> None:
    worker = stage.start()
    assert waits_for(worker, "acquit topics create")
    stage.create_topics()
    assert patiently(worker.is_ready)


def test_worker_does_not_trust_a_redis_that_evicts(stage: Stage) -> None:
    stage.create_topics()
    client = redis_py.Redis.from_url(stage.redis.url)
    client.config_set("maxmemory-policy", "volatile-lru")
    worker = stage.start()
    assert waits_for(worker, "maxmemory-policy is volatile-lru")
    client.config_set("maxmemory-policy", "noeviction")
    assert patiently(worker.is_ready)


def test_worker_refuses_unequal_partition_counts(stage: Stage) -> None:
    name = stage.settings.topic("suppressions")
    asyncio.run(_make(stage, NewTopic(name, 3, 1, topic_configs={"cleanup.policy": "compact"})))
    stage.create_topics()
    assert waits_for(stage.start(), f"{name} has 3 partitions and needs 4")


@pytest.mark.parametrize("which", ["events", "raw"])
def test_worker_stops_at_a_source_that_was_made_anew(stage: Stage, which: str) -> None:
    stage.create_topics()
    traffic = scenario(300)  # once: it begins at a time that goes on
    stage.feed(traffic)
    worker = stage.start()
    stage.check(truth(traffic))
    assert worker.stop() == 0
    topic = stage.settings.topic("events") if which == "events" else f"{stage.name}.raw"
    asyncio.run(_make_anew(stage, topic))
    assert waits_for(stage.start(), "the topic was made anew")


def test_bad_rules_refuse_to_start_naming_file_line_and_field(stage: Stage) -> None:
    rules = stage.folder / "rules"
    (rules / "codes").mkdir(parents=True)
    columns = "code,words,status,category,sub_reason,permanence,action,advice,source"
    (rules / "codes" / "aggr.csv").write_text(f"{columns}\n1,,,recipient_unknown,,,,,ours\n2,,,no_such,,,,,ours\n")
    worker = stage.start(ACQUIT_RULES_DIR=str(rules))
    assert worker.process.wait(20) == EXIT_REFUSED
    assert f"{rules}/codes/aggr.csv:3: category: 'no_such'" in worker.log.read_text()


def test_unknown_setting_refuses_to_start(stage: Stage) -> None:
    worker = stage.start(ACQUIT_REDIS_ULR="redis://127.0.0.1:1/0")
    assert worker.process.wait(20) == EXIT_REFUSED
    assert "ACQUIT_REDIS_URL" in worker.log.read_text(), "it says what was meant"


BAD = {
    "not UTF-8": b"\xff\xfe\x00",
    "cut JSON": b'{"source_addr":"33612345678","short_mess',
    "wrong type": b'{"source_addr":5,"short_message":"id:1 stat:DELIVRD"}',
    "no receipt": b"hello",
    "no value": None,
    "empty value": b"",
    "too large": b'{"short_message":"' + b"x" * (2 * 1024 * 1024) + b'"}',
    "deep": b'{"tlvs":{"a":' + b"[" * 5_000,
    "no number": b'{"source_addr":"36173","short_message":"id:1 stat:DELIVRD"}',
    "absurd time": b'{"source_addr":"33612345678","short_message":"id:1 done date:9901010000 stat:DELIVRD"}',
}


def test_bad_records_are_kept_byte_for_byte_and_the_stream_goes_on(stage: Stage) -> None:
    stage.create_topics()
    good = b'{"source_addr":"33612345678","short_message":"id:9 stat:UNDELIV err:000","tlvs":{"network_error_code":"030001"}}'
    asyncio.run(_send(stage, [*BAD.values(), good]))
    worker = stage.start()
    assert patiently(lambda: stage.entries() == {"sms:+33612345678": "recipient_unknown"})
    letters = stage.records(stage.settings.topic("dead-letters"))
    assert [record.value for record in sorted(letters, key=_offset)] == list(BAD.values())
    reasons = [dict(record.headers)["acquit.errors.reason"].decode() for record in sorted(letters, key=_offset)]
    assert reasons == ["undecodable", "undecodable", "wrong_type", "undecodable", "empty", "empty", "too_large",
                       "undecodable", "absurd_value", "absurd_value"]  # fmt: skip
    assert worker.metric("acquit_dead_letters_total") == len(BAD)


ANN, BOB, EVE = ({"email": f"{name}@example.org", "sg_message_id": f"{name}.x"} for name in ("ann", "bob", "eve"))
BOUNCE = {"event": "bounce", "type": "bounce", "bounce_classification": "Invalid Address", "status": "5.1.1"}
# An array of SendGrid's, whose second and fifth events have no date.
MAILS: list[dict[str, Any]] = [
    {**ANN, "event": "delivered", "timestamp": 1_795_338_000},
    {**BOB, **BOUNCE, "timestamp": "yesterday"},
    {**ANN, "event": "click", "timestamp": 1_795_338_060},
    {**ANN, "event": "account_update", "timestamp": 1_795_338_060},
    {**EVE, "event": "group_unsubscribe", "asm_group_id": 10, "timestamp": "yesterday"},
]
DECODER_THAT_MAY_BE_MENDED = """
from pathlib import Path
from acquit.decode import DECODERS, sendgrid

def decode(body, context):
    return sendgrid.decode(body.replace(b'"yesterday"', b"null") if Path({mended!r}).exists() else body, context)

DECODERS["sendgrid"] = decode
"""


def test_events_that_cannot_be_read_are_taken_by_a_replay_and_their_neighbours_once(stage: Stage) -> None:
    mended = stage.folder / "mended"
    (stage.folder / "sitecustomize.py").write_text(DECODER_THAT_MAY_BE_MENDED.format(mended=str(mended)))
    stage.extra = {"ACQUIT_RAW_TOPICS": f"{stage.name}.raw=sendgrid"}
    stage.create_topics()
    body = json.dumps([{**mail, "timestamp": _lately(mail["timestamp"])} for mail in MAILS]).encode()
    asyncio.run(_send(stage, [body]))
    worker = stage.start(PYTHONPATH=_path(stage.folder))

    assert patiently(lambda: worker.metric("acquit_dead_letters_total") == 1, pause=0.1)
    assert [(one["only"], one["attempts"], one["replayed"]) for one in _listed(stage)] == [([1, 4], 0, False)]
    assert _told(stage) == ["ann@example.org click", "ann@example.org delivered_handset"]

    assert asyncio.run(replay(stage.settings)) == Replayed(sent=1), "and nothing was mended"
    assert patiently(lambda: worker.metric("acquit_dead_letters_total") == 2, pause=0.1)
    assert [(one["only"], one["attempts"], one["replayed"]) for one in _listed(stage)] == [
        ([1, 4], 0, True),
        ([1, 4], 1, False),
    ]

    mended.touch()
    assert stage.run("dead-letters", "replay").stdout.startswith("sent 1, ")
    held = {"email:bob@example.org": "recipient_unknown", "email:eve@example.org}:*:10": "stop"}
    assert patiently(lambda: stage.entries() == held, pause=0.1)
    assert _told(stage) == [
        "ann@example.org click", "ann@example.org delivered_handset", "bob@example.org failed", "eve@example.org stop",
    ]  # fmt: skip
    letters = [record for record in stage.records(stage.settings.topic("dead-letters")) if record.value]
    assert [(record.value, dict(record.headers)[ONLY]) for record in letters] == 2 * [(body, b"1,4/5")]
    assert worker.metric("acquit_dead_letters_total") == 2
    assert worker.metric("acquit_ignored_events_total") == 1
    assert worker.metric("acquit_raw_records_total") == 3
    assert asyncio.run(replay(stage.settings)) == Replayed(sent_before=2)


def test_record_that_names_no_provider_is_unmapped(stage: Stage) -> None:
    stage.extra = {"ACQUIT_RAW_TOPICS": f"{stage.name}.raw="}
    stage.create_topics()
    asyncio.run(_send(stage, [b"id:1 stat:DELIVRD", b'{"provider":"nobody","payload":"x"}']))
    stage.start()
    assert patiently(lambda: len(stage.records(stage.settings.topic("dead-letters"))) == 2)
    letters = stage.records(stage.settings.topic("dead-letters"))
    reasons = {dict(record.headers)["acquit.errors.reason"].decode() for record in letters}
    assert reasons == {"unmapped", "unknown_provider"}


def test_a_log_holds_no_address(stage: Stage) -> None:
    stage.create_topics()
    true = truth(traffic := scenario(200))
    stage.feed(traffic)
    worker = stage.start(ACQUIT_LOG_LEVEL="debug")
    stage.check(true)
    worker.stop()
    addresses = {recipient.partition(":")[2] for recipient in true.suppressed}
    said = worker.log.read_text()
    assert addresses
    assert not [address for address in addresses if address in said or address.lstrip("+") in said]


def _lately(timestamp: int | str) -> int | str:
    """A time of the last hours, for expiries are in real time."""
    return timestamp if isinstance(timestamp, str) else int(time.time()) - 3_600 + timestamp % 3_600


def _path(folder: Path) -> str:
    """Where Python looks first, `sitecustomize` too, and then where it looked before."""
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])


def _listed(stage: Stage) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stage.run("dead-letters", "list").stdout.splitlines()]


def _told(stage: Stage) -> list[str]:
    """Who did what, or what became of it, in the log of events."""
    told = [events.decode(record.value) for record in stage.records(stage.settings.topic("events"))]
    return sorted(f"{one.to} {one.status if isinstance(one, Receipt) else one.type}" for one in told)  # type: ignore[union-attr]  # no commands


def _offset(record: object) -> int:
    return int(dict(record.headers)["acquit.errors.offset"])  # type: ignore[attr-defined]  # aiokafka's ConsumerRecord


async def _send(stage: Stage, values: list[bytes | None]) -> None:
    """All into one partition, so that their order is known; sent with a key, for a record with neither is none."""
    producer = AIOKafkaProducer(bootstrap_servers=stage.kafka.bootstrap, max_request_size=8 << 20)
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(f"{stage.name}.raw", value, key=b"k", partition=0)
    finally:
        await producer.stop()


async def _make(stage: Stage, topic: NewTopic) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stage.kafka.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([topic])
    finally:
        await admin.close()


async def _make_anew(stage: Stage, topic: str) -> None:
    """Delete the topic, make it again, and fill it beyond where it was read to with other records."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stage.kafka.bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([topic])
        while topic in await admin.list_topics():  # noqa: ASYNC110 - the broker tells nobody
            await asyncio.sleep(0.1)
    finally:
        await admin.close()
    await topics.create(stage.settings, with_raw=True)
    producer = AIOKafkaProducer(bootstrap_servers=stage.kafka.bootstrap)
    await producer.start()
    try:
        for number in range(2_000):
            await producer.send(topic, b"id:%d stat:DELIVRD" % number, partition=number % stage.partitions)
        await producer.flush()
    finally:
        await producer.stop()
