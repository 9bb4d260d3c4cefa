"""Delivery of the last hour stands beside what was to be expected of it."""

from acquit.routes.recent import Recent
from tests.routes.test_drops import failing
from tests.routes.traffic import HOUR_TICKS, MINUTE_TICKS, Line, Traffic

LINES = [Line("20801", "one", "one-1"), Line("20801", "two", "two-1"), Line("20810", "one", "one-1")]


def recent(traffic: Traffic) -> dict[tuple[str, str], Recent]:
    return traffic.sums.recent


def test_usual_delivery_is_as_expected_by_carrier_and_an_outage_of_one_is_not() -> None:
    traffic = Traffic(LINES)
    traffic.run(3 * HOUR_TICKS)
    found = recent(traffic)
    assert set(found) == {("sms", "20801"), ("sms", "20810")}
    for one in found.values():
        assert one.messages > 100
        assert abs(one.delivered - one.expected) < 0.02 * one.messages
    assert found["sms", "20801"].messages == 2 * found["sms", "20810"].messages
    traffic.fate = failing(0.8, lambda line: line.carrier == "20810")
    traffic.run(20 * MINUTE_TICKS)
    found = recent(traffic)
    one, other = found["sms", "20810"], found["sms", "20801"]
    assert one.delivered < one.expected - 0.1 * one.messages
    assert abs(other.delivered - other.expected) < 0.02 * other.messages
