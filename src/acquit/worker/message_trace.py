"""One message's history, by its provider and id. The log is keyed by recipient, so all its partitions are read, to where
they end now; what the list made of the message stands in its recipient's part of the suppression log.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from msgspec import Struct

from acquit.address import mask
from acquit.effects import Suppression
from acquit.errors import AcquitError
from acquit.events import Command, Event, Verdict, decode_logged, key_of
from acquit.suppression import timeline
from acquit.suppression.timeline import Moment
from acquit.worker import partition_reader
from acquit.worker.connections import kafka_options
from acquit.worker.history import changes_of, reach_of
from acquit.worker.list_view import names_of
from acquit.worker.partition_reader import Span, ask_spans, isolation, open_reader
from acquit.worker.settings import Settings


class MessageTrace(Struct, frozen=True):
    """`masked` are those who had the message: one, but for ids that a provider gives twice."""

    moments: list[Moment]
    masked: list[str]
    reach: str


async def length(settings: Settings) -> int:
    """How many records there are to be read."""
    async with _opened(settings) as (_, spans):
        return sum(span.end - span.begin for span in spans.values())


async def read(settings: Settings, message: str, *, moved: Callable[[int], None]) -> MessageTrace:
    """`message` is PROVIDER:ID. Raises AcquitError."""
    provider, _, message_id = message.partition(":")
    if not provider or not message_id:
        raise AcquitError("a message is written PROVIDER:ID")
    events = await _events(settings, provider, message_id, moved)
    recipients = sorted({key_of(event) for event in events if event.to is not None})
    names = [name for recipient in recipients for name in names_of(settings, recipient)]
    changes = [change for change in await changes_of(settings, names) if _rests_on(change, provider, message_id)]
    return MessageTrace(
        timeline.in_order([*timeline.of_events(events), *timeline.of_changes(changes)]),
        [f"{recipient.partition(':')[0]}:{mask(recipient.partition(':')[2])}" for recipient in recipients],
        reach_of(settings),
    )


async def _events(settings: Settings, provider: str, message_id: str, moved: Callable[[int], None]) -> list[Event]:
    found: list[Event] = []
    seen = 0
    needle = msgspec.json.encode(message_id)  # as it stands in the record: so few have to be read
    async with _opened(settings) as (reader, spans):
        async for records in partition_reader.read(reader, spans):
            found += _of_message(records, needle, provider, message_id)
            seen += len(records)
            moved(seen)
    return found


def _of_message(records: Iterable[Any], needle: bytes, provider: str, message_id: str) -> list[Event]:
    found: list[Event] = []
    for record in records:
        if record.value is None or needle not in record.value:
            continue
        try:
            event = decode_logged(record.value)
        except msgspec.DecodeError:
            continue  # it is among the dead letters
        if not isinstance(event, Verdict | Command) and (event.provider, event.message_id) == (provider, message_id):
            found.append(event)
    return found


def _rests_on(change: Suppression, provider: str, message_id: str) -> bool:
    entries = (change.entry, change.before)
    return any(
        entry is not None and (entry.evidence.provider, entry.evidence.message_id) == (provider, message_id)
        for entry in entries
    )


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[tuple[AIOKafkaConsumer, dict[TopicPartition, Span]]]:
    topic = settings.topic("events")
    async with open_reader(kafka_options(settings), isolation(fencing=settings.fencing)) as reader:
        yield reader, await ask_spans(reader, [TopicPartition(topic, n) for n in range(settings.event_partitions)])
