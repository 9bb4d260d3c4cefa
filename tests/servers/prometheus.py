"""Debian's prometheus on loopback: it scrapes what it is told, and is asked as Grafana asks it."""

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.servers.process import ServerProcess, executable, free_ports, says_ready

START_SECONDS, STOP_SECONDS = 30, 30
KEPT = "60d"


class RefusedError(RuntimeError):
    """Prometheus does not take the query, and says why."""


@dataclass
class Prometheus:
    """One server and its data. `targets` are host:port; `rules` are files."""

    folder: Path
    targets: Sequence[str]
    rules: Sequence[Path] = ()
    every: str = "1s"
    port: int = field(default_factory=lambda: free_ports(1)[0])

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = self.folder / "data"
        self.process = ServerProcess("Prometheus", self.folder / "prometheus.log")

    def start(self) -> None:
        config = self.folder / "prometheus.yml"
        config.write_text(json.dumps(self._config()))  # JSON is YAML
        command = [
            executable("prometheus", "prometheus"), f"--config.file={config}", f"--storage.tsdb.path={self.data}",
            f"--storage.tsdb.retention.time={KEPT}", f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn",
        ]  # fmt: skip
        self.process.start(command, answers=partial(says_ready, self.port), within_seconds=START_SECONDS)

    def stop(self) -> None:
        self.process.stop(within_seconds=STOP_SECONDS)

    def now(self, query: str, *, at: float | None = None) -> list[dict[str, Any]]:
        """An instant query: the series that it has."""
        return self._ask("query", query=query, **({} if at is None else {"time": at}))

    def over(self, query: str, *, start: float, end: float, step: float) -> list[dict[str, Any]]:
        return self._ask("query_range", query=query, start=start, end=end, step=step)

    def add(self, openmetrics: Path) -> None:
        """Put samples of former days among the data; the server must be stopped."""
        subprocess.run(
            [executable("promtool", "prometheus"), "tsdb", "create-blocks-from", "--max-block-duration=2160h", "openmetrics",
             str(openmetrics), str(self.data)],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip

    def _config(self) -> dict[str, Any]:
        return {
            "global": {"scrape_interval": self.every, "evaluation_interval": self.every},
            "rule_files": [str(path) for path in self.rules],
            "scrape_configs": [{"job_name": "acquit", "static_configs": [{"targets": list(self.targets)}]}],
        }

    def _ask(self, how: str, **asked: Any) -> list[dict[str, Any]]:
        body = urllib.parse.urlencode(asked).encode()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{how}", body, timeout=30) as answer:
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            raise RefusedError(json.load(error)["error"]) from error
        result: list[dict[str, Any]] = found["data"]["result"]
        return result


@contextmanager
def running_prometheus(folder: Path, targets: Sequence[str], *, rules: Sequence[Path] = ()) -> Iterator[Prometheus]:
    server = Prometheus(folder, targets, rules)
    try:
        server.start()
        yield server
    finally:
        server.stop()
