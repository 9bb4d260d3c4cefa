"""The judge's evidence grows with running totals: what it comes to is the last total of each cell, whatever came before."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json as msgjson
from msgspec import msgpack
from msgspec.structs import replace

from acquit.columns import PLACE
from acquit.effects import Cell, Tally
from acquit.routes.days import DAY_SECONDS, KEPT_DAYS, DayRow, Days
from acquit.routes.streams import Key

KEY = Key("sms", "aggr-a", "aggr", "20801", "FR", "otp")


def tally(submitted: int, *, hour: int = 0, partition: int = 0, upto: int = 0, **fields: object) -> Tally:
    cell = Cell("sms", "20801", "FR", "aggr-a", "aggr", "otp", hour * 3_600)
    return replace(Tally(partition, upto, cell, submitted, {"sent": submitted}), **fields)


def submitted(days: Days, last: int = 0, window: int = 1) -> int:
    evidence = days.evidence(last)
    if not evidence.keys:
        return 0
    assert list(evidence.keys) == [KEY]
    return int(evidence.windows[window][0, PLACE["submitted"]].sum())


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 47), st.integers(0, 99)), max_size=30))
def test_sum_is_of_the_last_totals(totals: list[tuple[int, int, int]]) -> None:
    days, known = Days(), dict[tuple[int, int], bytes]()
    last: dict[tuple[int, int], int] = {}
    for partition, hour, number in totals:
        cell = (partition, hour)
        known[cell] = days.move(known.get(cell, b""), tally(number, hour=hour, partition=partition))
        last[cell] = number
    for day in (0, 1):
        expected = sum(number for (_, hour), number in last.items() if hour // 24 == day)
        assert submitted(days, day) == expected


def test_number_may_fall() -> None:
    days = Days()
    first = days.move(b"", tally(5, delivered_in={3: 5}))
    days.move(first, tally(5, delivered_in={3: 2}))
    assert int(days.evidence(0).windows[1][0, PLACE["delivered_in"]].sum()) == 2


def test_days_beyond_the_longest_window_are_forgotten() -> None:
    days = Days()
    for day in range(KEPT_DAYS + 5):
        days.move(b"", tally(1, hour=24 * day))
    assert sorted(days.table.rows) == list(range(5, KEPT_DAYS + 5))
    assert submitted(days, KEPT_DAYS + 4, 28) == 28


def test_stream_without_a_route_has_a_row_of_its_own() -> None:
    days = Days()
    cell = Cell("sms", None, None, None, None, None, DAY_SECONDS)
    days.move(b"", Tally(0, 0, cell, 4, {}))
    [key] = days.vectors()[1]
    assert key == Key("sms", "", "", "", "", "")
    assert np.count_nonzero(days.vectors()[1][key]) == 1


def test_counts_as_journals_had_them_before_are_read() -> None:
    before = msgpack.encode({PLACE["submitted"].start: 3})
    days = Days()
    days.table.put(0, msgjson.encode(KEY).decode(), DayRow(before))
    days.move(before, tally(5))
    assert submitted(days) == 5
