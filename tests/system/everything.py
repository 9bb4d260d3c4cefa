"""Traffic that touches every metric: a lying route, an outage that is held, opt-outs, bad records, codes that nobody knows.

Days of it pass in seconds: records carry their times, and the log's clock follows them.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaProducer

from acquit.simulate import Record, Scenario, simulate
from acquit.simulate.world import telling
from acquit.simulate.world.laws import draw_world
from acquit.simulate.world.staging import Staging, only, staged
from acquit.worker.feeding import feed_records
from acquit.worker.sending import Outgoing, send_all
from tests.system.stage import Stage

DAYS, PEOPLE = 4, 400
PROVIDERS = ("smpp", "vonage", "twilio", "whatsapp", "sendgrid")
HELD_ROUTE = "aggr-a"


def settings(name: str) -> dict[str, str]:
    raw = ",".join(f"{name}.{provider}={provider}" for provider in PROVIDERS)
    return {"ACQUIT_RAW_TOPICS": raw, "ACQUIT_WINDOW_HOURS": "120", "ACQUIT_TALLY_SECONDS": "2"}


def feed(stage: Stage) -> None:
    """By arrival: four days with a liar, half a day of honest trouble, ten minutes of an outage, and odd things."""
    asyncio.run(feed_records(stage.settings, _until_now(_world())))
    half_a_day = Scenario(
        seed=11, messages=3_000, start=datetime.now(UTC) - timedelta(hours=12), span_hours=11, start_share=0.5
    )
    asyncio.run(feed_records(stage.settings, simulate(half_a_day)))
    asyncio.run(_send(stage, [*_outage(stage), *_odd(stage)]))


def feed_more(stage: Stage, round_of: int) -> None:
    """A little of what comes all day, while somebody looks."""
    asyncio.run(_send(stage, [*_today(stage, round_of), *_odd(stage)]))


def _world() -> Staging:
    drawn = draw_world(7, tier="low", days=DAYS)
    small = only(drawn, suppliers=("alder", "birch", "cedar", "elm"), carriers=(drawn.routes[0].carrier.mccmnc,))
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return replace(staged(small, fraud="s2-uniform-30", from_day=1), start=midnight - timedelta(days=DAYS - 1))


def _until_now(staging: Staging) -> Iterator[Record]:
    now_ms = datetime.now(UTC).timestamp() * 1000
    return (record for record in telling.records(staging) if record.timestamp_ms < now_ms)


def _outage(stage: Stage) -> Iterator[Outgoing]:
    """One route fails everybody for ten minutes, the other hardly anybody; then quiet minutes."""
    begin_ms = time.time_ns() // 1_000_000 - 40 * 60_000
    for number in range(PEOPLE):
        at_ms = begin_ms + number * 590_000 // PEOPLE
        yield _smpp(stage, f"2{number:07}", at_ms, route=HELD_ROUTE, words="UNDELIV err:001")
        yield _smpp(
            stage,
            f"4{number:07}",
            at_ms,
            route="aggr-b",
            words="UNDELIV err:001" if number % 20 == 0 else "DELIVRD err:000",
        )
    for number in range(200):
        yield _smpp(
            stage, f"5{number:07}", begin_ms + (20 + number % 10) * 60_000, route="aggr-b", words="DELIVRD err:000"
        )


def _today(stage: Stage, round_of: int) -> Iterator[Outgoing]:
    now_ms = time.time_ns() // 1_000_000
    for number in range(40):
        words = ("DELIVRD err:000", "DELIVRD err:000", "UNDELIV err:001", "EXPIRED err:254")[number % 4]
        yield _smpp(stage, f"7{round_of:03}{number:04}", now_ms, route="direct-1", words=words)


def _smpp(stage: Stage, number: str, at_ms: int, *, route: str, words: str) -> Outgoing:
    to = f"+336{number}"
    receipt = {"provider": "smpp", "context": {"to": to, "route": route, "err_dictionary": "gsm-map"},
               "payload": f"id:{number} stat:{words}"}  # fmt: skip
    return Outgoing(f"{stage.name}.smpp", 0, to.encode(), json.dumps(receipt).encode(), at_ms)


def _odd(stage: Stage) -> Iterator[Outgoing]:
    """What cannot be read, codes that no table knows, news of no message, a receipt of nobody."""
    now_ms = time.time_ns() // 1_000_000
    to = b"+33670000001"
    odd = [
        ("smpp", b"no receipt at all"),
        ("twilio", b"MessageSid=SM1&MessageStatus=failed&ErrorCode=39999&To=%2B33670000001"),
        ("twilio", b"MessageStatus=delivered&To=%2B33670000001"),
        (
            "sendgrid",
            json.dumps(
                [{"event": "account_status_change", "type": "compliance_suspend", "timestamp": now_ms // 1000}]
            ).encode(),
        ),
        ("smpp", b"id:nobody-1 stat:DELIVRD err:000"),
    ]
    return (Outgoing(f"{stage.name}.{provider}", 0, to, body, now_ms) for provider, body in odd)


async def _send(stage: Stage, outgoing: list[Outgoing]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=stage.kafka.bootstrap) as producer:
        await send_all(producer, outgoing)
