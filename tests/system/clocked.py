"""A carrier's outage, a stalled feed and their honest twin on real servers, with time that passes in steps.

A minute of traffic is published, and the worker's clock follows when all of it has been counted: no verdict hangs on how busy
the machine is.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from zlib import crc32

import msgspec

from acquit.effects import Alert
from acquit.simulate import Record
from acquit.simulate.world import laws, telling
from acquit.simulate.world.receipts import KINDS, SYSTEM
from acquit.simulate.world.sent import Sent, Told
from acquit.simulate.world.staging import only, staged
from acquit.worker.app import IDLE_SECONDS
from acquit.worker.feeding import feed_records
from tests.system.stage import Stage, WorkerProcess, patiently

SEED = 7
SUPPLIERS, CARRIERS = ("birch", "fir", "hazel", "larch"), ("20801", "20810")
STRICKEN, STALLED = "20801", "hazel"
KNOWN_HOURS = 6
"""As much traffic is there before anybody looks."""
STEP = timedelta(minutes=1)
CALM = timedelta(minutes=5)
TROUBLE = timedelta(minutes=8)
LOST = 0.8
LATEST = timedelta(minutes=5)
"""For a drop of four fifths, at some 800 messages an hour (docs/drop-bench.md: -30 % of 200 an hour takes 12 minutes)."""
CLEARED = timedelta(minutes=18)
_MESSAGE = re.compile(rb"\"message_id\":\"([^\"]+)|id:(\w+)|messageId=([\w-]+)")
_LABEL = re.compile(r'(?:carrier|supplier|route|stream|kind)="([^"]+)"')
Happening = Callable[[Sent], Sent]


@dataclass
class Traffic:
    """A small world's records, and how many messages they tell of, up to a moment."""

    records: Iterator[Record]
    next: Record | None = None
    submitted: set[bytes] = field(default_factory=set)
    received: set[bytes] = field(default_factory=set)

    def until(self, now: datetime) -> Iterator[Record]:
        now_ms = milliseconds(now)
        while (record := self.next or next(self.records, None)) is not None:
            self.next = record
            if record.timestamp_ms >= now_ms:
                return
            self.next = None
            if record.topic != "engagements":
                known = self.submitted if record.topic == "submits" else self.received
                found = _MESSAGE.search(record.value)
                assert found is not None
                known.add(found[found.lastindex or 0])
            yield record


def traffic(begin: datetime, happening: Happening) -> Traffic:
    world = only(laws.draw_world(SEED, days=1, dead_share=0.0), suppliers=SUPPLIERS, carriers=CARRIERS)
    staging = replace(staged(world), start=begin - timedelta(hours=KNOWN_HOURS))
    return Traffic(telling.by_arrival(staging, lambda sent: telling.as_records(happening(sent)), None))


def outage(begin: datetime, sent: Sent) -> Sent:
    """The carrier fails most of what it is given."""
    is_hit = is_within(sent.at_ms, begin) and sent.carrier.mccmnc == STRICKEN and sent.supplier is not None
    if is_hit and crc32(sent.message_id.encode()) % 100 < 100 * LOST:
        told_ms = sent.at_ms + 4_000
        sent.told, sent.deeds = [Told("failed", told_ms, told_ms + 100, KINDS[SYSTEM])], []
    return sent


def stalled(begin: datetime, sent: Sent) -> Sent:
    """The supplier's receipts wait, and come all at once; what they say of themselves stays as it is."""
    for told in sent.told:
        if sent.supplier is not None and sent.supplier.name == STALLED and is_within(told.arrival_ms, begin):
            told.arrival_ms = milliseconds(begin + TROUBLE) + told.arrival_ms % 15_000
            told.again_ms = None
    return sent


def is_within(at_ms: int, begin: datetime) -> bool:
    return milliseconds(begin) <= at_ms < milliseconds(begin + TROUBLE)


def set_clock(clock: Path, now: datetime) -> None:
    """All at once: the worker may look at any moment."""
    part = clock.with_suffix(".part")
    part.write_text(str(milliseconds(now)))
    part.replace(clock)


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


ASKED_SECONDS = 2.0
"""How long it usually takes until Kafka was asked what is read."""


@dataclass
class Day:
    """A stage with one worker, whose time is what its traffic says."""

    stage: Stage
    worker: WorkerProcess
    clock: Path
    traffic: Traffic
    now: datetime
    changed_at: float = 0.0  # by time.time(): when an alert's gauge was last seen to come or go
    is_shown: bool = False

    def pass_until(self, end: datetime, *, pause: float = 0.0) -> None:
        """After each minute `pause`: the worker asks Kafka before it raises anything, and Kafka's time does not fly."""
        while self.now < end:
            self.now += STEP
            asyncio.run(feed_records(self.stage.settings, self.traffic.until(self.now)))
            assert patiently(self.is_counted, pause=0.05), "what was published is not counted"
            set_clock(self.clock, self.now)
            time.sleep(pause)
            if bool(self.gauges()) != self.is_shown:
                self.changed_at, self.is_shown = time.time(), not self.is_shown

    def is_counted(self) -> bool:
        """Whether the gauges know of every submit and receipt."""
        by_status: Counter[str] = Counter()
        for (_, _, status), number in self.worker.cohorts().items():
            by_status[status] += number
        known = len(self.traffic.submitted | self.traffic.received)
        return by_status.total() == known and known - by_status["sent"] == len(self.traffic.received)

    def alerts(self) -> list[Alert]:
        """What was told, when the worker has looked at the clock once more."""
        time.sleep(2 * IDLE_SECONDS)
        topic = self.stage.settings.topic("alerts")
        return [msgspec.json.decode(record.value, type=Alert) for record in self.stage.records(topic)]

    def gauges(self) -> dict[str, float]:
        """Those of alerts that have been up, by their labels but the channel."""
        lines = self.worker.page("/metrics")[1].splitlines()
        found = [line.rpartition(" ") for line in lines if line.startswith("acquit_alert_active{")]
        return {" ".join(_LABEL.findall(labels)): float(value) for labels, _, value in found}


def watched(stage: Stage, begin: datetime, happening: Happening) -> Day:
    """The hours before are read at once; from now on time passes."""
    clock = stage.folder / "clock"
    set_clock(clock, begin)
    stage.partitions = 2
    stage.extra = {
        "ACQUIT_RAW_TOPICS": f"{stage.name}.raw=smpp,{stage.name}.vonage=vonage",
        "ACQUIT_TALLY_SECONDS": "0.01",
        "ACQUIT_DELIVERY_FLOORS": "sms=0.8",  # the world delivers 95 %, which is under the floor that is set as a rule
    }
    stage.create_topics()
    worker = stage.start(module="tests.system.clocked_worker", CLOCK=str(clock))
    day = Day(stage, worker, clock, traffic(begin, happening), begin)
    asyncio.run(feed_records(stage.settings, day.traffic.until(begin)))
    assert patiently(day.is_counted)
    day.pass_until(begin + CALM)
    return day
