"""A carrier's outage on real servers: one alert with its times and reasons, a gauge that rises and falls, one page and its end.
Its honest twin says nothing, and a feed that stands still is told as that.

Prometheus scrapes the worker and Alertmanager tells the receivers, with the rules and routes that we ship.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests.servers.alerting import Receiver, alerting
from tests.system.clocked import (
    ASKED_SECONDS,
    CALM,
    CLEARED,
    LATEST,
    STALLED,
    STRICKEN,
    TROUBLE,
    Day,
    outage,
    stalled,
    watched,
)
from tests.system.stage import Stage, patiently

FASTER = [60.0, pytest.param(1.0, marks=[pytest.mark.soak, pytest.mark.timeout(1_500)])]
"""Waiting times are a sixtieth of those that are shipped, and the shipped ones in the soak."""
DATED_TRAFFIC = {"AcquitSuppressionsLate"}
"""What is true of records that are an hour old when they are published."""
END_OF_PAGE_SECONDS = 1_200
"""An alert that is over fires for five minutes more, and a group is told of it within two."""


@pytest.fixture
def begin() -> datetime:
    """When the watch begins: a time at which the world sends no campaigns."""
    return (datetime.now(UTC) - timedelta(hours=1)).replace(minute=10, second=0, microsecond=0)


def paged(receiver: Receiver, number: int) -> Callable[[], bool]:
    return lambda: len(receiver.of("pager")) >= number


def told_within(day: Day, receiver: Receiver, number: int, *, faster: float, what: str) -> None:
    """Wait for this notification, and say how long it took."""
    assert patiently(paged(receiver, number), seconds=60 + END_OF_PAGE_SECONDS / faster), day.gauges()
    took = receiver.of("pager")[number - 1].at - day.changed_at
    print(f"{what}: notified {took:.1f} s after the gauge said so, with waits / {faster:g}")  # noqa: T201 - read with -s


@pytest.mark.parametrize("faster", FASTER)
def test_outage_is_one_page_with_its_reason_and_its_end(stage: Stage, begin: datetime, faster: float) -> None:
    struck = begin + CALM
    day = watched(stage, begin, partial(outage, struck))
    with alerting(stage.folder / "alerting", [f"127.0.0.1:{day.worker.port}"], faster=faster) as receiver:
        day.pass_until(struck + LATEST, pause=ASKED_SECONDS)
        day.pass_until(struck + TROUBLE)
        [raised] = day.alerts()
        assert (raised.kind, raised.state, raised.carrier) == ("delivery_drop", "raised", STRICKEN)
        assert (raised.supplier, raised.route) == (None, None)
        assert struck < raised.at <= struck + LATEST
        print(f"outage: {raised.at - struck} of traffic until acquit said so")  # noqa: T201
        assert raised.categories == ["network_or_system_error"]
        assert day.gauges() == {f"{STRICKEN} delivery_drop": 1}
        told_within(day, receiver, 1, faster=faster, what="outage")
        day.pass_until(struck + TROUBLE + CLEARED)
        [_, cleared] = day.alerts()
        assert (cleared.kind, cleared.state, cleared.carrier) == ("delivery_drop", "cleared", STRICKEN)
        assert struck + TROUBLE < cleared.at
        assert cleared.since == raised.at
        assert day.gauges() == {}
        told_within(day, receiver, 2, faster=faster, what="its end")
        drop = {"AcquitDeliveryDrop"}
        assert [one.said for one in receiver.of("pager")] == [("pager", "firing", drop), ("pager", "resolved", drop)]
        assert [alert["labels"]["carrier"] for alert in receiver.of("pager")[0].alerts] == [STRICKEN]


def test_honest_twin_of_the_same_traffic_says_nothing(stage: Stage, begin: datetime) -> None:
    day = watched(stage, begin, lambda sent: sent)
    with alerting(stage.folder / "alerting", [f"127.0.0.1:{day.worker.port}"], faster=60) as receiver:
        day.pass_until(begin + CALM + TROUBLE + CLEARED)
        assert [one.sentence for one in day.alerts()] == []
        assert day.gauges() == {}
        assert patiently(lambda: bool(receiver.told)), "the dead man's switch is not told"
        assert receiver.of("pager") == []
        assert {name for one in receiver.of("tickets") for name in one.said[2]} <= DATED_TRAFFIC


@pytest.mark.parametrize("faster", FASTER)
def test_feed_that_stands_still_is_one_page_of_its_own_and_never_a_drop(
    stage: Stage, begin: datetime, faster: float
) -> None:
    stood = begin + CALM
    day = watched(stage, begin, partial(stalled, stood))
    with alerting(stage.folder / "alerting", [f"127.0.0.1:{day.worker.port}"], faster=faster) as receiver:
        day.pass_until(stood + LATEST, pause=ASKED_SECONDS)
        day.pass_until(stood + TROUBLE)
        [raised] = day.alerts()
        assert (raised.kind, raised.state, raised.supplier) == ("receipts_stalled", "raised", STALLED)
        assert stood < raised.at <= stood + LATEST
        told_within(day, receiver, 1, faster=faster, what="stalled feed")
        day.pass_until(stood + TROUBLE + CLEARED)
        [_, cleared] = day.alerts()
        assert (cleared.kind, cleared.state, cleared.supplier) == ("receipts_stalled", "cleared", STALLED)
        assert day.gauges() == {}
        told_within(day, receiver, 2, faster=faster, what="its end")
        feed = {"AcquitReceiptsStalled"}
        assert [one.said for one in receiver.of("pager")] == [("pager", "firing", feed), ("pager", "resolved", feed)]
