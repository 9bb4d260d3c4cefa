"""Tallies as vectors: every number in its place, and all of them add."""

import numpy as np

from acquit.columns import PLACE, WIDTH, contradiction, probe
from acquit.effects import Cell, Tally
from acquit.routes.streams import Ints, Key, grouped, key_of, vector, windows_of

HOUR = 1_756_800_000  # 08:00 UTC
CELL = Cell("sms", "20801", "FR", "aggr-a", "aggr", "otp", HOUR)
TALLY = Tally(
    partition=3, upto=7, cell=CELL, submitted=10,
    status={"delivered_handset": 5, "delivered_network": 1, "failed": 2, "sent": 1, "expired": 1},
    failures={"recipient_unknown/permanent": 2, "expired/expired": 1}, delivered_in={20: 5, 22: 1},
    converted_in={20: 3}, engaged={"conversion": 3, "not_received": 1}, contradicted={"known_dead_delivered": 1},
    delivered_by={"slot/2": 6, "sender/3": 6}, converted_by={"slot/2": 3, "sender/3": 3},
    delivered_at={59: 6}, early={0: 1, 4: 2}, probed={"known_dead": 2, "live": 1},
)  # fmt: skip


def column(made: Ints, name: str, place: int = 0) -> int:
    return int(made[PLACE[name].start + place])


def test_every_number_of_a_tally_has_its_place() -> None:
    made = vector(TALLY)
    assert column(made, "submitted") == 10
    assert (column(made, "handset"), column(made, "network"), column(made, "failed")) == (5, 1, 3)
    assert (column(made, "waiting"), column(made, "unknown_recipient")) == (1, 2)
    assert (column(made, "delivered_in", 20), column(made, "converted_in", 20)) == (5, 3)
    assert (column(made, "delivered_at", 59), column(made, "early", 4)) == (6, 2)
    assert made[contradiction("known_dead_delivered")] == 1
    assert (made[probe("known_dead")], made[probe("live")]) == (2, 1)
    assert column(made, "not_received") == 1


def test_what_is_counted_by_hour_is_that_of_the_cell() -> None:
    made = vector(TALLY)
    assert [column(made, name, 8) for name in ("delivered_hour", "converted_hour", "dead_hour", "dead_delivered_hour")] == [
        6, 3, 2, 1,
    ]  # fmt: skip


def test_windows_add_up_the_days_they_hold_and_no_others() -> None:
    key, one = key_of(TALLY), vector(TALLY)
    found = windows_of({day: {key: one} for day in range(10)}, 8, (1, 3, 7))
    assert found.keys == [key]
    for length, counts in found.windows.items():
        np.testing.assert_array_equal(counts[0], one * length)


def test_routes_that_say_no_supplier_are_their_own() -> None:
    assert key_of(Tally(0, 0, Cell("sms", "20801", "FR", "x", None, None, HOUR), 0, {})) == Key(
        "sms", "x", "x", "20801", "FR", ""
    )


def test_the_streams_of_a_route_on_a_carrier_are_one_place() -> None:
    keys = [Key("sms", "a", "s", carrier, "FR", stream) for carrier in ("1", "2") for stream in ("otp", "marketing")]
    found = grouped(keys)
    assert found.place.tolist() == [0, 0, 1, 1]
    assert found.place_carrier.tolist() == [0, 1]
    assert found.place_supplier.tolist() == [0, 0]


def test_what_names_neither_a_route_nor_a_supplier_is_judged_as_nobodys() -> None:
    ours = Key("sms", "aggr-a", "aggr", "20801", "FR", "otp")
    rows = {ours: np.ones(WIDTH, np.int64), ours._replace(route="", supplier=""): np.ones(WIDTH, np.int64)}
    found = windows_of({3: rows}, 3)
    assert list(found.keys) == [ours]
    assert (found.windows[1] == 1).all()
