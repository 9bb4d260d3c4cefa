"""The simulated world: the same for a seed, consistent in itself, and as its laws say."""

import numpy as np
import pytest

from acquit.columns import PLACE, STRATUM_KINDS, contradiction, probe
from acquit.simulate.world import frauds, troubles
from acquit.simulate.world.casting import cast, rows_of
from acquit.simulate.world.laws import STREAMS, World, draw_world
from acquit.simulate.world.staging import only
from acquit.simulate.world.tallies import Counts, Drawn, draw_tallies

DAYS = 9
WORLD = draw_world(11, days=DAYS)
SMALL = only(WORLD, carriers=("20820", "23410", "72402"))
"""All suppliers, on a carrier of each country."""


def of(world: World, fraud: frauds.Fraud) -> tuple[Drawn, Counts]:
    """Tallies, and of the liars' days the counts of all their columns."""
    places = cast(world, fraud.scope)
    made = draw_tallies(world, fraud=fraud, liars=places)
    return made, made.counts[rows_of(world, places)][:, :, 7:]


def total(counts: Counts, name: str) -> int:
    return int(counts[..., PLACE[name]].sum())


def test_a_seed_gives_the_same_counts_always() -> None:
    fraud = frauds.FRAUDS["S3 uniform 10 %"]
    one, other = (
        draw_tallies(draw_world(3, days=DAYS), fraud=fraud, liars=cast(draw_world(3), "route")) for _ in range(2)
    )
    np.testing.assert_array_equal(one.counts, other.counts)
    np.testing.assert_array_equal(one.forged, other.forged)


@pytest.mark.parametrize("name", [*troubles.TROUBLES, *troubles.UNLISTED])
def test_counts_of_every_trouble_agree_with_one_another(name: str) -> None:
    trouble = troubles.TROUBLES.get(name) or troubles.UNLISTED[name]
    made = draw_tallies(SMALL, trouble=trouble, troubled=cast(SMALL, trouble.where))
    _consistent(made.counts)
    assert not made.forged.any()


@pytest.mark.parametrize("name", [*frauds.FRAUDS, *frauds.UNLISTED])
def test_counts_of_every_fraud_agree_with_one_another(name: str) -> None:
    made, _ = of(SMALL, frauds.FRAUDS.get(name) or frauds.UNLISTED[name])
    _consistent(made.counts)
    assert made.forged.any()
    assert not made.forged[:, :, :7].any()


def _consistent(counts: Counts) -> None:
    delivered = counts[..., PLACE["handset"]].sum(axis=-1) + counts[..., PLACE["network"]].sum(axis=-1)
    placed = counts[..., PLACE["delivered_in"]].sum(axis=-1) + counts[..., PLACE["early"]].sum(axis=-1)
    np.testing.assert_array_equal(delivered, placed)
    np.testing.assert_array_equal(delivered, counts[..., PLACE["delivered_at"]].sum(axis=-1))
    np.testing.assert_array_equal(delivered, counts[..., PLACE["delivered_hour"]].sum(axis=-1))
    ends = delivered + counts[..., PLACE["failed"]].sum(axis=-1) + counts[..., PLACE["waiting"]].sum(axis=-1)
    np.testing.assert_array_equal(ends, counts[..., PLACE["submitted"]].sum(axis=-1))
    by, answered = counts[..., PLACE["delivered_by"]], counts[..., PLACE["converted_by"]]
    assert (answered <= by).all()
    for places in STRATUM_KINDS.values():
        np.testing.assert_array_equal(by[..., places].sum(axis=-1), delivered)
    assert (counts[..., PLACE["converted_in"]] <= counts[..., PLACE["delivered_in"]]).all()
    assert (counts[..., contradiction("known_dead_delivered")] <= counts[..., probe("known_dead")]).all()
    assert (counts >= 0).all()


def test_forged_receipts_are_never_answered_and_go_to_dead_numbers_too() -> None:
    _, counts = of(WORLD, frauds.FRAUDS["S1 all instant"])
    assert total(counts, "converted_in") == 0
    assert counts[..., contradiction("known_dead_delivered")].sum() == counts[..., probe("known_dead")].sum() > 0


def test_who_is_aware_of_dead_numbers_does_not_forge_them() -> None:
    _, counts = of(WORLD, frauds.FRAUDS["S13 dead-aware uniform 5 %"])
    assert counts[..., contradiction("known_dead_delivered")].sum() < 0.02 * counts[..., probe("known_dead")].sum()


def test_relabelled_failures_are_no_more_failures() -> None:
    made, counts = of(WORLD, frauds.FRAUDS["S12 relabel 80 %"])
    rows = rows_of(WORLD, cast(WORLD, "route"))
    before = made.counts[rows][:, :, :7]
    assert total(counts, "failed") / total(counts, "submitted") < 0.3 * total(before, "failed") / total(
        before, "submitted"
    )


def test_forging_at_night_is_at_night() -> None:
    made, counts = of(draw_world(11, days=DAYS, dead_share=0.5), frauds.FRAUDS["S9 night only 30 %"])
    assert made.forged.any()
    told = counts[..., PLACE["dead_delivered_hour"]].sum(axis=(0, 1, 2)) / counts[..., PLACE["dead_hour"]].sum(
        axis=(0, 1, 2)
    )
    assert (told > 0.15).sum() == 8


def test_answers_fall_with_latency_where_they_are_soon_of_no_use() -> None:
    counts = draw_tallies(WORLD).counts.sum(axis=(0, 2))
    rate = counts[:, PLACE["converted_in"]] / np.maximum(counts[:, PLACE["delivered_in"]], 1)
    otp = [stream.name for stream in STREAMS].index("otp")
    assert rate[otp, 40] < 0.6 * rate[otp, 20]
