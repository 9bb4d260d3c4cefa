"""The example of mission row S1 by name: ten million messages on one route, a hundred thousand of them forged.

The route is a supplier's on one carrier, beside honest ones of the usual size. It is judged every day of 28.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from acquit.columns import PLACE
from acquit.simulate.world.casting import cast, rows_of
from acquit.simulate.world.delays import Resampled
from acquit.simulate.world.frauds import FRAUDS, Fraud
from acquit.simulate.world.laws import DAYS, draw_world
from acquit.simulate.world.tallies import draw_tallies
from bench.fraud.cells import REPORTED
from bench.fraud.trial import judged_days

MESSAGES, SHARE = 10_000_000, 0.01
WAYS: dict[str, tuple[Fraud, float, int]] = {
    "5 to 15 s, 2 % to dead numbers": (FRAUDS["S5 uniform 1 %"], 0.02, 0),
    "5 to 15 s, none to dead numbers": (FRAUDS["S5 uniform 1 %"], 0.0, 0),
    "honest delays copied, 2 % to dead numbers": (replace(FRAUDS["S6 resampled 1 %"], delay=Resampled()), 0.02, 0),
    "honest delays copied, 100 own probes a day": (FRAUDS["S6 resampled 1 %"], 0.0, 100),
}


def measure(trials: int) -> dict[str, Any]:
    return {way: [_trial(REPORTED + number, *asked) for number in range(trials)] for way, asked in WAYS.items()}


def _trial(seed: int, fraud: Fraud, dead_share: float, probes: int) -> dict[str, Any]:
    world = draw_world(seed, dead_share=dead_share, probes_per_day=probes)
    places = cast(world, "route")
    hours = DAYS * 24
    routes = tuple(replace(r, per_hour=MESSAGES / hours) if r.place in places else r for r in world.routes)
    drawn = draw_tallies(replace(world, routes=routes), fraud=fraud, liars=places, from_day=0)
    row = int(np.flatnonzero(rows_of(world, places))[0])
    sent = np.cumsum(drawn.counts[row, ..., PLACE["submitted"]].sum(axis=(0, 2)))
    forged = int(drawn.forged[row].sum())
    out: dict[str, Any] = {"sent": int(sent[-1]), "forged": forged, "found_after": None, "who": None, "false": 0}
    for day, verdicts in judged_days(drawn, range(DAYS)):
        out["false"] += sum(verdict.word == "contradicted" for place, verdict in enumerate(verdicts) if place != row)
        verdict = verdicts[row]
        if verdict.word != "contradicted":
            continue
        if out["found_after"] is None:
            out |= {"found_after": int(sent[day]), "day": day, "who": verdict.who}
        if verdict.share is not None:
            days = slice(max(0, day - verdict.window_days + 1), day + 1)
            told = drawn.counts[row, :, days, PLACE["handset"]].sum()
            out |= {"share": [verdict.share.low, verdict.share.estimate, verdict.share.high]}
            out |= {"truth": float(drawn.forged[row, :, days].sum() / told), "sentence": verdict.sentence}
        if day - int(out["day"]) >= _DAYS_LOOKED_AT:
            break
    return out


_DAYS_LOOKED_AT = 6
"""After it is found: the share's interval is that of a week."""
