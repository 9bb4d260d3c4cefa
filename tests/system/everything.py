"""Traffic that touches every metric: a lying route, an outage that is held, opt-outs, bad records, codes that nobody knows.

Days of it pass in seconds: records carry their times, and the log's clock follows them.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from aiokafka import AIOKafkaProducer

from acquit.simulate import Record, Scenario, simulate
from acquit.simulate.world import telling
from acquit.simulate.world.laws import draw_world
from acquit.simulate.world.staging import Staging, only, staged
from acquit.worker.feeding import feed_records
from acquit.worker.names import TopicName
from acquit.worker.sending import Outgoing, send_all
from tests.system.stage import Stage

DAYS, PEOPLE, FIRST_RECORDS = 4, 400, 4_000
_UNKNOWN, _ARRIVED = "UNDELIV err:001", "DELIVRD err:000"
PROVIDERS = ("smpp", "vonage", "twilio", "whatsapp", "sendgrid")
HELD_ROUTE = "aggr-a"
LYING_ROUTE, LYING_CARRIER = "alder", "20810"
BOUNCED = "sms:+33640000000"
"""Really unknown, in the midst of the outage."""


def settings(name: str) -> dict[str, str]:
    raw = ",".join(f"{name}.{provider}={provider}" for provider in PROVIDERS)
    return {"ACQUIT_RAW_TOPICS": raw, "ACQUIT_WINDOW_HOURS": "120", "ACQUIT_TALLY_SECONDS": "2",
            "ACQUIT_LIST_CHECK_HOURS": "0.002"}  # fmt: skip


def feed_first(stage: Stage) -> Iterator[Record]:
    """The first hours, for a worker that is not there yet: its first look at limits must see more than a handful.

    Returns what is left: all that comes from then until now.
    """
    records = _until_now(_world())
    asyncio.run(feed_records(stage.settings, islice(records, FIRST_RECORDS)))
    return records


def feed(stage: Stage, records: Iterator[Record]) -> None:
    """By arrival: four days with a liar, half a day of honest trouble, ten minutes of an outage, and odd things."""
    asyncio.run(feed_records(stage.settings, records))
    start = datetime.now(UTC) - timedelta(hours=12)
    half_a_day = Scenario(seed=11, messages=3_000, start=start, span_hours=11, start_share=0.5)
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
        yield _smpp(stage, f"+3362{number:07}", f"2{number}", at_ms, route=HELD_ROUTE, words=_UNKNOWN)
        words = _UNKNOWN if number % 20 == 0 else _ARRIVED
        yield _smpp(stage, f"+3364{number:07}", f"4{number}", at_ms, route="aggr-b", words=words)
    for number in range(200):
        at_ms = begin_ms + (20 + number % 10) * 60_000
        yield _smpp(stage, f"+3365{number:07}", f"5{number}", at_ms, route="aggr-b", words=_ARRIVED)


def _today(stage: Stage, round_of: int) -> Iterator[Outgoing]:
    """Messages of all lengths and kinds: some fail, most arrive, and of these some people do something."""
    now_ms = time.time_ns() // 1_000_000
    for number in range(40):
        to, message = f"+33670{round_of:03}{number:04}"[:12], f"today-{round_of}-{number}"
        yield _canonical(stage, "submits", to, now_ms - 400_000, {
            "kind": "submit", "message_id": message, "route": "direct-1", "supplier": "direct", "carrier": LYING_CARRIER,
            "country": ("FR", "DE")[number % 2], "segments": 1 + number % 3, "content": ("otp", "marketing")[number % 2],
        })  # fmt: skip
        words = (_ARRIVED, _ARRIVED, _UNKNOWN, "EXPIRED err:254", "UNKNOWN err:000")[number % 5]
        yield _smpp(stage, to, message, now_ms, route="direct-1", words=words)
        if number % 5 == 0:
            kind = ("reply", "click", "complaint", "stop", "start")[number // 5 % 5]
            yield _canonical(
                stage, "engagements", to, now_ms, {"kind": "engagement", "message_id": message, "type": kind}
            )


def _canonical(stage: Stage, topic: TopicName, to: str, at_ms: int, said: dict[str, object]) -> Outgoing:
    value = json.dumps({"provider": "smpp", "to": to, "channel": "sms", "at": at_ms, **said}).encode()
    return Outgoing(stage.settings.topic(topic), 0, to.encode(), value, time.time_ns() // 1_000_000)


def _smpp(stage: Stage, to: str, message: str, at_ms: int, *, route: str, words: str) -> Outgoing:
    receipt = {"provider": "smpp", "context": {"to": to, "route": route, "err_dictionary": "gsm-map"},
               "payload": f"id:{message} stat:{words}"}  # fmt: skip
    return Outgoing(f"{stage.name}.smpp", 0, to.encode(), json.dumps(receipt).encode(), at_ms)


def _odd(stage: Stage) -> Iterator[Outgoing]:
    """What cannot be read, codes that no table knows, news of no message, a receipt of nobody."""
    now_ms = time.time_ns() // 1_000_000
    to = b"+33670000001"
    odd = [
        ("smpp", b"no receipt at all"),
        ("twilio", b"MessageSid=SM1&MessageStatus=failed&ErrorCode=39999&To=%2B33670000001"),
        ("twilio", b"MessageStatus=delivered&To=%2B33670000001"),
        ("sendgrid", json.dumps(_mails(now_ms)).encode()),
        ("smpp", b"id:nobody-1 stat:DELIVRD err:000"),
    ]
    return (Outgoing(f"{stage.name}.{provider}", 0, to, body, now_ms) for provider, body in odd)


def _mails(now_ms: int) -> list[dict[str, object]]:
    """An account's notice, and a mail that arrives and is complained of."""
    mail = {"email": f"ann{now_ms}@gmail.com", "timestamp": now_ms // 1000, "sg_message_id": f"mail-{now_ms}"}
    return [
        {"event": "account_status_change", "type": "compliance_suspend", "timestamp": now_ms // 1000},
        *({**mail, "event": event, "sg_event_id": f"{event}-{now_ms}"} for event in ("delivered", "spamreport")),
    ]


async def _send(stage: Stage, outgoing: list[Outgoing]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=stage.kafka.bootstrap) as producer:
        await send_all(producer, outgoing)
