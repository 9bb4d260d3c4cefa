"""Whether all is counted that stood in the sources at some moment: a day, or an hour, without its answers accuses somebody.

Topics are read at different speeds, so that the newest of one says nothing of another. Three steps, each behind the one
before it: where the sources end is asked once, and then whether the group has read that far; where `acquit.events` ends
is asked next, for all of that is in it by now; and then the ledgers' own word is waited for, in `acquit.tallies`, that the
totals of all before these ends have left. What is sent after the first question does not count, whatever its time: so a
record of a wrong time holds nothing up, and a feed that is dead is read. None of this waits, and nothing is given up.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from math import inf
from time import monotonic
from typing import Any, Protocol

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from acquit.worker.partition_reader import Span, ask_spans, open_reader, read
from acquit.worker.settings import Settings
from acquit.worker.sources import sources_of
from acquit.worker.topics import partition_counts
from acquit.worker.waiting import is_passing

FIRST_SECONDS, LONGEST_SECONDS = 1.0, 30.0
"""From one question to the next while something is not read."""
SAID_SECONDS = 10.0
"""What is not read is said when it lasts: something was always sent just now."""
PEEK_BYTES = 64 * 1024
"""It is asked whether there are records, not for them."""
Ends = Mapping[TopicPartition, int]
log = logging.getLogger(__name__)


class Offsets(Protocol):
    """What Kafka knows. Both raise KafkaError."""

    async def ends(self, topics: Collection[str]) -> Ends:
        """Where all partitions of these topics end now."""

    async def first_unread(self, ends: Ends) -> TopicPartition | None:
        """A partition that has a record before its end which the group has not read; None: all are read."""


@dataclass
class _Mark:
    """What stood in the sources once, and in the log when all of that was read."""

    at: float  # when it was asked, by the clock of whoever judges
    begun: float  # by ours
    sources: Ends | None = None
    events: Ends | None = None
    said: set[str] = field(default_factory=set)  # topics of which it was said that they are not read


class LowWater:
    """Asked for by whoever judges, as often as they like; Kafka is asked seldom, and by a task of its own."""

    def __init__(self, what: str, offsets: Offsets, *, sources: Collection[str], events: str) -> None:
        """`what` waits for it, in the log's words."""
        self._what, self._offsets = what, offsets
        self._sources, self._events = sources, events
        self._mark = _Mark(-inf, 0.0)
        self._asking: asyncio.Task[None] | None = None
        self._ask_at, self._pause = 0.0, FIRST_SECONDS

    def is_counted(self, since: float, *, now: float, counted: Mapping[int, int]) -> bool:
        """Whether all that was sent by some moment from `since` to `now` is in the totals that have been read.

        Both are of the caller's own clock; `counted` is the last offset of each partition of the log of which the ledger
        said that all totals before it have left. Raises what went wrong with the question, unless it may go away by itself.
        """
        if self._asking is not None and self._asking.done():
            asking, self._asking = self._asking, None
            asking.result()
        if self._mark.at < since:
            self._begin(now)
        if self._mark.events is not None:
            return all(counted.get(tp.partition, -1) + 1 >= end for tp, end in self._mark.events.items())
        if self._asking is None and monotonic() >= self._ask_at:
            self._ask_at = monotonic() + self._pause
            self._pause = min(2 * self._pause, LONGEST_SECONDS)
            self._asking = asyncio.create_task(self._ask(self._mark))
        return False

    def stop(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _begin(self, now: float) -> None:
        self.stop()  # what it finds belongs to another mark
        self._mark = _Mark(now, monotonic())
        self._ask_at, self._pause = 0.0, FIRST_SECONDS

    async def _ask(self, mark: _Mark) -> None:
        try:
            if mark.sources is None:
                mark.sources = await self._offsets.ends(self._sources)
            unread = await self._offsets.first_unread(mark.sources)
            if unread is None:
                mark.events = await self._offsets.ends([self._events])
            elif unread.topic not in mark.said and monotonic() >= mark.begun + SAID_SECONDS:
                mark.said.add(unread.topic)
                log.info(
                    "%s wait till all that was sent is read: %s/%d is not", self._what, unread.topic, unread.partition
                )
        except (KafkaError, OSError) as error:
            if not is_passing(error):
                raise
            log.warning("%s wait: what is read cannot be asked now: %s", self._what, type(error).__name__)


class GroupOffsets:
    """The offsets that the app's group has committed, beside where topics end."""

    def __init__(self, settings: Settings, options: Mapping[str, Any]) -> None:
        self._settings, self._options = settings, options

    async def ends(self, topics: Collection[str]) -> Ends:
        """With what an open transaction hides: it was sent, too."""
        counts = await partition_counts(self._settings)
        tps = [TopicPartition(topic, number) for topic in topics for number in range(counts.get(topic, 0))]
        async with open_reader(self._options, "read_uncommitted", fetch_bytes=PEEK_BYTES) as reader:
            return {tp: span.end for tp, span in (await ask_spans(reader, tps)).items()}

    async def first_unread(self, ends: Ends) -> TopicPartition | None:
        """Offsets alone do not tell: the last ones may be marks of transactions, which nobody reads."""
        committed = await self._committed(list(ends))
        behind = {tp: Span(committed[tp], end) for tp, end in ends.items() if committed[tp] < end}
        if not behind:
            return None
        async with open_reader(self._options, "read_committed", fetch_bytes=PEEK_BYTES) as reader:
            kept = await ask_spans(reader, behind)
            for tp, span in behind.items():
                if kept[tp].end < span.end:  # a transaction is open
                    return tp
            left = {tp: Span(max(span.begin, kept[tp].begin), span.end) for tp, span in behind.items()}
            async with aclosing(read(reader, left)) as batches:
                async for records in batches:
                    tp = TopicPartition(records[0].topic, records[0].partition)
                    if records[0].offset < left[tp].end:
                        return tp
        return None

    async def _committed(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Where the group reads on; 0 where it never read anything."""
        admin = AIOKafkaAdminClient(**self._options)
        await admin.start()
        try:
            found = await admin.list_consumer_group_offsets(self._settings.app_id, partitions=tps or None)
        finally:
            await admin.close()
        return {tp: max(0, found[tp].offset) if tp in found else 0 for tp in tps}


def low_water(what: str, settings: Settings, options: Mapping[str, Any]) -> LowWater | None:
    """For whoever judges this. None with the embedded broker, whose end offsets cannot be trusted."""
    if not settings.fencing:
        return None
    offsets = GroupOffsets(settings, options)
    return LowWater(what, offsets, sources=list(sources_of(settings)), events=settings.topic("events"))
