"""Where in a route answers are missing: which strata prove something, and which only raise suspicion; and dates."""

import numpy as np

from acquit.columns import PLACE, WIDTH, contradiction
from acquit.routes.protocol import before_submit
from acquit.routes.strata import SPECIFIC, UNSPECIFIC, dips
from acquit.routes.streams import grouped
from acquit.routes.weighing import PARTS
from acquit.simulate.world.frauds import FRAUDS, UNLISTED
from acquit.simulate.world.laws import DAYS as ALL_DAYS
from tests.routes.judged import DAYS, drawn, evidence


def test_only_what_has_nothing_to_do_with_content_can_confirm() -> None:
    assert set(SPECIFIC) <= set(PARTS)
    assert not set(UNSPECIFIC) & set(PARTS)
    assert DAYS < ALL_DAYS


def test_forging_after_the_first_of_an_hour_shows_by_octile() -> None:
    made, liars = drawn(UNLISTED["U8 last quarter hours, resampled 40 %"])
    day = evidence(made, DAYS - 1)
    grouping = grouped(day.keys)
    found = dips(day.windows[7], "octile", grouping, np.ones(len(day.keys)))
    for number in range(len(grouping.places)):
        assert (found.nats[number] > 10) == (number in liars)
    assert {found.names[found.best[number]] for number in liars} == {"octile/6 and later"}


def test_forging_at_night_shows_by_hour() -> None:
    made, liars = drawn(FRAUDS["S9 night only 30 %"])
    day = evidence(made, DAYS - 1)
    found = dips(day.windows[7], "hour", grouped(day.keys), np.ones(len(day.keys)))
    assert all(found.nats[number] > 6.9 for number in liars)


def test_forged_receipts_with_a_look_of_their_own_show_by_shape() -> None:
    made, liars = drawn(UNLISTED["U7 own look, resampled 3 %"])
    day = evidence(made, DAYS - 1)
    found = dips(day.windows[7], "shape", grouped(day.keys), np.ones(len(day.keys)))
    for number in range(len(made.world.routes)):
        assert (found.nats[number] > 10) == (number in liars)


def dated(early: dict[int, int], delivered: int = 10_000) -> float:
    counts = np.zeros((1, WIDTH), np.int64)
    counts[0, PLACE["handset"]] = delivered
    for quarter, number in early.items():
        counts[0, PLACE["early"].start + quarter] = number
    counts[0, contradiction("delivered_before_submit")] = sum(early.values())
    return float(before_submit(counts)[1][0])


def test_a_clock_in_another_zone_contradicts_nothing() -> None:
    assert dated({4: 5_000}) <= 0
    assert dated({4: 5_000, 5: 30}) <= 0


def test_dates_scattered_before_the_submit_contradict() -> None:
    assert dated(dict.fromkeys(range(1, 40), 5)) > 10


def test_one_odd_date_contradicts_nobody() -> None:
    assert dated({7: 1}) < 2
