"""The engines that stand beside acquit: each a command, and what goes behind its task on the command line."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
from aiokafka.admin import AIOKafkaAdminClient

from bench import shapes
from bench.engines import made
from bench.engines.child import Run, run_engine
from bench.engines.core import COMMIT_SECONDS
from bench.engines.load import Cells, Difference, difference, latest
from bench.engines.plain_faust import changelogs
from bench.engines.topic import WITHIN_SECONDS, Topic
from bench.peers import ROOT

IDLE_SECONDS = 5
CHANGES = "CHANGES"
"""Stands for how many changes of counts there will be."""
ENVIRON = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}


@dataclass(frozen=True)
class Attempt:
    """One measurement: its group, the folder of its state, and the command to begin it or to begin it again."""

    name: str
    folder: Path
    command: list[str]
    behind: list[str]

    def begin(self, log: Path, *, kill_at: int | None = None) -> Run | None:
        return self._go(0, log, kill_at)

    def begin_again(self, log: Path) -> Run | None:
        return self._go(IDLE_SECONDS, log, None)

    def _go(self, idle_seconds: float, log: Path, kill_at: int | None) -> Run | None:
        command = [*self.command, str(idle_seconds), str(self.folder / "state"), *self.behind]
        return run_engine(command, ENVIRON, log, within_seconds=WITHIN_SECONDS, kill_at=kill_at)


@dataclass(frozen=True)
class Other:
    """What it counted it says itself, or its changelog does."""

    title: str
    command: Callable[[], Sequence[str]]
    behind: tuple[str, ...] = ()
    is_slow: bool = False
    is_counting: bool = True
    needed_topics: Callable[[str], list[str]] = lambda _: []

    def run(self, topic: Topic) -> tuple[Run, Difference | None]:
        with self._attempt(topic) as attempt:
            run = attempt.begin(self._log(topic))
            assert run is not None
            return run, self._difference(topic, attempt, run)

    def crash(self, topic: Topic) -> Difference | None:
        if not self.is_counting:
            return None
        with self._attempt(topic) as attempt:
            attempt.begin(self._log(topic), kill_at=topic.kill_at)
            run = attempt.begin_again(self._log(topic))
            assert run is not None
            return self._difference(topic, attempt, run)

    @contextmanager
    def _attempt(self, topic: Topic) -> Iterator[Attempt]:
        folder = Path(tempfile.mkdtemp(dir=topic.stage.folder))
        name = f"{topic.name}.{folder.name}"
        needed = dict.fromkeys(self.needed_topics(name), topic.partitions)
        if needed:
            asyncio.run(shapes.create(topic.stage.bootstrap, needed))
        command = [*self.command(), topic.stage.bootstrap, name, topic.events, str(len(topic.written.records))]
        behind = [str(topic.written.changes) if word is CHANGES else word for word in self.behind]
        try:
            yield Attempt(name, folder, command, behind)
        finally:
            shutil.rmtree(folder)

    def _difference(self, topic: Topic, attempt: Attempt, run: Run) -> Difference | None:
        if not self.is_counting:
            return None
        cells = run.cells if run.cells is not None else asyncio.run(_in_changelog(topic.stage.bootstrap, attempt.name))
        return difference(cells, topic.written.cells)

    def _log(self, topic: Topic) -> Path:
        return topic.stage.folder / f"{self.title.replace(' ', '-')}.log"


async def _in_changelog(bootstrap: str, name: str) -> Cells:
    """Quix's: the key is the record's, as JSON, and the name of its one value; the value is JSON."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        topics = [t for t in await admin.list_topics() if t.startswith(f"changelog__{name}.quix--repartition.")]
    finally:
        await admin.close()
    (topic,) = topics
    return {orjson.loads(key.rpartition(b"|")[0]): orjson.loads(value) for key, value in await latest(bootstrap, topic)}


def _faust() -> Sequence[str]:
    return [sys.executable, "-m", "bench.engines.plain_faust"]


def _quix() -> Sequence[str]:
    return [str(made.python()), "-m", "bench.engines.quix"]


def _bytewax() -> Sequence[str]:
    return [str(made.python()), "-m", "bench.engines.bytewax_flow"]


FAUST, QUIX, BYTEWAX, STREAMS = "ordinary Faust", "Quix Streams", "Bytewax", "Kafka Streams"
OTHERS = (
    Other(FAUST, _faust, is_slow=True, needed_topics=changelogs),
    Other(QUIX, _quix, ("at-least-once", CHANGES)),
    Other(f"{QUIX}, exactly once", _quix, ("exactly-once", CHANGES)),
    Other(f"{QUIX}, join alone", _quix, ("at-least-once", "0"), is_counting=False),
    Other(BYTEWAX, _bytewax, (str(COMMIT_SECONDS),)),
    Other(f"{BYTEWAX}, snapshots every 10 s", _bytewax, ("10",)),  # its default
    Other(STREAMS, made.java, ("at_least_once",)),
    Other(f"{STREAMS}, exactly once", made.java, ("exactly_once_v2",)),
)
