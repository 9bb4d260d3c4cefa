"""Delivery per carrier and hour: the last word of every partition counts, once, in any order."""

from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquit.blocks import Blocks
from acquit.capped import Capped
from acquit.effects import Cell, Counted, Tally
from acquit.events import Status
from acquit.routes.cohorts import KEPT_DAYS, MATCHED_HOURS, Cohort, Held, Sums
from tests.builders import DAY, HOUR, START_MS, Read

NINE = START_MS // 1000


def tally(
    upto: int = 1,
    *,
    partition: int = 0,
    carrier: str | None = "20801",
    hour: int = NINE,
    route: str | None = None,
    submitted: int | None = None,
    **status: int,
) -> Tally:
    counts: Any = status
    known = sum(status.values()) if submitted is None else submitted
    return Tally(partition, upto, Cell("sms", carrier, None, route, None, None, hour), known, counts)


def summed(*tallies: Tally, limit: int = 100, zone: str = "UTC") -> Sums:
    sums = Sums(Capped(limit), zone=zone)
    for one in tallies:
        sums.take(one.key, one.value)
    return sums


def shown(sums: Sums) -> dict[tuple[str, str, str], dict[str, int]]:
    """What is shown, by channel, carrier and hour; nothing and 0 look the same."""
    return {
        (cohort.channel, cohort.carrier, cohort.hour): {
            status: count for status, count in cohort.status.items() if count
        }
        for cohort in sums.all_cohorts()
    }


def test_partitions_and_routes_of_a_carrier_are_added_up() -> None:
    sums = summed(tally(sent=1), tally(sent=2, partition=1), tally(sent=4, route="r1"), tally(sent=8, carrier="20810"))
    assert shown(sums) == {("sms", "20801", "09"): {"sent": 7}, ("sms", "20810", "09"): {"sent": 8}}


def test_highest_offset_of_a_partition_counts_in_any_order() -> None:
    totals = [
        tally(5, sent=3),
        tally(9, delivered_handset=3),
        tally(7, sent=2, delivered_handset=1),
        tally(2, partition=1, sent=1),
    ]
    for order in permutations(totals):
        assert shown(summed(*order)) == {("sms", "20801", "09"): {"sent": 1, "delivered_handset": 3}}


def test_total_that_comes_twice_counts_once() -> None:
    assert shown(summed(*3 * [tally(sent=3)])) == shown(summed(tally(sent=3)))


def test_status_that_fell_to_nothing_stays_with_0() -> None:
    [cohort] = summed(tally(1, sent=3), tally(2, failed=3)).all_cohorts()
    assert cohort.status == {"sent": 0, "failed": 3}


def test_old_total_changes_no_place() -> None:
    sums = summed(tally(9, sent=3))
    assert sums.take(tally(8).key, tally(8, sent=1).value) is None
    assert sums.take(tally(10).key, tally(10, sent=4).value) == ("sms", "20801", NINE)


@pytest.mark.parametrize("status", ["delivered_network", "delivered_handset", "read"])
def test_what_is_delivered(status: Status) -> None:
    cohort = Cohort("sms", "20801", "09", {status: 3})
    assert (cohort.delivered, cohort.final) == (3, 3)


@pytest.mark.parametrize("status", ["failed", "expired", "unknown"])
def test_what_is_final_and_not_delivered(status: Status) -> None:
    cohort = Cohort("sms", "20801", "09", {status: 3})
    assert (cohort.delivered, cohort.final) == (0, 3)


@pytest.mark.parametrize("status", ["queued", "sent", "accepted", "deferred", "cancelled", "rejected"])
def test_what_is_not_in_the_ratio(status: Status) -> None:
    cohort = Cohort("sms", "20801", "09", {status: 3})
    assert (cohort.delivered, cohort.final) == (0, 0)


def test_latest_day_of_an_hour_is_shown() -> None:
    days = [tally(sent=1), tally(sent=2, hour=NINE + DAY), tally(sent=4, hour=NINE + HOUR)]
    for order in permutations(days):
        assert shown(summed(*order)) == {("sms", "20801", "09"): {"sent": 2}, ("sms", "20801", "10"): {"sent": 4}}


def test_each_carrier_has_its_own_latest_day() -> None:
    sums = summed(tally(sent=1), tally(sent=2, hour=NINE + DAY, carrier="20810"))
    assert shown(sums) == {("sms", "20801", "09"): {"sent": 1}, ("sms", "20810", "09"): {"sent": 2}}


def test_hours_are_those_of_the_zone() -> None:
    assert set(shown(summed(tally(sent=1), zone="Europe/Paris"))) == {("sms", "20801", "10")}


def test_place_of_an_older_day_is_not_shown() -> None:
    sums = summed(tally(sent=2, hour=NINE + DAY))
    place = sums.take(tally().key, tally(sent=1).value)
    assert place is not None
    assert sums.cohorts([place]) == []


def test_place_is_shown_once_however_often_it_changed() -> None:
    place = ("sms", "20801", NINE)
    assert len(summed(tally(sent=1)).cohorts([place, place, ("sms", "nobody", NINE)])) == 1


def test_carriers_over_the_limit_are_other_and_added_up() -> None:
    sums = summed(*(tally(sent=2**number, carrier=f"c{number}") for number in range(4)), limit=2)
    assert shown(sums) == {
        ("sms", "c0", "09"): {"sent": 1},
        ("sms", "c1", "09"): {"sent": 2},
        ("sms", "other", "09"): {"sent": 12},
    }


def test_carrier_that_has_its_name_keeps_it() -> None:
    sums = summed(tally(sent=1, carrier="a"), tally(sent=1, carrier="b"), tally(2, sent=5, carrier="a"), limit=1)
    assert shown(sums) == {("sms", "a", "09"): {"sent": 5}, ("sms", "other", "09"): {"sent": 1}}


def test_no_carrier_is_unknown_and_takes_no_place() -> None:
    assert set(shown(summed(tally(sent=1, carrier=None), tally(sent=1), limit=1))) == {
        ("sms", "unknown", "09"),
        ("sms", "20801", "09"),
    }


def test_totals_older_than_forty_days_are_forgotten() -> None:
    sums = summed(tally(sent=1, carrier="a"), tally(sent=1, carrier="b", hour=NINE + 1 * DAY))
    sums.take(tally().key, tally(sent=1, hour=NINE + (KEPT_DAYS + 1) * DAY).value)
    assert {carrier for _, carrier, _ in shown(sums)} == {"b", "20801"}


def read(one: Tally | bytes | None, offset: int = 0, key: bytes | None = b"k") -> Read:
    value = one.value if isinstance(one, Tally) else one
    return Read(offset, START_MS + offset, value, one.key if isinstance(one, Tally) else key, "acquit.tallies")


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (None, b"k"),  # a tombstone
        (tally().value, None),
        (b"{", b"k"),
        (b"[]", b"k"),
        (b"{}", b"k"),
        pytest.param(
            b'{"partition":0,"upto":1,"cell":{"channel":"\xff"}}',
            b"k",
        ),
        pytest.param(
            tally().value,
            b"\xff",
        ),
    ],
)
def test_record_that_is_no_total_is_read_and_changes_nothing(value: bytes | None, key: bytes | None) -> None:
    sums = summed(tally(sent=1))
    before = shown(sums)
    assert sums.take_record(read(value, 7, key)) is None
    assert (sums.head.to, sums.head.timestamp_ms, shown(sums)) == (7, START_MS + 7, before)


def test_ledgers_say_how_far_their_totals_have_come() -> None:
    sums = summed(tally(sent=1))
    before = shown(sums)
    for counted in (Counted(0, 5), Counted(11, 7), Counted(0, 9)):
        assert sums.take_record(read(counted.value, 8, counted.key)) is None
    assert (sums.head.to, sums.head.counted, shown(sums)) == (8, {0: 9, 11: 7}, before)


def reloaded(sums: Sums, *, limit: int) -> Sums:
    """A worker that starts with what another one had in its tables."""
    again = Sums(Capped(limit), zone="UTC")
    again.head = sums.head
    for name, table in sums.tables.items():
        copy: Blocks[Held] = again.tables[name]
        copy.apply([(block, key, row) for block, key, row in table])
    again.loaded([])
    return again


_tallies = st.builds(
    lambda upto, partition, carrier, hour, sent, failed, route: tally(
        upto, partition=partition, carrier=carrier, hour=NINE + hour * HOUR, sent=sent * upto, failed=failed * upto,
        route=route, submitted=upto,
    ),
    st.integers(1, 4), st.integers(0, 1), st.sampled_from(["a", "b", None]), st.sampled_from([0, 1, 24, 25]),
    st.just(1), st.just(2), st.sampled_from(["r1", None]),
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(
    st.lists(_tallies, max_size=12).flatmap(lambda some: st.tuples(st.just(some), st.permutations([*some, *some[:3]])))
)
def test_repeats_and_order_change_nothing(drawn: tuple[list[Tally], list[Tally]]) -> None:
    once, again = drawn
    assert shown(summed(*once)) == shown(summed(*again))
    assert summed(*once).matched() == summed(*again).matched()


@settings(max_examples=100, deadline=None)
@given(st.lists(_tallies, max_size=12), _tallies)
def test_reloaded_sums_show_and_take_the_same(some: list[Tally], one: Tally) -> None:
    sums = summed(*some)
    again = reloaded(sums, limit=100)
    assert shown(again) == shown(sums)
    assert again.matched() == sums.matched()
    assert again.take(one.key, one.value) == sums.take(one.key, one.value)
    assert shown(again) == shown(sums)
    assert again.matched() == sums.matched()


def test_carriers_keep_their_names_over_a_restart() -> None:
    late, early = tally(sent=1, carrier="b", hour=NINE + HOUR), tally(sent=2, carrier="a", hour=NINE)
    sums = summed(late, early, limit=1)
    stored = summed(early, late)  # a journal is read by key, not by age
    stored.head = sums.head
    assert shown(reloaded(stored, limit=1)) == shown(sums)


# what is known of a route's messages


def test_messages_of_a_route_are_submitted_or_known_by_receipts_alone() -> None:
    sums = summed(
        tally(route="a", submitted=3, sent=2, delivered_handset=2),
        tally(route="a", submitted=1, sent=1, carrier="20810", partition=1),
        tally(route="b", submitted=0, delivered_handset=5),
        tally(submitted=0, failed=1),
    )
    assert sums.matched() == {"a": (4, 1), "b": (0, 5), "": (0, 1)}


def test_submit_that_comes_after_its_receipt_matches_it() -> None:
    before, after = tally(1, route="a", submitted=0, delivered_handset=2), tally(2, route="a", delivered_handset=2)
    assert summed(before).matched() == {"a": (0, 2)}
    for order in permutations([before, after]):
        assert summed(*order).matched() == {"a": (2, 0)}


@pytest.mark.parametrize(("hours", "is_counted"), [(0, True), (MATCHED_HOURS - 1, True), (MATCHED_HOURS, False)])
def test_messages_of_the_newest_day_are_matched(hours: int, is_counted: bool) -> None:
    totals = [tally(route="old", sent=1), tally(route="new", sent=1, hour=NINE + hours * HOUR)]
    for order in permutations(totals):
        assert ("old" in summed(*order).matched()) is is_counted


def test_what_is_forgotten_is_matched_no_more() -> None:
    sums = summed(tally(route="a", sent=1))
    sums.take(tally().key, tally(route="b", sent=1, hour=NINE + (KEPT_DAYS + 1) * DAY).value)
    assert sums.matched() == {"b": (1, 0)}


def test_total_of_an_old_journal_says_nothing_of_submits_until_it_changes() -> None:
    """Held had neither route nor submitted: it is no message that receipts alone know."""
    old = summed(tally(sent=3, route="a"))
    [(hour, key, held)] = old._held
    old._held.put(hour, key, Held(held.upto, held.channel, held.carrier, held.status))
    again = reloaded(old, limit=10)
    assert again.matched() == {}
    assert shown(again) == shown(summed(tally(sent=3)))
    again.take(tally(route="a").key, tally(2, route="a", submitted=3, sent=4).value)
    assert again.matched() == {"a": (3, 1)}
    assert shown(again) == shown(summed(tally(sent=4)))


def test_hours_that_the_ledger_has_closed_are_known_by_carrier_alone_and_survive_a_restart() -> None:
    """Of five thousand routes an hour has thousands of cells."""
    sums = Sums(Capped(50), zone="UTC")
    first = [closing(number, supplier=f"s{number}", delivered=3) for number in range(20)]
    for one in first:
        sums.take(one.key, one.value)
    sums.take((late := closing(99, hour=FIRST + 10 * 86_400, delivered=1)).key, late.value)
    assert len(sums._held) == 1
    assert sums.take(first[0].key, first[0].value) is None, "what comes again is in the sums"
    for sum_of in (sums, restarted(sums)):
        assert {(place[2], number) for place, by in sum_of._sums.items() for number in by.values()} == {
            (FIRST, 60), (late.cell.hour, 1),
        }  # fmt: skip


def test_partition_that_is_behind_has_closed_nothing() -> None:
    sums = Sums(Capped(50), zone="UTC")
    for one in (closing(1, hour=FIRST + 10 * 86_400, delivered=1), closing(1, partition=1, delivered=3)):
        assert sums.take(one.key, one.value) is not None
    assert len(sums._held) == 2


FIRST = START_MS // 1000 // 3_600 * 3_600


def closing(upto: int, *, partition: int = 0, supplier: str = "s", hour: int = FIRST, delivered: int) -> Tally:
    cell = Cell("sms", "20801", "FR", f"{supplier}-1", supplier, "otp", hour)
    return Tally(partition, upto, cell, delivered, {"delivered_handset": delivered})


def restarted(sums: Sums) -> Sums:
    """From what is journaled of it."""
    again = Sums(Capped(50), zone="UTC")
    for name, table in sums.tables.items():
        again.tables[name].load_delta(msgspec.msgpack.encode(table.take_delta()))
    again.head = sums.head
    again.loaded([])
    return again
