"""What the world is told of this process: /metrics, /livez, /readyz, from a thread of its own, so that it always answers."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from aiokafka import TopicPartition
from prometheus_client import ProcessCollector, make_wsgi_app

from acquit.capped import Capped
from acquit.worker.lanes import Lanes
from acquit.worker.metrics import Metrics
from acquit.worker.waiting import Waits


class Health:
    """Live: the loop turns, and what waits is moving on, or we know what for. Ready: all is loaded and nothing is missing."""

    def __init__(self, *, max_carriers: int, stall_seconds: float) -> None:
        self.carriers = Capped(max_carriers)
        self.metrics = Metrics(self.carriers)
        self.waits = Waits()
        self.metrics.ask(
            is_ready=lambda: not self.not_ready(), is_waiting_for=lambda server: server in self.waits.reasons
        )
        ProcessCollector(registry=self.metrics.registry)
        self.is_assigned = False
        self.lag: dict[TopicPartition, int] = {}
        self._stall_seconds = stall_seconds
        self._beat_at = time.monotonic()
        self._lanes: Mapping[str, Lanes] = {}

    def watch(self, lanes: Mapping[str, Lanes]) -> None:
        self._lanes = lanes
        self._beat_at = time.monotonic()

    def beat(self) -> float:
        """The loop turns; returns for how many seconds it did not."""
        before, self._beat_at = self._beat_at, time.monotonic()
        return self._beat_at - before

    def not_ready(self) -> list[str]:
        """Why senders and schedulers should not count on this worker now."""
        reasons = list(self.waits.reasons.values())
        if not self.is_assigned:
            reasons.append("no partitions assigned and loaded yet")
        return reasons

    def not_live(self) -> list[str]:
        """Why only a new start would help. Waiting for a server is no such reason."""
        now = time.monotonic()
        if self.waits.reasons:
            return []
        reasons = []
        if self._lanes and now - self._beat_at > self._stall_seconds:
            reasons.append(f"the event loop stands still for {now - self._beat_at:.0f} s")
        for name, lanes in self._lanes.items():
            if not lanes.is_idle and now - lanes.moved_at > self._stall_seconds:
                reasons.append(f"{name} stands still for {now - lanes.moved_at:.0f} s with records waiting")
        moved_at = max((lanes.moved_at for lanes in self._lanes.values()), default=now)
        if self.is_assigned and any(self.lag.values()) and now - moved_at > self._stall_seconds:
            reasons.append(f"records wait, and none was read for {now - moved_at:.0f} s")
        return reasons


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """One line a scrape would say nothing."""


def serve(health: Health, *, host: str, port: int) -> WSGIServer:
    """Serve in a daemon thread; `.server_port` of what is returned is the port. Raises OSError if it is taken."""
    server = make_server(host, port, _application(health), handler_class=_QuietHandler)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server


def _application(health: Health) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    metrics: Any = make_wsgi_app(health.metrics.registry)
    pages = {"/livez": health.not_live, "/readyz": health.not_ready}

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            return metrics(environ, start_response)  # type: ignore[no-any-return]
        if path not in pages:
            start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"/metrics, /livez, /readyz\n"]
        reasons = pages[path]()
        status = "503 Service Unavailable" if reasons else "200 OK"
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return ["".join(f"{reason}\n" for reason in reasons).encode() or b"ok\n"]

    return application
