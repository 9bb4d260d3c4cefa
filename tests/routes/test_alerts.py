"""A drop alert is silent before, fires when delivery falls, clears when it is back, and says nothing of a handful."""

from acquit.effects import Alert
from acquit.routes.alerts import Sample, Series, Thresholds, judge, observe

MINUTE_MS = 60_000
RULES = Thresholds(recent_seconds=900, baseline_seconds=86_400, messages=100)


def watched(ratios: list[float], *, per_minute: int = 20, channel: str = "sms") -> list[tuple[int, Alert]]:
    """A ratio for each minute; the alerts with the minute at which they came."""
    series, delivered, final, told = Series(channel, "20801", []), 0, 0, []
    for minute, ratio in enumerate(ratios):
        if observe(series, delivered, final, minute * MINUTE_MS, RULES):
            alert = judge(series, minute * MINUTE_MS, RULES)
            told += [(minute, alert)] if alert else []
        delivered, final = delivered + round(per_minute * ratio), final + per_minute
    return told


def test_steady_delivery_says_nothing() -> None:
    assert watched([0.95] * 200) == []


def test_low_but_steady_delivery_says_nothing() -> None:
    assert watched([0.40] * 200) == []


def test_drop_is_raised_once_and_cleared_once() -> None:
    told = watched([0.95] * 120 + [0.20] * 30 + [0.95] * 60)
    assert [alert.state for _, alert in told] == ["raised", "cleared"]
    (raised, first), (cleared, _) = told
    assert 120 < raised < 125, "20 of 300 messages a minute fail more: ten points are gone within some minutes"
    assert 150 < cleared <= 166
    assert first.expected == 0.95
    assert first.kind == "delivery_drop"


def test_few_messages_say_nothing() -> None:
    assert watched([1.0] * 120 + [0.0] * 30, per_minute=2) == []


def test_drop_of_less_than_ten_points_says_nothing() -> None:
    assert watched([0.95] * 120 + [0.86] * 60) == []


def test_whatsapp_under_ninety_percent_is_raised_without_a_fall() -> None:
    told = watched([0.85] * 60, channel="whatsapp")
    assert [alert.state for _, alert in told] == ["raised"]


def test_whatsapp_at_ninety_percent_says_nothing() -> None:
    assert watched([0.90] * 60, channel="whatsapp") == []


def test_samples_stay_few_and_reach_back_a_day() -> None:
    series = Series("sms", "20801", [])
    for minute in range(3 * 24 * 60):
        observe(series, minute, minute, minute * MINUTE_MS, RULES)
    assert len(series.samples) < 3 * RULES.cuts
    assert series.samples[-1].at_ms - series.samples[0].at_ms >= RULES.baseline_seconds * 1000


def test_totals_that_shrink_are_no_messages() -> None:
    """Old hours are forgotten: then the totals fall, and the window holds nothing."""
    series = Series("sms", "20801", [Sample(0, 900, 1000), Sample(30 * MINUTE_MS, 9, 10)])
    assert judge(series, 31 * MINUTE_MS, RULES) is None
