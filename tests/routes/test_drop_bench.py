"""The drop bench in short: what must be found is found, and what is none is never paged."""

from functools import cache

import pytest

from bench.drops import BEGUN, HOUR, TROUBLES, TUNING, World, trial

BY_NAME = {trouble.name: trouble for trouble in TROUBLES}


@cache
def warmed() -> World:
    world = World(TUNING, 1_000)
    assert [alert for alert in world.run(BEGUN + 14 * HOUR) if alert.kind == "delivery_drop"] == []
    return world


@pytest.mark.parametrize(
    ("name", "minutes"),
    [("-30 % for 1 h", 22), ("-10 % for 1 h", 45), ("-100 % for 20 min", 5), ("-30 % for 1 h, silent", 60)],
)
def test_drop_is_found_in_time(name: str, minutes: int) -> None:
    found = [trial(warmed(), TUNING + seed, BY_NAME[name]).seconds for seed in (1, 2)]
    assert all(seconds is not None and seconds <= minutes * 60 for seconds in found)


def test_stalled_feed_is_told_as_what_it_is_and_never_as_a_drop() -> None:
    seen = trial(warmed(), TUNING + 3, BY_NAME["feed stalled 20 min"])
    assert seen.seconds is None
    assert "receipts_stalled" in seen.others
    assert seen.others <= {"receipts_stalled", "latency_up"}


def test_slower_delivery_is_never_told_as_a_drop() -> None:
    """Nor as anything else, mostly: docs/drop-bench.md."""
    seen = trial(warmed(), TUNING + 3, BY_NAME["latency x5 for 1 h"])
    assert seen.seconds is None
    assert seen.others <= {"latency_up"}
