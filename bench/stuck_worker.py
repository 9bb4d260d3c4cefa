"""A worker whose ledger stands still: each partition's first batch takes 15 s, while intake goes on at full speed."""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka import TopicPartition

from acquit.__main__ import main
from acquit.worker.app import Worker

STUCK_SECONDS = 15


def stick() -> None:
    take_events = Worker._take_events
    stuck: set[int] = set()

    async def stuck_take_events(self: Worker, tp: TopicPartition, records: Sequence[Any]) -> None:
        if tp.partition not in stuck:
            stuck.add(tp.partition)
            await asyncio.sleep(STUCK_SECONDS)
        await take_events(self, tp, records)

    Worker._take_events = stuck_take_events  # type: ignore[method-assign]  # the one thing that this launcher is for


if __name__ == "__main__":
    stick()
    main(["worker"])
