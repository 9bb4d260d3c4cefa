"""A TCP proxy that makes a network bad: slow, cut, half open, or leading to another server."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tests.servers.process import free_ports

CHUNK_BYTES = 64 * 1024
CALL_SECONDS = 10


class Proxy:
    """Passes bytes on, each `delay_seconds` after it came, in both directions together. It runs in a thread of its own."""

    def __init__(self, target_port: int) -> None:
        (self.port,) = free_ports(1)
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.target_port = target_port
        self.delay_seconds = 0.0
        self._flows = asyncio.Event()
        self._flows.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._do(self._listen())

    def stop(self) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_SECONDS)
        self._loop.close()

    def hold(self) -> None:
        """From now on nothing passes, and nobody is told: connections are taken, and never answered."""
        self._do(self._set_flowing(is_flowing=False))

    def go_on(self) -> None:
        self._do(self._set_flowing(is_flowing=True))

    def cut(self) -> None:
        """Close all connections; new ones are taken."""
        self._do(self._close_all())

    def lead_to(self, port: int) -> None:
        """As when a name is given to another server: new connections go there, and those that are open end."""
        self.target_port = port
        self.cut()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL_SECONDS)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _end(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._close_all()

    async def _set_flowing(self, *, is_flowing: bool) -> None:
        (self._flows.set if is_flowing else self._flows.clear)()

    async def _close_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, there[1]}
        for source, sink in ((reader, there[1]), (there[0], writer)):
            task = asyncio.create_task(self._pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(CHUNK_BYTES):
                await self._flows.wait()
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds / 2)
                sink.write(data)
                await sink.drain()
        sink.transport.abort()


@contextmanager
def running_proxy(target_port: int) -> Iterator[Proxy]:
    proxy = Proxy(target_port)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
