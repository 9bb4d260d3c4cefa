"""The four paces over the same records: (a) bare loop, (b) intake alone, (c) the whole path, (d) ordinary Faust."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from redis import Redis
from tests.servers.redis import Redis as RedisServer

from acquit.suppression.keys import position_key
from bench.peers import Pace, paced
from bench.shapes import Load
from bench.stage import Stage
from bench.worker_process import Sample, WorkerProcess, running_worker

WITHIN_SECONDS = 120
RAW, FOLDED, DEAD = "acquit_raw_records_total", "acquit_events_total", "acquit_dead_letters_total"
SHOWN = "acquit_cohort_messages"


@dataclass(frozen=True)
class WholePath:
    """To the ledger's last event, and how much later everything else was there too."""

    ledger: Pace
    redis_seconds: float  # from the same beginning until Redis has the whole list
    tallies_seconds: float  # until every message is in a gauge
    keys: int


def bare(stage: Stage, load: Load) -> Pace:
    arguments = [stage.bootstrap, str(load.records), *load.topics]
    return paced("bare", arguments, within_seconds=WITHIN_SECONDS)


def ordinary_faust(stage: Stage, load: Load) -> Pace:
    with stage.fresh("ordinary") as name:
        mapped = [f"{topic}={provider}" for topic, provider in load.topics.items()]
        arguments = [stage.bootstrap, name, str(load.records), *mapped]
        return paced("ordinary_faust", arguments, within_seconds=WITHIN_SECONDS)


def intake(stage: Stage, load: Load) -> Pace:
    with stage.fresh("intake") as name:
        settings = stage.settings(name, load.topics) | {"agents": "intake"}
        with running_worker(settings, stage.folder) as worker:
            begun = worker.until_ready()
            ended = worker.until(lambda now: now.total(RAW) >= load.records, within_seconds=WITHIN_SECONDS)
            return between(begun, ended, load)


def whole_path(stage: Stage, load: Load) -> WholePath:
    with stage.fresh("whole") as name:
        settings = stage.settings(name, load.topics)
        with running_worker(settings, stage.folder) as worker:
            begun = worker.until_ready()
            ended = worker.until(lambda now: _folded(now) >= load.records, within_seconds=WITHIN_SECONDS)
            shown = worker.until(lambda now: now.total(SHOWN) >= load.messages, within_seconds=WITHIN_SECONDS)
            ...


def _folded(now: Sample) -> float:
    return now.total(FOLDED) + now.total(DEAD)
