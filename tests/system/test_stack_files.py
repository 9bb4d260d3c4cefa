"""What deploys acquit is what its own checkers accept, names only settings that there are, and says the same in all places."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from helm_python import Chart, HelmError, lint

from acquit.commands.shell import EXIT_REFUSED
from acquit.worker.ending import EXIT_UNACKNOWLEDGED
from acquit.worker.settings import Settings
from acquit.worker.settings_file import load
from deploy.chart import CHART, SECRETS, USERS
from tests.servers.process import executable
from tests.system.compose import FILE, ROOT, read
from tests.system.image import instructions, is_in_context

UNIT = ROOT / "deploy" / "systemd" / "acquit.service"
ENVIRONMENT = ROOT / "deploy" / "systemd" / "acquit.env.example"
KUBERNETES = ("1.27", "1.37")
"""The oldest that Chart.yaml names, and the newest that the checker knows."""
ALL_ON: dict[str, Any] = {
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True},
    "dashboards": {"enabled": True},
    "keda": {"enabled": True, "authenticationRef": "kafka"},
    "imagePullSecrets": [{"name": "registry"}],
    "priorityClassName": "high",
    "tlsSecret": "acquit-tls",
    "rulesConfigMap": "acquit-rules",
    "topics": {"withRaw": True},
    "image": {"digest": "sha256:" + "0" * 64},
    "settings": {
        "raw_topics": {"raw.sms": "smpp", "raw.any": ""},
        "kafka_security": "sasl_ssl",
        "max_messages": 5_000_000,
        "standby": True,
        "breaker_share": 0.25,
        "opt_outs_across": ["sms", "rcs"],
    },
    "secretRefs": {name: {"name": "acquit", "key": name} for name in (*SECRETS, *USERS)},
    "networkPolicy": {"kafka": {"ports": [9092, 9093], "to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}},
}
ALL_OFF: dict[str, Any] = {
    "topics": {"create": False},
    "networkPolicy": {"enabled": False},
    "podDisruptionBudget": {"enabled": False},
    "topologySpread": {"enabled": False},
}
IN_THE_DOCS: dict[str, Any] = yaml.safe_load(
    (ROOT / "docs" / "deploy.md").read_text().partition("```yaml ")[2].partition("\n")[2].partition("```")[0]
)
VALUES = {"as shipped": {}, "all on": ALL_ON, "all off": ALL_OFF, "in the docs": IN_THE_DOCS}

NAMES = {"type": "object", "additionalProperties": {"type": "string"}}
OPERATORS: dict[str, dict[str, Any]] = {
    # The fields of https://prometheus-operator.dev/docs/api-reference/api/ and https://keda.sh/docs/latest/reference/scaledobject-spec/
    # that the chart writes; there is no checker for these kinds that pip installs.
    "ServiceMonitor": {
        "jobLabel": {"type": "string"},
        "selector": {"type": "object", "properties": {"matchLabels": NAMES}, "additionalProperties": False},
        "endpoints": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {"port": {"const": "metrics"}, "interval": {"type": "string"}},
                "additionalProperties": False,
            },
        },
    },
    "PrometheusRule": {
        "groups": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["name", "rules"],
                "properties": {
                    "name": {"type": "string"},
                    "interval": {"type": "string"},
                    "limit": {"type": "integer"},
                    "rules": {"type": "array", "minItems": 1},
                },
                "additionalProperties": False,
            },
        },
    },
    "ScaledObject": {
        "scaleTargetRef": {
            "type": "object",
            "properties": {"kind": {"const": "StatefulSet"}, "name": {"type": "string"}},
            "additionalProperties": False,
        },
        "minReplicaCount": {"type": "integer"},
        "maxReplicaCount": {"type": "integer"},
        "cooldownPeriod": {"type": "integer"},
        "advanced": {"type": "object"},
        "triggers": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "type": {"const": "kafka"},
                    "metadata": NAMES,
                    "authenticationRef": NAMES,
                },
                "additionalProperties": False,
            },
        },
    },
}


def rendered(values: dict[str, Any]) -> list[dict[str, Any]]:
    texts = Chart.load(CHART).render(values, name="acquit", namespace="messaging")
    manifests = [text for name, text in texts.items() if not name.endswith("NOTES.txt")]
    return [document for text in manifests for document in yaml.safe_load_all(text) if document]


def of_kind(kind: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    return [document for document in rendered(values) if document["kind"] == kind]


def environment(pod: dict[str, Any]) -> dict[str, Any]:
    return {entry["name"]: entry.get("value") for entry in pod["containers"][0]["env"]}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)


def tool(name: str) -> str:
    """Of the deploy lock file: `make .venv/made-deploy`."""
    return str(Path(sys.executable).parent / name)


def test_compose_file_is_as_the_compose_specification_says() -> None:
    done = run(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(FILE))
    assert done.returncode == 0, done.stdout


def test_compose_file_publishes_on_loopback_alone() -> None:
    ports = [port for service in composed()["services"].values() for port in service.get("ports", [])]
    assert len(ports) >= 6
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports), ports


def test_compose_file_pins_every_image_and_holds_no_secret() -> None:
    images = {service["image"] for service in composed()["services"].values()}
    assert all(re.search(r":v?\d+\.\d+\.\d+$", image) for image in images), images
    for service in yaml.safe_load(FILE.read_text())["services"].values():
        for name, value in (service.get("environment") or {}).items():
            if re.search("PASSWORD|SECRET|TOKEN|ERASE_KEY", name):
                assert value.startswith("${"), name


def test_compose_file_waits_by_conditions_that_can_come_true() -> None:
    services = composed()["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            is_checked = "test" in services[other].get("healthcheck", {})
            assert is_checked == (how["condition"] == "service_healthy"), f"{name} waits for {other}"


def test_compose_file_keeps_all_that_a_restart_must_not_lose() -> None:
    services, volumes = composed()["services"], composed()["volumes"]
    named = {name: [volume for volume in service.get("volumes", []) if isinstance(volume, str)]
             for name, service in services.items()}  # fmt: skip
    assert {mounted.partition(":")[0] for mounts in named.values() for mounted in mounts} == set(volumes)
    for name in ("kafka", "redis", "prometheus", "alertmanager", "grafana"):
        assert named[name], name


def test_every_file_that_the_compose_file_mounts_is_there() -> None:
    made_by_hand = {"./deploy/compose/users.acl"}
    for service in composed()["services"].values():
        for volume in service.get("volumes", []):
            if isinstance(volume, dict) and volume["source"] not in made_by_hand:
                assert (ROOT / volume["source"]).exists(), volume["source"]


def test_grafana_is_told_of_places_that_the_compose_file_has() -> None:
    told = [yaml.safe_load(file.read_text()) for file in sorted((ROOT / "grafana" / "provisioning").glob("*/*.y*ml"))]
    services = composed()["services"]
    folders = {volume["target"] for volume in services["grafana"]["volumes"] if isinstance(volume, dict)}
    paths = {provider["options"]["path"] for document in told for provider in document.get("providers", [])}
    assert paths
    assert paths <= folders
    urls = {source["url"] for document in told for source in document.get("datasources", [])}
    assert urls == {"http://prometheus:9090"}
    assert services["prometheus"]["ports"] == ["127.0.0.1:9090:9090"]


def test_example_of_env_names_what_the_compose_file_asks_for() -> None:
    asked = set(re.findall(r"\$\{(\w+)", FILE.read_text()))
    offered = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert asked <= offered


def test_prometheus_of_the_compose_file_differs_in_its_addresses_alone() -> None:
    def read_as(file: str, *, worker: str, manager: str) -> Any:
        text = (ROOT / file).read_text().replace(worker, "WORKER:9464").replace(manager, "MANAGER:9093")
        settings = yaml.safe_load(text)
        return {**settings, "rule_files": None}

    here = read_as("deploy/compose/prometheus.yml", worker="worker:9464", manager="alertmanager:9093")
    assert here == read_as("deploy/prometheus/prometheus.yml", worker="localhost:9464", manager="localhost:9093")


@pytest.mark.parametrize(("user", "page"), [("acquit", "redis.md"), ("sender", "senders.md")])
def test_users_of_redis_have_the_rights_that_the_docs_give_them(user: str, page: str) -> None:
    def rights(text: str) -> set[str]:
        (line,) = re.findall(rf"(?:user|SETUSER) {user} on (.*)", text)
        return {word for word in line.split() if word[0] in "+~%&"}

    shipped = rights((ROOT / "deploy" / "compose" / "users.acl.template").read_text())
    assert shipped == rights((ROOT / "docs" / page).read_text())
    assert shipped & {"~sup:*", "%R~sup:*"}


def composed() -> dict[str, Any]:
    return read(FILE, {"REDIS_ACQUIT_PASSWORD": "x"})


def test_settings_of_the_compose_file_are_acquits_and_are_accepted() -> None:
    ours = {name: dict(service.get("environment") or {}) for name, service in composed()["services"].items()
            if service["image"].startswith("acquit:")}  # fmt: skip
    assert set(ours) == {"topics", "worker", "traffic"}
    for environ in ours.values():
        load(None, environ)  # an unknown name, or a value that is not right, raises


def test_settings_in_the_example_of_the_unit_are_acquits_and_are_accepted() -> None:
    lines = [line.split("=", 1) for line in ENVIRONMENT.read_text().splitlines() if line and not line.startswith("#")]
    environ = {name: value or "x" * 40 for name, value in lines}
    load(None, environ)


def test_settings_in_the_image_are_acquits() -> None:
    words = " ".join(rest for word, rest in instructions() if word == "ENV")
    load(None, dict(re.findall(r"(ACQUIT_\w+)=(\S+)", words)))


def test_dockerfile_is_as_hadolint_says() -> None:
    done = run(tool("hadolint"), "--failure-threshold", "info", "Dockerfile")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("path", "is_in"),
    [
        ("src/acquit/__main__.py", True),
        ("requirements.lock", True),
        (".env", False),
        (".git/config", False),
        ("deploy/compose/users.acl", False),
        ("src/acquit/__pycache__/errors.cpython-311.pyc", False),
        ("tests/conftest.py", False),
    ],
)
def test_build_is_sent_what_the_image_needs_and_no_secret(path: str, *, is_in: bool) -> None:
    assert is_in_context(Path(path)) == is_in


def test_chart_is_as_helm_says() -> None:
    for values in VALUES.values():
        report = lint(CHART, values, strict=True)
        assert report["errors"] == []
        found = [message for message in report["messages"] if message["error"] != "icon is recommended"]
        assert found == []


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_every_manifest_is_as_kubernetes_says(values: dict[str, Any], version: str) -> None:
    manifests = [document for document in rendered(values) if document["kind"] not in OPERATORS]
    assert manifests
    for document in manifests:
        kubernetes_validate.validate(document, version, strict=True)


def test_wrong_manifest_is_told() -> None:
    (workers,) = of_kind("StatefulSet", {})
    workers["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(workers, KUBERNETES[-1], strict=True)


def test_manifests_of_operators_have_the_fields_that_they_know() -> None:
    found = [document for document in rendered(ALL_ON) if document["kind"] in OPERATORS]
    assert {document["kind"] for document in found} == set(OPERATORS)
    for document in found:
        properties = OPERATORS[document["kind"]]
        jsonschema.validate(
            document["spec"], {"type": "object", "properties": properties, "additionalProperties": False}
        )


def test_chart_as_shipped_needs_no_operator() -> None:
    assert not {document["kind"] for document in rendered({})} & set(OPERATORS)


def test_rules_in_the_chart_are_accepted_by_promtool(tmp_path: Path) -> None:
    found = of_kind("PrometheusRule", ALL_ON)
    shipped = {file.name for file in (ROOT / "deploy" / "prometheus").glob("acquit.*.yml")}
    assert len(found) == len(shipped) > 0
    for number, document in enumerate(found):
        file = tmp_path / f"{number}.yml"
        file.write_text(yaml.safe_dump(document["spec"]))
        done = run(executable("promtool", "prometheus"), "check", "rules", str(file))
        assert done.returncode == 0, done.stdout + done.stderr


def test_dashboards_in_the_chart_are_those_of_grafana() -> None:
    found = {
        name: json.loads(text) for document in of_kind("ConfigMap", ALL_ON) for name, text in document["data"].items()
    }
    shipped = {file.name: json.loads(file.read_text()) for file in (ROOT / "grafana" / "dashboards").glob("*.json")}
    assert found == shipped
    assert found
    assert all(document["metadata"]["labels"]["grafana_dashboard"] == "1" for document in of_kind("ConfigMap", ALL_ON))


def test_job_of_the_chart_is_one_that_the_rules_look_for() -> None:
    (monitor,) = of_kind("ServiceMonitor", ALL_ON)
    (service,) = of_kind("Service", ALL_ON)
    assert service["metadata"]["labels"][monitor["spec"]["jobLabel"]].startswith("acquit")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]


def test_chart_refuses_what_is_no_value_and_what_is_no_setting() -> None:
    wrong: list[dict[str, Any]] = [
        {"replica": 3},
        {"settings": {"raw_topic": {"raw": "smpp"}}},
        {"settings": {"redis_password": "in plain sight"}},
        {"secretRefs": {"redis_password": {"name": "acquit"}}},
        {"image": {"digest": "latest"}},
        {"keda": {"cooldownSeconds": 30}},
    ]
    for values in wrong:
        with pytest.raises(HelmError):
            Chart.load(CHART).validate_schema(values)


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_settings_that_the_chart_gives_are_accepted_by_acquit(values: dict[str, Any], tmp_path: Path) -> None:
    pods = [document["spec"]["template"]["spec"] for document in rendered(values)
            if document["kind"] in {"StatefulSet", "Job"}]  # fmt: skip
    for pod in pods:
        environ = {name: value if value is not None else "x" * 40 for name, value in environment(pod).items()}
        if "ACQUIT_RULES_DIR" in environ:
            assert environ["ACQUIT_RULES_DIR"] in {mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
            environ["ACQUIT_RULES_DIR"] = str(tmp_path)
        if "ACQUIT_KAFKA_CA_FILE" in environ:
            assert Path(environ["ACQUIT_KAFKA_CA_FILE"]).parent == Path("/etc/acquit/tls")
            environ["ACQUIT_KAFKA_CA_FILE"] = str(FILE)
        settings = load(None, environ)
        for name, wanted in values.get("settings", {}).items():
            if name == "kafka_ca_file":
                continue
            found = getattr(settings, name)
            assert (list(found) if isinstance(found, tuple) else found) == wanted


def test_no_secret_setting_can_be_a_value_of_the_chart() -> None:
    secret = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert set(SECRETS) == secret


def test_each_worker_of_the_chart_is_named_after_its_pod() -> None:
    (workers,) = of_kind("StatefulSet", {})
    (instance,) = [entry for entry in workers["spec"]["template"]["spec"]["containers"][0]["env"]
                   if entry["name"] == "ACQUIT_INSTANCE_ID"]  # fmt: skip
    assert instance["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}


def test_no_secret_of_the_chart_is_a_value() -> None:
    for kind in ("StatefulSet", "Job"):
        (found,) = of_kind(kind, ALL_ON)
        for entry in found["spec"]["template"]["spec"]["containers"][0]["env"]:
            is_secret = entry["name"].removeprefix("ACQUIT_").lower() in (*SECRETS, *USERS)
            assert is_secret == ("secretKeyRef" in entry.get("valueFrom", {})), entry["name"]


@pytest.mark.parametrize("kind", ["StatefulSet", "Job"])
def test_pods_have_no_right_that_they_do_not_need(kind: str) -> None:
    (found,) = of_kind(kind, {})
    pod = found["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not pod["automountServiceAccountToken"]
    assert pod["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_selectors_of_the_chart_find_the_workers_and_not_the_topics_job() -> None:
    (workers,) = of_kind("StatefulSet", {})
    (job,) = of_kind("Job", {})
    (budget,) = of_kind("PodDisruptionBudget", {})
    (service,) = of_kind("Service", {})
    worker_labels = workers["spec"]["template"]["metadata"]["labels"]
    job_labels = job["spec"]["template"]["metadata"]["labels"]
    for selector in (workers["spec"]["selector"]["matchLabels"], budget["spec"]["selector"]["matchLabels"],
                     service["spec"]["selector"]):  # fmt: skip
        assert selector.items() <= worker_labels.items()
        assert not selector.items() <= job_labels.items()


def test_more_workers_than_partitions_are_never_asked_for() -> None:
    (scaled,) = of_kind("ScaledObject", ALL_ON)
    assert scaled["spec"]["maxReplicaCount"] <= Settings.model_fields["event_partitions"].default
    assert "replicas" not in of_kind("StatefulSet", ALL_ON)[0]["spec"]


def test_unit_is_as_systemd_says(tmp_path: Path) -> None:
    program = tmp_path / "acquit"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "acquit.service"
    unit.write_text(UNIT.read_text().replace("/opt/acquit/bin/acquit", str(program)))
    analyze = executable("systemd-analyze", "systemd")
    done = run(analyze, "verify", str(unit))
    assert (done.returncode, done.stderr) == (0, "")
    done = run(analyze, "security", "--offline=yes", "--threshold=20", str(unit))
    assert done.returncode == 0, done.stdout


def test_wrong_unit_is_told_by_systemd(tmp_path: Path) -> None:
    """For the test above could not fail if nothing were ever told."""
    unit = tmp_path / "acquit.service"
    unit.write_text(UNIT.read_text().replace("Restart=on-failure", "Restart=often"))
    assert "often" in run(executable("systemd-analyze", "systemd"), "verify", str(unit)).stderr


def test_unit_starts_again_what_a_new_start_helps_and_nothing_else() -> None:
    said = dict(re.findall(r"^(Restart\w*)=(.+)$", UNIT.read_text(), re.MULTILINE))
    assert said["Restart"] == "on-failure"
    assert said["RestartForceExitStatus"] == str(EXIT_UNACKNOWLEDGED)
    assert said["RestartPreventExitStatus"] == str(EXIT_REFUSED)
