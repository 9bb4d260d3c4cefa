"""Whether a source is still the topic that was read before: it may have been deleted and made anew under the same name."""

from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from acquit.worker.marks import is_same


class SourceChangedError(Exception):
    """The topic is not the one that was read. The sentence says what to do; nothing goes on until somebody does."""


async def check_source(reader: AIOKafkaConsumer, tp: TopicPartition, *, read_to: int, mark: str) -> int:
    """How many records retention took before they were read. `read_to` is the next offset wanted, `mark` of the last one.

    Raises SourceChangedError.
    """
    if read_to <= 0:
        return 0
    beginning = (await reader.beginning_offsets([tp]))[tp]
    end = (await reader.end_offsets([tp]))[tp]
    if read_to > end:
        raise SourceChangedError(_explained(tp, f"ends at {end}, but was read to {read_to}"))
    if beginning >= read_to:
        return int(beginning - read_to)
    record = await _record_at(reader, tp, read_to - 1)
    if record is not None and not is_same(mark, record):
        raise SourceChangedError(_explained(tp, f"holds another record at {read_to - 1} than the one that was read"))
    return 0


async def _record_at(reader: AIOKafkaConsumer, tp: TopicPartition, offset: int) -> Any:
    """The record with this very offset; None if there is none: compaction took it, or it marks a transaction."""
    reader.assign([tp])
    reader.seek(tp, offset)
    for _ in range(10):
        records = (await reader.getmany(tp, timeout_ms=500, max_records=1)).get(tp, [])
        if records:
            return records[0] if records[0].offset == offset else None
        if await reader.position(tp) > offset:
            return None
    return None


def _explained(tp: TopicPartition, fact: str) -> str:
    return (
        f"{tp.topic}/{tp.partition} {fact}: the topic was made anew. For a source of intake, raise its number in "
        "source_epochs and reset the group's offset; for acquit's own topics, restore them or start under a new app_id "
        "and topic_prefix"
    )
