"""What others do, to compare with: of the same carrier or class, never of the same supplier, and weighted by trust.

A supplier is not its own peer, whatever its routes are called. Who is under suspicion counts for less, so that many liars do
not make lying normal.
"""

import numpy as np
from scipy.special import expit

from acquit.events import VerdictWord
from acquit.routes.streams import Floats, Grouping, Ints, summed

DOUBT_NATS = 2.0
"""Evidence at which a place's trust is one half."""
TRUST: dict[VerdictWord, float] = {"clean": 1.0, "suspect": 0.5, "contradicted": 0.02}
"""By what was said of a place before."""


def trust_of(nats: Floats) -> Floats:
    """How much a place says of what is normal, from 0 to 1."""
    return np.asarray(expit(DOUBT_NATS - nats))


def others(values: Floats, group: Ints, supplier: Ints) -> Floats:
    """By row: added up over the rows of the same group and other suppliers."""
    of_group = summed(values, group, int(group.max(initial=-1)) + 1)
    pair, number = np.unique(group * (int(supplier.max(initial=0)) + 1) + supplier, return_inverse=True)
    return np.asarray(of_group[group] - summed(values, number, len(pair))[number])


def numbers_of_peers(grouping: Grouping) -> Ints:
    """By place: how many other suppliers its carrier has."""
    count = np.zeros(len(grouping.places), np.int64)
    for carrier in np.unique(grouping.place_carrier):
        here = grouping.place_carrier == carrier
        count[here] = len(np.unique(grouping.place_supplier[here])) - 1
    return count


def middle(values: Floats, weights: Floats, group: Ints, supplier: Ints) -> tuple[Floats, Floats]:
    """By row: the weighted median of the rows of the same group and other suppliers, and their total weight."""
    out, total = np.full(len(values), np.nan), np.zeros(len(values))
    order = np.lexsort((values, group))
    bounds = np.flatnonzero(np.diff(group[order], prepend=-1))
    for first, last in zip(bounds, [*bounds[1:], len(order)], strict=True):
        rows = order[first:last]
        for row in rows:
            peers = rows[(supplier[rows] != supplier[row]) & (weights[rows] > 0)]
            if len(peers):
                cumulated = np.cumsum(weights[peers])
                total[row] = cumulated[-1]
                out[row] = values[peers[int(np.searchsorted(cumulated, cumulated[-1] / 2))]]
    return out, total
