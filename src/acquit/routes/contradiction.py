"""Receipts of delivery from numbers that receive nothing, and silence of handsets that were delivered to.

Evidence is a Bayes factor in nats: that a share f of receipts is forged, against none, where some of the numbers are not what
we believe (their error). The error has a prior of its own, never that of peers: where most suppliers of a carrier forge,
peers would make forging normal. Peers only can excuse: a carrier may have given numbers away anew, and then all suppliers
deliver to them.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from acquit.routes.logs import log_mean, log_sum
from acquit.routes.peers import others
from acquit.routes.streams import Floats, Ints, summed

SHARES = np.geomspace(0.003, 0.99, 24)
ERRORS = np.geomspace(2e-5, 0.9, 56)
LIAR_ODDS = 0.1
"""Prior probability that a peer lies, too."""
_ROUTE_FACTORS = np.exp(0.35 * np.array([-1.2, 0.0, 1.2]))
"""Routes have errors around that of their carrier: their customers' numbers are older or newer."""
MOST_COUNTED = 150.0
"""More contradictions than this measure a rate more finely than ERRORS are apart, and than routes' errors are known."""
LEAST_SUPPLIERS = 3
WAVE_OR_OPERATOR = 0.3
"""Where all suppliers of a carrier deliver to dead numbers, a wave of numbers given anew is no rare excuse."""


@dataclass(frozen=True)
class Prior:
    """Errors of a kind of number: Gamma of shape 2, and now and then a wave with a larger scale."""

    scale: float
    wave_scale: float
    wave_share: float = 0.03


KNOWN_DEAD = Prior(0.0015, 0.0075)
"""Failed for good with two independent suppliers in the last thirty days."""
OWN_DEAD = Prior(0.0005, 0.001)
OWN_LIVE = Prior(0.01, 0.25)
"""Handsets of ours that do not answer: they are off, all at once."""


@dataclass(frozen=True)
class Contradiction:
    """By place: the evidence, and what it rests on."""

    nats: Floats
    operator_nats: Floats  # by place: that its carrier answers for all suppliers alike
    tried: Floats
    found: Floats
    errors: Floats  # place, error: log weights, by the prior and what peers show


def contradicted(tried: Ints, delivered: Ints, carrier: Ints, supplier: Ints, prior: Prior) -> Contradiction:
    """`tried` messages to numbers of this kind, `delivered` of them by the receipts; by place."""
    if not tried.any():
        nothing = np.zeros(len(tried))
        return Contradiction(nothing, nothing - np.inf, nothing, nothing, np.zeros((len(tried), len(ERRORS))))
    n, x = tried.astype(float), np.minimum(delivered, tried).astype(float)
    part = np.minimum(1.0, MOST_COUNTED / np.maximum(x, 1.0))
    some, none = _likelihoods(n * part, x * part)
    calm = _gamma(prior.scale)
    waves, likely_waves = (
        np.logaddexp(np.log1p(-share) + calm, np.log(share) + _gamma(prior.wave_scale))
        for share in (prior.wave_share, WAVE_OR_OPERATOR)
    )
    forged = _over_shares(some)  # place, error: some share, none known better
    own = log_sum(calm + forged, axis=1) - log_sum(calm + none, axis=1)
    peers = others(np.logaddexp(np.log1p(-LIAR_ODDS) + none, np.log(LIAR_ODDS) + forged), carrier, supplier)
    excused = log_sum(waves + peers + forged, axis=1) - log_sum(waves + peers + none, axis=1)
    return Contradiction(
        nats=np.minimum(own, excused),
        operator_nats=_operator(some, none, forged, likely_waves, carrier, supplier),
        tried=n,
        found=x,
        errors=waves + peers - log_sum(waves + peers, axis=1)[:, None],
    )


def likelihood(of: Contradiction, place: int, shares: Floats) -> Floats:
    """Log likelihood of each share of messages being forged, at this place."""
    n, x = of.tried[place : place + 1], of.found[place : place + 1]
    errors = np.minimum(0.95, ERRORS[:, None] * _ROUTE_FACTORS)
    each = [log_mean(_binomial(n, x, share + (1 - share) * errors), axis=2)[0] for share in shares]
    return log_sum(np.stack(each) + of.errors[place], axis=1)


def _likelihoods(n: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Log likelihoods by place, share and error; and by place and error with no share."""
    choose = gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)
    errors = np.minimum(0.95, ERRORS[:, None] * _ROUTE_FACTORS)  # error, factor
    some = np.empty((len(n), len(SHARES), len(ERRORS)))
    for number, share in enumerate(SHARES):
        some[:, number] = log_mean(_binomial(n, x, share + (1 - share) * errors), axis=2) + choose[:, None]
    return some, log_mean(_binomial(n, x, errors), axis=2) + choose[:, None]


def _over_shares(some: Floats) -> Floats:
    """The mean over shares, one by one: all together they would fill the memory."""
    total = np.full((some.shape[0], some.shape[2]), -np.inf)
    for number in range(some.shape[1]):
        total = np.logaddexp(total, some[:, number])
    return np.asarray(total - np.log(some.shape[1]))


def _binomial(n: Floats, x: Floats, p: Floats) -> Floats:
    return np.asarray(x[:, None, None] * np.log(p) + (n - x)[:, None, None] * np.log1p(-p))


def _gamma(scale: float) -> Floats:
    """Log weights of ERRORS, which lie evenly in their logarithm."""
    weights = 2 * np.log(ERRORS / scale) - ERRORS / scale
    return np.asarray(weights - log_sum(weights, 0))


def _operator(some: Floats, none: Floats, forged: Floats, waves: Floats, carrier: Ints, supplier: Ints) -> Floats:
    """That all suppliers of a carrier have the same share of forged receipts, against each its own, or none."""
    size = int(carrier.max(initial=-1)) + 1
    alike = summed(some, carrier, size)
    each = summed(np.logaddexp(np.log1p(-LIAR_ODDS) + none, np.log(LIAR_ODDS) + forged), carrier, size)
    nats = log_mean(log_sum(waves + alike, axis=2), axis=1) - log_sum(waves + each, axis=1)
    suppliers = np.array([len(np.unique(supplier[carrier == number])) for number in range(size)])
    return np.asarray(np.where(suppliers >= LEAST_SUPPLIERS, nats, -np.inf)[carrier])
