"""What the workers came to, against a replay of their own log and against the generator's truth: all of it, cell by cell."""

import asyncio
import json
import time
from collections import Counter, defaultdict
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import orjson
import redis as redis_py
from msgspec.structs import replace

from acquit import rules
from acquit.effects import Cell, Tally, is_tally, read_suppression, read_tally
from acquit.events import FAILED, decode
from acquit.ledger.totals import tally_of
from acquit.offline import Replay
from acquit.partition import Partition
from acquit.simulate import Scenario, Truth
from acquit.simulate.plan import HOUR_MS, plan
from acquit.suppression.keys import entry_key, entry_value
from acquit.worker.connections import kafka_options
from acquit.worker.journal import Journal
from acquit.worker.log_reader import read_topic
from tests.builders import tables_of
from tests.system.stage import Stage, difference

EXPIRY_SECONDS = 2.0
"""What Redis says is left of a hold is a little less when it is read."""
Numbers = tuple[int, dict[str, int], dict[str, int]]
"""Of a cell: messages submitted, by status, failures by kind."""
Told = dict[str, list[dict[str, Any]]]
"""Changes of the list, by recipient and in order."""


class Replayed(NamedTuple):
    """A log read again from its beginning: the state that it comes to, and what else it shows."""

    run: Replay
    summary: dict[str, Any]
    told: Told
    kinds: Counter[str]  # of events, each origin once
    overtaken: int  # events that came behind a later one of their source, and for the first time


def replayed(stage: Stage) -> Replayed:
    return asyncio.run(_replayed(stage))


async def _replayed(stage: Stage) -> Replayed:
    run = Replay(rules=rules.load(), **stage.settings.of_fold)
    told: Told = defaultdict(list)
    kinds: Counter[str] = Counter()
    newest: dict[tuple[int, str, int], tuple[int, int]] = {}
    seen: dict[tuple[int, str, int], set[tuple[int, int]]] = defaultdict(set)
    overtaken = 0
    async for record in read_topic(stage.settings, stage.settings.topic("events")):
        for change in run.fold([record]):
            told[change["recipient"]].append(_plain(change))
        event = decode(record.value)
        assert event.src is not None
        topic, partition, offset, index = event.src
        source, place = (record.partition, topic, partition), (offset, index)
        if place not in seen[source]:
            seen[source].add(place)
            kinds[event.__struct_config__.tag] += 1  # type: ignore[index]  # all of them have one
            overtaken += place < newest.get(source, place)
            newest[source] = max(place, newest.get(source, place))
    return Replayed(run, run.summary(), told, kinds, overtaken)


def check(stage: Stage, scenario: Scenario, truth: Truth) -> Replayed:
    """All that left, against a replay of the log and, where no order matters, against the plan."""
    log = replayed(stage)
    _check_log(log, truth)
    _check_totals(stage, log, scenario)
    _check_list(stage, log, truth)
    _check_dead_letters(stage, truth)
    _check_states(stage, log)
    return log


def _check_log(log: Replayed, truth: Truth) -> None:
    """All that came in is in the log, each in the order of its source."""
    receipts = truth.counts["receipts"] + truth.counts["duplicates"]
    wanted = {"submit": truth.counts["messages"], "receipt": receipts, "engagement": truth.counts["engagements"]}
    assert log.overtaken == 0
    assert dict(log.kinds) == wanted


def _check_totals(stage: Stage, log: Replayed, scenario: Scenario) -> None:
    found = tallies(stage)
    wanted = {
        (number, running.cell): tally_of(running, partition=number, upto=0)
        for number, state in log.run.partitions.items()
        for _, _, running in state.messages.totals.table
    }
    assert not difference(found, {place: tally for place, tally in wanted.items() if tally.status})
    assert not difference(added_up(found), planned(scenario))


def _check_states(stage: Stage, log: Replayed) -> None:
    """What the journals hold is the state of the replay, row by row: messages, cells, histories of people, labels."""
    for number, state in log.run.partitions.items():
        journaled = asyncio.run(_journaled(stage, number))
        assert journaled.head.to == state.head.to
        found, wanted = tables_of(journaled), tables_of(state)
        differing = {name: difference(found[name], wanted[name]) for name in wanted if found[name] != wanted[name]}
        assert not differing


async def _journaled(stage: Stage, number: int) -> Partition:
    settings = stage.settings
    state = Partition(number, rules=rules.load(), tally_seconds=settings.tally_seconds, **settings.of_fold)
    topic = settings.topic("journal.ledger")
    journal = Journal(topic, number, state, options=kafka_options(settings), transactional_id="a reader, never started")
    await journal._load(await journal._read())
    return state


def tallies(stage: Stage) -> dict[tuple[int, Cell], Tally]:
    """The last running total of each cell and source partition, whole; cells that fell to nothing are left out."""
    found: dict[tuple[int, Cell], Tally] = {}
    upto: dict[tuple[int, Cell], int] = {}
    for record in stage.records(stage.settings.topic("tallies")):
        if not is_tally(record.key):
            continue
        tally = read_tally(record.value)
        place = (tally.partition, tally.cell)
        assert record.key == tally.key
        assert tally.upto >= upto.get(place, -1), "a total of an earlier state came after a later one"
        upto[place] = tally.upto
        found[place] = replace(tally, upto=0)
    return {place: tally for place, tally in found.items() if tally.status}


def added_up(found: dict[tuple[int, Cell], Tally]) -> dict[Cell, Numbers]:
    """The totals of all partitions by cell."""
    sums: dict[Cell, Numbers] = {}
    for (_, cell), tally in found.items():
        status: dict[str, int] = {str(word): number for word, number in tally.status.items()}
        numbers = tally.submitted, status, dict(tally.failures)
        sums[cell] = _plus(sums.get(cell, (0, {}, {})), numbers)
    return sums


def planned(scenario: Scenario) -> dict[Cell, Numbers]:
    """The truth by the whole cell, read from the plan alone."""
    sums: dict[Cell, Numbers] = {}
    for message in plan(scenario):
        hour = message.at_ms // HOUR_MS * HOUR_MS // 1000
        cell = Cell(
            "sms", message.mccmnc, message.country, message.route.name, message.route.supplier, message.stream, hour
        )
        fate = message.fate
        failures = {f"{fate.category}/{fate.permanence}": 1} if fate and fate.status in FAILED else {}
        sums[cell] = _plus(sums.get(cell, (0, {}, {})), (1, {message.status: 1}, failures))
    return sums


def _plus(one: Numbers, other: Numbers) -> Numbers:
    return one[0] + other[0], dict(Counter(one[1]) + Counter(other[1])), dict(Counter(one[2]) + Counter(other[2]))


def _check_list(stage: Stage, log: Replayed, truth: Truth) -> None:
    """The log of changes, the compacted topic and Redis hold what the replay came to, each change once and in order."""
    entries = {(entry["recipient"], entry["scope"]): _plain(dict(entry)) for entry in log.run.entries()}
    assert not difference(_changes(stage), log.told)
    assert not difference(_compacted(stage), entries)
    wanted = {
        entry_key(*place): (entry_value(entry["reason"], _time(entry["since"]), entry["rule"]), entry.get("until"))
        for place, entry in entries.items()
    }
    in_redis = _in_redis(stage)
    assert not difference({key: value for key, (value, _) in in_redis.items()}, {k: v for k, (v, _) in wanted.items()})
    wrong = [key for key, (_, until) in wanted.items() if not _is_due(in_redis[key][1], until)]
    assert not wrong, f"{len(wrong)} keys expire at another time than their entry"
    assert not difference(stage.entries(), truth.suppressed)


def _changes(stage: Stage) -> Told:
    found: Told = defaultdict(list)
    for record in stage.records(stage.settings.topic("suppression-log")):
        change = json.loads(record.value)
        del change["upto"]
        found[change["recipient"]].append({"type": "suppression", **change})
    return found


def _compacted(stage: Stage) -> dict[tuple[str, str], dict[str, Any]]:
    last = {record.key: record.value for record in stage.records(stage.settings.topic("suppressions"))}
    found = {}
    for key, value in last.items():
        if value is not None:
            recipient, _, scope = key.decode().rpartition("/")
            fields = msgspec.to_builtins(replace(read_suppression(value), upto=0))
            del fields["upto"]
            found[recipient, scope] = _plain({"type": "entry", "recipient": recipient, "scope": scope, **fields})
    return found


def _in_redis(stage: Stage) -> dict[str, tuple[str | None, float | None]]:
    """Of each key of the list: its value, and when it expires, in epoch seconds."""
    with redis_py.Redis.from_url(stage.redis.url, decode_responses=True) as client:
        keys: list[str] = list(client.scan_iter("sup:{*", count=1000))
        with client.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.get(key)
                pipe.pttl(key)
            now, answers = time.time(), pipe.execute()
    return {
        key: (value, now + left / 1000 if left >= 0 else None)
        for key, value, left in zip(keys, answers[::2], answers[1::2], strict=True)
    }


def _is_due(found: float | None, until: str | None) -> bool:
    if found is None or until is None:
        return found is None and until is None
    return abs(found - _time(until).timestamp()) < EXPIRY_SECONDS


def _check_dead_letters(stage: Stage, truth: Truth) -> None:
    """By the place that each came from: a crash of intake may write one again, and never another one."""
    letters, raw = stage.dead_letters(), stage.raw_values()
    assert Counter(letters.values()) == Counter(truth.malformed)
    assert all(raw[place] == value for place, value in letters.items())


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """As it is read from JSON."""
    plain: dict[str, Any] = orjson.loads(orjson.dumps(fields, default=str, option=orjson.OPT_UTC_Z))
    return plain


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
