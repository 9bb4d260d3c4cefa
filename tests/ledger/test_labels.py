"""What a message is counted under: the submit's word, but for the carrier the receipt's, unless it guesses."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquit.effects import Cell
from acquit.events import CHANNELS
from acquit.ledger.labels import Labels, Numbers, cell, merged, of_receipt, of_submit
from acquit.ledger.merge import LABELS_LIMIT, NOTHING, Message
from acquit.ledger.window import Window, key_of
from tests.builders import DAY, START_MS, receipt, submit, when

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
    again.loaded(floor=0, newest=NOTHING)
    assert [again.number(labels) for labels in known] == list(range(12))
    assert again.number(of_submit(submit(route="new"))) == 12


def route(name: str) -> Labels:
    return of_submit(submit(to=AMERICAN, route=name))


def test_labels_go_with_the_last_block_that_names_them_and_their_number_is_free() -> None:
    numbers = Numbers()
    one, two = numbers.number(route("one")), numbers.number(route("two"))
    for number, block in ((one, 6), (two, 6), (two, 12), (two, 6)):
        numbers.name(number, block)
    assert numbers.drop_before(12)
    assert ([number for number in (one, two) if number in numbers], len(numbers)) == ([two], 1)
    assert numbers.number(route("three")) == one
    assert (numbers[one], numbers[two]) == (route("three"), route("two"))
    assert not numbers.drop_before(12)


def test_labels_that_no_message_ever_named_go_too() -> None:
    numbers = Numbers()
    numbers.number(route("late"))
    numbers.drop_before(6)
    assert (len(numbers), len(numbers.table)) == (0, 0)


def test_free_numbers_are_taken_in_the_same_order_over_a_restart() -> None:
    numbers, again = Numbers(), Numbers()
    for name, block in (("a", 6), ("b", 12), ("c", 6), ("d", 12), ("e", 6)):
        numbers.name(numbers.number(route(name)), block)
    numbers.drop_before(12)
    again.table.apply(numbers.table.take_delta())
    again.loaded(floor=12, newest=12)
    for name in "bdfghij":
        assert again.number(route(name)) == numbers.number(route(name))
    assert [numbers.number(route(name)) for name in "fghij"] == [0, 2, 4, 5, 6]
    assert {(key, row) for _, key, row in again.table} == {(key, row) for _, key, row in numbers.table}


def test_labels_of_a_journal_from_before_they_were_dropped_stay_with_the_newest_block() -> None:
    numbers = Numbers()
    numbers.table.put(0, "0", route("old"))
    numbers.loaded(floor=6, newest=12)
    assert numbers.number(route("old")) == 0
    numbers.drop_before(12)
    assert len(numbers) == 1
    numbers.drop_before(18)
    assert len(numbers) == 0


def test_labels_beyond_the_limit_say_the_channel_alone_and_are_counted() -> None:
    numbers = Numbers(limit=len(CHANNELS) + 1)
    first = numbers.number(route("first"))
    beyond = [
        numbers.number(labels) for labels in (route("second"), route("third"), of_submit(submit(to="a@b.example")))
    ]
    assert [numbers[number][:3] for number in [first, *beyond]] == [
        ("sms", "first", None), ("sms", None, None), ("sms", None, None), ("email", None, None)
    ]  # fmt: skip
    assert (numbers.unnamed, numbers.number(route("first"))) == (3, first)


def test_every_number_that_labels_may_have_fits_into_a_row() -> None:
    window, last = Window(72 * 3_600), LABELS_LIMIT - 1
    window.keep(key_of("p", "m", None), Message(basis_ms=START_MS, submit=last, receipt=last))
    [(_, _, message)] = window.messages()
    assert (message.submit, message.receipt) == (last, last)


@pytest.mark.parametrize(("days", "is_kept"), [(-1, True), (13, True), (15, False)])
def test_port_long_before_the_submit_is_no_label(days: float, *, is_kept: bool) -> None:
    labels = of_submit(submit(ported_at=when(-days * DAY)))
    assert (labels.ported_ms is not None) is is_kept
