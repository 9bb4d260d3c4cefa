"""What people use today, by day and route: delivery too good, conversion fallen, latencies unlike those of before."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from acquit.columns import PLACE
from acquit.simulate.world.tallies import Drawn

TOO_GOOD, FALLEN, UNLIKE = 0.985, 0.15, 0.25
"""Delivery above 98.5 %, conversion 15 % below the week before, population stability index above 0.25."""
LEAST = 100
Fires = NDArray[np.bool_]


def delivery_too_good(drawn: Drawn, day: int) -> Fires:
    delivered, failed = (drawn.counts[:, :, day, PLACE[name]].sum(axis=(1, 2)) for name in ("handset", "failed"))
    return np.asarray((delivered / np.maximum(delivered + failed, 1) > TOO_GOOD) & (delivered + failed >= LEAST))


def conversion_fallen(drawn: Drawn, day: int) -> Fires:
    """Of one-time passwords, against the seven days before."""
    answered = drawn.counts[:, 0, :, PLACE["converted_hour"]].sum(axis=2)
    delivered = drawn.counts[:, 0, :, PLACE["handset"]].sum(axis=2)
    week = slice(max(0, day - 7), day)
    now = answered[:, day] / np.maximum(delivered[:, day], 1)
    before = answered[:, week].sum(axis=1) / np.maximum(delivered[:, week].sum(axis=1), 1)
    return np.asarray((now < (1 - FALLEN) * before) & (delivered[:, day] >= LEAST))


def latency_unlike(drawn: Drawn, day: int) -> Fires:
    """Population stability index in ten bins, deciles of the seven days before."""
    bins = drawn.counts[..., PLACE["delivered_in"]].sum(axis=1)
    now, before = bins[:, day], bins[:, max(0, day - 7) : day].sum(axis=1)
    cumulated = np.cumsum(before, axis=1) / np.maximum(before.sum(axis=1, keepdims=True), 1)
    decile = np.minimum((cumulated * 10).astype(int), 9)
    psi = np.zeros(len(now))
    for number in range(10):
        inside = decile == number
        p = np.maximum((now * inside).sum(axis=1) / np.maximum(now.sum(axis=1), 1), 1e-4)
        q = np.maximum((before * inside).sum(axis=1) / np.maximum(before.sum(axis=1), 1), 1e-4)
        psi += (p - q) * np.log(p / q)
    return np.asarray((psi > UNLIKE) & (now.sum(axis=1) >= LEAST))


RULES: Mapping[str, Callable[[Drawn, int], Fires]] = {
    "delivery > 98.5 %": delivery_too_good,
    "conversion drop": conversion_fallen,
    "latency PSI > 0.25": latency_unlike,
}
