"""What a message counts as: its strata and kinds, what contradicts itself, and the examples of it."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from acquit.effects import Tally, read_tally
from acquit.events import CHANNELS, STATUSES, Event, Receipt, Said
from acquit.ledger import standing
from acquit.ledger.counters import by_field
from acquit.ledger.labels import of_submit
from acquit.ledger.merge import IS_BAD, IS_DELIVERED, NOTHING, Message
from acquit.ledger.standing import counted, group_of
from acquit.ledger.totals import Running, key_of
from tests.builders import (
    DAY,
    HOUR,
    MAIL,
    PHONE,
    START_MS,
    complaint,
    engagement,
    log,
    partition,
    receipt,
    submit,
    unknown_number,
    when,
)

GOOD = [number for number, is_bad in enumerate(IS_BAD) if not is_bad]


def every_total(*events: Event) -> list[Tally]:
    state = partition()
    state.head.flushed_ms = 1 << 60
    state.fold(log(*events, at=HOUR))
    return [read_tally(tally.value) for tally in state.flush() if tally.status]


def left(*events: Event) -> Tally:
    """The one total that these events come to."""
    [tally] = every_total(*events)
    return tally


DELIVERED: list[Event] = [submit(), receipt("delivered_handset", at=4)]


# The short way through


@settings(max_examples=300)
@given(
    good=st.sampled_from(GOOD), basis=st.integers(1, 3), after=st.integers(-DAY * 1000, DAY * 3_000),
    engaged=st.sampled_from([0, 1, 64]), bad=st.sampled_from([NOTHING, STATUSES.index("failed")]),
    is_to_dead=st.booleans(), probe=st.sampled_from([None, "dead", "live"]), channel=st.sampled_from(CHANNELS),
)  # fmt: skip
def test_what_most_messages_count_as_is_what_the_whole_rule_says(
    good: int, basis: int, after: int, engaged: int, bad: int, *, is_to_dead: bool, probe: Any, channel: Any
) -> None:
    message = Message(
        basis=basis, basis_ms=START_MS, good=good, delivered_ms=START_MS + after if IS_DELIVERED[good] else 0,
        bad=bad, bad_ms=START_MS, category=0 if bad != NOTHING else NOTHING, permanence=0, engaged=engaged,
        is_to_dead=is_to_dead,
    )  # fmt: skip
    labels = of_submit(submit(probe=probe, segments=2, content="otp"))
    group = group_of("key", Running(None, {}), labels, None, None)  # type: ignore[arg-type]  # no cell is looked at
    short, whole = (way(message, group, PHONE, channel=channel) for way in (counted, standing._counted))
    assert (short.status, short.kinds, short.contradicted) == (whole.status, whole.kinds, whole.contradicted)
    assert sorted(short.rest) == sorted(whole.rest)


# Strata and kinds


def test_delivery_stands_in_one_stratum_of_each_kind() -> None:
    tally = left(submit(batch_size=6_000, sender="ACME"), receipt("delivered_handset", at=4))
    assert [name.partition("/")[0] for name in tally.delivered_by] == ["batch", "sender", "shape", "slot", "prefix"]
    assert (tally.delivered_by["batch/5000"], tally.delivered_by["slot/0"], tally.converted_by) == (1, 1, {})


def test_conversion_stands_in_the_strata_of_its_delivery_whatever_comes_first() -> None:
    for order in permutations([*DELIVERED, engagement("conversion", message_id="m1", at=60)]):
        tally = left(*order)
        assert tally.converted_by == tally.delivered_by
        assert len(tally.delivered_by) == 5


@pytest.mark.parametrize("events", [[submit()], [submit(), receipt("failed", at=4)]])
def test_what_was_not_delivered_stands_in_no_stratum(events: list[Event]) -> None:
    assert left(*events).delivered_by == {}


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ({"sender": "ACME"}, {"sender": "OTHER"}, False),
        ({"batch_size": 4_999}, {"batch_size": 5_000}, False),
        ({"batch_size": 500}, {"batch_size": 4_999}, True),
        ({"batch_size": None}, {"batch_size": 0}, True),
    ],
)
def test_batches_and_senders_make_strata(one: dict[str, Any], other: dict[str, Any], *, is_same: bool) -> None:
    strata = [set(left(submit(**said), receipt("delivered_handset", at=4)).delivered_by) for said in (one, other)]
    assert (strata[0] == strata[1]) is is_same


def said_as(text: str) -> Receipt:
    return replace(receipt("delivered_handset", at=4), said=Said("DELIVRD", None, text))


def test_receipt_of_another_form_is_another_stratum_and_its_times_are_none() -> None:
    texts = ["dlvrd:001 done:2611220900", "dlvrd:001 done:2611220901", "DLVRD:1/2611220901 stat"]
    shapes = [{name for name in left(submit(), said_as(text)).delivered_by if "shape" in name} for text in texts]
    assert shapes[0] == shapes[1] != shapes[2]


def test_segments_and_content_are_told_by_outcome() -> None:
    for events, outcome in (
        ([], "waiting"), ([receipt("delivered_handset", at=4)], "delivered"), ([receipt("failed", at=4)], "failed"),
    ):  # fmt: skip
        tally = left(submit(segments=2, content="otp"), *events)
        assert (tally.segments, tally.content) == ({f"2/{outcome}": 1}, {f"otp/{outcome}": 1})


def test_very_long_message_counts_with_those_of_ten_segments() -> None:
    assert left(submit(segments=40)).segments == {"10/waiting": 1}


def test_second_of_the_delivery_is_told() -> None:
    assert left(*DELIVERED).delivered_at == {4: 1}


def test_delivery_long_before_its_submit_is_told_by_quarter_hours() -> None:
    assert left(submit(), receipt("delivered_handset", at=-2 * HOUR)).early == {8: 1}


# Our own numbers


def test_probe_to_a_dead_number_is_no_known_dead_one_as_well() -> None:
    dead: list[Event] = [event for number in range(2) for event in (
        submit(f"d{number}", supplier=f"s{number}"), unknown_number(f"d{number}", at=4, supplier=f"s{number}")
    )]  # fmt: skip
    told: list[Event] = [submit("m9", at=DAY, probe="dead"), receipt("delivered_handset", "m9", at=DAY + 4)]
    sums = [(tally.probed, tally.contradicted) for tally in every_total(*dead, *told) if tally.probed]
    assert sums == [({"dead": 1}, {"dead_delivered": 1})]


def test_handset_of_ours_answers_always_and_is_no_person_who_answers() -> None:
    tally = left(submit(probe="live"), receipt("delivered_handset", at=4), engagement("arrived", message_id="m1", at=5))
    assert (tally.delivered_in, tally.converted_in, tally.converted_by) == ({}, {}, {})
    assert tally.delivered_by == {"slot/0": 1}
    assert tally.probed == {"live": 1, "live_delivered": 1}


# Slots


@pytest.mark.parametrize(
    ("status", "field"),
    [
        (None, "waiting_by"), ("accepted", "waiting_by"), ("deferred", "waiting_by"), ("delivered_network", "delivered_by"),
        ("failed", "failed_by"), ("expired", "failed_by"), ("unknown", "failed_by"), ("rejected", "rejected_by"),
        ("cancelled", None),
    ],
)  # fmt: skip
def test_message_stands_in_the_five_minutes_of_its_submission_by_its_outcome(status: Any, field: str | None) -> None:
    """What was rejected never reached the carrier, and what we cancelled is no outcome."""
    at = 34 * 60 + 59
    tally = left(submit(at=at), *([receipt(status, at=at + 400)] if status else []))
    fields = {name: getattr(tally, name) for name in ("waiting_by", "delivered_by", "failed_by", "rejected_by")}
    slots = {name: {slot: n for slot, n in by.items() if "slot" in slot} for name, by in fields.items()}
    assert slots == {name: {"slot/6": 1} if name == field else {} for name in slots}


def test_message_leaves_its_slot_when_it_moves_on_whatever_comes_first() -> None:
    events: list[Event] = [
        submit(),
        receipt("accepted", at=1),
        receipt("failed", at=2),
        receipt("delivered_handset", at=9),
    ]
    for order in permutations(events):
        tally = left(*order)
        assert (tally.waiting_by, tally.failed_by, tally.delivered_by["slot/0"]) == ({}, {}, 1)


# Ports and complaints


@pytest.mark.parametrize(
    ("hours", "category", "found"),
    [
        (48, "recipient_unknown", {}),
        (48.1, "recipient_unknown", {"port_overdue": 1}),
        (48.1, "spam_filtered", {}),  # it says nothing of the number
        (14 * 24, "recipient_unknown", {"port_overdue": 1}),
        (14 * 24 + 0.1, "recipient_unknown", {}),
    ],
)
def test_failure_of_the_number_later_than_48_hours_after_a_port_is_overdue(
    hours: float, category: Any, found: Any
) -> None:
    failure = receipt("failed", at=4, category=category, permanence="permanent")
    tally = left(submit(ported_at=when(4 - hours * HOUR)), failure)
    assert tally.contradicted == found
    assert set(tally.examples) == set(found)


def test_complaint_that_a_provider_tells_in_a_receipt_is_what_its_recipient_did() -> None:
    for order in permutations([*DELIVERED, complaint(to=PHONE, at=60)]):
        assert left(*order).engaged == {"complaint": 1}


# Probes and numbers that are known to be dead


def test_delivery_to_our_own_dead_number_contradicts_itself() -> None:
    tally = left(submit(probe="dead"), receipt("delivered_handset", at=4))
    assert (tally.probed, tally.contradicted) == ({"dead": 1}, {"dead_delivered": 1})


def test_network_that_has_taken_a_message_has_not_delivered_it_to_a_dead_number() -> None:
    tally = left(submit(probe="dead"), receipt("delivered_network", at=4))
    assert (tally.probed, tally.contradicted) == ({"dead": 1}, {})


def test_handset_of_ours_is_silent_until_it_says_that_the_message_came() -> None:
    silent: list[Event] = [submit(probe="live"), receipt("delivered_handset", at=4)]
    assert left(*silent).contradicted == {"live_silent": 1}
    for order in permutations([*silent, engagement("arrived", message_id="m1", at=5)]):
        tally = left(*order)
        assert (tally.probed, tally.contradicted) == ({"live": 1, "live_delivered": 1}, {})


def test_person_who_denies_a_delivery_contradicts_it() -> None:
    tally = left(*DELIVERED, engagement("not_received", message_id="m1", at=60))
    assert tally.contradicted == {"denied": 1}


# Examples


def test_example_names_the_message_with_its_times_and_a_masked_recipient() -> None:
    [example] = left(*DELIVERED, receipt("failed", at=9)).examples["failed_after_delivery"]
    assert (example.provider, example.message_id, example.to) == ("p", "m1", "+336****5678")
    assert (example.at, example.delivered_at, example.failed_at) == (when(0), when(4), when(9))


def test_mailbox_of_an_example_is_masked() -> None:
    said: list[Event] = [submit(to=MAIL), receipt("delivered_handset", to=MAIL, at=4)]
    [example] = left(*said, engagement("not_received", to=MAIL, message_id="m1", at=60)).examples["denied"]
    assert example.to == "a***@example.org"


def test_earliest_five_are_shown_whatever_order_they_come_in() -> None:
    events: list[Event] = [
        event
        for number in (4, 7, 2, 6, 0, 5, 3, 1)
        for event in (submit(f"m{number}", at=number), receipt("delivered_handset", f"m{number}", at=20),
                      receipt("failed", f"m{number}", at=30))
    ]  # fmt: skip
    shown = left(*events).examples["failed_after_delivery"]
    assert [example.message_id for example in shown] == ["m0", "m1", "m2", "m3", "m4"]


def test_example_that_is_known_after_its_count_leaves_by_itself() -> None:
    state = partition()
    state.head.flushed_ms = 1 << 60
    # The reply names no message, so that which one contradicts itself is known when its receipt comes again.
    state.fold(log(submit(), receipt("failed", at=4), engagement("reply", message_id=None, at=60), at=HOUR))
    [counted] = [read_tally(tally.value) for tally in state.flush()]
    assert (counted.contradicted, counted.examples) == ({"engaged_undelivered": 1}, {})
    state.fold(log(receipt("failed", at=4), first=3, at=HOUR))
    [shown] = [read_tally(tally.value) for tally in state.flush()]
    assert [example.message_id for example in shown.examples["engaged_undelivered"]] == ["m1"]


def test_what_contradicts_itself_no_more_is_no_example() -> None:
    silent: list[Event] = [submit(probe="live"), receipt("delivered_handset", at=4)]
    assert len(left(*silent).examples["live_silent"]) == 1
    assert left(*silent, engagement("arrived", message_id="m1", at=5)).examples == {}


def test_every_counter_has_its_name() -> None:
    tally = left(submit(segments=1, content="otp"), receipt("delivered_handset", at=4))
    assert by_field({}, ()) == {}
    assert key_of(tally.cell) == key_of(tally.cell)
    assert sum(tally.status.values()) == tally.submitted == 1


DEAD: list[Event] = [
    event
    for number, supplier in enumerate(("one", "two"))
    for event in (submit(f"d{number}", at=number, supplier=supplier), unknown_number(f"d{number}", at=number))
]


@pytest.mark.parametrize(
    ("status", "found"), [("delivered_handset", {"known_dead_delivered": 1}), ("delivered_network", {}), ("failed", {})]
)
def test_delivery_to_a_number_that_two_suppliers_found_dead_contradicts_itself(status: Any, found: Any) -> None:
    told = every_total(*DEAD, submit("m1", at=60, supplier="three"), receipt(status, "m1", at=64))
    shown = {tally.cell.supplier: (tally.probed, tally.contradicted) for tally in told}
    assert shown == {"one": ({}, {}), "two": ({}, {}), "three": ({"known_dead": 1}, found)}


def test_number_that_one_supplier_found_dead_is_not_known_to_be() -> None:
    told = every_total(*DEAD[:2], submit("m1", at=60, supplier="three"), receipt("delivered_handset", "m1", at=64))
    assert [tally.probed for tally in told] == [{}, {}]
