"""Senders: look-ups in a list of a million, one and ten thousand at a time, and the import of a million rows.

`senders import FILE BOOTSTRAP PREFIX` is a peer, a process of its own: the import as the command does it.
"""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from redis import Redis

from acquit.client import AsyncSuppressionList, SuppressionList
from acquit.rules import load
from acquit.suppression.keys import READY, entry_key
from acquit.worker.list_file import Asked
from acquit.worker.list_import import Source, bring, look
from acquit.worker.settings import Settings
from bench.peers import Stopwatch, run_peer
from bench.recovery import most_mb
from bench.stage import Stage

ENTRIES, SINGLE, BULK, BULKS = 1_000_000, 10_000, 10_000, 30
AT_ONCE = 10_000
LIFE_MS = 90 * 86_400_000
LISTED_SHARE = 0.05
"""Of those who are asked for; senders ask mostly for people who are not on the list."""
VALUE = "recipient_unknown|1795338000|hard-bounce"
SCOPES = {"account": "acme", "stream": "marketing"}
TARGET_MS = 80
WITHIN_SECONDS = 300


@dataclass(frozen=True)
class Asked10k:
    """Ten thousand at four scopes, by one of the clients."""

    client: str
    median_ms: float
    max_ms: float
    cpu_ms: float  # of the client, and of Redis: what it takes where nobody else uses the machine
    redis_cpu_ms: float


@dataclass(frozen=True)
class Senders:
    bytes_per_entry: float
    single_p50_ms: float
    single_p99_ms: float
    bulk: list[Asked10k]
    looked_per_second: float
    brought_per_second: float
    import_mb: float
    load_average: float


def measure(stage: Stage) -> Senders:
    load_average = os.getloadavg()[0]
    with stage.fresh("senders") as name:
        stage.settings(name, {})
        with Redis.from_url(stage.redis_url) as redis:
            bytes_per_entry = _fill(redis)
        one = sorted(_single(stage.redis_url))
        with Redis.from_url(stage.redis_url) as redis:
            bulk = [
                _bulk(redis, "sync", _plain(stage.redis_url)),
                _bulk(redis, "asyncio", _by_asyncio(stage.redis_url)),
            ]
        file = stage.folder / "import.csv"
        _write(file)
        done = run_peer("senders", ["import", str(file), stage.bootstrap, name], within_seconds=WITHIN_SECONDS)
        file.unlink()
    return Senders(
        bytes_per_entry, median(one), quantiles(one, n=100)[98], bulk,
        done["looked"], done["brought"], done["grown_mb"], load_average,
    )  # fmt: skip


def told(done: Senders) -> Iterator[str]:
    yield (
        f"one look-up at four scopes in {ENTRIES:,} entries of {done.bytes_per_entry:.0f} bytes: median "
        f"{done.single_p50_ms:.2f} ms, p99 {done.single_p99_ms:.2f} ms (load average before: {done.load_average:.1f})"
    )
    for bulk in done.bulk:
        verdict = "met" if bulk.median_ms < TARGET_MS else "MISSED"
        yield (
            f"{BULK:,} look-ups at four scopes, {bulk.client}: median {bulk.median_ms:.0f} ms, max "
            f"{bulk.max_ms:.0f} ms of {BULKS}, CPU {bulk.cpu_ms:.0f} ms and of Redis {bulk.redis_cpu_ms:.0f} ms   "
            f"target median < {TARGET_MS} ms: {verdict}"
        )
    yield (
        f"import of {ENTRIES:,} rows: checked {done.looked_per_second:,.0f}/s, asked for {done.brought_per_second:,.0f}/s, "
        f"+{done.import_mb:.0f} MB"
    )


def _recipient(number: int) -> tuple[str, str]:
    return ("sms", f"+336{number:08d}") if number % 2 else ("email", f"person{number}@example.org")


def _fill(redis: Redis) -> float:
    """The list, every other entry with an end; returns bytes an entry."""
    empty = int(redis.info("memory")["used_memory"])
    numbers = iter(range(ENTRIES))
    while some := list(islice(numbers, AT_ONCE)):
        with redis.pipeline(transaction=False) as pipe:
            for number in some:
                key = entry_key(":".join(_recipient(number)), "*")
                pipe.set(key, VALUE, px=LIFE_MS if number % 4 else None)
            pipe.execute()
    redis.set(READY, "run")
    return (int(redis.info("memory")["used_memory"]) - empty) / ENTRIES


def _people(chance: random.Random, count: int) -> list[tuple[str, str]]:
    return [
        _recipient(chance.randrange(ENTRIES) + (0 if chance.random() < LISTED_SHARE else ENTRIES)) for _ in range(count)
    ]


def _single(url: str) -> Iterator[float]:
    suppressed = SuppressionList.from_url(url, timeout_seconds=5)
    for channel, address in _people(random.Random(1), SINGLE):
        begun = time.perf_counter()
        suppressed.may_send(channel, address, **SCOPES)
        yield (time.perf_counter() - begun) * 1000


def _plain(url: str) -> Callable[[list[tuple[str, str]]], list[Any]]:
    suppressed = SuppressionList.from_url(url, timeout_seconds=5)
    return lambda people: suppressed.check_many(people, **SCOPES)


def _by_asyncio(url: str) -> Callable[[list[tuple[str, str]]], list[Any]]:
    loop, suppressed = asyncio.new_event_loop(), AsyncSuppressionList.from_url(url, timeout_seconds=5)
    return lambda people: loop.run_until_complete(suppressed.check_many(people, **SCOPES))


def _bulk(redis: Redis, client: str, ask: Callable[[list[tuple[str, str]]], list[Any]]) -> Asked10k:
    chance, paces, redis_cpu = random.Random(2), [], _cpu_of(redis)
    for _ in range(BULKS):
        people = _people(chance, BULK)
        watch = Stopwatch()
        answers = ask(people)
        paces.append(watch.pace(BULK))
        assert {answer.trouble for answer in answers} == {None}
        assert 0 < sum(not answer.may_send for answer in answers) < BULK / 5
    took = [pace.seconds * 1000 for pace in paces]
    return Asked10k(
        client, median(took), max(took), median(pace.cpu_seconds for pace in paces) * 1000,
        (_cpu_of(redis) - redis_cpu) / BULKS * 1000,
    )  # fmt: skip


def _cpu_of(redis: Redis) -> float:
    used: Any = redis.info("cpu")
    return float(used["used_cpu_user"]) + float(used["used_cpu_sys"])


def _write(file: Path) -> None:
    with file.open("w") as out:
        out.write("channel,address,reason,since\n")
        for number in range(ENTRIES):
            reason = "recipient_unknown" if number % 3 else "stop"
            out.write(f"{','.join(_recipient(number))},{reason},2026-11-01T00:00:00Z\n")


def _import(file: str, bootstrap: str, prefix: str) -> dict[str, float]:
    asked = Asked(by="bench", why="measured", now=datetime.now(UTC))
    source = Source(Path(file), load().policy, asked)
    settings = Settings(kafka_bootstrap=bootstrap, topic_prefix=prefix)
    before, watch = most_mb(), Stopwatch()
    counts = look(source, rejects=print, moved=lambda _: None)
    looked, watch = watch.pace(counts.total), Stopwatch()
    brought = watch.pace(asyncio.run(bring(source, settings, moved=lambda _: None)))
    assert counts.total == brought.records == ENTRIES
    return {"looked": looked.per_second, "brought": brought.per_second, "grown_mb": most_mb() - before}


if __name__ == "__main__":
    print(json.dumps(_import(*sys.argv[2:])))
