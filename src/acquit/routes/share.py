"""What share of a place's receipts of delivery is forged: an estimate with a 95 % interval, from all that measures it at once.

Latency gives a likelihood of the share in full (the curve fitted anew for each share and template), numbers that receive
nothing another. A share that hides among honest latencies cannot be seen in them: then dead numbers alone say it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import xlogy

from acquit.columns import PLACE
from acquit.routes.contradiction import Contradiction, likelihood
from acquit.routes.interaction import fit
from acquit.routes.logs import log_mean
from acquit.routes.streams import Floats, Grouping, Ints
from acquit.routes.suspicion import Suspicion
from acquit.routes.templates import Template
from acquit.routes.weighing import Weighed

GRID = np.concatenate([[0.0005], np.geomspace(0.001, 0.9, 130), [0.93, 0.96, 0.98, 0.99, 0.995, 0.999, 0.9999]])
"""Each share from 0 to 1 is as likely before."""
ALL = 0.99
"""An interval that reaches so far reaches to all."""
CANDIDATES = 4
"""Templates that are fitted in full."""
LEAST_KEPT = 0.02
MISFIT = 2.0
"""No template is quite the law of a forger: latencies count for half of what they say."""
HIDDEN = 0.15
"""Prior of a law of forged receipts that is no template of ours: part of it looks honest."""
LEVEL_DOUBT = 1.3
"""Factor on the error of the level: other content looks the same."""
LEAST_NATS = 2.0
"""Of dead numbers, before failures can be said to be relabelled: latencies show what was never sent."""
SPARED = 0.1
"""Prior of a forger who spares dead numbers."""
LOW, HIGH = 0.025, 0.975


@dataclass(frozen=True)
class Share:
    """Of receipts of delivery. `dropped`: never sent; `relabelled`: sent, failed, and told as delivered."""

    low: float
    estimate: float
    high: float
    kind: Literal["dropped", "relabelled"]


def share(
    number: int, counts: Ints, weighed: Weighed, grouping: Grouping, templates: list[Template], suspicion: Suspicion
) -> Share:
    """Of the place with this number, in the window that was weighed."""
    rows = np.flatnonzero(grouping.place == number)
    delivered, failed = (float(counts[rows, PLACE[name]].sum()) for name in ("handset", "failed"))
    told = delivered / max(1.0, delivered + failed)  # of final messages, those told as delivered
    forged = np.minimum(GRID * told, 0.9999)
    of_dead = _sometimes_spared(weighed.dead, number, forged) + _sometimes_spared(weighed.own_dead, number, forged)
    by_latency = _latency(rows, counts, weighed, number, templates)
    is_by_dead = max(weighed.parts[name][number] for name in ("known_dead", "own_dead")) > LEAST_NATS
    if is_by_dead and _is_relabelled(number, of_dead, told, suspicion):
        low, middle, high = _quantiles(of_dead)
        low, middle, high = (_of_failures(part * told, told) for part in (low, middle, high))
        return Share(low, middle, high, "relabelled")
    low, middle, high = _quantiles(of_dead + by_latency + _level(number, suspicion))
    return Share(low, middle, high, "dropped")


def _sometimes_spared(of: Contradiction, number: int, forged: Floats) -> Floats:
    """Some look numbers up before they forge, or know ours: then these numbers say nothing."""
    if not of.tried[number]:
        return np.zeros(len(forged))
    at = likelihood(of, number, np.append(forged, 0.0))
    return np.asarray(np.logaddexp(np.log(1 - SPARED) + at[:-1], np.log(SPARED) + at[-1]))


def _latency(rows: Ints, counts: Ints, weighed: Weighed, number: int, templates: list[Template]) -> Floats:
    """Log likelihood by share: the mean over the likeliest templates, and over one that is like the honest law."""
    found, ok = weighed.latency, weighed.latency.answers[number] >= 15
    z = np.where(ok, found.score[number] / np.sqrt(np.maximum(found.information[number], 1e-9)), -np.inf)
    best = [place for place in np.argsort(z)[::-1][:CANDIDATES] if np.isfinite(z[place]) and z[place] > 2]
    flat = np.zeros(len(GRID))
    if not best:
        return flat
    each = [_profile(rows, counts, weighed, templates[place].shares) for place in best]
    seen = log_mean(np.stack([flat, *each]), 0)
    return np.asarray(np.logaddexp(np.log(1 - HIDDEN) + seen, np.log(HIDDEN) + _partly_hidden(seen)))


def _partly_hidden(seen: Floats) -> Floats:
    """A share of which any part shows: the rest lies where honest latencies do, and what shows is only its lower bound."""
    density = np.exp(seen - seen.max())
    below = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(GRID))])
    return np.asarray(np.log(np.maximum(below / GRID, 1e-300)) + seen.max())


def _level(number: int, suspicion: Suspicion) -> Floats:
    """Where receipts contradict the evidence, missing answers tell how much: unless people there answer otherwise anyway."""
    ratio, error = suspicion.answers.ratio[number], suspicion.answers.error[number] * LEVEL_DOUBT
    if not np.isfinite(ratio):
        return np.zeros(len(GRID))
    away = np.log(np.maximum(1 - GRID, LEAST_KEPT)) - max(float(ratio), float(np.log(LEAST_KEPT)))
    return np.asarray(np.logaddexp(np.log(0.9) - (away / error) ** 2 / 2, np.log(0.1) - 2.0))


def _profile(rows: Ints, counts: Ints, weighed: Weighed, template: Floats) -> Floats:
    """Log likelihood by share against none, every row's curve fitted anew for each."""
    total = np.zeros(len(GRID))
    shares = np.concatenate([[0.0], GRID])
    for row in rows:
        made = weighed.made
        n = made.delivered[row]
        if n.sum() < 50:
            continue
        thinned = np.clip(1 - shares[:, None] * template * n.sum() / (n + 1), LEAST_KEPT, 1.0)
        many = np.repeat(counts[row : row + 1], len(shares), axis=0)
        usable = np.repeat(weighed.usable[row : row + 1], len(shares), axis=0)
        offset = np.log(thinned) + made.offset[row]
        again = fit(many, usable, offset, np.repeat(made.offset_variance[row : row + 1], len(shares), axis=0))
        # Chance is a part of a bin's whole variance, the rest is its peers'.
        portion = made.weight[row] / _chance_weight(n, made.expected[row])
        deviance = xlogy(again.converted, again.converted / np.maximum(again.expected, 1e-9))
        rest = again.delivered - again.converted
        deviance += xlogy(rest, rest / np.maximum(again.delivered - again.expected, 1e-9))
        likelihood = -(deviance * portion).sum(axis=1)
        total += (likelihood[1:] - likelihood[0]) / (made.dispersion[row] * MISFIT)
    return total


def _chance_weight(n: Floats, expected: Floats) -> Floats:
    conversion = np.divide(expected, n, out=np.full_like(expected, 0.5), where=n > 0)
    return np.asarray(np.maximum(expected, 1e-9) / np.maximum(1 - conversion, 1e-3))


def _is_relabelled(number: int, of_dead: Floats, told: float, suspicion: Suspicion) -> bool:
    """Whether answers and failures are as if failures were told as deliveries, not as if messages were dropped."""
    _, dropped, _ = _quantiles(of_dead)
    answers, failures = suspicion.answers, suspicion.failures
    odds = 0.0
    of_failures = min(0.99, dropped * told)
    for compared, if_dropped, if_relabelled in (
        (answers, 1 - dropped, 1 - _of_failures(of_failures, told)),
        (failures, 1 - of_failures, 1 - of_failures),
    ):
        ratio, error = compared.ratio[number], compared.error[number]
        if np.isfinite(ratio):
            seen = max(ratio, np.log(LEAST_KEPT))
            away = [seen - np.log(max(LEAST_KEPT, kept)) for kept in (if_relabelled, if_dropped)]
            odds += (away[1] ** 2 - away[0] ** 2) / (2 * error**2)
    return bool(odds > np.log(10))


def _of_failures(relabelled: float, told: float) -> float:
    """Of receipts of delivery, when so many of the failures are told as such."""
    relabelled = min(relabelled, 0.999)
    return min(1.0, relabelled * (1 - told) / (1 - relabelled) / max(told, 1e-9))


def _quantiles(likelihood: Floats) -> tuple[float, float, float]:
    density = np.exp(likelihood - likelihood.max())
    cumulated = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(GRID))])
    low, middle, high = (float(np.interp(q, cumulated / cumulated[-1], GRID)) for q in (LOW, 0.5, HIGH))
    return low, middle, 1.0 if high > ALL else high
