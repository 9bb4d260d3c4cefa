"""What staff ask for, written to `acquit.commands`. The ledger decides, in the recipient's own log, and logs what it did."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import islice

from aiokafka import AIOKafkaProducer
from msgspec import Struct

from acquit.errors import AcquitError, BadSettings
from acquit.events import EARLIEST, LATEST, Command, CommandName, Hold, encode, key_of
from acquit.suppression.keys import SCOPE, SCOPES, hashed
from acquit.worker import topics
from acquit.worker.connections import kafka_options
from acquit.worker.list_view import canonical_recipient
from acquit.worker.names import TopicName
from acquit.worker.sending import Outgoing, partition_of, send_all
from acquit.worker.settings import Settings

AT_ONCE = 5_000
NO_KEY = (
    "is not set: nobody would know again who was erased, and they would be contacted. `openssl rand -base64 48` makes one; "
    "workers and senders need the same"
)
ERASED_FROM: tuple[TopicName, ...] = (
    "commands", "events", "suppression-log", "dead-letters", "suppressions", "journal.ledger",
)  # fmt: skip


class Wish(Struct, frozen=True):
    """What somebody asks for one recipient, beside who and why."""

    name: CommandName
    scope: str = "*"
    until: datetime | None = None
    is_forced: bool = False
    hold: Hold | None = None
    ported_at: datetime | None = None


class Erasure(Struct, frozen=True):
    """Under which name an erased person stays, and until when each topic may hold the address (None: without end)."""

    name: str
    gone_by: dict[str, datetime | None]


def command(recipient: str, wish: Wish, *, by: str, reason: str, now: datetime) -> Command:
    """Raises AcquitError for what the ledger would refuse; its sentence never holds the address."""
    known = canonical_recipient(recipient)
    channel, _, to = known.partition(":")
    _check(wish, by=by, reason=reason, to=to, now=now)
    return Command(
        name=wish.name, to=to, channel=channel, at=now, by=by, reason=reason, scope=wish.scope, until=wish.until,  # type: ignore[arg-type]  # it is one of them
        force=wish.is_forced, hold=wish.hold, ported_at=wish.ported_at,
    )  # fmt: skip


async def send(settings: Settings, commands: Iterable[Command]) -> int:
    """Have these at the broker, in their order; returns how many. Raises AcquitError where the topic is missing."""
    sent = 0
    async with sending(settings) as send_some:
        for batch in _batches(commands):
            await send_some(batch)
            sent += len(batch)
    return sent


@asynccontextmanager
async def sending(settings: Settings) -> AsyncIterator[Callable[[Sequence[Command]], Awaitable[None]]]:
    """What has some commands at the broker when it returns. Raises AcquitError where the topic is missing."""
    topic = settings.topic("commands")
    partitions = (await topics.partition_counts(settings)).get(topic)
    if not partitions:
        raise AcquitError(f"{topic} is missing: run `acquit topics create`")
    options = kafka_options(settings) | {"acks": "all", "enable_idempotence": settings.fencing}
    async with AIOKafkaProducer(**options) as producer:

        async def send_some(batch: Sequence[Command]) -> None:
            await send_all(producer, [_outgoing(topic, each, partitions) for each in batch])

        yield send_some


async def erase(settings: Settings, recipient: str, *, by: str, reason: str, now: datetime) -> Erasure:
    """Ask that this person be forgotten and never contacted again. Raises AcquitError."""
    if settings.hashing is None:
        raise BadSettings("settings", None, "erase_key", NO_KEY)
    asked = command(recipient, Wish("erase"), by=by, reason=reason, now=now)
    kept = await topics.kept_ms(settings)
    await send(settings, [asked])
    waits = {topic: kept.get(topic) for topic in [settings.topic(name) for name in ERASED_FROM]}
    gone_by = {topic: None if ms is None else now + timedelta(milliseconds=ms) for topic, ms in waits.items()}
    return Erasure(hashed(key_of(asked), settings.hashing.key), gone_by)


def _check(wish: Wish, *, by: str, reason: str, to: str, now: datetime) -> None:
    if not by or not reason or max(len(by), len(reason)) > 512:
        raise AcquitError("actor and reason are needed, of 512 characters at most")
    if to in reason or to.lstrip("+") in reason:
        raise AcquitError("the reason holds the address, and would outlive it in the logs")
    if wish.until is not None and not now < wish.until <= LATEST:
        raise AcquitError("--until must be in the future, and before 2100")
    if wish.ported_at is not None and not EARLIEST <= wish.ported_at <= now + timedelta(days=1):
        raise AcquitError("--at must be after 2000, and no more than a day ahead")
    if not SCOPE.fullmatch(wish.scope):
        raise AcquitError(f"--scope must be {SCOPES}")


def _outgoing(topic: str, asked: Command, partitions: int) -> Outgoing:
    key = key_of(asked).encode()
    return Outgoing(topic, partition_of(key, partitions), key, encode(asked))


def _batches(commands: Iterable[Command]) -> Iterator[Sequence[Command]]:
    rest = iter(commands)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch
