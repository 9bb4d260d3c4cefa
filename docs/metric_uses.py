"""Who uses which metric: panels of grafana/dashboards, and the rules and alerts of deploy/prometheus."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
DASHBOARDS = ROOT / "grafana" / "dashboards"
RULES = ROOT / "deploy" / "prometheus" / "acquit.rules.yml"
ALERTS = ROOT / "deploy" / "prometheus" / "acquit.alerts.yml"
_RULE = re.compile(r"^ +- (?:record|alert): (.+)$", re.MULTILINE)
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_PART = re.compile(r"_(bucket|sum|count)$")


class Uses(NamedTuple):
    """Of one metric: dashboards with their panels, recording rules, alerts; by way of a recording rule, too."""

    panels: Mapping[str, list[str]]
    records: list[str]
    alerts: list[str]

    @property
    def is_seen(self) -> bool:
        return bool(self.panels or self.alerts)


def rules_of(path: Path) -> dict[str, str]:
    """The text of each rule by its name. A name that stands twice is one."""
    found: dict[str, str] = {}
    parts = _RULE.split(path.read_text())
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        found[name] = found.get(name, "") + text
    return found


def dashboards() -> list[Any]:
    return [json.loads(path.read_text()) for path in sorted(DASHBOARDS.glob("*.json"))]


def uses_of(metric: str) -> Uses:
    """Raises OSError where the rules are not there."""
    records = {name: names_in(text) for name, text in rules_of(RULES).items()}
    wanted, before = {metric}, set[str]()
    while wanted != before:  # rules that are made from rules
        before = set(wanted)
        wanted |= {name for name, names in records.items() if names & wanted}
    panels: dict[str, list[str]] = {}
    for board in dashboards():
        for title, names in _panels(board["panels"]):
            if names & wanted:
                panels.setdefault(board["title"], []).append(title)
    alerts = [name for name, text in rules_of(ALERTS).items() if names_in(text) & wanted]
    return Uses(panels, [name for name in records if name in wanted], alerts)


def names_in(text: str) -> set[str]:
    """All names in a query, those of a histogram's parts as the histogram's."""
    return {_PART.sub("", name) for name in _NAME.findall(text)}


def _panels(panels: Iterable[Any]) -> Iterator[tuple[str, set[str]]]:
    for panel in panels:
        yield from _panels(panel.get("panels", ()))
        queries = [target.get("expr", "") for target in panel.get("targets", ())]
        if queries:
            yield panel.get("title") or "", names_in(" ".join(queries))
