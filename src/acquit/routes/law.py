"""How much of a cohort is to be seen at an age: learned for each carrier and supplier from cohorts that have come of age.

The ages are those of the cohort, from the start of its five minutes, so that the law is of what reaches us and when: a
supplier that sends its receipts every five minutes has a law with steps. `delivered_in` of the totals would not show that:
it holds the provider's own times. Numbers of a journaled law are sums; those of a day count a tenth less a day later.
"""

from bisect import bisect_left, bisect_right
from functools import lru_cache
from itertools import accumulate
from math import erfc, log, sqrt
from typing import NamedTuple

import msgspec
from msgspec import Struct

from acquit.routes.flows import Flow
from acquit.routes.usual import Usual

AGES_SECONDS = (
    30, 60, 120, 180, 240, 300, 360, 420, 480, 600, 720, 900, 1_200, 1_500, 1_800, 2_400, 3_000, 3_600, 4_500, 5_400, 7_200,
)  # fmt: skip
"""From the start of a cohort. At the last one it is of age: what it then is, counts."""
OF_AGE_SECONDS = AGES_SECONDS[-1]
SLOWER = 6.0
"""A cohort of which no more is there than at a sixth of its age is not slow, it is lost."""
SHIPPED_COHORTS = 6
"""The shipped law weighs as much as so many cohorts of the carrier's own."""
FADING = 0.9
_FEW, _WIDEST, _TOO_LITTLE = 3.0, 50.0, 0.2


def _late(seconds: float) -> float:
    """Share delivered within so long, of all that are: most within seconds, some when tried again, a few within hours."""
    core = _normal((log(max(seconds, 1e-3)) - log(4)) / 0.55)
    tail = _normal((log(max(seconds, 1e-3)) - log(3_600)) / 1.3)
    return 0.86 * core + 0.05 * (seconds >= 60) + 0.03 * (seconds >= 300) + 0.02 * (seconds >= 900) + 0.04 * tail


def _normal(z: float) -> float:
    return erfc(-z / sqrt(2)) / 2


@lru_cache(maxsize=4_096)
def shipped(age_seconds: float) -> float:
    """Of a cohort at this age, the share that is delivered, of what is when it is of age."""
    youngest, steps = max(0.0, age_seconds - 300), 24
    width = age_seconds - youngest
    ages = [youngest + width * (step + 0.5) / steps for step in range(steps)]
    return min(1.0, sum(map(_late, ages)) / steps / _late(OF_AGE_SECONDS - 150))


class Law(Struct, array_like=True):
    """Sums over cohorts, by age: messages, delivered and failed by then, how far off both were, and of how many cohorts."""

    messages: list[float]
    delivered: list[float]
    failed: list[float]
    converted: list[float]
    off_delivered: list[float]
    off_failed: list[float]
    cohorts: list[float]
    gaps: list[float] = []  # seconds without any receipt, of late, while some were expected
    day: int = 0
    sent: float = 0.0  # messages over which `kinds` were counted
    kinds: dict[str, float] = {}  # failures by category, as they are told as a rule

    def fade(self, day: int) -> None:
        if self.day and day > self.day:
            fading = FADING ** (day - self.day)
            for sums in (self.messages, self.delivered, self.failed, self.converted,
                         self.off_delivered, self.off_failed, self.cohorts):  # fmt: skip
                sums[:] = [one * fading for one in sums]
            self.gaps = self.gaps[1:]
            self.sent *= fading
            self.kinds = {kind: count * fading for kind, count in self.kinds.items()}
        self.day = max(self.day, day)

    def add(self, place: int, seen: tuple[int, ...], usual: Usual, curve: "Curve") -> None:
        """A cohort as it was at this age."""
        messages, delivered, failed, converted = seen
        self.messages[place] += messages
        self.delivered[place] += delivered
        self.failed[place] += failed
        self.converted[place] += converted
        for off, share, count in ((self.off_delivered, usual.delivered * curve.delivered[place], delivered),
                                  (self.off_failed, usual.failed * curve.failed[place], failed)):  # fmt: skip
            variance = messages * share * (1 - share)
            if variance > _TOO_LITTLE:
                off[place] += min(_WIDEST, (count - messages * share) ** 2 / variance)
        self.cohorts[place] += 1


def law_key(flow: Flow) -> str:
    return msgspec.json.encode(flow[:3]).decode()


def new_law() -> Law:
    none = [0.0] * len(AGES_SECONDS)
    return Law(none[:], none[:], none[:], none[:], none[:], none[:], none[:])


class Point(NamedTuple):
    """A law at one age. `slow` is what would be delivered if all were `SLOWER` times slower."""

    delivered: float
    failed: float
    converted: float
    slow: float
    spread_delivered: float
    spread_failed: float


class Curve(Struct):
    """A law as it is used, at each of the ages: shares of what is when a cohort is of age, and the over-dispersion."""

    delivered: list[float]
    failed: list[float]
    converted: list[float]
    spread_delivered: list[float]
    spread_failed: list[float]
    points: dict[float, Point] = {}  # ages that were asked for

    def point(self, age_seconds: float) -> Point:
        """What is there of a cohort: delivered at least, failed at most, so that neither seems to be a drop."""
        known = self.points.get(age_seconds)
        if known is None:
            known = self.points[age_seconds] = Point(
                self.least(self.delivered, age_seconds), self.most(self.failed, age_seconds),
                self.at(self.converted, age_seconds), self.least(self.delivered, age_seconds / SLOWER),
                self.at(self.spread_delivered, age_seconds), self.at(self.spread_failed, age_seconds),
            )  # fmt: skip
        return known

    @staticmethod
    def least(values: list[float], age_seconds: float) -> float:
        """What is there at this age at least: batches of receipts come between two ages, nobody knows when."""
        place = bisect_right(AGES_SECONDS, age_seconds)
        return values[place - 1] if place else 0.0

    @staticmethod
    def most(values: list[float], age_seconds: float) -> float:
        return values[min(bisect_left(AGES_SECONDS, age_seconds), len(values) - 1)]

    @staticmethod
    def at(values: list[float], age_seconds: float) -> float:
        """Between two ages on a straight line; before the first one from nothing."""
        place = bisect_right(AGES_SECONDS, age_seconds)
        if place == 0:
            return values[0] * age_seconds / AGES_SECONDS[0]
        if place == len(AGES_SECONDS):
            return values[-1]
        before, after = AGES_SECONDS[place - 1], AGES_SECONDS[place]
        part = (age_seconds - before) / (after - before)
        return values[place - 1] * (1 - part) + values[place] * part


def curve_of(law: Law | None) -> Curve:
    """The law, with the shipped one where little is known."""
    law = law or new_law()
    return Curve(
        _shares(law, law.delivered), _shares(law, law.failed), _shares(law, law.converted),
        _spreads(law, law.off_delivered), _spreads(law, law.off_failed),
    )  # fmt: skip


def _shares(law: Law, reached: list[float]) -> list[float]:
    """Of each age: the share of the messages then, over that of the messages in the end; never less than before."""
    final = reached[-1] / law.messages[-1] if law.messages[-1] else 0.0
    usual = reached[-1] / law.cohorts[-1] if law.cohorts[-1] else 0.0  # in a cohort
    weight = SHIPPED_COHORTS * max(usual, 1.0)
    found = []
    for place, age in enumerate(AGES_SECONDS):
        there = reached[place] / final if final else 0.0
        known = law.messages[place] if final else 0.0
        found.append(min(1.0, (there + weight * shipped(age)) / (known + weight)))
    return [*list(accumulate(found, max))[:-1], 1.0]


def _spreads(law: Law, off: list[float]) -> list[float]:
    """At least 1; few cohorts say that it is 1."""
    return [
        min(_WIDEST, max(1.0, (one + SHIPPED_COHORTS) / (cohorts + SHIPPED_COHORTS))) if cohorts > _FEW else 1.5
        for one, cohorts in zip(off, law.cohorts, strict=True)
    ]
