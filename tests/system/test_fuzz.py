"""200,000 fuzzed inputs through every decoder and the whole of `pipeline.read`: none breaks the law, and none is slow."""

import gc
import heapq
import time
from collections.abc import Iterable
from itertools import count
from typing import Any, NamedTuple, TypeVar

import pytest

from acquit.decode import DECODERS
from acquit.decode.fields import EVENTS_LIMIT
from acquit.errors import Undecodable
from acquit.rules import Rules, load
from tests.decode.fuzz import MEGABYTE, Fuzz, Input, check, repeated, said_of

SEED, SMALL, LARGE = 20261122, 200_000, 3_000
REPEATED = 60  # of each provider
SECONDS_PER_MEGABYTE, LEAST_SECONDS = 0.050, 0.010
SECONDS_PER_EVENT = 30e-6
"""What one of many small events may take, twice what it does: five thousand in a body are as much work as so many records."""
CANDIDATES, TIMES = 12, 3
COSTLY_SECONDS = 40e-6
"""A small body that takes longer is tried as an array of as many of it as a megabyte holds."""


Entry = TypeVar("Entry", bound=tuple[Any, ...])


class Timed(NamedTuple):
    """How long an input took, as a share of what it may take."""

    share: float
    number: int  # no two are equal, so that inputs are not compared
    seconds: float
    one: Input

    def __str__(self) -> str:
        size, shape = len(self.one.body), self.one.shape
        return f"{self.seconds * 1000:7.1f} ms, {self.share:4.0%} of what it may, {size:>9,} bytes: {shape[:90]}"


class Stopwatch:
    """Reads inputs, and keeps the slowest of each provider."""

    def __init__(self, rules: Rules) -> None:
        self.inputs = 0
        self.slowest: dict[str, list[Timed]] = {provider: [] for provider in DECODERS}
        self.costly: dict[str, list[tuple[float, int, Input]]] = {provider: [] for provider in DECODERS}
        self._rules = rules
        self._numbers = count()

    def read(self, inputs: Iterable[Input]) -> None:
        for one in inputs:
            timed = self.timed(one)
            _keep(self.slowest[one.provider], timed, CANDIDATES)
            if timed.seconds > COSTLY_SECONDS and len(one.body) < 5_000:
                per_byte = timed.seconds / max(len(one.body), MEGABYTE // EVENTS_LIMIT)
                _keep(self.costly[one.provider], (per_byte, timed.number, one), REPEATED)

    def timed(self, one: Input) -> Timed:
        begun = time.process_time()
        said = said_of(one, self._rules)
        seconds = time.process_time() - begun
        try:
            check(one, said)
        except Exception as error:
            raise AssertionError(f"{one.provider}: {one.shape}: {error}\n{one.body[:2000]!r}\n{one.context}") from error
        self.inputs += 1
        events = (
            EVENTS_LIMIT
            if "more than" in (said[0].detail if said and isinstance(said[0], Undecodable) else "")
            else len(said)
        )
        may = max(LEAST_SECONDS, SECONDS_PER_MEGABYTE * len(one.body) / MEGABYTE, SECONDS_PER_EVENT * events)
        return Timed(seconds / may, next(self._numbers), seconds, one)


@pytest.mark.soak
def test_no_input_breaks_the_law_or_takes_long() -> None:
    watch, fuzz = Stopwatch(load()), Fuzz(SEED)
    gc.collect()
    gc.freeze()  # the samples are many: looking through them again and again would be taken for the decoders' time
    try:
        watch.read(fuzz.small(SMALL))
        watch.read(fuzz.large(LARGE))
        for costly in watch.costly.values():
            watch.read(
                one._replace(shape=f"array of: {one.shape}", body=repeated(one.body.strip()))
                for _, _, one in list(costly)
            )
        best = {provider: _again(watch, slowest) for provider, slowest in watch.slowest.items()}
    finally:
        gc.unfreeze()
    print(f"\n{watch.inputs:,} inputs; the slowest of each provider:")  # noqa: T201 -- for who runs it
    for provider, timed in best.items():
        print(f"{provider:12} {timed}")  # noqa: T201
    assert watch.inputs >= 200_000
    assert not [f"{provider}: {timed}" for provider, timed in best.items() if timed.share > 1]


def _keep(heap: list[Entry], entry: Entry, most: int) -> None:
    (heapq.heappush if len(heap) < most else heapq.heappushpop)(heap, entry)


def _again(watch: Stopwatch, slowest: list[Timed]) -> Timed:
    """The slowest of the candidates, each at its best of three: a noisy machine slows some of the times, not all."""
    return max(min(watch.timed(timed.one) for _ in range(TIMES)) for timed in slowest)
