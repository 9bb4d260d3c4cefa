"""An engine as a child process: it says when it begins and when it is done, and is measured from outside, all of its tree."""

import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.engines.load import Cells
from bench.peers import ROOT
from tests.servers.process import guarded, tail

LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Run:
    """From the first record to the last commit. `cells` is what the engine counted, if it says so itself."""

    events: int
    seconds: float
    cpu_seconds: float
    peak_rss_mb: float
    cells: Cells | None = None

    @property
    def per_second(self) -> float:
        return self.events / self.seconds

    @property
    def cpu_per_million(self) -> float:
        return self.cpu_seconds / self.events * 1e6


class Watch:
    """CPU time and peak memory of a process and of what it started."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.peak_mb = 0.0
        self._thread.start()

    def cpu_seconds(self) -> float:
        used = [process.cpu_times() for process in self._tree()]
        return float(sum(times.user + times.system for times in used))

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _tree(self) -> list[psutil.Process]:
        return [self._process, *self._process.children(recursive=True)]

    def _look(self) -> None:
        with suppress(psutil.Error):  # it has ended
            while not self._ended.wait(LOOK_SECONDS):
                self.peak_mb = max(self.peak_mb, sum(one.memory_info().rss for one in self._tree()) / 1e6)


def run_engine(
    command: Sequence[str], environ: Mapping[str, str], log: Path, *, within_seconds: float, kill_at: int | None = None
) -> Run | None:
    """Run to its end; or kill it when it has read so many records, which gives None. Raises RuntimeError with its words."""
    begun: tuple[float, float] | None = None
    run: Run | None = None
    with _running(command, environ, log) as child:
        watch = Watch(child.pid)
        try:
            for line, at, cpu in _lines(child, watch, log, within_seconds):
                if "begun" in line:
                    begun = (at, cpu)
                elif kill_at is not None and line.get("at", 0) >= kill_at:
                    child.kill()
                    return None
                elif "done" in line and begun is not None:
                    run = Run(line["done"], at - begun[0], cpu - begun[1], watch.peak_mb)
                elif "cells" in line and run is not None:
                    return Run(run.events, run.seconds, run.cpu_seconds, run.peak_rss_mb, line["cells"])
        finally:
            watch.stop()
    if run is None:
        raise RuntimeError(
            f"ended by {child.returncode} before it was done. It said last:\n{tail(log.read_text(errors='replace'))}"
        )
    return run


@contextmanager
def _running(command: Sequence[str], environ: Mapping[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("ab") as out:
        child = subprocess.Popen(
            guarded(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=out, cwd=ROOT,
            env={**os.environ, **environ}, start_new_session=True,
        )  # fmt: skip
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def _lines(
    child: "subprocess.Popen[bytes]", watch: Watch, log: Path, within_seconds: float
) -> Iterator[tuple[dict[str, Any], float, float]]:
    """What it says, when, and the CPU time that it had used by then."""
    said: queue.Queue[tuple[bytes, float, float]] = queue.Queue()

    def read() -> None:
        assert child.stdout is not None
        cpu = 0.0
        for line in child.stdout:
            with suppress(psutil.Error):
                cpu = watch.cpu_seconds()
            said.put((line, time.perf_counter(), cpu))
        said.put((b"", 0.0, 0.0))

    threading.Thread(target=read, daemon=True).start()
    deadline = time.monotonic() + within_seconds
    while True:
        try:
            line, at, cpu = said.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            words = tail(log.read_text(errors="replace"))
            raise RuntimeError(f"not done within {within_seconds:g} s. It said last:\n{words}") from None
        if not line:
            return
        _, brace, rest = line.partition(b"{")  # Faust's spinner may stand before it
        if brace:
            yield json.loads(brace + rest), at, cpu
