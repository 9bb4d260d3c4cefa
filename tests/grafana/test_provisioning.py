"""What Grafana is given when it starts: a Prometheus, and the dashboards."""

from pathlib import Path
from typing import Any

import yaml

PROVISIONING = Path(__file__).parents[2] / "grafana" / "provisioning"


def read(path: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((PROVISIONING / path).read_text())
    return found


def test_source_is_a_prometheus_that_nobody_changes_in_grafana() -> None:
    (source,) = read("datasources/prometheus.yml")["datasources"]
    assert (source["type"], source["isDefault"], source["editable"]) == ("prometheus", True, False)
    assert source["jsonData"]["timeInterval"] == _scrape_interval(), "rates are asked over four scrapes"


def test_dashboards_are_read_from_a_folder_and_not_changed_in_grafana() -> None:
    (provider,) = read("dashboards/acquit.yml")["providers"]
    assert (provider["type"], provider["allowUiUpdates"]) == ("file", False)


def _scrape_interval() -> str:
    path = PROVISIONING.parents[1] / "deploy" / "prometheus" / "prometheus.yml"
    interval: str = yaml.safe_load(path.read_text())["global"]["scrape_interval"]
    return interval
