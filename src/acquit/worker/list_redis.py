"""The list in Redis, as its writers see it. Every write is a script that looks first whether Redis is where it must be.

`sup:meta:pos:<n>` says how far partition n of the truth is projected, under a word drawn by whoever aligned it last. A
script that finds another position there changes nothing: so neither a worker that was paused, nor a command that the
network delayed, nor a rebuild beside a running worker can put anything old over anything newer.
"""

import re
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct
from redis.asyncio import Redis

from acquit.suppression.keys import READY, part_key, position_key

ALIVE_SECONDS = 60
SCRIPT_ENTRIES = 200
"""Redis serves nobody else during a script: with so many entries, for about half a millisecond."""
PIPELINE_SCRIPTS = 25
PIPELINE_ENTRIES = SCRIPT_ENTRIES * PIPELINE_SCRIPTS
PAGE_KEYS = 1_000
NO_EVICTION = "noeviction"

Kind: TypeAlias = Literal["missing", "different", "extra"]
KINDS: tuple[Kind, ...] = ("missing", "different", "extra")
Entry: TypeAlias = tuple[bytes, str, str]
"""The key, its value ("" for none), and until when in epoch ms ("" for ever)."""

# KEYS: the position, entries. ARGV: the position as it must be, as it becomes, value and expiry of each entry.
_WRITE = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
for i = 2, #KEYS do
  local value, at = ARGV[2 * i - 1], ARGV[2 * i]
  if value == '' then
    redis.call('DEL', KEYS[i])
  else
    redis.call('SET', KEYS[i], value)
    if at ~= '' then redis.call('PEXPIREAT', KEYS[i], at) end
  end
end
if ARGV[2] ~= ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end
return 1
"""
# KEYS and ARGV as above, but for the position as it becomes. Answers pairs: which entry, which kind. Within a second of
# its expiry an entry may be there or not.
_COMPARE = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return false end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local wrong = {}
local function say(i, kind) wrong[#wrong + 1] = i - 2 wrong[#wrong + 1] = kind end
for i = 2, #KEYS do
  local value, at = ARGV[2 * i - 2], tonumber(ARGV[2 * i - 1])
  local there = redis.call('GET', KEYS[i])
  if value == '' or (at and at <= now - 1000) then
    if there then say(i, 2) end
  elseif not there then
    if not at or at > now + 1000 then say(i, 0) end
  elseif there ~= value then
    say(i, 1)
  else
    local left = redis.call('PTTL', KEYS[i])
    if (at == nil) ~= (left == -1) or (at and math.abs(now + left - at) > 1000) then say(i, 1) end
  end
end
return wrong
"""
# KEYS: the position, the part, the sign of trust. ARGV: the position as it must be, as it becomes, 1 to withdraw the two.
_CLAIM = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
if ARGV[3] == '1' then redis.call('DEL', KEYS[2], KEYS[3]) end
return 1
"""
# KEYS: the position, the part. ARGV: the position as it must be, seconds.
_RENEW_PART = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], '1', 'EX', ARGV[2])
return 1
"""
# KEYS: the sign of trust, all parts. ARGV: its value, seconds.
_RENEW_READY = """
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 0 then redis.call('DEL', KEYS[1]) return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""


class Server(Struct, frozen=True):
    """What one INFO says of the Redis that answers now."""

    run_id: str
    policy: str
    evicted: int


class Position(Struct, frozen=True):
    """How far a partition is projected. `is_exact`: what stands in Redis is the truth at this offset, no more, no less.

    While a partition is rebuilt or caught up it is not exact: each key holds what it held, or what it will.
    """

    offset: int  # of the last record; -1 before the first
    run_id: str
    timestamp_ms: int  # of that record
    evicted: int  # what this run of Redis had evicted before the partition was whole
    word: str
    is_exact: bool

    def __str__(self) -> str:
        sign = "=" if self.is_exact else "~"
        return f"{self.offset}|{self.run_id}|{self.timestamp_ms}|{self.evicted}|{self.word}|{sign}"

    def at(self, offset: int, timestamp_ms: int) -> "Position":
        return msgspec.structs.replace(self, offset=offset, timestamp_ms=timestamp_ms)


class Comparison(Struct, frozen=True):
    """What differs, and what could not be compared, because the partition had moved on by then."""

    wrong: list[tuple[Entry, Kind]]
    left: list[Entry]


_POSITION = re.compile(r"(-1|\d{1,18})\|(\w+)\|(\d{1,18})\|(\d{1,18})\|(\w+)\|([=~])")


def read_position(value: bytes | str | None) -> Position | None:
    """None for a key that is absent, or not of this form."""
    found = _POSITION.fullmatch(value.decode(errors="replace") if isinstance(value, bytes) else value or "")
    if found is None:
        return None
    offset, run_id, timestamp_ms, evicted, word, sign = found.groups()
    return Position(int(offset), run_id, int(timestamp_ms), int(evicted), word, sign == "=")


def new_word() -> str:
    return secrets.token_hex(4)


class ListRedis:
    """All that is asked of Redis by those who write the list. Raises RedisError."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def server(self) -> Server:
        info = await self._redis.info()
        return Server(info["run_id"], str(info.get("maxmemory_policy", "unknown")), int(info.get("evicted_keys", 0)))

    async def let_go(self) -> None:
        """Close all connections: behind the same name another server may answer, or this one be no master any more."""
        await self._redis.connection_pool.disconnect(inuse_connections=False)

    async def positions(self, numbers: Sequence[int]) -> dict[int, str]:
        """As they stand there; "" for those that are absent."""
        there: Any = await self._redis.mget([position_key(number) for number in numbers]) if numbers else []
        return {number: (value or b"").decode(errors="replace") for number, value in zip(numbers, there, strict=True)}

    async def claim(self, number: int, found: str, position: Position, *, is_trusted: bool) -> bool:
        """Replace the position found; without trust, senders are told at once. False: somebody else was there first."""
        keys = (position_key(number), part_key(number), READY)
        return bool(await self._redis.eval(_CLAIM, 3, *keys, found, str(position), "" if is_trusted else "1"))

    async def write(self, number: int, position: Position, entries: Sequence[Entry]) -> bool:
        """Entries of a partition, while it stays at this position. False: it did not."""
        return await self.advance(number, position, [(chunk, position) for chunk in _chunks(entries)])

    async def advance(self, number: int, position: Position, steps: Sequence[tuple[Sequence[Entry], Position]]) -> bool:
        """Each step's entries and the position after it, in order. False: not all of them were done."""
        for first in range(0, len(steps), PIPELINE_SCRIPTS):
            async with self._redis.pipeline(transaction=False) as pipe:
                for entries, after in steps[first : first + PIPELINE_SCRIPTS]:
                    keys, values = _apart(entries)
                    pipe.eval(_WRITE, 1 + len(keys), position_key(number), *keys, str(position), str(after), *values)
                    position = after
                if not all(await pipe.execute()):
                    return False
        return True

    async def compare(self, number: int, position: Position, entries: Sequence[Entry]) -> Comparison:
        """Compare these entries, as long as the partition stays at this position."""
        chunks = _chunks(entries)
        async with self._redis.pipeline(transaction=False) as pipe:
            for chunk in chunks:
                keys, values = _apart(chunk)
                pipe.eval(_COMPARE, 1 + len(keys), position_key(number), *keys, str(position), *values)
            answers = await pipe.execute()
        wrong: list[tuple[Entry, Kind]] = []
        left: list[Entry] = []
        for chunk, answer in zip(chunks, answers, strict=True):
            if answer is None:
                left += chunk
            else:
                wrong += [(chunk[at], KINDS[kind]) for at, kind in zip(answer[::2], answer[1::2], strict=True)]
        return Comparison(wrong, left)

    async def keys(self) -> AsyncGenerator[list[bytes], None]:
        """The keys of all entries, page by page, some perhaps twice."""
        cursor = None
        while cursor != 0:
            page: Any = await self._redis.scan(cursor or 0, match="sup:{*", count=PAGE_KEYS)
            cursor, keys = page
            yield keys

    async def renew_parts(self, whole: Mapping[int, Position]) -> None:
        """These partitions are projected to their end."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for number, position in whole.items():
                pipe.eval(_RENEW_PART, 2, position_key(number), part_key(number), str(position), ALIVE_SECONDS)
            await pipe.execute()

    async def renew_ready(self, partitions: int, run_id: str) -> bool:
        """The list can be trusted, if all its parts are there; else it cannot, from now on."""
        keys = [READY, *(part_key(number) for number in range(partitions))]
        return bool(await self._redis.eval(_RENEW_READY, len(keys), *keys, run_id, ALIVE_SECONDS))

    async def is_ready(self) -> bool:
        return bool(await self._redis.exists(READY))

    async def withdraw(self) -> None:
        await self._redis.delete(READY)


def _apart(entries: Sequence[Entry]) -> tuple[list[bytes], list[str]]:
    """The entries' keys; their values and expiries, in turn."""
    return [key for key, _, _ in entries], [part for _, value, until in entries for part in (value, until)]


def _chunks(entries: Sequence[Entry]) -> list[Sequence[Entry]]:
    return [entries[at : at + SCRIPT_ENTRIES] for at in range(0, len(entries), SCRIPT_ENTRIES)]
