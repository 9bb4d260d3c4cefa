"""What support asks: what became of this person's messages, and of this message, on a real Kafka."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaProducer

from acquit.events import Engagement, Event, Receipt, Said, Submit, encode
from tests.system.stage import Stage, patiently

WHO, OTHER = "+33612345678", "+33698765432"
AT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


def events() -> list[Event]:
    """Of two people: a message, what became of it, and what they said to it."""
    told: list[Event] = []
    for number, to in enumerate((WHO, OTHER)):
        place: dict[str, Any] = {"provider": "p", "message_id": f'm"{number}', "to": to, "channel": "sms"}
        failed: dict[str, Any] = {"status": "failed", "category": "recipient_unknown", "permanence": "permanent"}
        told += [
            Submit(**place, at=AT, route="grey"),
            Receipt(**place, **failed, at=AT + timedelta(seconds=5), rule="r", said=Said(code="1")),
            Engagement(**place, at=AT + timedelta(seconds=9), type="reply"),
        ]
    return told


async def send(stage: Stage, topic: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=stage.kafka.bootstrap) as producer:
        for event in events():
            await producer.send_and_wait(topic, encode(event))


def test_trace_tells_a_person_and_a_message_from_submit_to_suppression(stage: Stage) -> None:
    stage.create_topics()
    worker = stage.start(ACQUIT_RAW_TOPICS=f"{stage.name}.raw=canonical")
    assert patiently(worker.is_ready)
    asyncio.run(send(stage, f"{stage.name}.raw"))
    assert patiently(lambda: len(stage.entries()) == 2)
    kinds = ["submit", "receipt", "engagement", "suppression"]
    person = rows(stage, f"sms:{WHO}")
    assert sorted(row["kind"] for row in person) == sorted(kinds)
    assert {row.get("message_id") for row in person} == {'m"0', None}
    message = rows(stage, "--message", 'p:m"0')
    assert message == person
    told = stage.run("trace", "--message", 'p:m"0')
    assert [word for word in ("sent by p", "recipient_unknown", "said reply", "SUPPRESSED") if word in told.stdout] == [
        "sent by p", "recipient_unknown", "said reply", "SUPPRESSED",
    ]  # fmt: skip
    assert "to sms:+336****5678" in told.stdout
    assert WHO not in told.stdout + told.stderr
    assert rows(stage, "--message", "p:nobody") == []
    for wrong in ((), (f"sms:{WHO}", "--message", "p:m"), ("--message", "m")):
        assert stage.run("trace", *wrong).returncode != 0


def rows(stage: Stage, *arguments: str) -> list[dict[str, Any]]:
    done = stage.run("trace", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
