"""What the engines did, as the page that the repository keeps: bench/RESULTS.md."""

import os
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import psutil

from bench.engines.child import Run
from bench.engines.compare import Comparison, Outcome
from bench.engines.load import Difference
from bench.engines.others import BYTEWAX, FAUST, QUIX, STREAMS
from bench.engines.ours import Acquit
from bench.engines.topic import KILLED_AT
from tests.servers.kafka import VERSION

FILE = Path(__file__).parents[1] / "RESULTS.md"
HEAD = """\
# acquit beside other engines

Written by `python -m bench --only peers --write`; do not edit.

The same events for all, as intake writes them to `acquit.events`, on a real Kafka {kafka}: parse, join by message, merge
into one status, count by channel, carrier, route, hour and status. Engines in Python decode and merge with acquit's own
functions, so that only the engine differs; acquit's ledger also judges who is suppressed and sends its totals on. State is
kept by each engine's own means, and committed every second where one may choose (acquit: every batch). One process each.
Bytewax's recovery store is on the local disk; the others keep their state on Kafka.
Kafka Streams has a small program in Java of its own (`bench/kafka-streams`), one thread, two RocksDB stores.

From the first record to the last commit, start-up not counted; acquit from its readiness. Quix keeps state by key only, so
its counts go through a repartition topic; "join alone" leaves them out. A crash is `kill -9` after {killed:.0%} of the
events and a new start: messages that were lost from the counts, or are in them twice, in the end.
"""


def page(found: Comparison) -> str:
    outcomes = [outcome for outcome in found.outcomes.values() if outcome.runs]
    lines = [HEAD.format(kafka=VERSION, killed=KILLED_AT), *_circumstances(found), ""]
    lines += ["| engine | events/s: min, median, max | CPU s per million | peak MB | counts | counts after a crash |"]
    lines += ["|---|---|---|---|---|---|", *map(_row, outcomes), "", *_promises(found)]
    lines += [f"- {outcome.title} is left out: {outcome.why}" for outcome in found.outcomes.values() if outcome.why]
    return "\n".join(lines) + "\n"


def _circumstances(found: Comparison) -> Iterator[str]:
    memory = psutil.virtual_memory().total / 1e9
    loads = ", ".join(f"{load:.1f}" for load in found.loads)
    yield (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} CPUs that Kafka shares, {memory:.0f} GB, Python "
        f"{platform.python_version()}; {found.events:,} events of {found.event_bytes:.0f} bytes over 12 partitions "
        f"({found.slow_events:,} for {FAUST}), load average before each round {loads}."
    )


def _row(outcome: Outcome) -> str:
    speeds = sorted(run.per_second for run in outcome.runs)
    speed = f"{speeds[0]:,.0f}, **{median(speeds):,.0f}**, {speeds[-1]:,.0f}"
    cost, peak = _cost(outcome), max(run.peak_rss_mb for run in outcome.runs)
    return (
        f"| {outcome.title} | {speed} | {cost:.1f} | {peak:.0f} | {_worst(outcome)} | {_counts(outcome.after_crash)} |"
    )


def _worst(outcome: Outcome) -> str:
    return _counts(max((d for d in outcome.differences if d), key=lambda d: d.lost + d.doubled, default=None))


def _counts(difference: Difference | None) -> str:
    return "-" if difference is None else str(difference)


def _promises(found: Comparison) -> Iterator[str]:
    """Beside every variant of an engine, pair by pair inside a round."""
    ours = found.outcomes[Acquit.title]
    for name, target in ((FAUST, 20.0), (QUIX, 4.0), (BYTEWAX, 1.0)):
        for other in _variants(found, name) if ours.runs else []:
            ratio = _ratio(ours, other)
            yield f"- {ratio:.1f} times as fast as {other.title}; target {target:g}: {_verdict(is_met=ratio >= target)}"
    for other in _variants(found, STREAMS) if ours.runs else []:
        times = _cost(ours) / _cost(other)
        yield f"- {times:.2f} times the CPU time of {other.title}; target at most 2: {_verdict(is_met=times <= 2)}"


def _variants(found: Comparison, name: str) -> list[Outcome]:
    return [outcome for title, outcome in found.outcomes.items() if title.startswith(name) and outcome.runs]


def _ratio(ours: Outcome, other: Outcome) -> float:
    return median(one.per_second / two.per_second for one, two in zip(ours.runs, other.runs, strict=False))


def _cost(outcome: Outcome) -> float:
    return median(map(_cpu, outcome.runs))


def _cpu(run: Run) -> float:
    return run.cpu_per_million


def _verdict(*, is_met: bool) -> str:
    return "met" if is_met else "MISSED"
