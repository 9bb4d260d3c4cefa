"""Evidence of all places from one window of days, part by part, and the nats that the parts have together.

Each part is a Bayes factor, so that its mean over honest routes is at most one. A forger may show in some parts and not in
others: the sum is the mean over all choices of parts, which is one over honest routes, too. So is the mean over windows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from acquit import columns
from acquit.routes import strata
from acquit.routes.batching import usable_bins
from acquit.routes.contradiction import KNOWN_DEAD, OWN_DEAD, OWN_LIVE, Contradiction, Prior, contradicted
from acquit.routes.interaction import Fit, Interaction, dispersed, fit, interaction, peer_curve
from acquit.routes.logs import log_mean
from acquit.routes.protocol import before_submit
from acquit.routes.strata import Dip, dips
from acquit.routes.streams import Floats, Grouping, Ints, summed
from acquit.routes.templates import Template

PARTS = ("known_dead", "own_dead", "own_live", "latency", "slot", "shape", "dates")
"""Those that can confirm."""
SHOWN: Mapping[str, float] = {
    "known_dead": 0.8, "own_dead": 0.8, "own_live": 0.8, "latency": 0.8, "slot": 0.2, "shape": 0.2, "dates": 0.2,
}  # fmt: skip
"""Prior: nearly all who forge do so for dead numbers and by a clock, few by the place in the hour."""
FACTORS: Mapping[str, float] = dict.fromkeys(PARTS, 1.0)
"""Of a part's nats: below one where honest routes of the tuning seeds had more than they may (bench/fraud/calibration.json)."""

_WHOLE_DAY, _PART_HOURS, _STEP_HOURS = 0.7, 8, 4


@dataclass(frozen=True)
class Weighed:
    """By place, from one window."""

    nats: Floats
    parts: Mapping[str, Floats]
    marks: Mapping[str, Dip]  # by kind of stratum that can confirm
    dead: Contradiction
    own_dead: Contradiction
    latency: Interaction
    made: Fit
    usable: np.ndarray[tuple[int, int], np.dtype[np.bool_]]
    unexplained_dates: Floats


def weighed(counts: Ints, grouping: Grouping, trust: Floats, templates: list[Template]) -> Weighed:
    """`trust` is by place."""
    size, place = len(grouping.places), grouping.place
    at_place = summed(counts[:, columns.PLACE["contradicted"].start : columns.PLACE["probed"].stop], place, size)
    row_trust = trust[place]
    dead = _contradicted(at_place, "known_dead", "known_dead_delivered", grouping, KNOWN_DEAD)
    own_dead = _contradicted(at_place, "dead", "dead_delivered", grouping, OWN_DEAD)
    own_live = _contradicted(at_place, "live_delivered", "live_silent", grouping, OWN_LIVE)
    usable = usable_bins(counts)
    shares = np.array([template.shares for template in templates])
    offset, variance = peer_curve(counts, usable, grouping, row_trust)
    made = dispersed(fit(counts, usable, offset, variance), shares)
    latency = interaction(made, shares, np.array([template.weight for template in templates]), grouping)
    marks = {kind: dips(counts, kind, grouping, row_trust) for kind in strata.SPECIFIC}
    unexplained, dates = before_submit(summed(counts, place, size).astype(np.int64))
    parts = {
        "known_dead": by_hour(dead, summed(counts, place, size).astype(np.int64), grouping),
        "own_dead": np.maximum(own_dead.nats, own_dead.operator_nats - np.log(2)),
        "own_live": own_live.nats,
        "latency": latency.nats,
        **{kind: dip.nats for kind, dip in marks.items()},
        "dates": dates,
    }
    parts = {name: nats * FACTORS[name] for name, nats in parts.items()}
    return Weighed(together(parts), parts, marks, dead, own_dead, latency, made, usable, unexplained)


def by_hour(whole: Contradiction, at_place: Ints, grouping: Grouping) -> Floats:
    """Known dead numbers over the whole day, or in a part of it: some only forge at night."""
    known = np.maximum(whole.nats, whole.operator_nats - np.log(2))
    tried, found = (at_place[:, columns.PLACE[name]] for name in ("dead_hour", "dead_delivered_hour"))
    each = []
    for first in range(0, 24, _STEP_HOURS):
        inside = (first + np.arange(_PART_HOURS)) % 24
        n, x = tried[:, inside].sum(axis=1), found[:, inside].sum(axis=1)
        rest = (found.sum(axis=1) - x + 0.5) / (tried.sum(axis=1) - n + 1)
        promising = np.isin(grouping.place_carrier, grouping.place_carrier[x - n * rest > 3 * np.sqrt(n * rest) + 2])
        nats = np.full(len(n), -np.inf)
        if promising.any():
            carrier = np.unique(grouping.place_carrier[promising], return_inverse=True)[1]
            part = contradicted(n[promising], x[promising], carrier, grouping.place_supplier[promising], KNOWN_DEAD)
            nats[promising] = part.nats
        each.append(nats)
    return np.asarray(np.logaddexp(np.log(_WHOLE_DAY) + known, np.log(1 - _WHOLE_DAY) + log_mean(np.stack(each), 0)))


def together(parts: Mapping[str, Floats]) -> Floats:
    """The mean over all choices of parts of the product of their Bayes factors, weighed by SHOWN."""
    return np.asarray(
        sum(np.logaddexp(np.log1p(-SHOWN[name]), np.log(SHOWN[name]) + nats) for name, nats in parts.items())
    )


def over_windows(nats: list[Floats]) -> Floats:
    """The mean over windows."""
    return log_mean(np.stack(nats), 0)


def _contradicted(at_place: Floats, tried: str, found: str, grouping: Grouping, prior: Prior) -> Contradiction:
    first = columns.PLACE["contradicted"].start
    tries, finds = at_place[:, columns.probe(tried) - first], at_place[:, columns.contradiction(found) - first]
    return contradicted(
        tries.astype(np.int64), finds.astype(np.int64), grouping.place_carrier, grouping.place_supplier, prior
    )
