"""Exact through every fault: totals, list and dead letters equal a truth that was known before."""

import time

import pytest

from tests.servers.redis import Redis
from tests.system import compared
from tests.system.stage import Stage, WorkerProcess, patiently, scenario, truth

SHORT, FULL = 4_000, 60_000
LOAD_SECONDS = {SHORT: 10, FULL: 40}
AWAY_SECONDS = {SHORT: 4, FULL: 10}
COUNTS = [pytest.param(SHORT, id="short"), pytest.param(FULL, id="full", marks=pytest.mark.soak)]
EXIT_UNACKNOWLEDGED = 75


@pytest.mark.parametrize("messages", COUNTS)
def test_totals_list_and_dead_letters_equal_the_truth(stage: Stage, messages: int) -> None:
    traffic = scenario(messages)
    stage.create_topics()
    worker = stage.start()
    stage.feed(traffic)
    stage.check(truth(traffic))
    stage.check_gauges(truth(traffic))
    stage.check_replay()
    letters = stage.records(stage.settings.topic("dead-letters"))
    assert len(letters) == len(truth(traffic).malformed), "without a crash no dead letter comes twice"
    assert worker.is_ready()
    assert patiently(lambda: stage.redis_value("sup:meta:ready") is not None)
    assert worker.stop() == 0


@pytest.mark.parametrize("compression", ["lz4", "zstd", "snappy", "gzip"])
def test_compressed_batches_are_read(stage: Stage, compression: str) -> None:
    traffic = scenario(400)
    stage.create_topics()
    stage.feed(traffic, compression=compression)
    stage.start()
    stage.check(truth(traffic))


@pytest.mark.parametrize("messages", COUNTS)
def test_three_kills_under_load_change_nothing(stage: Stage, messages: int) -> None:
    traffic = scenario(messages)
    stage.create_topics()
    rate = 3 * messages / (24 if messages == SHORT else 90)
    with stage.feeding(traffic, per_second=rate) as feeding:
        for _ in range(3):
            worker = stage.start()
            _wait_for_events(worker)
            worker.kill()
        stage.start()
        feeding.join()
    stage.check(truth(traffic))
    stage.check_replay()


@pytest.mark.parametrize("messages", COUNTS)
def test_a_second_worker_that_joins_late_and_leaves_changes_nothing(stage: Stage, messages: int) -> None:
    traffic = scenario(messages)
    stage.create_topics()
    first = stage.start()
    with stage.feeding(traffic, per_second=3 * messages / LOAD_SECONDS[messages]):
        patiently(lambda: first.metric("acquit_events_total") > 50, pause=0.1)
        second = stage.start()
        patiently(lambda: second.metric("acquit_events_total") > 0, pause=0.1)
        assert second.metric("acquit_events_total") > 0, "it took a share"
        assert second.stop() == 0
    stage.check(truth(traffic))
    stage.check_gauges(truth(traffic))
    stage.check_replay()
    assert first.process.poll() is None


@pytest.mark.parametrize("messages", COUNTS)
def test_a_worker_paused_beyond_its_session_exits_fenced_and_changes_nothing(stage: Stage, messages: int) -> None:
    traffic = scenario(messages)
    stage.create_topics()
    paused = stage.start()
    with stage.feeding(traffic, per_second=3 * messages / LOAD_SECONDS[messages]):
        patiently(lambda: paused.metric("acquit_events_total") > 50, pause=0.02)
        paused.pause()
        second = stage.start()
        patiently(lambda: second.metric("acquit_events_total") > 50)
        assert second.metric("acquit_events_total") > 50, "the other took over"
        paused.resume()
        assert paused.process.wait(20) == EXIT_UNACKNOWLEDGED
    stage.check(truth(traffic))
    stage.check_replay()


@pytest.mark.parametrize("is_deaf", [False, True], ids=["", "and-deaf"])
@pytest.mark.parametrize("messages", COUNTS)
def test_a_worker_whose_ledger_was_stuck_while_another_joined_changes_nothing(
    stage: Stage, messages: int, *, is_deaf: bool
) -> None:
    """Stuck with its transaction sent and not ended. Deaf, it misses the rebalance and is taken for dead meanwhile."""
    traffic, file = scenario(messages), stage.folder / "wait"
    deaf = {"STUCK_IS_DEAF": "1"} if is_deaf else {}
    stage.create_topics()
    stuck = stage.start(module="tests.system.stuck_worker", STUCK_WHILE=str(file), **deaf)
    with stage.feeding(traffic, per_second=3 * messages / LOAD_SECONDS[messages]):
        assert patiently(lambda: stuck.metric("acquit_events_total") > 50, pause=0.02)
        file.touch()
        assert patiently(stage.folder.joinpath("wait.stuck").exists, pause=0.1)
        second = stage.start()
        assert patiently(lambda: second.metric("acquit_events_total") > 50), "the other took over"
        file.unlink()
        if is_deaf:
            assert stuck.process.wait(30) == EXIT_UNACKNOWLEDGED
    stage.check(truth(traffic))
    compared.check(stage, traffic, truth(traffic))
    assert second.process.poll() is None
    assert is_deaf or stuck.process.poll() is None, "it heard of the other, and works on"


@pytest.mark.parametrize("emptied", [False, True], ids=["with-its-data", "emptied"])
@pytest.mark.parametrize("messages", COUNTS)
def test_redis_away_for_a_while_loses_nothing(stage: Stage, messages: int, *, emptied: bool) -> None:
    traffic = scenario(messages)
    stage.create_topics()
    worker = stage.start()
    assert isinstance(stage.redis, Redis)
    with stage.feeding(traffic, per_second=3 * messages / LOAD_SECONDS[messages]):
        patiently(lambda: worker.metric("acquit_append_to_redis_seconds_count") > 5, pause=0.1)
        stage.redis.stop()
        assert patiently(lambda: not worker.is_ready(), seconds=15)
        assert "Redis" in worker.page("/readyz")[1]
        assert worker.page("/livez")[0] == 200, "a new start would not help"
        time.sleep(AWAY_SECONDS[messages])
        stage.redis.restart(emptied=emptied)
        assert not emptied or stage.redis_value("sup:meta:ready") is None, "senders can tell"
    stage.check(truth(traffic))
    stage.check_replay()
    assert patiently(worker.is_ready)
    assert patiently(lambda: stage.redis_value("sup:meta:ready") is not None), "all parts are projected again"


@pytest.mark.parametrize("messages", COUNTS)
def test_kafka_away_for_a_while_loses_nothing(stage: Stage, messages: int) -> None:
    traffic = scenario(messages)
    stage.create_topics()
    worker = stage.start()
    stage.feed(traffic)
    patiently(lambda: worker.metric("acquit_events_total") > 50, pause=0.05)
    stage.kafka.stop()
    time.sleep(AWAY_SECONDS[messages])
    assert worker.page("/livez")[0] == 200
    stage.kafka.start()
    stage.check(truth(traffic))
    stage.check_replay()
    assert patiently(worker.is_ready)


@pytest.mark.parametrize("messages", COUNTS)
def test_a_restart_goes_on_where_the_journal_ends(stage: Stage, messages: int) -> None:
    traffic = scenario(messages, seed=12)
    stage.create_topics()
    stage.feed(traffic)
    first = stage.start()
    stage.check(truth(traffic))
    assert first.stop() == 0
    again = stage.start()
    assert patiently(again.is_ready)
    stage.check_gauges(truth(traffic))
    assert again.metric("acquit_events_total") == 0, "nothing is folded twice"


def _wait_for_events(worker: WorkerProcess) -> None:
    assert patiently(lambda: worker.metric("acquit_events_total") > 50, pause=0.1)
