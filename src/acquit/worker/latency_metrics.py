"""Receipts by the time since their submit: how long each step takes, per channel and status."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from acquit.columns import LATENCY_BOUNDS_MS
from acquit.worker.collectors import histogram_family
from acquit.worker.metric_names import REACHED_SECONDS


class Reached(Collector):
    """The ledger's bins added up; each falls into the first of the buckets that is no less."""

    def __init__(self) -> None:
        self._bins: dict[tuple[str, str], list[int]] = {}

    def add(self, reached: Mapping[tuple[str, str], Sequence[int]]) -> None:
        for key, bins in reached.items():
            known = self._bins.setdefault(key, [0] * len(bins))
            self._bins[key] = [one + other for one, other in zip(known, bins, strict=True)]

    def collect(self) -> Iterator[HistogramMetricFamily]:
        family = histogram_family("acquit_receipt_latency_seconds")
        for labels, bins in list(self._bins.items()):
            seconds = sum(count * bound / 1000 for count, bound in zip(bins, LATENCY_BOUNDS_MS, strict=True))
            family.add_metric(labels, [*_cumulative(bins), ("+Inf", sum(bins))], seconds)
        yield family


def _cumulative(bins: Sequence[int]) -> Iterator[tuple[str, int]]:
    for seconds in REACHED_SECONDS:
        until = bisect_right(LATENCY_BOUNDS_MS, seconds * 1000)
        yield str(float(seconds)), sum(bins[:until])
