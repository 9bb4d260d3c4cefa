"""Where in latency a forger's receipts could lie: instants, constants, evenly spread, bumps of every place and width."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from acquit.columns import LATENCY_BINS
from acquit.routes.batching import BOUNDS_SECONDS, LONGEST_SECONDS, LOWER_SECONDS, SHORTEST_SECONDS
from acquit.routes.streams import Floats

_SPREADS = ((0.0, 1.0), (1.0, 5.0), (2.0, 6.0), (5.0, 10.0), (5.0, 15.0), (10.0, 20.0), (10.0, 30.0), (0.0, 30.0),
            (30.0, 60.0), (0.0, 60.0), (60.0, 120.0))  # fmt: skip
_WIDTHS = (0.2, 0.4)
"""SD of the log of a bump's latency."""
_STEP = 1.25


class Template(NamedTuple):
    """`shares`: of forged receipts, by latency bin."""

    name: str
    shares: Floats


def templates() -> Sequence[Template]:
    found = [Template("instant", _even(0.02, 0.25))]
    found += [Template(f"even {low:g}-{high:g} s", _even(low, high)) for low, high in _SPREADS]
    near = [place for place in range(LATENCY_BINS) if 0.15 <= BOUNDS_SECONDS[place] < LONGEST_SECONDS]
    found += [
        Template(f"within {LOWER_SECONDS[place]:.2g}-{BOUNDS_SECONDS[place]:.2g} s", _within(place)) for place in near
    ]
    found += [
        Template(f"within {LOWER_SECONDS[place]:.2g}-{BOUNDS_SECONDS[place + 1]:.2g} s", _within(place, place + 1))
        for place in near
    ]
    for width in _WIDTHS:
        centre = 0.15
        while centre < LONGEST_SECONDS:
            found.append(Template(f"around {centre:.2g} s", _bump(centre, width)))
            centre *= _STEP ** max(1, round(width * 5))
    return found


def _within(*places: int) -> Floats:
    """A constant delay lies in one bin, or on the bound of two."""
    shares = np.zeros(LATENCY_BINS)
    shares[list(places)] = 1 / len(places)
    return shares


def _even(low: float, high: float) -> Floats:
    upper = np.append(BOUNDS_SECONDS[:-1], np.inf)
    overlap = np.clip(np.minimum(upper, high) - np.maximum(LOWER_SECONDS, low), 0, None)
    return np.asarray(overlap / overlap.sum())


def _bump(centre: float, width: float) -> Floats:
    upper = np.append(np.log(BOUNDS_SECONDS[:-1]), np.inf)
    lower = np.concatenate([[-np.inf], upper[:-1]])
    middle = np.log(centre)
    shares = norm.cdf(upper, middle, width) - norm.cdf(lower, middle, width)
    assert len(shares) == LATENCY_BINS
    assert centre > SHORTEST_SECONDS
    return np.asarray(shares)
