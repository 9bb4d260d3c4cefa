"""Every query of every panel, on a real Prometheus that scrapes a real worker, has what the panel shows: none is empty.

What is empty in health is written so that it shows zero, or its metric is made to be there by the traffic.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.servers.kafka import Kafka
from tests.servers.prometheus import Prometheus, running_prometheus
from tests.servers.redis import running_redis
from tests.system import everything
from tests.system.asked_panels import all_of_each, asked, board, one_of_each, panels_of
from tests.system.former_days import add_former_days
from tests.system.stage import Stage, patiently

TOP = Path(__file__).parents[2]
BOARDS = sorted((TOP / "grafana" / "dashboards").glob("*.json"))
RULES = sorted((TOP / "deploy" / "prometheus").glob("acquit.*.yml"))
CHOSEN = {"channel": "sms", "carrier": everything.LYING_CARRIER, "route": everything.LYING_ROUTE}
HELD = {**CHOSEN, "route": everything.HELD_ROUTE}


@dataclass
class Seen:
    prometheus: Prometheus
    at: float


@pytest.fixture(scope="module")
def seen(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    folder = tmp_path_factory.mktemp("dashboards")
    with running_redis() as redis:
        stage = Stage(kafka, redis, folder, f"dashboards-{int(time.time())}")
        stage.extra = everything.settings(stage.name)
        stage.create_topics()
        records = everything.feed_first(stage)
        worker = stage.start()
        try:
            assert patiently(worker.is_ready)
            with running_prometheus(
                folder / "prometheus", [f"127.0.0.1:{worker.port}"], rules=_quick(folder)
            ) as prometheus:
                began = time.time()
                everything.feed(stage, records)
                _let_everything_happen(stage, prometheus)
                add_former_days(prometheus, until=began - 10)
                assert patiently(lambda: bool(prometheus.now("channel_carrier:acquit_delivery:ratio1h")), pause=0.2)
                yield Seen(prometheus, time.time())
        finally:
            stage.end()


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
@pytest.mark.parametrize("choice", ["all", "one"])
def test_every_panel_has_what_it_shows(path: Path, choice: str, seen: Seen) -> None:
    of = board(path)
    chosen = (
        all_of_each(of)
        if choice == "all"
        else one_of_each(of, HELD if path.stem == "acquit-suppression" else CHOSEN, seen.prometheus)
    )
    panels = [asked(of, panel, chosen, seen.prometheus, at=seen.at) for panel in panels_of(of)]
    faults = [str(panel) for panel in panels if panel.faults]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_every_annotation_shows_where_an_alert_was_up(path: Path, seen: Seen) -> None:
    for annotation in board(path)["annotations"]["list"]:
        found = seen.prometheus.over(annotation["expr"], start=seen.at - 4 * 86_400, end=seen.at, step=60)
        assert found, annotation["name"]
        assert any(_title(annotation, one["metric"]) for one in found)


def test_every_recording_rule_has_data(seen: Seen) -> None:
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]
    names = {rule["record"] for group in groups for rule in group["rules"] if "record" in rule}
    assert len(names) > 40
    empty = {name for name in names if not seen.prometheus.now(name, at=seen.at)}
    assert empty == OF_FORMER_DAYS


OF_FORMER_DAYS = {
    "channel_carrier:acquit_bounces:ratio1d",
    *(f"channel_carrier:acquit_delivery_ratio1h:delta1{unit}" for unit in "dw"),
    *(f"channel_carrier:acquit_ended_increase1h:ratio1{unit}" for unit in "dw"),
}
"""They compare with what was recorded a day or a week before: deploy/prometheus/tests/former-days.yml has it."""


def _title(annotation: dict[str, Any], labels: dict[str, str]) -> str:
    return labels.get(annotation["titleFormat"].strip("{}"), "")


def _quick(folder: Path) -> list[Path]:
    """The rules as they are shipped, judged every second."""
    quick = []
    for path in RULES:
        text = path.read_text()
        for interval in ("15s", "1m"):
            text = text.replace(f"    interval: {interval}\n", "    interval: 1s\n")
        quick.append(folder / path.name)
        quick[-1].write_text(text)
    return quick


HAPPENED = (
    "acquit_route_forged_share",
    "acquit_suppression_held > 0",
    "acquit_suppression_drift_keys",
    "acquit_alert_ratio",
    'acquit_suppression_changes_total{by="staff"}',
    f'channel_carrier:acquit_recent_expected:ratio{{carrier="{everything.LYING_CARRIER}"}}',
    f'acquit_cohort_messages{{carrier="{everything.LYING_CARRIER}",status="unknown"}}',
    *(f"channel_{label}_outcome:acquit_ended:increase1h > 0" for label in ("content", "country", "segments")),
    "channel_carrier:acquit_complaints:ratio1d > 0",
)
"""What must be seen before the panels are asked."""


def _let_everything_happen(stage: Stage, prometheus: Prometheus) -> None:
    assert patiently(lambda: everything.BOUNCED in stage.entries())
    done = stage.run("suppression", "restore", everything.BOUNCED, "--actor", "ann", "--reason", "asked for")
    assert done.returncode == 0, done.stderr
    rounds = count()

    def missing() -> list[str]:
        everything.feed_more(stage, next(rounds))
        return [query for query in HAPPENED if not prometheus.now(query)]

    assert patiently(lambda: not missing(), pause=1), missing()
