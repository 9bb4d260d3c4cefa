"""The campaigns that batched messages belong to: who sends them, how many at once, and how well they are answered.

Of each country some are always on their way: a slot is one campaign after the other, for half an hour each.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquit.simulate.world import laws

SLOTS = 8
"""Campaigns at a time."""
SECONDS = 1_800.0
_WAVES = 50  # of a slot in a day
_SPREAD = 0.3
"""SD of the log of how well a campaign is answered."""


@dataclass(frozen=True)
class Drawn:
    """Of each message: its campaign's number of the day, size, sender, factor on its answers, and its part of the way."""

    number: NDArray[np.int64]
    size: NDArray[np.int64]
    sender: NDArray[np.int64]
    answers: NDArray[np.float64]
    position: NDArray[np.float64]


class Campaigns:
    """Of a country and day. Messages are spread evenly over sizes, for sizes are log-uniform."""

    def __init__(self, rng: np.random.Generator) -> None:
        count = SLOTS * _WAVES
        self._phase = rng.random(SLOTS)
        self._size = rng.integers(*laws.CAMPAIGN_SIZES, size=count)
        self._sender = rng.choice(len(laws.SENDERS), count, p=laws.SENDER_WEIGHTS)
        self._answers = np.exp(_SPREAD * rng.standard_normal(count) - _SPREAD**2 / 2)

    def draw(self, day_seconds: NDArray[np.float64], rng: np.random.Generator) -> Drawn:
        slot = rng.integers(SLOTS, size=len(day_seconds))
        wave, position = np.divmod(day_seconds / SECONDS + self._phase[slot], 1.0)
        number = slot * _WAVES + wave.astype(np.int64)
        return Drawn(number, self._size[number], self._sender[number], self._answers[number], position)
