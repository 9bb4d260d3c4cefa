"""How cost grows: CPU and memory of one partition's fold by the messages of its window, and by its routes. No I/O.

`MESSAGES ROUTES` is a peer: it fills a window with so many messages and measures the last stretch, with what a commit packs
for the journal in it. A message is a submit and a receipt.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec
import orjson

from bench.peers import run_peer
from bench.recovery import BATCH, Log, new_partition, traffic

SIZES = (200_000, 1_000_000, 3_000_000)
ROUTES = (10, 100, 1_000)
ROUTES_AT = 200_000
USUAL_ROUTES = 30
HUGE = (5_000_000, 20_000_000)
HOURS = 70
"""That all messages spread over: nearly the whole window, so that every block of it has its share."""
STRETCH = 200_000
"""Events at the end over which is measured."""
WITHIN_SECONDS = 3_600
TARGET = 1.5
"""Times the cost of the smallest window or the fewest routes."""


@dataclass(frozen=True)
class Growth:
    messages: int
    routes: int
    us_per_event: float  # CPU of the fold
    us_to_journal: float  # and of packing its changes, per event
    bytes_per_message: float  # resident, over an empty partition
    checkpoint_seconds: float  # CPU of packing all blocks, in which nothing else is done


def measure(sizes: Sequence[int] = SIZES, routes: Sequence[int] = ROUTES) -> Iterator[Growth]:
    for messages, number in [*((size, USUAL_ROUTES) for size in sizes), *((ROUTES_AT, number) for number in routes)]:
        yield Growth(**run_peer("growth", [str(messages), str(number)], within_seconds=WITHIN_SECONDS))  # type: ignore[arg-type]


def told(growth: Growth) -> str:
    return (
        f"{growth.messages:>10,} messages {growth.routes:>5,} routes: {growth.us_per_event:5.1f} us per event, "
        f"{growth.us_to_journal:4.2f} to journal it; {growth.bytes_per_message:4.0f} bytes per message; "
        f"{growth.checkpoint_seconds:5.2f} s to pack all blocks"
    )


def verdict(all_growth: Sequence[Growth]) -> str:
    """How much dearer the dearest event is than that of the first line."""
    dearest = max(growth.us_per_event for growth in all_growth) / all_growth[0].us_per_event
    return f"an event of the largest window costs {dearest:.2f} times   target <= {TARGET:g}: " + (
        "met" if dearest <= TARGET else "MISSED"
    )


def _main(messages: int, routes: int) -> Growth:
    state, log = new_partition(0, max_messages=2 * messages), Log()
    warm = new_partition(0)
    warm.fold([Log().record(event) for _, event in traffic(100)])
    empty, folding, journaling, done = _resident_bytes(), 0.0, 0.0, 0
    events = (event for _, event in traffic(messages, routes=routes, hours=HOURS))
    while records := [log.record(event) for event in islice(events, BATCH)]:
        begun = time.process_time()
        state.fold(records)
        folded = time.process_time()
        for table in state.tables.values():
            msgspec.msgpack.encode(table.take_delta())
        done += len(records)
        if done > 2 * messages - STRETCH:
            folding, journaling = folding + folded - begun, journaling + time.process_time() - folded
    records.clear()
    grown = _resident_bytes() - empty
    begun = time.process_time()
    window = state.messages.window
    for block in window.take_stale():
        msgspec.msgpack.encode(dict(window.block_rows(block)))
    stretch = min(STRETCH, 2 * messages)
    return Growth(
        messages, routes, folding / stretch * 1e6, journaling / stretch * 1e6, grown / messages,
        time.process_time() - begun,
    )  # fmt: skip


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(_main(int(sys.argv[1]), int(sys.argv[2]))))
