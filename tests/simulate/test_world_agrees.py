"""Events of a world, folded by the real ledger, and its tallies drawn as counts are of one law, in every column."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from acquit import columns
from acquit.columns import PLACE, STRATUM_KINDS
from acquit.simulate.world import telling
from acquit.simulate.world.staging import Staging
from acquit.simulate.world.tallies import draw_tallies
from tests.builders import TRIES
from tests.simulate.worlds import counted, small, stage, tallies_of, without_warm_up

__all__ = ["without_warm_up"]
SEEDS = (1, 2)[: TRIES // 50]
"""Of `make test` the first alone: folding is what takes long."""
DRAWS = 40
SIGMAS = 5.0
CAMPAIGNS = 176
"""In a day and country, 8 at a time: messages of a campaign share its size and sender, which counts drawn one by one do not."""
Floats = NDArray[np.float64]
CELLS = [
    ("", ""),
    ("uniform-10", ""),
    ("relabel-80", ""),
    ("bulk-only", ""),
    ("night-only", ""),
    ("quota", ""),
    ("resampled-30", ""),
    ("", "outage"),
    ("", "batch-receipts-60-s"),
    ("", "numbers-given-anew"),
    ("", "pumping-on-one-route"),
]


def fast(staging: Staging, seed: int) -> Floats:
    drawn = draw_tallies(
        replace(staging.world, seed=seed), fraud=staging.fraud, liars=staging.liars, from_day=0,
        trouble=staging.trouble, troubled=staging.troubled,
    )  # fmt: skip
    return np.asarray(drawn.counts.sum(axis=(1, 2)).astype(float))


def with_sums(counts: Floats) -> Floats:
    """Every column, and the sum of each field: small shifts of many columns show in it."""
    sums = [counts[..., place].sum(axis=-1, keepdims=True) for place in PLACE.values()]
    return np.concatenate([counts, *sums], axis=-1)


def names() -> list[str]:
    columns_of = [f"{field}[{n}]" for field, place in PLACE.items() for n in range(place.stop - place.start)]
    return [*columns_of, *(f"sum of {field}" for field in PLACE)]


def spread(draws: Floats) -> Floats:
    """Variance of a column, never below a count's own."""
    mean = draws.mean(axis=0)
    found = np.maximum(draws.var(axis=0, ddof=1), np.maximum(mean, 1.0))
    for field in ("delivered_by", "converted_by"):
        first, batch = PLACE[field].start, STRATUM_KINDS["batch"]
        batched = mean[:, first + batch.start + 1 : first + batch.stop].sum(axis=1)
        for kind in ("batch", "sender"):
            part = slice(first + STRATUM_KINDS[kind].start, first + STRATUM_KINDS[kind].stop)
            share = mean[:, part] / np.maximum(1.0, mean[:, part].sum(axis=1, keepdims=True))
            found[:, part] += 2 * batched[:, None] ** 2 * share * (1 - share) / CAMPAIGNS
    return np.asarray(found)


@pytest.mark.usefixtures("without_warm_up")
@pytest.mark.parametrize(("fraud", "trouble"), CELLS)
def test_ledger_counts_what_the_tallies_are_drawn_from(fraud: str, trouble: str) -> None:
    staging = stage(small(per_hour=150), fraud, trouble)
    draws = with_sums(np.array([fast(staging, 1_000 + seed) for seed in range(DRAWS)]))
    folded = [
        counted(staging.world, tallies_of(telling.lines(stage(staging.world, fraud, trouble, seed=seed))))
        for seed in SEEDS
    ]
    mean = with_sums(np.array(folded).astype(float)).mean(axis=0)
    z = (mean - draws.mean(axis=0)) / np.sqrt(spread(draws) * (1 / len(SEEDS) + 1 / DRAWS))
    apart = [
        f"{staging.world.routes[row].supplier.name} {names()[column]}: {mean[row, column]:.0f} of events, "
        f"{draws[:, row, column].mean():.1f} of tallies, {z[row, column]:+.1f} sigma"
        for row, column in np.argwhere(np.abs(z) > SIGMAS)
    ]
    assert not apart, "\n".join(apart)
    assert mean[:, PLACE["submitted"]].min() > 3_000  # there was something to compare
    assert mean[:, columns.probe("known_dead")].min() > 100
