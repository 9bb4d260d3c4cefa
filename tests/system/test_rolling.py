"""Three workers are restarted one after the other under load: nothing changes, and it is timed who waits how long."""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import pytest

from tests.system.stage import Stage, WorkerProcess, patiently, scenario, truth

PARTITIONS, WORKERS = 12, 3
PER_SECOND, LOAD_SECONDS, SETTLE_SECONDS = 400, 120, 5
SHIPPED = {
    "ACQUIT_SESSION_TIMEOUT_SECONDS": "30",
    "ACQUIT_HEARTBEAT_SECONDS": "3",
    "ACQUIT_REBALANCE_TIMEOUT_SECONDS": "60",
}
LONGEST_SECONDS = 30.0
EXIT_UNACKNOWLEDGED = 75


@dataclass(frozen=True)
class Restart:
    """From the order to stop until all has gone on for a while, in epoch seconds."""

    begun: float
    ended: float
    rebalances: float  # that each of the other workers took part in


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
    with stage.feeding(traffic, per_second=PER_SECOND) as feeding:
        assert patiently(lambda: all(worker.metric("acquit_events_total") > 50 for worker in workers))
        time.sleep(SETTLE_SECONDS)
        restarts = [_restarted(stage, workers, number, name) for number, name in enumerate(names)]
        assert feeding.is_alive(), "else nobody was kept waiting"
    stage.check(truth(traffic))
    stage.check_replay()
    commits = _commits(stage)
    for number, restart in enumerate(restarts):
        waits = _waits(commits, restart)
        print(_told(number, restart, waits))  # noqa: T201 - what the test is for
        assert max(waits) < LONGEST_SECONDS
        assert not is_named or restart.rebalances == 0, "the other workers know nothing of it"


@pytest.mark.parametrize("is_busy", [True, False], ids=["busy", "idle"])
def test_of_two_workers_of_the_same_instance_id_the_older_ends_and_nothing_changes(stage: Stage, is_busy: bool) -> None:
    traffic = scenario(1_500)
    stage.create_topics()
    older = stage.start(ACQUIT_INSTANCE_ID="one")
    assert patiently(older.is_ready)
    with stage.feeding(traffic, per_second=500 if is_busy else None) as feeding:
        if not is_busy:
            feeding.join()
            stage.check(truth(traffic))
        younger = stage.start(ACQUIT_INSTANCE_ID="one")
        assert older.process.wait(30) == EXIT_UNACKNOWLEDGED
        assert "another worker" in older.log.read_text()
    stage.check(truth(traffic))
    stage.check_replay()
    assert younger.is_ready()
    assert younger.process.poll() is None


def _restarted(stage: Stage, workers: list[WorkerProcess], number: int, name: Mapping[str, str]) -> Restart:
    others = [worker for worker in workers if worker is not workers[number]]
    before, begun = _rebalances(others), time.time()
    assert workers[number].stop() == 0
    workers[number] = stage.start(**name)
    assert patiently(workers[number].is_ready)
    time.sleep(SETTLE_SECONDS)
    return Restart(begun, time.time(), max(now - was for now, was in zip(_rebalances(others), before, strict=True)))


def _rebalances(workers: Iterable[WorkerProcess]) -> list[float]:
    return [worker.metric("acquit_rebalances_total") for worker in workers]


def _commits(stage: Stage) -> dict[int, list[float]]:
    """When each partition was brought forward: every commit leaves a record in its journal."""
    commits: dict[int, list[float]] = defaultdict(list)
    for record in stage.records(stage.settings.topic("journal.ledger")):
        commits[record.partition].append(record.timestamp / 1000)
    return commits


def _waits(commits: Mapping[int, list[float]], restart: Restart) -> list[float]:
    """Of each partition the longest time without a commit."""
    begun, ended = restart.begun, restart.ended
    return sorted(_longest([begun, *(at for at in times if begun < at < ended), ended]) for times in commits.values())


def _longest(times: Iterable[float]) -> float:
    return max(after - before for before, after in pairwise(sorted(times)))


def _told(number: int, restart: Restart, waits: list[float]) -> str:
    return (
        f"restart {number + 1}: {restart.rebalances:.0f} rebalances of the others; seconds without progress: "
        f"median {median(waits):.1f}, max {max(waits):.1f}, per partition {' '.join(f'{wait:.1f}' for wait in waits)}"
    )
