"""The fold over one partition's log: the same log gives the same state, however it is cut, repeated or ordered."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations, permutations
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from acquit import rules
from acquit.capped import Capped
from acquit.effects import Append, Counted, DeadLetter, Effect, Entry, Suppression, Tally
from acquit.envelope import Source
from acquit.events import CHANNELS, Channel, Engagement, Event, Receipt, Said, Verdict, VerdictWord, encode
from acquit.ledger.labels import Numbers
from acquit.partition import Counts, Head, Partition
from acquit.pipeline import take_in
from acquit.routes.cohorts import Sums
from acquit.rules import Rules
from acquit.simulate import Scenario, Truth, simulate, truth_of
from acquit.worker.sending import partition_of
from tests.builders import (
    CONDEMNATIONS,
    DAY,
    FAILURES,
    HOUR,
    MAIL,
    MESSAGES,
    MILD,
    PHONE,
    START_MS,
    Read,
    batches,
    cells_of,
    certain,
    command,
    complaint,
    engagement,
    entries_of,
    folded,
    from_origin,
    last_totals,
    log,
    marked,
    partition,
    receipt,
    record,
    rows_of,
    shipped_rules,
    status_of,
    submit,
    tables_of,
    traffic,
    unknown_number,
    when,
)

LATER = 3 * HOUR
"""A time of arrival after all drawn times."""
SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def orders(**narrowed: Sequence[object]) -> st.SearchStrategy[tuple[list[Event], list[Event]]]:
    """Traffic, and the same in another order."""
    drawn = traffic(**narrowed)  # type: ignore[arg-type]  # passed on as it is
    return drawn.flatmap(lambda events: st.tuples(st.just(events), st.permutations(events)))


def _names_its_message(event: Event) -> bool:
    return not isinstance(event, Engagement) or event.message_id is not None


def reasons(state: Partition) -> dict[str, str]:
    return {scope: entry.reason for (_, scope), entry in entries_of(state).items()}


# Any order of arrival


@SLOW
@given(orders())
def test_any_order_of_arrival_gives_the_same_messages_and_totals(drawn: tuple[list[Event], list[Event]]) -> None:
    """But for a reply that names no message: it is booked into the latest that was read."""
    one, other = (folded(*filter(_names_its_message, events), at=LATER) for events in drawn)
    assert rows_of(one.messages) == rows_of(other.messages)
    assert cells_of(one.messages) == cells_of(other.messages)


OLDEST: list[Event] = [unknown_number(f"old{to}", at=-60, to=to) for to in sorted({*MESSAGES.values()})]
"""What speaks for a person is kept of those alone who failed: here all did, before anything else."""


@SLOW
@given(orders(ids=("s1", "s2", "s3"), kinds=(*MILD, *FAILURES)))
def test_any_order_of_arrival_gives_the_same_list_of_phones(drawn: tuple[list[Event], list[Event]]) -> None:
    one, other = (folded(*OLDEST, *events, at=LATER) for events in drawn)
    assert entries_of(one) == entries_of(other)


@SLOW
@given(orders(kinds=MILD))
def test_any_order_of_arrival_gives_the_same_list_of_those_who_spoke(drawn: tuple[list[Event], list[Event]]) -> None:
    one, other = (folded(*events, at=LATER) for events in drawn)
    assert entries_of(one) == entries_of(other)


def told_of_one_message(to: str) -> list[Event]:
    """What may be told of one message, at times that make the order matter. Every three of these are tried below."""
    mirror = ("rejected", "provider_suppressed", "permanent")
    kinds = [("delivered_handset", None, "none"), FAILURES[0], FAILURES[1], FAILURES[2], mirror, *CONDEMNATIONS]
    return [
        receipt(status, at=at, to=to, category=category, permanence=permanence)  # type: ignore[arg-type]  # of STATUSES
        for at, kind in enumerate([*kinds, *kinds, kinds[0]])
        for status, category, permanence in [kind]
    ]


def differing(to: str) -> list[tuple[Event, ...]]:
    """The threes of which the list depends on the order of their arrival."""
    return [
        three
        for three in combinations(told_of_one_message(to), 3)
        if any(entries_of(folded(*order)) != entries_of(folded(*three)) for order in permutations(three))
    ]


def test_any_order_of_what_is_told_of_a_phone_message_gives_the_same_list() -> None:
    assert differing(PHONE) == []


def test_any_order_of_what_is_told_of_a_mail_gives_the_same_list() -> None:
    assert differing(MAIL) == []


def test_bounces_around_the_delivery_of_a_mail_hold_the_same_in_any_order() -> None:
    events = [unknown_number(at=3, to=MAIL), receipt("delivered_handset", at=5, to=MAIL),
              receipt("failed", at=7, to=MAIL, category="recipient_inactive", permanence="permanent")]  # fmt: skip
    held = {order: entries_of(folded(*(events[index] for index in order))) for order in permutations(range(3))}
    assert [entry.reason for entry in held[0, 1, 2].values()] == ["recipient_inactive"]
    assert all(entries == held[0, 1, 2] for entries in held.values()), {o: list(e.values()) for o, e in held.items()}


def test_deliveries_around_the_bounce_of_a_mail_hold_the_same_in_any_order() -> None:
    events = [receipt("delivered_handset", at=4, to=MAIL), unknown_number(at=6, to=MAIL),
              receipt("delivered_handset", at=8, to=MAIL)]  # fmt: skip
    held = [entries_of(folded(*order)) for order in permutations(events)]
    assert all(entries == held[0] for entries in held), held


def test_opt_out_after_an_earlier_failure_of_its_message_holds() -> None:
    opt_out = receipt("rejected", at=5, category="opted_out", permanence="permanent")
    assert reasons(folded(unknown_number(at=3), opt_out)) == {"*": "opted_out"}


def test_complaint_stays_whatever_else_is_told_of_its_message() -> None:
    events = [unknown_number(at=3, to=MAIL), complaint(at=5), receipt("delivered_handset", at=7, to=MAIL)]
    assert [reasons(folded(*order)) for order in permutations(events)] == 6 * [{"*": "complaint"}]


def test_repeated_failure_without_a_message_counts_once() -> None:
    gone = receipt("failed", None, category="recipient_inactive", permanence="permanent")
    assert entries_of(folded(gone, gone)) == entries_of(folded(gone))  # the second one would hold for 180 days, not 30


def test_scope_of_an_account_does_not_depend_on_who_comes_first() -> None:
    ours = tuple(replace(rule, scope="acct") for rule in shipped_rules().policy)
    only_acme = replace(shipped_rules(), policy=ours)
    events: list[Event] = [submit(account="acme"), unknown_number(at=3)]
    assert [list(reasons(folded(*order, rules=only_acme))) for order in permutations(events)] == 2 * [["acct:acme"]]


# Batches cannot be seen


class Run(NamedTuple):
    """A state, all that left it, and what it counted."""

    state: Partition
    effects: list[Effect]
    counts: Counts


def run(parts: Sequence[Sequence[Read]], *, window_hours: int = 6) -> Run:
    state = partition(window_hours=window_hours)
    effects = [effect for part in parts for effect in state.fold(part)]
    return Run(state, [*effects, *state.flush()], state.take_counts())


@SLOW
@given(batches())
def test_batches_cannot_be_seen(parts: list[list[Read]]) -> None:
    cut, whole = run(parts), run([[record for part in parts for record in part]])
    assert certain(cut.effects) == certain(whole.effects)
    assert last_totals(cut.effects) == last_totals(whole.effects)
    assert tables_of(cut.state) == tables_of(whole.state)
    assert cut.counts == whole.counts
    assert replace(cut.state.head, flushed_ms=0) == replace(whole.state.head, flushed_ms=0)


def test_last_total_of_a_closed_hour_says_how_far_it_counts() -> None:
    state = partition(window_hours=1, tally_seconds=0)
    state.fold([record(receipt("sent"), 0), record(receipt("sent", "m2"), 1)])
    effects = state.fold([record(receipt("sent", "m3"), 2), record(None, 3, at=5 * HOUR)])
    assert [(tally.upto, tally.status) for tally in effects if isinstance(tally, Tally)] == [(2, {"sent": 3})]


# Repeats


@SLOW
@given(traffic(), st.data())
def test_our_own_repeats_change_nothing(events: list[Event], data: st.DataObject) -> None:
    once = marked(events)
    again = data.draw(st.integers(0, len(once)))
    effects_once = (one := partition()).fold(log(*once, at=LATER))
    effects = (other := partition()).fold(
        log(*once[:again], *once, at=LATER)
    )  # intake begins anew: a prefix is repeated
    assert tables_of(other) == tables_of(one)
    assert [(effect.listing.key, effect.entry) for effect in effects if isinstance(effect, Suppression)] == [
        (effect.listing.key, effect.entry) for effect in effects_once if isinstance(effect, Suppression)
    ]
    assert other.head.seen == one.head.seen
    assert other.counts.again == again
    assert replace(other.counts, again=0, events=len(once)) == one.counts


def test_event_with_another_origin_is_a_second_one() -> None:
    clicks = marked([engagement("click"), engagement("click")])
    assert (folded(*clicks).counts.again, folded(clicks[0], clicks[0]).counts.again) == (0, 1)


def test_origins_are_known_by_topic_partition_offset_and_index() -> None:
    sources = [("raw", 0, 5, 0), ("raw", 0, 5, 1), ("raw", 1, 5, 0), ("raw#1", 0, 5, 0), ("other", 0, 0, 0)]
    events = [from_origin(receipt("sent"), *source) for source in sources]
    assert folded(*events).counts.again == 0
    assert folded(*events, *events).counts.again == len(events)


def test_providers_repeat_is_counted_as_one_and_changes_no_total() -> None:
    state = folded(*marked([receipt("sent"), receipt("sent")]))
    assert (state.counts.repeated, state.counts.receipts) == (1, {("sms", None, "sent"): 1})
    assert [status for _, status, _ in cells_of(state.messages).values()] == [{"sent": 1}]


# What suppresses, and what lifts it


def verdict(word: VerdictWord, *, at: float, **names: Any) -> bytes:
    return msgspec.json.encode(Verdict(word, when(at), **names))


def weak(message_id: str, **fields: Any) -> Receipt:
    return receipt("failed", message_id, category="recipient_unknown", permanence="transient", **fields)


def capped(message_id: str, *, at: float) -> Receipt:
    return receipt(
        "failed", message_id, at=at, channel="whatsapp", category="frequency_capped", said=Said(code="131049")
    )


def test_131049_leaves_the_list_16_days_after_its_own_time_to_the_millisecond() -> None:
    state = partition()
    state.fold(log(capped("m1", at=0), at=HOUR))  # told an hour late
    state.fold([record(submit("m2", at=DAY), 1, at=16 * DAY - 0.001)])
    assert reasons(state) == {"*:marketing": "frequency_capped"}
    [expired] = certain(state.fold([record(submit("m3", at=DAY), 2, at=16 * DAY)]))
    assert isinstance(expired, Suppression)
    assert (expired.scope, expired.change, entries_of(state)) == ("*:marketing", "expired", {})


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_third_131049_holds_for_ever_in_whatever_order_they_come(order: tuple[int, ...]) -> None:
    told = [capped(f"m{number}", at=number * 20 * DAY) for number in range(3)]
    [entry] = entries_of(folded(*(told[place] for place in order), at=50 * DAY)).values()
    assert (entry.reason, entry.until, entry.since) == ("frequency_capped", None, when(40 * DAY))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([receipt("delivered_handset", "m2", at=60)], {}),
        ([receipt("read", "m2", at=60)], {}),
        ([receipt("delivered_network", "m2", at=60)], {"*": "recipient_unknown"}),  # the network's word is no handset
        ([receipt("accepted", "m2", at=60)], {"*": "recipient_unknown"}),
        ([receipt("delivered_handset", "m2", at=-60)], {"*": "recipient_unknown"}),
        ([submit("m2", at=30, route="grey"), receipt("delivered_handset", "m2", at=60)], {"*": "recipient_unknown"}),
        ([receipt("delivered_handset", "m2", at=60, route="grey")], {"*": "recipient_unknown"}),
        ([receipt("delivered_handset", "m2", at=60, route="white")], {}),
    ],
)
def test_newer_delivery_to_the_handset_lifts_what_was_made_of_failures(
    events: list[Event], expected: dict[str, str]
) -> None:
    state = folded(verdict("contradicted", at=-HOUR, route="grey"), unknown_number(at=0), *events, at=120)
    assert reasons(state) == expected


def test_delivery_lifts_nothing_where_the_routes_profile_says_that_it_is_the_networks_word(tmp_path: Path) -> None:
    (tmp_path / "routes.toml").write_text('[[route]]\nid = "g"\nroute = "grey"\ndelivered = "network"\nsource = "s"\n')
    events: list[Event] = [unknown_number(), submit("m2", route="grey"), receipt("delivered_handset", "m2", at=60)]
    assert reasons(folded(*events, rules=rules.load(tmp_path))) == {"*": "recipient_unknown"}


def test_delivery_that_is_told_too_late_to_count_still_lifts() -> None:
    state = partition(window_hours=1)
    state.fold(log(unknown_number(at=0)))
    state.fold([record(receipt("delivered_handset", "m2", at=HOUR), 1, at=9 * HOUR)])
    assert (state.counts.too_late, reasons(state)) == (1, {})


def test_failure_on_a_contradicted_route_is_weak_evidence() -> None:
    first, second = unknown_number("m1", at=0, route="grey"), unknown_number("m2", at=2 * DAY, route="grey")
    accused = verdict("contradicted", at=-1, route="grey")
    assert reasons(folded(accused, first)) == {}
    assert reasons(folded(accused, first, second, at=2 * DAY)) == {"*": "recipient_unknown"}
    assert reasons(folded(accused, unknown_number(at=0, route="white"))) == {"*": "recipient_unknown"}


@pytest.mark.parametrize("place", range(3))
def test_verdict_between_two_failures_weighs_the_second_alone(place: int) -> None:
    between = verdict("contradicted", at=30, route="grey", supplier="aggr")
    events: list[Event | bytes] = [
        receipt(
            "failed", "m1", at=0, route="grey", supplier="aggr", category="recipient_moved", permanence="permanent"
        ),
        unknown_number("m2", at=60, route="grey", supplier="aggr"),
    ]
    [entry] = entries_of(folded(*events[:place], between, *events[place:], at=120)).values()
    assert (entry.reason, entry.since) == ("recipient_moved", when(0))
    cleared = verdict("clean", at=45, route="grey", supplier="aggr")
    told = folded(*events, between, cleared, at=120)
    assert {entry.evidence.message_id for entry in entries_of(told).values()} == {"m1"}  # of two the longer hold shows


def test_verdict_that_is_cleared_is_in_the_list_at_once() -> None:
    state = partition()
    state.fold(log(verdict("contradicted", at=0, route="grey"), unknown_number(at=60, route="grey"), at=120))
    assert entries_of(state) == {}
    [suppressed] = certain(state.fold([record(verdict("clean", at=30, route="grey"), 2, at=130)]))
    assert isinstance(suppressed, Suppression)
    assert (suppressed.change, suppressed.upto, state.counts.events) == ("suppressed", 2, 3)


def test_verdicts_are_in_the_journal() -> None:
    state = folded(verdict("contradicted", at=0, route="grey"))
    again = partition()
    again.head = msgspec.msgpack.decode(msgspec.msgpack.encode(state.head), type=Head)
    again.loaded([])
    again.fold(log(unknown_number(at=60, route="grey"), at=60, first=1))
    assert (again.head.verdicts, entries_of(again)) == (state.head.verdicts, {})


def test_what_the_submit_says_of_the_route_counts_whichever_comes_first() -> None:
    accused = verdict("contradicted", at=-1, route="grey", carrier="20801")
    events: list[Event | bytes] = [submit(route="grey", carrier="20801"), unknown_number(at=1)]
    assert [entries_of(folded(accused, *order, at=9)) for order in permutations(events)] == [{}, {}]


@pytest.mark.parametrize("hours", [1, 47])
def test_failures_during_a_port_are_no_evidence_not_even_weak(hours: int) -> None:
    ported = when(-hours * HOUR)
    told: list[Event] = [
        weak("m1", at=0),
        submit("m1", ported_at=ported),
        weak("m2", at=DAY),
        submit("m2", at=DAY, ported_at=when(DAY - HOUR)),
    ]
    assert entries_of(folded(*told, at=2 * DAY)) == {}
    assert entries_of(folded(*told[::-1], at=2 * DAY)) == {}
    excused = [replace(failed, sub_reason="number_ported") for failed in told if isinstance(failed, Receipt)]
    assert entries_of(folded(*excused, at=2 * DAY)) == {}
    assert reasons(folded(weak("m1", at=0), weak("m2", at=DAY), at=2 * DAY)) == {"*": "recipient_unknown"}


def test_message_that_we_cancelled_is_no_failure_of_the_recipient() -> None:
    cancelled = [receipt("cancelled", f"m{n}", at=n * DAY / 4) for n in range(30)]
    assert len(folded(*cancelled, at=9 * DAY).people.table) == 0


def test_reply_opens_a_day_in_which_130472_does_not_count() -> None:
    held = [replace(capped(f"m{n}", at=n), said=Said(code="130472")) for n in range(3)]
    state = folded(*held, at=10)
    assert reasons(state) == {"*:marketing": "frequency_capped"}
    changes = [
        *state.fold([record(engagement("reply", at=20, channel="whatsapp"), 3, at=20)]),
        *state.fold([record(submit("m8"), 4, at=20 + DAY - 0.001), record(submit("m9"), 5, at=20 + DAY)]),
    ]
    told = [(change.change, change.at) for change in changes if isinstance(change, Suppression)]
    assert told == [("lifted", when(20)), ("suppressed", when(20 + DAY))]


def test_restore_of_a_complaint_is_refused_and_logged_with_who_and_why() -> None:
    state = folded(complaint())
    [refused] = certain(state.fold(log(command("restore", to=MAIL, at=1), at=1, first=1)))
    assert isinstance(refused, Suppression)
    assert (refused.change, refused.by, refused.why, refused.entry) == ("refused", "ann", "asked", refused.before)
    [lifted] = certain(state.fold(log(command("restore", to=MAIL, at=2, force=True), at=2, first=2)))
    assert isinstance(lifted, Suppression)
    assert (lifted.change, entries_of(state)) == ("lifted", {})


def test_dead_number_is_learned_from_two_suppliers_and_a_click_raises_it() -> None:
    state = folded(
        submit("m1", supplier="a"), unknown_number("m1", at=1), unknown_number("m2", at=2, supplier="b"), at=9
    )
    assert state.people.is_known_dead(f"sms:{PHONE}", START_MS + 10_000)
    state.fold(log(receipt("delivered_handset", "m3", at=11), at=12, first=3))
    assert (entries_of(state), state.people.is_known_dead(f"sms:{PHONE}", START_MS + 12_000)) == ({}, True)
    state.fold(log(engagement("click", at=13), at=13, first=4))
    assert not state.people.is_known_dead(f"sms:{PHONE}", START_MS + 14_000)


@SLOW
@given(traffic())
def test_log_that_is_read_twice_changes_nothing(events: list[Event]) -> None:
    once = marked(events)
    state = folded(*once, at=LATER)
    tables, list_before = tables_of(state), entries_of(state)
    again = state.fold(log(*once, at=LATER, first=len(once)))
    assert (certain(again), tables_of(state), entries_of(state)) == ([], tables, list_before)


# Opt-outs that count on several channels


def taken_in(*events: Event, across: Sequence[Channel] = ("sms", "rcs")) -> list[bytes]:
    """What intake writes for these events, all in one record."""
    body = b"[" + b",".join(encode(event) for event in events) + b"]"
    raw = Read(7, START_MS, body, topic="acquit.engagements")
    return [
        taken.value
        for taken in take_in(raw, Source("canonical"), rules=shipped_rules(), max_bytes=1 << 20, opt_outs_across=across)
        if isinstance(taken, Append)
    ]


def held_after(*events: Event, **fields: Any) -> set[tuple[str, str]]:
    return {(recipient, scope) for recipient, scope in entries_of(folded(*taken_in(*events, **fields), at=60))}


OPTED_OUT = receipt("rejected", at=1, category="opted_out", permanence="permanent")


@pytest.mark.parametrize("said", [engagement("stop", at=1), OPTED_OUT], ids=["stop", "receipt"])
@pytest.mark.parametrize("channel", ["sms", "rcs"])
def test_opt_out_on_one_channel_holds_on_all_that_the_setting_names(said: Event, channel: Channel) -> None:
    told: Event = replace(said, channel=channel)
    assert held_after(told) == {(f"sms:{PHONE}", "*"), (f"rcs:{PHONE}", "*")}
    assert held_after(told, across=()) == {(f"{channel}:{PHONE}", "*")}
    assert held_after(told, across=("sms", "rcs", "whatsapp")) == {
        (f"{c}:{PHONE}", "*") for c in ("sms", "rcs", "whatsapp")
    }


def test_start_on_either_channel_lifts_both() -> None:
    assert held_after(OPTED_OUT, engagement("start", at=2, channel="rcs")) == set()


def test_opt_out_of_one_list_is_of_that_list_on_every_channel() -> None:
    assert held_after(engagement("stop", only="10")) == {(f"sms:{PHONE}", "*:10"), (f"rcs:{PHONE}", "*:10")}


@pytest.mark.parametrize(
    "said", [engagement("reply"), receipt("delivered_handset"), unknown_number(), engagement("stop", to=MAIL)]
)
def test_nothing_else_counts_elsewhere(said: Event) -> None:
    assert len(taken_in(said)) == 1


def test_echoes_of_one_record_are_no_repeats_of_each_other_even_in_one_partition() -> None:
    said = [
        engagement("stop", at=1),
        engagement("stop", at=2, channel="rcs"),
        engagement("start", at=3),
        engagement("stop", at=4),
    ]
    values = taken_in(*said, across=("sms", "rcs", "whatsapp"))
    state = folded(*values, at=60)
    assert (len(values), state.counts.again) == (12, 0)
    assert set(reasons(state)) == {"*"}
    state.fold(log(*values, at=60, first=20))  # intake begins anew
    assert state.counts.again == 12


# Windows and the clock


def test_closed_hour_is_never_opened_again() -> None:
    state = partition(window_hours=1)
    state.fold(log(receipt("sent")))
    state.fold([record(receipt("sent", "m2", at=2 * HOUR), 1, at=2 * HOUR)])
    late: list[Event] = [receipt("delivered_handset"), submit("m9"), receipt("sent", "m8", at=HOUR - 1)]
    assert state.fold([record(event, offset, at=2 * HOUR) for offset, event in enumerate(late, 2)]) == []
    assert state.counts.too_late == 3
    assert {hour for hour, _, _ in state.messages.totals.table} == {
        hour for hour, _, _ in state.messages.window.messages()
    }
    assert len(state.messages.window) == 1


def test_hour_stays_open_for_the_whole_window() -> None:
    state = partition(window_hours=1)
    state.fold(log(receipt("sent")))
    state.fold([record(receipt("accepted", at=5), 1, at=2 * HOUR - 0.001)])
    assert status_of(state) == "accepted"  # at two o'clock the hour from nine to ten is not in the last hour any more
    state.fold([record(None, 2, at=2 * HOUR)])
    assert len(state.messages.window) == len(state.messages.totals.table) == 0


def test_last_totals_leave_before_their_hour_closes() -> None:
    state = partition(window_hours=1, tally_seconds=1e6)
    state.head.flushed_ms = START_MS
    assert state.fold(log(receipt("sent"))) == []
    [tally] = (effect for effect in state.fold([record(None, 1, at=9 * HOUR)]) if isinstance(effect, Tally))
    assert tally.status == {"sent": 1}


def test_message_whose_hour_proves_to_be_closed_is_taken_back() -> None:
    state = partition(window_hours=1)
    state.fold(log(receipt("sent", at=2 * HOUR), at=2 * HOUR))
    state.fold([record(submit(at=0), 1, at=2 * HOUR)])
    assert (state.counts.too_late, cells_of(state.messages), len(state.messages.window)) == (1, {}, 0)


def test_failure_that_is_too_late_to_count_still_holds() -> None:
    state = partition(window_hours=1)
    state.fold([record(unknown_number(at=0), 0, at=9 * HOUR)])
    assert (state.counts.too_late, reasons(state)) == (1, {"*": "recipient_unknown"})


def test_clock_is_the_running_maximum_of_record_timestamps() -> None:
    state = partition()
    state.fold([record(None, 0, at=5), record(None, 1, at=60), record(None, 2, at=3)])
    assert (state.head.clock_ms, state.head.timestamp_ms) == (START_MS + 60_000, START_MS + 3_000)


@pytest.mark.parametrize(("ahead", "kept"), [(300, 300), (300.001, 0), (DAY, 0), (-5, -5)])
def test_time_more_than_five_minutes_ahead_becomes_that_of_arrival(ahead: float, kept: float) -> None:
    [entry] = entries_of(folded(engagement("stop", at=ahead))).values()
    assert entry.since == when(kept)


def test_five_minutes_are_counted_from_the_clock_and_not_from_a_record_that_comes_late() -> None:
    state = partition()
    state.fold([record(None, 0, at=HOUR), record(engagement("stop", at=HOUR), 1, at=0)])
    assert [entry.since for entry in entries_of(state).values()] == [when(HOUR)]


def test_time_too_far_ahead_becomes_that_of_its_own_record_and_not_of_the_clock() -> None:
    state = partition()
    state.fold([record(None, 0, at=HOUR), record(engagement("stop", at=2 * HOUR), 1, at=60)])
    assert [entry.since for entry in entries_of(state).values()] == [when(60)]


def test_totals_leave_every_few_seconds_of_log_time() -> None:
    state = partition(tally_seconds=2)
    state.head.flushed_ms = START_MS
    steps = [record(receipt("sent", f"m{at}"), offset, at=at) for offset, at in enumerate([0, 1.9, 2, 3, 4])]
    left = [[tally.status["sent"] for tally in state.fold([step]) if isinstance(tally, Tally)] for step in steps]
    assert left == [[], [], [3], [], [5]]


def test_it_is_said_how_far_all_totals_have_left_when_none_waits() -> None:
    state = partition(tally_seconds=2)
    state.head.flushed_ms = START_MS
    assert state.take_counted() == []
    state.fold([record(receipt("sent"), 4)])
    assert state.take_counted() == []
    state.flush()
    assert state.take_counted() == [Counted(0, 4)]
    assert state.take_counted() == []
    state.fold([record(None, 5)])
    assert state.take_counted() == [Counted(0, 5)]


def test_hold_that_ends_by_log_time_leaves_the_list() -> None:
    state = partition()
    state.fold(log(unknown_number()))
    until = 90 * DAY
    assert state.fold([record(None, 1, at=until - 0.001)])[1:] == []  # the dead letter of the record alone
    [expired] = certain(state.fold([record(receipt("sent", "m2", at=until), 2, at=until)]))
    assert isinstance(expired, Suppression)
    assert (expired.change, expired.entry, expired.at, expired.upto) == ("expired", None, when(until), 2)
    assert expired.listing.value is None  # the tombstone
    assert entries_of(state) == {}


def test_hold_outlives_the_window_of_its_message() -> None:
    state = partition(window_hours=1)
    state.fold(log(unknown_number()))
    state.fold([record(receipt("sent", "m2", at=80 * DAY), 1, at=80 * DAY)])
    assert len(state.messages.window) == 1
    assert reasons(state) == {"*": "recipient_unknown"}


# What is read, and what cannot be


def test_receipt_without_a_recipient_is_counted_and_joined_to_nothing() -> None:
    state = folded(unknown_number(to=None))
    assert (state.counts.unmatched, len(state.messages.window), len(state.people.table)) == (1, 0, 0)


def test_failure_without_a_message_holds_its_recipient() -> None:
    state = folded(unknown_number(None))
    assert (state.counts.unmatched, reasons(state)) == (1, {"*": "recipient_unknown"})


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"{",
        b"[]",
        b'{"kind":"verdict"}',
        b'{"kind":"receipt"}',
        b'{"kind":"engagement","provider":"\\ud800","to":"+33612345678","channel":"sms","at":"2026-11-22T09:00:00Z","type":"stop"}',
        pytest.param(
            b'{"kind":"engagement","provider":"\xff","to":"+33612345678","channel":"sms","at":"2026-11-22T09:00:00Z","type":"stop"}',
        ),
        pytest.param(
            b'{"kind":"submit","provider":"p","message_id":"m","to":"+33612345678","channel":"sms","at":"0001-01-01T00:00:00+05:00"}',
        ),
        pytest.param(
            b'{"kind":"receipt","provider":"p","message_id":"m","to":"+33612345678","channel":"sms","status":"sent",'
            b'"at":"2026-11-22T09:00:00Z","submitted_at":"9999-12-31T23:59:59-05:00"}',
        ),
    ],
)
def test_record_that_is_no_event_is_kept_and_the_next_one_is_read(value: bytes | None) -> None:
    state = partition()
    effects = state.fold([record(value, 7), record(engagement("stop"), 8)])
    assert [type(effect) for effect in certain(effects)] == [DeadLetter, Suppression]
    assert isinstance(effects[0], DeadLetter)
    assert effects[0].value == value
    assert (state.head.to, state.counts.events) == (8, 1)


def test_hold_until_the_last_microsecond_of_the_calendar_holds() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    assert reasons(folded(command("add", until=last))) == {"*": "manual"}


def test_head_marks_the_last_record_read_even_if_it_was_none() -> None:
    state = partition()
    state.fold([record(receipt("sent"), 4), record(b"{", 9, at=2)])
    assert (state.head.to, state.head.timestamp_ms, state.head.checksum) == (9, START_MS + 2_000, 0x15D54739)


def test_empty_batch_changes_nothing() -> None:
    state = partition()
    assert (state.fold([]), state.head.to) == ([], -1)


# All of it, against the simulator's truth

PARTITIONS = 4
SCENARIO = Scenario(seed=11, messages=3_000, start=datetime(2026, 11, 21, 9, tzinfo=UTC))


class Simulated(NamedTuple):
    truth: Truth
    dead: list[DeadLetter]
    effects: list[Effect]
    states: list[Partition]


@pytest.fixture(scope="module")
def simulated() -> Simulated:
    """A scenario taken in, spread over partitions by key, and folded in batches."""
    dead, logs = _taken_in(rules.load())
    states = [
        Partition(number, rules=rules.load(), zone="UTC", window_hours=72, tally_seconds=2)
        for number in range(PARTITIONS)
    ]
    effects: list[Effect] = []
    for state, records in zip(states, logs, strict=True):
        for start in range(0, len(records), 500):
            effects += state.fold(records[start : start + 500])
        effects += state.flush()
    return Simulated(truth_of(SCENARIO), dead, effects, states)


def _taken_in(known: Rules) -> tuple[list[DeadLetter], list[list[Read]]]:
    sources = {"raw": Source("smpp"), "submits": Source("canonical"), "engagements": Source("canonical")}
    dead, logs = list[DeadLetter](), [list[Read]() for _ in range(PARTITIONS)]
    for offset, told in enumerate(simulate(SCENARIO)):
        raw = Read(offset, told.timestamp_ms, told.value, told.key, told.topic)
        for taken in take_in(raw, sources[told.topic], rules=known, max_bytes=1 << 20):
            if isinstance(taken, DeadLetter):
                dead.append(taken)
            elif isinstance(taken, Append):
                place = logs[partition_of(taken.key, PARTITIONS)]
                place.append(_appended(taken, len(place), told.timestamp_ms))
    return dead, logs


def _appended(append: Append, offset: int, timestamp_ms: int) -> Read:
    return Read(offset, timestamp_ms, append.value, append.key)


def test_simulated_totals_are_the_truth(simulated: Simulated) -> None:
    sums = Sums(Capped(100), zone="UTC")
    for effect in simulated.effects:
        if isinstance(effect, Tally):
            sums.take(effect.key, effect.value)
    found = {
        (cohort.carrier, cohort.hour, status): count
        for cohort in sums.all_cohorts()
        for status, count in cohort.status.items()
        if count
    }
    assert found == {place: count for place, count in simulated.truth.totals.items() if count}


def test_simulated_list_is_the_truth(simulated: Simulated) -> None:
    listed: dict[str, Entry] = {}
    for effect in simulated.effects:
        if isinstance(effect, Suppression):
            if effect.entry is None:
                listed.pop(effect.recipient, None)
            else:
                listed[effect.recipient] = effect.entry
    assert {recipient: entry.reason for recipient, entry in listed.items()} == simulated.truth.suppressed
    held = {recipient: entry for state in simulated.states for (recipient, _), entry in entries_of(state).items()}
    assert held == listed


def test_simulated_malformed_records_are_kept_and_no_others(simulated: Simulated) -> None:
    assert Counter(letter.value for letter in simulated.dead) == Counter(simulated.truth.malformed)


def test_simulated_repeats_are_known_by_their_meaning(simulated: Simulated) -> None:
    assert sum(state.counts.repeated for state in simulated.states) >= simulated.truth.counts["duplicates"]
    assert all(not state.counts.again and not state.counts.too_late for state in simulated.states)


def test_one_mail_to_several_people_is_as_many_messages() -> None:
    """SES gives all recipients of a mail one id: one of them may bounce after another one had it."""
    to_a, to_b = "a@example.com", "b@example.com"
    delivered = receipt("delivered_handset", "m", to=to_a, channel="email", at=60)
    bounced = receipt(
        "failed", "m", to=to_b, channel="email", at=30, category="recipient_unknown", permanence="permanent"
    )
    for events in ([delivered, bounced], [bounced, delivered]):
        assert entries_of(folded(*events)).keys() == {(f"email:{to_b}", "*")}


def test_messages_beyond_the_budget_are_forgotten_oldest_first_and_their_totals_stay() -> None:
    state = partition(window_hours=12, max_messages=2)
    for offset in range(4):
        state.fold([record(submit(f"m{offset}", at=offset * HOUR), offset, at=offset * HOUR)])
    assert (state.counts.forgotten, len(state.messages.window)) == (1, 3)  # the fourth came after the look at the third
    state.fold([record(receipt("delivered_handset", "m0", submitted_at=when(0), at=4 * HOUR), 4, at=4 * HOUR)])
    assert state.counts.too_late == 1
    assert sum(submitted for submitted, _, _ in cells_of(state.messages).values()) == 4
    again = partition(window_hours=12, max_messages=2)
    again.head.forgotten = state.head.forgotten
    again.loaded([])
    again.fold([record(submit("m0"), 5, at=4 * HOUR)])
    assert again.counts.too_late == 1


@pytest.mark.parametrize(("channel", "others"), [("sms", ["+33612345679", "+33612345680"]), ("email", ["b@e.org"])])
def test_messages_of_one_batch_id_stay_apart_in_one_partition(channel: Any, others: list[str]) -> None:
    """A group message has one id: what one recipient says of it is nobody else's news, whatever comes first."""
    first, *_ = [PHONE if channel == "sms" else MAIL]
    told: list[Event] = [submit("batch", to=to, channel=channel, at=n) for n, to in enumerate([first, *others])]
    told += [unknown_number("batch", to=first, channel=channel, at=60)]
    told += [receipt("delivered_handset", "batch", to=to, channel=channel, at=30) for to in others]
    for events in (told, told[::-1]):
        state = folded(*events)
        assert len(state.messages.window) == len(others) + 1
        assert (state.counts.repeated, state.counts.unmatched) == (0, 0)
        assert {recipient for recipient, _ in entries_of(state)} == {f"{channel}:{first}"}
        [(submitted, status, failures)] = summed_up(state)
        assert submitted == len(others) + 1
        assert status == {"failed": 1, "delivered_handset": len(others)}
        assert failures == {"recipient_unknown/permanent": 1}


def summed_up(state: Partition) -> list[tuple[int, dict[str, int], dict[str, int]]]:
    """All cells together: numbers of a range have carriers of their own."""
    submitted, status, failures = 0, Counter[str](), Counter[str]()
    for cell_submitted, cell_status, cell_failures in cells_of(state.messages).values():
        submitted += cell_submitted
        status.update(cell_status)
        failures.update(cell_failures)
    return [(submitted, dict(status), dict(failures))]


@pytest.mark.parametrize(
    ("only", "scope"),
    [
        (None, "*"),
        ("10", "*:10"),
        ("Weekly news/men", "*:Weekly%20news%2Fmen"),
        ("*", "*:%2A"),
        ("a:b|c}", "*:a%3Ab%7Cc%7D"),
        ("né", "*:n%C3%A9"),
    ],
)
def test_stop_of_one_list_holds_its_scope_and_nothing_else(only: str | None, scope: str) -> None:
    left = folded(engagement("stop", to=MAIL, only=only))
    assert {place: entry.reason for place, entry in entries_of(left).items()} == {(f"email:{MAIL}", scope): "stop"}
    again = folded(engagement("stop", to=MAIL, only=only), engagement("start", to=MAIL, only=only, at=1))
    assert entries_of(again) == {}
    other = folded(engagement("stop", to=MAIL, only=only), engagement("start", to=MAIL, only="another", at=1))
    assert {scope for _, scope in entries_of(other)} == {scope}


def test_more_labels_than_rows_can_name_are_counted_under_their_channel_and_nothing_else_changes() -> None:
    state = partition()
    state.messages.numbers = Numbers(limit=len(CHANNELS) + 3)
    sent = [submit(f"m{number}", to=f"+1202555{number:04}", route=f"r{number}") for number in range(20)]
    state.fold(log(*sent))
    state.fold(log(*(receipt("delivered_handset", f"m{n}", to=f"+1202555{n:04}") for n in range(20)), first=20))
    routes = {cell.route: sum(status.values()) for cell, (_, status, _) in cells_of(state.messages).items()}
    assert routes == {"r0": 1, "r1": 1, "r2": 1, None: 17}
    assert sum(submitted for submitted, _, _ in cells_of(state.messages).values()) == 20
    assert (state.take_counts().unnamed, state.take_counts().unnamed) == (17 + 20, 0)  # the receipts' own come last


def test_labels_beyond_the_limit_are_named_again_when_others_have_left() -> None:
    state = partition(window_hours=12)
    state.messages.numbers = Numbers(limit=len(CHANNELS) + 1)
    state.fold(log(submit("m1", route="r1"), submit("m2", route="r2")))
    late = 20 * HOUR
    state.fold([record(submit("m3", at=late, route="r3"), 2, at=late)])
    assert {cell.route for cell in cells_of(state.messages)} == {"r3"}


@SLOW
@given(batches(), st.sampled_from([1, 3, 1_000]))
def test_dropping_labels_changes_nothing_but_their_number(parts: list[list[Read]], max_messages: int) -> None:
    dropping, keeping = (partition(window_hours=12, max_messages=max_messages, tally_seconds=0) for _ in range(2))
    keeping.messages.numbers.drop_before = lambda floor: False  # type: ignore[method-assign]  # noqa: ARG005
    for records in parts:
        assert dropping.fold(records) == keeping.fold(records)
        assert rows_of(dropping.messages) == rows_of(keeping.messages)
        assert cells_of(dropping.messages) == cells_of(keeping.messages)
        assert len(dropping.messages.numbers) <= len(keeping.messages.numbers)
