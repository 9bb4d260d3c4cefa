"""Peer (a): a bare aiokafka loop that parses each value with orjson and counts. `BOOTSTRAP RECORDS TOPIC...`"""

import asyncio
import sys
import uuid
from collections.abc import Sequence

import orjson
from aiokafka import AIOKafkaConsumer

from acquit.worker.settings import Settings
from bench.peers import Pace, Stopwatch, say


async def consume(bootstrap: str, records: int, topics: Sequence[str]) -> Pace:
    """The clock runs from the first fetch of an assigned consumer to the last record."""
    consumer = AIOKafkaConsumer(
        *topics, bootstrap_servers=bootstrap, group_id=f"bare-{uuid.uuid4()}", auto_offset_reset="earliest",
        max_partition_fetch_bytes=Settings().fetch_max_bytes,
    )  # fmt: skip
    await consumer.start()
    watch, seen = Stopwatch(), 0
    try:
        while seen < records:
            for batch in (await consumer.getmany(timeout_ms=1000)).values():
                for record in batch:
                    try:
                        orjson.loads(record.value)
                    except orjson.JSONDecodeError:
                        continue
                seen += len(batch)
        return watch.pace(seen)
    finally:
        await consumer.stop()


if __name__ == "__main__":
    say(asyncio.run(consume(sys.argv[1], int(sys.argv[2]), sys.argv[3:])))
