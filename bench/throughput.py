"""The four paces over the same records: (a) bare loop, (b) intake alone, (c) the whole path, (d) ordinary Faust."""

import asyncio
import time
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from redis import Redis

from acquit.suppression.keys import position_key
from acquit.worker.list_redis import read_position
from acquit.worker.settings import Settings
from bench.ordinary_faust import needed_topics
from bench.peers import Pace, paced
from bench.shapes import Load, create
from bench.stage import Stage
from bench.worker_process import COARSE_SECONDS, Sample, WorkerProcess, running_worker

WITHIN_SECONDS = 120
RAW = "acquit_raw_records_total"
FOLDED, AGAIN, DEAD = "acquit_events_total", "acquit_events_again_total", "acquit_dead_letters_total"
SHOWN = "acquit_cohort_messages"
MARKER = 1
"""The offset that the end of a transaction takes up, after its records."""


@dataclass(frozen=True)
class WholePath:
    """To the ledger's last event; and, from the same beginning, until everything else is there too."""

    ledger: Pace
    redis: Pace  # Redis has the whole list
    gauges: Pace  # every message is in a gauge
    entries: int  # of the list in Redis
    again: int  # events that intake sent twice


def bare(stage: Stage, load: Load) -> Pace:
    arguments = [stage.bootstrap, str(load.records), *load.topics]
    return paced("bare", arguments, within_seconds=WITHIN_SECONDS)


def ordinary_faust(stage: Stage, load: Load) -> Pace:
    with stage.fresh("ordinary") as name:
        asyncio.run(create(stage.bootstrap, dict.fromkeys(needed_topics(name), Settings().event_partitions)))
        mapped = [f"{topic}={provider}" for topic, provider in load.topics.items()]
        arguments = [stage.bootstrap, name, str(load.records), *mapped]
        return paced("ordinary_faust", arguments, within_seconds=WITHIN_SECONDS)


def intake(stage: Stage, load: Load) -> Pace:
    """From its readiness: the process has its partitions and begins to fetch."""
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
            ledger = worker.until(lambda now: folded(now) >= load.records, within_seconds=WITHIN_SECONDS)
            ends = asyncio.run(_ends(stage.bootstrap, f"{name}.suppressions"))
            redis, gauges = _until_all_is_there(worker, stage, ends, load)
            return WholePath(
                ledger=between(begun, ledger, load),
                redis=between(begun, redis, load),
                gauges=between(begun, gauges, load),
                entries=_entries(stage),
                again=round(gauges.total(AGAIN)),
            )


def between(begun: Sample, ended: Sample, load: Load) -> Pace:
    return Pace(load.records, ended.at - begun.at, ended.cpu_seconds - begun.cpu_seconds)


def folded(now: Sample) -> float:
    """Records that have had all their effect on the ledger, or none to have; what was sent twice counts once."""
    return now.total(FOLDED) - now.total(AGAIN) + now.total(DEAD)


def _until_all_is_there(worker: WorkerProcess, stage: Stage, ends: dict[int, int], load: Load) -> tuple[Sample, Sample]:
    redis: Sample | None = None
    gauges: Sample | None = None
    deadline = time.monotonic() + WITHIN_SECONDS
    while redis is None or gauges is None:
        now = worker.sample()
        if redis is None and _is_projected(stage, ends):
            redis = now
        if gauges is None and now.total(SHOWN) >= load.messages:
            gauges = now
        if time.monotonic() > deadline:
            shown = f"{now.total(SHOWN):.0f} of {load.messages} messages in gauges, Redis whole: {redis is not None}"
            raise RuntimeError(f"not all was there within {WITHIN_SECONDS} s: {shown}. {worker.said()}")
        time.sleep(COARSE_SECONDS)
    return redis, gauges


async def _ends(bootstrap: str, topic: str) -> dict[int, int]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        tps = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
        return {tp.partition: end for tp, end in (await consumer.end_offsets(tps)).items()}
    finally:
        await consumer.stop()


def _is_projected(stage: Stage, ends: dict[int, int]) -> bool:
    """Whether Redis says of each partition that it has its last record."""
    with Redis.from_url(stage.redis_url) as redis:
        there = redis.mget([position_key(number) for number in ends])
    positions = [read_position(value.decode()) if value else None for value in there]
    return all(
        end == 0 or (position is not None and position.offset + 1 + MARKER >= end)
        for end, position in zip(ends.values(), positions, strict=True)
    )


def _entries(stage: Stage) -> int:
    with Redis.from_url(stage.redis_url) as redis:
        return sum(1 for _ in redis.scan_iter(match="sup:{*", count=10_000))
