"""One server process: it starts within a bound or says why not, and it ends when the test run ends, however that is."""

import atexit
import os
import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from pathlib import Path

# PR_SET_PDEATHSIG fires when the *thread* that forked ends, not the process: a server started from `asyncio.to_thread`
# would die with its event loop. So one thread, which lives as long as the run does, forks them all.
_FORKS = ThreadPoolExecutor(max_workers=1, thread_name_prefix="starts-servers")


class ServerFailedError(RuntimeError):
    """A server did not start, stop or answer in time; the message ends with the tail of its log."""


class ServerProcess:
    """A child that is signalled by its own pid only. One object may be started and ended many times."""

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._child is None:
            raise ServerFailedError(f"{self.name} is not running")
        return self._child.pid

    def start(self, command: Sequence[str], *, answers: Callable[[], bool], within_seconds: float) -> None:
        if self._child is not None:
            raise ServerFailedError(f"{self.name} is already running as {self.pid}")
        self._child = _FORKS.submit(_fork, command, self.log).result()
        atexit.register(self.kill)
        try:
            self._wait_until(answers, within_seconds)
        except BaseException:
            self.kill()
            raise

    def stop(self, *, within_seconds: float) -> None:
        """SIGTERM and wait; a server that was already ended is left alone, a paused one goes on first."""
        if self._child is None:
            return
        self._child.send_signal(signal.SIGCONT)
        self._child.terminate()
        try:
            self._child.wait(within_seconds)
        except subprocess.TimeoutExpired as error:
            raise self._failure(f"did not stop within {within_seconds:g} s and was killed") from error
        finally:
            self.kill()

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait(10)
        self._child = None
        atexit.unregister(self.kill)

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def _wait_until(self, answers: Callable[[], bool], within_seconds: float) -> None:
        deadline = time.monotonic() + within_seconds
        while not answers():
            if self._child is None or self._child.poll() is not None:
                raise self._failure("ended before it answered")
            if time.monotonic() > deadline:
                raise self._failure(f"did not answer within {within_seconds:g} s and was killed")
            time.sleep(0.05)

    def _failure(self, what: str) -> ServerFailedError:
        return ServerFailedError(f"{self.name} {what}. Its log ends:\n{tail(self.log.read_text(errors='replace'))}")


def _fork(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    # A session of its own keeps Ctrl-C from reaching the server before the test that uses it.
    with log.open("ab") as out:
        return subprocess.Popen(
            guarded(command), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )


def guarded(command: Sequence[str]) -> list[str]:
    """The command, which the kernel ends even when our run is killed: by setpriv (util-linux), where there is one."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--", *command] if setpriv else list(command)


def executable(name: str, package: str) -> str:
    """The program's path. A missing one is an error and never a skip: these tests exist to meet the real server."""
    path = shutil.which(name)
    if path is None:
        raise ServerFailedError(f"{name} is not on PATH: install Debian's {package}")
    return path


def free_ports(count: int) -> list[int]:
    """Distinct ports below the kernel's ephemeral range, so that no client's retry can take one during a restart."""
    return list(islice(_free_ports(), count))


def _free_ports() -> Iterator[int]:
    for port in random.sample(range(20_000, 32_000), 1_000):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            yield port


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def says_ready(port: int) -> bool:
    """Whether Prometheus or Alertmanager is ready there."""
    if not is_listening(port):
        return False
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def tail(text: str, lines: int = 30) -> str:
    return "\n".join(text.splitlines()[-lines:])
