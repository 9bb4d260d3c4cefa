"""Every alert has what staff need of it: a severity, a runbook, a dashboard, a test. What Prometheus thinks of it is asked in
tests/system/test_prometheus.py.
"""

import json
import re
from typing import get_args

import pytest

from acquit.effects import AlertKind
from acquit.worker.metric_names import METRICS
from docs.metric_uses import DASHBOARDS, names_in
from tests.deploy.alert_rules import (
    ALERTMANAGER,
    AREAS,
    RUNBOOKS,
    SEVERITIES,
    TESTS,
    Alert,
    alerts,
    fires_in,
    queries,
    records,
)

EACH = pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)
SECTIONS = ("First look", "Likely causes", "Do", "Silence")


def runbook(name: str) -> str:
    """What stands under the heading of an alert."""
    return RUNBOOKS.read_text().partition(f"\n### {name}\n")[2].partition("\n#")[0]


@EACH
def test_alert_has_a_severity_and_an_area(alert: Alert) -> None:
    assert alert.field("severity") in SEVERITIES
    assert alert.field("area") in AREAS


@EACH
def test_alert_says_what_it_is(alert: Alert) -> None:
    assert alert.field("summary")
    assert alert.field("description").endswith(".")


@EACH
def test_alert_leads_to_its_own_runbook(alert: Alert) -> None:
    assert alert.field("runbook_url").endswith(f"/runbooks.md#{alert.name.lower()}")
    text = runbook(alert.name)
    assert f"**{alert.field('severity')}.**" in text
    missing = [
        section for section in SECTIONS if not re.search(rf"^(- )?{section}\b", text, re.MULTILINE | re.IGNORECASE)
    ]
    assert not missing


def test_runbooks_are_of_alerts_that_there_are() -> None:
    assert set(re.findall(r"^### (\w+)$", RUNBOOKS.read_text(), re.MULTILINE)) == {alert.name for alert in alerts()}


@EACH
def test_alert_has_a_test_in_which_it_fires(alert: Alert) -> None:
    assert any(alert.name in fires_in(path) for path in TESTS)


@EACH
def test_alert_leads_to_a_dashboard_with_the_variables_it_fills_in(alert: Alert) -> None:
    url = alert.field("dashboard_url")
    found = re.search(r"/d/([a-z-]+)\?", url)
    assert found
    if DASHBOARDS.is_dir():
        board = json.loads((DASHBOARDS / f"{found[1]}.json").read_text())
        assert board["uid"] == found[1]
        assert set(re.findall(r"var-(\w+)=", url)) <= {variable["name"] for variable in board["templating"]["list"]}


@pytest.mark.parametrize("kind", get_args(AlertKind))
def test_what_acquit_judges_alerts(kind: str) -> None:
    assert [alert.name for alert in alerts() if f'{{kind="{kind}"}}' in alert.expression]


def test_no_kind_is_asked_for_that_acquit_does_not_know() -> None:
    asked = {kind for alert in alerts() for kind in re.findall(r'kind="(\w+)"', alert.expression)}
    assert asked == set(get_args(AlertKind))


def test_contradicted_route_brings_the_command_that_writes_its_dossier() -> None:
    [alert] = [alert for alert in alerts() if alert.name == "AcquitRouteContradicted"]
    assert "acquit routes evidence" in alert.field("dossier")
    assert "dossiers_url" in alert.field("dossier_url")
    assert "\n## The dossier\n" in RUNBOOKS.read_text()


def test_thresholds_stand_in_one_place() -> None:
    """A limit that is not recorded would make its alert silent for ever."""
    limits = {name for name in records() if name.endswith(":limit")}
    asked = {name for alert in alerts() for name in re.findall(r"[\w:]+:limit", alert.expression)}
    assert asked == limits
    for alert in alerts():
        numbers = re.findall(r"(?<![\w.:])\d+(?:\.\d+)?(?![\w.])", re.sub(r'"[^"]*"', "", alert.expression))
        assert {float(number) for number in numbers} <= {0, 1, 10, 20}, (
            "10 and 20 records are no threshold but enough to tell"
        )


@pytest.mark.parametrize("name", records())
def test_recording_rule_is_named_level_metric_operation(name: str) -> None:
    assert re.fullmatch(r"[a-z_]+:[a-z_0-9]+:[a-z0-9_]+", name)


def test_runbooks_ask_for_what_there_is() -> None:
    names = {name for query in queries() for name in names_in(query) if "acquit_" in name or name.startswith("acquit:")}
    assert names
    assert names <= {*METRICS, *records()}


def test_alertmanager_names_alerts_that_there_are() -> None:
    named = {
        name for names in re.findall(r'alertname=~?"([\w|]+)"', ALERTMANAGER.read_text()) for name in names.split("|")
    }
    assert named <= {alert.name for alert in alerts()}


def test_alertmanager_holds_no_secret() -> None:
    text = ALERTMANAGER.read_text()
    assert not re.search(r"(routing_key|api_url|password|credentials|secret|token): ", text)
    assert not re.search(r"https?://(?!localhost)", text)
