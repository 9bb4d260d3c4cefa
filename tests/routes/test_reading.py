"""Tallies are running totals: of each cell and partition the last one counts, whatever their order."""

from itertools import permutations
from typing import Any

from msgspec.structs import replace

from acquit.address import mask
from acquit.columns import PLACE
from acquit.effects import Cell, Tally, read_tally
from acquit.routes.reading import date_of, day_of, of_place, tallied
from acquit.routes.streams import Place
from tests.builders import PHONE, START, engagement, log, partition, receipt, submit

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


def test_what_the_ledger_sends_is_read_with_its_examples() -> None:
    fields: dict[str, Any] = {"route": "r", "supplier": "s", "carrier": "20801", "stream": "otp"}
    state = partition()
    effects = [
        *state.fold(
            log(
                submit("m1", **fields), receipt("delivered_handset", "m1", at=4), receipt("failed", "m1", at=9),
                submit("m2", at=1, **fields), receipt("delivered_handset", "m2", at=6),
                engagement("click", message_id="m2", at=20),
            )
        ),
        *state.flush(),
    ]  # fmt: skip
    read = tallied(read_tally(effect.value) for effect in effects if isinstance(effect, Tally))
    [(place, [named])] = read.examples.items()
    assert place == PLACE_OF_CELL
    assert (named.kind, named.example.message_id, named.example.to) == ("failed_after_delivery", "m1", mask(PHONE))
    [day] = read.days
    assert date_of(day) == START.date()
    counts = of_place(read.days, place, day)
    assert [int(counts[PLACE[name]].sum()) for name in ("submitted", "handset", "delivered_in", "converted_in")] == [
        2,
        2,
        2,
        1,
    ]


def test_days_have_dates() -> None:
    assert str(date_of(DAY)) == "2026-09-04"
    assert day_of(date_of(DAY)) == DAY
