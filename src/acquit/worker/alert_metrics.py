"""The alerts that are up as metrics: what is over has no series any more, so that there are never more than are shown."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from acquit.worker.collectors import gauge_family
from acquit.worker.metric_names import SHOWN_ALERTS


class Shown(NamedTuple):
    """An alert under its labels: kind, channel, carrier, route, supplier, stream."""

    labels: tuple[str, ...]
    messages: int
    ratio: float | None = None
    expected: float | None = None


class Alerts(Collector):
    """What each judge says is up. Of those that share their labels, for names are too many, the one of most messages."""

    def __init__(self, judges: Sequence[str]) -> None:
        """Those that come first are shown first, where there are too many."""
        self._said: dict[str, list[Shown]] = {judge: [] for judge in judges}

    def show(self, judge: str, alerts: Iterable[Shown]) -> None:
        self._said[judge] = list(alerts)

    def clear(self) -> None:
        self._said = {judge: [] for judge in self._said}

    def collect(self) -> Iterator[GaugeMetricFamily]:
        known: dict[tuple[str, ...], Shown] = {}
        for said in list(self._said.values()):
            for one in sorted(said, key=lambda one: -one.messages):
                known.setdefault(one.labels, one)
        active, messages = gauge_family("acquit_alert_active"), gauge_family("acquit_alert_messages")
        ratio, expected = gauge_family("acquit_alert_ratio"), gauge_family("acquit_alert_expected_ratio")
        for one in list(known.values())[:SHOWN_ALERTS]:
            active.add_metric(one.labels, 1)
            messages.add_metric(one.labels, one.messages)
            if one.ratio is not None:
                ratio.add_metric(one.labels, one.ratio)
            if one.expected is not None:
                expected.add_metric(one.labels, one.expected)
        unshown = gauge_family("acquit_alerts_unshown")
        unshown.add_metric((), max(0, len(known) - SHOWN_ALERTS))
        yield from (active, messages, ratio, expected, unshown)
