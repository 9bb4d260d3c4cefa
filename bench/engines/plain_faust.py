"""Ordinary Faust: an agent, one record at a time, and two tables.

A table's key is of the partition of the record at hand, so places are counted by partition: nothing is sent but changelogs.
"""

import os
import sys
import time
from typing import Any

import faust
import orjson

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

TABLES = ("messages", "places")
BYTES: dict[str, Any] = {"key_type": bytes, "value_type": bytes}
RAW = BYTES | {"key_serializer": "raw", "value_serializer": "raw"}


def changelogs(name: str) -> list[str]:
    """What has to be there before it starts: a changelog that Faust has only just made counts as one without partitions."""
    return [f"{name}.faust-{table}-changelog" for table in TABLES]


def main(told: Task) -> None:
    app = faust.App(
        f"{told.name}.faust", broker=f"kafka://{told.bootstrap}", store="memory://", web_enabled=False, topic_partitions=12,
        topic_replication_factor=1, consumer_auto_offset_reset="earliest", broker_session_timeout=SESSION_MS / 1000,
        broker_heartbeat_interval=SESSION_MS / 3000, broker_commit_interval=COMMIT_SECONDS, topic_disable_leader=True,
    )  # fmt: skip
    messages, places = (app.Table(table, partitions=12, **BYTES) for table in TABLES)
    progress = Progress(told.records)
    last = [0.0]

    @app.agent(app.topic(told.topic, **RAW))  # type: ignore[untyped-decorator]  # Faust's
    async def ledger(stream: Any) -> None:
        async for event in stream.events():
            progress.advance()
            last[0] = time.monotonic()
            found = joinable(event.message.value)
            if found is None:
                continue
            key = found[0].encode()
            packed = messages.get(key)
            joined = unpack(packed) if packed else Joined()
            changes = join(joined, found[1])
            messages[key] = pack(joined)
            for change in changes:
                place = f"{event.message.partition}/{change[0]}".encode()
                counted = places.get(place)
                places[place] = orjson.dumps(count(orjson.loads(counted) if counted else None, change))
            if progress.seen == told.records:
                end()

    @app.timer(1.0)  # type: ignore[untyped-decorator]
    async def watch() -> None:
        if told.idle_seconds and last[0] and time.monotonic() - last[0] > told.idle_seconds:
            end()

    def end() -> None:
        tell(done=progress.seen)
        cells: dict[str, list[int]] = {}
        for key, value in places.items():
            place = key.decode().partition("/")[2]
            counted = orjson.loads(value)
            cells[place] = [one + other for one, other in zip(cells.get(place, [0] * 12), counted, strict=True)]
        tell(cells=cells)
        os._exit(0)

    sys.argv[1:] = []  # Faust would read it
    faust.Worker(app, loglevel="error").execute_from_commandline()


if __name__ == "__main__":
    main(task())
