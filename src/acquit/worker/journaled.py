"""An agent with a journal: owns the partitions that it is given, folds their batches, commits each in one transaction.

Ledger and routes differ in what they fold and send; that it is exact is decided here, once.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from acquit.worker.journal import Journal, Known, State, nothing_known, own_all
from acquit.worker.marks import mark
from acquit.worker.origin import check_source
from acquit.worker.sending import Outgoing
from acquit.worker.waiting import Waits, backoff, is_passing, pause

S = TypeVar("S", bound=State)
Fold = Callable[[S, Sequence[Any]], list[Outgoing]]
log = logging.getLogger(__name__)


class HoleError(Exception):
    """A batch begins beyond the journal's end, and not because of retention."""


class Journaled(Generic[S]):
    """The partitions of one agent. `fold` brings a state forward and returns what is to be sent."""

    def __init__(
        self,
        *,
        source: str,
        journal_topic: str,
        new_state: Callable[[int], S],
        fold: Fold[S],
        committed: Callable[[S], None],
        is_contiguous: bool,
        waits: Waits,
        options: Mapping[str, Any],
        transactional_prefix: str | None,
    ) -> None:
        self._source = source
        self._journal_topic = journal_topic
        self._new_state = new_state
        self._fold = fold
        self._committed = committed
        self._is_contiguous = is_contiguous  # a topic written in transactions has offsets without records
        self._waits = waits
        self._options = options
        self._prefix = transactional_prefix
        self.journals: dict[int, Journal[S]] = {}
        self.known: Callable[[int], Known] = nothing_known
        """What is known of a partition's journal without reading: a standby's word, where there is one."""

    async def own(self, partitions: Iterable[int], reader: AIOKafkaConsumer) -> int:
        """Own these partitions and no others; returns how many records retention took before they were read."""
        await self.disown()
        wanted = [self._journal(partition) for partition in partitions]
        await own_all(wanted)
        self.journals = {journal.partition: journal for journal in wanted}  # before a check fails, to be disowned then
        lost = 0
        for journal in wanted:
            if self._prefix is not None:  # the embedded broker's end offsets cannot be trusted
                lost += await self._check(journal, reader)
        return lost

    async def disown(self) -> None:
        journals, self.journals = self.journals, {}
        await asyncio.gather(*(journal.disown() for journal in journals.values()))

    @property
    def loaded(self) -> int:
        """Journal records that the state of the owned partitions was loaded from."""
        return sum(journal.loaded for journal in self.journals.values())

    def positions(self) -> dict[TopicPartition, int]:
        """Where each partition is to be read on."""
        return {
            TopicPartition(self._source, partition): journal.state.head.to + 1
            for partition, journal in self.journals.items()
        }

    async def take(self, tp: TopicPartition, records: Sequence[Any]) -> None:
        """Fold a batch and commit it. While Kafka is away: own the partition again, and fold what it then still lacks."""
        for seconds in backoff():
            try:
                await self._commit(self.journals[tp.partition], records)
                break
            except (KafkaError, OSError) as error:
                if not is_passing(error):
                    raise
                self._waits.begin("Kafka", error)
                await pause(seconds)
                await self._own_again(tp.partition)
        self._waits.end("Kafka")

    async def flush(self, tp: TopicPartition, outgoing: Callable[[S], list[Outgoing]]) -> None:
        """Send what waits in the state for more traffic. It may leave twice, so it is not journaled."""
        journal = self.journals.get(tp.partition)
        if journal is None:
            return
        try:
            records = outgoing(journal.state)
            if records:
                await journal.send(records)
        except (KafkaError, OSError) as error:
            if not is_passing(error):
                raise
            await self._own_again(tp.partition)

    async def turn(self, tp: TopicPartition, fold: Callable[[S], list[Outgoing]]) -> None:
        """Bring a state forward by the clock alone, and commit it if anything came of it."""
        journal = self.journals.get(tp.partition)
        if journal is None:
            return
        try:
            outgoing = fold(journal.state)
            if outgoing or journal.has_changes():
                await journal.commit(outgoing)
                self._committed(journal.state)
        except (KafkaError, OSError) as error:
            if not is_passing(error):
                raise
            await self._own_again(tp.partition)

    async def _commit(self, journal: Journal[S], records: Sequence[Any]) -> None:
        head = journal.state.head
        fresh = records if records[0].offset > head.to else [r for r in records if r.offset > head.to]
        if not fresh:
            return
        if self._is_contiguous and head.to >= 0 and fresh[0].offset != head.to + 1:
            raise HoleError(f"{fresh[0].offset} follows {head.to}")
        outgoing = self._fold(journal.state, fresh)
        await journal.commit(outgoing)
        self._committed(journal.state)

    async def _own_again(self, partition: int) -> None:
        """Whether the transaction ended well is not known: the journal is."""
        for seconds in backoff():
            await self.journals[partition].disown()
            journal = self._journal(partition)
            try:
                await journal.own()
            except (KafkaError, OSError) as error:
                if not is_passing(error):
                    raise
                self._waits.begin("Kafka", error)
                await pause(seconds)
            else:
                self.journals[partition] = journal
                return

    async def _check(self, journal: Journal[S], reader: AIOKafkaConsumer) -> int:
        head = journal.state.head
        tp = TopicPartition(self._source, journal.partition)
        said = mark(head.timestamp_ms, head.checksum) if head.to >= 0 else ""
        lost = await check_source(reader, tp, read_to=head.to + 1, mark=said)
        head.to += lost  # what is gone is not waited for
        return lost if self._is_contiguous else 0

    def _journal(self, partition: int) -> Journal[S]:
        return Journal(
            self._journal_topic,
            partition,
            self._new_state(partition),
            options=self._options,
            transactional_id=None if self._prefix is None else f"{self._prefix}-{partition}",
            known=self.known,
        )
