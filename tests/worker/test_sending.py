"""Records leave in their order, by the batch; and every writer agrees where a key belongs."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError, KafkaError, LeaderNotAvailableError
from aiokafka.producer.message_accumulator import BatchBuilder

from acquit.worker.sending import Outbox, Outgoing, partition_of, send_all
from tests.builders import FakeBatch, FakeProducer


@pytest.mark.parametrize(
    ("key", "checksum", "of_12", "of_4"),
    [
        # Published: CRC-32 as of zlib, PKZIP and IEEE 802.3, modulo the partitions.
        (b"123456789", 0xCBF43926, 2, 2),  # the check value of the CRC catalogue
        (b"sms:+33612345678", 0xF60BB188, 0, 0),
        (b"email:ann@example.org", 0xC58070F1, 9, 1),
        (b"", 0, 0, 0),
    ],
)
def test_partition_of_a_key(key: bytes, checksum: int, of_12: int, of_4: int) -> None:
    assert (partition_of(key, 1 << 32), partition_of(key, 12), partition_of(key, 4)) == (checksum, of_12, of_4)


def test_every_key_has_the_one_partition_of_a_topic_with_one() -> None:
    assert {partition_of(b"%d" % number, 1) for number in range(100)} == {0}


def out(number: int, *, topic: str = "t", partition: int = 0, size: int = 10) -> Outgoing:
    return Outgoing(topic, partition, b"%d" % number, bytes(size), number, [("h", b"%d" % number)])


async def test_records_of_a_place_arrive_in_their_order_over_all_batches() -> None:
    producer = FakeProducer(batch_bytes=100)
    records = [out(number, partition=number % 2) for number in range(50)]
    await send_all(producer, records)
    assert len(producer.batches) > 4
    for partition in (0, 1):
        assert producer.sent_to("t", partition) == [record for record in records if record.partition == partition]


async def test_record_keeps_its_key_value_time_and_headers() -> None:
    producer = FakeProducer()
    whole = [out(7), Outgoing("u", 3, b"gone", None, None, []), Outgoing("u", 3, None, b"value", None, [])]
    await send_all(producer, whole)
    assert (producer.sent_to("t", 0), producer.sent_to("u", 3)) == ([whole[0]], whole[1:])


async def test_record_that_is_larger_than_a_batch_leaves_in_one_of_its_own() -> None:
    producer = FakeProducer(batch_bytes=100)
    records = [out(1), out(2, size=1_000), out(3), out(4, size=1_000), out(5, size=1_000)]
    await send_all(producer, records)
    assert producer.sent_to("t", 0) == records


async def test_nothing_sends_nothing() -> None:
    producer = FakeProducer()
    await send_all(producer, [])
    assert producer.batches == []


async def test_no_empty_batch_is_sent() -> None:
    producer = FakeProducer(batch_bytes=20)
    await send_all(producer, [out(1), out(2)])
    assert [len(batch.records) for batch in producer.batches] == [1, 1]


async def test_refused_batch_is_an_error() -> None:
    producer = FakeProducer(refuses=True)
    with pytest.raises(ConnectionError):
        await send_all(producer, [out(1)])


# The fake batch and aiokafka's own behave alike

NEW_BATCH: list[Callable[[int], Any]] = [FakeBatch, lambda size: BatchBuilder(size, 0)]


def append(batch: Any, size: int) -> bool:
    return batch.append(timestamp=None, key=b"k", value=bytes(size), headers=[]) is not None


@pytest.mark.parametrize("new_batch", NEW_BATCH, ids=["fake", "aiokafka"])
def test_empty_batch_takes_a_record_of_any_size_and_no_second_one(new_batch: Callable[[int], Any]) -> None:
    batch = new_batch(1_000)
    assert append(batch, 10_000)
    assert not append(batch, 1)


@pytest.mark.parametrize("new_batch", NEW_BATCH, ids=["fake", "aiokafka"])
def test_full_batch_takes_no_record(new_batch: Callable[[int], Any]) -> None:
    batch = new_batch(1_000)
    taken = sum(append(batch, 100) for _ in range(20))
    assert 0 < taken < 10


@pytest.mark.parametrize("new_batch", NEW_BATCH, ids=["fake", "aiokafka"])
def test_closed_batch_takes_no_record(new_batch: Callable[[int], Any]) -> None:
    batch = new_batch(1_000)
    batch.close()
    assert not append(batch, 1)


class _Broker:
    """Takes what it is sent, slowly, and counts how often it was asked; or refuses."""

    def __init__(self, error: KafkaError | None = None) -> None:
        self.error = error
        self.batches: list[FakeBatch] = []

    def create_batch(self) -> FakeBatch:
        return FakeBatch(1 << 20)

    async def send_batch(self, batch: FakeBatch, _topic: str, *, partition: int) -> "asyncio.Future[None]":
        assert partition == 0
        await asyncio.sleep(0)
        if self.error:
            raise self.error
        self.batches.append(batch)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


class _Accumulator:
    """As aiokafka's: what it was given leaves batch by batch, and a batch that fails keeps no later one back."""

    def __init__(self, refused: int) -> None:
        self._refused = refused  # the number of the batch that the broker does not take
        self._given = 0
        self.log: list[bytes | None] = []

    def create_batch(self) -> FakeBatch:
        return FakeBatch(100)

    async def send_batch(self, batch: FakeBatch, _topic: str, *, partition: int) -> "asyncio.Future[None]":
        assert partition == 0
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(self._send, self._given, batch, done)
        self._given += 1
        return done

    def _send(self, number: int, batch: FakeBatch, done: "asyncio.Future[None]") -> None:
        if number == self._refused:
            done.set_exception(LeaderNotAvailableError())
        else:
            self.log += [key for key, *_ in batch.records]
            done.set_result(None)


async def test_nothing_arrives_behind_a_hole() -> None:
    """Else, when all of it is sent again, what was missing comes after what is known, and is dropped as a repeat."""
    producer: Any = _Accumulator(refused=1)
    with pytest.raises(LeaderNotAvailableError):
        await send_all(producer, [out(number) for number in range(20)])
    assert producer.log == [b"%d" % number for number in range(len(producer.log))]


async def test_what_lanes_send_at_once_goes_out_together() -> None:
    broker = _Broker()

    async def started() -> Any:
        return broker

    outbox = Outbox(started)
    await asyncio.gather(*(outbox.send([Outgoing("t", 0, b"k", b"%d" % lane)]) for lane in range(20)))
    assert len(broker.batches) <= 2, "the first alone, all others with the next"


async def test_every_lane_learns_that_sending_failed_and_may_try_again() -> None:
    broker = _Broker(KafkaConnectionError())

    async def started() -> Any:
        return broker

    outbox = Outbox(started)
    failed = await asyncio.gather(
        *(outbox.send([Outgoing("t", 0, b"k", b"v")]) for _ in range(3)), return_exceptions=True
    )
    assert [type(error) for error in failed] == [KafkaConnectionError] * 3
    broker.error = None
    await outbox.send([Outgoing("t", 0, b"k", b"v")])
    assert len(broker.batches) == 1
