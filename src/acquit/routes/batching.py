"""Receipts that arrive in batches, or are dated by the minute, blur latencies finer than their period.

They are known by the second of the minute at which deliveries are dated. That is no evidence against anybody: honest suppliers
batch. It says which latency bins mean something.
"""

import numpy as np
from numpy.typing import NDArray

from acquit.columns import LATENCY_BINS, LATENCY_BOUNDS_MS, PLACE
from acquit.routes.streams import Floats, Ints

BOUNDS_SECONDS = np.array(LATENCY_BOUNDS_MS) / 1000
LOWER_SECONDS = np.concatenate([[0.0], BOUNDS_SECONDS[:-1]])
SHORTEST_SECONDS, LONGEST_SECONDS = 0.05, 1_800.0
"""Between these conversion is compared with latency. Later ones are few, and few answer them."""
LEAST_DELIVERIES = 200
_MOST, _FEW_SECONDS = 0.9, 36
"""Where so much of the deliveries is dated in so few of the sixty seconds, they come in batches."""


def usable_bins(counts: Ints) -> NDArray[np.bool_]:
    """By row and latency bin: whether latencies of this row are as fine as the bin."""
    spread = np.sort(counts[:, PLACE["delivered_at"]], axis=1)[:, ::-1]
    total = spread.sum(axis=1)
    seconds = (np.cumsum(spread, axis=1) < _MOST * total[:, None]).sum(axis=1) + 1
    is_batched = (seconds <= _FEW_SECONDS) & (total >= LEAST_DELIVERIES)
    period = np.where(is_batched, np.maximum(60.0 / seconds, 1.0), 0.0)
    finest = np.where(is_batched, np.maximum(10 * period, 4 * _median(counts)), 0.0)
    in_range = (LOWER_SECONDS >= SHORTEST_SECONDS / 1.3) & (LOWER_SECONDS < LONGEST_SECONDS)
    return np.asarray(in_range[None, :] & (LOWER_SECONDS[None, :] >= finest[:, None]))


def _median(counts: Ints) -> Floats:
    cumulated = np.cumsum(counts[:, PLACE["delivered_in"]], axis=1)
    place = (cumulated < cumulated[:, -1:] / 2).sum(axis=1)
    return np.asarray(BOUNDS_SECONDS[np.minimum(place, LATENCY_BINS - 1)])
