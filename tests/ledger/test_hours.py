"""Hours begin on the wall clock of their zone, and have fixed names."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquit.events import epoch_ms
from acquit.hours import Hours

ZONES = [
    "UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns",
    "Australia/Adelaide", "Pacific/Chatham", "Africa/Casablanca", "Pacific/Apia", "Antarctica/Troll",
]  # fmt: skip
# Australia/Lord_Howe, the one zone that shifts by half an hour, is not among them: see the last test.
INSTANTS = st.integers(946_684_800_000, 2_500_000_000_000)


def ms(text: str) -> int:
    return epoch_ms(datetime.fromisoformat(text))


def hour_of(zone: str, text: str) -> tuple[str, str]:
    """Start and label of the hour that holds this time."""
    hours = Hours(zone)
    start = hours.start(ms(text))
    return datetime.fromtimestamp(start, UTC).isoformat(timespec="minutes")[:16], hours.label(start)


@pytest.mark.parametrize(
    ("zone", "time", "start", "label"),
    [
        ("UTC", "2026-11-22T09:00:00.000Z", "2026-11-22T09:00", "09"),
        ("UTC", "2026-11-22T08:59:59.999Z", "2026-11-22T08:00", "08"),
        ("UTC", "2026-11-22T00:00:00Z", "2026-11-22T00:00", "00"),
        ("UTC", "2026-11-22T23:59:59Z", "2026-11-22T23:00", "23"),
        ("Asia/Kolkata", "2026-11-22T09:29:59.999Z", "2026-11-22T08:30", "14"),  # UTC+5:30
        ("Asia/Kolkata", "2026-11-22T09:30:00Z", "2026-11-22T09:30", "15"),
        ("Asia/Kathmandu", "2026-11-22T09:14:59Z", "2026-11-22T08:15", "14"),  # UTC+5:45
        ("Asia/Kathmandu", "2026-11-22T09:15:00Z", "2026-11-22T09:15", "15"),
        ("America/St_Johns", "2026-11-22T09:30:00Z", "2026-11-22T09:30", "06"),  # UTC-3:30
        # Paris, 2026-03-29: 02:00 becomes 03:00 at 01:00Z
        ("Europe/Paris", "2026-03-29T00:59:59Z", "2026-03-29T00:00", "01"),
        ("Europe/Paris", "2026-03-29T01:00:00Z", "2026-03-29T01:00", "03"),
        # Paris, 2026-10-25: 03:00 becomes 02:00 at 01:00Z, so there are two hours of that name
        ("Europe/Paris", "2026-10-25T00:59:59Z", "2026-10-25T00:00", "02"),
        ("Europe/Paris", "2026-10-25T01:00:00Z", "2026-10-25T01:00", "02"),
        ("Europe/Paris", "2026-10-25T02:00:00Z", "2026-10-25T02:00", "03"),
    ],
)
def test_hour_that_holds_a_time(zone: str, time: str, start: str, label: str) -> None:
    assert hour_of(zone, time) == (start, label)


@settings(max_examples=150)
@given(INSTANTS, st.sampled_from(ZONES))
def test_an_hour_holds_its_instants_and_has_the_name_of_the_wall_clock(instant: int, zone: str) -> None:
    hours = Hours(zone)
    start = hours.start(instant)
    wall = datetime.fromtimestamp(instant // 1000, UTC).astimezone(ZoneInfo(zone))
    assert 0 <= instant - start * 1000 < 3_600_000
    assert hours.label(start) == f"{wall.hour:02d}"
    assert hours.start(start * 1000) == start  # an hour begins in itself
    assert hours.start(instant) == start  # and is remembered


def test_labels_are_fixed() -> None:
    hours = Hours("UTC")
    assert [hours.label(hour * 3_600) for hour in range(24)] == [f"{hour:02d}" for hour in range(24)]
