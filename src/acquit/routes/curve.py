"""Answers to be expected in each latency bin, if receipts of every latency were answered as this route's others are.

The judge's curve, fitted again with room for the shortfall that was found: a curve without that room runs through the dip and
hides it. Nothing is decided by it; sentences and dossiers show it.
"""

import numpy as np
from scipy.special import xlog1py, xlogy

from acquit.columns import LATENCY_BINS, PLACE
from acquit.routes.interaction import fit
from acquit.routes.share import LEAST_KEPT
from acquit.routes.streams import Floats, Ints
from acquit.routes.templates import templates
from acquit.routes.wording import LEAST_NATS

IN_TEMPLATE = 0.02
"""A bin with less of a template is not said to be of it."""
_SHORTFALLS = np.array([0.0, *np.geomspace(0.002, 0.98, 40)])
"""Of the receipts of a stream: those that nobody can answer."""


def missing_in(where: str, nats: float) -> Floats:
    """By latency bin: of the answers that are missing, those that are missing there. None, where the evidence of it is weak."""
    if nats < LEAST_NATS:
        return np.zeros(LATENCY_BINS)
    return next(template.shares for template in templates() if template.name == where)


def expected_answers(
    counts: Ints, usable: np.ndarray[tuple[int, int], np.dtype[np.bool_]], offset: Floats, offset_variance: Floats,
    missing: Floats,
) -> Floats:  # fmt: skip
    """By row and latency bin. All rows are of one place, and have one share of receipts that nobody can answer."""
    shortfalls = _SHORTFALLS if missing.any() else _SHORTFALLS[:1]
    n, k = (counts[:, PLACE[name]] * usable for name in ("delivered_in", "converted_in"))
    thin = missing * n.sum(axis=1, keepdims=True) / (n + 1)
    kept = np.clip(1 - shortfalls[:, None, None] * thin, LEAST_KEPT, 1.0)  # shortfall, row, bin
    many, flat = len(shortfalls), (-1, LATENCY_BINS)
    found = fit(
        np.tile(counts, (many, 1)), np.tile(usable, (many, 1)), (offset + np.log(kept)).reshape(flat),
        np.tile(offset_variance, (many, 1)),
    ).expected.reshape(kept.shape)  # fmt: skip
    best = int(_likelihoods(n, k, found).argmax())
    return np.asarray(found[best] / kept[best])


def _likelihoods(n: Ints, k: Ints, expected: Floats) -> Floats:
    """Log, binomial, by shortfall."""
    rate = np.clip(expected / np.maximum(n, 1), 1e-6, 1 - 1e-6)
    return np.asarray((xlogy(k, rate) + xlog1py(n - k, -rate)).sum(axis=(1, 2)))
