"""Labels that are many: the first keep their names; what may be somebody's address never becomes one."""

import pytest

from acquit.capped import OTHER, UNKNOWN, Capped


def test_first_names_are_kept_and_all_later_ones_are_other() -> None:
    known = Capped(2)
    assert [known.label(name) for name in ("a", "b", "c", "a", "", None)] == ["a", "b", OTHER, "a", UNKNOWN, UNKNOWN]


@pytest.mark.parametrize(
    "name",
    [
        "+33612345678",
        "33612345678",
        "06 12 34 56 78",
        "(0)6-12-34-56-78",
        "+3361234",
        "ann@example.org",
        "sms:ann@x",
        "x" * 101,
    ],
)
def test_name_that_may_be_an_address_is_other_and_takes_no_place(name: str) -> None:
    known = Capped(1)
    assert (known.label(name), known.names) == (OTHER, [])


@pytest.mark.parametrize("name", ["20801", "310260", "Orange F", "aggr-20261122", "20261122", "gmail.com", "x" * 100])
def test_name_of_a_carrier_or_a_route_is_shown(name: str) -> None:
    assert Capped(1).label(name) == name
