"""A provider's outage that answers "unknown subscriber" for everybody: who is held, who is not, and what becomes of it."""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquit.effects import Append, Effect, Held, Holding, Suppression, Tally
from acquit.envelope import Source
from acquit.events import Event, Receipt, decode
from acquit.partition import Partition
from acquit.pipeline import take_in
from acquit.suppression.breaker import PLACES_LIMIT, Limits
from acquit.suppression.keys import Hashing, hashed
from tests.builders import (
    DAY,
    TRIES,
    Read,
    command,
    complaint,
    engagement,
    entries_of,
    partition,
    receipt,
    record,
    shipped_rules,
    submit,
    tables_of,
    unknown_number,
    when,
)

MINUTE = 60
OUTAGE = 1_000
SPREAD = MINUTE * 9.9 / OUTAGE
"""An outage of ten minutes hits this many people, one after the other."""


def phone(number: int, of: str = "2") -> str:
    return f"+336{of}{number:07}"


def failed(number: int, *, at: float, of: str = "2", **fields: Any) -> Receipt:
    fields = {"route": "aggr-a", "carrier": "20801", **fields}
    return unknown_number(f"f{of}{number}", at=at, to=phone(number, of), **fields)


def delivered(number: int, *, at: float, of: str = "3", **fields: Any) -> Receipt:
    fields = {"route": "aggr-b", "carrier": "20810", **fields}
    return receipt("delivered_handset", f"d{of}{number}", at=at, to=phone(number, of), **fields)


def outage(people: int = OUTAGE, *, begins: float = 0) -> list[Receipt]:
    """All of one route fail."""
    return [failed(number, at=begins + number * SPREAD) for number in range(people)]


def normal(messages: int = OUTAGE) -> list[Receipt]:
    """Another route's: one in twenty is really unknown."""
    told = []
    for number in range(messages):
        at = number * SPREAD
        others = {"route": "aggr-b", "carrier": "20810"}
        is_bad = number % 20 == 0
        told.append(failed(number, at=at, of="4", **others) if is_bad else delivered(number, at=at, **others))
    return told


def in_time(*events: Event, first: int = 0) -> list[Read]:
    """A log in which each event arrives when it happened."""
    told = sorted(events, key=lambda event: event.at)
    return [record(event, offset, at=(event.at - when(0)).total_seconds()) for offset, event in enumerate(told, first)]


def later(state: Partition, *events: Event, at: float) -> list[Effect]:
    """What these events bring, at a later time, but for totals."""
    effects = state.fold([record(event, state.head.to + 1 + n, at=at) for n, event in enumerate(events)])
    return [effect for effect in effects if not isinstance(effect, Tally)]


def listed(effects: Iterable[Effect]) -> dict[str, Held]:
    """Who is held, to a reader of `acquit.held`."""
    last = {effect.recipient: effect for effect in effects if isinstance(effect, Held)}
    return {recipient: held for recipient, held in last.items() if held.value is not None}


def holdings(effects: Iterable[Effect]) -> dict[tuple[str | None, str | None], tuple[int, bool]]:
    return {(told.route, told.carrier): (told.failures, told.is_open) for told in effects if isinstance(told, Holding)}


def suppressed(state: Partition) -> set[str]:
    return {recipient for recipient, _ in entries_of(state)}


def after_outage(**fields: Any) -> tuple[Partition, list[Effect]]:
    state = partition(**fields)
    return state, state.fold(in_time(*outage(), *normal()))


def decision(name: Any, number: int, **fields: Any) -> Event:
    return command(name, at=DAY / 2, to=phone(number), **fields)


EVERYBODY = {f"sms:{phone(number)}" for number in range(OUTAGE)}
REALLY_UNKNOWN = {f"sms:{phone(number, '4')}" for number in range(0, OUTAGE, 20)}


def test_nobody_stays_suppressed_after_an_outage_and_other_routes_failures_count() -> None:
    state, effects = after_outage()
    assert suppressed(state) == REALLY_UNKNOWN
    assert listed(effects).keys() == EVERYBODY


def test_senders_see_of_an_outage_nothing_at_its_end() -> None:
    """By the records of the list, not by our state."""
    _, effects = after_outage()
    told: dict[bytes, bytes | None] = {e.listing.key: e.listing.value for e in effects if isinstance(e, Suppression)}
    assert {key for key, value in told.items() if value} == {f"{one}/*".encode() for one in REALLY_UNKNOWN}


def test_everyone_who_is_held_is_in_the_log_with_what_would_have_been() -> None:
    _, effects = after_outage()
    held = {e.recipient: e for e in effects if isinstance(e, Suppression) and e.change == "held"}
    assert held.keys() == EVERYBODY
    assert all(one.entry is None and one.before and one.before.reason == "recipient_unknown" for one in held.values())


def test_who_is_held_is_listed_with_the_place_and_the_evidence() -> None:
    _, effects = after_outage()
    [failure] = listed(effects)[f"sms:{phone(700)}"].failures
    assert (failure.route, failure.carrier, failure.category) == ("aggr-a", None, "recipient_unknown")
    assert (failure.evidence.message_id, failure.since) == ("f2700", when(700 * SPREAD))


def test_how_much_is_held_and_that_more_would_be_is_told() -> None:
    state, effects = after_outage()
    assert holdings(effects) == {("aggr-a", None): (OUTAGE, True)}
    assert later(state, delivered(1, at=0, of="5"), at=11 * MINUTE) == []
    assert holdings(later(state, delivered(2, at=0, of="5"), at=21 * MINUTE)) == {("aggr-a", None): (OUTAGE, False)}


@pytest.mark.parametrize(("people", "is_held"), [(19, False), (20, True)])
def test_few_failures_are_no_outage(people: int, is_held: bool) -> None:
    state = partition()
    effects = state.fold(in_time(*outage(people)))
    assert (len(suppressed(state)), len(listed(effects))) == ((0, people) if is_held else (people, 0))


@pytest.mark.parametrize(("others", "is_held"), [(80, False), (79, True)])
def test_so_great_a_share_is_an_outage_and_no_smaller(others: int, is_held: bool) -> None:
    same = {"route": "aggr-a", "carrier": "20801"}
    state = partition()
    state.fold(in_time(*(delivered(number, at=0, **same) for number in range(others)), *outage(20, begins=1)))
    assert len(suppressed(state)) == (0 if is_held else 20)


def test_messages_and_not_receipts_are_counted() -> None:
    """Accepted, in the network, in the handset, read: one message that ended once."""
    same: Any = {"route": "aggr-a", "carrier": "20801"}
    steps: Any = ("sent", "accepted", "delivered_network", "delivered_handset", "read")
    told = [receipt(step, f"d{n}", to=phone(n, "5"), **same) for n in range(79) for step in steps]
    state = partition()
    state.fold(in_time(*told, *outage(20, begins=1)))
    assert suppressed(state) == set()


@pytest.mark.parametrize(("minutes", "is_held"), [(8, True), (10, False)])
def test_only_the_last_minutes_count(minutes: int, is_held: bool) -> None:
    early, late = outage(10), [failed(number, at=minutes * MINUTE + number) for number in range(10, 20)]
    state = partition()
    state.fold(in_time(*early, *late))
    assert len(suppressed(state)) == (0 if is_held else 20)


def test_share_of_1_never_holds() -> None:
    state, effects = after_outage(limits=Limits(share=1))
    assert suppressed(state) == EVERYBODY | REALLY_UNKNOWN
    assert listed(effects) == {}


def test_outage_of_a_carrier_over_several_routes_is_the_carriers() -> None:
    told = [failed(number, at=number * SPREAD, route=f"aggr-{number % 4}") for number in range(OUTAGE)]
    fine = [
        delivered(number, at=number * SPREAD, of="5", route=f"aggr-{number % 4}", carrier="20810")
        for number in range(OUTAGE)
    ]
    real = [
        failed(number, at=number * SPREAD, of="4", route="aggr-0", carrier="20810") for number in range(0, 1000, 50)
    ]
    state = partition()
    effects = state.fold(in_time(*told, *fine, *real))
    assert suppressed(state) == {f"sms:{phone(number, '4')}" for number in range(0, 1000, 50)}
    assert holdings(effects).keys() == {(None, "20801")}


def test_outage_of_a_route_holds_nothing_of_others_to_its_carriers() -> None:
    """Half of the carrier's traffic goes by the route that is out: what the route explains is not the carrier's."""
    told = [failed(number, at=number * SPREAD, carrier="20810") for number in range(OUTAGE)]
    state = partition()
    effects = state.fold(in_time(*told, *normal()))
    assert suppressed(state) == REALLY_UNKNOWN
    assert holdings(effects).keys() == {("aggr-a", None)}


def test_without_routes_it_is_the_suppliers_else_the_providers() -> None:
    for named, place in (({"supplier": "aggr"}, "aggr"), ({}, "p")):
        told = [failed(n, at=n * SPREAD, route=None, carrier=None, **named) for n in range(OUTAGE)]
        state = partition()
        effects = state.fold(in_time(*told))
        assert suppressed(state) == set()
        assert (place, None) in holdings(effects)


def test_failures_without_a_message_are_held_as_well() -> None:
    told = [unknown_number(None, at=n * SPREAD, to=phone(n), route="aggr-a") for n in range(OUTAGE)]
    state = partition()
    state.fold(in_time(*told))
    assert suppressed(state) == set()


def test_what_a_person_said_during_an_outage_counts() -> None:
    said: list[Event] = [
        engagement("stop", at=MINUTE, to=phone(1)),
        engagement("stop", at=8 * MINUTE, to=phone(999)),
        complaint("c1", at=8 * MINUTE, to=phone(2), route="aggr-a", carrier="20801"),
        command("add", at=8 * MINUTE, to=phone(3)),
        receipt("rejected", "o4", at=8 * MINUTE, to=phone(4), category="opted_out", permanence="permanent",
                route="aggr-a", carrier="20801"),
        receipt("rejected", "o5", at=8 * MINUTE, to=phone(5), category="do_not_contact_registry",
                permanence="permanent", route="aggr-a", carrier="20801"),
    ]  # fmt: skip
    state = partition()
    state.fold(in_time(*outage(), *said))
    reasons = {recipient: entry.reason for (recipient, _), entry in entries_of(state).items()}
    assert reasons == {
        f"sms:{phone(1)}": "stop",
        f"sms:{phone(999)}": "stop",
        f"sms:{phone(2)}": "complaint",
        f"sms:{phone(3)}": "manual",
        f"sms:{phone(4)}": "opted_out",
        f"sms:{phone(5)}": "do_not_contact_registry",
    }


def test_who_was_suppressed_before_stays_so_and_no_longer_than_before() -> None:
    before = receipt("failed", "old", at=-DAY, to=phone(500), category="recipient_inactive", permanence="permanent")
    state = partition()
    state.fold(in_time(before))
    known = entries_of(state)
    state.fold(in_time(*outage(), first=1))
    assert entries_of(state) == known


def test_breaker_closes_when_little_fails_any_more_and_failures_count_again() -> None:
    state, _ = after_outage()
    fine = {"route": "aggr-a", "carrier": "20801"}
    recovered = [delivered(number, at=0, of="5", **fine) for number in range(100)]
    later(state, *recovered, at=18 * MINUTE)
    later(state, failed(1, at=18 * MINUTE, of="6"), at=18 * MINUTE)
    assert f"sms:{phone(1, '6')}" not in suppressed(state)  # the minutes that count still have what failed
    later(state, *(delivered(number, at=0, of="7", **fine) for number in range(100)), at=20 * MINUTE)
    later(state, failed(2, at=20 * MINUTE, of="6"), at=20 * MINUTE)
    assert suppressed(state) == REALLY_UNKNOWN | {f"sms:{phone(2, '6')}"}


# What becomes of what is held


def test_released_failure_counts_as_if_it_had_never_been_held() -> None:
    state, _ = after_outage()
    effects = later(state, decision("release", 7), at=DAY / 2)
    entry = entries_of(state)[f"sms:{phone(7)}", "*"]
    assert (entry.since, entry.until) == (when(7 * SPREAD), when(7 * SPREAD + 90 * DAY))
    [change] = [effect for effect in effects if isinstance(effect, Suppression)]
    assert (change.change, change.by, change.why) == ("suppressed", "ann", "asked")
    assert [effect.value for effect in effects if isinstance(effect, Held)] == [None]  # the tombstone
    assert holdings(effects)["aggr-a", None][0] == OUTAGE - 1


def test_who_is_known_by_a_hash_alone_is_released_by_it() -> None:
    hashing = Hashing(b"a key of a test that has 32 bytes or more", is_for_all=True)
    state, effects = after_outage(hashing=hashing)
    name = hashed(f"sms:{phone(7)}", hashing.key)
    assert name in listed(effects)
    assert (name, "*") not in entries_of(state)
    asked = command("release", at=DAY / 2, to=name.removeprefix("sms:"), partition=0)
    source = Source("canonical", takes_commands=True)
    [written] = take_in(record(asked, at=DAY / 2), source, rules=shipped_rules(), max_bytes=10_000)
    assert isinstance(written, Append)
    assert written.partition == 0
    later(state, decode(written.value), at=DAY / 2)
    assert (name, "*") in entries_of(state)


def test_all_released_is_the_list_without_a_breaker() -> None:
    state, _ = after_outage()
    later(state, *(decision("release", number, route="aggr-a") for number in range(OUTAGE)), at=DAY / 2)
    unbroken, _ = after_outage(limits=Limits(share=1))
    later(unbroken, decision("release", 1), at=DAY / 2)
    assert entries_of(state) == entries_of(unbroken)


def test_release_of_another_route_or_of_a_carrier_releases_nothing() -> None:
    state, _ = after_outage()
    later(state, delivered(1, at=0, of="5"), at=DAY / 2)  # the breaker closes
    assert later(state, decision("release", 7, route="aggr-b"), at=DAY / 2) == []
    assert later(state, decision("release", 7, carrier="aggr-a"), at=DAY / 2) == []


def test_dropped_failure_never_counts_even_if_its_provider_says_it_again() -> None:
    state, _ = after_outage()
    effects = later(state, decision("drop", 7), at=DAY / 2)
    [change] = [effect for effect in effects if isinstance(effect, Suppression)]
    assert (change.change, change.entry, change.by) == ("dropped", None, "ann")
    assert [effect.value for effect in effects if isinstance(effect, Held)] == [None]
    later(state, failed(7, at=7 * SPREAD), failed(7, at=0), decision("release", 7), at=DAY)
    assert suppressed(state) == REALLY_UNKNOWN


def test_failure_of_another_message_counts_after_a_drop() -> None:
    state, _ = after_outage()
    later(state, decision("drop", 7), at=DAY / 2)
    later(state, unknown_number("new", at=DAY, to=phone(7), route="aggr-a"), at=DAY)
    assert entries_of(state)[f"sms:{phone(7)}", "*"].since == when(DAY)


def test_what_nobody_decides_is_dropped_in_time_and_the_log_says_so() -> None:
    state, _ = after_outage(limits=Limits(held_days=7))
    [closed] = later(state, delivered(1, at=0, of="5"), at=7 * DAY - 1)
    assert holdings([closed]) == {("aggr-a", None): (OUTAGE, False)}
    effects = later(state, delivered(2, at=0, of="5"), at=7 * DAY + 10 * MINUTE)
    told = [effect for effect in effects if isinstance(effect, Suppression)]
    assert {(effect.change, effect.why, effect.by) for effect in told} == {("dropped", "held for 7 days", None)}
    assert len(told) == OUTAGE
    assert {effect.value for effect in effects if isinstance(effect, Held)} == {None}
    assert holdings(effects) == {("aggr-a", None): (0, False)}


def test_who_was_held_is_forgotten_in_the_end() -> None:
    state, _ = after_outage()
    for day in (8, 60, 120):
        later(state, delivered(day, at=day * DAY, of="5"), at=day * DAY)
    assert len(state.people.table) == 0


def test_held_message_that_proves_to_have_arrived_is_held_no_more() -> None:
    state, _ = after_outage()
    arrived = receipt("delivered_handset", "f27", at=MINUTE, to=phone(7), route="aggr-a")
    effects = later(state, arrived, decision("release", 7), at=DAY / 2)
    assert [effect.value for effect in effects if isinstance(effect, Held)] == [None]
    assert f"sms:{phone(7)}" not in suppressed(state)


def test_later_delivery_of_another_message_outweighs_what_is_released() -> None:
    state, _ = after_outage()
    arrived = receipt("delivered_handset", "other", at=DAY / 4, to=phone(7))
    effects = later(state, arrived, decision("release", 7), at=DAY / 2)
    assert [effect.change for effect in effects if isinstance(effect, Suppression)] == ["released"]
    assert f"sms:{phone(7)}" not in suppressed(state)


def test_submit_that_comes_later_makes_known_whose_the_held_message_was() -> None:
    state, _ = after_outage()
    later(state, submit("f27", to=phone(7), route="aggr-a", ported_at=when(-DAY)), at=DAY / 4)
    later(state, decision("release", 7), at=DAY / 2)
    assert f"sms:{phone(7)}" not in suppressed(state)  # a port excuses it


# The same log gives the same state


CUTS = st.lists(st.integers(1, 2 * OUTAGE - 1), max_size=12)


def _in_batches(records: Sequence[Read], cuts: Iterable[int], state: Partition) -> list[Effect]:
    edges = [0, *sorted({*cuts}), len(records)]
    return [effect for start, end in pairwise(edges) for effect in state.fold(records[start:end])]


@cache
def _in_one_batch() -> tuple[list[Read], Partition, list[Effect]]:
    records, state = in_time(*outage(), *normal()), partition()
    return records, state, state.fold(records)


@settings(max_examples=max(15, TRIES // 5), deadline=None)
@given(CUTS)
def test_where_a_batch_ends_is_not_to_be_seen(cuts: list[int]) -> None:
    (records, one, whole), other = _in_one_batch(), partition()
    parts = _in_batches(records, cuts, other)
    assert tables_of(one) == tables_of(other)
    assert one.head.breakers == other.head.breakers
    assert [e for e in whole if isinstance(e, Suppression)] == [e for e in parts if isinstance(e, Suppression)]
    assert {r: h.failures for r, h in listed(whole).items()} == {r: h.failures for r, h in listed(parts).items()}
    assert holdings(whole) == holdings(parts)


def test_what_is_counted_is_bounded() -> None:
    state = partition()
    state.fold([record(delivered(n, at=0, route=f"r{n}"), n) for n in range(2 * PLACES_LIMIT)])
    assert len(state.breaker.outcomes) == PLACES_LIMIT
    state.fold([record(delivered(0, at=0, of="5"), 2 * PLACES_LIMIT, at=10 * MINUTE)])
    assert len(state.breaker.outcomes) == 2
