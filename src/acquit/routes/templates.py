"""Where in latency a forger's receipts could lie: instants, constants, evenly spread, bumps of every place and width."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from acquit.columns import LATENCY_BINS
from acquit.routes.batching import BOUNDS_SECONDS, LONGEST_SECONDS, LOWER_SECONDS, SHORTEST_SECONDS
from acquit.routes.streams import Floats

_SPREADS = ((0.0, 1.0), (1.0, 5.0), (2.0, 6.0), (5.0, 10.0), (5.0, 15.0), (10.0, 20.0), (10.0, 30.0), (0.0, 30.0),
            (30.0, 60.0), (0.0, 60.0), (60.0, 120.0))  # fmt: skip
_WAY_SECONDS = 0.2
"""A forged receipt, too, takes its time until it is here."""
_WIDTHS = (0.2, 0.4)
"""SD of the log of a bump's latency."""
_STEP = 1.25
KNOWN = 0.5
"""Prior weight of the laws that public gateways have as their default: at once, or evenly spread."""


class Template(NamedTuple):
    """`shares`: of forged receipts, by latency bin. `weight`: prior; all weights together are one."""

    name: str
    shares: Floats
    weight: float


def templates() -> Sequence[Template]:
    known = [("instant", _even(0.02, 0.25))]
    known += [(f"even {low:g}-{high:g} s", _even(low + _WAY_SECONDS, high + _WAY_SECONDS)) for low, high in _SPREADS]
    near = [at for at in range(LATENCY_BINS) if 0.15 <= BOUNDS_SECONDS[at] < LONGEST_SECONDS]
    found = [(f"within {LOWER_SECONDS[at]:.2g}-{BOUNDS_SECONDS[at]:.2g} s", _within(at)) for at in near]
    found += [(f"within {LOWER_SECONDS[at]:.2g}-{BOUNDS_SECONDS[at + 1]:.2g} s", _within(at, at + 1)) for at in near]
    for width in _WIDTHS:
        centre = 0.15
        while centre < LONGEST_SECONDS:
            found.append((f"around {centre:.2g} s", _bump(centre, width)))
            centre *= _STEP ** max(1, round(width * 5))
    return [Template(name, shares, KNOWN / len(known)) for name, shares in known] + [
        Template(name, shares, (1 - KNOWN) / len(found)) for name, shares in found
    ]


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
    shares = ndtr((upper - middle) / width) - ndtr((lower - middle) / width)
    assert len(shares) == LATENCY_BINS
    assert centre > SHORTEST_SECONDS
    return np.asarray(shares)
