"""Receipts of delivery from numbers that receive nothing, and silence of handsets that were delivered to.

Evidence is a Bayes factor in nats: that a share f of receipts is forged, against none, where some of the numbers are not what
we believe (their error). The error has a prior of its own, never that of peers: where most suppliers of a carrier forge,
peers would make forging normal. Peers only can excuse: a carrier may have given numbers away anew, and then all suppliers
deliver to them.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, logsumexp

from acquit.routes.streams import Floats, Ints

SHARES = np.geomspace(0.003, 0.99, 24)
ERRORS = np.geomspace(2e-5, 0.9, 56)
LIAR_ODDS = 0.1
"""Prior probability that a peer lies, too."""
_ROUTE_FACTORS = np.exp(0.35 * np.array([-1.2, 0.0, 1.2]))
"""Routes have errors around that of their carrier: their customers' numbers are older or newer."""
LEAST_SUPPLIERS = 3


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
    """By place: the evidence; how likely each of SHARES is (log, unnormalised), and none."""

    nats: Floats
    operator_nats: Floats  # by place: that its carrier answers for all suppliers alike
    likelihood: Floats  # place, share
    at_zero: Floats


def contradicted(tried: Ints, delivered: Ints, carrier: Ints, supplier: Ints, prior: Prior) -> Contradiction:
    """`tried` messages to numbers of this kind, `delivered` of them by the receipts; by place."""
    n, x = tried.astype(float), np.minimum(delivered, tried).astype(float)
    some, none = _likelihoods(n, x)
    calm = _gamma(prior.scale)
    waves = np.logaddexp(np.log1p(-prior.wave_share) + calm, np.log(prior.wave_share) + _gamma(prior.wave_scale))
    forged = _mean(some, axis=1)  # place, error: some share, none known better
    own = logsumexp(calm + forged, axis=1) - logsumexp(calm + none, axis=1)
    peers = _peers(np.logaddexp(np.log1p(-LIAR_ODDS) + none, np.log(LIAR_ODDS) + forged), carrier, supplier)
    excused = logsumexp(waves + peers + forged, axis=1) - logsumexp(waves + peers + none, axis=1)
    return Contradiction(
        nats=np.minimum(own, excused),
        operator_nats=_operator(some, none, forged, waves, carrier, supplier),
        likelihood=logsumexp((calm + peers)[:, None, :] + some, axis=2),
        at_zero=logsumexp(calm + peers + none, axis=1),
    )


def _likelihoods(n: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Log likelihoods by place, share and error; and by place and error with no share."""
    choose = gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)
    errors = np.minimum(0.95, ERRORS[:, None] * _ROUTE_FACTORS)  # error, factor
    some = np.stack([_mean(_binomial(n, x, share + (1 - share) * errors), axis=2) for share in SHARES], axis=1)
    return some + choose[:, None, None], _mean(_binomial(n, x, errors), axis=2) + choose[:, None]


def _binomial(n: Floats, x: Floats, p: Floats) -> Floats:
    return np.asarray(x[:, None, None] * np.log(p) + (n - x)[:, None, None] * np.log1p(-p))


def _mean(log_values: Floats, axis: int) -> Floats:
    return np.asarray(logsumexp(log_values, axis=axis) - np.log(log_values.shape[axis]))


def _gamma(scale: float) -> Floats:
    """Log weights of ERRORS, which lie evenly in their logarithm."""
    weights = 2 * np.log(ERRORS / scale) - ERRORS / scale
    return np.asarray(weights - logsumexp(weights))


def _peers(log_values: Floats, carrier: Ints, supplier: Ints) -> Floats:
    """Added up over the places of the same carrier and other suppliers."""
    of_carrier = np.zeros((int(carrier.max(initial=-1)) + 1, log_values.shape[1]))
    np.add.at(of_carrier, carrier, log_values)
    pair = carrier * (int(supplier.max(initial=0)) + 1) + supplier
    names, number = np.unique(pair, return_inverse=True)
    of_pair = np.zeros((len(names), log_values.shape[1]))
    np.add.at(of_pair, number, log_values)
    return np.asarray(of_carrier[carrier] - of_pair[number])


def _operator(some: Floats, none: Floats, forged: Floats, waves: Floats, carrier: Ints, supplier: Ints) -> Floats:
    """That all suppliers of a carrier have the same share of forged receipts, against each its own, or none."""
    size = int(carrier.max(initial=-1)) + 1
    alike, each = np.zeros((size, *some.shape[1:])), np.zeros((size, none.shape[1]))
    np.add.at(alike, carrier, some)
    np.add.at(each, carrier, np.logaddexp(np.log1p(-LIAR_ODDS) + none, np.log(LIAR_ODDS) + forged))
    nats = _mean(logsumexp(waves + alike, axis=2), axis=1) - logsumexp(waves + each, axis=1)
    suppliers = np.array([len(np.unique(supplier[carrier == number])) for number in range(size)])
    return np.asarray(np.where(suppliers >= LEAST_SUPPLIERS, nats, -np.inf)[carrier])
