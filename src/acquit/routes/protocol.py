"""Receipts that cannot be true by their own dates: delivered before the submit, beyond what clocks and zones explain.

A clock that is wrong is wrong for all: when most early receipts are early by one and the same number of quarter hours, that is
a zone, and no contradiction.
"""

import numpy as np
from scipy.special import gammaln

from acquit.columns import PLACE, contradiction
from acquit.routes.streams import Floats, Ints

SHARES = np.geomspace(0.003, 0.9, 16)
ODDITY_SHAPE, ODDITY_RATE = 0.5, 1e-4
"""Honest dates are so often wrong: Gamma."""
_ONE_ZONE = 0.7


def before_submit(counts: Ints) -> tuple[Floats, Floats]:
    """By row: delivered before the submit and not by a zone; and the nats of that."""
    early = counts[:, PLACE["early"]].astype(float)
    early[:, 0] = 0.0  # less than eight minutes: clocks
    total = early.sum(axis=1)
    near = early + np.roll(early, 1, axis=1) + np.roll(early, -1, axis=1)
    is_zone = near.max(axis=1) > _ONE_ZONE * total
    unexplained = np.where(is_zone, 0.0, np.minimum(total, counts[:, contradiction("delivered_before_submit")]))
    delivered = counts[:, PLACE["handset"]].sum(axis=1).astype(float)
    return unexplained, _nats(unexplained, delivered)


def _nats(found: Floats, of: Floats) -> Floats:
    """Poisson with a rate of SHARES against negative binomial with honest oddities."""
    rate = ODDITY_RATE / ODDITY_SHAPE
    some = np.stack([found * np.log(np.maximum(of * share, 1e-9)) - of * share for share in SHARES])
    some = np.logaddexp.reduce(some, axis=0) - np.log(len(SHARES))
    from_oddity = found * np.log(np.maximum(of * rate, 1e-9)) - (found + ODDITY_SHAPE) * np.log1p(of * rate)
    growth = gammaln(ODDITY_SHAPE + found) - gammaln(ODDITY_SHAPE)
    return np.asarray(np.where(found > 0, some - from_oddity - growth, 0.0))
