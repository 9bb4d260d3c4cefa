"""What the circuit breaker holds, as `acquit.held` lists it, and staff's word on it: a command for each recipient.

Each command has its recipient's key, so it stands in that person's own log like any other event, and concerns what is held
of them when it comes there.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

from acquit.effects import Held, HeldFailure, read_held
from acquit.errors import AcquitError
from acquit.events import Command
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
    return Wanted(recipient and canonical_recipient(recipient), route, carrier)


async def listed(settings: Settings, wanted: Wanted) -> AsyncIterator[Held]:
    """Who is held now, by the topic alone: it is right whoever works, or nobody."""
    last = await last_values(settings, settings.topic("held"))
    for _, value in sorted(last.items()):
        held = read_held(value)
        failures = [failure for failure in held.failures if wanted.matches(failure)]
        if failures and wanted.recipient in {None, held.recipient}:
            yield Held(held.recipient, failures, held.upto)


async def decide(settings: Settings, name: Literal["release", "drop"], wanted: Wanted, *, by: str, reason: str) -> int:
    """Ask for it, for everyone of whom something is held; returns for how many."""
    held = [one async for one in listed(settings, wanted)]
    commands = [_command(one.recipient, name, wanted, by=by, reason=reason) for one in held]
    return await send(settings, commands)


def _command(recipient: str, name: Literal["release", "drop"], wanted: Wanted, *, by: str, reason: str) -> Command:
    channel, _, address = recipient.partition(":")
    now = datetime.now(UTC)
    return Command(name, address, known_channel(channel), now, by, reason, route=wanted.route, carrier=wanted.carrier)
