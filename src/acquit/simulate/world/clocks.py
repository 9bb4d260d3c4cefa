"""What receipts say of when messages came: true latency, the way of the receipt, and the clocks and feeds of suppliers.

A law is a sample of a route's deliveries, made into the latency bins of a tally: for each bin how many fall in, and what
part of their conversion is left.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquit.columns import EARLY_LIMIT, LATENCY_BINS, LATENCY_BOUNDS_MS
from acquit.simulate.world.delays import Delay, Proportional, Resampled, drawn
from acquit.simulate.world.laws import CORE_MEDIAN_SECONDS, STREAMS, TRANSPORT_SECONDS, Route, decay, honest_latency
from acquit.simulate.world.troubles import Trouble

SAMPLE = 8_192
"""Deliveries by which a law is known."""
HOUR_SECONDS, QUARTER_SECONDS, SKEW_SECONDS = 3_600.0, 900.0, 60.0
_BOUNDS_SECONDS = np.array(LATENCY_BOUNDS_MS[:-1]) / 1000
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Law:
    """Of deliveries that are told: the last of the bins stands for those told as before the submit, or far beyond."""

    bins: Floats  # LATENCY_BINS + 1 shares
    left: Floats  # by stream and bin: the part of the conversion that is left
    seconds: Floats  # 60 shares
    early: Floats  # of those before the submit, by quarter hours
    too_early: float  # of those before the submit, by more than clocks differ without a meaning


def honest_law(route: Route, trouble: Trouble | None, rng: np.random.Generator, *, into_it: float = 0.0) -> Law:
    """Of a route's true deliveries; `into_it` is how much of the trouble's days is over."""
    latency = honest_latency(route, SAMPLE, rng) * (trouble.latency if trouble else 1.0)
    return _law(route, latency, latency, trouble, rng, into_it)


def forged_law(route: Route, delay: Delay, trouble: Trouble | None, rng: np.random.Generator) -> Law:
    latency = drawn(delay, honest_latency(route, SAMPLE, rng), route.mode_seconds, rng)
    copies = isinstance(delay, Resampled | Proportional)  # of what is seen, the way of the receipt included
    return _law(route, latency, latency, trouble, rng, 0.0, hop_seconds=route.supplier.hop_seconds if copies else 0.0)


def handed_off_law(route: Route, rng: np.random.Generator) -> Law:
    """Told at once, whenever the message comes."""
    return _law(route, honest_latency(route, SAMPLE, rng), rng.uniform(0.2, 1.0, SAMPLE), None, rng, 0.0)


def _law(
    route: Route, latency: Floats, told: Floats, trouble: Trouble | None, rng: np.random.Generator, into_it: float,
    *, hop_seconds: float | None = None,
) -> Law:  # fmt: skip
    submitted = rng.uniform(0.0, HOUR_SECONDS, SAMPLE)
    hop = route.supplier.hop_seconds if hop_seconds is None else hop_seconds
    done = submitted + told + hop + rng.uniform(*TRANSPORT_SECONDS, SAMPLE)
    done = _dated(done, route.supplier.grain_seconds, trouble, into_it)
    after = done - submitted
    place = np.where(after < 0, LATENCY_BINS, np.searchsorted(_BOUNDS_SECONDS, after, side="right"))
    bins = np.bincount(place, minlength=LATENCY_BINS + 1)
    left = np.ones((len(STREAMS), LATENCY_BINS + 1))
    answers = (np.clip(latency, 0.5, 3_600.0) / CORE_MEDIAN_SECONDS) ** (trouble.slope if trouble else 0.0)
    for row, stream in enumerate(STREAMS):
        sums = np.bincount(place, weights=decay(stream, route, latency) * answers, minlength=LATENCY_BINS + 1)
        left[row] = np.divide(sums, bins, out=np.ones(LATENCY_BINS + 1), where=bins > 0)
    before = after[after < 0]
    quarters = np.minimum(np.round(-before / QUARTER_SECONDS).astype(int), EARLY_LIMIT)
    early = np.bincount(quarters, minlength=EARLY_LIMIT + 1) / max(1, len(before))
    seconds = np.bincount(done.astype(int) % 60, minlength=60) / SAMPLE
    too_early = float((before < -SKEW_SECONDS).mean()) if len(before) else 0.0
    return Law(bins / SAMPLE, left, seconds, early, too_early)


def _dated(done: Floats, grain_seconds: float, trouble: Trouble | None, into_it: float) -> Floats:
    """What the receipts say of the moments when they are sent."""
    if trouble is not None:
        if trouble.stall_seconds:
            done = np.maximum(done, trouble.stall_seconds)
        if trouble.batch_seconds:
            done = np.ceil(done / trouble.batch_seconds) * trouble.batch_seconds
        done = done + trouble.skew_seconds + trouble.skew_drift_seconds * into_it
        grain_seconds = max(grain_seconds, trouble.grain_seconds)
    return np.floor(done / grain_seconds) * grain_seconds
