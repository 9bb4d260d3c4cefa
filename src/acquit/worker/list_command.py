"""`acquit suppression rebuild`: an operator compares the list in Redis with its truth, and makes it equal."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import asynccontextmanager

from msgspec import Struct

from acquit.errors import AcquitError
from acquit.worker.connections import kafka_options, redis_client
from acquit.worker.list_rebuild import Drift, MovedError, Rebuild, check_end, check_policy
from acquit.worker.list_redis import KINDS, Kind, ListRedis, read_position
from acquit.worker.list_truth import Truth
from acquit.worker.settings import Settings

PATIENCE_SECONDS = 30.0
"""A worker that lives says within 5 s that it is at a partition."""
ATTEMPTS = 5


class Done(Struct, frozen=True):
    """What was found, and done."""

    drift: Drift
    written: int  # anew, where nothing could be compared
    seconds: float
    is_ready: bool
    is_mended: bool

    @property
    def sentence(self) -> str:
        drift, per_second = self.drift, self.drift.entries / max(self.seconds, 1e-9)
        wrong = f"{drift.missing} missing in Redis, {drift.different} different, {drift.extra} extra"
        mended = ", which is mended" if self.is_mended and not drift.is_none else ""
        anew = f" {self.written} were written anew." if self.written else ""
        ready = "ready" if self.is_ready else "not ready: a worker says so when all its partitions are there"
        return (f"{drift.entries} entries in {self.seconds:.1f} s ({per_second:.0f}/s): {wrong}{mended}.{anew} "
                f"The list is {ready}.")  # fmt: skip


class _Tools(Struct, frozen=True):
    truth: Truth
    there: ListRedis
    rebuild: Rebuild
    numbers: Sequence[int]


async def check(settings: Settings) -> Done:
    """Compare, and change nothing. Raises AcquitError where there is nothing to compare, KafkaError and RedisError."""
    async with _tools(settings) as tools:
        if waiting := await _not_whole(tools):
            raise AcquitError(f"{_shown(waiting)} not projected yet, or being written anew: no comparison can be made")
        return await _compared(tools, mend=(), begun=time.monotonic())


async def rebuild(settings: Settings, *, without_workers: bool = False, say: Callable[[str], None]) -> Done:
    """Write what is missing or different, take away what is extra. Raises as `check`."""
    async with _tools(settings) as tools:
        begun = time.monotonic()
        if not without_workers:
            await _until_whole(tools, say)
            return await _compared(tools, mend=KINDS, begun=begun)
        waiting = await _not_whole(tools)
        anew = await _write_anew(tools, waiting)
        left = _Tools(tools.truth, tools.there, tools.rebuild, [n for n in tools.numbers if n not in waiting])
        return await _compared(left, mend=KINDS, begun=begun, anew=anew)


@asynccontextmanager
async def _tools(settings: Settings) -> AsyncGenerator[_Tools, None]:
    if not settings.fencing:
        raise AcquitError("the embedded broker does not say where a topic ends: nothing can be compared with it")
    truth = Truth(settings.topic("suppressions"), options=kafka_options(settings), reads_committed=True)
    await truth.start()
    try:
        async with redis_client(settings) as redis:
            there = ListRedis(redis)
            check_policy(await there.server())
            tools = _Tools(truth, there, Rebuild(truth, there, settings.event_partitions),
                           range(settings.event_partitions))  # fmt: skip
            await _check_ends(tools)
            yield tools
    finally:
        await truth.stop()


async def _check_ends(tools: _Tools) -> None:
    found, ends = await tools.there.positions(tools.numbers), await tools.truth.ends(tools.numbers)
    for number, raw in found.items():
        position = read_position(raw)
        if position is not None:
            check_end(number, position, ends[number])


async def _not_whole(tools: _Tools) -> dict[int, str]:
    found = await tools.there.positions(tools.numbers)
    return {n: raw for n, raw in found.items() if not (position := read_position(raw)) or not position.is_exact}


async def _until_whole(tools: _Tools, say: Callable[[str], None]) -> None:
    """What is not projected is for workers to write: two at once would be in each other's way."""
    before, since = dict[int, str](), time.monotonic()
    while waiting := await _not_whole(tools):
        if waiting != before:
            say(f"{_shown(waiting)} not projected yet, or being written anew by a worker: waiting")
            before, since = waiting, time.monotonic()
        is_begun = any(waiting.values())
        if not is_begun and time.monotonic() - since > PATIENCE_SECONDS:
            raise AcquitError(
                f"{_shown(waiting)} not projected, and no worker does it: start one, or say --without-workers"
            )
        await asyncio.sleep(1)


async def _write_anew(tools: _Tools, found: dict[int, str]) -> Drift:
    if not found:
        return Drift()
    try:
        _, drift = await tools.rebuild.write_anew(found, await tools.there.server(), ends=await tools.truth.ends(found))
    except MovedError:
        raise AcquitError("a worker runs, and took over: leave --without-workers away") from None
    return drift


async def _compared(tools: _Tools, *, mend: Collection[Kind], begun: float, anew: Drift | None = None) -> Done:
    for _ in range(ATTEMPTS):
        try:
            drift = await tools.rebuild.compare(tools.numbers, mend=mend)
        except MovedError:
            continue
        written = anew.entries if anew else 0
        drift.entries += written
        drift.extra += anew.extra if anew else 0
        return Done(drift, written, time.monotonic() - begun, await tools.there.is_ready(), is_mended=bool(mend))
    raise AcquitError("the workers are changing places all the time: try again when they have settled")


def _shown(numbers: Collection[int]) -> str:
    named = ", ".join(map(str, sorted(numbers)[:10])) + ("…" if len(numbers) > 10 else "")
    return f"partition {named} is" if len(numbers) == 1 else f"partitions {named} are"
