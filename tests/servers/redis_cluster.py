"""A Redis Cluster of three masters, and a Sentinel over a master and its replica, on loopback."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis as redis_py

from tests.servers.process import ServerProcess, executable, free_ports
from tests.servers.redis import START_SECONDS, STOP_SECONDS, Redis, running_redis

SLOTS = 16_384
WITHIN_SECONDS = 20
MASTER = "the-list"


@dataclass(frozen=True)
class Sentinel:
    port: int
    master: Redis
    replica: Redis


@contextmanager
def running_cluster() -> Iterator[list[Redis]]:
    """Three masters that have a third of the slots each."""
    with ExitStack() as stack:
        bus = free_ports(3)  # by itself it would be the port and ten thousand, which somebody else may have
        nodes = [
            stack.enter_context(
                running_redis(arguments=("--cluster-enabled", "yes", "--cluster-port", str(port), "--appendonly", "no"))
            )
            for port in bus
        ]
        _meet(nodes, bus)
        yield nodes


@contextmanager
def running_sentinel() -> Iterator[Sentinel]:
    with ExitStack() as stack:
        master, replica = (stack.enter_context(running_redis()) for _ in range(2))
        with redis_py.Redis(port=replica.port) as client:
            client.replicaof("127.0.0.1", master.port)
        (port,) = free_ports(1)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="acquit-sentinel-")))
        (folder / "sentinel.conf").write_text(
            f"port {port}\nbind 127.0.0.1\nsentinel monitor {MASTER} 127.0.0.1 {master.port} 1\n"
            f"sentinel down-after-milliseconds {MASTER} 500\nsentinel failover-timeout {MASTER} 5000\n"
        )
        process = ServerProcess("Sentinel", folder / "sentinel.log")
        command = [executable("redis-server", "redis-server"), str(folder / "sentinel.conf"), "--sentinel"]
        process.start(command, answers=lambda: _knows_replica(port), within_seconds=START_SECONDS)
        stack.callback(process.stop, within_seconds=STOP_SECONDS)
        yield Sentinel(port, master, replica)


def _meet(nodes: list[Redis], bus: list[int]) -> None:
    clients: list[Any] = [redis_py.Redis(port=node.port, decode_responses=True) for node in nodes]
    try:
        for number, client in enumerate(clients):
            first, behind = SLOTS * number // len(nodes), SLOTS * (number + 1) // len(nodes)
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, behind - 1)
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", nodes[0].port, bus[0])
        deadline = time.monotonic() + WITHIN_SECONDS
        while not all("cluster_state:ok" in _info(client) and f"cluster_known_nodes:{len(nodes)}" in _info(client)
                      for client in clients):  # fmt: skip
            assert time.monotonic() < deadline, "the nodes do not meet"
            time.sleep(0.1)
    finally:
        for client in clients:
            client.close()


def _info(client: Any) -> str:
    return str(client.execute_command("CLUSTER", "INFO"))


def _knows_replica(port: int) -> bool:
    client: Any = redis_py.Redis(port=port, socket_timeout=1)
    try:
        return bool(client.sentinel_slaves(MASTER))
    except redis_py.RedisError:
        return False
    finally:
        client.close()
