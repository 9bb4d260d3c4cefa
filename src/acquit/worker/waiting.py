"""Waiting for a server that is not there: with backoff, said once and again when it lasts, seen by readiness."""

import asyncio
import logging
import random
from collections.abc import Iterator

from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NodeNotReadyError,
    ProducerClosed,
    ProducerFenced,
    RequestTimedOutError,
)
from redis.exceptions import AuthenticationError, AuthorizationError, NoPermissionError, RedisError

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 5.0

_PASSING = (KafkaConnectionError, KafkaTimeoutError, NodeNotReadyError, ProducerClosed, RequestTimedOutError)
log = logging.getLogger(__name__)


def is_passing(error: BaseException) -> bool:
    """Whether this error may go away by itself: a server that is not there, a leader that moves."""
    if isinstance(error, RedisError):
        return not isinstance(error, AuthenticationError | AuthorizationError | NoPermissionError)
    if isinstance(error, ProducerFenced):
        return False
    if isinstance(error, _PASSING):
        return True
    return isinstance(error, OSError) or (isinstance(error, KafkaError) and bool(error.retriable))


class Waits:
    """What the worker is waiting for now. Readiness says no while there is anything."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}

    def begin(self, what: str, error: BaseException | str) -> None:
        kind = error if isinstance(error, str) else type(error).__name__
        if what not in self.reasons:
            log.warning("waiting for %s: %s", what, kind)
        self.reasons[what] = f"waiting for {what}: {kind}"

    def end(self, what: str) -> None:
        if self.reasons.pop(what, None):
            log.info("%s is back", what)


async def pause(seconds: float) -> None:
    """Sleep for about so long: workers that lost one server together do not all come back in the same instant."""
    await asyncio.sleep(seconds * random.uniform(0.75, 1.25))  # noqa: S311 - no secret


def backoff() -> Iterator[float]:
    seconds = FIRST_SECONDS
    while True:
        yield seconds
        seconds = min(seconds * 2, LONGEST_SECONDS)
