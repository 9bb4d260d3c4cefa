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
_LEAST_EXCESS = 0.02
"""Where so much of the deliveries is dated in seconds that have more than their sixtieth, some come in batches."""
_BLUR_PERIODS = 20
"""A bin is a quarter wide, and a batch blurs it by its period: later bins are blurred by a twentieth."""
HANDED_OFF = 0.02
"""Where so much is told when the network takes it, latencies are not those of handsets."""


def usable_bins(counts: Ints) -> NDArray[np.bool_]:
    """By row and latency bin: whether latencies of this row are as fine as the bin, and those of handsets."""
    total = np.maximum(counts[:, PLACE["delivered_at"]].sum(axis=1), 1).astype(float)
    share = counts[:, PLACE["delivered_at"]] / total[:, None]
    above = share - 1 / 60
    is_peak = above > 0.005 + 4 * np.sqrt(1 / 60 / total)[:, None]
    is_batched = ((above * is_peak).sum(axis=1) > _LEAST_EXCESS) & (total >= LEAST_DELIVERIES)
    period = 60.0 / np.maximum(is_peak.sum(axis=1), 1)
    finest = np.where(is_batched, np.maximum(_BLUR_PERIODS * period, 4 * _median(counts)), 0.0)
    handset, network = (counts[:, PLACE[name]].sum(axis=1) for name in ("handset", "network"))
    finest = np.where(network > HANDED_OFF * (handset + network), np.inf, finest)
    in_range = (LOWER_SECONDS >= SHORTEST_SECONDS / 1.3) & (LOWER_SECONDS < LONGEST_SECONDS)
    return np.asarray(in_range[None, :] & (LOWER_SECONDS[None, :] >= finest[:, None]))


def _median(counts: Ints) -> Floats:
    cumulated = np.cumsum(counts[:, PLACE["delivered_in"]], axis=1)
    place = (cumulated < cumulated[:, -1:] / 2).sum(axis=1)
    return np.asarray(BOUNDS_SECONDS[np.minimum(place, LATENCY_BINS - 1)])
