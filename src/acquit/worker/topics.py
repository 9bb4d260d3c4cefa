"""The topics that acquit lives on: what each must be, how to make it, and what is wrong with it. One row a topic.

`compare` judges and does no I/O; `create` and `check` speak to the cluster. What exists is never altered here.
"""

import asyncio
import shlex
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal, TypedDict

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaTimeoutError, TopicAlreadyExistsError, for_code

from acquit.worker.connections import kafka_options
from acquit.worker.names import KeptTopic, TopicName
from acquit.worker.settings import Settings

Owner = Literal["acquit", "shared", "theirs"]
"""acquit: made and checked. shared: made if missing, then the owner's own. theirs: raw; only has to exist."""

HEADROOM_BYTES = 64 * 1024
"""For what surrounds a record's value: key, headers that say why it is a dead letter, the batch's own header."""
JOURNAL_BYTES = 1024 * 1024
"""Journal records are split under 900 KB."""
SEGMENT_BYTES = 64 * 1024 * 1024
"""The newest segment is never compacted; with Kafka's 1 GiB a journal would be read whole at every start."""
REMOVAL_HOURS = 24
"""How long a journal keeps a removal after compaction: far longer than a reader may take from one end to the other."""
COMPACTED_WITHIN_MS = 86_400_000
"""Without it nobody can say when what was overwritten is gone, an erased address among it."""
LARGEST_BYTES = 64 * 1024 * 1024 + HEADROOM_BYTES
"""A record too large to be read is kept whole all the same, as large as its own topic let it be."""
VISIBLE_SECONDS = 30
ENDLESS_MS = 1 << 62
"""Kafka's own word for never, 2^63 - 1, and its like."""


@dataclass(frozen=True)
class TopicSpec:
    """What one topic must be, and why. Its partition count matters only where `is_fixed`."""

    name: str
    partitions: int
    replicas: int
    config: Mapping[str, str]
    why: str
    owner: Owner = "acquit"
    is_fixed: bool = False


@dataclass(frozen=True)
class Problem:
    """What is wrong with a topic, in a sentence that says what to do."""

    topic: str
    sentence: str


class FoundTopic(TypedDict):
    """A topic as the cluster describes it."""

    partitions: int
    replicas: int
    config: Mapping[str, str]


def specs(settings: Settings) -> list[TopicSpec]:
    """Every topic that a worker with these settings needs, the raw ones last."""
    return [*_log_topics(settings), *_state_topics(settings), *_shared_topics(settings), *_raw_topics(settings)]


def _log_topics(settings: Settings) -> Iterator[TopicSpec]:
    large = _at_most(settings.max_record_bytes + HEADROOM_BYTES)
    yield _spec(
        settings,
        "events",
        {**_deleted(settings, "events"), **large},
        "all about a recipient, in the order in which the ledger takes it",
        is_fixed=True,
    )
    yield _spec(settings, "commands", _deleted(settings, "commands"), "what staff asked for")
    yield _spec(settings, "suppression-log", _deleted(settings, "suppression-log"), "who was suppressed, when and why")
    yield _spec(settings, "alerts", _deleted(settings, "alerts"), "verdicts and drops, raised and cleared")
    dead = {**_deleted(settings, "dead-letters"), **_at_most(LARGEST_BYTES)}
    yield _spec(settings, "dead-letters", dead, "records that could not be read, as they came")


def _state_topics(settings: Settings) -> Iterator[TopicSpec]:
    yield _spec(
        settings,
        "suppressions",
        _compacted() | {"delete.retention.ms": _milliseconds(settings.retention_hours["suppressions"])},
        "the truth of the list, written under the ledger's partition number",
        is_fixed=True,
    )
    yield _spec(
        settings, "held", _compacted(), "who is held by the circuit breaker, for staff to decide", is_fixed=True
    )
    kept = {"delete.retention.ms": _milliseconds(REMOVAL_HOURS)}
    journal = {**_compacted(), **kept, **_at_most(JOURNAL_BYTES + HEADROOM_BYTES)}
    yield _spec(settings, "journal.ledger", journal, "the ledger's state, one journal a partition", is_fixed=True)
    yield _spec(settings, "journal.routes", journal, "the state of routes", partitions=1, is_fixed=True)
    tallies = {**_deleted(settings, "tallies"), **_compacted(), "cleanup.policy": "compact,delete"}
    yield _spec(settings, "tallies", tallies, "running totals, read by one brain", partitions=1, is_fixed=True)


def _shared_topics(settings: Settings) -> Iterator[TopicSpec]:
    submits, engagements = _deleted(settings, "submits"), _deleted(settings, "engagements")
    yield _spec(settings, "submits", submits, "what was sent; without it nothing is missed", owner="shared")
    yield _spec(settings, "engagements", engagements, "what people did; it exposes fakes", owner="shared")


def _raw_topics(settings: Settings) -> Iterator[TopicSpec]:
    config = {"cleanup.policy": "delete", **_at_most(settings.max_record_bytes + HEADROOM_BYTES), **_durable(settings)}
    for name in settings.raw_topics:
        why = "callbacks as providers send them"
        yield TopicSpec(name, settings.event_partitions, settings.replication_factor, config, why, owner="theirs")


def _spec(
    settings: Settings,
    name: TopicName,
    config: Mapping[str, str],
    why: str,
    *,
    partitions: int | None = None,
    owner: Owner = "acquit",
    is_fixed: bool = False,
) -> TopicSpec:
    return TopicSpec(
        name=settings.topic(name),
        partitions=partitions or settings.event_partitions,
        replicas=settings.replication_factor,
        config={**config, **_durable(settings)},
        why=why,
        owner=owner,
        is_fixed=is_fixed,
    )


def _deleted(settings: Settings, name: KeptTopic) -> dict[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": _milliseconds(settings.retention_hours[name])}


def _compacted() -> dict[str, str]:
    return {
        "cleanup.policy": "compact",
        "segment.bytes": str(SEGMENT_BYTES),
        "max.compaction.lag.ms": str(COMPACTED_WITHIN_MS),
    }


def _at_most(size_bytes: int) -> dict[str, str]:
    return {"max.message.bytes": str(size_bytes)}


def _durable(settings: Settings) -> dict[str, str]:
    """More than half of the replicas hold what is acknowledged: of 3, one may be lost and one more be away."""
    replicas = settings.replication_factor
    return {"min.insync.replicas": str(replicas // 2 + 1)} if replicas > 1 else {}


def _milliseconds(hours: float) -> str:
    return "-1" if hours < 0 else str(round(hours * 3_600_000))


def compare(wanted: Sequence[TopicSpec], found: Mapping[str, FoundTopic]) -> list[Problem]:
    """What is wrong with the topics found, in the order of those wanted."""
    return [Problem(spec.name, said) for spec in wanted for said in _faults(spec, found.get(spec.name))]


def _faults(spec: TopicSpec, found: FoundTopic | None) -> Iterator[str]:
    if found is None:
        yield f"{spec.name} is missing ({spec.why}): {_how_to_make(spec)}."
    elif spec.owner == "acquit":
        yield from _wrong_partitions(spec, found)
        yield from _wrong_cleanup(spec, found)
        yield from _wrong_size(spec, found)
        yield from _wrong_replicas(spec, found)


def _how_to_make(spec: TopicSpec) -> str:
    if spec.owner == "theirs":
        return "make it, or take it out of raw_topics"
    return "run `acquit topics create`"


def _wrong_partitions(spec: TopicSpec, found: FoundTopic) -> Iterator[str]:
    if not spec.is_fixed or found["partitions"] == spec.partitions:
        return
    said = f"{spec.name} has {_counted(found['partitions'], 'partition')} and needs {spec.partitions}"
    setting = "" if spec.partitions == 1 else f"set event_partitions to {found['partitions']}, or "
    yield f"{said}: {setting}delete it and run `acquit topics create`. Adding partitions would send keys elsewhere."


def _wrong_cleanup(spec: TopicSpec, found: FoundTopic) -> Iterator[str]:
    has, needs = found["config"].get("cleanup.policy"), spec.config["cleanup.policy"]
    if has is not None and set(has.split(",")) != set(needs.split(",")):
        yield f"{spec.name} has cleanup.policy={has}: set {_altered('cleanup.policy', needs)} ({spec.why})."


def _wrong_size(spec: TopicSpec, found: FoundTopic) -> Iterator[str]:
    has, needs = found["config"].get("max.message.bytes"), spec.config.get("max.message.bytes")
    if has is not None and needs is not None and int(has) < int(needs):
        yield f"{spec.name} takes records of {has} bytes at most: set {_altered('max.message.bytes', needs)}."


def _wrong_replicas(spec: TopicSpec, found: FoundTopic) -> Iterator[str]:
    if found["replicas"] < spec.replicas:
        said = f"{spec.name} is kept by {_counted(found['replicas'], 'broker')}, and replication_factor is"
        yield f"{said} {spec.replicas}: reassign its partitions with kafka-reassign-partitions, or lower the setting."


def _altered(name: str, value: str) -> str:
    shown = f"[{value}]" if "," in value else value  # kafka-configs takes a list in brackets
    return f"{name}={shown} with kafka-configs --alter --add-config"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


async def check(settings: Settings) -> list[Problem]:
    """What is wrong with the cluster's topics. KafkaConnectionError where no broker answers."""
    wanted = specs(settings)
    async with _admin(settings) as admin:
        return compare(wanted, await _describe(admin, wanted))


async def kept_ms(settings: Settings) -> dict[str, int | None]:
    """How long our own topics may hold a record after it was written, or overwritten; None: without end, or not known.

    Kafka deletes whole segments, so that a record stays until the youngest of its segment is old enough.
    """
    wanted = [spec for spec in specs(settings) if spec.owner == "acquit"]
    async with _admin(settings) as admin:
        found = await _describe(admin, wanted)
    return {name: _kept_ms(topic["config"]) for name, topic in found.items()}


def _kept_ms(config: Mapping[str, str]) -> int | None:
    is_deleted = "delete" in config.get("cleanup.policy", "delete")
    names = ("retention.ms", "segment.ms") if is_deleted else ("max.compaction.lag.ms", "delete.retention.ms")
    times = [int(config.get(name, "-1")) for name in names]
    return None if min(times) < 0 or max(times) >= ENDLESS_MS else sum(times)


async def partition_counts(settings: Settings) -> dict[str, int]:
    """Of every topic that is there. Asked for by name, a missing one would be made by many a broker."""
    async with _admin(settings) as admin:
        return {name: count for name, (count, _) in (await _sizes(admin)).items()}


async def create(settings: Settings, *, with_raw: bool = False) -> list[str]:
    """Make what is missing and wait until all can be used; the names of what was made. Raw topics only when asked."""
    wanted = [spec for spec in specs(settings) if with_raw or spec.owner != "theirs"]
    async with _admin(settings) as admin:
        found = await _describe(admin, wanted)
        made = await _make(admin, [spec for spec in wanted if spec.name not in found])
        await _until_visible(admin, made)
    return made


@asynccontextmanager
async def _admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**kafka_options(settings))
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _describe(admin: AIOKafkaAdminClient, wanted: Sequence[TopicSpec]) -> dict[str, FoundTopic]:
    sizes = await _sizes(admin)
    ours = [spec for spec in wanted if spec.name in sizes and spec.owner == "acquit"]
    configs = await _configs(admin, ours)
    return {
        spec.name: FoundTopic(partitions=count, replicas=replicas, config=configs.get(spec.name, {}))
        for spec in wanted
        for count, replicas in [sizes.get(spec.name, (0, 0))]
        if count
    }


async def _sizes(admin: AIOKafkaAdminClient) -> dict[str, tuple[int, int]]:
    """Partitions and replicas of every topic. Asked for by name, a missing topic would be made by many a broker."""
    return {
        topic["topic"]: (len(topic["partitions"]), min(len(partition["replicas"]) for partition in topic["partitions"]))
        for topic in await admin.describe_topics()
        if topic["partitions"]
    }


async def _configs(admin: AIOKafkaAdminClient, topics: Sequence[TopicSpec]) -> dict[str, dict[str, str]]:
    """All of each topic's settings: Tansu hangs up when asked for some by name, and leaves defaults out."""
    if not topics:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, spec.name) for spec in topics]
    configs: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(resources):
        for code, message, _type, name, entries in answer.resources:
            if code:
                raise for_code(code)(f"{name}: {message}")
            configs[name] = {setting: value for setting, value, *_ in entries if value is not None}
    return configs


async def _make(admin: AIOKafkaAdminClient, missing: Sequence[TopicSpec]) -> list[str]:
    if not missing:
        return []
    answer = await admin.create_topics(
        [NewTopic(spec.name, spec.partitions, spec.replicas, topic_configs=dict(spec.config)) for spec in missing]
    )
    made = []
    for name, code, *message in answer.topic_errors:
        if code == 0:
            made.append(name)
        elif code != TopicAlreadyExistsError.errno:  # somebody was faster
            raise for_code(code)(": ".join([name, *filter(None, message)]))
    return made


async def _until_visible(admin: AIOKafkaAdminClient, names: Sequence[str]) -> None:
    """Kafka answers before every broker knows of a new topic."""
    try:
        async with asyncio.timeout(VISIBLE_SECONDS):
            while not set(names) <= (await _sizes(admin)).keys():  # noqa: ASYNC110 -- the broker tells nobody
                await asyncio.sleep(0.1)
    except TimeoutError as error:
        raise KafkaTimeoutError(f"new topics were not there after {VISIBLE_SECONDS} s") from error


def acls(settings: Settings, principal: str) -> list[str]:
    """The `kafka-acls` commands that let a worker in where all is forbidden; `principal` is such as `User:acquit`.

    Whoever runs `acquit topics create` needs Create on the cluster besides, and `acquit dead-letters replay` Write on
    the topic that a letter came from. $BOOTSTRAP and $ADMIN_CONFIG are the reader's.
    """
    topics = [_allow(principal, f"--topic {spec.name}", *_operations(spec)) for spec in specs(settings)]
    group = _allow(principal, f"--group {settings.app_id}", "Read", "Describe")
    prefix = f"--transactional-id {settings.app_id}- --resource-pattern-type prefixed"
    return [*topics, group, *([_allow(principal, prefix, "Write", "Describe")] if settings.fencing else [])]


def _operations(spec: TopicSpec) -> tuple[str, ...]:
    return ("Read", "Write", "Describe", "DescribeConfigs") if spec.owner == "acquit" else ("Read", "Describe")


def _allow(principal: str, resource: str, *operations: str) -> str:
    command = 'kafka-acls --bootstrap-server "$BOOTSTRAP" --command-config "$ADMIN_CONFIG" --add'
    allowed = " ".join(f"--operation {operation}" for operation in operations)
    return f"{command} --allow-principal {shlex.quote(principal)} {allowed} {resource}"
