"""What Redis may do to the list, and what becomes of it: nothing is lost, and senders are told when not to trust it."""

import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
import redis as redis_py

from acquit.suppression.keys import READY, position_key
from tests.servers.proxy import Proxy, running_proxy
from tests.servers.redis import Redis, running_redis
from tests.system.listed import Listed, asking, is_ready, key
from tests.system.stage import Stage, WorkerProcess, patiently

MANY, MORE, FREE = range(2_000), range(2_000, 2_400), range(8_000, 8_400)


@pytest.fixture
def proxy(own_redis: Redis) -> Iterator[Proxy]:
    with running_proxy(own_redis.port) as proxy:
        yield proxy


@pytest.fixture
def listed(stage: Stage) -> Listed:
    stage.create_topics()
    listed = Listed(stage.settings)
    listed.fill(MANY)
    listed.fill_lifted(FREE)
    listed.send()
    return listed


@pytest.fixture
def client(own_redis: Redis) -> redis_py.Redis:
    return redis_py.Redis.from_url(own_redis.url, decode_responses=True)


@pytest.fixture
def worker(stage: Stage, listed: Listed, proxy: Proxy) -> WorkerProcess:
    """Its way to Redis is the proxy's."""
    worker = stage.start(ACQUIT_AGENTS="sink", ACQUIT_REDIS_URL=proxy.url, ACQUIT_REDIS_TIMEOUT_SECONDS="2")
    listed.check(stage)
    return worker


def says(worker: WorkerProcess, *words: str) -> bool:
    """Whether it comes to say so at /readyz, with status 503, and stays alive."""

    def said() -> bool:
        status, text = worker.page("/readyz")
        return status == 503 and all(word in text for word in words)

    return patiently(said) and worker.page("/livez")[0] == 200


def more(listed: Listed) -> None:
    listed.fill(MORE)
    listed.lift(1)
    listed.send()


def test_emptied(stage: Stage, listed: Listed, worker: WorkerProcess, client: redis_py.Redis) -> None:
    """Nobody trusts it until all is there again."""
    with asking(stage.redis.url, suppressed=MANY[::40], free=FREE[::10]) as told:
        client.flushall()
        assert not is_ready(stage.redis.url)
        listed.check(stage)
    assert told.wrong_and_trusted == 0
    assert told.wrong > 0, "it was asked while it was empty"
    assert patiently(worker.is_ready)
    assert worker.metric("acquit_suppression_rebuilt_total") >= 2 * len(MANY)


def test_evicting(stage: Stage, listed: Listed, worker: WorkerProcess, client: redis_py.Redis) -> None:
    """While it may evict it is not trusted; what it evicted comes again once it is told not to."""
    client.config_set("maxmemory-policy", "volatile-lru")
    assert says(worker, "maxmemory-policy is volatile-lru: set it to noeviction")
    assert not is_ready(stage.redis.url)
    assert worker.metric("acquit_redis_evicts") == 1
    with asking(stage.redis.url, suppressed=MANY[::40], free=FREE[::10]) as told:
        evict_entries(client)
        assert listed.differences(stage.redis.url)
        assert told.wrong > 0
        client.config_set("maxmemory", 0)
        client.config_set("maxmemory-policy", "noeviction")
        listed.check(stage)
    assert told.wrong_and_trusted == 0
    assert worker.metric("acquit_redis_evicts") == 0


def evict_entries(client: redis_py.Redis) -> None:
    """Those that expire, for the policy is volatile; the positions stay, so that they say nothing of it."""
    client.config_set("maxmemory", int(client.info("memory")["used_memory"]) - 20_000)
    with suppress(redis_py.OutOfMemoryError):
        for number in range(1_000):
            client.set(f"another application's {number}", "x" * 100)
    assert client.info("stats")["evicted_keys"] > 0
    assert client.exists(*map(position_key, range(4))) == 4


@pytest.mark.soak
def test_full(stage: Stage, listed: Listed, worker: WorkerProcess, client: redis_py.Redis) -> None:
    """Nothing can be written, what is there can be read; the worker waits, and goes on where it was."""
    client.config_set("maxmemory", "1mb")
    more(listed)
    assert says(worker, "waiting for Redis: OutOfMemoryError")
    assert client.exists(key(3))
    client.config_set("maxmemory", 0)
    listed.check(stage)


@pytest.mark.parametrize("setting", ["a replica", "too few replicas"])
def test_read_only(stage: Stage, listed: Listed, worker: WorkerProcess, client: redis_py.Redis, setting: str) -> None:
    """Nothing is written until it takes writes again; the sign of trust ends by itself."""
    if setting == "a replica":
        client.config_set("replica-read-only", "yes")
        client.replicaof("127.0.0.1", "1")  # nobody there: it keeps what it has
    else:
        client.config_set("min-replicas-to-write", "1")
    more(listed)
    assert says(worker, "waiting for Redis: " + ("ReadOnlyError" if setting == "a replica" else "ResponseError"))
    assert client.ttl(READY) <= 60, "nobody renews it"
    if setting == "a replica":
        client.replicaof("NO", "ONE")
    else:
        client.config_set("min-replicas-to-write", "0")
    listed.check(stage)


def test_failing_over_to_a_replica_that_lacks_the_last_writes(
    stage: Stage, listed: Listed, worker: WorkerProcess, proxy: Proxy, client: redis_py.Redis
) -> None:
    with running_redis() as second, redis_py.Redis.from_url(second.url, decode_responses=True) as replica:
        replica.replicaof("127.0.0.1", str(stage.redis.port))
        assert patiently(lambda: replica.exists(key(3)) and replica.get(position_key(0)) == client.get(position_key(0)))
        replica.replicaof("NO", "ONE")
        more(listed)
        listed.check(stage)
        assert listed.differences(second.url), "the last writes never reached it"
        proxy.lead_to(second.port)
        patiently(lambda: not listed.differences(second.url))
        assert not listed.differences(second.url)
        assert patiently(lambda: is_ready(second.url))
    log = worker.log.read_text()
    assert "Redis was started anew, or another one took over" in log
    assert "written anew in" in log.split("another one took over")[0]
    assert "written anew in" not in log.split("another one took over")[1], "15 minutes are enough"


@pytest.mark.soak
def test_restored_from_an_old_backup(
    stage: Stage, listed: Listed, worker: WorkerProcess, proxy: Proxy, client: redis_py.Redis
) -> None:
    """It says itself how old it is: what was suppressed and lifted since then comes again."""
    with running_redis() as old, redis_py.Redis.from_url(old.url) as backup:
        backup.replicaof("127.0.0.1", str(stage.redis.port))
        assert patiently(lambda: backup.dbsize() == client.dbsize())
        backup.replicaof("NO", "ONE")
        more(listed)
        listed.check(stage)
        worker.stop()
        proxy.lead_to(old.port)
        stage.start(ACQUIT_AGENTS="sink", ACQUIT_REDIS_URL=proxy.url)
        patiently(lambda: not listed.differences(old.url) and is_ready(old.url))
        assert not listed.differences(old.url)
        assert is_ready(old.url)


@pytest.mark.soak
def test_killed_and_started_again(stage: Stage, listed: Listed, worker: WorkerProcess) -> None:
    assert isinstance(stage.redis, Redis)
    stage.redis.kill()
    more(listed)
    assert says(worker, "waiting for Redis: ConnectionError")
    stage.redis.start()
    listed.check(stage)


@pytest.mark.soak
def test_slow_by_half_a_second(stage: Stage, listed: Listed, worker: WorkerProcess, proxy: Proxy) -> None:
    """It takes longer, and stays trusted: no answer of Redis is waited for once per entry."""
    proxy.delay_seconds = 0.5
    more(listed)
    begun = time.monotonic()
    while time.monotonic() - begun < 20:
        assert is_ready(stage.redis.url)
        time.sleep(0.5)
    assert not listed.differences(stage.redis.url)
    assert worker.is_ready()


@pytest.mark.soak
def test_slow_while_it_is_written_anew(
    stage: Stage, listed: Listed, worker: WorkerProcess, proxy: Proxy, client: redis_py.Redis
) -> None:
    proxy.delay_seconds = 0.5
    client.flushall()
    listed.check(stage)


@pytest.mark.soak
def test_cut_again_and_again(stage: Stage, listed: Listed, worker: WorkerProcess, proxy: Proxy) -> None:
    for number in MORE:
        listed.suppress(number)
        if number % 40 == 0:
            listed.send()
            proxy.cut()
    listed.send()
    listed.check(stage)
    assert patiently(worker.is_ready)


def test_half_open(stage: Stage, listed: Listed, worker: WorkerProcess, proxy: Proxy) -> None:
    """Connections are taken and nothing is answered: what was on its way then may still arrive, and harms nothing."""
    proxy.hold()
    more(listed)
    assert says(worker, "waiting for Redis: TimeoutError")
    for number in MORE:
        listed.lift(number)
    listed.send()
    proxy.go_on()
    listed.check(stage)


def test_truth_that_was_deleted_does_not_take_the_list_with_it(
    stage: Stage, listed: Listed, worker: WorkerProcess, proxy: Proxy
) -> None:
    worker.stop()
    other = Listed(stage.settings.model_copy(update={"topic_prefix": f"{stage.name}-new"}))
    stage.extra = {"ACQUIT_TOPIC_PREFIX": f"{stage.name}-new", "ACQUIT_APP_ID": f"{stage.name}-new"}
    stage.create_topics()
    other.suppress(9_000)
    other.send()
    second = stage.start(ACQUIT_AGENTS="sink", ACQUIT_REDIS_URL=proxy.url)
    assert says(second, "of the suppressions ends at", "What Redis holds is kept as it is")
    assert not listed.differences(stage.redis.url)
    done = stage.run("suppression", "rebuild")
    assert done.returncode == 78
    assert "the topic was deleted, or it is another one" in done.stderr
