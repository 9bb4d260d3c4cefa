"""The list asked for many at once, as a sender asks: all names and scopes that apply, in one round trip."""

from collections.abc import Sequence

from msgspec import Struct
from redis.asyncio import Redis

from acquit.errors import AcquitError
from acquit.suppression.keys import READY, Hashing, entry_key, hashed
from acquit.worker.list_view import ListedEntry, read_entry

MGET_KEYS = 1_000
"""Redis serves nobody else during one command."""


class NotReady(AcquitError):
    """The list cannot be trusted now, whatever it holds."""


class Asked(Struct, frozen=True):
    """What a sender of these scopes would ask."""

    scopes: Sequence[str]
    hashing: Hashing | None = None


async def held(redis: Redis, recipients: Sequence[str], asked: Asked) -> dict[str, list[ListedEntry]]:
    """Those of these canonical recipients that must not be sent to, and why. Raises NotReady, and RedisError."""
    names = [(recipient, recipient) for recipient in recipients]
    if asked.hashing is not None:
        names += [(recipient, hashed(recipient, asked.hashing.key)) for recipient in recipients]
    scopes = [scope.encode() for scope in asked.scopes]
    # Bytes, for redis.asyncio packs a command in Python, and takes half as long over bytes.
    keys = [start + scope for _, name in names for start in (entry_key(name, "").encode(),) for scope in scopes]
    found: dict[str, list[ListedEntry]] = {}
    for place, value in await _values(redis, keys):
        recipient, name = names[place // len(asked.scopes)]
        scope = asked.scopes[place % len(asked.scopes)]
        found.setdefault(recipient, []).append(read_entry(name, scope, value, None))
    return found


async def _values(redis: Redis, keys: Sequence[bytes]) -> list[tuple[int, bytes]]:
    """What stands there, by place. Ready before and after: it may have been emptied and begun anew in between."""
    async with redis.pipeline(transaction=False) as pipe:
        pipe.exists(READY)
        for first in range(0, len(keys), MGET_KEYS):
            pipe.mget(keys[first : first + MGET_KEYS])
        pipe.exists(READY)
        before, *pages, after = await pipe.execute()
    if not (before and after):
        raise NotReady("the list is not ready: do not trust it")
    return [
        (page * MGET_KEYS + place, value)
        for page, values in enumerate(pages)
        for place, value in enumerate(values)
        if value is not None
    ]
