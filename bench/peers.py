"""A peer is a child process that measures itself and prints one line of JSON as its last words."""

import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.servers.process import guarded, tail

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Pace:
    """How long so many records took, in time and in the CPU time of the measured process alone."""

    records: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.records / self.seconds

    @property
    def cpu_per_million(self) -> float:
        return self.cpu_seconds / self.records * 1e6


class Stopwatch:
    """Time and CPU time of this very process."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()
        self._cpu = _cpu_seconds()

    def pace(self, records: int) -> Pace:
        return Pace(records, time.perf_counter() - self._begun, _cpu_seconds() - self._cpu)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def say(pace: Pace) -> None:
    """A peer's last words. Faust redirects what is printed, so not by `print`."""
    assert sys.__stdout__ is not None
    sys.__stdout__.write(json.dumps(asdict(pace)) + "\n")
    sys.__stdout__.flush()


def run_peer(module: str, arguments: list[str], *, within_seconds: float) -> dict[str, float]:
    """Run `python -m bench.<module>` to its end. Raises RuntimeError with what it said if it fails or is too slow."""
    command = [sys.executable, "-m", f"bench.{module}", *arguments]
    try:
        done = subprocess.run(
            guarded(command), capture_output=True, text=True, timeout=within_seconds, check=True, cwd=ROOT
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = error.stderr.decode(errors="replace") if isinstance(error.stderr, bytes) else error.stderr or ""
        raise RuntimeError(f"bench.{module}: {type(error).__name__}. It said last:\n{tail(said)}") from error
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def paced(module: str, arguments: list[str], *, within_seconds: float) -> Pace:
    answer = run_peer(module, arguments, within_seconds=within_seconds)
    return Pace(int(answer["records"]), answer["seconds"], answer["cpu_seconds"])
