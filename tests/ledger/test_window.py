"""The window: whatever is packed comes back as it was, and it holds what a plain dict would."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from acquit.events import CATEGORIES, EARLIEST, LATEST, PERMANENCES, STATUSES, epoch_ms
from acquit.ledger.merge import LABELS_LIMIT, NOTHING, Message
from acquit.ledger.window import _ROW, Window, key_of

HOUR_MS, FIRST, LAST = 3_600_000, epoch_ms(EARLIEST), epoch_ms(LATEST) - 1
TIMES = st.just(0) | st.integers(FIRST, LAST) | st.just(FIRST) | st.just(LAST)
KEYS = [key_of("p", f"m{number}", "+33612345678") for number in range(12)]


def numbers(limit: int) -> st.SearchStrategy[int]:
    return st.integers(NOTHING, limit - 1)


MESSAGES = st.builds(
    Message,
    basis=st.integers(0, 3), basis_ms=st.integers(FIRST, LAST), submit=numbers(LABELS_LIMIT),
    receipt=numbers(LABELS_LIMIT), good=numbers(len(STATUSES)), bad=numbers(len(STATUSES)), delivered_ms=TIMES,
    bad_ms=TIMES, category=numbers(len(CATEGORIES)), permanence=numbers(len(PERMANENCES)),
    reported=st.integers(0, (1 << len(STATUSES)) - 1),
)  # fmt: skip


def plain(message: Message) -> tuple[Any, ...]:
    return tuple(getattr(message, name) for name in message.__struct_fields__ if name != "block")


@settings(max_examples=300)
@given(MESSAGES, st.sampled_from([1, 72, 24 * 365]))
def test_message_comes_back_as_it_was(message: Message, window_hours: int) -> None:
    window, before = Window(window_hours * 3_600), plain(message)
    window.keep(KEYS[0], message)
    [(_, key, again)] = window.messages()
    assert (key, plain(again)) == (KEYS[0], before)


def test_all_lists_fit_into_their_bits() -> None:
    assert len(STATUSES) <= 12
    assert len(CATEGORIES) < 63
    assert len(PERMANENCES) <= 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("p", "m", "+33612345678"), ("p", "m", "+33612345679")),  # a batch, to two people
        (("p", "m", "+33612345678"), ("q", "m", "+33612345678")),
        (("p", "m", "+33612345678"), ("p", "M", "+33612345678")),
    ],
)
def test_another_provider_id_or_recipient_is_another_message(one: Any, other: Any) -> None:
    assert key_of(*one) != key_of(*other)


class WindowLikeADict(RuleBasedStateMachine):
    """A window, the dict that it should be equal to, and a copy that only knows what the journal was told."""

    def __init__(self) -> None:
        super().__init__()
        self.window, self.copy = Window(12 * 3_600), Window(12 * 3_600)
        self.known: dict[bytes, Message] = {}

    @rule(key=st.sampled_from(KEYS), hour=st.integers(0, 30), reported=st.integers(0, 4095))
    def put(self, key: bytes, hour: int, reported: int) -> None:
        message = self.window.find(key) or Message()
        message.basis_ms, message.reported = FIRST + hour * HOUR_MS, reported
        self.window.keep(key, message)
        self.known[key] = msgspec.structs.replace(message)

    @rule(key=st.sampled_from(KEYS))
    def remove(self, key: bytes) -> None:
        message = self.window.find(key)
        if message is not None:
            self.window.give_up(key, message)
            del self.known[key]

    @rule(hour=st.integers(0, 30))
    def drop(self, hour: int) -> None:
        seconds = FIRST // 1000 + hour * 3_600
        self.window.drop_before(seconds)
        span_ms = self.window.span * 1000
        self.known = {
            key: message for key, message in self.known.items()
            if message.basis_ms // span_ms * span_ms + span_ms > seconds * 1000
        }  # fmt: skip

    @rule()
    def journal(self) -> None:
        self.copy.load_delta(msgspec.msgpack.encode(self.window.take_delta()))
        assert not self.window.is_changed
        assert {key: plain(m) for _, key, m in self.copy.messages()} == {key: plain(m) for key, m in self.known.items()}

    @rule()
    def checkpoint(self) -> None:
        self.journal()
        again = Window(12 * 3_600)
        for block in {block for block, _, _ in self.window.messages()}:
            again.load_block(block, msgspec.msgpack.encode(dict(self.window.block_rows(block))))
        assert [(block, key, plain(m)) for block, key, m in sorted(again.messages(), key=str)] == [
            (block, key, plain(m)) for block, key, m in sorted(self.window.messages(), key=str)
        ]

    @invariant()
    def holds_what_the_dict_holds(self) -> None:
        for key in KEYS:
            found = self.window.find(key)
            assert (found and plain(found)) == (plain(self.known[key]) if key in self.known else None)


TestWindowLikeADict = WindowLikeADict.TestCase
TestWindowLikeADict.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_window_without_a_journal_keeps_no_record_of_changes() -> None:
    window = Window(72 * 3_600, is_journaled=False)
    window.keep(KEYS[0], Message(basis_ms=FIRST))
    assert (len(window), window.take_delta()) == (1, [])


def test_oldest_block_goes_first_and_says_where_memory_begins() -> None:
    window = Window(12 * 3_600)
    for place, key in enumerate(KEYS[:3]):
        window.keep(key, Message(basis_ms=FIRST + place * HOUR_MS))
    assert window.shrink(3) == (0, 0)
    assert window.shrink(2) == (1, FIRST // 1000 + 3_600)
    assert [window.find(key) is None for key in KEYS[:3]] == [True, False, False]
    assert window.shrink(0) == (0, 0)  # two blocks stay: what comes now needs them


def test_journal_in_which_each_row_stands_by_itself_is_read() -> None:
    window, again = Window(12 * 3_600), Window(12 * 3_600)
    for place, key in enumerate(KEYS[:5]):
        window.keep(key, Message(basis_ms=FIRST + place * HOUR_MS // 2, reported=place))
    [*changes] = window.take_delta()
    single = [
        (block, keys[12 * n : 12 * n + 12], rows and rows[_ROW.size * n : _ROW.size * (n + 1)])
        for block, keys, rows in changes
        for n in range(len(keys) // 12)
    ]
    again.load_delta(msgspec.msgpack.encode([*single, (single[0][0], single[0][1], None)]))
    expected = {key: plain(message) for _, key, message in window.messages() if key != single[0][1]}
    assert {key: plain(message) for _, key, message in again.messages()} == expected
    block = single[-1][0]
    third = Window(12 * 3_600)
    third.load_block(block, msgspec.msgpack.encode({key: rows for of, key, rows in single if of == block}))
    assert {key for _, key, _ in third.messages()} == {key for of, key, _ in single if of == block}
