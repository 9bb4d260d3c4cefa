"""The servers of a run, and a fresh name with topics of its own for every measurement."""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from redis import Redis

from acquit.worker.settings import Settings
from acquit.worker.topics import create
from bench import shapes
from tests.servers.kafka import running_kafka
from tests.servers.redis import running_redis


@dataclass(frozen=True)
class Stage:
    """Kafka and Redis, and a folder for what processes say."""

    bootstrap: str
    redis_url: str
    folder: Path
    _numbers: "count[int]" = field(default_factory=count)

    @contextmanager
    def fresh(self, what: str) -> Iterator[str]:
        """A name that nobody had before: group and prefix of one measurement, with Redis empty; its topics go after it."""
        name = f"{what}-{next(self._numbers)}"
        with Redis.from_url(self.redis_url) as redis:
            redis.flushall()
        try:
            yield name
        finally:
            asyncio.run(shapes.delete(self.bootstrap, name))

    def settings(self, name: str, raw_topics: Mapping[str, str]) -> dict[str, str]:
        """Settings of a worker; the topics that it needs are made."""
        settings = {
            "app_id": name,
            "topic_prefix": name,
            "kafka_bootstrap": self.bootstrap,
            "redis_url": self.redis_url,
            "raw_topics": ",".join(f"{topic}={provider}" for topic, provider in raw_topics.items()),
        }
        asyncio.run(create(Settings(**{**settings, "raw_topics": dict(raw_topics)})))  # type: ignore[arg-type]  # pydantic's
        return settings


@contextmanager
def running_stage() -> Iterator[Stage]:
    with (
        running_kafka() as kafka,
        running_redis() as redis,
        tempfile.TemporaryDirectory(prefix="acquit-bench-") as logs,
    ):
        yield Stage(kafka.bootstrap, redis.url, Path(logs))
