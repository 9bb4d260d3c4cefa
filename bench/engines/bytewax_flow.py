"""Bytewax with keyed state and its recovery store. After the task: seconds between snapshots

It reads to the end of the topic and ends by itself, whether it began anew or after a crash.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import bytewax.operators as op
from bytewax._bytewax import cli_main
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.recovery import RecoveryConfig, init_db_dir

from bench.engines.core import Change, Joined, Progress, Task, count, join, joinable, pack, task, tell, unpack

Keyed = tuple[str, Any]


class Counting(StatefulBatchLogic):  # type: ignore[misc]  # its environment is its own: Any here
    """The totals of a place; they leave when the input has ended."""

    def __init__(self, totals: list[int] | None) -> None:
        self._totals = totals

    def on_batch(self, values: Iterable[Change]) -> tuple[list[Any], bool]:
        for change in values:
            self._totals = count(self._totals, change)
        return [], False

    def on_eof(self) -> tuple[list[Any], bool]:
        return [self._totals], False

    def snapshot(self) -> list[int] | None:
        return list(self._totals) if self._totals else None


class Kept(DynamicSink):  # type: ignore[misc]
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.cells: dict[str, list[int]] = {}

    def build(self, *_: Any) -> "KeptPart":
        return KeptPart(self.cells)


class KeptPart(StatelessSinkPartition):  # type: ignore[misc]
    def __init__(self, cells: dict[str, list[int]]) -> None:
        self._cells = cells

    def write_batch(self, items: list[Keyed]) -> None:
        self._cells.update(items)


def flow(told: Task, progress: Progress, kept: Kept) -> Dataflow:
    def decode(batch: list[Any]) -> list[Keyed]:
        progress.advance(len(batch))
        return [found for found in (joinable(record.value) for record in batch) if found is not None]

    def take(packed: bytes | None, event: Any) -> tuple[bytes, list[Change]]:
        joined = (
            unpack(packed) if packed else Joined()
        )  # a snapshot pickles the state, which is slow for anything but bytes
        changes = join(joined, event)
        return pack(joined), changes

    def by_place(changes: list[tuple[str, list[Change]]]) -> list[Keyed]:
        return [(change[0], change) for _, found in changes for change in found]

    built = Dataflow("bench")
    records = op.input("records", built, KafkaSource([told.bootstrap], [told.topic], tail=False))
    events = op.flat_map_batch("decode", records, decode)
    changes = op.stateful_map("join", events, take)
    places = op.flat_map_batch("places", changes, by_place)
    op.output("kept", op.stateful_batch("count", places, Counting), kept)
    return built


def main(told: Task) -> None:
    if not told.folder.exists():
        told.folder.mkdir()
        init_db_dir(told.folder, 1)
    progress, kept = Progress(told.records), Kept()
    recovery = RecoveryConfig(told.folder)
    cli_main(
        flow(told, progress, kept), epoch_interval=timedelta(seconds=float(told.rest[0])), recovery_config=recovery
    )
    tell(done=progress.seen)
    tell(cells=kept.cells)


if __name__ == "__main__":
    main(task())
