"""Collectors, made from their declarations in metric_names.py: a name that is not declared is a KeyError."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily

from acquit.worker.metric_names import METRICS


def counter(registry: CollectorRegistry, name: str) -> Counter:
    one = METRICS[name]
    return Counter(name, one.meaning, one.label_names, registry=registry)


def gauge(registry: CollectorRegistry, name: str) -> Gauge:
    one = METRICS[name]
    return Gauge(name, one.meaning, one.label_names, registry=registry)


def histogram(registry: CollectorRegistry, name: str) -> Histogram:
    one = METRICS[name]
    return Histogram(name, one.meaning, one.label_names, buckets=one.buckets, registry=registry)


def gauge_family(name: str) -> GaugeMetricFamily:
    """For what is made when it is asked for."""
    one = METRICS[name]
    return GaugeMetricFamily(name, one.meaning, labels=one.label_names)


def histogram_family(name: str) -> HistogramMetricFamily:
    one = METRICS[name]
    return HistogramMetricFamily(name, one.meaning, labels=one.label_names)
