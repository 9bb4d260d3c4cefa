"""What the circuit breaker holds, as `acquit.held` lists it, and staff's word on it: a command for each recipient.

Each command has its recipient's key, so it stands in that person's own log like any other event, and concerns what is held
of them when it comes there.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Literal

from aiokafka import AIOKafkaProducer
from msgspec import Struct

from acquit.effects import Held, HeldFailure, read_held
from acquit.errors import AcquitError
from acquit.events import Command, encode
from acquit.worker.connections import kafka_options
from acquit.worker.list_view import canonical_recipient, known_channel
from acquit.worker.log_reader import read_topic
from acquit.worker.sending import Outgoing, partition_of, send_all
from acquit.worker.settings import Settings


class Wanted(Struct, frozen=True):
    """Of which person, route or carrier; without any of these, of all."""

    recipient: str | None = None
    route: str | None = None
    carrier: str | None = None

    def matches(self, failure: HeldFailure) -> bool:
        return self.route in {None, failure.route} and self.carrier in {None, failure.carrier}


def wanted(recipient: str | None, route: str | None, carrier: str | None) -> Wanted:
    """Raises AcquitError: an address that is none, a route and a carrier at once."""
    if route is not None and carrier is not None:
        raise AcquitError("what is held is held for a route or for a carrier: name one of them")
    return Wanted(recipient and canonical_recipient(recipient), route, carrier)


async def listed(settings: Settings, wanted: Wanted) -> AsyncIterator[Held]:
    """Who is held now, by the topic alone: it is right whoever works, or nobody."""
    last: dict[bytes, bytes] = {}
    async for record in read_topic(settings, settings.topic("held")):
        if record.value is None:
            last.pop(record.key, None)
        else:
            last[record.key] = record.value
    for _, value in sorted(last.items()):
        held = read_held(value)
        failures = [failure for failure in held.failures if wanted.matches(failure)]
        if failures and wanted.recipient in {None, held.recipient}:
            yield Held(held.recipient, failures, held.upto)


async def decide(settings: Settings, name: Literal["release", "drop"], wanted: Wanted, *, by: str, reason: str) -> int:
    """Ask for it, for everyone of whom something is held; returns for how many."""
    held = [one async for one in listed(settings, wanted)]
    commands = [_command(one.recipient, name, wanted, by=by, reason=reason) for one in held]
    producer = AIOKafkaProducer(**kafka_options(settings), enable_idempotence=settings.fencing)
    await producer.start()
    try:
        topic = settings.topic("commands")
        count = len(await producer.partitions_for(topic))
        keyed = [(one.recipient.encode(), command) for one, command in zip(held, commands, strict=True)]
        outgoing = [Outgoing(topic, partition_of(key, count), key, encode(command)) for key, command in keyed]
        await send_all(producer, outgoing)
    finally:
        await producer.stop()
    return len(held)


def _command(recipient: str, name: Literal["release", "drop"], wanted: Wanted, *, by: str, reason: str) -> Command:
    channel, _, address = recipient.partition(":")
    now = datetime.now(UTC)
    return Command(name, address, known_channel(channel), now, by, reason, route=wanted.route, carrier=wanted.carrier)
