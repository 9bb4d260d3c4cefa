"""Peer (a): a bare aiokafka loop that parses each value with orjson and counts. `BOOTSTRAP RECORDS TOPIC...`

It reads everything three times over, for it is done with it in a second or two, in which anything may happen.
"""

import asyncio
import sys
import uuid
from collections.abc import Sequence

import orjson
from aiokafka import AIOKafkaConsumer

from acquit.worker.settings import Settings
from bench.peers import Pace, Stopwatch, say

PASSES = 3


async def consume(bootstrap: str, records: int, topics: Sequence[str]) -> Pace:
    """The clock runs from the first fetch of an assigned consumer to the last record."""
    consumer = AIOKafkaConsumer(
        *topics, bootstrap_servers=bootstrap, group_id=f"bare-{uuid.uuid4()}", auto_offset_reset="earliest",
        max_partition_fetch_bytes=Settings().fetch_max_bytes,
    )  # fmt: skip
    await consumer.start()
    watch = Stopwatch()
    try:
        for _ in range(PASSES):
            await _read(consumer, records)
            await consumer.seek_to_beginning()
        return watch.pace(PASSES * records)
    finally:
        await consumer.stop()


async def _read(consumer: AIOKafkaConsumer, records: int) -> None:
    seen = 0
    while seen < records:
        for batch in (await consumer.getmany(timeout_ms=1000)).values():
            for record in batch:
                try:
                    orjson.loads(record.value)
                except orjson.JSONDecodeError:
                    continue
            seen += len(batch)


if __name__ == "__main__":
    say(asyncio.run(consume(sys.argv[1], int(sys.argv[2]), sys.argv[3:])))
