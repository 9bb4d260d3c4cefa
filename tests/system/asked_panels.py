"""A dashboard's panels, asked as Grafana asks them: variables filled in, steps and rate windows from the time range."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.prometheus import Prometheus, RefusedError

WIDE_POINTS, SCRAPE_SECONDS = 400, 15
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LABEL_VALUES = re.compile(r"label_values\((.+), (\w+)\)")
_ALL = ".*"


@dataclass
class Panel:
    """What is wrong with it stands in `faults`; `series` is how many its queries had."""

    board: str
    title: str
    faults: list[str] = field(default_factory=list)
    series: int = 0

    def __str__(self) -> str:
        return f"{self.board} / {self.title}: {'; '.join(self.faults)}"


def panels_of(board: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (panel for panel in board["panels"] if panel["type"] not in {"row", "text"})


def values_of(variable: Mapping[str, Any], chosen: Mapping[str, str], prometheus: Prometheus) -> list[str]:
    """What Grafana offers for a variable of kind `query`."""
    said = _LABEL_VALUES.fullmatch(variable["query"]["query"])
    assert said, variable["query"]
    series, label = said.groups()
    found = prometheus.now(f"count by ({label}) ({filled(series, chosen, range_seconds=3600, step=15)})")
    return sorted(one["metric"][label] for one in found if label in one["metric"])


def one_of_each(board: Mapping[str, Any], wanted: Mapping[str, str], prometheus: Prometheus) -> dict[str, str]:
    """A choice for each variable, escaped as Grafana escapes what stands in a regular expression."""
    chosen: dict[str, str] = {}
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            offered = values_of(variable, chosen, prometheus)
            assert offered, f"{variable['name']} has no values"
            value = wanted.get(variable["name"], offered[0])
            assert value in offered, f"{variable['name']} offers {offered}, not {value}"
            chosen[variable["name"]] = re.sub(r"([.+*?^${}()|\[\]\\/])", r"\\\\\1", value)
    return chosen


def all_of_each(board: Mapping[str, Any]) -> dict[str, str]:
    return {one["name"]: one["allValue"] for one in board["templating"]["list"] if one["type"] == "query"}


def filled(expr: str, chosen: Mapping[str, str], *, range_seconds: float, step: float) -> str:
    rate = max(step + SCRAPE_SECONDS, 4 * SCRAPE_SECONDS)
    for name, value in {
        "__rate_interval": f"{rate:.0f}s", "__range": f"{range_seconds:.0f}s", "__interval": f"{step:.0f}s", **chosen,
    }.items():  # fmt: skip
        expr = re.sub(rf"\$({name}\b|{{{name}}})", lambda _, value=value: value, expr)  # type: ignore[misc]
    assert "$" not in expr, f"not filled in: {expr}"
    return expr


def seconds(text: str) -> float:
    return float(text[:-1]) * _UNITS[text[-1]]


def asked(
    board: Mapping[str, Any], panel: Mapping[str, Any], chosen: Mapping[str, str], prometheus: Prometheus, *, at: float
) -> Panel:
    """Ask all queries of a panel, and note what is not as the panel needs it."""
    found = Panel(board["uid"], panel["title"])
    range_seconds = seconds(board["time"]["from"].removeprefix("now-"))
    least = seconds(panel["interval"]) if panel.get("interval") else SCRAPE_SECONDS
    step = max(math.ceil(range_seconds / WIDE_POINTS), least)
    names: list[str] = []
    for target in panel["targets"]:
        expr = filled(target["expr"], chosen, range_seconds=range_seconds, step=step)
        try:
            if target["instant"]:
                series = prometheus.now(expr, at=at)
            else:  # as Grafana does, from and to whole steps
                end = math.ceil(at / step) * step if panel.get("interval") is None else at // step * step
                series = prometheus.over(expr, start=(at - range_seconds) // step * step, end=end, step=step)
        except RefusedError as error:
            found.faults.append(f"{target['refId']} is refused: {error}: {expr}")
            continue
        found.series += len(series)
        numbers = [float(value) for one in series for _, value in one.get("values", [one.get("value")])]
        if not series:
            found.faults.append(f"{target['refId']} is empty: {expr}")
        elif not any(map(math.isfinite, numbers)):
            found.faults.append(f"{target['refId']} has no finite number: {expr}")
        found.faults += _missing(panel, target, series)
        names += [_name(target["legendFormat"], one["metric"]) for one in series]
    if panel["type"] in {"timeseries", "state-timeline", "status-history"}:
        found.faults += [f"{name} stands for more than one series" for name in sorted(names) if names.count(name) > 1][
            :3
        ]
    if panel["type"] == "stat" and found.series > 1:
        found.faults.append(f"one number is shown, {found.series} came")
    return found


def labels_needed(panel: Mapping[str, Any], target: Mapping[str, Any]) -> set[str]:
    """Labels that a legend, a matrix, an axis or a table's columns name."""
    needed = (
        set(re.findall(r"{{(\w+)}}", target["legendFormat"])) if panel["type"] not in {"table", "barchart"} else set()
    )
    for step in panel.get("transformations", ()):
        options = step["options"]
        if step["id"] == "groupingToMatrix":
            needed |= {options["rowField"], options["columnField"]}
        needed |= {name for name in options.get("indexByName", {}) if not name.startswith("Value")}
    if panel["type"] == "barchart":
        needed.add(panel["options"]["xField"])
    return needed


def _missing(panel: Mapping[str, Any], target: Mapping[str, Any], series: list[dict[str, Any]]) -> list[str]:
    """A label may be empty in some series, and is then not there; one that none has is a wrong name."""
    seen = {label for one in series for label in one["metric"]} | _may_be_empty(target["expr"])
    return [
        f"{target['refId']} has no label {label}" for label in sorted(labels_needed(panel, target) - seen) if series
    ]


def _may_be_empty(expr: str) -> set[str]:
    """An alert, and what is held, may be about all carriers or routes; that these labels are declared, a unit test says."""
    return (
        {"carrier", "route", "supplier", "stream"}
        if re.search(r"acquit_alert_|acquit_suppression_held", expr)
        else set()
    )


def _name(legend: str, labels: Mapping[str, str]) -> str:
    if legend == "__auto":
        return json.dumps(labels, sort_keys=True)
    return re.sub(r"{{(\w+)}}", lambda said: labels.get(said[1], ""), legend)


def board(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found
