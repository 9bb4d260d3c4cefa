"""What is usual: the middle of the last days, moved by the hour of the week; doubtful where little is known."""

import pytest

from acquit.routes.flows import Flow
from acquit.routes.usual import KEPT_DAYS, Usuals

FLOW = Flow("sms", "20801", "one", "one-1", "otp")
DAY, HOUR = 86_400, 3_600
BEGUN = 20_000 * DAY


def booked(
    days: int, share: float = 0.95, *, flow: Flow = FLOW, each: int = 100, usuals: Usuals | None = None
) -> Usuals:
    usuals = usuals or Usuals()
    for hour in range(days * 24):
        usuals.book(flow, BEGUN + hour * HOUR, counts(share, each))
    return usuals


def counts(share: float, messages: int = 100) -> list[int]:
    delivered = round(share * messages)
    return [0, delivered, messages - delivered, 0, 0]


def test_nothing_known_is_the_shipped_level_with_a_wide_doubt_that_shrinks() -> None:
    new, day = Usuals().of(FLOW, BEGUN), booked(1).of(FLOW, BEGUN + DAY)
    assert new.delivered == 0.95
    assert day.delivered == pytest.approx(0.95, abs=0.001)
    assert new.doubt > 0.05
    assert day.doubt < 0.01


def test_bad_day_moves_nothing() -> None:
    usuals = booked(7)
    for hour in range(24):
        usuals.book(FLOW, BEGUN + 7 * DAY + hour * HOUR, counts(0.5))
    assert usuals.of(FLOW, BEGUN + 8 * DAY).delivered == pytest.approx(0.95, abs=0.001)


def test_hour_of_the_week_has_its_own_level_and_a_holiday_does_not_change_it() -> None:
    usuals, week = Usuals(), 7 * DAY
    for hour in range(5 * 7 * 24):
        is_monday_night, is_holiday = hour % 168 == 3, hour == 168 + 3
        share = 0.6 if is_holiday else 0.9 if is_monday_night else 0.95
        usuals.book(FLOW, BEGUN + hour * HOUR, counts(share, 2_000))
    now = BEGUN + 5 * week
    assert usuals.of(FLOW, now + 3 * HOUR).delivered == pytest.approx(0.91, abs=0.005)
    assert usuals.of(FLOW, now + 4 * HOUR).delivered == pytest.approx(0.95, abs=0.002)


def test_flow_counts_as_its_carrier_until_it_has_messages_of_its_own() -> None:
    other = FLOW._replace(supplier="two", route="two-1")
    usuals = booked(7)
    new = usuals.of(other, BEGUN + 7 * DAY)
    assert new.delivered == pytest.approx(0.95, abs=0.002)
    known = booked(7, 0.80, flow=other, each=20, usuals=usuals).of(other, BEGUN + 7 * DAY + HOUR)
    assert 0.80 < known.delivered < 0.84
    assert known.doubt < new.doubt


def test_rejected_messages_are_in_no_share_of_the_carrier() -> None:
    usuals = Usuals()
    for hour in range(48):
        usuals.book(FLOW, BEGUN + hour * HOUR, [0, 95, 5, 100, 0])
    known = usuals.of(FLOW, BEGUN + 2 * DAY)
    assert known.delivered == pytest.approx(0.95, abs=0.001)
    assert known.rejected == 0.5


def test_flow_that_is_not_heard_of_for_weeks_is_forgotten() -> None:
    usuals = booked(1)
    usuals.forget_before(BEGUN // DAY)
    assert len(usuals.days) == 1
    usuals.forget_before(BEGUN // DAY + KEPT_DAYS)
    assert (len(usuals.days), len(usuals.hours)) == (0, 0)
