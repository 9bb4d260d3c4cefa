"""Conversion by stratum inside one route: are answers missing in a part of the hour, a shape of receipts, a sender, a range?

Shape of receipts and place in the hour have nothing to do with what people do with a message: a dip there is a contradiction.
Hour, sender, number range and batch have: another content, or a wave of pumped traffic, looks the same. These only raise
suspicion.
"""

from dataclasses import dataclass

import numpy as np

from acquit.columns import PLACE, STRATUM_KINDS, names_of
from acquit.routes.logs import log_mean
from acquit.routes.peers import others
from acquit.routes.streams import Floats, Grouping, Ints, summed

SPECIFIC, UNSPECIFIC = ("octile", "shape"), ("hour", "sender", "prefix", "batch")
SHARES = np.geomspace(0.02, 0.95, 10)
"""Of the receipts of a stratum."""
SPREAD = {"octile": 0.01, "shape": 0.05, "hour": 0.05, "sender": 0.10, "prefix": 0.10, "batch": 0.15}
"""How far the strata of honest routes lie apart at least, relatively: what is seen among all routes counts, if it is more."""
LEAST_ANSWERS = 10.0


@dataclass(frozen=True)
class Dip:
    """By place: the evidence, and where answers are missing most: the first stratum's name, and of how many."""

    nats: Floats
    names: tuple[str, ...]  # of each set of strata
    best: Ints
    came: Floats  # answers there
    expected: Floats


def dips(counts: Ints, kind: str, grouping: Grouping, trust: Floats) -> Dip:
    n, k = _counts(counts, kind)
    sets, names = _sets(kind, n.shape[1])
    level = k.sum(axis=1, keepdims=True) / np.maximum(n.sum(axis=1, keepdims=True), 1)
    expected = n * level
    if kind != "shape":  # suppliers have shapes of their own
        answered, hoped = (others(trust[:, None] * v, grouping.market, grouping.supplier) for v in (k, expected))
        expected = expected * (answered + 20) / (hoped + 20)
        expected *= k.sum(axis=1, keepdims=True) / np.maximum(expected.sum(axis=1, keepdims=True), 1e-9)
    chance = (1 - level) / np.maximum(expected, 1e-9)
    relative = np.where(expected > 0, k / np.maximum(expected, 1e-9) - 1, 0.0)
    spread = _spread(relative, chance, expected, grouping.stream, SPREAD[kind])
    weight = np.where(expected > 0, 1 / (chance + spread[:, None] ** 2), 0.0)
    size, place = len(grouping.places), grouping.place
    total = np.maximum(weight.sum(axis=1, keepdims=True), 1e-9)
    inside = weight @ sets.T
    score = summed(
        -((weight * relative) @ sets.T) + inside * (weight * relative).sum(axis=1, keepdims=True) / total, place, size
    )
    information = summed(np.maximum(inside - inside**2 / total, 0), place, size)
    answers = summed(expected @ sets.T, place, size)
    each = SHARES[:, None, None] * score - SHARES[:, None, None] ** 2 * information / 2
    each = np.where((answers >= LEAST_ANSWERS)[None], each, 0.0)
    z = np.where((answers >= LEAST_ANSWERS) & (information > 0), score / np.sqrt(np.maximum(information, 1e-9)), 0.0)
    nats = log_mean(each, (0, 2))
    best, places = z.argmax(axis=1), np.arange(size)
    came = summed(k @ sets.T, place, size)
    return Dip(nats, names, best, came[places, best], answers[places, best])


def _counts(counts: Ints, kind: str) -> tuple[Floats, Floats]:
    if kind == "hour":
        return counts[:, PLACE["delivered_hour"]].astype(float), counts[:, PLACE["converted_hour"]].astype(float)
    part = STRATUM_KINDS[kind]
    delivered, converted = PLACE["delivered_by"].start, PLACE["converted_by"].start
    return (
        counts[:, delivered + part.start : delivered + part.stop].astype(float),
        counts[:, converted + part.start : converted + part.stop].astype(float),
    )


def _sets(kind: str, size: int) -> tuple[Floats, tuple[str, ...]]:
    """One stratum alone; of what has an order also all from one on, for forgers begin after so many messages, or at night."""
    singles = list(np.eye(size))
    names = [f"hour {hour} UTC" for hour in range(size)] if kind == "hour" else list(names_of(kind))
    if kind == "octile":
        singles += [(np.arange(size) >= first).astype(float) for first in range(1, size - 1)]
        names += [f"{names[first]} and later" for first in range(1, size - 1)]
    if kind == "hour":
        singles += [
            np.isin(np.arange(size), (first + np.arange(8)) % size).astype(float) for first in range(0, size, 2)
        ]
        names += [f"{names[first]} and seven more" for first in range(0, size, 2)]
    return np.array(singles), tuple(names)


def _spread(relative: Floats, chance: Floats, expected: Floats, stream: Ints, least: float) -> Floats:
    """By row: SD between strata beyond chance, as the middle of all routes of the class has it."""
    out = np.full(len(relative), least)
    for number in np.unique(stream):
        rows = stream == number
        known = expected[rows] >= 20
        if known.sum() >= 20:
            beyond = np.median((relative[rows] ** 2 - 0.455 * chance[rows])[known]) / 0.455
            out[rows] = np.sqrt(max(least**2, beyond))
    return out
