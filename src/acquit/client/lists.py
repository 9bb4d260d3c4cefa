"""The list, asked by senders: one class for plain code and one for asyncio, the same in all else.

Any client of redis-py will do: Redis, what a Sentinel gives (`master_for`), RedisCluster. Nothing is asked twice: not who
is named twice in one call, nor again by redis-py after a failure. Whoever waits for a list that does not answer is
answered after `timeout_seconds`.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, TypeAlias

from redis import Redis, RedisCluster, RedisError
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio import RedisCluster as AsyncRedisCluster
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException
from redis.retry import Retry

from acquit.client.answers import Answer
from acquit.client.asking import Asking, Page, Recipients, Terms, Values
from acquit.client.cache import Cache
from acquit.client.slots import grouped, in_order
from acquit.suppression.keys import READY

TIMEOUT_SECONDS = 0.1
CACHE_ENTRIES = 10_000
_NO_ANSWER = (RedisError, RedisClusterException, OSError)  # TimeoutError is an OSError

Found: TypeAlias = list[tuple[bool, Values]]
"""Of each page, whether the list could be trusted then, and the values of its keys."""


def patience(timeout_seconds: float = TIMEOUT_SECONDS) -> dict[str, Any]:
    """Options for a redis-py client of one's own (not asyncio's): it waits so long for a connection, so long for each
    answer, and never tries again. By itself redis-py would wait for seconds, several times.
    """
    waits = {"socket_timeout": timeout_seconds, "socket_connect_timeout": timeout_seconds}
    return {**waits, "retry": Retry(NoBackoff(), 0), "protocol": 2}  # HELLO of RESP3 needs a permission of its own


class _List(ABC):
    """What both are made from. Streams in `open_streams` are sent when the list says nothing."""

    def __init__(
        self,
        redis: Any,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        open_streams: Collection[str] = (),
        erase_key: str | bytes | None = None,
        cache_seconds: float = 0,
        cache_entries: int = CACHE_ENTRIES,
    ) -> None:
        """Raises ValueError for plain code's client that could wait longer than `timeout_seconds`: give it `patience()`."""
        if isinstance(open_streams, str):
            raise ValueError("open_streams must be a collection of names")  # noqa: TRY004 - as for every wrong argument
        key = erase_key.encode() if isinstance(erase_key, str) else erase_key
        self._redis = redis
        self._timeout_seconds = timeout_seconds
        self._terms = Terms(frozenset(open_streams), key, Cache(cache_seconds, cache_entries))
        self._fetch = self._way_to(redis)

    @abstractmethod
    def _way_to(self, redis: Any) -> Callable[[list[Page]], Any]:
        """How pages are asked for, of one server or of a cluster."""


class SuppressionList(_List):
    """The list for plain code; threads may share it."""

    @classmethod
    def from_url(cls, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS, **options: Any) -> "SuppressionList":
        redis = Redis.from_url(url, **patience(timeout_seconds))
        return cls(redis, timeout_seconds=timeout_seconds, **options)

    def may_send(self, channel: str, address: str, *, account: str | None = None, stream: str | None = None) -> bool:
        return self.check(channel, address, account=account, stream=stream).may_send

    def check(self, channel: str, address: str, *, account: str | None = None, stream: str | None = None) -> Answer:
        """The answer, and what forbids."""
        return self.check_many([(channel, address)], account=account, stream=stream)[0]

    def check_many(
        self, recipients: Recipients, *, account: str | None = None, stream: str | None = None
    ) -> list[Answer]:
        """Of any number of `(channel, address)`, in their order. After the first round without answer none is asked."""
        asking = Asking(self._terms, recipients, account=account, stream=stream)
        try:
            for pages in asking.rounds(time.monotonic()):
                asked_at = time.monotonic()
                asking.take(pages, self._fetch(pages), asked_at)
        except _NO_ANSWER as error:
            return asking.answers(error)
        return asking.answers()

    def close(self) -> None:
        self._redis.close()

    def _way_to(self, redis: Any) -> Callable[[list[Page]], Found]:
        _check_patience(redis, self._timeout_seconds)
        return self._from_cluster if isinstance(redis, RedisCluster) else self._from_one

    def _from_one(self, pages: list[Page]) -> Found:
        if len(pages) == 1:
            return _apart([self._redis.execute_command("MGET", READY, *pages[0].keys)])
        with self._redis.pipeline(transaction=False) as pipe:
            for page in pages:
                pipe.execute_command("MGET", READY, *page.keys)
            return _apart(pipe.execute())

    def _from_cluster(self, pages: list[Page]) -> Found:
        keys = [key for page in pages for key in page.keys]
        groups = grouped(keys)
        with self._redis.pipeline() as pipe:
            for places in groups:
                pipe.execute_command("MGET", *(keys[place] for place in places))
            pipe.execute_command("GET", READY)
            *found, ready = pipe.execute()
        return _of_pages(pages, in_order(groups, found), ready)


class AsyncSuppressionList(_List):
    """The same for asyncio. The time-out holds for the whole round, connecting included."""

    @classmethod
    def from_url(cls, url: str, **options: Any) -> "AsyncSuppressionList":
        return cls(AsyncRedis.from_url(url, retry=AsyncRetry(NoBackoff(), 0), protocol=2), **options)

    async def may_send(
        self, channel: str, address: str, *, account: str | None = None, stream: str | None = None
    ) -> bool:
        return (await self.check(channel, address, account=account, stream=stream)).may_send

    async def check(
        self, channel: str, address: str, *, account: str | None = None, stream: str | None = None
    ) -> Answer:
        return (await self.check_many([(channel, address)], account=account, stream=stream))[0]

    async def check_many(
        self, recipients: Recipients, *, account: str | None = None, stream: str | None = None
    ) -> list[Answer]:
        asking = Asking(self._terms, recipients, account=account, stream=stream)
        try:
            for pages in asking.rounds(time.monotonic()):
                asked_at = time.monotonic()
                async with asyncio.timeout(self._timeout_seconds):
                    found = await self._fetch(pages)
                asking.take(pages, found, asked_at)
        except _NO_ANSWER as error:
            return asking.answers(error)
        return asking.answers()

    async def aclose(self) -> None:
        await self._redis.aclose()

    def _way_to(self, redis: Any) -> Callable[[list[Page]], Awaitable[Found]]:
        return self._from_cluster if isinstance(redis, AsyncRedisCluster) else self._from_one

    async def _from_one(self, pages: list[Page]) -> Found:
        return await _fetched(self._redis, pages)

    async def _from_cluster(self, pages: list[Page]) -> Found:
        keys = [key for page in pages for key in page.keys]
        groups = grouped(keys)
        async with self._redis.pipeline() as pipe:
            for places in groups:
                pipe.execute_command("MGET", *(keys[place] for place in places))
            pipe.execute_command("GET", READY)
            *found, ready = await pipe.execute()
        return _of_pages(pages, in_order(groups, found), ready)


async def answers_of(redis: Any, asking: Asking) -> list[Answer]:
    """For acquit's own commands, which wait as they are told to. Raises RedisError."""
    for pages in asking.rounds(time.monotonic()):
        asked_at = time.monotonic()
        asking.take(pages, await _fetched(redis, pages), asked_at)
    return asking.answers()


async def _fetched(redis: Any, pages: list[Page]) -> Found:
    if len(pages) == 1:
        return _apart([await redis.execute_command("MGET", READY, *pages[0].keys)])
    async with redis.pipeline(transaction=False) as pipe:
        for page in pages:
            pipe.execute_command("MGET", READY, *page.keys)
        return _apart(await pipe.execute())


def _apart(replies: Sequence[Sequence[bytes | str | None]]) -> Found:
    return [(reply[0] is not None, reply[1:]) for reply in replies]


def _of_pages(pages: Sequence[Page], values: Values, ready: bytes | str | None) -> Found:
    found, first = [], 0
    for page in pages:
        found.append((ready is not None, values[first : first + len(page.keys)]))
        first += len(page.keys)
    return found


def _check_patience(redis: Any, timeout_seconds: float) -> None:
    """redis-py's own defaults are 5 seconds, three times."""
    pool = redis.nodes_manager if isinstance(redis, RedisCluster) else redis.connection_pool
    options = pool.connection_kwargs
    for name in ("socket_timeout", "socket_connect_timeout"):
        seconds = options.get(name)
        if seconds is None or seconds > timeout_seconds:
            raise ValueError(
                f"{name} of the client must be at most {timeout_seconds:g}: give it acquit.client.patience()"
            )
    retry = options.get("retry")
    if retry is not None and retry.get_retries() > 0:
        raise ValueError("the client tries again: give it acquit.client.patience()")
