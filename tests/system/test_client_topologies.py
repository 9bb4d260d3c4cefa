"""The client on a real cluster of three nodes, and behind a real Sentinel."""

import asyncio
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from redis import RedisCluster
from redis.asyncio import RedisCluster as AsyncRedisCluster
from redis.asyncio.sentinel import Sentinel as AsyncSentinelClient
from redis.sentinel import Sentinel as SentinelClient

from acquit.client import Answer, AsyncSuppressionList, SuppressionList, patience
from acquit.suppression.keys import READY, entry_key, hashed
from tests.servers.kafka import ROOT
from tests.servers.redis import Redis
from tests.servers.redis_cluster import MASTER, Sentinel, running_cluster, running_sentinel
from tests.system.asked import FREE, STOP, WHO, fill
from tests.system.stage import patiently

ERASE_KEY = b"a key of a test that has 32 bytes or more"
PEOPLE = [("sms", f"+336{number:08d}") for number in range(2_000)]
SCOPES: dict[str, Any] = {"account": "acme", "stream": "news"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[list[Redis]]:
    with running_cluster() as nodes, RedisCluster(host="127.0.0.1", port=nodes[0].port) as client:
        fill(client)
        client.set(entry_key(hashed(f"sms:{FREE}", ERASE_KEY), "*"), "erased|1795338000|command")
        for _, address in PEOPLE[::3]:
            client.set(entry_key(f"sms:{address}", "acct:acme:news"), STOP)
        yield nodes


@pytest.fixture
def sentinel() -> Iterator[Sentinel]:
    with running_sentinel() as sentinel:
        yield sentinel


def of_cluster(port: int, people: list[tuple[str, str]], *, by_asyncio: bool, **options: Any) -> list[Answer]:
    if not by_asyncio:
        with RedisCluster(host="127.0.0.1", port=port, **patience(1)) as client:
            return SuppressionList(client, timeout_seconds=1, **options).check_many(people, **SCOPES)

    async def ask() -> list[Answer]:
        async with AsyncRedisCluster(host="127.0.0.1", port=port) as client:
            return await AsyncSuppressionList(client, timeout_seconds=1, **options).check_many(people, **SCOPES)

    return asyncio.run(ask())


@pytest.mark.parametrize("by_asyncio", [False, True])
def test_cluster_answers_for_people_of_all_slots(cluster: list[Redis], by_asyncio: bool) -> None:
    answers = of_cluster(cluster[1].port, PEOPLE, by_asyncio=by_asyncio)
    assert [answer.may_send for answer in answers] == [number % 3 != 0 for number in range(len(PEOPLE))]
    assert {answer.trouble for answer in answers} == {None}


@pytest.mark.parametrize("by_asyncio", [False, True])
def test_cluster_knows_who_was_erased(cluster: list[Redis], by_asyncio: bool) -> None:
    people = [("sms", WHO), ("sms", FREE), PEOPLE[1]]
    answers = of_cluster(cluster[0].port, people, by_asyncio=by_asyncio, erase_key=ERASE_KEY)
    assert [answer.may_send for answer in answers] == [False, False, True]


@pytest.mark.parametrize("by_asyncio", [False, True])
def test_cluster_without_the_sign_is_not_ready(cluster: list[Redis], by_asyncio: bool) -> None:
    with RedisCluster(host="127.0.0.1", port=cluster[0].port) as client:
        client.delete(READY)
        answers = of_cluster(cluster[0].port, PEOPLE[:10], by_asyncio=by_asyncio)
        client.set(READY, "run")
    assert {(answer.may_send, answer.trouble) for answer in answers} == {(False, "not_ready")}


def test_sentinel_leads_to_the_new_master_after_a_failover(sentinel: Sentinel) -> None:
    waits = patience(1)
    found = SentinelClient([("127.0.0.1", sentinel.port)], sentinel_kwargs=waits, **waits)  # type: ignore[no-untyped-call]
    master = found.master_for(MASTER)  # type: ignore[no-untyped-call]
    fill(master)
    assert patiently(lambda: master.wait(1, 500) == 1, seconds=10), "the replica has it all"
    suppressed = SuppressionList(master, timeout_seconds=1)
    people = [("sms", WHO), ("sms", FREE)]
    assert [answer.may_send for answer in suppressed.check_many(people)] == [False, True]
    sentinel.master.kill()
    assert [answer.trouble for answer in suppressed.check_many(people)] == ["no_answer"] * 2
    assert patiently(lambda: suppressed.check("sms", FREE).trouble is None, seconds=30)
    assert [answer.may_send for answer in suppressed.check_many(people)] == [False, True]


async def test_sentinel_is_asked_by_asyncio(sentinel: Sentinel) -> None:
    found = AsyncSentinelClient([("127.0.0.1", sentinel.port)])  # type: ignore[no-untyped-call]
    async with found.master_for(MASTER) as master:
        await master.set(entry_key(f"sms:{WHO}", "*"), STOP)
        await master.set(READY, "run")
        suppressed = AsyncSuppressionList(master, timeout_seconds=1)
        assert [answer.may_send for answer in await suppressed.check_many([("sms", WHO), ("sms", FREE)])] == [
            False,
            True,
        ]


def test_python_of_docs_senders_asks_a_cluster_and_what_sentinel_leads_to(
    cluster: list[Redis], sentinel: Sentinel
) -> None:
    """docs/senders.md, with our servers for its own."""
    page = (ROOT / "docs" / "senders.md").read_text()
    [block] = re.findall(r"```python tests/system/test_client_topologies.py\n(.*?)```", page, re.DOTALL)
    for theirs, ours in {
        'host="redis"': f'host="127.0.0.1", port={cluster[0].port}',
        '("sentinel", 26379)': f'("127.0.0.1", {sentinel.port})',
        '"the-list"': f'"{MASTER}"',
    }.items():
        assert theirs in block
        block = block.replace(theirs, ours)
    made: dict[str, Any] = {}
    exec(block, made)
    found = SentinelClient([("127.0.0.1", sentinel.port)])  # type: ignore[no-untyped-call]
    fill(found.master_for(MASTER))  # type: ignore[no-untyped-call]
    for suppressed in (made["on_a_cluster"], made["behind_sentinel"]):
        ask = partial(suppressed.check_many, [("sms", WHO), ("sms", FREE)])
        assert patiently(partial(says, ask, [False, True]), seconds=10)


def says(ask: Callable[[], list[Answer]], wanted: list[bool]) -> bool:
    return [answer.may_send for answer in ask()] == wanted
