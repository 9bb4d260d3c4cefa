"""A reply that names no message is booked into the latest message of this person, for some hours."""

from typing import Any

import pytest

from acquit.events import Event
from acquit.ledger.latest import Latest
from acquit.ledger.window import key_of
from tests.builders import HOUR, MAIL, PHONE, START_MS, engagement, partition, record, submit

OTHER = "+33612345679"


def replies(*events: Event, **fields: Any) -> dict[str | None, int]:
    """Messages that were answered, by route."""
    state = partition(**fields)
    state.head.flushed_ms = 1 << 60
    state.fold([record(event, offset, at=13 * HOUR + offset) for offset, event in enumerate(events)])
    return {tally.cell.route: tally.engaged["reply"] for tally in state.flush() if "reply" in tally.engaged}


def test_reply_goes_to_the_latest_message_of_this_person() -> None:
    sent = [submit("m1", at=0, route="old"), submit("m2", at=10, route="new"), submit("m3", at=11, to=OTHER, route="x")]
    assert replies(*sent, engagement("reply", at=60)) == {"new": 1}


@pytest.mark.parametrize("kind", ["stop", "start"])
def test_stop_without_a_message_shows_that_the_latest_came(kind: Any) -> None:
    assert replies(submit(route="r"), engagement(kind, at=60)) == {"r": 1}


def test_message_that_was_sent_after_the_reply_is_not_answered() -> None:
    assert replies(submit(at=60, route="r"), engagement("reply", at=59)) == {}


@pytest.mark.parametrize(("hours", "found"), [(11.99, {"r": 1}), (12.01, {})])
def test_reply_after_the_window_answers_nothing(hours: float, found: dict[str, int]) -> None:
    assert replies(submit(route="r"), engagement("reply", at=hours * HOUR)) == found


def test_message_that_is_read_late_does_not_hide_a_later_one() -> None:
    assert replies(submit("m2", at=50, route="new"), submit("m1", at=0, route="old"), engagement("reply", at=60)) == {
        "new": 1
    }


def test_channels_are_not_mixed() -> None:
    latest, key = Latest(HOUR), key_of("p", "m1", PHONE)
    latest.learn("sms", PHONE, key, START_MS)
    assert [latest.message(channel, PHONE, START_MS + 1) for channel in ("sms", "whatsapp", "rcs")] == [key, None, None]


def test_mailboxes_and_odd_recipients_are_found_too() -> None:
    latest = Latest(HOUR)
    for number, to in enumerate((MAIL, "", "+", "+x", "+1" + "0" * 40, "+\u0663")):
        key = key_of("p", str(number), to)
        latest.learn("email", to, key, START_MS)
        assert latest.message("email", to, START_MS + 1) == key


def test_recipients_whom_nobody_answers_any_more_are_forgotten() -> None:
    latest = Latest(HOUR)
    latest.learn("sms", PHONE, key_of("p", "m1", PHONE), START_MS)
    latest.advance(START_MS + HOUR * 1000)
    assert len(latest.table) == 1
    latest.advance(START_MS + 2 * HOUR * 1000)
    assert len(latest.table) == 0
