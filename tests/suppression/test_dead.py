"""Numbers that nobody has: who may say so, for how long, and what shows that somebody is there after all."""

from typing import Any

import pytest

from acquit.events import Verdict
from acquit.rules.policy import DAY_MS
from acquit.suppression import verdicts
from acquit.suppression.facts import Fact
from acquit.suppression.people import People
from tests.suppression.test_people import JO, POLICY, accused, fact, failure, ms

MS = 1 / DAY_MS


def unknown(day: float, supplier: str = "", **fields: Any) -> Fact:
    return failure(day, f"m{day}{supplier}", supplier=supplier, **fields)


def is_dead(*facts: Fact, day: float = 5) -> bool:
    return accused(*facts, day=40).is_known_dead(JO, ms(day))


def test_nobody_is_dead_of_whom_nothing_is_known() -> None:
    assert not People(POLICY).is_known_dead(JO, ms(0))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([unknown(0, "a")], False),
        ([unknown(0, "a"), unknown(1, "a")], False),  # one supplier, twice
        ([unknown(0, "a"), unknown(1, "b")], True),
        (
            [unknown(0, provider="twilio"), unknown(1, provider="infobip")],
            True,
        ),  # without a supplier the provider is it
        ([unknown(0, "a", provider="twilio"), unknown(1, "a", provider="infobip")], False),
        ([unknown(0, "a"), unknown(1, "b", permanence="transient")], False),
        ([unknown(0, "a"), unknown(1, "b", category="recipient_inactive")], False),
    ],
)
def test_number_is_dead_when_two_suppliers_say_so_for_good(facts: list[Fact], expected: bool) -> None:
    assert is_dead(*facts) is expected


@pytest.mark.parametrize(("day", "expected"), [(1 - MS, False), (1, True), (30 - MS, True), (30, False), (40, False)])
def test_both_lie_within_the_30_days_before(day: float, expected: bool) -> None:
    assert is_dead(unknown(0, "a"), unknown(1, "b"), day=day) is expected


@pytest.mark.parametrize("kind", ["reply", "engaged", "stop", "start"])
@pytest.mark.parametrize(("day", "expected"), [(-1, True), (0.5, False), (2, False)])
def test_who_was_heard_of_since_is_alive(kind: str, day: float, expected: bool) -> None:
    assert is_dead(unknown(0, "a"), unknown(1, "b"), fact(kind, day)) is expected


def test_two_suppliers_must_say_so_after_the_last_sign_of_life() -> None:
    assert is_dead(unknown(0, "a"), fact("reply", 1), unknown(2, "a"), unknown(3, "b"))


def test_receipt_of_delivery_raises_no_dead() -> None:
    # a lying route's receipt is exactly what the number is to expose
    people = accused(unknown(0, "a"), unknown(1, "b"), fact("delivered", 2, "m9"))
    assert people.is_known_dead(JO, ms(5))
    people.expire(now_ms=ms(30), upto=2)
    assert people.is_known_dead(JO, ms(30 - MS))


def test_what_a_contradicted_route_says_proves_nothing() -> None:
    people = accused(unknown(0, "a"), unknown(1, "b", route="grey"))
    at = fact("stop", 0.5).evidence.at
    verdicts.take(people.verdicts, Verdict("contradicted", at, route="grey"), ms(0.5))
    assert not people.is_known_dead(JO, ms(5))


def test_restore_by_staff_raises_no_dead() -> None:
    assert is_dead(unknown(0, "a"), unknown(1, "b"), fact("restore", 2))


def test_dead_are_learned_even_where_no_row_of_the_policy_asks() -> None:
    people = People(())
    assert people.is_held("sms", "recipient_unknown", "permanent", "")
    for told in (unknown(0, "a"), unknown(1, "b")):
        people.accuse(JO, told, now_ms=ms(1), upto=1)
    assert people.is_known_dead(JO, ms(5))
    people.expire(now_ms=ms(1 + 30 + 3), upto=2)
    assert len(people.table) == 0
