"""Conversion by latency inside one route: nobody answers a forged receipt, so answers are missing where forged ones lie.

The route's own level, audience and content cancel. Conversion by bin is fitted as a log-linear curve (level, slope, curvature,
loss of use with time; all but the level held near to what honest routes have) around the curve of other suppliers. Each
template is then a direction in which counts can fall short. Score U and information V add over the streams of a place;
evidence is a Bayes factor over templates and shares, in nats.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from acquit.columns import PLACE
from acquit.routes.batching import BOUNDS_SECONDS, LOWER_SECONDS
from acquit.routes.logs import log_mean, log_sum
from acquit.routes.peers import others
from acquit.routes.streams import Floats, Grouping, Ints, summed

SHARES = np.geomspace(0.003, 0.6, 14)
"""Of receipts of delivery: phi."""
_U = np.log(np.sqrt(np.maximum(LOWER_SECONDS, 0.04) * BOUNDS_SECONDS) / 4.0)
_LATE = np.minimum(np.sqrt(np.maximum(LOWER_SECONDS, 0.04) * BOUNDS_SECONDS), 1_800.0) / 240.0
BASIS = np.stack([np.ones_like(_U), _U, _U**2 / 4, -_LATE], axis=1)
NUISANCE_SPREAD = np.array([10.0, 0.02, 0.02, 0.45])
"""How far honest routes lie from their peers' curve: level (any), slope, curvature, loss of use."""
_WITHIN = (0.001 + 0.072 * _LATE) ** 2
"""Variance of a bin's conversion between honest routes: it is a quarter wide, and its messages lie otherwise in it."""
_STEPS = 6
SHRINKAGE = 10_000.0
"""Answers that a carrier's own curve must have before it outweighs that of all carriers."""
LEAST_ANSWERS = 15.0
"""Expected in a template's bins, or nothing is said of it."""
HIGHEST_CONVERSION = 0.98


@dataclass(frozen=True)
class Fit:
    """By row: what was expected of each bin if nothing is forged."""

    delivered: Floats
    converted: Floats
    expected: Floats
    weight: Floats  # of a relative deviation of a bin: its inverse variance
    information: Floats  # of the nuisances, inverted: row, 4, 4
    dispersion: Floats
    offset: Floats  # log of the curve of peers
    offset_variance: Floats


@dataclass(frozen=True)
class Interaction:
    """By place: `nats`; `score` and `information` by template; the template that shows it best."""

    nats: Floats
    score: Floats
    information: Floats
    answers: Floats  # effective, by template
    best: Ints


def peer_curve(counts: Ints, usable: NDArray[np.bool_], grouping: Grouping, trust: Floats) -> tuple[Floats, Floats]:
    """By row: log conversion of other suppliers relative to their level, by bin, and its variance."""
    n = counts[:, PLACE["delivered_in"]] * usable
    k = counts[:, PLACE["converted_in"]] * usable
    level = k.sum(axis=1) / np.maximum(n.sum(axis=1), 1)
    answered, expected = trust[:, None] * k, (trust * level)[:, None] * n
    own = grouping.supplier
    world_k, world_e = (others(v, grouping.stream, own) for v in (answered, expected))
    near_k, near_e = (others(v, grouping.market, own) for v in (answered, expected))
    world = (world_k + 5) / (world_e + 5)
    ratio = (near_k + SHRINKAGE * world) / (near_e + SHRINKAGE)
    variance = 1 / (near_k + np.minimum(SHRINKAGE, world_k + 1)) + _WITHIN
    return np.asarray(np.log(np.clip(ratio, 1e-3, 10.0))), np.asarray(variance)


def fit(counts: Ints, usable: NDArray[np.bool_], offset: Floats, offset_variance: Floats) -> Fit:
    """Fit each row's curve by penalised reweighted least squares, all rows at once."""
    n = (counts[:, PLACE["delivered_in"]] * usable).astype(float)
    k = (counts[:, PLACE["converted_in"]] * usable).astype(float)
    known = np.exp(offset)
    start = (k.sum(axis=1) + 0.5) / ((n * known).sum(axis=1) + 1)
    beta = np.zeros((len(n), BASIS.shape[1]))
    beta[:, 0] = np.log(start)
    penalty = np.diag(1 / NUISANCE_SPREAD**2)
    for _ in range(_STEPS):
        c = np.minimum(np.exp(beta @ BASIS.T + offset), HIGHEST_CONVERSION)
        weight = _weight(n, c, offset_variance)
        residual = np.divide(k, n * c, out=np.ones_like(n), where=n > 0) - 1
        gradient = (weight * residual) @ BASIS - (beta - _centre(start)) @ penalty
        hessian = np.einsum("rb,bi,bj->rij", weight, BASIS, BASIS, optimize=True) + penalty
        step = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
        beta += np.clip(step, -1.0, 1.0)
    c = np.minimum(np.exp(beta @ BASIS.T + offset), HIGHEST_CONVERSION)
    weight = _weight(n, c, offset_variance)
    hessian = np.einsum("rb,bi,bj->rij", weight, BASIS, BASIS, optimize=True) + penalty
    return Fit(n, k, n * c, weight, np.linalg.inv(hessian), np.ones(len(n)), offset, offset_variance)


def dispersed(made: Fit, shares: Floats) -> Fit:
    """With how much more the bins of a row scatter than chance, beside the one template that fits best."""
    score, information = _scores(made, shares)
    gain = np.where(score > 0, score**2 / np.maximum(information, 1e-9), 0).max(axis=1)
    counts = made.expected >= 3
    excess = np.where(counts, made.weight * _relative(made) ** 2, 0.0).sum(axis=1)
    freedom = np.maximum(counts.sum(axis=1) - 5.0, 1.0)
    dispersion = np.maximum(1.0, (excess - gain) / freedom)
    return replace(made, dispersion=dispersion)


def interaction(made: Fit, shares: Floats, prior: Floats, grouping: Grouping) -> Interaction:
    """The evidence of each place, its streams together. `prior` weighs the templates."""
    score, information = _scores(made, shares)
    answers = _answers(made, shares)
    size = len(grouping.places)
    score = summed(score / made.dispersion[:, None], grouping.place, size)
    information = summed(information / made.dispersion[:, None], grouping.place, size)
    answers = summed(answers, grouping.place, size)
    is_known = answers >= LEAST_ANSWERS
    each = [
        log_sum(np.where(is_known, share * score - share**2 * information / 2, 0.0) + np.log(prior), 1)
        for share in SHARES  # one by one: all together they would fill the memory
    ]
    nats = log_mean(np.stack(each), 0)
    z = np.where(is_known & (score > 0), score / np.sqrt(np.maximum(information, 1e-9)), 0.0)
    return Interaction(nats, score, information, answers, z.argmax(axis=1))


def _centre(start: Floats) -> Floats:
    centre = np.zeros((len(start), BASIS.shape[1]))
    centre[:, 0] = np.log(start)
    return centre


def _weight(n: Floats, c: Floats, offset_variance: Floats) -> Floats:
    """Of a relative deviation: chance in the row's own answers, and in those of its peers."""
    return np.asarray(np.where(n > 0, 1 / ((1 - c) / np.maximum(n * c, 1e-9) + offset_variance), 0.0))


def _relative(made: Fit) -> Floats:
    return np.asarray(
        np.divide(made.converted, made.expected, out=np.ones_like(made.expected), where=made.expected > 0) - 1
    )


def _scores(made: Fit, shares: Floats) -> tuple[Floats, Floats]:
    """U and V by row and template, the nuisances projected out."""
    thin = np.maximum(made.delivered.sum(axis=1, keepdims=True), 1) / (made.delivered + 1)
    wanting = -made.weight * _relative(made) * thin
    score = wanting @ shares.T
    information = (made.weight * thin**2) @ (shares**2).T
    cross = [(made.weight * thin * BASIS[:, i]) @ shares.T for i in range(BASIS.shape[1])]
    for i, one in enumerate(cross):  # in place, pair by pair: all at once they would fill the memory
        for j, other in enumerate(cross):
            information -= made.information[:, i, j, None] * one * other
    return score, np.maximum(information, 0.0)


def _answers(made: Fit, shares: Floats) -> Floats:
    """Answers that are expected where a template lies: (sum of m x)^2 / sum of m x^2."""
    thin = np.maximum(made.delivered.sum(axis=1, keepdims=True), 1) / (made.delivered + 1)
    first = (made.expected * thin) @ shares.T
    second = (made.expected * thin**2) @ (shares**2).T
    return np.asarray(np.divide(first**2, second, out=np.zeros_like(first), where=second > 0))
