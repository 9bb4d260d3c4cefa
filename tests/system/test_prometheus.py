"""Prometheus' and Alertmanager's own word on deploy/: rules, alerts, routes, and what a worker exposes."""

import json
import subprocess
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from tests.deploy.alert_rules import ALERTMANAGER, PROMETHEUS, TESTS, queries
from tests.worker.fed import fed


def said(*command: str, cwd: Path = PROMETHEUS, given: bytes | None = None) -> str:
    """What a tool prints; it must be content."""
    ran = subprocess.run(command, cwd=cwd, input=given, capture_output=True, check=False, timeout=240)
    assert ran.returncode == 0, f"{' '.join(command)}\n{(ran.stdout + ran.stderr).decode()}"
    return (ran.stdout + ran.stderr).decode()


def test_configuration_of_prometheus_is_right() -> None:
    assert "SUCCESS" in said("promtool", "check", "config", "prometheus.yml")


def test_rules_are_right_and_none_stands_twice() -> None:
    assert "duplicate" not in said("promtool", "check", "rules", "acquit.rules.yml", "acquit.alerts.yml")


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_alerts_are_silent_before_fire_when_and_are_over_after(path: Path) -> None:
    said("promtool", "test", "rules", path.name, cwd=path.parent)


def test_tests_of_alerts_can_fail(tmp_path: Path) -> None:
    rules = (PROMETHEUS / "acquit.alerts.yml").read_text().replace('kind="delivery_drop"', 'kind="none"')
    (tmp_path / "acquit.alerts.yml").write_text(rules)
    (tmp_path / "acquit.rules.yml").write_text((PROMETHEUS / "acquit.rules.yml").read_text())
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "delivery.yml").write_text((PROMETHEUS / "tests" / "delivery.yml").read_text())
    with pytest.raises(AssertionError, match="AcquitDeliveryDrop"):
        said("promtool", "test", "rules", "delivery.yml", cwd=tmp_path / "tests")


def test_queries_of_the_runbooks_are_right(tmp_path: Path) -> None:
    rules = [f"  - {{record: 'a:b:c{place}', expr: {json.dumps(query)}}}" for place, query in enumerate(queries())]
    (tmp_path / "rules.yml").write_text(
        "\n".join(["groups: [{name: a, rules: [", *(f"{rule.strip()[2:]}," for rule in rules), "]}]"])
    )
    assert f"{len(rules)} rules found" in said("promtool", "check", "rules", "rules.yml", cwd=tmp_path)


def test_what_a_worker_exposes_is_named_as_prometheus_wants_it() -> None:
    said("promtool", "check", "metrics", given=generate_latest(fed().registry))


def test_configuration_of_alertmanager_is_right() -> None:
    assert "SUCCESS" in said("amtool", "check-config", str(ALERTMANAGER))


ROUTED = [
    ("deadman", {"alertname": "AcquitWatchdog", "severity": "info", "area": "worker"}),
    ("pager", {"alertname": "AcquitDeliveryDrop", "severity": "page", "area": "delivery", "channel": "sms"}),
    ("pager", {"alertname": "AcquitRouteContradicted", "severity": "page", "area": "routes", "route": "aggr-a"}),
    ("pager", {"alertname": "AcquitSuppressionHeld", "severity": "page", "area": "list", "route": "aggr-a"}),
    ("pager", {"alertname": "AcquitDown", "severity": "page", "area": "worker"}),
    ("tickets", {"alertname": "AcquitPortOverdue", "severity": "ticket", "area": "delivery"}),
    ("tickets", {"alertname": "AcquitDeadLetters", "severity": "ticket", "area": "worker"}),
    ("channel", {"alertname": "AcquitRouteSuspect", "severity": "info", "area": "routes"}),
    ("tickets", {"alertname": "SomebodyElses"}),
]


@pytest.mark.parametrize(
    ("receiver", "labels"), ROUTED, ids=lambda value: value["alertname"] if isinstance(value, dict) else value
)
def test_alert_reaches_whom_its_severity_is_for(receiver: str, labels: dict[str, str]) -> None:
    pairs = [f"{name}={value}" for name, value in labels.items()]
    said(
        "amtool",
        "config",
        "routes",
        "test",
        "--config.file",
        str(ALERTMANAGER),
        f"--verify.receivers={receiver}",
        *pairs,
    )
