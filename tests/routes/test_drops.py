"""A drop is told once, of whom it is, and as what it is; what is slow, silent or rejected is no drop."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache

import msgspec
import pytest

from acquit.capped import Capped
from acquit.effects import Alert
from acquit.routes.cohorts import Sums
from tests.routes.traffic import BEGUN, HOUR_TICKS, MINUTE_TICKS, Fate, Line, Traffic, usual

ONE = [Line()]
SUPPLIERS = [Line(supplier=name, route=f"{name}-1", per_tick=12) for name in ("one", "two", "three")]
EVERYWHERE = [
    Line(carrier, supplier, f"{supplier}-1", per_tick=12)
    for carrier in ("20801", "20810")
    for supplier in ("one", "two")
]
WATCHED_HOURS = 4
Told = list[tuple[str, str, str | None, str | None, str | None]]


@cache
def _warm(lines: tuple[Line, ...], hours: float) -> Traffic:
    traffic = Traffic(list(lines))
    assert traffic.run(round(hours * HOUR_TICKS)) == []
    return traffic


def watched(lines: list[Line], *, hours: float = WATCHED_HOURS) -> Traffic:
    """Traffic that has been as usual for some hours, of which nothing was told."""
    return deepcopy(_warm(tuple(lines), hours))


def told(alerts: list[Alert]) -> Told:
    return [(alert.kind, alert.state, alert.carrier, alert.supplier, alert.route) for alert in alerts]


def failing(share: float, is_hit: Callable[[Line], bool] = lambda _: True) -> Callable[[Line, int], Fate]:
    """So many of a hundred messages fail, for one reason."""

    def fate(line: Line, number: int) -> Fate:
        if is_hit(line) and number * 37 % 100 < share * 100:
            return Fate(6, "failed", "network_or_system_error")
        return usual(line, number)

    return fate


# One carrier


def test_outage_is_raised_within_a_minute_and_a_half_and_cleared_once_with_times() -> None:
    traffic = watched(ONE)
    traffic.fate = failing(1.0)
    [raised] = traffic.run(20 * MINUTE_TICKS)
    traffic.fate = usual
    [cleared] = traffic.run(2 * HOUR_TICKS)
    assert told([raised, cleared]) == [
        ("delivery_drop", "raised", "20801", None, None), ("delivery_drop", "cleared", "20801", None, None),
    ]  # fmt: skip
    begun = BEGUN + WATCHED_HOURS * 3_600
    assert 0 < raised.at.timestamp() - begun <= 90
    assert begun + 20 * 60 < cleared.at.timestamp() <= begun + 45 * 60
    assert cleared.since == raised.since == raised.at


def test_drop_names_the_categories_that_rose_and_no_other() -> None:
    traffic = watched(ONE)
    traffic.fate = failing(0.2)
    [alert] = traffic.run(20 * MINUTE_TICKS)
    assert alert.categories == ["network_or_system_error"]
    assert "more network_or_system_error" in alert.sentence
    assert alert.expected is not None
    assert alert.ratio is not None
    assert alert.ratio < alert.expected


def unlucky(line: Line, number: int) -> Fate:
    """A few failures more than usual, for the usual reason."""
    return Fate(6, "failed") if number % 25 == 7 else usual(line, number)


def test_outage_that_is_over_does_not_make_a_few_failures_a_drop() -> None:
    never_struck, struck = watched(ONE), watched(ONE)
    struck.fate = failing(0.8)
    struck.run(8 * MINUTE_TICKS)
    struck.fate = usual
    while struck.sums.raised():
        struck.run(1)
    for traffic in (never_struck, struck):
        traffic.fate = unlucky
        assert traffic.run(30 * MINUTE_TICKS) == []


@pytest.mark.parametrize(("share", "minutes"), [(0.3, 5), (0.1, 25), (0.05, 70)])
def test_smaller_drop_takes_longer(share: float, minutes: int) -> None:
    traffic = watched(ONE)
    traffic.fate = failing(share)
    alerts = traffic.run(minutes * MINUTE_TICKS)
    assert told(alerts) == [("delivery_drop", "raised", "20801", None, None)]


def test_drop_of_one_percent_is_none() -> None:
    traffic = watched(ONE)
    traffic.fate = failing(0.01)
    assert traffic.run(3 * HOUR_TICKS) == []


def test_failures_of_a_handful_are_no_drop() -> None:
    traffic = watched([Line(per_tick=0), Line("20810")])
    traffic.lines = [Line(per_tick=1), Line("20810")]
    traffic.fate = failing(1.0, lambda line: line.carrier == "20801")
    assert traffic.run(MINUTE_TICKS) == []


def test_messages_of_which_nothing_is_heard_are_a_drop_when_they_cannot_just_be_slow() -> None:
    traffic = watched(ONE)
    traffic.fate = lambda line, number: Fate(0, "") if number % 10 < 4 else usual(line, number)
    alerts = traffic.run(30 * MINUTE_TICKS)
    assert ("delivery_drop", "raised", "20801", None, None) in told(alerts)


def test_slow_delivery_is_told_as_slow_and_never_as_a_drop() -> None:
    traffic = watched(ONE)
    traffic.fate = lambda line, number: Fate(
        (one := usual(line, number)).after * 5, one.outcome, one.category, one.used
    )
    alerts = traffic.run(HOUR_TICKS)
    traffic.fate = usual
    alerts += traffic.run(2 * HOUR_TICKS)
    assert [(alert.kind, alert.state) for alert in alerts] == [("latency_up", "raised"), ("latency_up", "cleared")]


def test_rejected_submits_are_told_as_such_and_are_no_drop() -> None:
    traffic = watched(ONE)
    traffic.fate = lambda line, number: Fate(1, "rejected") if number % 2 else usual(line, number)
    alerts = traffic.run(HOUR_TICKS)
    assert told(alerts) == [("submit_rejects", "raised", "20801", None, None)]
    traffic.fate = usual
    assert [alert.state for alert in traffic.run(2 * HOUR_TICKS)] == ["cleared"]


def test_delivered_messages_that_nobody_uses_any_more_are_an_engagement_drop() -> None:
    traffic = watched(ONE)
    traffic.fate = lambda line, number: Fate((one := usual(line, number)).after, one.outcome, one.category)
    assert told(traffic.run(3 * HOUR_TICKS)) == [("engagement_drop", "raised", "20801", None, None)]


def test_trouble_does_not_become_usual() -> None:
    """What was learned during an outage would hide the next one."""
    traffic = watched(ONE)
    for _ in range(2):
        traffic.fate = failing(0.5)
        alerts = traffic.run(HOUR_TICKS)
        traffic.fate = usual
        alerts += traffic.run(2 * HOUR_TICKS)
        assert [alert.state for alert in alerts] == ["raised", "cleared"]


# Whose it is


def test_outage_of_a_carrier_is_one_alert_however_many_routes_it_has() -> None:
    traffic = watched(SUPPLIERS)
    traffic.fate = failing(0.5)
    assert told(traffic.run(30 * MINUTE_TICKS)) == [("delivery_drop", "raised", "20801", None, None)]


def test_drop_of_one_route_among_others_is_that_route_s() -> None:
    traffic = watched(SUPPLIERS)
    traffic.fate = failing(0.5, lambda line: line.supplier == "two")
    assert told(traffic.run(30 * MINUTE_TICKS)) == [("delivery_drop", "raised", "20801", "two", "two-1")]


def test_supplier_that_carries_nothing_there_any_more_is_no_reason_to_wait() -> None:
    traffic = watched([Line(), Line(supplier="two", route="two-1")])
    traffic.lines = [Line()]
    traffic.run(20 * MINUTE_TICKS)
    traffic.fate = failing(0.6)
    assert told(traffic.run(2 * MINUTE_TICKS)) == [("delivery_drop", "raised", "20801", None, None)]


def test_drop_of_a_supplier_at_all_its_carriers_is_one_alert_on_the_supplier() -> None:
    traffic = watched(EVERYWHERE)
    traffic.fate = failing(0.5, lambda line: line.supplier == "two")
    assert told(traffic.run(30 * MINUTE_TICKS)) == [("delivery_drop", "raised", None, "two", None)]


def test_drop_of_one_carrier_of_two_is_that_carrier_s() -> None:
    traffic = watched(EVERYWHERE)
    traffic.fate = failing(0.5, lambda line: line.carrier == "20810")
    assert told(traffic.run(30 * MINUTE_TICKS)) == [("delivery_drop", "raised", "20810", None, None)]


def test_traffic_that_moves_to_a_worse_route_is_no_drop() -> None:
    """Each route is as good as ever; only the carrier's mean falls."""
    worse = failing(0.2, lambda line: line.supplier == "two")
    traffic = Traffic([Line(per_tick=32), Line(supplier="two", route="two-1", per_tick=8)], fate=worse)
    traffic.run(5 * HOUR_TICKS)
    before = len(traffic.alerts)
    traffic.lines = [Line(per_tick=8), Line(supplier="two", route="two-1", per_tick=32)]
    traffic.run(2 * HOUR_TICKS)
    assert len(traffic.alerts) == before


# A feed that stands still


def test_supplier_whose_receipts_stop_at_all_carriers_is_stalled_and_nothing_else() -> None:
    traffic = watched(EVERYWHERE)
    traffic.holds_back = lambda line: line.supplier == "two"
    alerts = traffic.run(20 * MINUTE_TICKS)
    traffic.holds_back = lambda _: False
    alerts += traffic.run(HOUR_TICKS)
    assert told(alerts) == [
        ("receipts_stalled", "raised", None, "two", None), ("receipts_stalled", "cleared", None, "two", None),
    ]  # fmt: skip


def test_carrier_of_which_no_supplier_hears_anything_is_stalled() -> None:
    traffic = watched(EVERYWHERE)
    traffic.holds_back = lambda line: line.carrier == "20810"
    assert told(traffic.run(20 * MINUTE_TICKS)) == [("receipts_stalled", "raised", "20810", None, None)]


def test_receipts_that_come_in_batches_are_not_stalled_and_no_drop() -> None:
    traffic = Traffic(ONE)
    traffic.holds_back = lambda _: traffic.now % 300 != 0
    traffic.run(8 * HOUR_TICKS)
    first = len(traffic.alerts)
    traffic.run(4 * HOUR_TICKS)
    assert traffic.alerts[first:] == []
    assert "delivery_drop" not in {alert.kind for alert in traffic.alerts}


# Restarts and backlogs


def restarted(traffic: Traffic) -> None:
    """Another worker goes on with what was journaled."""
    again = Sums(Capped(50), zone="UTC", floors={})
    again.head = traffic.sums.head
    for name, table in traffic.sums.tables.items():
        for block in list(table.rows):
            again.tables[name].load_block(block, msgspec.msgpack.encode(dict(table.block_rows(block))))
    again.loaded([])
    traffic.sums = again


def test_restart_while_all_is_well_raises_nothing() -> None:
    traffic = watched(EVERYWHERE)
    restarted(traffic)
    assert traffic.run(HOUR_TICKS) == []


def test_restart_hides_no_drop() -> None:
    traffic = watched(ONE)
    traffic.fate = failing(0.1)
    traffic.run(4 * MINUTE_TICKS)
    restarted(traffic)
    assert told(traffic.run(25 * MINUTE_TICKS)) == [("delivery_drop", "raised", "20801", None, None)]


def test_alert_outlives_a_restart_and_is_cleared_by_the_next_worker() -> None:
    traffic = watched(ONE)
    traffic.fate = failing(0.5)
    traffic.run(10 * MINUTE_TICKS)
    restarted(traffic)
    assert [row.kind for row in traffic.sums.raised()] == ["delivery_drop"]
    traffic.fate = usual
    assert [alert.state for alert in traffic.run(HOUR_TICKS)] == ["cleared"]


def test_backlog_raises_nothing_however_late_it_is_read() -> None:
    """While old totals are read the wall clock is hours ahead of what they say."""
    traffic = watched(ONE)
    judge, traffic.sums.judge = traffic.sums.judge, lambda now_ms: judge(now_ms + 6 * 3_600_000)  # type: ignore[method-assign]
    assert traffic.run(HOUR_TICKS) == []


def test_receipts_that_wait_to_be_read_are_no_drop_and_no_silence() -> None:
    asked, is_read = [], [True]

    def is_fresh(counted: Mapping[int, int]) -> bool:
        asked.append(counted)
        return is_read[0]

    traffic = Traffic(ONE, Sums(Capped(50), zone="UTC", floors={}, is_fresh=is_fresh))
    traffic.sums.head.counted[0] = 7
    traffic.run(WATCHED_HOURS * HOUR_TICKS)
    assert asked == [], "it is asked only when there is something to raise"
    is_read[0], traffic.holds_back = False, lambda _: True
    assert traffic.run(20 * MINUTE_TICKS) == []
    assert asked[-1] == {0: 7}
    traffic.holds_back = lambda _: False
    traffic.run(1)
    is_read[0] = True
    assert traffic.run(HOUR_TICKS) == []


def test_drop_is_told_as_soon_as_all_is_read() -> None:
    is_read = [True]
    traffic = Traffic(ONE, Sums(Capped(50), zone="UTC", floors={}, is_fresh=lambda _: is_read[0]))
    traffic.run(WATCHED_HOURS * HOUR_TICKS)
    is_read[0], traffic.fate = False, failing(1.0)
    assert traffic.run(5 * MINUTE_TICKS) == []
    is_read[0] = True
    assert told(traffic.run(1)) == [("delivery_drop", "raised", "20801", None, None)]


def test_nothing_known_yet_raises_nothing_on_usual_traffic() -> None:
    assert Traffic(EVERYWHERE).run(3 * HOUR_TICKS) == []


def test_first_day_already_sees_an_outage() -> None:
    traffic = watched(ONE, hours=0.5)
    traffic.fate = failing(1.0)
    assert told(traffic.run(5 * MINUTE_TICKS)) == [("delivery_drop", "raised", "20801", None, None)]
