"""`make drop-bench`: how soon a drop is found, and how often one is seen that is none. One carrier, seeded, event-accurate ages.

The simulator is that of the reference (fake-receipts.md, 3.1 and 5) at the level of totals: submits by the hour of the day,
receipts with the law of retries and a long tail, failures that are told. Each figure has its 95 % interval (Clopper-Pearson
for shares, exact Poisson for episodes a day). Thresholds were fixed on the seeds of `TUNING`, which are never reported.
"""

import heapq
import sys
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from math import log, pi, sin
from pathlib import Path
from random import Random
from statistics import median

from acquit.effects import Alert
from acquit.routes.drops import Drops
from acquit.routes.flows import DELIVERED, FAILED, SLOT_SECONDS, WAITING, Flow

TUNING, REPORTED = 1_000_000, 5_000_000
"""Seeds begin here."""
FLOW = Flow("sms", "20801", "direct", "direct-1", "otp")
BEGUN = 1_763_942_400  # a Monday
HOUR, DAY = 3_600, 86_400
TICK = 15
WARM_DAYS = 15
DELIVERABLE, SWING, WOBBLE = 0.95, 0.5, 0.003
NIGHTLY, LOST_RECEIPTS = 0.005, 0.003
REASONS = ("recipient_unreachable", "recipient_unknown", "expired", "network_or_system_error", "spam_filtered")
REASON_WEIGHTS = (40, 25, 15, 10, 10)


@dataclass(frozen=True)
class Trouble:
    """What happens to messages, or to their receipts, from `begin` on for `seconds`."""

    name: str
    loses: float = 0.0  # share of what would be delivered
    is_silent: bool = False  # of these nothing is ever heard
    is_mixed: bool = False  # these fail for as many reasons as messages always do; else for one
    seconds: int = HOUR
    slower: float = 1.0
    stalls: bool = False
    begin: float = 0.0

    def hits(self, at: float) -> bool:
        return self.begin <= at < self.begin + self.seconds


CLEAN = Trouble("clean", seconds=0)
TROUBLES = (
    Trouble("-30 % for 1 h", 0.30),
    Trouble("-10 % for 1 h", 0.10),
    Trouble("-5 % for 3 h", 0.05, seconds=3 * HOUR),
    Trouble("-100 % for 20 min", 1.0, seconds=1_200),
    Trouble("-10 % for 1 h, mixed reasons", 0.10, is_mixed=True),
    Trouble("-30 % for 1 h, silent", 0.30, is_silent=True),
    Trouble("-10 % for 1 h, silent", 0.10, is_silent=True),
    Trouble("-5 % for 3 h, silent", 0.05, is_silent=True, seconds=3 * HOUR),
    Trouble("latency x5 for 1 h", slower=5.0),
    Trouble("feed stalled 20 min", stalls=True, seconds=1_200),
)


@dataclass
class World:
    """A carrier's traffic, told to a judge by ticks."""

    seed: int
    per_hour: float
    batch_seconds: int = 0
    trouble: Trouble = CLEAN
    now: int = BEGUN
    judge: Drops = field(default_factory=Drops)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self._arriving: list[tuple[float, int, int, str]] = []  # when, cohort, outcome, reason
        self._submits: list[tuple[float, int]] = []  # of the hour that is on, newest first

    def run(self, until: float) -> Iterator[Alert]:
        while self.now < until:
            self.now += TICK
            changes: dict[int, list[int]] = {}
            self._tell(changes)
            for start, counts in changes.items():
                self.judge.flows.move(FLOW, start, counts)
            yield from self.judge.judge(self.now * 1000)

    def _tell(self, changes: dict[int, list[int]]) -> None:
        if (self.now - TICK) % HOUR == 0:
            self._plan(self.now - TICK)
        while self._submits and self._submits[-1][0] <= self.now:
            _, start = self._submits.pop()
            changes.setdefault(start, [0] * 5)[WAITING] += 1
        while self._arriving and self._arriving[0][0] <= self.now:
            _, start, outcome, reason = heapq.heappop(self._arriving)
            if outcome == FAILED:
                self.judge.flows.say_why(FLOW, {reason: 1}, 1)
            counts = changes.setdefault(start, [0] * 5)
            counts[WAITING] -= 1
            counts[outcome] += 1

    def _plan(self, begin: int) -> None:
        """The hour's submits, and what becomes of them."""
        rng, hour = self.rng, begin % DAY / HOUR
        rate = self.per_hour * (1 + SWING * sin(2 * pi * (hour - 9) / 24)) * (0.8 if begin // DAY % 7 in (2, 3) else 1)
        wobble = Random(self.seed * 1_000 + begin // DAY).gauss(0, WOBBLE)
        delivered = DELIVERABLE + wobble + NIGHTLY * sin(2 * pi * (hour - 9) / 24)
        at = float(begin)
        submits = []
        while True:
            at += rng.expovariate(rate / HOUR)
            if at >= begin + HOUR:
                break
            start = int(at) // SLOT_SECONDS * SLOT_SECONDS
            submits.append((at, start))
            told = self._fate(at, delivered)
            if told is not None:
                heapq.heappush(self._arriving, (told[0], start, told[1], told[2]))
        self._submits = submits[::-1]

    def _fate(self, at: float, delivered: float) -> tuple[float, int, str] | None:
        """When a receipt comes, and what it says."""
        rng, trouble = self.rng, self.trouble
        is_hit = trouble.hits(at)
        if rng.random() < LOST_RECEIPTS:
            return None
        outcome = DELIVERED if rng.random() < delivered else FAILED
        reason = rng.choices(REASONS, REASON_WEIGHTS)[0] if outcome == FAILED else ""
        if is_hit and outcome == DELIVERED and rng.random() < trouble.loses:
            if trouble.is_silent:
                return None
            outcome = FAILED
            reason = rng.choices(REASONS, REASON_WEIGHTS)[0] if trouble.is_mixed else "network_or_system_error"
        late = _latency(rng) if outcome == DELIVERED else _failing_after(rng)
        done = at + late * (trouble.slower if is_hit else 1.0)
        if self.batch_seconds:
            done = (done // self.batch_seconds + 1) * self.batch_seconds
        if trouble.stalls and trouble.hits(done):
            done = trouble.begin + trouble.seconds + rng.random() * 20
        return done, outcome, reason


def _latency(rng: Random) -> float:
    """86 % within seconds, retries after 60, 300 and 900 s, 4 % whenever the handset is back."""
    luck = rng.random()
    if luck >= 0.96:
        return rng.lognormvariate(log(HOUR), 1.3)
    retried = 0 if luck < 0.86 else 60 if luck < 0.91 else 300 if luck < 0.94 else 900
    return retried + rng.lognormvariate(log(4), 0.55)


def _failing_after(rng: Random) -> float:
    """What the network knows fails at once; who is absent fails when all is tried."""
    return rng.lognormvariate(log(6), 0.8) if rng.random() < 0.7 else rng.lognormvariate(log(1_800), 1.0)


def warm(seed: int, per_hour: float, batch_seconds: int = 0) -> World:
    """A carrier that has been watched for two weeks."""
    world = World(seed, per_hour, batch_seconds)
    for _ in world.run(BEGUN + WARM_DAYS * DAY):
        pass
    return world


@dataclass(frozen=True)
class Seen:
    """What a trial came to: seconds to the first page, None if there was none, and what other alerts there were."""

    seconds: float | None
    others: frozenset[str]


def trial(warmed: World, seed: int, trouble: Trouble) -> Seen:
    """One trouble at a random time of the week after."""
    world = deepcopy(warmed)
    rng = Random(seed)
    world.rng = Random(seed + 1)
    begin = world.now + rng.random() * 7 * DAY
    from_hour = int(begin - 4 * HOUR) // HOUR * HOUR
    world.now = max(world.now, from_hour)  # nobody looks at the time in between; what was there is of age
    world.trouble = Trouble(**{**trouble.__dict__, "begin": begin})
    first, others = None, set()
    for alert in world.run(begin + trouble.seconds + HOUR):
        if world.now < begin or alert.state == "cleared":
            continue
        if alert.kind == "delivery_drop":
            first = world.now - begin if first is None else first
        else:
            others.add(alert.kind)
    return Seen(first, frozenset(others))


def false_pages(warmed: World, seed: int, days: float) -> tuple[int, list[str]]:
    """Drops that were seen in so many days in which there was none."""
    world = deepcopy(warmed)
    world.rng = Random(seed)
    raised = [alert for alert in world.run(world.now + days * DAY) if alert.state == "raised"]
    return sum(alert.kind == "delivery_drop" for alert in raised), [alert.kind for alert in raised]
