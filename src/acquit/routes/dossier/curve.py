"""Answers to be expected in each latency bin, if receipts of every latency were answered as this route's others are.

The judge's curve, fitted again with room for the shortfall that was found: a curve without that room runs through the dip and
hides it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from acquit.columns import LATENCY_BINS, PLACE
from acquit.routes.batching import usable_bins
from acquit.routes.interaction import fit, peer_curve
from acquit.routes.peers import TRUST
from acquit.routes.share import LEAST_KEPT
from acquit.routes.streams import Floats, Grouping, Ints
from acquit.routes.templates import templates
from acquit.routes.verdict import Part, Verdict
from acquit.routes.wording import LEAST_NATS

IN_TEMPLATE = 0.02
"""A bin with less of a template is not said to be of it."""
_SHORTFALLS = (0.0, *np.geomspace(0.002, 0.98, 40).tolist())


@dataclass(frozen=True)
class Curve:
    """By latency bin, the place's streams together. Not `usable`: batches blur it, or it is too late to say anything."""

    delivered: Floats
    answered: Floats
    expected: Floats
    usable: np.ndarray[tuple[int], np.dtype[np.bool_]]
    suspect: np.ndarray[tuple[int], np.dtype[np.bool_]]


def curve(number: int, counts: Ints, grouping: Grouping, verdicts: Sequence[Verdict]) -> Curve:
    """Of the place with this number; `verdicts` of all places say whose curve counts how much."""
    words = {verdict.place: verdict.word for verdict in verdicts}
    trust = np.array([TRUST[words.get(place, "clean")] for place in grouping.places])
    usable = usable_bins(counts)
    offset, variance = peer_curve(counts, usable, grouping, trust[grouping.place])
    rows = np.flatnonzero(grouping.place == number)
    found = next(verdict for verdict in verdicts if verdict.place == grouping.places[number])
    template = _template(next(part for part in found.parts if part.name == "latency"))
    n, k = (counts[rows, PLACE[name]] * usable[rows] for name in ("delivered_in", "converted_in"))

    def kept(share: float) -> Floats:
        """What a shortfall of this share leaves of the answers of each bin."""
        return np.asarray(np.clip(1 - share * template * n.sum(axis=1, keepdims=True) / (n + 1), LEAST_KEPT, 1.0))

    fits = {
        share: fit(counts[rows], usable[rows], offset[rows] + np.log(kept(share)), variance[rows])
        for share in (_SHORTFALLS if template.any() else (0.0,))
    }
    best = max(fits, key=lambda share: _likelihood(n, k, fits[share].expected))
    expected = fits[best].expected / kept(best)
    return Curve(
        counts[rows, PLACE["delivered_in"]].sum(axis=0),
        counts[rows, PLACE["converted_in"]].sum(axis=0),
        expected.sum(axis=0),
        np.asarray(usable[rows].any(axis=0)),
        template > IN_TEMPLATE,
    )


def _likelihood(n: Ints, k: Ints, expected: Floats) -> float:
    """Log, binomial."""
    rate = np.clip(expected / np.maximum(n, 1), 1e-6, 1 - 1e-6)
    return float((k * np.log(rate) + (n - k) * np.log1p(-rate))[n > 0].sum())


def _template(part: Part) -> Floats:
    """Where answers are missing: nowhere, if the evidence of that is weak."""
    if part.nats < LEAST_NATS:
        return np.zeros(LATENCY_BINS)
    return next(template.shares for template in templates() if template.name == part.where)
