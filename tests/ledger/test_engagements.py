"""What people did is booked into their message, whichever comes first; latency and contradictions are counted with it."""

from itertools import permutations
from typing import Any

import pytest

from acquit.columns import LATENCY_BOUNDS_MS
from acquit.effects import Tally, read_tally
from acquit.events import ENGAGEMENTS, Event
from acquit.ledger.merge import CONVERTED, ENGAGED_BIT, Message, latency_bin
from tests.builders import HOUR, MAIL, engagement, folded, log, partition, receipt, record, submit


def left(*events: Event) -> list[Tally]:
    """The totals that leave after these events."""
    state = partition()
    state.head.flushed_ms = 1 << 60
    state.fold(log(*events, at=HOUR))
    return state.flush()


def tally_of(*events: Event) -> dict[str, Any]:
    [tally] = [tally for tally in left(*events) if tally.status]
    return {
        name: dict(getattr(tally, name))
        for name in ("status", "delivered_in", "converted_in", "engaged", "contradicted")
    }


def after(seconds: float) -> int:
    return next(place for place, bound in enumerate(LATENCY_BOUNDS_MS) if seconds * 1000 < bound)


TOLD: list[Event] = [submit(), receipt("delivered_handset", at=4), engagement("click", message_id="m1", at=60)]


@pytest.mark.parametrize("order", list(permutations(TOLD)))
def test_click_is_booked_into_its_message_whatever_comes_first(order: list[Event]) -> None:
    assert tally_of(*order) == {
        "status": {"delivered_handset": 1},
        "delivered_in": {after(4): 1},
        "converted_in": {after(4): 1},
        "engaged": {"click": 1},
        "contradicted": {},
    }


def test_second_click_is_the_same_person_and_another_deed_is_counted_beside_it() -> None:
    more = [engagement("click", message_id="m1", at=70), engagement("conversion", message_id="m1", at=80)]
    said = tally_of(*TOLD, *more)
    assert (said["engaged"], said["converted_in"]) == ({"click": 1, "conversion": 1}, {after(4): 1})


def test_engagement_alone_is_no_message_until_more_is_known() -> None:
    click = engagement("click", message_id="m1")
    assert (left(click), len(folded(click).messages.window)) == ([], 1)


def test_not_received_counts_against_the_route_and_is_no_conversion() -> None:
    said = tally_of(submit(), receipt("delivered_handset", at=4), engagement("not_received", message_id="m1", at=9))
    assert (said["engaged"], said["converted_in"]) == ({"not_received": 1}, {})


@pytest.mark.parametrize("kind", ["stop", "start"])
def test_stop_to_a_message_shows_that_it_came(kind: Any) -> None:
    assert tally_of(submit(), receipt("read", at=4), engagement(kind, message_id="m1", at=9))["engaged"] == {"reply": 1}


def test_every_kind_of_engagement_has_its_bit() -> None:
    assert set(ENGAGED_BIT) == set(ENGAGEMENTS)
    assert not CONVERTED & (ENGAGED_BIT["open"] | ENGAGED_BIT["not_received"] | ENGAGED_BIT["complaint"])


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([receipt("delivered_handset", at=4), receipt("failed", at=9)], {"failed_after_delivery": 1}),
        ([receipt("failed", at=4), engagement("click", message_id="m1", at=9)], {"engaged_undelivered": 1}),
        ([receipt("delivered_handset", at=-61)], {"delivered_before_submit": 1}),
        ([receipt("delivered_handset", at=-59)], {}),  # clocks differ
        ([receipt("sent", at=4), engagement("click", message_id="m1", at=9)], {}),  # its receipt may still come
    ],
)
def test_contradictions_are_counted_in_any_order(events: list[Event], found: dict[str, int]) -> None:
    for order in permutations([submit(), *events]):
        assert tally_of(*order)["contradicted"] == found


def test_bounce_after_delivery_of_a_mail_contradicts_nothing() -> None:
    said: list[Event] = [submit(to=MAIL), receipt("delivered_handset", to=MAIL, at=4), receipt("failed", to=MAIL, at=9)]
    assert tally_of(*said)["contradicted"] == {}


@pytest.mark.parametrize(
    ("milliseconds", "place"),
    [(0, 0), (49, 0), (50, 1), (61, 1), (62, 2), (4_000, 20), (48 * 3_600_000, 67), (400 * 3_600_000, 67)],
)
def test_latency_falls_into_its_bin(milliseconds: int, place: int) -> None:
    assert latency_bin(Message(basis=3, basis_ms=10**12, delivered_ms=10**12 + milliseconds)) == place


@pytest.mark.parametrize(
    "message", [Message(basis=1, basis_ms=10**12, delivered_ms=10**12 + 5), Message(basis=3, basis_ms=10**12)]
)
def test_latency_without_a_submit_or_a_delivery_is_none(message: Message) -> None:
    assert latency_bin(message) == -1


def test_first_delivery_of_a_text_counts_and_the_last_of_a_mail() -> None:
    for to, seconds in (("+33612345678", 4), (MAIL, 900)):
        told: list[Event] = [
            submit(to=to),
            receipt("delivered_network", to=to, at=4),
            receipt("delivered_handset", to=to, at=900),
        ]
        for order in permutations(told):
            assert tally_of(*order)["delivered_in"] == {after(seconds): 1}


def test_engagement_with_a_message_of_a_closed_hour_is_too_late() -> None:
    state = partition(window_hours=1)
    state.fold([record(submit("m2", at=9 * HOUR), 0, at=9 * HOUR)])
    state.fold([record(engagement("click", message_id="m1", at=0), 1, at=9 * HOUR)])
    assert state.counts.too_late == 1


def test_message_that_moves_on_takes_its_latency_and_its_clicks_along() -> None:
    late = submit(at=-2 * HOUR)
    said = tally_of(receipt("delivered_handset", at=4), engagement("click", message_id="m1", at=9), late)
    assert said["delivered_in"] == said["converted_in"] == {after(2 * HOUR + 4): 1}


def test_tally_is_read_back_with_bins_as_numbers() -> None:
    [tally] = left(*TOLD)
    assert read_tally(tally.value).delivered_in == {after(4): 1}
