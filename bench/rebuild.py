"""Rebuild: the list written to Redis anew from its truth, and compared with it, while four senders ask all the time.

`rebuild MODE BOOTSTRAP PREFIX REDIS_URL` and `ask REDIS_URL` are peers, processes of their own: what rebuilds, and the
senders. They ask for addresses of which they know that they are suppressed, though once lifted in between, or free.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

import msgspec
from aiokafka import AIOKafkaProducer
from redis import Redis

from acquit.effects import Evidence, SuppressionRecord
from acquit.suppression.keys import READY, entry_key, position_key
from acquit.worker.list_command import check, rebuild
from acquit.worker.sending import Outgoing, partition_of, send_all
from acquit.worker.settings import Settings
from bench.peers import ROOT, Stopwatch, run_peer
from bench.recovery import most_mb
from bench.stage import Stage
from tests.servers.process import guarded

ENTRIES, FREE, HISTORY = 300_000, 30_000, 10
"""Every tenth was suppressed, lifted and suppressed again; those free were suppressed and lifted."""
PARTITIONS = 12
SENDERS, PAUSE_SECONDS, AT_ONCE = 4, 0.001, 10
TARGET = 50_000
MODES = ("emptied", "whole", "compared")
WITHIN_SECONDS = 300


@dataclass(frozen=True)
class Rebuilt:
    """One way to do it. Of the answers that senders got, `wrong` counts the false ones, `trusted` those with READY."""

    mode: str
    entries: int
    seconds: float
    cpu_seconds: float
    grown_mb: float
    redis_mb: float
    asked: int
    wrong: int
    wrong_and_trusted: int
    load_average: float

    @property
    def per_second(self) -> float:
        return self.entries / self.seconds


def measure(stage: Stage) -> list[Rebuilt]:
    with stage.fresh("rebuild") as name:
        stage.settings(name, {})
        asyncio.run(_write(stage.bootstrap, f"{name}.suppressions"))
        with Redis.from_url(stage.redis_url) as redis:
            empty_bytes = int(redis.info("memory")["used_memory"])
            found = []
            for mode in MODES:
                load = os.getloadavg()[0]
                if mode == "whole":
                    redis.delete(*(position_key(number) for number in range(PARTITIONS)))
                with _asking(stage.redis_url) as told:
                    done = run_peer("rebuild", ["rebuild", mode, stage.bootstrap, name, stage.redis_url],
                                    within_seconds=WITHIN_SECONDS)  # fmt: skip
                redis_mb = (int(redis.info("memory")["used_memory"]) - empty_bytes) / 1e6
                fields = {**done, **told, "mode": mode, "redis_mb": redis_mb, "load_average": load}
                found.append(msgspec.convert(fields, Rebuilt))
    return found


def told(done: Rebuilt) -> str:
    rules = {
        "emptied": (done.wrong_and_trusted, "trusted and wrong"),  # nobody trusts it, so that others may be false
        "whole": (done.wrong, "wrong"),
        "compared": (done.wrong, "wrong"),
    }
    wrong, rule = rules[done.mode]
    what = {"emptied": "written to an empty Redis", "whole": "written over a whole list", "compared": "compared"}
    target = 0 if done.mode == "compared" else TARGET
    is_met = not wrong and done.per_second >= target
    return (
        f"{done.entries:,} entries {what[done.mode]}: {done.per_second:,.0f}/s, {done.seconds:.1f} s, CPU "
        f"{done.cpu_seconds:.1f} s, +{done.grown_mb:.0f} MB, Redis {done.redis_mb:.0f} MB; {done.asked:,} questions of "
        f"{SENDERS} senders, {wrong} answers {rule} (load average before: {done.load_average:.1f})   target "
        f"{f'>= {target:,}/s, ' if target else ''}none wrong: {'met' if is_met else 'MISSED'}"
    )


def _recipient(number: int) -> str:
    return f"sms:+336{number:08d}" if number % 2 else f"email:person{number}@example.org"


def _records(topic: str) -> Iterator[Outgoing]:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    value = msgspec.json.encode(
        SuppressionRecord("recipient_unknown", at, "hard-bounce", Evidence("smpp", at, "m1", "1", "gsm-map:1"), 7)
    )
    rounds = [(range(ENTRIES + FREE), value), (range(ENTRIES, ENTRIES + FREE), None)]
    rounds += [(range(0, ENTRIES, HISTORY), None), (range(0, ENTRIES, HISTORY), value)]
    for numbers, written in rounds:
        for number in numbers:
            who = _recipient(number).encode()
            yield Outgoing(topic, partition_of(who, PARTITIONS), who + b"/*", written)


async def _write(bootstrap: str, topic: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        records = _records(topic)
        while some := list(islice(records, 20_000)):
            await send_all(producer, some)


@contextmanager
def _asking(redis_url: str) -> Iterator[dict[str, int]]:
    told: dict[str, int] = {}
    command = guarded([sys.executable, "-m", "bench.rebuild", "ask", redis_url])
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as senders:
        try:
            assert senders.stdout is not None
            senders.stdout.readline()  # they have begun
            yield told
        finally:
            senders.send_signal(signal.SIGTERM)
            said, _ = senders.communicate(timeout=10)
        told |= json.loads(said.splitlines()[-1])


class _Senders:
    """Each asks for ten addresses at a time, and whether the answer can be trusted."""

    def __init__(self, redis_url: str) -> None:
        self.told = {"asked": 0, "wrong": 0, "wrong_and_trusted": 0}
        self._url = redis_url
        self._adding = threading.Lock()
        self._over = threading.Event()

    def run(self) -> None:
        signal.signal(signal.SIGTERM, lambda *_: self._over.set())
        threads = [threading.Thread(target=self._ask, args=(seed,)) for seed in range(SENDERS)]
        for thread in threads:
            thread.start()
        print("begun", flush=True)
        while not self._over.wait(0.1):
            pass
        for thread in threads:
            thread.join()
        print(json.dumps(self.told), flush=True)

    def _ask(self, seed: int) -> None:
        chance, asked, wrong, trusted = random.Random(seed), 0, 0, 0
        with Redis.from_url(self._url) as redis:
            while not self._over.wait(PAUSE_SECONDS):
                numbers = [chance.randrange(ENTRIES + FREE) for _ in range(AT_ONCE - 1)]
                numbers.append(HISTORY * chance.randrange(ENTRIES // HISTORY))
                ready, *there = redis.mget([READY, *(entry_key(_recipient(number), "*") for number in numbers)])
                is_wrong = [value is not None for value in there] != [number < ENTRIES for number in numbers]
                asked, wrong = asked + 1, wrong + is_wrong
                trusted += is_wrong and ready is not None
        with self._adding:
            for name, number in (("asked", asked), ("wrong", wrong), ("wrong_and_trusted", trusted)):
                self.told[name] += number


def _rebuild(mode: str, bootstrap: str, prefix: str, redis_url: str) -> dict[str, float]:
    settings = Settings(
        kafka_bootstrap=bootstrap, topic_prefix=prefix, redis_url=redis_url, event_partitions=PARTITIONS
    )
    before, watch = most_mb(), Stopwatch()
    done = asyncio.run(check(settings) if mode == "compared" else rebuild(settings, without_workers=True, say=print))
    pace = watch.pace(done.drift.entries)
    assert done.drift.is_none, done.drift
    assert done.drift.entries == ENTRIES, done.drift
    return {
        "entries": ENTRIES,
        "seconds": pace.seconds,
        "cpu_seconds": pace.cpu_seconds,
        "grown_mb": most_mb() - before,
    }


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    if what == "ask":
        _Senders(*arguments).run()
    else:
        print(json.dumps(_rebuild(*arguments)))
