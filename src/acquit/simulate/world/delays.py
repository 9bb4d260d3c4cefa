"""How long after its submit a forged receipt says that the message was delivered: laws that a forger could use.

`Resampled`, `Proportional` and `Mode` follow the honest law of the route that they hide in.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Seconds: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Uniform:
    low_seconds: float
    high_seconds: float


@dataclass(frozen=True)
class Constant:
    seconds: float
    jitter_seconds: float = 0.05


@dataclass(frozen=True)
class LogNormal:
    median_seconds: float
    sigma: float


@dataclass(frozen=True)
class Gamma:
    shape: float
    scale_seconds: float


@dataclass(frozen=True)
class Bimodal:
    """One of two, the first with this weight."""

    first: "LogNormal | Uniform | Constant"
    second: "LogNormal | Uniform | Constant"
    weight: float


@dataclass(frozen=True)
class Resampled:
    """As honest receipts of the route come: nothing in the latency tells them apart."""


@dataclass(frozen=True)
class Proportional:
    """An honest delay, made shorter or longer."""

    factor: float


@dataclass(frozen=True)
class Mode:
    """Narrowly around the carrier's most frequent delay."""

    sigma: float = 0.15


Delay: TypeAlias = Uniform | Constant | LogNormal | Gamma | Bimodal | Resampled | Proportional | Mode

INSTANT = Uniform(0.02, 0.2)
"""What a gateway does that answers its own submit."""


def drawn(delay: Delay, honest: Seconds, mode_seconds: float, rng: np.random.Generator) -> Seconds:  # noqa: PLR0911 - a law, a line
    """One delay for each of as many honest delays of the route."""
    size = len(honest)
    match delay:
        case Uniform(low, high):
            return rng.uniform(low, high, size)
        case Constant(seconds, jitter):
            return np.maximum(0.0, seconds + jitter * rng.uniform(-1.0, 1.0, size))
        case LogNormal(median, sigma):
            return median * np.exp(sigma * rng.standard_normal(size))
        case Gamma(shape, scale):
            return scale * rng.standard_gamma(shape, size)
        case Bimodal(first, second, weight):
            one, other = drawn(first, honest, mode_seconds, rng), drawn(second, honest, mode_seconds, rng)
            return np.where(rng.random(size) < weight, one, other)
        case Resampled():
            return honest
        case Proportional(factor):
            return honest * factor
        case Mode(sigma):
            return mode_seconds * np.exp(sigma * rng.standard_normal(size))
