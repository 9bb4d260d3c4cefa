"""How cost grows with workers and with routes: CPU of whole workers over the same events, on a real Kafka.

The topics are empty until all workers are ready, and are then filled far quicker than they are read.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from acquit.events import encode
from acquit.worker.sending import Outgoing, partition_of
from bench import shapes
from bench.peers import Pace
from bench.recovery import traffic
from bench.stage import Stage
from bench.throughput import folded
from bench.worker_process import COARSE_SECONDS, Sample, WorkerProcess, running_worker

WORKERS = (1, 2, 3)
ROUTES = (10, 100, 1_000)
USUAL_ROUTES = 30
EVENTS_PER_MESSAGE = 2
WITHIN_SECONDS = 300
TARGET = 1.5
"""Times the CPU of the first line of its kind."""


@dataclass(frozen=True)
class Scale:
    workers: int
    routes: int
    pace: Pace  # of all workers together, from the first record sent


def measure(stage: Stage, records: int) -> Iterator[Scale]:
    for routes in ROUTES:
        yield _measured(stage, 1, routes, _values(records, routes))
    values = _values(records, USUAL_ROUTES)
    for workers in WORKERS:
        yield _measured(stage, workers, USUAL_ROUTES, values)


def told(scale: Scale) -> str:
    return (
        f"{scale.workers} workers {scale.routes:>5,} routes: {scale.pace.cpu_per_million:6.1f} CPU seconds per million, "
        f"{scale.pace.per_second:>8,.0f} events/s"
    )


def verdict(lines: Sequence[Scale]) -> str:
    ratios = {
        "the most routes": _dearest([line for line in lines if line.routes != USUAL_ROUTES]),
        "the most workers": _dearest([line for line in lines if line.routes == USUAL_ROUTES]),
    }
    return "\n".join(
        f"an event costs {ratio:.2f} times as much with {what}   target <= {TARGET:g}: "
        + ("met" if ratio <= TARGET else "MISSED")
        for what, ratio in ratios.items()
    )


def _dearest(lines: Sequence[Scale]) -> float:
    return max(line.pace.cpu_per_million for line in lines) / lines[0].pace.cpu_per_million


def _values(records: int, routes: int) -> list[bytes]:
    return [encode(event) for _, event in traffic(records // EVENTS_PER_MESSAGE, routes=routes)]


def _measured(stage: Stage, workers: int, routes: int, values: Sequence[bytes]) -> Scale:
    with stage.fresh("scale") as name, ExitStack() as running:
        topics = asyncio.run(shapes.make_topics(stage.bootstrap, shapes.CANONICAL, f"{name}.raw"))
        settings = stage.settings(name, topics)
        group = [running.enter_context(running_worker(settings, stage.folder)) for _ in range(workers)]
        before = _until_settled(group)
        begun = time.perf_counter()
        asyncio.run(shapes.send_records(stage.bootstrap, _outgoing(f"{name}.raw.events", values)))
        after = _until_folded(group, len(values))
        return Scale(workers, routes, Pace(len(values), after[0].at - begun, _cpu(after) - _cpu(before)))


def _outgoing(topic: str, values: Sequence[bytes]) -> Iterator[Outgoing]:
    for value in values:
        yield Outgoing(topic, partition_of(value, shapes.CANONICAL.partitions), None, value)


def _until_settled(group: Sequence[WorkerProcess]) -> list[Sample]:
    """All of them are ready, and were when the last one became it: no rebalance is on its way any more."""
    while True:
        samples = [worker.until_ready() for worker in group]
        if all(worker.is_ready() for worker in group):
            return samples


def _until_folded(group: Sequence[WorkerProcess], records: int) -> list[Sample]:
    deadline = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < deadline:
        samples = [worker.sample() for worker in group]
        if sum(folded(sample) for sample in samples) >= records:
            return samples
        time.sleep(COARSE_SECONDS)
    raise RuntimeError(f"not all was folded within {WITHIN_SECONDS} s. {group[0].said()}")


def _cpu(samples: Sequence[Sample]) -> float:
    return sum(sample.cpu_seconds for sample in samples)
