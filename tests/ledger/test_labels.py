"""What a message is counted under: the submit's word, but for the carrier the receipt's, unless it guesses."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquit.effects import Cell
from acquit.ledger.labels import Labels, Numbers, cell, merged, of_receipt, of_submit
from tests.builders import receipt, submit

AMERICAN = "+12025550123"
"""A range without a carrier."""


def cell_of(sent: dict[str, Any] | None, told: dict[str, Any] | None) -> Cell:
    one = None if sent is None else of_submit(submit(to=AMERICAN, **sent))
    other = None if told is None else of_receipt(receipt("sent", to=AMERICAN, **told))
    return cell(one, other, 0)


@pytest.mark.parametrize(
    ("sent", "told", "carrier"),
    [
        ("20801", None, "20801"),
        (None, "20810", "20810"),
        ("20801", "20810", "20810"),  # the number was ported: the receipt knows
        (None, None, None),
    ],
)
def test_said_carrier_of_the_receipt_goes_before_that_of_the_submit(sent: str, told: str, carrier: str) -> None:
    assert cell_of({"carrier": sent}, {"carrier": told}).carrier == carrier


def test_carrier_that_a_receipt_guesses_goes_after_that_of_the_submit() -> None:
    guess = {"carrier": "SFR", "carrier_is_guess": True}
    assert cell_of({"carrier": "20801"}, guess).carrier == "20801"
    assert cell_of({"carrier": None}, guess).carrier == "SFR"
    assert cell_of(None, guess).carrier == "SFR"


def test_submit_without_a_carrier_has_that_of_its_range_until_a_receipt_says_one() -> None:
    guessed = of_submit(submit(to="+33612345678"))
    assert (guessed.carrier, guessed.carrier_is_guess) == ("SFR", True)
    assert cell(guessed, of_receipt(receipt("sent", carrier="20801")), 0).carrier == "20801"


@pytest.mark.parametrize("field", ["route", "supplier", "stream"])
def test_submit_says_the_rest_and_the_receipt_what_it_leaves_open(field: str) -> None:
    assert getattr(cell_of({field: "ours"}, {field: "theirs"}), field) == "ours"
    assert getattr(cell_of({field: None}, {field: "theirs"}), field) == "theirs"
    assert getattr(cell_of({}, None), field) is None


_words = st.sampled_from([None, "a", "b"])
_carriers = st.sampled_from([(None, False), ("20801", False), ("20810", False), ("SFR", True), ("Orange", True)])
_labels = st.builds(
    lambda route, supplier, carrier, account: Labels("sms", route, supplier, carrier[0], carrier[1], None, account, None),
    _words, _words, _carriers, _words,
)  # fmt: skip


@settings(max_examples=100)
@given(st.lists(_labels, min_size=3, max_size=3))
def test_receipts_merge_to_the_same_labels_in_any_order(three: list[Labels]) -> None:
    assert len({merged(merged(one, two), three) for one, two, three in permutations(three)}) == 1


def test_carrier_that_was_said_goes_before_one_that_was_guessed() -> None:
    said, guessed = (
        Labels("sms", None, None, "z", False, None, None, None),
        Labels("sms", None, None, "a", True, None, None, None),
    )
    assert merged(guessed, said).carrier == merged(said, guessed).carrier == "z"
    assert merged(guessed, said).carrier_is_guess is False


def test_same_labels_have_one_number() -> None:
    numbers = Numbers()
    one = of_submit(submit(route="r1"))
    assert numbers.number(one) == numbers.number(of_submit(submit("m2", route="r1")))
    assert numbers[numbers.number(one)] == one


def test_numbers_are_found_again_in_a_loaded_table() -> None:
    numbers, again = Numbers(), Numbers()
    known = [of_submit(submit(route=f"r{number}")) for number in range(12)]
    for labels in known:
        numbers.number(labels)
    again.table.apply(reversed(numbers.table.take_delta()))
    again.loaded()
    assert [again.number(labels) for labels in known] == list(range(12))
    assert again.number(of_submit(submit(route="new"))) == 12
