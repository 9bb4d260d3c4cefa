"""Latency: from the sending of a raw record that suppresses a fresh number to its key in Redis, under steady traffic."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import chain, repeat
from statistics import median, quantiles

import msgspec
from aiokafka import AIOKafkaProducer
from redis.asyncio import Redis

from acquit.events import Engagement, encode
from acquit.suppression.keys import entry_key
from acquit.worker.sending import Outbox, Outgoing, partition_of
from bench import shapes
from bench.peers import run_peer
from bench.stage import Stage
from bench.worker_process import running_worker

RATES = (1_000, 10_000)
"""Raw records a second."""
SECONDS, WARM_SECONDS = 30, 3
SAMPLE_EVERY = 40
"""Of the raw records every so-many'th suppresses a fresh number: by a permanent failure and by a stop in turn."""
TICK_SECONDS, POLL_SECONDS, LAST_SECONDS = 0.01, 0.005, 20
TARGET_P99_MS = 100


@dataclass(frozen=True)
class Latency:
    samples: int
    missing: int  # not in Redis 20 s after the last append
    per_second: float  # raw records that were really sent
    median_ms: float
    p99_ms: float
    max_ms: float
    append_p99_ms: float  # what of it is the load's own sending
    cpu_share: float = 0.0  # of one CPU, by the worker


def append_to_redis(stage: Stage, per_second: int) -> Latency:
    with stage.fresh("latency") as name:
        topics = asyncio.run(shapes.make_topics(stage.bootstrap, shapes.SMPP, f"{name}.raw"))
        # Of the fresh numbers' carrier nothing but failures is told: the circuit breaker would hold them, rightly.
        settings = stage.settings(name, topics) | {"breaker_share": "1"}
        with running_worker(settings, stage.folder) as worker:
            worker.until_ready()
            begun = worker.sample()
            limit = WARM_SECONDS + SECONDS + LAST_SECONDS + 30
            answer = run_peer(
                "latency", [stage.bootstrap, stage.redis_url, name, str(per_second)], within_seconds=limit
            )
            ended = worker.sample()
            share = (ended.cpu_seconds - begun.cpu_seconds) / (ended.at - begun.at)
            return msgspec.convert(answer | {"cpu_share": share}, Latency)


class Traffic:
    """Sends raw records at a steady pace, and knows when the ones that count were sent."""

    def __init__(self, producer: AIOKafkaProducer, name: str, per_second: int) -> None:
        self._per_second = per_second
        self._producer = producer
        self._name = name
        self._records = _records(per_second)
        self._partitions = {f"{name}.raw.{kind}": shapes.SMPP.partitions for kind in shapes.SMPP.providers}
        self._outbox = Outbox(self._started)
        self._sending: set[asyncio.Task[None]] = set()
        self.begun: dict[str, float] = {}  # by key: when its record was sent; the append follows
        self.appends: list[float] = []  # how long the broker needed to say that it has them
        self.sent = 0
        self.seconds = 0.0
        self._fresh = 0

    async def run(self) -> None:
        engagements = f"{self._name}.engagements"
        self._partitions[engagements] = len(await self._producer.partitions_for(engagements))
        begun = time.perf_counter()
        while (elapsed := time.perf_counter() - begun) < WARM_SECONDS + SECONDS:
            due = []
            while self.sent < elapsed * self._per_second:
                due.append(self._next(is_warm=elapsed > WARM_SECONDS))
                self.sent += 1
            sending = asyncio.create_task(self._send(due))
            self._sending.add(sending)
            sending.add_done_callback(self._sending.discard)
            await asyncio.sleep(TICK_SECONDS)
        self.seconds = time.perf_counter() - begun
        await asyncio.gather(*self._sending)

    def _next(self, *, is_warm: bool) -> Outgoing:
        if not is_warm or self.sent % SAMPLE_EVERY:
            kind, value = next(self._records)
            return self._record(f"{self._name}.raw.{kind}", value)
        number = f"+346{self._fresh:08d}"  # no range of the simulator's
        self._fresh += 1
        self.begun[entry_key(f"sms:{number}", "*")] = time.perf_counter()
        if self._fresh % 2:
            return self._record(f"{self._name}.raw.receipts", _failure(number))
        return self._record(f"{self._name}.engagements", _stop(number))

    def _record(self, topic: str, value: bytes) -> Outgoing:
        return Outgoing(topic, partition_of(value, self._partitions[topic]), None, value)

    async def _started(self) -> AIOKafkaProducer:
        return self._producer

    async def _send(self, due: list[Outgoing]) -> None:
        begun = time.perf_counter()
        await self._outbox.send(due)
        self.appends.append(time.perf_counter() - begun)


async def measure(bootstrap: str, redis_url: str, name: str, per_second: str) -> Latency:
    redis = Redis.from_url(redis_url)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    traffic = Traffic(producer, name, int(per_second))
    writing = asyncio.create_task(traffic.run())
    seen: list[float] = []
    try:
        while not writing.done():
            await _look(redis, traffic.begun, seen)
        await writing
        deadline = time.perf_counter() + LAST_SECONDS
        while traffic.begun and time.perf_counter() < deadline:
            await _look(redis, traffic.begun, seen)
    finally:
        await producer.stop()
        await redis.aclose()
    return Latency(
        samples=len(seen), missing=len(traffic.begun), per_second=traffic.sent / traffic.seconds,
        median_ms=median(seen) * 1000, p99_ms=quantiles(seen, n=100)[98] * 1000, max_ms=max(seen) * 1000,
        append_p99_ms=quantiles(traffic.appends, n=100)[98] * 1000,
    )  # fmt: skip


async def _look(redis: Redis, begun: dict[str, float], seen: list[float]) -> None:
    """Ask for all outstanding keys at once; those that are there are seen now."""
    keys = list(begun)
    if keys:
        async with redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.exists(key)
            answers = await pipe.execute()
        now = time.perf_counter()
        seen += [now - begun.pop(key) for key, there in zip(keys, answers, strict=True) if there]
    await asyncio.sleep(POLL_SECONDS)


def _records(per_second: int) -> Iterator[tuple[str, bytes]]:
    """Ordinary traffic around the samples, made beforehand."""
    messages = round(per_second * (WARM_SECONDS + SECONDS) / shapes.RECORDS_PER_MESSAGE)
    made = [(kind, value) for _, kind, value in shapes.SMPP.tell(shapes.scenario(messages, seed=2))]
    return chain.from_iterable(repeat(made))


def _failure(number: str) -> bytes:
    """Unknown subscriber: MAP error 1, of network type 3 (GSM)."""
    now = datetime.now(UTC).strftime("%y%m%d%H%M")
    text = f"id:f{number[1:]} sub:001 dlvrd:000 submit date:{now} done date:{now} stat:UNDELIV err:001 text:"
    return msgspec.json.encode(
        {
            "source_addr": number[1:],
            "destination_addr": "ACME",
            "short_message": text,
            "tlvs": {"network_error_code": "030001"},
        }
    )


def _stop(number: str) -> bytes:
    return encode(Engagement(provider="smpp", to=number, channel="sms", at=datetime.now(UTC), type="stop"))


if __name__ == "__main__":
    result = asyncio.run(measure(*sys.argv[1:]))
    print(json.dumps(asdict(result)))
