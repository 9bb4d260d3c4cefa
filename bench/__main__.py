"""`make bench`: everything in one run, with a table on standard output."""

import asyncio
import logging
import os
import platform
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import click
import orjson

from bench import (
    growth,
    latency,
    mail,
    memory,
    rebuild,
    recovery,
    routes_restart,
    scale,
    screen,
    senders,
    shapes,
    throughput,
    words,
)
from bench.engines import results
from bench.engines.compare import Comparison, compare
from bench.report import Round, Series, as_json, latency_line, memory_line, table
from bench.stage import Stage, running_stage

PARTS = (
    "throughput", "memory", "latency", "words", "mail", "recovery", "rebuild", "senders", "growth", "screen", "scale",
    "routes-restart", "peers",
)  # fmt: skip
BUSY = 1.0
"""A load average above this before we begin: somebody else is using the machine."""


@click.command()
@click.option("--rounds", default=3, show_default=True, help="How often each peer runs over each shape of data.")
@click.option("--records", default=400_000, show_default=True, help="About so many raw records for (a), (b) and (c).")
@click.option("--faust-records", default=20_000, show_default=True, help="About so many for (d), which is slow.")
@click.option("--only", type=click.Choice(PARTS), help="Measure this alone.")
@click.option("--huge", is_flag=True, help="Growth with windows of 5 and 20 million messages, too: an hour, 2 GB.")
@click.option("--write", is_flag=True, help="Write the table of the other engines to bench/RESULTS.md.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write everything measured here.")
def main(
    *, rounds: int, records: int, faust_records: int, only: str | None, huge: bool, write: bool, json_file: Path | None
) -> None:  # fmt: skip
    """Measure acquit beside a bare loop, ordinary Faust and other engines, on a Kafka and a Redis of its own."""
    begun = time.monotonic()
    signal.signal(signal.SIGTERM, _end)
    logging.getLogger("aiokafka").setLevel(logging.ERROR)  # a topic just made has no leader yet; it tries again
    _say(f"{os.cpu_count()} CPUs, Python {platform.python_version()}, load average {os.getloadavg()[0]:.1f}")
    if os.getloadavg()[0] > BUSY:
        _say("something else is using this machine: what follows is too slow, and uneven")
    rates, mails = _without_servers(rounds, only)
    grown = list(_growth(huge=huge)) if only in {None, "growth"} else []
    screened = list(_screened()) if only in {None, "screen"} else []
    if only in {"words", "mail", "growth", "screen"}:
        return
    with running_stage() as stage:
        all_series = list(_throughput(stage, rounds, records, faust_records)) if only in {None, "throughput"} else []
        stuck = memory.behind_a_stuck_ledger(stage, _messages(2 * records)) if only in {None, "memory"} else None
        delays = [latency.append_to_redis(stage, r) for r in latency.RATES] if only in {None, "latency"} else []
        peers = compare(stage, rounds, records, faust_records, _say) if only in {None, "peers"} else None
        recovered = recovery.measure(stage, rounds) if only in {None, "recovery"} else []
        scaled = list(_scale(stage, records)) if only in {None, "scale"} else []
        rebuilt = rebuild.measure(stage) if only in {None, "rebuild"} else []
        asked = senders.measure(stage) if only in {None, "senders"} else None
        if only in {None, "routes-restart"}:
            print(routes_restart.told(routes_restart.measure(stage)), flush=True)
    for series in all_series:
        print("\n".join(table(series)))
    print()
    if stuck:
        print(memory_line(stuck))
    for delay in delays:
        print(latency_line(delay))
    for line in (*map(recovery.told, recovered), *map(rebuild.told, rebuilt), *(senders.told(asked) if asked else ())):
        print(line)
    if peers:
        _show(peers, write=write)
    print(f"measured in {time.monotonic() - begun:.0f} s")
    if json_file:
        measured = as_json(all_series, stuck, delays, rates, mails, recovered, rebuilt, grown, scaled, peers)
        measured["screen"] = [asdict(done) | {"per_second": done.per_second} for done in screened]
        measured["senders"] = asdict(asked) if asked else None
        json_file.write_bytes(orjson.dumps(measured, option=orjson.OPT_INDENT_2))


def _show(peers: Comparison, *, write: bool) -> None:
    page = results.page(peers)
    print(page)
    if write:
        results.FILE.write_text(page)


def _without_servers(rounds: int, only: str | None) -> tuple[list[words.Rate], mail.MailRate | None]:
    rates = words.measure(max(3, rounds)) if only in {None, "words"} else []
    mails = mail.measure(rounds) if only in {None, "mail"} else None
    if rates:
        print(words.told(rates))
    if mails:
        print(mail.told(mails))
    return rates, mails


def _growth(*, huge: bool) -> Iterator[growth.Growth]:
    sizes = [*growth.SIZES, *(growth.HUGE if huge else ())]
    found = []
    for line in growth.measure(sizes):
        print(growth.told(line), flush=True)
        found.append(line)
        yield line
    print(growth.verdict(found[: len(sizes)]))


def _screened() -> Iterator[screen.Screened]:
    for done in screen.measure():
        print(screen.told(done), flush=True)
        yield done


def _scale(stage: Stage, records: int) -> Iterator[scale.Scale]:
    found = []
    for line in scale.measure(stage, records):
        print(scale.told(line), flush=True)
        found.append(line)
        yield line
    print(scale.verdict(found))


def _throughput(stage: Stage, rounds: int, records: int, faust_records: int) -> Iterator[Series]:
    for shape in shapes.SHAPES:
        load = asyncio.run(shapes.prepare(stage.bootstrap, shape, f"raw-{shape.name}", _messages(records)))
        few = asyncio.run(shapes.prepare(stage.bootstrap, shape, f"few-{shape.name}", _messages(faust_records)))
        series = Series(shape.name, load)
        for number in range(1, rounds + 1):
            series.rounds.append(_round(stage, load, few))
            _say(_progress(shape.name, number, series.rounds[-1]))
        yield series


def _round(stage: Stage, load: shapes.Load, few: shapes.Load) -> Round:
    return Round(
        load_average=os.getloadavg()[0],
        bare=throughput.bare(stage, load),
        intake=throughput.intake(stage, load),
        whole=throughput.whole_path(stage, load),
        faust=throughput.ordinary_faust(stage, few),
    )


def _progress(shape: str, number: int, done: Round) -> str:
    paces = {"a": done.bare, "b": done.intake, "c": done.whole.ledger, "d": done.faust}
    shown = ", ".join(f"{name} {pace.per_second:,.0f}/s" for name, pace in paces.items())
    return f"{shape} round {number}: {shown} (load average before: {done.load_average:.1f})"


def _messages(records: int) -> int:
    return max(1, round(records / shapes.RECORDS_PER_MESSAGE))


def _end(*_: object) -> NoReturn:
    """As by Ctrl-C: the servers are stopped and their folders taken away."""
    sys.exit(128 + signal.SIGTERM)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
