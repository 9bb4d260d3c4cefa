"""The servers as pytest fixtures: one of each per test run, so every test names its own topics and keys."""

from collections.abc import Iterator

import pytest

from tests.servers.kafka import Kafka, running_kafka
from tests.servers.redis import Redis, running_redis


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    with running_kafka() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    with running_redis() as server:
        yield server
