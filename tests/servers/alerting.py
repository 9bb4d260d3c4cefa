"""Debian's Alertmanager and Prometheus with the rules, routes and inhibitions that we ship, and somebody who is notified.

Ports, folders and receivers are put in their place; all else stays as it is, but for waiting times, which `faster` divides.
"""

import json
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.servers.process import ServerProcess, executable, free_ports, says_ready
from tests.servers.prometheus import Prometheus

DEPLOY = Path(__file__).parents[2] / "deploy"
START_SECONDS, STOP_SECONDS = 30, 30
DEADMAN = "deadman"
"""Who is told all the time that alerts work."""
_WAITS = {
    "for", "keep_firing_for", "interval", "scrape_interval", "evaluation_interval",
    "group_wait", "group_interval", "repeat_interval", "resolve_timeout",
}  # fmt: skip
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_SHORTEST_MS = 250


@dataclass
class Notification:
    """One call of a receiver."""

    receiver: str
    status: str  # firing or resolved
    alerts: list[dict[str, Any]]
    at: float  # by time.time()

    @property
    def said(self) -> tuple[str, str, set[str]]:
        return self.receiver, self.status, {alert["labels"]["alertname"] for alert in self.alerts}


@dataclass
class Receiver:
    """Webhooks on loopback, whose paths are the receivers' names, and what they were sent."""

    port: int
    told: list[Notification] = field(default_factory=list)

    def of(self, name: str) -> list[Notification]:
        """What this receiver was sent, the newest last."""
        return [one for one in self.told if one.receiver == name]


@contextmanager
def listening() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            receiver.told.append(Notification(self.path[1:], body["status"], body["alerts"], time.time()))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """The test says what came."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Alertmanager:
    """With the shipped routes; each receiver is a webhook."""

    def __init__(self, folder: Path, receiver: Receiver, *, faster: float) -> None:
        (self.port,) = free_ports(1)
        self._folder = folder
        shipped = _read("alertmanager/alertmanager.yml", faster)
        shipped["global"] = {name: shipped["global"][name] for name in ("resolve_timeout",)}  # the rest is of receivers
        shipped["receivers"] = [_webhook(one["name"], receiver.port) for one in shipped["receivers"]]
        self._config = folder / "alertmanager.yml"
        self._config.write_text(yaml.safe_dump(shipped))
        self.process = ServerProcess("Alertmanager", folder / "alertmanager.log")

    def start(self) -> None:
        command = [
            executable("prometheus-alertmanager", "prometheus-alertmanager"), f"--config.file={self._config}",
            f"--storage.path={self._folder / 'alertmanager'}", f"--web.listen-address=127.0.0.1:{self.port}",
            "--cluster.listen-address=",
        ]  # fmt: skip
        self.process.start(command, answers=partial(says_ready, self.port), within_seconds=START_SECONDS)

    def stop(self) -> None:
        self.process.stop(within_seconds=STOP_SECONDS)


@dataclass
class Alerting(Prometheus):
    """Prometheus with the shipped configuration and rules."""

    alertmanager: int = 0
    faster: float = 1

    def _config(self) -> dict[str, Any]:
        shipped = _read("prometheus/prometheus.yml", self.faster)
        for name in shipped["rule_files"]:
            (self.folder / name).write_text(yaml.safe_dump(_read(f"prometheus/{name}", self.faster)))
        [job] = shipped["scrape_configs"]
        job["static_configs"] = [{"targets": list(self.targets)}]
        shipped["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [f"127.0.0.1:{self.alertmanager}"]}]}]
        return shipped


@contextmanager
def alerting(folder: Path, targets: Sequence[str], *, faster: float) -> Iterator[Receiver]:
    """Whoever is notified of what these workers show. Raises ServerFailedError."""
    folder.mkdir()
    with listening() as receiver:
        alertmanager = Alertmanager(folder, receiver, faster=faster)
        alertmanager.start()
        prometheus = Alerting(folder / "prometheus", targets, alertmanager=alertmanager.port, faster=faster)
        try:
            prometheus.start()
            yield receiver
        finally:
            prometheus.stop()
            alertmanager.stop()


def _webhook(name: str, port: int) -> dict[str, Any]:
    hook = {"url": f"http://127.0.0.1:{port}/{name}", "send_resolved": name != DEADMAN}
    return {"name": name, "webhook_configs": [hook]}


def _read(name: str, faster: float) -> dict[str, Any]:
    found: dict[str, Any] = _divided(yaml.safe_load((DEPLOY / name).read_text()), faster)
    return found


def _divided(found: Any, by: float) -> Any:
    if isinstance(found, dict):
        return {key: _shorter(value, by) if key in _WAITS else _divided(value, by) for key, value in found.items()}
    return [_divided(one, by) for one in found] if isinstance(found, list) else found


def _shorter(duration: str, by: float) -> str:
    parts = _DURATION.fullmatch(duration)
    assert parts is not None, duration
    days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    whole = 1000 * (seconds + 60 * (minutes + 60 * (hours + 24 * days)))
    return f"{max(_SHORTEST_MS, round(whole / by))}ms" if whole else "0s"
