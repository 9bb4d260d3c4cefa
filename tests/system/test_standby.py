"""A worker that follows the journals takes over by reading only what is new, and what it comes to is exact."""

import re
import time
from collections.abc import Mapping
from typing import NamedTuple

from aiokafka import TopicPartition

from tests.system.stage import Stage, WorkerProcess, patiently, scenario, truth

MESSAGES = 4_000
LOAD_SECONDS = 10
SMALL_BATCHES = {"ACQUIT_MAX_POLL_RECORDS": "50"}  # so that the journals have many records
FOLLOWED_SECONDS = 3


class Loaded(NamedTuple):
    """How a journal was read when it was owned: how many records, and between which offsets."""

    records: int
    begin: int
    end: int


def test_worker_that_follows_reads_little_when_another_is_killed_and_stays_exact(stage: Stage) -> None:
    left, known = _handed_over(stage, standby=True)
    assert known.keys() == {TopicPartition(f"{stage.name}.journal.ledger", number) for number in range(4)}
    assert sum(loaded.begin for loaded in known.values()) > 0.5 * sum(loaded.end for loaded in known.values())
    assert sum(loaded.records for loaded in known.values()) < 0.5 * left


def test_worker_that_does_not_follow_reads_all_when_another_is_killed(stage: Stage) -> None:
    """Else the test above would show nothing."""
    left, known = _handed_over(stage, standby=False)
    assert all(loaded.begin == 0 for loaded in known.values())
    assert sum(loaded.records for loaded in known.values()) > 0.8 * left


def _handed_over(stage: Stage, *, standby: bool) -> tuple[int, Mapping[TopicPartition, Loaded]]:
    """Kill one of two workers under load: how many records the journals had, and how the other read each at last."""
    traffic = scenario(MESSAGES)
    stage.create_topics()
    settings = {**SMALL_BATCHES, "ACQUIT_STANDBY": str(standby).lower()}
    killed, other = stage.start(**settings), stage.start(**settings)
    assert patiently(lambda: killed.is_ready() and other.is_ready())
    with stage.feeding(traffic, per_second=3 * MESSAGES / LOAD_SECONDS):
        time.sleep(LOAD_SECONDS / 2 + FOLLOWED_SECONDS)
        left = len(stage.records(stage.settings.topic("journal.ledger")))
        assert killed.metric("acquit_events_total") > 50
        assert other.metric("acquit_events_total") > 50
        killed.kill()
    stage.check(truth(traffic))
    stage.check_gauges(truth(traffic))
    stage.check_replay()
    return left, _loaded(other)


def _loaded(worker: WorkerProcess) -> dict[TopicPartition, Loaded]:
    """By journal, how it was read last."""
    lines = re.finditer(
        r"(\S+journal\.ledger)/(\d+): (\d+) records read, from (\d+) to (\d+)$", worker.log.read_text(), re.MULTILINE
    )
    return {TopicPartition(line[1], int(line[2])): Loaded(*map(int, line.groups()[2:])) for line in lines}
