"""What is declared is what is exposed, within its bounds, whatever is sent to a worker; and somebody looks at it."""

import re
from collections import Counter

import pytest

from acquit.worker.metric_names import METRICS, Metric
from acquit.worker.metrics import Metrics
from docs.metric_uses import ALERTS, RULES, names_in, rules_of, uses_of
from tests.worker.fed import ADDRESSES, fed

BUDGET = 105_000
"""Series of one worker at 50 carriers, 200 routes and 4 channels. docs/metrics.md says what they are."""


@pytest.fixture(scope="module")
def full() -> Metrics:
    return fed()


@pytest.fixture(scope="module")
def exposed(full: Metrics) -> Counter[str]:
    """Series by name of metric."""
    found: Counter[str] = Counter()
    for family in full.registry.collect():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        found[name] += len(family.samples)
    return found


def test_what_is_exposed_is_declared_and_the_other_way_round(exposed: Counter[str]) -> None:
    assert set(exposed) == set(METRICS)


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_metric_has_no_more_series_than_it_declares_and_nearly_as_many(exposed: Counter[str], metric: Metric) -> None:
    assert 0.9 * metric.series <= exposed[metric.name] <= metric.series


def test_worker_never_has_more_series_than_the_budget(exposed: Counter[str]) -> None:
    assert sum(exposed.values()) <= sum(metric.series for metric in METRICS.values()) <= BUDGET


def test_exposed_labels_are_the_declared_ones(full: Metrics) -> None:
    for family in full.registry.collect():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(METRICS[name].label_names), name


def test_no_label_shows_an_address_whichever_field_it_came_in(full: Metrics) -> None:
    shown = {
        value for family in full.registry.collect() for sample in family.samples for value in sample.labels.values()
    }
    assert not [value for value in shown for address in ADDRESSES if address in value]


def test_rules_and_alerts_ask_for_nothing_that_is_not_declared() -> None:
    known = set(METRICS) | set(rules_of(RULES))
    for path in (RULES, ALERTS):
        asked = {
            name for name in names_in(_queries(path.read_text())) if "acquit_" in name or name.startswith("acquit:")
        }
        assert asked <= known, asked - known


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_metric_is_on_a_panel_or_in_an_alert_or_says_why_not(metric: Metric) -> None:
    assert uses_of(metric.name).is_seen != bool(metric.unshown)


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_name_says_its_unit_and_its_kind(metric: Metric) -> None:
    assert re.fullmatch(r"(acquit|process)(_[a-z]+)+", metric.name)
    assert metric.name.endswith("_total") == (metric.kind == "counter")


def _queries(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
