"""What a dead letter says of itself, and what becomes of it in a replay. Kafka itself is in tests/system."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.effects import Header
from acquit.errors import Undecodable
from acquit.pipeline import ONLY, dead_letter
from acquit.worker.dead_letters import (
    ATTEMPTS,
    OURS,
    REPLAYED,
    Fate,
    Letter,
    Selection,
    described,
    fate_of,
    home_of,
    mark,
    read_letter,
    read_mark,
    sent_back,
    targets_of,
)
from acquit.worker.sending import Outgoing, partition_of
from acquit.worker.settings import Settings

SETTINGS = Settings(raw_topics={"raw.sms": "smpp"})
AT_MS = 1_790_000_000_000


class FakeRecord(msgspec.Struct):
    """A record as aiokafka hands it over."""

    key: bytes | None = b"k"
    value: bytes | None = b"no receipt"
    headers: Sequence[Header] = ()
    topic: str = "raw.sms"
    partition: int = 2
    offset: int = 41
    timestamp: int = AT_MS


def refused(record: FakeRecord, *, offset: int = 7) -> FakeRecord:
    """The record of the dead letters' topic that a record becomes."""
    letter = dead_letter(record, "smpp", Undecodable("undecodable", "no receipt in the text"))
    return FakeRecord(
        letter.key, letter.value, tuple(letter.headers), "acquit.dead-letters", 1, offset, record.timestamp
    )


def letter_of(record: FakeRecord | None = None, **changes: Any) -> Letter:
    return replace(read_letter(refused(record or FakeRecord())), **changes)


def as_read(sent: Outgoing) -> FakeRecord:
    timestamp = AT_MS if sent.timestamp_ms is None else sent.timestamp_ms
    return FakeRecord(sent.key, sent.value, tuple(sent.headers), sent.topic, sent.partition, 42, timestamp)


def test_a_letter_says_why_it_is_one_and_where_from() -> None:
    letter = letter_of()
    assert (letter.partition, letter.offset) == (1, 7)
    assert (letter.reason, letter.detail) == ("undecodable", "no receipt in the text")
    assert (letter.topic, letter.original_partition, letter.original_offset) == ("raw.sms", 2, 41)
    assert (letter.original_timestamp_ms, letter.attempts, letter.size_bytes) == (AT_MS, 0, 10)


def test_a_record_of_somebody_else_is_a_letter_without_a_topic() -> None:
    nothing: Any = None  # Kafka's headers may be without a value, whatever aiokafka's types say
    letter = read_letter(FakeRecord(headers=(("x", b"\xff"), (f"{OURS}reason", nothing), (ATTEMPTS, nothing))))
    assert (letter.reason, letter.topic) == ("unknown", "")
    assert fate_of(letter, Selection(), targets_of(SETTINGS), max_attempts=3) == "given_up"


NAMES = st.sampled_from(["provider", "x", REPLAYED, f"{OURS}reason", f"{OURS}topic", ATTEMPTS])
RECORDS = st.builds(
    FakeRecord,
    key=st.none() | st.binary(),
    value=st.none() | st.binary(),
    headers=st.lists(st.tuples(NAMES, st.binary())).map(tuple),
    timestamp=st.integers(1, 2**52),
)


@given(RECORDS)
def test_what_is_sent_back_is_the_record_as_it_came_with_one_attempt_more(record: FakeRecord) -> None:
    sent = sent_back(letter_of(record), 2)
    assert (sent.topic, sent.key, sent.value, sent.timestamp_ms) == (
        record.topic,
        record.key,
        record.value,
        record.timestamp,
    )
    own = [header for header in record.headers if header[0] != ATTEMPTS and not header[0].startswith(OURS)]
    assert list(sent.headers)[:-1] == own
    assert read_letter(as_read(sent)).attempts == letter_of(record).attempts + 1


@given(RECORDS)
def test_no_letter_is_taken_for_a_mark_whatever_headers_its_record_had(record: FakeRecord) -> None:
    assert read_mark(refused(record)) is None


def test_a_mark_names_its_letter_and_lies_in_its_partition() -> None:
    written = mark(letter_of(), "acquit.dead-letters")
    assert (written.topic, written.partition, written.key, written.value) == ("acquit.dead-letters", 1, None, None)
    assert read_mark(as_read(written)) == 7


def test_a_second_failure_keeps_the_attempts() -> None:
    letter = letter_of()
    for attempt in (1, 2, 3):
        letter = letter_of(as_read(sent_back(letter, 2)))
        assert letter.attempts == attempt
    assert letter.headers == ((ATTEMPTS, b"3"),)


@pytest.mark.parametrize("said", [b"", b"-1", b"many", b"\xff", b"9" * 5_000])
def test_attempts_that_are_no_number_count_as_none(said: bytes) -> None:
    assert letter_of(FakeRecord(headers=((ATTEMPTS, said),))).attempts == 0


@pytest.mark.parametrize(
    ("changes", "selection", "fate"),
    [
        ({}, Selection(), "sent"),
        ({}, Selection(reason="undecodable", topic="raw.sms"), "sent"),
        ({}, Selection(reason="empty"), "skipped_by_filter"),
        ({}, Selection(topic="raw.mail"), "skipped_by_filter"),
        ({"attempts": 2}, Selection(), "sent"),
        ({"attempts": 3}, Selection(), "given_up"),
        ({"attempts": 3}, Selection(reason="empty"), "skipped_by_filter"),
        ({"is_replayed": True}, Selection(), "sent_before"),
        ({"is_replayed": True, "attempts": 3}, Selection(reason="empty"), "sent_before"),
        ({"topic": "raw.mail"}, Selection(), "given_up"),  # read no more
        ({"topic": "acquit.events"}, Selection(), "sent"),
        ({"topic": "acquit.commands"}, Selection(), "sent"),
        ({"topic": "acquit.suppressions"}, Selection(), "given_up"),  # the truth of the list is the ledger's alone
    ],
)
def test_the_fate_of_a_letter(changes: dict[str, Any], selection: Selection, fate: Fate) -> None:
    assert fate_of(letter_of(**changes), selection, targets_of(SETTINGS), max_attempts=3) == fate


@pytest.mark.parametrize(
    ("changes", "partition"),
    [
        ({}, 2),
        ({"key": None}, 2),
        ({"original_partition": 4}, partition_of(b"k", 4)),  # the topic was made anew, with fewer partitions
        ({"original_partition": 4, "key": None}, partition_of(b"no receipt", 4)),
        ({"topic": "acquit.events", "key": b"sms:+33612345678"}, partition_of(b"sms:+33612345678", 4)),
    ],
)
def test_the_partition_that_a_letter_goes_back_to(changes: dict[str, Any], partition: int) -> None:
    assert home_of(letter_of(**changes), SETTINGS, {"raw.sms": 4, "acquit.events": 4}) == partition


def test_a_letter_is_shown_without_what_may_hold_an_address() -> None:
    letter = letter_of(FakeRecord(key=b"sms:+33612345678", value=b"id:1 to:+33612345678"))
    assert "33612345678" not in str(described(letter, with_value=False))
    assert "33612345678" not in repr(letter)


def test_a_letter_is_shown_with_its_key_and_value_when_asked_for() -> None:
    shown = described(letter_of(FakeRecord(key=None, value="né".encode())), with_value=True)
    assert (shown["key"], shown["value"], shown["bytes"]) == (None, "né", 3)


def test_bytes_that_are_no_text_are_shown_in_base64() -> None:
    shown = described(letter_of(FakeRecord(value=b"\xff\x00")), with_value=True)
    assert shown["value_base64"] == "/wA="
    assert "value" not in shown


def test_a_letter_is_shown_as_json() -> None:
    shown = msgspec.json.decode(msgspec.json.encode(described(letter_of(), with_value=True)))
    assert shown["original_at"] == "2026-09-21T14:13:20Z"
    assert shown["replayed"] is False


@pytest.mark.parametrize(
    ("said", "shown"), [(b"1,3/5", [1, 3]), (b"0/2", [0]), (None, None), (b"junk", None), (b"9" * 5_000, None)]
)
def test_a_letter_names_the_events_that_wait_where_the_others_were_taken(
    said: bytes | None, shown: list[int] | None
) -> None:
    letter = letter_of(FakeRecord(headers=() if said is None else ((ONLY, said),)))
    assert msgspec.json.decode(msgspec.json.encode(described(letter, with_value=False)))["only"] == shown
    assert dict(sent_back(letter, 2).headers).get(ONLY) == said, "it goes back with it"


def test_a_time_that_no_calendar_has_is_shown_as_none() -> None:
    assert described(letter_of(original_timestamp_ms=10**17), with_value=False)["original_at"] is None
