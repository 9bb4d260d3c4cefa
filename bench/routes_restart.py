"""Restart: how long the routes agent takes to be whole again from its journal, and to add up the compacted tallies anew."""

import asyncio
import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import psutil
from aiokafka import AIOKafkaProducer

from acquit.capped import Capped
from acquit.effects import Tally
from acquit.routes.cohorts import Sums
from acquit.simulate.world.laws import STREAMS, draw_world
from acquit.simulate.world.staging import staged
from acquit.simulate.world.tally_records import drawn_of, tally_records
from acquit.worker.connections import kafka_options
from acquit.worker.journal import Journal
from acquit.worker.log_reader import read_topic
from acquit.worker.sending import Outgoing, send_all
from acquit.worker.settings import Settings
from bench.stage import Stage

WORLDS, DAYS, TARGET_STREAMS = 3, 4, 15_000
AT_ONCE = 2_000


@dataclass(frozen=True)
class Restarted:
    """`streams` are routes on carriers by class; `anew` is from the tallies, the other from the journal."""

    streams: int
    records: int
    megabytes: float
    anew_seconds: float
    journal_seconds: float
    grown_mb: float

    @property
    def of_target(self) -> float:
        """By so much more would five thousand routes of three classes be."""
        return TARGET_STREAMS / self.streams


def measure(stage: Stage) -> Restarted:
    with stage.fresh("routes-restart") as name:
        settings = Settings(**{**stage.settings(name, {}), "raw_topics": {}})  # type: ignore[arg-type]  # pydantic's
        return asyncio.run(_measure(settings))


def told(done: Restarted) -> str:
    more = done.of_target
    return (
        f"routes, {done.streams:,} streams over {DAYS} days: {done.records:,} tallies, {done.megabytes:.0f} MB; added up anew "
        f"in {done.anew_seconds:.1f} s, +{done.grown_mb:.0f} MB; from the journal in {done.journal_seconds:.1f} s; of "
        f"{TARGET_STREAMS:,} streams {done.anew_seconds * more:.0f} s, {done.grown_mb * more:,.0f} MB, "
        f"{done.journal_seconds * more:.0f} s"
    )


def _tallies() -> Iterator[tuple[int, Tally]]:
    for seed in range(WORLDS):
        staging = staged(draw_world(seed, days=DAYS))
        for tally in tally_records(staging, drawn_of(staging)):
            yield seed, tally


def _new_sums() -> Sums:
    return Sums(Capped(1_000), zone="UTC")


async def _measure(settings: Settings) -> Restarted:
    """Each world's tallies come from a source partition of their own."""
    topic, bytes_sent = settings.topic("tallies"), 0
    streams = sum(len(draw_world(seed, days=DAYS).routes) * len(STREAMS) for seed in range(WORLDS))
    async with AIOKafkaProducer(**kafka_options(settings)) as producer:
        tallies = _tallies()
        while some := list(islice(tallies, AT_ONCE)):
            sent = [Outgoing(topic, 0, b"%d/%d%s" % (seed, seed, one.key), one.value) for seed, one in some]
            bytes_sent += sum(len(record.value or b"") for record in sent)
            await send_all(producer, sent)
    gc.collect()
    before, begun, records = psutil.Process().memory_info().rss, time.monotonic(), 0
    journal: Journal[Sums] = _journal(settings)
    async for record in read_topic(settings, topic):
        journal.state.take_record(record)
        records += 1
    anew = time.monotonic() - begun
    grown = (psutil.Process().memory_info().rss - before) / 1e6
    await journal.own()
    await journal.commit([])
    await journal.disown()
    begun = time.monotonic()
    again: Journal[Sums] = _journal(settings)
    await again.own()
    seconds = time.monotonic() - begun
    await again.disown()
    assert again.state.all_cohorts() == journal.state.all_cohorts(), "the journal is not what was added up"
    return Restarted(streams, records, bytes_sent / 1e6, anew, seconds, grown)


def _journal(settings: Settings) -> Journal[Sums]:
    topic = settings.topic("journal.routes")
    return Journal(topic, 0, _new_sums(), options=kafka_options(settings), transactional_id=f"{topic}-0")
