"""Debian's redis-server, with an append-only file, on loopback."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.servers.process import ServerProcess, executable, free_ports

START_SECONDS, STOP_SECONDS = 20, 20


class Redis:
    """A server whose port stays the same through every restart, and its data too unless it is emptied."""

    def __init__(self, folder: Path, *, arguments: tuple[str, ...] = ()) -> None:
        self.data = folder / "data"
        (self.port,) = free_ports(1)
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._arguments = arguments
        self.process = ServerProcess("Redis", folder / "redis.log")

    def start(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self.process.start(self._command(), answers=self._answers, within_seconds=START_SECONDS)

    def stop(self) -> None:
        """SIGTERM, which redis-server treats as SHUTDOWN: the data is written first."""
        self.process.stop(within_seconds=STOP_SECONDS)

    def kill(self) -> None:
        self.process.kill()

    def restart(self, *, emptied: bool = False) -> None:
        self.stop()
        if emptied:
            shutil.rmtree(self.data)
        self.start()

    def _command(self) -> list[str]:
        network = ["--bind", "127.0.0.1", "--port", str(self.port), "--daemonize", "no"]
        storage = ["--dir", str(self.data), "--save", "", "--appendonly", "yes", "--maxmemory-policy", "noeviction"]
        return [executable("redis-server", "redis-server"), *network, *storage, *self._arguments]

    def _answers(self) -> bool:
        with redis.Redis(port=self.port, socket_timeout=2, retry=Retry(NoBackoff(), 0)) as client:
            try:
                return bool(client.ping())
            except (redis.ConnectionError, redis.TimeoutError):  # BusyLoadingError is a ConnectionError
                return False


@contextmanager
def running_redis(*, arguments: tuple[str, ...] = ()) -> Iterator[Redis]:
    """A server in a temporary folder that goes with it; later `arguments` override ours."""
    with tempfile.TemporaryDirectory(prefix="acquit-redis-") as folder:
        server = Redis(Path(folder), arguments=arguments)
        try:
            server.start()
            yield server
        finally:
            server.stop()
