"""What the client answers whatever Redis does: each test is a row of the table in docs/senders.md."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis as redis_py

from acquit.client import Answer
from acquit.suppression.keys import READY, entry_key, hashed
from tests.servers.proxy import Proxy, running_proxy
from tests.servers.redis import Redis
from tests.system.asked import CLIENTS, FREE, STOP, WHO, Ask, fill
from tests.system.stage import patiently

BOUND_SECONDS = 1.0
"""No answer comes later than this, with a time-out of 0.1 s: the machine may be busy."""
PEOPLE = [("sms", WHO), ("sms", FREE)]
Client = Callable[..., Ask]
Row = list[tuple[bool, str | None]]

pytestmark = pytest.mark.parametrize("client", CLIENTS)


@pytest.fixture
def writer(own_redis: Redis) -> Iterator[redis_py.Redis]:
    with redis_py.Redis(port=own_redis.port) as writer:
        fill(writer)
        yield writer


@pytest.fixture
def proxy(own_redis: Redis) -> Iterator[Proxy]:
    with running_proxy(own_redis.port) as proxy:
        yield proxy


def row(ask: Ask) -> Row:
    """Of one on the list and one who is not: to a stream that is closed, and to one that is open."""
    started = time.monotonic()
    answers = [*ask(PEOPLE, stream="news"), *ask(PEOPLE, stream="otp")]
    assert time.monotonic() - started < 2 * BOUND_SECONDS
    return [(answer.may_send, answer.trouble) for answer in answers]


WELL: Row = [(False, None), (True, None)] * 2
NO_ANSWER: Row = [*[(False, "no_answer")] * 2, *[(True, "no_answer")] * 2]
NOT_READY: Row = [*[(False, "not_ready")] * 2, *[(True, "not_ready")] * 2]


def test_list_that_is_ready_is_believed(client: Client, writer: redis_py.Redis, own_redis: Redis) -> None:
    assert row(client(own_redis.url, open_streams={"otp"})) == WELL


def test_redis_that_is_down_is_no_answer_and_is_back_when_it_is(
    client: Client, writer: redis_py.Redis, own_redis: Redis
) -> None:
    ask = client(own_redis.url, open_streams={"otp"})
    assert row(ask) == WELL
    own_redis.stop()
    assert row(ask) == NO_ANSWER
    own_redis.start()
    assert row(ask) == WELL


def test_redis_that_is_slow_is_no_answer_and_no_answer_is_taken_for_another(
    client: Client, writer: redis_py.Redis, proxy: Proxy
) -> None:
    ask = client(proxy.url, open_streams={"otp"})
    assert row(ask) == WELL
    proxy.delay_seconds = 0.5
    assert row(ask) == NO_ANSWER
    proxy.delay_seconds = 0
    for _ in range(20):
        assert row(ask) == WELL  # what came late belongs to nobody


def test_redis_that_is_silent_is_no_answer(client: Client, writer: redis_py.Redis, proxy: Proxy) -> None:
    proxy.hold()
    assert row(client(proxy.url, open_streams={"otp"})) == NO_ANSWER


def test_redis_that_was_emptied_is_not_ready(client: Client, writer: redis_py.Redis, own_redis: Redis) -> None:
    ask = client(own_redis.url, open_streams={"otp"})
    writer.flushall()
    assert row(ask) == NOT_READY


def test_list_that_is_not_ready_still_forbids_what_it_holds(
    client: Client, writer: redis_py.Redis, own_redis: Redis
) -> None:
    writer.delete(READY)
    assert row(client(own_redis.url, open_streams={"otp"})) == [
        (False, "not_ready"), (False, "not_ready"), (False, "not_ready"), (True, "not_ready"),
    ]  # fmt: skip


def test_redis_that_evicts_is_believed_until_the_sign_is_taken_away(
    client: Client, writer: redis_py.Redis, own_redis: Redis
) -> None:
    """Five seconds at most, in which who was evicted seems free: nothing in an answer tells it."""
    ask = client(own_redis.url)
    people = [("sms", f"+336{number:08d}") for number in range(50)]
    for _, address in people:
        writer.set(entry_key(f"sms:{address}", "*"), STOP, ex=100)  # the sign lives longer, and goes later
    writer.config_set("maxmemory-policy", "volatile-ttl")
    writer.config_set("maxmemory", int(writer.info("memory")["used_memory"]) + 100_000)
    fillers = iter(range(100_000))
    while int(writer.info("stats")["evicted_keys"]) == 0:
        writer.set(f"filler:{next(fillers)}", "x" * 20)
    writer.config_set("maxmemory", 0)
    assert writer.exists(READY)
    answers = ask(people)
    assert {answer.trouble for answer in answers} == {None}
    assert [answer.may_send for answer in answers] == [
        not writer.exists(entry_key(f"sms:{address}", "*")) for _, address in people
    ]
    assert any(answer.may_send for answer in answers)


def test_redis_that_evicts_is_not_ready_once_the_sign_is_taken_away(
    client: Client, writer: redis_py.Redis, own_redis: Redis
) -> None:
    """Workers take it within five seconds (tests/system/test_list_faults.py), or Redis evicts it itself."""
    ask = client(own_redis.url, open_streams={"otp"})
    writer.config_set("maxmemory-policy", "volatile-lru")
    writer.config_set("maxmemory", 1)
    with pytest.raises(redis_py.RedisError):  # the sign is all that may go
        writer.set("more", "x")
    assert writer.exists(READY) == 0
    assert row(ask)[1] == (False, "not_ready")


def test_redis_that_is_read_only_is_believed_until_the_sign_runs_out(
    client: Client, writer: redis_py.Redis, own_redis: Redis
) -> None:
    ask = client(own_redis.url, open_streams={"otp"})
    writer.config_set("min-replicas-to-write", 1)
    with pytest.raises(redis_py.ResponseError, match="NOREPLICAS"):
        writer.set("more", "x")
    assert row(ask) == WELL
    writer.config_set("min-replicas-to-write", 0)
    writer.expire(READY, 1)  # the sixtieth second of its life
    writer.config_set("min-replicas-to-write", 1)
    assert patiently(lambda: row(ask)[1] == (False, "not_ready"), seconds=5, pause=0.1)


def test_sender_without_a_permission_gets_no_answer_and_no_address(
    client: Client, writer: redis_py.Redis, own_redis: Redis
) -> None:
    writer.acl_setuser("blind", enabled=True, passwords=["+secret"], keys=["other:*"], commands=["+mget"])
    ask = client(f"redis://blind:secret@127.0.0.1:{own_redis.port}/0", open_streams={"otp"})
    [answer] = ask([("sms", WHO)], stream="news")
    assert answer == Answer(may_send=False, trouble="no_answer", error="NoPermissionError")


def test_wrong_password_is_no_answer(client: Client, writer: redis_py.Redis, own_redis: Redis) -> None:
    writer.acl_setuser("sender", enabled=True, passwords=["+secret"], keys=["sup:*"], commands=["+mget"])
    assert row(client(f"redis://sender:guess@127.0.0.1:{own_redis.port}/0", open_streams={"otp"})) == NO_ANSWER


def test_who_was_erased_is_found_by_the_hash(client: Client, writer: redis_py.Redis, own_redis: Redis) -> None:
    key = "a key of a test that has 32 bytes or more"
    name = hashed(f"sms:{FREE}", key.encode())
    writer.set(entry_key(name, "*"), "erased|1795338000|command")
    [answer] = client(own_redis.url, erase_key=key)([("sms", FREE)])
    assert [(entry.recipient, entry.reason) for entry in answer.entries] == [(name, "erased")]


def test_bulk_is_asked_in_rounds_and_answered_in_order(
    client: Client, writer: redis_py.Redis, own_redis: Redis
) -> None:
    people = [("sms", f"+336{number:08d}") for number in range(10_000)]
    with writer.pipeline(transaction=False) as pipe:
        for _, address in people[::7]:
            pipe.set(entry_key(f"sms:{address}", "acct:acme:news"), STOP)
        pipe.execute()
    before = calls(writer, "mget")
    answers = client(own_redis.url, timeout_seconds=1)(people, account="acme", stream="news")
    assert [answer.may_send for answer in answers] == [number % 7 != 0 for number in range(10_000)]
    assert calls(writer, "mget") - before == 40


def test_cached_answer_is_not_asked_again(client: Client, writer: redis_py.Redis, own_redis: Redis) -> None:
    ask = client(own_redis.url, cache_seconds=5)
    for _ in range(3):
        assert [answer.may_send for answer in ask(PEOPLE)] == [False, True]
    assert calls(writer, "mget") == 1


def test_redis_that_goes_away_is_not_asked_again_for_the_rest_of_a_bulk(
    client: Client, writer: redis_py.Redis, proxy: Proxy
) -> None:
    people = [("sms", f"+336{number:08d}") for number in range(100_000)]  # ten rounds
    proxy.hold()
    started = time.monotonic()
    answers = client(proxy.url)(people)
    assert {answer.trouble for answer in answers} == {"no_answer"}
    assert time.monotonic() - started < BOUND_SECONDS + 2  # to make 100,000 addresses canonical takes its time, too


def calls(client: redis_py.Redis, command: str) -> int:
    stats: Any = client.info("commandstats")
    return int(stats.get(f"cmdstat_{command}", {}).get("calls", 0))
