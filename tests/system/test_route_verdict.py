"""A route whose receipts are partly forged, on real servers: to the verdict, the alert, the gauges, the log and the dossier.

Four days of traffic pass in seconds: records carry their times, and the log's clock follows them. The honest twin of the
same traffic says nothing.
"""

import asyncio
import json
import shlex
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from acquit.simulate import Record
from acquit.simulate.world import telling
from acquit.simulate.world.laws import draw_world
from acquit.simulate.world.staging import Staging, only, staged
from acquit.worker.app import LAG_SECONDS
from acquit.worker.feeding import feed_records
from tests.servers.alerting import Notification, Receiver, alerting
from tests.system.stage import Stage, patiently

DAYS, FROM_DAY, SEED = 4, 1, 7
SUPPLIERS = ("alder", "birch", "cedar", "elm")
FRAUD = "s2-uniform-30"


def world(fraud: str) -> Staging:
    drawn = draw_world(SEED, tier="low", days=DAYS)
    small = only(drawn, suppliers=SUPPLIERS, carriers=(drawn.routes[0].carrier.mccmnc,))
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return replace(staged(small, fraud=fraud, from_day=FROM_DAY), start=midnight - timedelta(days=DAYS - 1))


def until_now(staging: Staging) -> Iterator[Record]:
    now_ms = datetime.now(UTC).timestamp() * 1000
    return (record for record in telling.records(staging) if record.timestamp_ms < now_ms)


@pytest.fixture
def ready(stage: Stage) -> Iterator[Stage]:
    raw = f"{stage.name}.raw=smpp,{stage.name}.vonage=vonage"
    stage.extra = {"ACQUIT_RAW_TOPICS": raw, "ACQUIT_WINDOW_HOURS": "120", "ACQUIT_TALLY_SECONDS": "2"}
    stage.create_topics()
    try:
        yield stage
    finally:
        stage.end()


@pytest.fixture
def running(ready: Stage) -> Stage:
    worker = ready.start()
    assert patiently(worker.is_ready)
    return ready


def alerts(stage: Stage) -> list[dict[str, str]]:
    told = [json.loads(record.value) for record in stage.records(stage.settings.topic("alerts"))]
    return [alert for alert in told if alert["kind"] == "route_contradicted"]


def told_of(receiver: Receiver) -> list[Notification]:
    return [one for one in receiver.told if one.said[2] == {"AcquitRouteContradicted"}]


def verdicts_in_the_log(stage: Stage) -> set[tuple[int, str]]:
    records = stage.records(stage.settings.topic("events"))
    told = [(record.partition, json.loads(record.value)) for record in records if b'"kind":"verdict"' in record.value]
    return {(partition, said["route"]) for partition, said in told if said["verdict"] == "contradicted"}


@pytest.fixture
def receiver(running: Stage) -> Iterator[Receiver]:
    """Who is told by Prometheus and Alertmanager, as shipped but sixty times as fast."""
    worker = running.workers[0]
    with alerting(running.folder / "alerting", [f"127.0.0.1:{worker.port}"], faster=60) as receiver:
        yield receiver


def test_forged_receipts_of_a_route_are_found_and_told_to_everybody(
    running: Stage, receiver: Receiver, tmp_path: Path
) -> None:
    staging = world(FRAUD)
    asyncio.run(feed_records(running.settings, until_now(staging)))
    [(supplier, carrier)] = staging.liars
    assert patiently(lambda: bool(alerts(running)), seconds=120)
    assert {(alert["supplier"], alert["carrier"], alert["state"]) for alert in alerts(running)} == {
        (supplier, carrier, "raised")
    }
    route = alerts(running)[0]["route"]
    assert patiently(lambda: verdicts_in_the_log(running) == {(n, route) for n in range(running.partitions)})
    page = running.workers[0].page("/metrics")[1]
    assert f'acquit_route_verdict{{carrier="{carrier}",channel="sms",route="{route}"}} 2.0' in page
    listed = running.run("routes", "list").stdout
    assert [line.split()[0] for line in listed.splitlines()].count("contradicted") == 1
    # The page names the command that writes the dossier: it is run as it stands there.
    assert patiently(lambda: bool(told_of(receiver)))
    [told] = told_of(receiver)
    assert [(alert["labels"]["route"], alert["labels"]["carrier"]) for alert in told.alerts] == [(route, carrier)]
    acquit, *words = shlex.split(told.alerts[0]["annotations"]["dossier"])
    assert acquit == "acquit"
    made = running.run(*[str(tmp_path / word) if word.startswith("dossier.") else word for word in words])
    assert made.returncode == 0, made.stderr
    assert "contradict" in made.stdout
    assert route in (tmp_path / "dossier.html").read_text()
    assert told.alerts[0]["annotations"]["dossier_url"].endswith("/runbooks.md#the-dossier")


def is_judged(stage: Stage, staging: Staging) -> bool:
    return stage.workers[0].page("/metrics")[1].count("acquit_route_verdict{") >= len(staging.world.routes)


def is_idle(stage: Stage, *, but: str) -> bool:
    """Whether all is read, of all topics but this one."""
    page = stage.workers[0].page("/metrics")[1]
    lags = [line for line in page.splitlines() if line.startswith("acquit_consumer_lag_records{") and but not in line]
    return bool(lags) and all(line.endswith(" 0.0") for line in lags)


def test_honest_twin_of_the_same_traffic_accuses_nobody(running: Stage, receiver: Receiver) -> None:
    staging = world("")
    asyncio.run(feed_records(running.settings, until_now(staging)))
    assert patiently(lambda: is_judged(running, staging), seconds=120)
    assert patiently(lambda: running.workers[0].metric("acquit_consumer_lag_records") == 0)
    assert alerts(running) == []
    assert not verdicts_in_the_log(running)
    assert patiently(lambda: bool(receiver.told)), "the dead man's switch is not told"
    assert not {name for one in receiver.told for name in one.said[2] if "Route" in name}


def test_nobody_is_judged_while_what_people_answered_is_not_read(ready: Stage, tmp_path: Path) -> None:
    staging, held_back, is_waiting = world(""), ready.settings.topic("engagements"), tmp_path / "is-waiting"
    is_waiting.touch()
    launcher = "tests.system.held_back_worker"
    worker = ready.start(module=launcher, HELD_BACK=held_back, HELD_BACK_WHILE=str(is_waiting))
    assert patiently(worker.is_ready)
    asyncio.run(feed_records(ready.settings, until_now(staging)))
    said = f"verdicts on routes wait till all that was sent is read: {held_back}/"
    assert patiently(lambda: said in worker.log.read_text(), seconds=120)
    assert patiently(lambda: is_idle(ready, but=held_back), seconds=120)
    time.sleep(2 * ready.settings.tally_seconds + LAG_SECONDS)  # a verdict would have come
    assert is_idle(ready, but=held_back)
    assert "acquit_route_verdict{" not in worker.page("/metrics")[1]
    is_waiting.unlink()
    assert patiently(lambda: is_judged(ready, staging), seconds=120)
    assert patiently(lambda: worker.metric("acquit_consumer_lag_records") == 0)
    assert alerts(ready) == []
    assert not verdicts_in_the_log(ready)
