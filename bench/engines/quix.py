"""Quix Streams with its RocksDB state and changelog. After the task: `GUARANTEE COUNTED`

Its state belongs to a record's key, so what is counted by place takes its own way: a repartition topic, and more state.
COUNTED is how many changes of counts there will be; with 0 messages are joined and merged, and nothing is counted.
"""

from typing import Any

from quixstreams import Application

from bench.engines.core import (
    COMMIT_SECONDS,
    SESSION_MS,
    Joined,
    Progress,
    Task,
    count,
    join,
    joinable,
    pack,
    task,
    tell,
    unpack,
)


class Flow:
    """The two steps, and the end of the measurement."""

    def __init__(self, app: Application, records: int, counted: int, *, ends_idle: bool) -> None:
        self._app = app
        self._left = counted or records
        self._is_counting = counted > 0
        self._ends_idle = ends_idle
        self.progress = Progress(records)

    def build(self, topic: str) -> None:
        source = self._app.topic(topic, key_deserializer="str", value_deserializer="bytes")
        frame = self._app.dataframe(source).apply(self._join, stateful=True, expand=True)
        if self._is_counting:
            frame = frame.group_by(_place, name="place", key_serializer="str", key_deserializer="str")
            frame.update(self._count, stateful=True)

    def _join(self, value: bytes, state: Any) -> list[Any]:
        self.progress.advance()
        changes: list[Any] = []
        found = joinable(value)
        if found is not None:
            packed = state.get_bytes(found[0])
            joined = unpack(packed) if packed else Joined()
            changes = join(joined, found[1])
            state.set_bytes(found[0], pack(joined))
        if not self._is_counting:
            self._one_less()
            return []
        return changes

    def _count(self, change: Any, state: Any) -> None:
        state.set("totals", count(state.get("totals"), tuple(change)))
        self._one_less()

    def _one_less(self) -> None:
        self._left -= 1
        if self._left == 0 and not self._ends_idle:
            self._app.stop()


def _place(change: Any) -> str:
    return str(change[0])


def main(told: Task) -> None:
    guarantee, counted = told.rest
    session = {"session.timeout.ms": SESSION_MS, "heartbeat.interval.ms": SESSION_MS // 3}
    app = Application(
        broker_address=told.bootstrap, consumer_group=f"{told.name}.quix", auto_offset_reset="earliest", loglevel="ERROR",
        commit_interval=COMMIT_SECONDS, state_dir=told.folder, processing_guarantee=guarantee,
        consumer_extra_config=session,
        # The id that it makes up is another after each start, and a killed transaction would hold up readers for a minute.
        producer_extra_config={"transactional.id": told.name} if guarantee == "exactly-once" else None,
    )  # fmt: skip
    flow = Flow(app, told.records, int(counted), ends_idle=told.idle_seconds > 0)
    flow.build(told.topic)
    app.run(timeout=told.idle_seconds)
    tell(done=flow.progress.seen)


if __name__ == "__main__":
    main(task())
