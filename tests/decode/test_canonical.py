"""The boundaries of acquit's own JSON: closed lists, times, several events in one body."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit import events
from acquit.decode import Context
from acquit.decode.canonical import decode
from acquit.errors import Undecodable
from acquit.events import CHANNELS, ENGAGEMENTS, STATUSES, Engagement, Event, Receipt

SAMPLES = Path(__file__).parent.parent / "samples" / "canonical"


def one(body: bytes) -> Event:
    [event] = decode(body, Context())
    assert isinstance(event, Event)
    return event


def receipt(**fields: Any) -> bytes:
    usual = {
        "kind": "receipt", "provider": "infobip", "message_id": "m1", "channel": "sms", "at": "2026-11-22T09:00:04Z",
        "status": "failed",
    }  # fmt: skip
    return json.dumps({**usual, **fields}).encode()


def test_every_kind_has_a_sample() -> None:
    whole = (json.loads(path.read_bytes()) for path in SAMPLES.glob("*.expected.json"))
    assert {kind for said in whole if isinstance(said, dict) for kind in said} >= {
        "submit", "receipt", "engagement", "command"
    }  # fmt: skip


def test_event_among_others_may_have_epochs_and_is_refused_in_its_place() -> None:
    first, nameless, deep, last = decode(
        b"[%b, %b, [%b], %b]" % (receipt(at=1_795_338_004_000), receipt(message_id=None), receipt(), receipt()),
        Context(),
    )
    assert first == last == one(receipt())
    assert isinstance(nameless, Undecodable)
    assert isinstance(deep, Undecodable)
    assert (nameless.reason, deep.reason) == ("missing_field", "wrong_type")
    assert (nameless.detail[:15], deep.detail[:4]) == ("$[1].message_id", "$[2]")


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_read(status: str) -> None:
    event = one(receipt(status=status))
    assert isinstance(event, Receipt)
    assert event.status == status


@pytest.mark.parametrize("type_", ENGAGEMENTS)
def test_every_engagement_is_read(type_: str) -> None:
    event = one(receipt(kind="engagement", to="+33612345678", type=type_))
    assert isinstance(event, Engagement)
    assert event.type == type_


@pytest.mark.parametrize(
    ("at", "read"),
    [
        (0, datetime(1970, 1, 1, tzinfo=UTC)),  # read here, refused by normalise
        (1_795_338_004_000, datetime(2026, 11, 22, 9, 0, 4, tzinfo=UTC)),
        (1_795_338_004_000.5, datetime(2026, 11, 22, 9, 0, 4, 500, tzinfo=UTC)),
        (4_102_444_799_999, datetime(2099, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
        ("2026-11-22T10:00:04+01:00", datetime(2026, 11, 22, 9, 0, 4, tzinfo=UTC)),
    ],
)
def test_time_is_an_epoch_in_milliseconds_or_rfc_3339(at: str | float, read: datetime) -> None:
    assert one(receipt(at=at)).at == read


@pytest.mark.parametrize("at", [-1, 4_102_444_800_000, 1_795_338_004_000_000, 1e300])
def test_epoch_of_another_unit_is_refused(at: float) -> None:
    with pytest.raises(Undecodable, match=r"absurd_value: \$\.at"):
        one(receipt(at=at))


@pytest.mark.parametrize("field", ["received_at", "submitted_at"])
def test_every_time_of_an_event_may_be_an_epoch(field: str) -> None:
    assert getattr(one(receipt(**{field: 1_795_338_004_000})), field) == datetime(2026, 11, 22, 9, 0, 4, tzinfo=UTC)


def test_context_changes_nothing_in_what_is_canonical_already() -> None:
    body = receipt()
    assert list(decode(body, Context(route="other", to="+33698765432"))) == [one(body)]


@given(
    st.builds(
        Receipt,
        provider=st.text(min_size=1, max_size=9),
        channel=st.sampled_from(CHANNELS),
        at=st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 bounds are naive by hypothesis's contract
        status=st.sampled_from(STATUSES),
        message_id=st.text(min_size=1, max_size=9),
        to=st.none() | st.text(min_size=1, max_size=9),
        carrier_is_guess=st.booleans(),
        escalate=st.booleans(),
    )
)
def test_event_comes_back_as_it_was_written(event: Receipt) -> None:
    assert one(events.encode(event)) == event


def test_event_with_every_field_written_out_comes_back_the_same() -> None:
    event = one((SAMPLES / "receipt.json").read_bytes())
    assert one(json.dumps(events.shown(event), default=datetime.isoformat).encode()) == event
