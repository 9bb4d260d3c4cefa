"""The fraud benchmark in short: floors on one world a cell, of seeds that are reported. `make fraud-bench` is the long form."""

import pytest

from acquit.simulate.world.laws import WARM_UP_DAYS
from bench.fraud.cells import REPORTED, SHORT, Cell, trial
from bench.fraud.report import told, wilson

UNTIL_DAY = WARM_UP_DAYS + 3


@pytest.mark.parametrize("cell", [cell for cell in SHORT if cell.kind == "fraud"], ids=lambda cell: cell.name)
def test_gross_frauds_are_found_in_three_days_and_nobody_else_is(cell: Cell) -> None:
    found = trial(cell, REPORTED, until_day=UNTIL_DAY)
    assert all(day is not None for day in found.found_day)
    assert found.liars == 1
    assert found.false_days == 0


@pytest.mark.parametrize("cell", [cell for cell in SHORT if cell.kind != "fraud"], ids=lambda cell: cell.name)
def test_honest_routes_are_left_in_peace(cell: Cell) -> None:
    found = trial(cell, REPORTED, until_day=UNTIL_DAY)
    assert found.route_days + found.touched_days > 150
    assert found.false_days + found.touched_false == 0


def test_what_was_never_seen_is_not_said_to_be_sure() -> None:
    low, high = wilson(40, 40)
    assert low < 0.92
    assert high == pytest.approx(1.0)
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_floor_that_is_missed_is_told_as_missed() -> None:
    cell = Cell("fraud", "S3 uniform 10 %")
    trials = [{"found_day": [day], "found_messages": [day], "suspect_day": [0], "shares": [], "named": [], "naive_false": {},
               "naive_day": {}, "false_days": 0, "route_days": 1} for day in (0, None)]  # fmt: skip
    text = told({cell: trials}, {"s1": {}, "cost": {"places": 1, "rows": 3, "seconds": 1.0, "peak_mb": 1.0}})
    assert "| S3 uniform 10 %, median, within 7 days | >= 100% | 50% (9%-91%) | MISSED |" in text
