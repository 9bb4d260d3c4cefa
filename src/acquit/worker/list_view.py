"""The list as senders see it in Redis, shown to people. It only reads, and asks what a sender would ask."""

import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis.asyncio import Redis

from acquit.address import canonical
from acquit.errors import AcquitError
from acquit.events import CHANNELS, Channel, from_epoch_ms
from acquit.suppression.keys import READY, entry_key, hashed, scopes_that_apply
from acquit.worker.connections import redis_client
from acquit.worker.settings import Settings

PAGE_KEYS = 1_000
"""Keys that Redis looks at in one go, in which it serves nobody else."""
LATEST_MS = 253_402_300_799_000
"""The last second that a datetime can hold."""

# An address may hold braces, and a scope too: the first }: that a scope follows is the end of the address.
_KEY = re.compile(r"sup:\{(?P<recipient>.+?)\}:(?P<scope>(\*|acct:).*)", re.DOTALL)


@dataclass(frozen=True)
class ListedEntry:
    """One entry of the list as it stands in Redis. `since` is None where the value is not one that acquit writes."""

    recipient: str
    scope: str
    reason: str
    since: datetime | None
    rule: str
    expires_at: datetime | None  # None: until somebody lifts it


@dataclass(frozen=True)
class Check:
    """The answer for one recipient. No trust without `is_ready`: `may_send` is false then, whatever the list holds."""

    recipient: str
    may_send: bool
    is_ready: bool
    entries: Sequence[ListedEntry]


@dataclass(frozen=True)
class _Found:
    value: bytes | None
    expires_at: datetime | None


async def check(settings: Settings, recipient: str, *, account: str | None = None, stream: str | None = None) -> Check:
    """Whether this recipient (`CHANNEL:ADDRESS`) may be sent to. Raises AcquitError, and RedisError.

    With an erase_key its hash is asked for as well, as a sender must that has the key.
    """
    wanted = canonical_recipient(recipient)
    scopes = scopes_that_apply(account=account, stream=stream)
    places = [(name, scope) for name in names_of(settings, wanted) for scope in scopes]
    async with redis_client(settings) as redis:
        *found, ready = await _look_up(redis, [*(entry_key(name, scope) for name, scope in places), READY])
    listed = [
        read_entry(name, scope, there.value, there.expires_at)
        for (name, scope), there in zip(places, found, strict=True)
        if there.value is not None
    ]
    is_ready = ready.value is not None
    return Check(wanted, may_send=is_ready and not listed, is_ready=is_ready, entries=listed)


async def entries(
    settings: Settings, *, channel: str | None = None, reason: str | None = None, scope: str | None = None
) -> AsyncGenerator[ListedEntry, None]:
    """All entries, in no order, page by page, so that Redis serves others in between.

    What is there from beginning to end is listed at least once; Redis may list a key twice while its table grows.
    """
    pattern = "sup:{*" if channel is None else f"sup:{{{known_channel(channel)}:*"
    async with redis_client(settings) as redis:
        cursor = None
        while cursor != 0:
            cursor, keys = await redis.scan(cursor or 0, match=pattern, count=PAGE_KEYS)
            for entry in await _page(redis, keys):
                if reason in (None, entry.reason) and scope in (None, entry.scope):
                    yield entry


def canonical_recipient(text: str) -> str:
    """`CHANNEL:ADDRESS`, its address made canonical. Raises AcquitError, whose sentence never holds the address."""
    channel, _, address = text.partition(":")
    known = known_channel(channel)
    return f"{known}:{canonical(known, address)}"


def names_of(settings: Settings, recipient: str) -> list[str]:
    """The names under which a canonical recipient may be on the list: the address, and its hash where there is a key."""
    return [recipient] if settings.hashing is None else [recipient, hashed(recipient, settings.hashing.key)]


def known_channel(text: str) -> Channel:
    for channel in CHANNELS:
        if text.strip().lower() == channel:
            return channel
    raise AcquitError(f"a recipient is written CHANNEL:ADDRESS, and CHANNEL is one of {', '.join(CHANNELS)}")


def read_entry(recipient: str, scope: str, value: bytes, expires_at: datetime | None) -> ListedEntry:
    """An entry from its value, `reason|since|rule`. Any value forbids, so one that is not ours is shown as it is."""
    reason, _, rest = value.decode(errors="replace").partition("|")
    since, _, rule = rest.partition("|")
    at = from_epoch_ms(int(since) * 1000) if re.fullmatch(r"[0-9]{1,11}", since) else None
    return ListedEntry(recipient, scope, reason, at, rule, expires_at)


def explained(check: Check) -> str:
    """The answer in plain sentences."""
    sentences = [_sentence(entry) for entry in check.entries]
    if not check.is_ready:
        return " ".join([*(sentences or ["Do not send yet."]), "The list is not ready: do not trust this answer."])
    return " ".join(sentences or ["May send: nothing on the list forbids it."])


def _sentence(entry: ListedEntry) -> str:
    since = f", since {_shown(entry.since)}" if entry.since else ""
    until = f"until {_shown(entry.expires_at)}" if entry.expires_at else "until somebody lifts it"
    rule = f", by rule {entry.rule}" if entry.rule else ""
    return f"Do not send: {entry.reason} (scope {entry.scope}){since}, {until}{rule}."


def _shown(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


async def _page(redis: Redis, keys: Sequence[Any]) -> list[ListedEntry]:
    parsed = [(key, _KEY.fullmatch(key.decode(errors="replace"))) for key in keys]
    places = [(key, place["recipient"], place["scope"]) for key, place in parsed if place]
    found = await _look_up(redis, [key for key, _, _ in places])
    return [
        read_entry(recipient, scope, there.value, there.expires_at)
        for (_, recipient, scope), there in zip(places, found, strict=True)
        if there.value is not None  # else it expired since its key was listed
    ]


async def _look_up(redis: Redis, keys: Sequence[Any]) -> list[_Found]:
    """The values of these keys, and when they expire, by Redis's own clock: ours need not be right."""
    if not keys:
        return []
    async with redis.pipeline(transaction=False) as pipe:
        pipe.time()
        pipe.mget(keys)
        for key in keys:
            pipe.pttl(key)
        (seconds, microseconds), values, *lives_ms = await pipe.execute()
    now_ms = seconds * 1000 + microseconds // 1000
    return [_Found(value, _expiry(now_ms, life_ms)) for value, life_ms in zip(values, lives_ms, strict=True)]


def _expiry(now_ms: int, life_ms: int) -> datetime | None:
    """To the second, for the two were not asked in the same instant. Redis says -1: never, and -2: gone just now."""
    return None if life_ms == -1 else from_epoch_ms(min(round(now_ms + max(life_ms, 0), -3), LATEST_MS))
