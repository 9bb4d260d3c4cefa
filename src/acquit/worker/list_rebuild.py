"""The list in Redis made equal to its truth: written anew where nothing can be built upon, compared where it can.

Either way senders may go on asking: each key holds what it held or what the truth says, and never what lies between.
"""

import asyncio
from array import array
from bisect import bisect_left
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from typing import TypeAlias

import msgspec
from msgspec import Struct

from acquit.errors import AcquitError
from acquit.suppression.keys import is_hashed
from acquit.worker.list_redis import (
    KINDS,
    NO_EVICTION,
    PIPELINE_ENTRIES,
    Entry,
    Kind,
    ListRedis,
    Position,
    Server,
    new_word,
    read_position,
)
from acquit.worker.list_truth import Truth
from acquit.worker.sending import partition_of

HASHED = -2
Pace: TypeAlias = Callable[[int], Awaitable[None]]


class MovedError(Exception):
    """Somebody else has aligned the partition meanwhile: whoever was at it has to look again."""


class NotNowError(AcquitError):
    """Nothing may be built upon what is there. `what` is for readiness."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(why)
        self.what = what


class Drift(Struct):
    """What was found. An entry of which Redis had another value or expiry is `different`."""

    entries: int = 0  # of the truth
    missing: int = 0
    different: int = 0
    extra: int = 0

    def add(self, wrong: Sequence[tuple[Entry, Kind]]) -> None:
        for _, kind in wrong:
            setattr(self, kind, getattr(self, kind) + 1)

    @property
    def is_none(self) -> bool:
        return not (self.missing or self.different or self.extra)


class _Side:
    """The truth of one partition, as far as it is known, and where Redis is with it."""

    def __init__(self, number: int, position: Position) -> None:
        self.number = number
        self.position = position
        self.changed: dict[bytes, Entry] = {}  # since it was folded
        self._hashes: list[array[int]] = []  # of all its keys, 8 bytes each: in doubt a key is kept

    def learn(self, entries: Sequence[Entry]) -> None:
        self._hashes.append(array("q", sorted(hash(key) for key, _, _ in entries)))

    def holds(self, key: bytes) -> bool:
        if key in self.changed:
            return bool(self.changed[key][1])
        wanted = hash(key)
        return any(_is_in(hashes, wanted) for hashes in self._hashes)

    def latest(self, entries: Sequence[Entry]) -> list[Entry]:
        """These entries, as they are by now; those that were lifted meanwhile are left out."""
        return [entry for entry in (self.changed.get(known[0], known) for known in entries) if entry[1]]


class Rebuild:
    """Of a list with so many partitions. `pace` is awaited after so many keys."""

    def __init__(self, truth: Truth, there: ListRedis, partitions: int, *, pace: Pace | None = None) -> None:
        self._truth = truth
        self._there = there
        self._partitions = partitions
        self._pace = pace or _at_full_speed

    async def write_anew(
        self, found: Mapping[int, str], server: Server, *, ends: Mapping[int, int]
    ) -> tuple[list[tuple[int, Position]], Drift]:
        """Overwrite all of these partitions, then delete what their truth does not have. Nobody trusts them meanwhile.

        Returns their positions then. Raises MovedError.
        """
        sides, times, drift = [], dict[int, int](), Drift()
        for number, raw in found.items():
            claim = Position(-1, server.run_id, 0, server.evicted, new_word(), is_exact=False)
            _agreed(await self._there.claim(number, raw, claim, is_trusted=False))
            sides.append(_Side(number, claim))
        for side in sides:
            async with aclosing(self._folded(side.number, ends[side.number])) as folds:
                async for entries, times[side.number] in folds:
                    side.learn(entries)
                    drift.entries += len(entries)
                    for some in _slices(entries):
                        _agreed(await self._there.write(side.number, side.position, some))
                        await self._pace(len(some))
        # A truth of which nothing at all is there may have been deleted: for that no entry is taken away.
        await self._sweep([side for side in sides if times.get(side.number)], drift, mend=KINDS)
        exact = []
        for side in sides:
            whole = side.position.at(ends[side.number] - 1, times.get(side.number, 0))
            exact.append((side.number, msgspec.structs.replace(whole, is_exact=True)))
            _agreed(await self._there.claim(side.number, str(side.position), exact[-1][1], is_trusted=False))
        return exact, drift

    async def catch_up(self, number: int, found: str, position: Position, *, start: int, end: int) -> Position:
        """Write what the keys of this stretch hold at its end. `position` is that found, as it is to be signed.

        Raises MovedError.
        """
        is_trusted = start > position.offset  # else the last writes before it may be missing
        if not await self._truth.is_empty(number, start, end):
            claim = msgspec.structs.replace(position, offset=start - 1, is_exact=False)
            _agreed(await self._there.claim(number, found, claim, is_trusted=is_trusted))
            found = str(claim)
            async with aclosing(self._folded(number, end, start=start, with_removed=True)) as folds:
                async for entries, timestamp_ms in folds:
                    position = position.at(position.offset, timestamp_ms or position.timestamp_ms)
                    for some in _slices(entries):
                        _agreed(await self._there.write(number, claim, some))
        position = position.at(max(position.offset, end - 1), position.timestamp_ms)
        _agreed(await self._there.claim(number, found, position, is_trusted=is_trusted))
        return position

    async def compare(self, numbers: Sequence[int], *, mend: Collection[Kind] = ()) -> Drift:
        """Compare partitions with their truth, beside whoever projects them. Raises MovedError if one is not exact."""
        drift, sides = Drift(), []
        for number in numbers:
            side = _Side(number, await self._exact(number))
            async with aclosing(self._folded(number, side.position.offset + 1)) as folds:
                async for entries, _ in folds:
                    side.learn(entries)
                    drift.entries += len(entries)
                    for some in _slices(entries):
                        await self._compare(side, some, drift, mend=mend)
                        await self._pace(len(some))
            sides.append(side)
        await self._sweep(sides, drift, mend=mend)
        return drift

    async def _folded(
        self, number: int, end: int, *, start: int = 0, with_removed: bool = False
    ) -> AsyncGenerator[tuple[list[Entry], int], None]:
        shares = await self._truth.shares(number, start, end)
        for share in range(shares):
            stretch = await self._truth.fold(number, start, end, share=share, shares=shares)
            yield [entry for entry in stretch.entries if entry[1] or with_removed], stretch.timestamp_ms

    async def _compare(self, side: _Side, entries: Sequence[Entry], drift: Drift, *, mend: Collection[Kind]) -> None:
        left = side.latest(entries)
        while left:
            compared = await self._there.compare(side.number, side.position, left)
            mended = [(key, "" if kind == "extra" else value, until)
                      for (key, value, until), kind in compared.wrong if kind in mend]  # fmt: skip
            if not mended or await self._there.write(side.number, side.position, mended):
                drift.add(compared.wrong)
                left = compared.left
            if left:
                await self._follow(side)
                left = side.latest(left)

    async def _follow(self, side: _Side) -> None:
        """The projection went on: read the truth to where it is now."""
        now = await self._exact(side.number)
        if now.offset < side.position.offset:
            raise MovedError
        moved = await self._truth.fold(side.number, side.position.offset + 1, now.offset + 1)
        side.changed.update((entry[0], entry) for entry in moved.entries)
        side.position = now

    async def _exact(self, number: int) -> Position:
        position = read_position((await self._there.positions([number]))[number])
        if position is None or not position.is_exact:
            raise MovedError
        return position

    async def _sweep(self, sides: Sequence[_Side], drift: Drift, *, mend: Collection[Kind]) -> None:
        """Look for keys of these partitions that their truth does not have."""
        if not sides:
            return
        by_number = {side.number: side for side in sides}
        seen: set[bytes] = set()
        async with aclosing(self._there.keys()) as pages:
            async for keys in pages:
                strangers: dict[int, set[bytes]] = {}
                for key in keys:
                    number = _number_of(key, self._partitions)
                    side = by_number.get(number) if number != HASHED else self._side_of_hashed(key, sides)
                    if side is not None and not side.holds(key):
                        strangers.setdefault(side.number, set()).add(key)
                for number, found in strangers.items():
                    await self._compare_strangers(by_number[number], found - seen, drift, mend=mend)
                    seen |= found
                await self._pace(len(keys))

    def _side_of_hashed(self, key: bytes, sides: Sequence[_Side]) -> _Side | None:
        """A hash does not say which partition its person is of: it is a stranger to all of them, or it is left alone.

        Beside a projection that goes on, which may be writing it, it is left alone, too.
        """
        is_ours_alone = len(sides) == self._partitions and not any(side.position.is_exact for side in sides)
        return sides[0] if is_ours_alone and not any(side.holds(key) for side in sides) else None

    async def _compare_strangers(self, side: _Side, keys: set[bytes], drift: Drift, *, mend: Collection[Kind]) -> None:
        left = keys
        while left:
            if side.position.is_exact:
                await self._follow(side)  # else it is ours alone
                left = {key for key in left if not side.holds(key)}
            compared = await self._there.compare(side.number, side.position, [(key, "", "") for key in left])
            strangers = [entry for entry, _ in compared.wrong]
            _agreed(side.position.is_exact or not compared.left)
            if "extra" not in mend or await self._there.write(side.number, side.position, strangers):
                drift.add(compared.wrong)
                left = {key for key, _, _ in compared.left}
            else:
                _agreed(side.position.is_exact)


async def _at_full_speed(_: int) -> None:
    """As fast as it goes."""


def at_most(keys_per_second: float) -> Pace:
    """Slowly, so that nobody notices."""

    async def pace(keys: int) -> None:
        await asyncio.sleep(keys / keys_per_second)

    return pace


def is_whole(position: Position | None, server: Server) -> bool:
    """Whether what was projected is still there, but for what a failover or a crash may have cost.

    What this run of Redis has evicted since then may be of the list, and nobody says what it was.
    """
    if position is None or (position.offset < 0 and not position.is_exact):
        return False
    return server.evicted == (position.evicted if position.run_id == server.run_id else 0)


def check_policy(server: Server) -> None:
    """A Redis that evicts would reopen opt-outs without a word."""
    if server.policy != NO_EVICTION:
        raise NotNowError("Redis setting", f"maxmemory-policy is {server.policy}: set it to {NO_EVICTION}")


def check_end(number: int, position: Position, end: int) -> None:
    """A truth that was deleted must not take the list with it, nor be passed over until it is as long again."""
    if position.offset >= end:
        raise NotNowError("suppressions", (
            f"partition {number} of the suppressions ends at {end}, and Redis was projected to {position.offset + 1}: the "
            "topic was deleted, or it is another one. What Redis holds is kept as it is"))  # fmt: skip


def _number_of(key: bytes, partitions: int) -> int:
    """The partition of an entry; -1 for a key that can be read in two ways, which is left alone."""
    recipient, _, scope = key.removeprefix(b"sup:{").partition(b"}:")
    if is_hashed(recipient.decode(errors="replace")):
        return HASHED
    if b"}:" in scope or not scope.startswith((b"*", b"acct:")):
        return -1
    return partition_of(recipient, partitions)


def _agreed(is_so: bool) -> None:  # noqa: FBT001 - what Redis answered
    if not is_so:
        raise MovedError


def _is_in(hashes: "array[int]", wanted: int) -> bool:
    at = bisect_left(hashes, wanted)
    return at < len(hashes) and hashes[at] == wanted


def _slices(entries: Sequence[Entry]) -> list[Sequence[Entry]]:
    return [entries[at : at + PIPELINE_ENTRIES] for at in range(0, len(entries), PIPELINE_ENTRIES)]
