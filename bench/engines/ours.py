"""acquit's own ledger agent, alone in a worker. It does more than the others: suppression, fencing, tallies that leave."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from acquit.effects import is_tally, read_tally
from acquit.events import STATUSES
from bench.engines.child import Run, Watch
from bench.engines.core import SESSION_MS, place_name
from bench.engines.load import Cells, Difference, difference, latest
from bench.engines.topic import WITHIN_SECONDS, Topic
from bench.throughput import folded
from bench.worker_process import WorkerProcess, running_worker

SETTLE_SECONDS = 20


class Acquit:
    title = "acquit"
    is_slow = False

    def run(self, topic: Topic) -> tuple[Run, Difference]:
        records = len(topic.written.records)
        settings = _settings(topic, "run")
        with running_worker(settings, topic.stage.folder) as worker, _watched(worker) as watch:
            begun = worker.until_ready()
            ended = worker.until(lambda now: folded(now) >= records, within_seconds=WITHIN_SECONDS)
            run = Run(records, ended.at - begun.at, ended.cpu_seconds - begun.cpu_seconds, watch.peak_mb)
            return run, _settled(topic, settings)

    def crash(self, topic: Topic) -> Difference:
        settings = _settings(topic, "crash")
        with running_worker(settings, topic.stage.folder) as worker:
            worker.until_ready()
            worker.until(lambda now: folded(now) >= topic.kill_at, within_seconds=WITHIN_SECONDS)
            worker.process.kill()
        with running_worker(settings, topic.stage.folder) as worker:
            worker.until_ready()
            return _settled(topic, settings)


@contextmanager
def _watched(worker: WorkerProcess) -> Iterator[Watch]:
    watch = Watch(worker.process.pid)
    try:
        yield watch
    finally:
        watch.stop()


def _settings(topic: Topic, what: str) -> dict[str, str]:
    settings = topic.stage.settings(topic.name, {}) | {"app_id": f"{topic.name}-{what}", "agents": "ledger"}
    return settings | {
        "session_timeout_seconds": str(SESSION_MS // 1000),
        "heartbeat_seconds": str(SESSION_MS // 3000),
    }


def _settled(topic: Topic, settings: Mapping[str, str]) -> Difference:
    """Totals leave a little after the events behind them; what is not there by then is not there."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        cells = _cells(topic.stage.bootstrap, f"{settings['topic_prefix']}.tallies")
        found = difference(cells, topic.written.cells)
        if found == Difference(0, 0) or time.monotonic() > deadline:
            return found
        time.sleep(1)


def _cells(bootstrap: str, tallies: str) -> Cells:
    cells: dict[str, list[int]] = {}
    for key, value in asyncio.run(latest(bootstrap, tallies)):
        if not is_tally(key):
            continue
        tally = read_tally(value)
        cell = tally.cell
        totals = cells.setdefault(place_name(cell.channel, cell.carrier, cell.route, cell.hour), [0] * len(STATUSES))
        for number, status in enumerate(STATUSES):
            totals[number] += tally.status.get(status, 0)
    return cells
