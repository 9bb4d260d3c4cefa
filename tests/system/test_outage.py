"""An outage on real servers: nobody stays in Redis, staff sees who is held, and what staff says happens."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

from aiokafka import AIOKafkaProducer

from acquit.worker.sending import Outgoing, send_all
from tests.system.stage import Stage, WorkerProcess, patiently

PEOPLE, MINUTES = 1_000, 10
BEGIN_MINUTES_AGO = 40


def test_outage_leaves_nobody_suppressed_and_staff_decides(stage: Stage) -> None:
    stage.create_topics()
    asyncio.run(_send(stage, list(_traffic(stage))))
    worker = stage.start()
    real = {_recipient("4", number) for number in range(0, PEOPLE, 20)}
    held = {_recipient("2", number) for number in range(PEOPLE)}
    patiently(lambda: _held(stage).keys() == held and stage.entries().keys() == real)
    assert stage.entries().keys() == real
    assert _held(stage).keys() == held
    assert patiently(lambda: worker.metric("acquit_suppression_held") == PEOPLE), "the gauge shows how many"
    assert _alerts(stage) == [("raised", "aggr-a")]
    assert _is_up(worker)

    worker.kill()  # what is held is known to the journal, not to a worker
    worker = stage.start()
    _decide(stage, "release", _recipient("2", 7))
    patiently(lambda: _recipient("2", 7) in stage.entries())
    assert stage.entries().keys() == real | {_recipient("2", 7)}
    assert patiently(lambda: _held(stage).keys() == held - {_recipient("2", 7)})

    said = _decide(stage, "drop", "--route", "aggr-a")
    assert said == f"asked to drop what is held of {PEOPLE - 1} people"
    assert patiently(lambda: not _held(stage)), "all is decided"
    assert patiently(lambda: _alerts(stage) == [("raised", "aggr-a"), ("cleared", "aggr-a")]), "and the alert clears"
    assert patiently(lambda: worker.metric("acquit_suppression_held") == 0)
    assert stage.entries().keys() == real | {_recipient("2", 7)}
    changes = [json.loads(record.value) for record in stage.records(stage.settings.topic("suppression-log"))]
    assert sum(change["change"] == "dropped" and change["by"] == "ann" for change in changes) == PEOPLE - 1
    stage.check_replay()


def _recipient(of: str, number: int) -> str:
    return f"sms:+336{of}{number:07}"


def _traffic(stage: Stage) -> Iterator[Outgoing]:
    """One route fails everybody for ten minutes; by the other one in twenty is really unknown; then quiet minutes."""
    begin_ms = time.time_ns() // 1_000_000 - BEGIN_MINUTES_AGO * 60_000
    for number in range(PEOPLE):
        at_ms = begin_ms + number * MINUTES * 59_000 // PEOPLE
        yield _receipt(stage, "2", number, at_ms, route="aggr-a", is_bad=True)
        yield _receipt(stage, "4", number, at_ms, route="aggr-b", is_bad=number % 20 == 0)
    for number in range(200):
        yield _receipt(stage, "5", number, begin_ms + (20 + number % 10) * 60_000, route="aggr-b", is_bad=False)


def _receipt(stage: Stage, of: str, number: int, at_ms: int, *, route: str, is_bad: bool) -> Outgoing:
    to = _recipient(of, number).removeprefix("sms:")
    words = "UNDELIV err:001" if is_bad else "DELIVRD err:000"
    receipt = {"provider": "smpp", "context": {"to": to, "route": route, "err_dictionary": "gsm-map"},
               "payload": f"id:{of}{number} stat:{words}"}  # fmt: skip
    return Outgoing(f"{stage.name}.raw", 0, to.encode(), json.dumps(receipt).encode(), at_ms)


async def _send(stage: Stage, outgoing: list[Outgoing]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=stage.kafka.bootstrap) as producer:
        await send_all(producer, outgoing)


def _decide(stage: Stage, *arguments: str) -> str:
    done = stage.run("suppression", "held", *arguments, "--actor", "ann", "--reason", "ticket 7")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _held(stage: Stage) -> dict[str, Any]:
    done = stage.run("suppression", "held", "list")
    assert done.returncode == 0, done.stderr
    return {one["recipient"]: one for one in map(json.loads, done.stdout.splitlines())}


def _alerts(stage: Stage) -> list[tuple[str, str]]:
    alerts = [json.loads(record.value) for record in stage.records(stage.settings.topic("alerts"))]
    return [(alert["state"], alert["route"]) for alert in alerts if alert["kind"] == "suppression_held"]


def _is_up(worker: WorkerProcess) -> bool:
    line = (
        'acquit_alert_active{carrier="",channel="sms",kind="suppression_held",route="aggr-a",stream="",supplier=""} 1.0'
    )
    return line in worker.page("/metrics")[1].splitlines()
