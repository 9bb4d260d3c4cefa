"""Redis is made equal to the truth of the list, and no sender gets a wrong answer meanwhile."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
import redis as redis_py
from redis.asyncio import Redis as Client

from acquit.suppression.keys import READY, entry_key, part_key, position_key
from acquit.worker import list_truth
from acquit.worker.list_rebuild import Rebuild
from acquit.worker.list_redis import ListRedis, Position, new_word, read_position
from acquit.worker.list_truth import Truth
from tests.servers.kafka import ROOT
from tests.servers.redis import Redis
from tests.system.listed import SINCE, Listed, asking, is_ready, key
from tests.system.stage import Stage, patiently

SUPPRESSED, FREE = range(3_000), range(3_000, 3_600)
SINK = {"ACQUIT_AGENTS": "sink"}


@pytest.fixture
def listed(stage: Stage) -> Listed:
    stage.create_topics()
    listed = Listed(stage.settings)
    listed.fill(SUPPRESSED)
    listed.fill_lifted(FREE)
    listed.send()
    return listed


@pytest.fixture
def client(own_redis: Redis) -> redis_py.Redis:
    return redis_py.Redis.from_url(own_redis.url, decode_responses=True)


def write_anew(stage: Stage) -> str:
    done = stage.run("suppression", "rebuild", "--without-workers")
    assert done.returncode == 0, done.stderr
    return done.stdout


def check(stage: Stage) -> tuple[int, str]:
    done = stage.run("suppression", "rebuild", "--check")
    return done.returncode, done.stdout + done.stderr


def test_emptied_redis_is_written_anew(stage: Stage, listed: Listed) -> None:
    said = write_anew(stage)
    assert said.startswith(f"{len(SUPPRESSED)} entries")
    assert f"{len(SUPPRESSED)} were written anew" in said
    assert "not ready" in said, "only a worker knows that all is there"
    assert not listed.differences(stage.redis.url)
    assert check(stage)[0] == 0


def test_no_sender_gets_a_wrong_answer_while_a_whole_list_is_written_anew(
    stage: Stage, listed: Listed, client: redis_py.Redis
) -> None:
    """Each was suppressed, lifted and suppressed again: what a sender must not see is what lies between."""
    write_anew(stage)
    client.delete(*(position_key(number) for number in range(stage.partitions)))
    with asking(stage.redis.url, suppressed=SUPPRESSED[::60], free=FREE[::12]) as told:
        write_anew(stage)
    assert told.asked > 100
    assert told.wrong == 0
    assert not listed.differences(stage.redis.url)


def test_user_of_docs_redis_may_do_all_that_is_needed(stage: Stage, listed: Listed, client: redis_py.Redis) -> None:
    page = (ROOT / "docs" / "redis.md").read_text()
    (line,) = (line for line in page.splitlines() if line.startswith("ACL SETUSER acquit "))
    client.execute_command(*line.split())  # type: ignore[no-untyped-call]  # redis-py's
    stage.extra = {"ACQUIT_REDIS_USERNAME": "acquit", "ACQUIT_REDIS_PASSWORD": "PASSWORD"}
    write_anew(stage)
    client.delete(key(1))
    assert "1 missing in Redis" in stage.run("suppression", "rebuild").stdout
    stage.start(**SINK)
    listed.check(stage)


def test_what_the_truth_does_not_have_is_taken_away(stage: Stage, listed: Listed, client: redis_py.Redis) -> None:
    strangers = [key(number) for number in range(5_000, 5_050)]
    client.mset(dict.fromkeys(strangers, "stop|1|rule"))
    client.set("sup:{odd}:*}:*", "a key that can be read in two ways is left alone")
    assert "50 extra" in write_anew(stage)
    assert client.exists(*strangers) == 0
    assert client.delete("sup:{odd}:*}:*")
    assert not listed.differences(stage.redis.url)


def test_truth_without_any_record_takes_nothing_away(stage: Stage, client: redis_py.Redis) -> None:
    stage.create_topics()
    client.set(key(1), "stop|1|rule")
    assert "0 extra" in write_anew(stage)
    assert client.exists(key(1))


def test_check_says_what_differs_and_changes_nothing_and_a_rebuild_mends_it(
    stage: Stage, listed: Listed, client: redis_py.Redis
) -> None:
    write_anew(stage)
    client.delete(key(1), key(2), key(3))
    client.set(key(4), "manual|1|other")
    client.persist(key(10))  # it was to expire
    client.set(key(7_778), "stop|1|rule")
    for _ in range(2):
        code, said = check(stage)
        assert code == 1
        assert "3 missing in Redis, 2 different, 1 extra." in said
    assert not any(client.exists(key(number)) for number in (1, 2, 3))
    done = stage.run("suppression", "rebuild")
    assert "3 missing in Redis, 2 different, 1 extra, which is mended" in done.stdout, done.stderr
    assert not listed.differences(stage.redis.url)
    assert check(stage)[0] == 0


def test_nothing_is_compared_where_nothing_was_projected(stage: Stage, listed: Listed) -> None:
    code, said = check(stage)
    assert code == 78
    assert "partitions 0, 1, 2, 3 are not projected yet" in said


def test_entries_that_only_a_slice_of_memory_holds_are_the_same(
    stage: Stage, listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_truth, "SHARE_RECORDS", 500)

    async def run() -> None:
        async with tools(stage) as (rebuild, there, truth):
            found = await there.positions(range(stage.partitions))
            exact, drift = await rebuild.write_anew(found, await there.server(), ends=await truth.ends(found))
            assert len(exact) == stage.partitions
            assert drift.entries == len(SUPPRESSED)
            assert (await rebuild.compare(range(stage.partitions))).is_none

    asyncio.run(run())
    assert not listed.differences(stage.redis.url)


@asynccontextmanager
async def tools(stage: Stage) -> AsyncIterator[tuple[Rebuild, ListRedis, Truth]]:
    options = {"bootstrap_servers": stage.kafka.bootstrap}
    truth = Truth(stage.settings.topic("suppressions"), options=options, reads_committed=True)
    await truth.start()
    try:
        async with Client.from_url(stage.redis.url) as redis:
            there = ListRedis(redis)
            yield Rebuild(truth, there, stage.partitions), there, truth
    finally:
        await truth.stop()


@pytest.mark.soak
def test_comparing_beside_a_worker_with_traffic_mends_nothing_that_is_right(stage: Stage, listed: Listed) -> None:
    """What was lifted or suppressed while it was compared is not taken for drift, and nothing old is written over it."""
    stage.start(**SINK)
    listed.check(stage)
    over = threading.Event()

    def traffic() -> None:
        turn = 0
        while not over.wait(0.02):
            turn += 1
            for number in range(10_000, 10_100):
                (listed.suppress if (number + turn) % 3 else listed.lift)(number)
            listed.send()

    changing = threading.Thread(target=traffic)
    changing.start()
    try:
        with asking(stage.redis.url, suppressed=SUPPRESSED[::60], free=FREE[::12], senders=1) as told:
            said = [stage.run("suppression", "rebuild") for _ in range(3)]
    finally:
        over.set()
        changing.join()
    assert all("0 missing in Redis, 0 different, 0 extra." in done.stdout for done in said), said
    assert told.wrong == 0
    assert told.trusted == told.asked, "the list stays trusted while it is compared"
    listed.check(stage)
    assert check(stage)[0] == 0


@pytest.mark.soak
def test_rebuild_waits_for_the_worker_that_writes_anew(stage: Stage, listed: Listed, client: redis_py.Redis) -> None:
    stage.start(**SINK)
    listed.check(stage)
    client.flushall()
    done = stage.run("suppression", "rebuild")
    assert "waiting" in done.stderr
    assert "0 missing in Redis" in done.stdout, done.stderr
    listed.check(stage)


@pytest.mark.soak
def test_worker_takes_over_from_a_rebuild_that_believed_itself_alone(stage: Stage, listed: Listed) -> None:
    write_anew(stage)
    stage.start(**SINK)
    listed.check(stage)


def test_background_check_mends_what_is_missing_and_shows_what_is_extra(
    stage: Stage, listed: Listed, client: redis_py.Redis
) -> None:
    worker = stage.start(**SINK, ACQUIT_LIST_CHECK_HOURS="0.0005")
    listed.check(stage)
    client.delete(key(1), key(2))
    client.set(key(7_778), "stop|1|rule")
    assert patiently(lambda: client.exists(key(1), key(2)) == 2)
    assert patiently(lambda: 'acquit_suppression_drift_keys{kind="extra"} 1.0' in worker.page("/metrics")[1])
    assert client.exists(key(7_778)), "what is extra an operator looks at first"
    assert 'acquit_suppression_drift_keys{kind="missing"}' in worker.page("/metrics")[1]
    log = worker.log.read_text()
    assert "were missing" in log
    assert "+3361" not in log


async def test_what_was_sent_before_another_aligned_changes_nothing(own_redis: Redis) -> None:
    """A worker that was paused in the middle of a batch goes on when its partition has another owner."""
    async with Client.from_url(own_redis.url) as redis:
        there = ListRedis(redis)
        server = await there.server()
        former = Position(7, server.run_id, 1, 0, new_word(), is_exact=True)
        assert await there.claim(0, "", former, is_trusted=True)
        assert await there.advance(0, former, [([(b"sup:{a}:*", "stop|1|r", "")], former.at(8, 2))])
        found = (await there.positions([0]))[0]
        assert read_position(found) == former.at(8, 2)
        owner = Position(8, server.run_id, 2, 0, new_word(), is_exact=True)
        assert await there.claim(0, found, owner, is_trusted=True)
        assert not await there.advance(0, former.at(8, 2), [([(b"sup:{a}:*", "", "")], former.at(9, 3))])
        assert not await there.write(0, former.at(8, 2), [(b"sup:{a}:*", "", "")])
        assert not await there.claim(0, found, former, is_trusted=True)
        await there.renew_parts({0: former.at(8, 2)})
        assert not await there.renew_ready(1, server.run_id), "nor does it say that its part is whole"
        assert await redis.get("sup:{a}:*") == b"stop|1|r"


async def test_list_is_not_trusted_any_more_once_a_part_is_missing(own_redis: Redis) -> None:
    async with Client.from_url(own_redis.url) as redis:
        there = ListRedis(redis)
        parts = {n: Position(0, "run", 1, 0, new_word(), is_exact=True) for n in range(2)}
        for number, position in parts.items():
            await there.claim(number, "", position, is_trusted=True)
        await there.renew_parts(parts)
        assert await there.renew_ready(2, "run")
        assert 50 < await redis.ttl(READY) <= 60
        await redis.delete("sup:meta:part:1")
        assert not await there.renew_ready(2, "run")
        assert not await redis.exists(READY)


async def test_list_is_not_trusted_from_the_moment_that_a_part_is_written_anew(own_redis: Redis) -> None:
    async with Client.from_url(own_redis.url) as redis:
        there = ListRedis(redis)
        whole = Position(0, "run", 1, 0, new_word(), is_exact=True)
        await there.claim(0, "", whole, is_trusted=True)
        await there.renew_parts({0: whole})
        assert await there.renew_ready(1, "run")
        assert await there.claim(0, str(whole), Position(-1, "run", 0, 0, new_word(), is_exact=False), is_trusted=False)
        assert not await redis.exists(READY, part_key(0))


def test_addresses_that_expired_are_not_there_and_not_missing(stage: Stage) -> None:
    stage.create_topics()
    listed = Listed(stage.settings)
    listed.suppress(1, until=datetime.now(UTC) - timedelta(hours=1))
    listed.suppress(2, until=datetime.now(UTC) + timedelta(hours=1))
    listed.send()
    write_anew(stage)
    assert check(stage)[0] == 0
    assert stage.redis_value(key(1)) is None
    assert stage.redis_value(key(2)) == f"stop|{int(SINCE.timestamp())}|rule:stop"
    assert stage.redis_value(entry_key("sms:+33600000000", "*")) is None
    assert not is_ready(stage.redis.url)
