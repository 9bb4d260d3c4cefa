"""`acquit demo`: the whole main job on embedded servers, with traffic that has a story, and a live view of it.

Everything lives in one temporary folder and ends with this process: the broker, Valkey, the worker.
"""

import asyncio
import os
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer
from rich.console import Console
from rich.live import Live as LiveScreen

from acquit.address import mask
from acquit.effects import Alert, Suppression
from acquit.simulate.live import CYCLE, LYING_CARRIER, PROVIDERS, forged_days
from acquit.worker import topics
from acquit.worker.connections import kafka_options
from acquit.worker.embedded import CannotStartError, child, embedded, free_port
from acquit.worker.feeding import feed_live, feed_records
from acquit.worker.screen import screen
from acquit.worker.settings import Settings
from acquit.worker.settings_file import load
from acquit.worker.top import View, Watcher

LEAST_MEMORY_BYTES = 700 * 1024 * 1024
RAW = {
    f"raw.{provider}": provider for provider in (*PROVIDERS, "vonage")
}  # the days of the story are in vonage's words, too
NEWS = 50


def run(*, seconds: float | None, http_port: int, kafka_port: int, redis_port: int) -> None:
    """Until Ctrl-C, or for so many seconds. Raises CannotStartError with what to do."""
    _check_memory()
    ports = {"kafka": free_port(kafka_port, "kafka"), "redis": free_port(redis_port, "redis"),
             "http": free_port(http_port, "http")}  # fmt: skip
    console = Console()
    with tempfile.TemporaryDirectory(prefix="acquit-demo-") as name, ExitStack() as stack:
        folder = Path(name)
        environ = _environ(ports)
        settings = load(None, environ)
        console.print("starting the embedded broker and Valkey …")
        stack.enter_context(embedded(folder, kafka_port=ports["kafka"], redis_port=ports["redis"]))
        asyncio.run(topics.create(settings, with_raw=True))
        console.print("starting a worker …")
        watcher = Watcher(f"http://127.0.0.1:{ports['http']}")
        command = [sys.executable, "-m", "acquit", "worker"]
        own = {**{k: v for k, v in os.environ.items() if not k.startswith("ACQUIT_")}, **environ}
        stack.enter_context(
            child("the worker", command, folder / "worker.log", lambda: watcher.look().is_there, environ=own)
        )
        news: deque[str] = deque(maxlen=NEWS)
        stack.enter_context(_in_background(_traffic(settings), _listen(settings, news)))
        console.out(_how_to(ports), highlight=False)
        _show(console, watcher, news, seconds=seconds, hint=_hint(ports))
    console.out('All of it has ended. Next: README.md, "With a Kafka and a Redis".', highlight=False)


def _environ(ports: dict[str, int]) -> dict[str, str]:
    """The demo's settings: what takes hours in earnest takes seconds here."""
    return {
        "ACQUIT_KAFKA_BOOTSTRAP": f"127.0.0.1:{ports['kafka']}",
        "ACQUIT_REDIS_URL": f"redis://127.0.0.1:{ports['redis']}/0",
        "ACQUIT_HTTP_PORT": str(ports["http"]),
        "ACQUIT_RAW_TOPICS": ",".join(f"{topic}={provider}" for topic, provider in RAW.items()),
        "ACQUIT_FENCING": "false",
        "ACQUIT_EVENT_PARTITIONS": "3",
        "ACQUIT_SESSION_TIMEOUT_SECONDS": "6",
        "ACQUIT_HEARTBEAT_SECONDS": "2",
        "ACQUIT_REBALANCE_TIMEOUT_SECONDS": "6",
        "ACQUIT_TALLY_SECONDS": "0.5",
        "ACQUIT_WINDOW_HOURS": "96",  # as far as the story of a route that lies goes back
        "ACQUIT_DELIVERY_FLOORS": "sms=0,email=0",  # the story's carriers are under the usual ones, always
        "ACQUIT_LOG_LEVEL": "warning",
    }


def _check_memory() -> None:
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):  # not everywhere is it known
        return
    if free < LEAST_MEMORY_BYTES:
        raise CannotStartError(
            f"{free >> 20} MiB of memory are free, and the demo needs {LEAST_MEMORY_BYTES >> 20}: end something"
        )


async def _traffic(settings: Settings) -> None:
    """Days of a route that lies, then what happens, as it happens."""
    await _tell_lies(settings, datetime.now(UTC))
    await feed_live(settings)


async def _tell_lies(settings: Settings, now: datetime) -> None:
    """What is later waits: a day is judged when later ones are known of, once."""
    sent = await feed_records(settings, forged_days(now))
    watcher = Watcher(f"127.0.0.1:{settings.http_port}")
    while (await asyncio.to_thread(watcher.look)).raw_records < sent:  # noqa: ASYNC110 - another process knows
        await asyncio.sleep(0.2)


async def _listen(settings: Settings, news: deque[str]) -> None:
    """What the worker tells the world: changes of the list, alerts. Addresses are masked."""
    log, alerts = settings.topic("suppression-log"), settings.topic("alerts")
    consumer = AIOKafkaConsumer(log, alerts, **kafka_options(settings), auto_offset_reset="earliest")
    await consumer.start()
    began = datetime.now(UTC)
    try:
        async for record in consumer:
            news.extend(_alert_lines(record) if record.topic == alerts else _change_lines(record, began))
    finally:
        await consumer.stop()


def _alert_lines(record: Any) -> Sequence[str]:
    alert = msgspec.json.decode(record.value, type=Alert)
    sign = "▼ ALERT  " if alert.state == "raised" else "▲ cleared"
    if alert.verdict is None or alert.verdict.verdict == "clean":
        return [f"{alert.at:%H:%M:%S} {sign}  {alert.sentence}"]
    verdict, share = alert.verdict, alert.verdict.share
    doubtful = f" {share.estimate:.1%} ({100 * share.low:.1f}-{share.high:.1%})" if share else ""
    whose = f", {verdict.who}" if verdict.who else ""
    return [
        f"{alert.at:%H:%M:%S} {sign}  {verdict.route} on {verdict.carrier}: {verdict.verdict}{doubtful}{whose}",
        f"{'':20}acquit routes evidence {verdict.route} --carrier {verdict.carrier} --html why.html",
    ]


def _change_lines(record: Any, began: datetime) -> Sequence[str]:
    change = msgspec.json.decode(record.value, type=Suppression)
    entry = change.entry or change.before
    if entry is None or entry.since < began:
        return []
    channel, _, address = change.recipient.partition(":")
    why = (entry.evidence.rule or entry.rule).replace(":code:", " ")
    return [f"{change.at:%H:%M:%S} {change.change:10s} {channel} {mask(address)} {entry.reason} {why}"]


@contextmanager
def _in_background(*work: Any) -> Iterator[None]:
    """Coroutines in a thread of their own, so that drawing never holds them up."""
    loop = asyncio.new_event_loop()
    tasks: list[asyncio.Task[None]] = []

    async def all_of_them() -> None:
        tasks.extend(asyncio.ensure_future(one) for one in work)
        await asyncio.gather(*tasks, return_exceptions=True)

    thread = threading.Thread(target=loop.run_until_complete, args=(all_of_them(),), name="demo", daemon=True)
    thread.start()
    try:
        yield
    finally:
        for task in tasks:
            loop.call_soon_threadsafe(task.cancel)
        thread.join(10)
        loop.close()


def _show(console: Console, watcher: Watcher, news: deque[str], *, seconds: float | None, hint: str) -> None:
    deadline = time.monotonic() + seconds if seconds else None
    try:
        if console.is_terminal:
            with LiveScreen(console=console, screen=True, auto_refresh=False) as live:
                for view in _views(watcher, deadline):
                    now = f"{datetime.now(UTC):%H:%M:%S} UTC   Ctrl-C ends"
                    live.update(screen(view, told=[*news], height=console.height, now=now, hint=hint), refresh=True)
        else:
            _show_lines(watcher, news, deadline)
    except KeyboardInterrupt:
        pass


def _show_lines(watcher: Watcher, news: deque[str], deadline: float | None) -> None:
    told = 0
    for number, view in enumerate(_views(watcher, deadline)):
        fresh = list(news)[told:]
        told += len(fresh)
        for line in fresh:
            sys.stdout.write(f"{line}\n")
        if number % 5 == 0:
            sys.stdout.write(f"{line_of(view)}\n")
        sys.stdout.flush()


def line_of(view: View) -> str:
    """A view in a line, for logs."""
    shown = "  ".join(
        f"{c.channel} {c.name} {c.recent:.1%}{' ALERT' if c.is_alerting else ''}"
        for c in view.carriers
        if c.recent is not None
    )
    return f"{view.raw_per_second:.0f} records/s  lag {view.lag_records}  {shown}"


def _views(watcher: Watcher, deadline: float | None) -> Iterator[View]:
    while deadline is None or time.monotonic() < deadline:
        began = time.monotonic()
        yield watcher.look()
        time.sleep(max(0.0, 1.0 - (time.monotonic() - began)))


def _how_to(ports: dict[str, int]) -> str:
    """What to try from another terminal, while it runs."""
    return f"""
While it runs, from another terminal:
  export ACQUIT_REDIS_URL=redis://127.0.0.1:{ports["redis"]}/0
  .venv/bin/acquit suppression list | head              # who is suppressed, why
  .venv/bin/acquit suppression check sms:+33612345678   # may I send?
  redis-cli -p {ports["redis"]} exists 'sup:{{sms:+33612345678}}:*' # as senders ask
  curl -s http://127.0.0.1:{ports["http"]}/metrics | grep cohort
  .venv/bin/acquit top 127.0.0.1:{ports["http"]}                # this view
Alerts: the topic acquit.alerts, and acquit_alert_active in the metrics.
Every {CYCLE} seconds a carrier falls and recovers; its alert stays up. In the days
before, a supplier on {LYING_CARRIER} forged receipts. Why that is said of it:
  export ACQUIT_KAFKA_BOOTSTRAP=127.0.0.1:{ports["kafka"]}
  .venv/bin/acquit routes list
"""


def _hint(ports: dict[str, int]) -> str:
    return f"ask: redis-cli -p {ports['redis']}   metrics, acquit top: 127.0.0.1:{ports['http']}"
