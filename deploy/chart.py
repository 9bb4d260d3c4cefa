"""Writes what in the Helm chart is made from elsewhere: `make docs`. A test says when they differ.

A chart may only read its own folder, so rules and dashboards stand in it as copies; the settings in its schema are acquit's.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from acquit.worker.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
CHART = Path(__file__).parent / "helm" / "acquit"
SCHEMA = CHART / "values.schema.json"
SECRETS = ("kafka_password", "redis_password", "erase_key")
"""Never values: each is the name of a Secret and a key in it."""
USERS = ("kafka_username", "redis_username")
"""Values, or in a Secret beside their passwords."""
THE_CHARTS = ("instance_id", "http_host", "http_port", "rules_dir")
"""Settings that the chart gives by itself."""
MAPS = ("raw_topics", "retention_hours", "source_epochs", "delivery_floors")
LISTS = ("agents", "opt_outs_across")


def copies() -> dict[Path, str]:
    """Every file of the chart that is another's copy, and what it must hold."""
    rules = {file.name: file for file in sorted((ROOT / "deploy" / "prometheus").glob("acquit.*.yml"))}
    boards = {file.name: file for file in sorted((ROOT / "grafana" / "dashboards").glob("*.json"))}
    return {
        **{CHART / "files" / "prometheus" / name: file.read_text() for name, file in rules.items()},
        **{CHART / "files" / "dashboards" / name: file.read_text() for name, file in boards.items()},
        SCHEMA: json.dumps(schema(), indent=2) + "\n",
    }


def strays() -> list[Path]:
    """Files of the chart's copies that nothing is copied to any more."""
    return sorted(file for file in (CHART / "files").rglob("*") if file.is_file() and file not in copies())


def schema() -> dict[str, Any]:
    """values.schema.json: what values.yaml has, of these types, and nothing else."""
    number = {"type": "integer", "minimum": 1}
    seconds = {"type": "string", "pattern": "^[0-9]+(ms|s|m|h)$"}
    peers = {"type": "array", "items": {"type": "object"}}
    server = _closed(ports={"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 65535}, "minItems": 1},
                     to=peers)  # fmt: skip
    reference = _closed(name=_word(least=1), key=_word(least=1), needs=("name", "key"))
    whole = _closed(
        {"global": {"type": "object"}},
        image=_closed(
            repository=_word(least=1),
            tag=_word(),
            digest={"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
            pullPolicy={"enum": ["Always", "IfNotPresent", "Never"]},
        ),
        imagePullSecrets={"type": "array", "items": _closed(name=_word(least=1))},
        nameOverride=_word(),
        replicas=number,
        settings=_settings(),
        secretRefs=_closed(dict.fromkeys((*SECRETS, *USERS), reference)),
        tlsSecret=_word(),
        rulesConfigMap=_word(),
        topics=_closed(create=_flag(), withRaw=_flag()),
        resources={"type": "object"},
        terminationGracePeriodSeconds={"type": "integer", "minimum": 30},
        podAnnotations=_words(),
        podLabels=_words(),
        nodeSelector=_words(),
        tolerations={"type": "array", "items": {"type": "object"}},
        affinity={"type": "object"},
        priorityClassName=_word(),
        topologySpread=_closed(enabled=_flag(), whenUnsatisfiable={"enum": ["ScheduleAnyway", "DoNotSchedule"]}),
        podDisruptionBudget=_closed(enabled=_flag(), maxUnavailable=number),
        networkPolicy=_closed(enabled=_flag(), metricsFrom=peers, kafka=server, redis=server),
        serviceMonitor=_closed(enabled=_flag(), interval=seconds, labels=_words()),
        prometheusRule=_closed(enabled=_flag(), labels=_words()),
        dashboards=_closed(enabled=_flag(), label=_word(least=1), labelValue=_word()),
        keda=_closed(
            enabled=_flag(),
            minReplicas=number,
            maxReplicas=number,
            lagThreshold=number,
            cooldownSeconds={"type": "integer", "minimum": 600},
            authenticationRef=_word(),
        ),
    )
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Values of the acquit chart", **whole}


def _settings() -> dict[str, Any]:
    """By name alone, and whether it is one word or many: what a value may be, acquit checks when it starts."""
    scalar = {"type": ["string", "number", "boolean"]}
    words = {"type": "object", "additionalProperties": scalar}
    listed = {"type": "array", "items": {"type": "string"}}
    kinds = dict.fromkeys(MAPS, words) | dict.fromkeys(LISTS, listed)
    names = [name for name in Settings.model_fields if name not in {*SECRETS, *THE_CHARTS}]
    return _closed({name: kinds.get(name, scalar) for name in names}, needs=("kafka_bootstrap", "redis_url"))


def _closed(
    named: Mapping[str, Any] = MappingProxyType({}), *, needs: tuple[str, ...] = (), **properties: Any
) -> dict[str, Any]:
    required = {"required": list(needs)} if needs else {}
    return {"type": "object", "additionalProperties": False, "properties": {**named, **properties}, **required}


def _word(*, least: int = 0) -> dict[str, Any]:
    return {"type": "string", "minLength": least} if least else {"type": "string"}


def _words() -> dict[str, Any]:
    return {"type": "object", "additionalProperties": {"type": "string"}}


def _flag() -> dict[str, Any]:
    return {"type": "boolean"}


if __name__ == "__main__":
    for stray in strays():
        stray.unlink()
    for file, text in copies().items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
