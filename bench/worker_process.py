"""A real `acquit worker` as a child process: started, watched from outside by its own pages, ended."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.peers import ROOT
from tests.servers.process import free_ports, guarded, tail

START_SECONDS, STOP_SECONDS = 60, 20
FINE_SECONDS, COARSE_SECONDS = 0.05, 0.25


@dataclass(frozen=True)
class Sample:
    """What the worker's pages said, when, and the CPU time that it had used by then."""

    at: float
    cpu_seconds: float
    text: str

    def total(self, name: str) -> float:
        """All series of a metric, added up."""
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", self.text, re.MULTILINE))


class WorkerProcess:
    """One worker and where it can be asked."""

    def __init__(self, child: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
        self._child = child
        self._log = log
        self._url = f"http://127.0.0.1:{port}"
        self.process = psutil.Process(child.pid)

    def is_ready(self) -> bool:
        """Whether it has its partitions, and their state is loaded."""
        try:
            with urllib.request.urlopen(f"{self._url}/readyz", timeout=10):
                return True
        except urllib.error.URLError:  # 503 is one
            return False

    def until_ready(self) -> Sample:
        self._until(self.is_ready, START_SECONDS, "was not ready")
        return self.sample()

    def sample(self) -> Sample:
        try:
            with urllib.request.urlopen(f"{self._url}/metrics", timeout=30) as page:
                text = page.read().decode()
        except OSError as error:
            raise RuntimeError(f"the worker does not answer. It said last:\n{self.said()}") from error
        cpu = self.process.cpu_times()
        return Sample(time.perf_counter(), cpu.user + cpu.system, text)

    def until(self, done: Callable[[Sample], bool], *, within_seconds: float) -> Sample:
        """The first sample of which this holds."""
        found: list[Sample] = []

        def look() -> bool:
            found[:] = [self.sample()]
            return done(found[0])

        self._until(look, within_seconds, "did not come to its end", every_seconds=COARSE_SECONDS)
        return found[0]

    def rss_mb(self) -> float:
        return float(self.process.memory_info().rss) / 1e6

    def _until(
        self, is_so: Callable[[], bool], within_seconds: float, what: str, *, every_seconds: float = FINE_SECONDS
    ) -> None:
        deadline = time.monotonic() + within_seconds
        while not is_so():
            if self._child.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the worker {what} within {within_seconds:g} s. It said last:\n{self.said()}")
            time.sleep(every_seconds)

    def said(self) -> str:
        return tail(self._log.read_text(errors="replace"))

    def stop(self) -> None:
        self._child.terminate()
        try:
            self._child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


@contextmanager
def running_worker(
    settings: Mapping[str, str], folder: Path, *, command: Sequence[str] = ("-m", "acquit", "worker")
) -> Iterator[WorkerProcess]:
    """`python -m acquit worker`, or a launcher of our own in its place, with these settings and otherwise the shipped."""
    (port,) = free_ports(1)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ACQUIT_")}
    environ |= {f"ACQUIT_{name.upper()}": value for name, value in settings.items()}
    environ |= {"ACQUIT_HTTP_PORT": str(port), "ACQUIT_LOG_LEVEL": "warning"}
    log = folder / f"worker-{settings['app_id']}.log"
    with log.open("ab") as out:
        child = subprocess.Popen(
            guarded([sys.executable, *command]), env=environ, stdout=out, stderr=out, cwd=ROOT,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    worker = WorkerProcess(child, port, log)
    try:
        yield worker
    finally:
        worker.stop()
