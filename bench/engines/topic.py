"""The events as they lie on Kafka for one round, and what an engine must offer to be measured over them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from acquit.worker.settings import Settings
from bench import shapes
from bench.engines.child import Run
from bench.engines.load import Difference, Written
from bench.stage import Stage

WITHIN_SECONDS = 180
KILLED_AT = 0.6
"""Of all records; then it is started again."""


@dataclass(frozen=True)
class Topic:
    """What is made for this round begins with `name`."""

    stage: Stage
    name: str
    written: Written

    @property
    def events(self) -> str:
        return f"{self.name}.events"

    @property
    def partitions(self) -> int:
        return Settings().event_partitions

    @property
    def kill_at(self) -> int:
        return round(KILLED_AT * len(self.written.records))


class Engine(Protocol):
    """Something to be measured."""

    @property
    def title(self) -> str: ...
    @property
    def is_slow(self) -> bool:
        """It is given fewer events."""

    def run(self, topic: Topic) -> tuple[Run, Difference | None]:
        """Once through all; and how its counts stand to the truth, if it counts."""

    def crash(self, topic: Topic) -> Difference | None:
        """Killed in the middle and started again."""


@contextmanager
def on_kafka(stage: Stage, written: Written) -> Iterator[Topic]:
    with stage.fresh("engines") as name:
        topic = Topic(stage, name, written)
        asyncio.run(written.send(stage.bootstrap, topic.events))
        try:
            yield topic
        finally:
            for prefix in ("changelog__", "repartition__"):  # so Quix names its topics
                asyncio.run(shapes.delete(stage.bootstrap, f"{prefix}{name}"))
