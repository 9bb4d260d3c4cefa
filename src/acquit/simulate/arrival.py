"""The order of arrival: all that a plan tells, one stream in time, with only what is still under way in memory."""

from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from itertools import count
from typing import TypeVar

from acquit.simulate.message import Message

T = TypeVar("T")
Told = Iterable[tuple[int, T]]


def by_arrival(messages: Iterable[Message], tell: Callable[[Message], Told[T]]) -> Iterator[T]:
    """What `tell` says of each message, by arrival; at the same millisecond, in the plan's order."""
    waiting: list[tuple[int, int, T]] = []
    places = count()
    for message in messages:
        while waiting and waiting[0][0] < message.at_ms:
            yield heappop(waiting)[2]
        for arrival_ms, told in tell(message):
            heappush(waiting, (arrival_ms, next(places), told))
    while waiting:
        yield heappop(waiting)[2]
