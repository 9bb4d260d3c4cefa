"""Faust agents that get one fetched batch of a partition as one event, and an offset committed only when they say so.

Faust's cost is per event, not per byte, so a batch of records is one event. And Faust calls a record acknowledged when the
agent asks for the next one, or raises: here its acknowledgements mean nothing, `done` is what is committed. This page
leans on internals of faust-streaming 0.15: `_getmany`, `_to_message`, `_add_gap`, `_new_offset`, `_commit`, and of the app
`_on_partitions_assigned` and `_create_directories`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any

import faust
from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.transport.utils import DefaultSchedulingStrategy

from acquit.worker.marks import mark_of
from acquit.worker.membership import end_when_taken

EMBEDDED_WAIT_MS = 100
PRESSED_POLL_SECONDS = 0.02
"""While some partition is full, a poll waits no longer than this, or a partition with room again would wait for it."""
PRESSED_FETCH_MS = 10

Seek = Callable[[Iterable[TopicPartition]], Awaitable[Mapping[TopicPartition, int]]]


class BatchScheduler(DefaultSchedulingStrategy):  # type: ignore[misc]
    """Hands each partition's records over whole."""

    def iterate(self, records: Mapping[TopicPartition, list[Any]]) -> Iterator[tuple[TopicPartition, list[Any]]]:
        yield from records.items()


def _keep_fetches_short(fetcher: Any) -> None:
    """While records of some partition lie here untaken, wait no longer than a moment for those of the others.

    aiokafka has one request to a broker under way, without the partitions of which it has records. Were all that had new
    ones among these, it would wait its whole time for the idle rest, and every hop of a record with it.
    """
    longest, actions = fetcher._fetch_max_wait_ms, fetcher._get_actions_per_node  # noqa: SLF001

    def with_its_wait(assignment: Any) -> Any:
        fetcher._fetch_max_wait_ms = PRESSED_FETCH_MS if fetcher._records else longest  # noqa: SLF001
        return actions(assignment)

    fetcher._get_actions_per_node = with_its_wait  # noqa: SLF001 - nor has it a place for this


class BatchConsumerThread(AIOKafkaConsumerThread):  # type: ignore[misc]
    """The thread in which aiokafka lives: reads what is committed only, and leaves a mark of the last record with it."""

    async def on_start(self) -> None:
        await super().on_start()
        # aiokafka waits 100 ms before it fetches again where one partition's records were not taken yet: with dozens of
        # partitions on a broker one always was not, and every hop of a record would cost that.
        consumer = self._ensure_consumer()
        consumer._fetcher._prefetch_backoff = 0.0  # noqa: SLF001 - its constructor does not pass it on
        _keep_fetches_short(consumer._fetcher)  # noqa: SLF001
        if instance_id := self.app.conf.consumer_group_instance_id:
            end_when_taken(consumer._coordinator, instance_id)  # noqa: SLF001

    def _create_worker_consumer(self, transport: Transport) -> Any:
        consumer = super()._create_worker_consumer(transport)
        if self.app.reads_committed:
            consumer._isolation_level = "read_committed"  # noqa: SLF001 - Faust offers it with its own transactions only
        else:
            consumer._fetch_max_wait_ms = EMBEDDED_WAIT_MS  # noqa: SLF001 - Tansu answers only when the wait is over
        return consumer

    async def _commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        consumer = self._ensure_consumer()
        assigned = consumer.assignment()
        marks: dict[TopicPartition, str] = self.consumer.committing
        try:
            await consumer.commit(
                {tp: OffsetAndMetadata(offset, marks.get(tp, "")) for tp, offset in offsets.items() if tp in assigned}
            )
        except Exception as error:  # noqa: BLE001 - the committed offset shows lag; what counts is sent again
            self.log.warning("commit refused: %s", type(error).__name__)
            return False
        return True


class BatchConsumer(Consumer):  # type: ignore[misc]
    """Faust's consumer with three rules of its own: batches are whole, full partitions wait, `done` alone commits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.done: dict[TopicPartition, tuple[int, str]] = {}  # the offset to commit, the mark of the record before it
        self.committing: dict[TopicPartition, str] = {}  # marks of the offsets that are being committed
        self.full: set[TopicPartition] = set()
        self._room = asyncio.Event()

    def mark_done(self, tp: TopicPartition, record: Any) -> None:
        """All records of this partition up to this one have had their effect: their offset may be committed."""
        self.done[tp] = (record.offset + 1, mark_of(record))

    def mark_full(self, tp: TopicPartition) -> None:
        """Read nothing more of this partition until `mark_room`."""
        self.full.add(tp)

    def mark_room(self, tp: TopicPartition) -> None:
        self.full.discard(tp)
        self._room.set()

    def forget(self) -> None:
        """After a revocation nothing that was said of offsets holds any more."""
        self.done.clear()
        self.full.clear()
        self._room.set()

    async def perform_seek(self) -> None:
        """To the group's offsets, and then to where the agents that keep their own positions want to read on."""
        await super().perform_seek()
        for tp, offset in (await self.app.positions(self.assignment())).items():
            await self.seek(tp, offset)

    async def _getmany(self, active_partitions: set[TopicPartition] | None, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's own
        if active_partitions is None or not self.full:
            return await super()._getmany(active_partitions, timeout)
        open_partitions = active_partitions - self.full
        if open_partitions:
            return await super()._getmany(open_partitions, PRESSED_POLL_SECONDS)
        self._room.clear()
        await asyncio.wait([asyncio.ensure_future(self._room.wait())], timeout=timeout)
        return {}

    def _to_message(self, tp: TopicPartition, record: list[Any]) -> Any:
        message = super()._to_message(tp, record[-1])  # its offset is the batch's last
        message.key, message.value = None, record
        return message

    async def _add_gap(self, tp: TopicPartition, offset_from: int, offset_to: int) -> None:
        """Faust would take the offsets inside a batch for gaps."""

    def _new_offset(self, tp: TopicPartition) -> int | None:
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        if tp not in self.done:
            return None
        # Taken together: until the commit is under way, in another thread, more may be done.
        offset, self.committing[tp] = self.done[tp]
        return offset

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)


class BatchTransport(Transport):  # type: ignore[misc]
    Consumer = BatchConsumer


class BatchApp(faust.App):  # type: ignore[misc]
    """A Faust app whose agents get batches.

    `positions` answers after every rebalance where to read on. `leave` is called before the consumer leaves the group:
    whoever takes over then fences us, so nothing may be under way any more.
    """

    positions: Seek
    leave: Callable[[], Awaitable[None]]
    reads_committed: bool = True
    has_assignment: bool = False
    """From an assignment to the next revocation, which says so. Faust's generation does not: a named worker may keep its."""

    async def _on_partitions_assigned(self, assigned: set[Any], generation_id: int = 0) -> None:
        self.has_assignment = True  # before Faust says that the rebalance is complete, which may be before this returns
        await super()._on_partitions_assigned(assigned, generation_id)

    def _create_directories(self) -> None:
        """Faust would make a folder for its tables where the worker was started, which may not be writable."""

    async def on_stop(self) -> None:
        await self.leave()
        await super().on_stop()

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_consumer, self)


class Batches(faust.Schema):  # type: ignore[misc]
    """Decodes nothing: the agent gets the list of aiokafka's ConsumerRecords."""

    def compile(self, app: Any, **_: Any) -> Any:
        event = app.conf.Event

        async def decode(message: Any, *, propagate: bool = False) -> Any:  # noqa: ARG001 - Faust's signature
            return event(app, None, message.value, message.headers, message)

        return decode
