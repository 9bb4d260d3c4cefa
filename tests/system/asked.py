"""The list in a Redis as a sender finds it there, and both kinds of client asked the same question."""

import asyncio
from collections.abc import Callable
from typing import Any

import redis as redis_py

from acquit.client import Answer, AsyncSuppressionList, SuppressionList
from acquit.suppression.keys import READY, entry_key

WHO, FREE = "+33612345678", "+33698765432"
STOP = "stop|1795338000|engagement:stop"

Ask = Callable[..., list[Answer]]
"""What both clients are asked: recipients, and account and stream."""


def fill(client: Any, *, ready_seconds: int = 600) -> None:
    """WHO is on a list that is ready."""
    client.set(entry_key(f"sms:{WHO}", "*"), STOP)
    client.set(READY, "run", ex=ready_seconds)


def filled(port: int) -> None:
    with redis_py.Redis(port=port) as client:
        fill(client)


def plainly(url: str, **options: Any) -> Ask:
    """The client for plain code."""
    suppressed = SuppressionList.from_url(url, **options)
    return suppressed.check_many


def by_asyncio(url: str, **options: Any) -> Ask:
    """The client for asyncio, in one event loop for all its questions."""
    loop = asyncio.new_event_loop()
    suppressed = AsyncSuppressionList.from_url(url, **options)

    def ask(*arguments: Any, **fields: Any) -> list[Answer]:
        return loop.run_until_complete(suppressed.check_many(*arguments, **fields))

    return ask


CLIENTS = [plainly, by_asyncio]
