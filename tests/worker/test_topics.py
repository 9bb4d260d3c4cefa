"""What is said of topics that are missing or not as they must be, and what each topic must be."""

import shlex
from collections.abc import Mapping

import pytest

from acquit.worker.names import TOPIC_NAMES
from acquit.worker.settings import Settings
from acquit.worker.topics import FoundTopic, TopicSpec, acls, compare, specs

SETTINGS = Settings(raw_topics={"raw.sms": "smpp"}, event_partitions=4)


def wanted(settings: Settings = SETTINGS) -> dict[str, TopicSpec]:
    return {spec.name: spec for spec in specs(settings)}


def as_wanted(settings: Settings = SETTINGS) -> dict[str, FoundTopic]:
    return {spec.name: found(spec) for spec in specs(settings)}


def found(
    spec: TopicSpec,
    *,
    partitions: int | None = None,
    replicas: int | None = None,
    config: Mapping[str, str] | None = None,
) -> FoundTopic:
    return FoundTopic(
        partitions=partitions or spec.partitions,
        replicas=replicas or spec.replicas,
        config={**spec.config, **(config or {})},
    )


def said(name: str, topic: FoundTopic | None, settings: Settings = SETTINGS) -> list[str]:
    """What is said when one topic is otherwise than wanted; all others are right."""
    topics = {other: as_found for other, as_found in as_wanted(settings).items() if other != name}
    problems = compare(specs(settings), topics if topic is None else {**topics, name: topic})
    assert {problem.topic for problem in problems} <= {name}
    return [problem.sentence for problem in problems]


def test_there_is_a_row_for_every_topic() -> None:
    assert set(wanted()) == {SETTINGS.topic(name) for name in TOPIC_NAMES} | {"raw.sms"}


def test_topics_as_wanted_are_no_problem() -> None:
    assert compare(specs(SETTINGS), as_wanted()) == []


@pytest.mark.parametrize("name", [spec.name for spec in specs(SETTINGS) if spec.owner != "theirs"])
def test_a_missing_topic_says_how_to_make_it(name: str) -> None:
    (sentence,) = said(name, None)
    assert sentence.startswith(f"{name} is missing (")
    assert "run `acquit topics create`" in sentence


def test_a_missing_raw_topic_is_for_its_owner_to_make() -> None:
    (sentence,) = said("raw.sms", None)
    assert sentence.endswith("make it, or take it out of raw_topics.")


@pytest.mark.parametrize("name", ["acquit.events", "acquit.suppressions", "acquit.journal.ledger"])
def test_a_topic_with_the_wrong_partition_count_is_reported(name: str) -> None:
    (sentence,) = said(name, found(wanted()[name], partitions=3))
    assert "has 3 partitions and needs 4: set event_partitions to 3, or delete it" in sentence


@pytest.mark.parametrize("name", ["acquit.tallies", "acquit.journal.routes"])
def test_what_one_brain_reads_has_one_partition_whatever_the_setting(name: str) -> None:
    (sentence,) = said(name, found(wanted()[name], partitions=4))
    assert "has 4 partitions and needs 1: delete it" in sentence


@pytest.mark.parametrize(
    "name", ["acquit.commands", "acquit.alerts", "acquit.submits", "acquit.dead-letters", "raw.sms"]
)
def test_where_no_state_hangs_on_a_partition_any_count_will_do(name: str) -> None:
    assert said(name, found(wanted()[name], partitions=64)) == []


def test_a_wrong_cleanup_policy_is_reported() -> None:
    spec = wanted()["acquit.suppressions"]
    (sentence,) = said(spec.name, found(spec, config={"cleanup.policy": "delete"}))
    assert "has cleanup.policy=delete: set cleanup.policy=compact with kafka-configs" in sentence


def test_the_order_of_two_cleanup_policies_says_nothing() -> None:
    spec = wanted()["acquit.tallies"]
    assert said(spec.name, found(spec, config={"cleanup.policy": "delete,compact"})) == []
    (sentence,) = said(spec.name, found(spec, config={"cleanup.policy": "delete"}))
    assert "cleanup.policy=[compact,delete]" in sentence


@pytest.mark.parametrize("name", ["acquit.events", "acquit.dead-letters", "acquit.journal.ledger"])
def test_a_topic_that_refuses_large_records_is_reported(name: str) -> None:
    spec = wanted()[name]
    needed = int(spec.config["max.message.bytes"])
    assert said(name, found(spec, config={"max.message.bytes": str(needed)})) == []
    (sentence,) = said(name, found(spec, config={"max.message.bytes": str(needed - 1)}))
    assert f"set max.message.bytes={needed} " in sentence


def test_fewer_replicas_than_asked_for_are_reported() -> None:
    safe = Settings(replication_factor=3)
    (sentence,) = said("acquit.suppressions", found(wanted(safe)["acquit.suppressions"], replicas=1), safe)
    assert "is kept by 1 broker, and replication_factor is 3" in sentence


@pytest.mark.parametrize("name", ["acquit.submits", "acquit.engagements", "raw.sms"])
def test_the_settings_of_a_topic_that_others_own_are_theirs(name: str) -> None:
    theirs = found(wanted()[name], partitions=1, config={"cleanup.policy": "compact", "max.message.bytes": "1"})
    assert said(name, theirs) == []


def test_a_setting_that_the_broker_does_not_tell_is_no_problem() -> None:
    silent: dict[str, FoundTopic] = {name: {**topic, "config": {}} for name, topic in as_wanted().items()}
    assert compare(specs(SETTINGS), silent) == []


def test_a_dead_letter_has_room_for_the_largest_record_and_its_headers() -> None:
    for name in ("acquit.dead-letters", "acquit.events"):
        assert int(wanted()[name].config["max.message.bytes"]) > SETTINGS.max_record_bytes + 10_000


@pytest.mark.parametrize(("replicas", "in_sync"), [(1, None), (2, "2"), (3, "2"), (5, "3")])
def test_more_than_half_of_the_replicas_hold_what_is_acknowledged(replicas: int, in_sync: str | None) -> None:
    for spec in specs(Settings(replication_factor=replicas, raw_topics={"raw.sms": ""})):
        assert spec.config.get("min.insync.replicas") == in_sync


def test_retention_is_a_setting_of_each_topic() -> None:
    topics = wanted(Settings(retention_hours={"events": 0.5, "alerts": -1}))
    assert topics["acquit.events"].config["retention.ms"] == "1800000"
    assert topics["acquit.alerts"].config["retention.ms"] == "-1"
    assert topics["acquit.tallies"].config["retention.ms"] == str(40 * 86_400_000)
    assert topics["acquit.suppressions"].config["delete.retention.ms"] == str(7 * 86_400_000)


def test_the_truth_and_the_journals_are_never_deleted_by_age() -> None:
    for name in ("acquit.suppressions", "acquit.journal.ledger", "acquit.journal.routes"):
        assert wanted()[name].config["cleanup.policy"] == "compact"
        assert "retention.ms" not in wanted()[name].config


def test_a_locked_down_cluster_lets_the_worker_do_no_more_than_it_must() -> None:
    lines = [shlex.split(line) for line in acls(SETTINGS, "User:CN=acquit worker")]
    assert all(line[line.index("--allow-principal") + 1] == "User:CN=acquit worker" for line in lines)
    allowed = {(line[line.index(kind) + 1], "Write" in line) for line in lines for kind in KINDS if kind in line}
    assert {("acquit.events", True), ("acquit.submits", False), ("raw.sms", False)} <= allowed
    assert {("acquit", False), ("acquit-", True)} <= allowed
    assert len(allowed) == len(specs(SETTINGS)) + 2


KINDS = ("--topic", "--group", "--transactional-id")


def test_without_fencing_no_transaction_is_allowed() -> None:
    assert not any("--transactional-id" in line for line in acls(Settings(fencing=False), "User:acquit"))
