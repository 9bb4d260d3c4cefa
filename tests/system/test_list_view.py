"""The list is read in a real Redis as the sink writes it there."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis as Client

from acquit.suppression.keys import READY, entry_key, entry_value, part_key, position_key
from acquit.worker.list_view import ListedEntry, check, entries
from acquit.worker.settings import Settings
from tests.servers.redis import Redis

DATABASE = 9  # all of it is ours
SINCE = datetime(2026, 1, 2, tzinfo=UTC)
WHO = "sms:+33612345678"


@pytest.fixture
def settings(redis: Redis) -> Settings:
    return Settings(redis_url=f"redis://127.0.0.1:{redis.port}/{DATABASE}")


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Client]:
    async with Client.from_url(settings.redis_url) as client:
        await client.flushdb()
        await client.set(READY, "run")
        yield client


async def put(client: Client, recipient: str, scope: str = "*", *, reason: str = "stop", **options: Any) -> None:
    await client.set(entry_key(recipient, scope), entry_value(reason, SINCE, "rule"), **options)


async def listed(settings: Settings, **filters: Any) -> list[tuple[str, str]]:
    return sorted({(entry.recipient, entry.scope) async for entry in entries(settings, **filters)})


async def test_who_is_not_on_a_ready_list_may_be_sent_to(settings: Settings, client: Client) -> None:
    answer = await check(settings, "sms:33612345678")
    assert (answer.recipient, answer.may_send, answer.is_ready, answer.entries) == (WHO, True, True, [])


async def test_who_is_on_the_list_may_not_be_sent_to(settings: Settings, client: Client) -> None:
    await put(client, WHO)
    answer = await check(settings, WHO)
    assert not answer.may_send
    assert answer.entries == [ListedEntry(WHO, "*", "stop", SINCE, "rule", None)]


async def test_nobody_may_be_sent_to_while_the_list_is_not_ready(settings: Settings, client: Client) -> None:
    await client.delete(READY)
    answer = await check(settings, WHO)
    assert (answer.may_send, answer.is_ready) == (False, False)


async def test_an_entry_says_when_it_expires(settings: Settings, client: Client) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    await put(client, WHO, pxat=int(until.timestamp()) * 1000)
    (entry,) = (await check(settings, WHO)).entries
    assert entry.expires_at == until


@pytest.mark.parametrize(
    ("scope", "asked", "may_send"),
    [
        ("*", {}, False),
        ("*", {"account": "acme", "stream": "otp"}, False),
        ("*:marketing", {}, True),
        ("*:marketing", {"stream": "marketing"}, False),
        ("acct:acme", {"account": "acme"}, False),
        ("acct:acme", {"account": "other"}, True),
        ("acct:acme:marketing", {"account": "acme"}, True),
        ("acct:acme:marketing", {"account": "acme", "stream": "marketing"}, False),
    ],
)
async def test_a_scope_forbids_what_lies_in_it(
    settings: Settings, client: Client, scope: str, asked: dict[str, str], may_send: bool
) -> None:
    await put(client, WHO, scope)
    assert (await check(settings, WHO, **asked)).may_send is may_send


async def test_only_entries_are_listed(settings: Settings, client: Client) -> None:
    await client.mset({position_key(0): "1|run|2", part_key(0): "1"})
    await client.lpush(entry_key("sms:+33600000000", "*"), "no string")
    await client.set("sup:{half a key", "x")
    await put(client, WHO)
    await put(client, "email:a}b@example.com", "acct:acme:otp")
    assert await listed(settings) == [("email:a}b@example.com", "acct:acme:otp"), (WHO, "*")]


async def test_every_entry_of_many_pages_is_listed_with_its_expiry(settings: Settings, client: Client) -> None:
    who = [f"sms:+336{n:08d}" for n in range(5_000)]
    async with client.pipeline(transaction=False) as pipe:
        for recipient in who:
            await put(pipe, recipient, ex=3600)
        await pipe.execute()
    found = [entry async for entry in entries(settings)]
    assert {entry.recipient for entry in found} == set(who)
    assert all(entry.expires_at is not None for entry in found)


async def test_entries_are_listed_by_channel_reason_and_scope(settings: Settings, client: Client) -> None:
    await put(client, WHO)
    await put(client, WHO, "acct:acme", reason="manual")
    await put(client, "email:jo@example.com", reason="manual")
    assert await listed(settings, channel="email") == [("email:jo@example.com", "*")]
    assert await listed(settings, reason="manual") == [("email:jo@example.com", "*"), (WHO, "acct:acme")]
    assert await listed(settings, reason="manual", scope="acct:acme") == [(WHO, "acct:acme")]
