"""The list asked for many at once, as a sender asks."""

from collections.abc import Sequence

from msgspec import Struct
from redis.asyncio import Redis

from acquit.client import Entry
from acquit.client.asking import Asking, Terms
from acquit.client.lists import answers_of
from acquit.errors import AcquitError
from acquit.suppression.keys import Hashing


class NotReady(AcquitError):
    """The list cannot be trusted now, whatever it holds."""


class Asked(Struct, frozen=True):
    """As which sender to ask."""

    account: str | None = None
    stream: str | None = None
    hashing: Hashing | None = None


async def held(redis: Redis, recipients: Sequence[str], asked: Asked) -> dict[str, Sequence[Entry]]:
    """Those of these canonical recipients that must not be sent to, and why. Raises NotReady, and RedisError."""
    terms = Terms(erase_key=asked.hashing.key if asked.hashing else None)
    people = [(channel, address) for channel, _, address in (recipient.partition(":") for recipient in recipients)]
    answers = await answers_of(redis, Asking(terms, people, account=asked.account, stream=asked.stream))
    if any(answer.trouble == "not_ready" for answer in answers):
        raise NotReady("the list is not ready: do not trust it")
    return {recipient: each.entries for recipient, each in zip(recipients, answers, strict=True) if each.entries}
