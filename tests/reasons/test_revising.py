"""A number on the move is not to blame, and a supplier's word is worth what its profile says (mission row Q3)."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from acquit.events import Event, Receipt
from acquit.reasons.revising import revise
from acquit.rules.routes import RouteProfile
from tests.builders import HOUR, cells_of, entries_of, folded, receipt, rows_of, submit, unknown_number, when

PORTED = when(0)


def failing(hours: float, **fields: Any) -> Receipt:
    return unknown_number(at=hours * HOUR, **fields)


@pytest.mark.parametrize(
    ("hours", "permanence", "action", "escalate"),
    [
        (-0.01, "permanent", "suppress", False),  # before the port: the number's own fault
        (0, "transient", "retry_later", False),
        (23.9, "transient", "retry_later", False),  # normal
        (48, "transient", "retry_later", False),  # still tolerable
        (48.01, "permanent", "suppress", True),
        (14 * 24, "permanent", "suppress", True),
        (14 * 24 + 0.01, "permanent", "suppress", False),  # no port lasts so long
    ],
)
def test_failure_of_a_ported_number(hours: float, permanence: str, action: str, escalate: bool) -> None:
    revised = revise(replace(failing(hours), action="suppress"), ported_at=PORTED)
    assert (revised.permanence, revised.action, revised.escalate) == (permanence, action, escalate)


@pytest.mark.parametrize(
    ("hours", "sub_reason"), [(-0.01, None), (0, "number_ported"), (48, "number_ported"), (48.01, None)]
)
@pytest.mark.parametrize("permanence", ["permanent", "transient"])
def test_failure_that_is_laid_at_the_door_of_a_port_says_so(
    hours: float, sub_reason: str | None, permanence: Any
) -> None:
    assert revise(replace(failing(hours), permanence=permanence), ported_at=PORTED).sub_reason == sub_reason


@pytest.mark.parametrize(
    "category", ["opted_out", "complaint", "spam_filtered", "account_problem", "recipient_unreachable"]
)
def test_port_has_nothing_to_do_with_what_people_filters_and_accounts_do(category: Any) -> None:
    for hours in (1, 60):
        said = replace(failing(hours), category=category)
        assert revise(said, ported_at=PORTED) == said


def test_delivery_of_a_ported_number_stays_as_it_is() -> None:
    delivered = receipt("delivered_handset", at=60 * HOUR)
    assert revise(delivered, ported_at=PORTED) == delivered


def grey(**fields: Any) -> RouteProfile:
    usual: dict[str, Any] = {
        "id": "grey", "route": "grey-9", "supplier": None, "provider": None, "delivered": "network",
        "submit_id": "text", "receipt_id": "text", "id_prefixes": (), "ignore_case": False,
        "ignore_leading_zeros": False, "err_dictionary": None, "zone": None, "source": "its own letter",
    }  # fmt: skip
    return RouteProfile(**{**usual, **fields})


@pytest.mark.parametrize(
    ("said", "worth"),
    [
        ("delivered_handset", "delivered_network"),
        ("delivered_network", "delivered_network"),
        ("read", "read"),
        ("failed", "failed"),
        ("accepted", "accepted"),
    ],
)
def test_profile_says_what_delivered_is_worth(said: Any, worth: str) -> None:
    revised = revise(receipt(said, rule="smpp:status:DELIVRD"), ported_at=None, profile=grey())
    assert revised.status == worth
    assert revised.rule == ("smpp:status:DELIVRD+route:grey" if said != worth else "smpp:status:DELIVRD")


def ported(hours: float, **fields: Any) -> Event:
    return submit(at=0, ported_at=when(0) - timedelta(hours=hours), **fields)


def failures(*events: Event) -> dict[str, int]:
    [(_, _, kinds)] = cells_of(folded(*events, at=2).messages).values()
    return kinds


def test_failure_within_48_hours_of_a_port_suppresses_nobody_in_either_order() -> None:
    both = (ported(1), unknown_number(at=1))
    for order in (both, both[::-1]):
        assert entries_of(folded(*order, at=2)) == {}
        assert failures(*order) == {"recipient_unknown/transient": 1}


def test_failure_long_after_a_port_suppresses_in_either_order() -> None:
    both = (ported(50), unknown_number(at=1))
    for order in (both, both[::-1]):
        assert [scope for _, scope in entries_of(folded(*order, at=2))] == ["*"]
        assert failures(*order) == {"recipient_unknown/permanent": 1}


@given(st.permutations([ported(1), unknown_number(at=1), receipt("sent", at=0.5), unknown_number(at=2)]))
def test_order_of_a_ported_message_never_matters(events: list[Event]) -> None:
    one = folded(*events, at=3)
    other = folded(ported(1), receipt("sent", at=0.5), unknown_number(at=1), unknown_number(at=2), at=3)
    assert rows_of(one.messages) == rows_of(other.messages)
    assert cells_of(one.messages) == cells_of(other.messages)
    assert entries_of(one) == entries_of(other)
