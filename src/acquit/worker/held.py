"""What the circuit breaker holds, as `acquit.held` lists it, and staff's word on it: a command for each recipient.

Each command has its recipient's key, so it stands in that person's own log like any other event, and concerns what is held
of them when it comes there. Who is known by a hash alone is named by it, with the partition in which the address is.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

from acquit.effects import Held, HeldFailure, read_held
from acquit.errors import AcquitError
from acquit.events import Command
from acquit.suppression.keys import hashed, is_hashed
from acquit.worker.commands import send
from acquit.worker.list_view import canonical_recipient, known_channel
from acquit.worker.log_reader import last_values
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
    return Wanted(recipient and (recipient if is_hashed(recipient) else canonical_recipient(recipient)), route, carrier)


async def listed(settings: Settings, wanted: Wanted) -> AsyncIterator[Held]:
    """Who is held now, by the topic alone: it is right whoever works, or nobody."""
    async for _, held in _placed(settings, wanted):
        yield held


async def _placed(settings: Settings, wanted: Wanted) -> AsyncIterator[tuple[int, Held]]:
    """And in which of the ledger's partitions."""
    names = {wanted.recipient}
    if wanted.recipient is not None and settings.hashing is not None:
        names.add(hashed(wanted.recipient, settings.hashing.key))
    for partition, last in sorted((await last_values(settings, settings.topic("held"))).items()):
        for _, value in sorted(last.items()):
            held = read_held(value)
            failures = [failure for failure in held.failures if wanted.matches(failure)]
            if failures and (wanted.recipient is None or held.recipient in names):
                yield partition, Held(held.recipient, failures, held.upto)


async def decide(settings: Settings, name: Literal["release", "drop"], wanted: Wanted, *, by: str, reason: str) -> int:
    """Ask for it, for everyone of whom something is held; returns for how many."""
    now = datetime.now(UTC)
    commands = []
    async for partition, one in _placed(settings, wanted):
        channel, _, address = one.recipient.partition(":")
        commands.append(
            Command(
                name, address, known_channel(channel), now, by, reason, route=wanted.route, carrier=wanted.carrier,
                partition=partition if is_hashed(one.recipient) else None,
            )
        )  # fmt: skip
    return await send(settings, commands)
