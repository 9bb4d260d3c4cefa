"""What is odd beside its peers and proves nothing: fewer answers, fewer failures, receipts at once, people who deny.

New content, pumped traffic, a clean list and receipts of hand-over look the same. These signs may make a route suspect,
never contradicted.
"""

from dataclasses import dataclass

import numpy as np

from acquit.columns import PLACE
from acquit.routes.batching import BOUNDS_SECONDS, HANDED_OFF
from acquit.routes.peers import middle
from acquit.routes.streams import Floats, Grouping, Ints, summed

LEAST_SUPPLIERS = 3.0
"""Total trust of the peers, below which there is no level to compare with."""
LEVEL_SPREAD, FAILURE_SPREAD, DENIAL_SPREAD = 0.02, 0.3, 0.5
"""SD of logarithms between honest routes, at least."""
SUSPECT_Z = 3.3
AT_ONCE_SECONDS, AT_ONCE_SHARE = 0.3, 0.2
"""No handset answers so fast; a carrier does that takes a message over."""


@dataclass(frozen=True)
class Compared:
    """By place: the log of its ratio to its peers, what that is uncertain by, and how many SDs; NaN without peers."""

    ratio: Floats
    error: Floats

    @property
    def z(self) -> Floats:
        return np.asarray(np.nan_to_num(self.ratio / self.error))


@dataclass(frozen=True)
class Suspicion:
    answers: Compared  # of deliveries
    failures: Compared  # of final messages
    denials: Compared  # of deliveries
    at_once: Floats  # share of deliveries told within AT_ONCE_SECONDS, to the handset

    @property
    def signs(self) -> dict[str, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
        """By sign: which places show it."""
        return {
            "fewer answers than its peers": self.answers.z < -SUSPECT_Z,
            "fewer failures than its peers": self.failures.z < -SUSPECT_Z,
            "more people say that nothing came": self.denials.z > SUSPECT_Z,
            "receipts come before a handset could answer": self.at_once > AT_ONCE_SHARE,
        }


def suspicion(counts: Ints, grouping: Grouping, trust: Floats) -> Suspicion:
    handset = counts[:, PLACE["handset"]].sum(axis=1).astype(float)
    delivered = handset + counts[:, PLACE["network"]].sum(axis=1)
    answered = counts[:, PLACE["converted_hour"]].sum(axis=1).astype(float)
    failed = counts[:, PLACE["failed"]].sum(axis=1).astype(float)
    denied = counts[:, PLACE["not_received"]].sum(axis=1).astype(float)
    fast = int(np.searchsorted(BOUNDS_SECONDS, AT_ONCE_SECONDS)) + 1
    first = PLACE["delivered_in"].start
    is_of_handsets = delivered - handset <= HANDED_OFF * delivered
    at_once = counts[:, first : first + fast].sum(axis=1) * is_of_handsets
    size = len(grouping.places)
    return Suspicion(
        _compared(answered, delivered, grouping, trust, LEVEL_SPREAD),
        _compared(failed * is_of_handsets, (failed + delivered) * is_of_handsets, grouping, trust, FAILURE_SPREAD),
        _compared(denied, delivered + failed, grouping, trust, DENIAL_SPREAD),
        summed(at_once.astype(float), grouping.place, size) / np.maximum(summed(handset, grouping.place, size), 1),
    )


def _compared(part: Floats, whole: Floats, grouping: Grouping, trust: Floats, least: float) -> Compared:
    """Each stream beside the middle of its market; the streams of a place together, the sure ones more."""
    known = whole >= 100
    rate = np.log((part + 0.5) / (whole + 1))
    chance = (1 - part / np.maximum(whole, 1)) / (part + 0.5)
    usual, weight = middle(rate, trust * known, grouping.market, grouping.supplier)
    is_near = weight >= LEAST_SUPPLIERS - 0.5
    spread = _spread(rate - usual, chance, known & is_near, grouping.stream, least)
    if not is_near.all():  # of all carriers, then: they lie further apart
        far, far_weight = middle(rate, trust * known, grouping.stream, grouping.supplier)
        wider = _spread(rate - far, chance, known, grouping.stream, least)
        usual, weight, spread = (
            np.where(is_near, near, away) for near, away in ((usual, far), (weight, far_weight), (spread, wider))
        )
    ratio = np.where(known & (weight >= LEAST_SUPPLIERS - 0.5), rate - usual, np.nan)
    precision = np.where(np.isfinite(ratio), 1 / (chance + spread**2), 0.0)
    size = len(grouping.places)
    total = summed(precision, grouping.place, size)
    mean = summed(np.nan_to_num(ratio) * precision, grouping.place, size) / np.maximum(total, 1e-12)
    return Compared(
        np.where(total > 0, mean, np.nan), np.where(total > 0, 1 / np.sqrt(np.maximum(total, 1e-12)), np.nan)
    )


def _spread(
    ratio: Floats, chance: Floats, known: np.ndarray[tuple[int], np.dtype[np.bool_]], stream: Ints, least: float
) -> Floats:
    """By row: SD between honest routes of a class beyond chance."""
    out = np.full(len(ratio), least)
    for number in np.unique(stream):
        rows = (stream == number) & known & np.isfinite(ratio)
        if rows.sum() >= 10:
            beyond = np.median((ratio[rows] ** 2 - 0.455 * chance[rows]) / 0.455)
            out[stream == number] = np.sqrt(max(least**2, beyond))
    return out
