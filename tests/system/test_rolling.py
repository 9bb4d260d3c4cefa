"""Three workers are restarted one after the other under load: nothing changes, and it is timed who waits how long."""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise

import pytest

from tests.system.stage import Stage, WorkerProcess, patiently, scenario, truth

PARTITIONS, WORKERS = 12, 3
PER_SECOND, LOAD_SECONDS, SETTLE_SECONDS = 400, 150, 5
SHIPPED = {
    "ACQUIT_SESSION_TIMEOUT_SECONDS": "30",
    "ACQUIT_HEARTBEAT_SECONDS": "3",
    "ACQUIT_REBALANCE_TIMEOUT_SECONDS": "60",
}
LONGEST_SECONDS = 30.0


@pytest.fixture
def stage(stage: Stage) -> Stage:
    stage.partitions, stage.extra = PARTITIONS, SHIPPED
    return stage


@pytest.mark.soak
@pytest.mark.parametrize("is_named", [False, True], ids=["nameless", "with-instance-ids"])
def test_rolling_restart_under_load_changes_nothing_and_no_partition_waits_long(stage: Stage, is_named: bool) -> None:
    names = [{"ACQUIT_INSTANCE_ID": f"worker-{number}"} if is_named else {} for number in range(WORKERS)]
    traffic = scenario(PER_SECOND * LOAD_SECONDS // 3)
    stage.create_topics()
    workers = [stage.start(**name) for name in names]
    assert all(patiently(worker.is_ready) for worker in workers)
    restarts: list[tuple[float, float]] = []
    with stage.feeding(traffic, per_second=PER_SECOND):
        assert patiently(lambda: all(worker.metric("acquit_events_total") > 50 for worker in workers))
        time.sleep(SETTLE_SECONDS)
        for worker, name in zip(workers, names, strict=True):
            restarts.append(_restarted(stage, worker, name))
    stage.check(truth(traffic))
    stage.check_replay()
    for number, restart in enumerate(restarts):
        waits = _waits(_commits(stage), *restart)
        print(_told(number, waits))  # noqa: T201 - what the test is for
        assert max(waits) < LONGEST_SECONDS


def test_of_two_workers_of_the_same_instance_id_one_ends_and_nothing_changes(stage: Stage) -> None:
    traffic = scenario(500)
    stage.create_topics()
    assert patiently(stage.start(ACQUIT_INSTANCE_ID="one").is_ready)
    stage.start(ACQUIT_INSTANCE_ID="one")
    stage.feed(traffic)
    stage.check(truth(traffic))
    assert patiently(lambda: [worker.process.poll() for worker in stage.workers].count(None) == 1)


def _restarted(stage: Stage, worker: WorkerProcess, name: Mapping[str, str]) -> tuple[float, float]:
    """From the order to stop until all has gone on for a while, in epoch seconds."""
    begun = time.time()
    assert worker.stop() == 0
    again = stage.start(**name)
    assert patiently(again.is_ready)
    time.sleep(SETTLE_SECONDS)
    return begun, time.time()


def _commits(stage: Stage) -> dict[int, list[float]]:
    """When each partition was brought forward: every commit leaves a record in its journal."""
    commits: dict[int, list[float]] = defaultdict(list)
    for record in stage.records(stage.settings.topic("journal.ledger")):
        commits[record.partition].append(record.timestamp / 1000)
    return commits


def _waits(commits: Mapping[int, list[float]], begun: float, ended: float) -> list[float]:
    """Of each partition the longest time without a commit."""
    return sorted(_longest([begun, *(at for at in times if begun < at < ended), ended]) for times in commits.values())


def _longest(times: Iterable[float]) -> float:
    return max(after - before for before, after in pairwise(sorted(times)))


def _told(number: int, waits: list[float]) -> str:
    return f"restart {number + 1}: seconds without progress per partition {' '.join(f'{wait:.1f}' for wait in waits)}"
