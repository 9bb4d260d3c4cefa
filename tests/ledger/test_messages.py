"""Messages of the window: any order of arrival gives the same rows and the same totals."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquit.effects import Cell
from acquit.events import Event, Receipt, Submit, epoch_ms
from acquit.hours import Hours
from acquit.ledger.messages import Messages, News
from acquit.rules.routes import Routes
from tests.builders import (
    HOUR,
    MAIL,
    START_MS,
    cells_of,
    folded,
    receipt,
    rows_of,
    submit,
    totals_of,
    traffic,
    when,
)

NINE = START_MS // 1000


def booked(*events: Event, zone: str = "UTC") -> Messages:
    messages = Messages(hours=Hours(zone), window_hours=72, routes=Routes(()))
    for event in events:
        if isinstance(event, Submit):
            messages.take_submit(event, at_ms=epoch_ms(event.at))
        elif isinstance(event, Receipt) and event.message_id and event.to:
            messages.take_receipt(event, at_ms=epoch_ms(event.at))
    return messages


def hours_of(messages: Messages) -> set[int]:
    return {cell.hour for cell, _ in totals_of(messages)}


@settings(deadline=None)
@given(traffic().flatmap(lambda events: st.tuples(st.just(events), st.permutations(events))))
def test_any_order_of_arrival_gives_the_same_rows_and_totals(orders: tuple[list[Event], list[Event]]) -> None:
    one, other = (booked(*order) for order in orders)
    assert rows_of(one) == rows_of(other)
    assert cells_of(one) == cells_of(other)


@settings(deadline=None)
@given(traffic())
def test_totals_are_the_messages_counted_again(events: list[Event]) -> None:
    messages = booked(*events)
    assert sum(totals_of(messages).values()) == len(messages.window)
    submitted = {event.message_id for event in events if isinstance(event, Submit)}
    assert sum(submits for submits, _, _ in cells_of(messages).values()) == len(submitted)
    for _, status, failures in cells_of(messages).values():
        assert sum(failures.values()) == sum(
            status.get(word, 0) for word in ("failed", "rejected", "expired", "cancelled")
        )


@pytest.mark.parametrize(
    ("events", "hour"),
    [
        ([receipt("sent", at=30)], 9),  # nothing better is known: the first `at`
        ([receipt("sent", at=HOUR), receipt("delivered_handset", at=30)], 9),
        ([receipt("sent", at=30, submitted_at=when(-1))], 8),  # a receipt's `submitted_at`
        ([receipt("sent", at=30, submitted_at=when(HOUR)), receipt("read", at=2)], 10),
        ([receipt("sent", submitted_at=when(HOUR)), receipt("read", submitted_at=when(-1))], 8),  # the earlier one
        ([submit(at=2 * HOUR), receipt("sent", at=30, submitted_at=when(-1))], 11),  # the submit
        ([submit(at=2 * HOUR), submit(at=HOUR)], 10),  # the earlier one
    ],
)
def test_hour_of_a_message_in_any_order_of_arrival(events: list[Event], hour: int) -> None:
    for order in permutations(events):
        assert hours_of(booked(*order)) == {NINE + (hour - 9) * HOUR}


def test_submit_that_comes_last_takes_its_message_to_its_own_cell() -> None:
    messages = booked(
        receipt("delivered_handset", at=HOUR, route="theirs"), submit(at=0, route="ours", carrier="20801")
    )
    cell = Cell("sms", "20801", None, "ours", None, None, NINE)
    assert cells_of(messages) == {cell: (1, {"delivered_handset": 1}, {})}


def test_repeated_status_is_no_news_and_a_new_one_is() -> None:
    messages = booked(receipt("sent"))
    assert messages.take_receipt(receipt("sent", at=5), at_ms=START_MS + 5).news is News.REPEATED
    assert messages.take_receipt(receipt("accepted"), at_ms=START_MS).news is News.NEW


def test_repeated_submit_is_no_news() -> None:
    messages = booked(submit())
    assert messages.take_submit(submit(at=5), at_ms=START_MS + 5) is News.REPEATED


def test_messages_of_two_providers_are_two() -> None:
    messages = booked(receipt("sent"), Receipt("q", "sms", when(0), "sent", "m1", "+33612345678"))
    assert len(messages.window) == 2


def test_failure_without_a_category_is_counted_as_unknown() -> None:
    [(_, _, failures)] = cells_of(booked(receipt("failed"))).values()
    assert failures == {"unknown/none": 1}


def test_late_failure_leaves_no_trace_in_the_totals() -> None:
    late = receipt("failed", at=60, category="recipient_unknown", permanence="permanent")
    [(_, status, failures)] = cells_of(booked(receipt("delivered_handset"), late)).values()
    assert (status, failures) == ({"delivered_handset": 1}, {})


def test_late_bounce_of_a_mail_is_counted_as_a_failure() -> None:
    late = receipt("failed", at=60, to=MAIL, category="recipient_unknown", permanence="permanent")
    [(_, status, failures)] = cells_of(booked(receipt("delivered_handset", to=MAIL), late)).values()
    assert (status, failures) == ({"failed": 1}, {"recipient_unknown/permanent": 1})


def test_of_two_submits_at_the_same_time_the_same_one_counts_in_any_order() -> None:
    both = [submit(route="r1"), submit(route="r2")]
    assert len({next(iter(cells_of(booked(*order)))) for order in permutations(both)}) == 1


def test_submitted_at_far_ahead_becomes_the_time_of_arrival() -> None:
    state = folded(receipt("sent", submitted_at=when(23 * HOUR)))
    assert hours_of(state.messages) == {NINE}
