"""A suppression list of which the truth is known, written to its topic, and senders who ask Redis for it all the time."""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import msgspec
import redis as redis_py
from aiokafka import AIOKafkaProducer

from acquit.effects import Evidence, SuppressionRecord
from acquit.suppression.keys import READY, entry_key, entry_value, hashed
from acquit.worker.sending import Outgoing, partition_of, send_all
from acquit.worker.settings import Settings
from tests.system.stage import Stage, difference, patiently

SINCE = datetime(2026, 1, 2, tzinfo=UTC)
ERASE_KEY = b"a key of the tests of 32 bytes..."
SCOPES = ("*", "*", "*", "acct:acme", "*:marketing")


def address(number: int) -> str:
    return f"sms:+3361{number:07d}" if number % 2 else f"email:person{number}@example.org"


def recipient(number: int) -> str:
    """Some are known by a hash, in the partition of the address behind it."""
    return hashed(address(number), ERASE_KEY) if number % 11 == 0 else address(number)


def key(number: int) -> str:
    return entry_key(recipient(number), SCOPES[number % len(SCOPES)])


class Listed:
    """What must be in Redis when all is projected: `held` by key, its value and when it expires, in epoch ms."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._waiting: list[Outgoing] = []
        self.held: dict[str, tuple[str, int | None]] = {}

    def suppress(self, number: int, reason: str = "stop", *, until: datetime | None = None) -> None:
        record = SuppressionRecord(reason, SINCE, f"rule:{reason}", Evidence("test", SINCE), 0, until)
        self._append(number, msgspec.json.encode(record))
        value = entry_value(reason, SINCE, f"rule:{reason}")
        self.held[key(number)] = value, None if until is None else round(until.timestamp() * 1000)

    def lift(self, number: int) -> None:
        self._append(number, None)
        self.held.pop(key(number), None)

    def fill(self, numbers: Sequence[int]) -> None:
        """Entries that were suppressed, lifted and suppressed again, some until a day from now; and some that expired."""
        now = datetime.now(UTC)
        for number in numbers:
            self.suppress(number, until=now - timedelta(days=1) if number % 4 == 3 else None)
        for number in numbers:
            if number % 3 == 0:
                self.lift(number)
        for number in numbers:
            self.suppress(number, "complaint", until=now + timedelta(days=1) if number % 5 == 0 else None)

    def fill_lifted(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self.suppress(number)
        for number in numbers:
            self.lift(number)

    def send(self) -> None:
        waiting, self._waiting = self._waiting, []
        asyncio.run(_send(self._settings, waiting))

    def _append(self, number: int, value: bytes | None) -> None:
        who, partitions = recipient(number).encode(), self._settings.event_partitions
        topic, partition = self._settings.topic("suppressions"), partition_of(address(number).encode(), partitions)
        scope = SCOPES[number % len(SCOPES)].encode()
        self._waiting.append(Outgoing(topic, partition, who + b"/" + scope, value))

    def differences(self, url: str) -> list[str]:
        """How Redis differs from it, expiries within two seconds."""
        with redis_py.Redis.from_url(url, decode_responses=True) as client:
            keys: list[str] = list(client.scan_iter("sup:{*", count=1000))
            with client.pipeline(transaction=False) as pipe:
                for name in keys:
                    pipe.get(name)
                    pipe.pttl(name)
                answers = pipe.execute()
            now_ms = time.time() * 1000
        found = {
            name: (value, None if left == -1 else now_ms + left)
            for name, value, left in zip(keys, answers[::2], answers[1::2], strict=True)
        }
        near = {
            name: self.held[name] if name in self.held and _is_near(entry, self.held[name]) else entry
            for name, entry in found.items()
        }
        return difference(near, self.held)

    def check(self, stage: Stage) -> None:
        """Wait until Redis holds all of it and nothing else, and says that it can be trusted."""
        patiently(lambda: not self.differences(stage.redis.url) and is_ready(stage.redis.url))
        assert not self.differences(stage.redis.url)
        assert is_ready(stage.redis.url)


def _is_near(found: tuple[str, float | None], wanted: tuple[str, int | None]) -> bool:
    (value, at), (wanted_value, until) = found, wanted
    return value == wanted_value and (at == until or (at is not None and until is not None and abs(at - until) < 2_000))


def is_ready(url: str) -> bool:
    with redis_py.Redis.from_url(url) as client:
        return bool(client.exists(READY))


async def _send(settings: Settings, records: Sequence[Outgoing]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap) as producer:
        await send_all(producer, records)


class Asking:
    """What senders were told. `wrong` counts answers that were false, `wrong_and_trusted` those among them with READY."""

    def __init__(self) -> None:
        self.asked = 0
        self.trusted = 0
        self.wrong = 0
        self.wrong_and_trusted = 0
        self.unanswered = 0


@contextmanager
def asking(url: str, *, suppressed: Sequence[int], free: Sequence[int], senders: int = 4) -> Iterator[Asking]:
    """Senders that ask for these all the time; addresses that change must not be among them."""
    told, over = Asking(), threading.Event()
    keys = [READY, *map(key, suppressed), *map(key, free)]
    wanted = [True] * len(suppressed) + [False] * len(free)

    def ask() -> None:
        with redis_py.Redis.from_url(url, socket_timeout=5) as client:
            while not over.wait(0.001):
                try:
                    ready, *there = client.mget(keys)
                except redis_py.RedisError:
                    told.unanswered += 1
                    continue
                told.asked += 1
                told.trusted += ready is not None
                if [value is not None for value in there] != wanted:
                    told.wrong += 1
                    told.wrong_and_trusted += ready is not None

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(senders)]
    for thread in threads:
        thread.start()
    try:
        yield told
    finally:
        over.set()
        for thread in threads:
            thread.join()
