"""The life of an address on each channel, on real servers: bounced, restored, bounced again, expired; STOP, then START."""

import asyncio
import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import redis as redis_py
from aiokafka import AIOKafkaProducer

from acquit.suppression.keys import entry_key, scopes_that_apply
from acquit.worker.sending import Outgoing, send_all
from tests.system.stage import Stage, patiently

PEOPLE = {
    "sms": "sms:+33612345678",
    "whatsapp": "whatsapp:+447700900123",
    "rcs": "rcs:+12025550123",
    "email": "email:jane@example.com",
}
HELD_SECONDS = 25
"""So that a hold can be watched until it expires; 90 days and a year as shipped."""
POLICY = """
[[rule]]
id = "{id}"
categories = ["recipient_unknown"]
permanence = "permanent"
channels = {channels}
scope = "*"
hold_days = [{days}]
source = "a test"
"""
LIFE = ["suppressed", "lifted", "suppressed", "expired", "suppressed", "lifted"]


def test_life_of_an_address_on_each_channel(stage: Stage, tmp_path: Path) -> None:
    stage.extra = {"ACQUIT_RAW_TOPICS": f"{stage.name}.raw=canonical", "ACQUIT_RULES_DIR": str(_rules(tmp_path))}
    stage.create_topics()
    stage.start()

    _tell(stage, _bounces("m1"))
    assert patiently(lambda: _held(stage) == set(PEOPLE.values())), "bounced, and suppressed on each channel"
    assert _reasons(stage) == {"recipient_unknown"}

    for who in PEOPLE.values():
        done = stage.run("suppression", "restore", who, "--actor", "ann", "--reason", "called us")
        assert done.returncode == 0, done.stderr
    assert patiently(lambda: not _held(stage)), "restored"

    _tell(stage, _bounces("m2"))
    assert patiently(lambda: _held(stage) == set(PEOPLE.values())), "bounced again"
    assert patiently(lambda: not _held(stage), seconds=HELD_SECONDS + 30), "expired, by Redis's own clock"
    _tell(stage, [_receipt(channel, "m3", "sent") for channel in PEOPLE])
    assert patiently(lambda: set(map(len, _changes(stage).values())) == {4}), "and by the log's"

    _tell(stage, [_said(channel, "stop") for channel in PEOPLE])
    assert patiently(lambda: _held(stage) == set(PEOPLE.values())), "STOP"
    assert _reasons(stage) == {"stop"}
    _tell(stage, [_said(channel, "start") for channel in PEOPLE])
    assert patiently(lambda: not _held(stage)), "START"

    assert patiently(lambda: _changes(stage) == dict.fromkeys(PEOPLE.values(), LIFE))
    for who in PEOPLE.values():
        told = stage.run("suppression", "history", who).stdout
        assert all(word in told for word in ("recipient_unknown", "m1", "called us", "ann", "stop", "start")), told
    stage.check_replay()


def _rules(folder: Path) -> Path:
    days = HELD_SECONDS / 86_400
    phones = POLICY.format(id="unknown-number", channels='["sms", "whatsapp", "rcs"]', days=days)
    (folder / "policy.toml").write_text(phones + POLICY.format(id="unknown-mailbox", channels='["email"]', days=days))
    return folder


def _bounces(message_id: str) -> list[dict[str, Any]]:
    bad = {"category": "recipient_unknown", "permanence": "permanent", "action": "suppress"}
    return [_receipt(channel, message_id, "failed") | bad for channel in PEOPLE]


def _receipt(channel: str, message_id: str, status: str) -> dict[str, Any]:
    return {"kind": "receipt", "status": status, "message_id": message_id} | _whose(channel)


def _said(channel: str, word: str) -> dict[str, Any]:
    return {"kind": "engagement", "type": word} | _whose(channel)


def _whose(channel: str) -> dict[str, Any]:
    to = PEOPLE[channel].partition(":")[2]
    return {"provider": "p", "channel": channel, "to": to, "at": round(time.time() * 1000)}


def _tell(stage: Stage, events: list[dict[str, Any]]) -> None:
    async def send() -> None:
        async with AIOKafkaProducer(bootstrap_servers=stage.kafka.bootstrap) as producer:
            values = [json.dumps(event).encode() for event in events]
            await send_all(producer, [Outgoing(f"{stage.name}.raw", 0, b"", value) for value in values])

    asyncio.run(send())


def _held(stage: Stage) -> set[str]:
    """As a sender asks before each send."""
    with redis_py.Redis.from_url(stage.redis.url) as client:
        return {
            who
            for who in PEOPLE.values()
            if client.exists(
                *(entry_key(who, scope) for scope in scopes_that_apply(account="acme", stream="marketing"))
            )
        }


def _reasons(stage: Stage) -> set[str]:
    return set(stage.entries().values())


def _changes(stage: Stage) -> dict[str, list[str]]:
    found = defaultdict(list)
    for record in stage.records(stage.settings.topic("suppression-log")):
        change = json.loads(record.value)
        found[change["recipient"]].append(change["change"])
    return dict(found)
