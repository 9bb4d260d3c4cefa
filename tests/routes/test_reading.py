"""Tallies are running totals: of each cell and partition the last one counts, whatever their order."""

from itertools import permutations

from msgspec.structs import replace

from acquit.columns import PLACE
from acquit.effects import Cell, Tally
from acquit.routes.reading import date_of, day_of, of_place, tallied
from acquit.routes.streams import Place

DAY = 20_700
CELL = Cell("sms", "20801", "FR", "r", "s", "otp", DAY * 86_400 + 9 * 3_600)
PLACE_OF_CELL = Place("sms", "r", "s", "20801")


def total(upto: int, submitted: int, *, partition: int = 0, hours: int = 0, stream: str = "otp") -> Tally:
    return Tally(partition, upto, replace(CELL, hour=CELL.hour + hours * 3_600, stream=stream), submitted, {})


def submitted(*tallies: Tally, day: int = DAY) -> int:
    return int(of_place(tallied(tallies).days, PLACE_OF_CELL, day)[PLACE["submitted"]].sum())


def test_later_total_replaces_the_former_in_any_order() -> None:
    for order in permutations([total(1, 10), total(5, 30), total(3, 20)]):
        assert submitted(*order) == 30


def test_partitions_hours_and_streams_add_up() -> None:
    assert submitted(total(1, 10), total(1, 20, partition=1), total(1, 40, hours=1), total(1, 80, stream="mail")) == 150


def test_hours_after_midnight_are_of_the_next_day() -> None:
    assert submitted(total(1, 10), total(1, 20, hours=15)) == 10
    assert submitted(total(1, 10), total(1, 20, hours=15), day=DAY + 1) == 20


def test_what_is_later_than_a_day_can_be_left_out() -> None:
    read = tallied([total(1, 10), total(1, 20, hours=24)])
    assert list(read.until(DAY).days) == [DAY]


def test_days_have_dates() -> None:
    assert str(date_of(DAY)) == "2026-09-04"
    assert day_of(date_of(DAY)) == DAY
