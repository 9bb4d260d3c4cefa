"""What the files of deploy/prometheus say of each alert, read without a Prometheus."""

import re
from pathlib import Path
from typing import NamedTuple

from docs.metric_uses import ALERTS, ROOT, RULES, rules_of

PROMETHEUS = ROOT / "deploy" / "prometheus"
TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
ALERTMANAGER = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"
RUNBOOKS = ROOT / "docs" / "runbooks.md"
SEVERITIES = {"page", "ticket", "info"}
AREAS = {"delivery", "routes", "list", "worker"}


def queries() -> list[str]:
    """What the runbooks ask Prometheus: code with the name of a metric in it."""
    prose = re.sub(r"^```.*?^```$", "", RUNBOOKS.read_text(), flags=re.MULTILINE | re.DOTALL)
    codes = (" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose))
    is_query = re.compile(r"(?<![\w:])(acquit_|process_|up\b|[a-z_]+:acquit_|acquit:\w+:)")
    return [code for code in codes if is_query.search(code) and not code.startswith(("amtool", "alertname"))]


class Alert(NamedTuple):
    name: str
    text: str

    def field(self, name: str) -> str:
        """Of its labels or annotations; empty where it has none."""
        found = re.search(rf"^ +{name}: (.*)$", self.text, re.MULTILINE)
        return found[1].strip("'") if found else ""

    @property
    def expression(self) -> str:
        return self.text.partition("expr: >-")[2].strip().splitlines()[0]


def alerts() -> list[Alert]:
    return [Alert(name, text) for name, text in rules_of(ALERTS).items()]


def records() -> dict[str, str]:
    return rules_of(RULES)


def fires_in(path: Path) -> set[str]:
    """The alerts of which a file of tests says that they fire."""
    text = path.read_text()
    fires = r'alertname="(\w+)", alertstate="firing"}\)\n +eval_time: \w+\n +exp_samples: \[\{value'
    return set(re.findall(fires, text))
