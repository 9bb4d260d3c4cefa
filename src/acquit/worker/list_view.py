"""The list as senders see it in Redis, shown to people. It only reads, and asks what a sender would ask."""

import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis.asyncio import Redis

from acquit.address import canonical
from acquit.client import Entry
from acquit.client.asking import Asking, Terms
from acquit.client.lists import answers_of
from acquit.errors import AcquitError
from acquit.events import CHANNELS, Channel, from_epoch_ms
from acquit.suppression.keys import entry_key, hashed, read_value
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


async def check(settings: Settings, recipient: str, *, account: str | None = None, stream: str | None = None) -> Check:
    """Whether this recipient (`CHANNEL:ADDRESS`) may be sent to. Raises AcquitError, and RedisError.

    With an erase_key its hash is asked for as well, as a sender must that has the key.
    """
    wanted = canonical_recipient(recipient)
    channel, _, address = wanted.partition(":")
    async with redis_client(settings) as redis:
        terms = Terms(erase_key=settings.hashing.key if settings.hashing else None)
        asking = Asking(terms, [(channel, address)], account=account, stream=stream)
        [answer] = await answers_of(redis, asking)
        listed = await _with_expiry(redis, answer.entries)
    return Check(wanted, answer.may_send, is_ready=answer.trouble is None, entries=listed)


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
    if not places:
        return []
    values: Any = await redis.mget([key for key, _, _ in places])
    found = [
        Entry(recipient, scope, *read_value(value))
        for (_, recipient, scope), value in zip(places, values, strict=True)
        if value is not None  # else it expired since its key was listed
    ]
    return await _with_expiry(redis, found)


async def _with_expiry(redis: Redis, entries: Sequence[Entry]) -> list[ListedEntry]:
    """When each expires, by Redis's own clock: ours need not be right."""
    if not entries:
        return []
    async with redis.pipeline(transaction=False) as pipe:
        pipe.time()
        for entry in entries:
            pipe.pttl(entry_key(entry.recipient, entry.scope))
        (seconds, microseconds), *lives_ms = await pipe.execute()
    now_ms = seconds * 1000 + microseconds // 1000
    return [
        ListedEntry(entry.recipient, entry.scope, entry.reason, entry.since, entry.rule, _expiry(now_ms, life_ms))
        for entry, life_ms in zip(entries, lives_ms, strict=True)
    ]


def _expiry(now_ms: int, life_ms: int) -> datetime | None:
    """To the second, for the two were not asked in the same instant. Redis says -1: never, and -2: gone just now."""
    return None if life_ms == -1 else from_epoch_ms(min(round(now_ms + max(life_ms, 0), -3), LATEST_MS))
