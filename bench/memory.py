"""Memory behind a stuck ledger: what a worker grows by while intake fills `acquit.events` and nobody folds it."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench import shapes
from bench.stage import Stage
from bench.stuck_worker import STUCK_SECONDS
from bench.throughput import FOLDED, RAW
from bench.worker_process import WorkerProcess, running_worker

IDLE_SECONDS = 3
EVERY_SECONDS = 0.05
TARGET_MB = 200


@dataclass(frozen=True)
class Memory:
    idle_mb: float
    stuck_mb: float  # peak while the ledger stood still
    taken_in: int  # raw records that intake read meanwhile
    after_mb: float  # peak while it caught up for as long again; the ledger's state is in it

    @property
    def growth_mb(self) -> float:
        return self.stuck_mb - self.idle_mb


def behind_a_stuck_ledger(stage: Stage, messages: int) -> Memory:
    """The records are sent only when the worker has stood idle, so that idle means idle."""
    with stage.fresh("stuck") as name:
        topics = asyncio.run(shapes.make_topics(stage.bootstrap, shapes.SMPP, f"{name}.raw"))
        settings = stage.settings(name, topics)
        with running_worker(settings, stage.folder, command=("-m", "bench.stuck_worker")) as worker:
            worker.until_ready()
            idle = _peak(worker, _for(IDLE_SECONDS))
            with ThreadPoolExecutor(max_workers=1) as sender:
                records = shapes.outgoing(shapes.SMPP, f"{name}.raw", shapes.scenario(messages))
                sending = sender.submit(lambda: asyncio.run(shapes.send_records(stage.bootstrap, records)))
                worker.until(lambda now: now.total(RAW) > 0, within_seconds=30)
                stuck = _peak(worker, _for(STUCK_SECONDS - 1))
                taken_in = worker.sample().total(RAW)
                assert not worker.sample().total(FOLDED), "the ledger was not stuck"
                after = _peak(worker, _for(STUCK_SECONDS))
                sending.result()
            return Memory(idle, stuck, round(taken_in), after)


def _for(seconds: float) -> Callable[[], bool]:
    deadline = time.monotonic() + seconds
    return lambda: time.monotonic() < deadline


def _peak(worker: WorkerProcess, goes_on: Callable[[], bool]) -> float:
    peak = worker.rss_mb()
    while goes_on():
        time.sleep(EVERY_SECONDS)
        peak = max(peak, worker.rss_mb())
    return peak
