"""A stage for system tests: real servers, worker processes as a user starts them, and what is true at the end."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import redis as redis_py
from aiokafka import AIOKafkaProducer

from acquit.capped import Capped
from acquit.routes.cohorts import Sums
from acquit.simulate import Scenario, Truth, simulate, truth_of
from acquit.worker import topics
from acquit.worker.feeding import topic_of
from acquit.worker.log_reader import read_topic
from acquit.worker.sending import Outgoing, partition_of, send_all
from acquit.worker.settings import Settings
from acquit.worker.settings_file import load
from tests.servers.embedded import EmbeddedKafka, EmbeddedRedis
from tests.servers.kafka import Kafka
from tests.servers.process import free_ports
from tests.servers.redis import Redis

ACQUIT = [sys.executable, "-m", "acquit"]
PATIENCE_SECONDS = 60.0
AT_ONCE = 500


@dataclass
class WorkerProcess:
    """A worker as a user starts it; its log is a file, its pages are asked over HTTP."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def page(self, path: str) -> tuple[int, str]:
        """Status and text; (0, "") while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=2) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def is_ready(self) -> bool:
        return self.page("/readyz")[0] == 200

    def metric(self, name: str) -> float:
        """The sum of all series of this name."""
        _, text = self.page("/metrics")
        return sum(
            float(line.rpartition(" ")[2]) for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name
        )

    def cohorts(self) -> dict[tuple[str, str, str], int]:
        """`acquit_cohort_messages` by carrier, hour and status."""
        found: dict[tuple[str, str, str], int] = {}
        for line in self.page("/metrics")[1].splitlines():
            if line.startswith("acquit_cohort_messages{"):
                labels = dict(pair.split("=") for pair in line[line.index("{") + 1 : line.rindex("}")].split(","))
                place = tuple(labels[name].strip('"') for name in ("carrier", "hour", "status"))
                found[place] = int(float(line.rpartition(" ")[2]))  # type: ignore[index]
        return found

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@dataclass
class Stage:
    """Servers, settings of their own names, and the workers that were started on them."""

    kafka: Kafka | EmbeddedKafka
    redis: Redis | EmbeddedRedis
    folder: Path
    name: str
    partitions: int = 4
    extra: Mapping[str, str] = field(default_factory=dict)
    workers: list[WorkerProcess] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "ACQUIT_KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "ACQUIT_REDIS_URL": self.redis.url,
            "ACQUIT_APP_ID": self.name,
            "ACQUIT_TOPIC_PREFIX": self.name,
            "ACQUIT_RAW_TOPICS": f"{self.name}.raw=smpp",
            "ACQUIT_EVENT_PARTITIONS": str(self.partitions),
            "ACQUIT_SESSION_TIMEOUT_SECONDS": "6",
            "ACQUIT_HEARTBEAT_SECONDS": "2",
            "ACQUIT_REBALANCE_TIMEOUT_SECONDS": "8",
            **self.extra,
        }

    @property
    def settings(self) -> Settings:
        return load(None, self.environ)

    def create_topics(self) -> None:
        asyncio.run(topics.create(self.settings, with_raw=True))

    def start(self, *, module: str = "acquit", **extra: str) -> WorkerProcess:
        port = free_ports(1)[0]
        log = self.folder / f"worker-{len(self.workers)}.log"
        environ = {**os.environ, **self.environ, "ACQUIT_HTTP_PORT": str(port), **extra}
        with log.open("wb") as output:
            command = [sys.executable, "-m", module, "worker"]
            process = subprocess.Popen(command, env=environ, stdout=output, stderr=subprocess.STDOUT)
        self.workers.append(WorkerProcess(process, port, log))
        return self.workers[-1]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of acquit, as a user types it."""
        environ = {**os.environ, **self.environ}
        return subprocess.run(
            [*ACQUIT, *arguments], env=environ, capture_output=True, text=True, timeout=120, check=False
        )

    def feed(self, scenario: Scenario, *, per_second: float | None = None, compression: str | None = None) -> None:
        asyncio.run(_feed(self.settings, scenario, per_second, compression))

    @contextmanager
    def feeding(self, scenario: Scenario, *, per_second: float | None) -> Iterator[threading.Thread]:
        """Feed in the background; the thread is joined at the end."""
        thread = threading.Thread(target=self.feed, args=(scenario,), kwargs={"per_second": per_second})
        thread.start()
        try:
            yield thread
        finally:
            thread.join()

    def records(self, topic: str) -> list[Any]:
        async def read() -> list[Any]:
            return [record async for record in read_topic(self.settings, topic)]

        return asyncio.run(read())

    def totals(self) -> dict[tuple[str, str, str], int]:
        """The running totals of all partitions, added up, by carrier, hour and status."""
        sums = Sums(Capped(1000), zone="UTC")
        for record in self.records(self.settings.topic("tallies")):
            sums.take_record(record)
        return _by_place(sums)

    def entries(self) -> dict[str, str]:
        """What Redis holds in scope `*`: recipient to reason."""
        client = redis_py.Redis.from_url(self.redis.url, decode_responses=True)
        keys: list[str] = list(client.scan_iter("sup:{*", count=1000))
        values: Any = client.mget(keys) if keys else []
        client.close()
        return {
            key.removeprefix("sup:{").removesuffix("}:*"): value.split("|")[0]
            for key, value in zip(keys, values, strict=True)
            if value is not None
        }

    def redis_value(self, key: str) -> str | None:
        client = redis_py.Redis.from_url(self.redis.url, decode_responses=True)
        try:
            value: str | None = client.get(key)  # type: ignore[assignment]
        finally:
            client.close()
        return value

    def dead_letters(self) -> dict[tuple[int, int], bytes | None]:
        """By partition and offset of the raw record."""
        letters = {}
        for record in self.records(self.settings.topic("dead-letters")):
            headers = dict(record.headers)
            assert headers["acquit.errors.topic"].decode() == f"{self.name}.raw"
            assert headers["acquit.errors.reason"]
            place = int(headers["acquit.errors.partition"]), int(headers["acquit.errors.offset"])
            letters[place] = record.value
        return letters

    def raw_values(self) -> dict[tuple[int, int], bytes | None]:
        return {(record.partition, record.offset): record.value for record in self.records(f"{self.name}.raw")}

    def check(self, truth: Truth) -> None:
        """Wait until everything is as it must be, and stays so; fail with the difference if it never is."""
        wanted = {place: number for place, number in truth.totals.items() if number}
        patiently(lambda: self.totals() == wanted and self.entries() == truth.suppressed)
        assert not (found := difference(self.totals(), wanted)), found
        assert not (extra := difference(self.entries(), truth.suppressed)), extra
        letters, raw = self.dead_letters(), self.raw_values()
        assert Counter(letters.values()) == Counter(truth.malformed)
        assert all(raw[place] == value for place, value in letters.items())

    def check_replay(self) -> None:
        """`acquit replay --log` of the topic itself comes to what the workers came to."""
        done = self.run("replay", "--log", "--entries")
        assert done.returncode == 0, done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        entries = {line["recipient"]: line["reason"] for line in lines if line["type"] == "entry"}
        assert entries == self.entries()
        assert _by_cohort(lines[-1]["cohorts"]) == self.totals()

    def check_gauges(self, truth: Truth) -> None:
        """Some worker's gauges show the totals exactly; the others show none."""
        wanted = {place: number for place, number in truth.totals.items() if number}
        alive = [worker for worker in self.workers if worker.process.poll() is None]
        assert patiently(lambda: wanted in [worker.cohorts() for worker in alive]), "no worker's gauges show the totals"

    def end(self) -> None:
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.resume()
                worker.kill()


def _by_place(sums: Sums) -> dict[tuple[str, str, str], int]:
    return {
        (cohort.carrier, cohort.hour, status): number
        for cohort in sums.all_cohorts()
        for status, number in cohort.status.items()
        if number
    }


def _by_cohort(cohorts: list[dict[str, Any]]) -> dict[tuple[str, str, str], int]:
    return {
        (cohort["carrier"], cohort["hour"], status): number
        for cohort in cohorts
        for status, number in cohort["status"].items()
        if number
    }


async def _feed(settings: Settings, scenario: Scenario, per_second: float | None, compression: str | None) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap,
        compression_type=compression,
        enable_idempotence=settings.fencing,  # a broker that goes away meanwhile gets nothing twice
    )
    await producer.start()
    started, sent, waiting = time.monotonic(), 0, list[Outgoing]()
    try:
        for record in simulate(scenario):
            topic = topic_of(settings, record)
            count = len(await producer.partitions_for(topic))
            partition = partition_of(record.key or record.value, count)
            timestamp_ms = min(record.timestamp_ms, time.time_ns() // 1_000_000)
            waiting.append(Outgoing(topic, partition, record.key, record.value, timestamp_ms))
            if len(waiting) >= AT_ONCE:
                await send_all(producer, waiting)
                sent, waiting = sent + len(waiting), []
                if per_second:
                    await asyncio.sleep(max(0.0, started + sent / per_second - time.monotonic()))
        await send_all(producer, waiting)
    finally:
        await producer.stop()


def scenario(messages: int, *, seed: int = 11) -> Scenario:
    """Traffic of the last hours; expiries are in real time, so it must not be old."""
    return Scenario(seed=seed, messages=messages, start=datetime.now(UTC) - timedelta(hours=11), span_hours=10)


def truth(of: Scenario) -> Truth:
    return truth_of(of)


def difference(found: Mapping[Any, Any], wanted: Mapping[Any, Any]) -> list[str]:
    """What differs, a few lines of it, for a failing test to show."""
    keys = [key for key in {**found, **wanted} if found.get(key) != wanted.get(key)]
    return (
        [f"{len(keys)} differ", *(f"{key}: {found.get(key)}, not {wanted.get(key)}" for key in keys[:5])]
        if keys
        else []
    )


def patiently(is_so: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS, pause: float = 0.5) -> bool:
    """Whether it becomes so in time. The caller asserts, so that a failure shows the difference."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(pause)
    return False
