"""A stage for each test: names of its own on the shared Kafka, and a Redis that it may stop."""

import os
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.servers.kafka import Kafka
from tests.servers.redis import Redis, running_redis
from tests.system.stage import Stage

NUMBERS = count()
"""Names are cut, and what tells two cases of one test apart stands at their end."""


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    with running_redis() as server:
        yield server


@pytest.fixture
def stage(kafka: Kafka, own_redis: Redis, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name)[:60]
    stage = Stage(kafka, own_redis, tmp_path, f"{name}-{os.getpid()}-{next(NUMBERS)}")
    yield stage
    stage.end()
