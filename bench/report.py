"""What was measured, as a table for people and as JSON for programs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from bench.engines.compare import Comparison
from bench.growth import Growth
from bench.latency import TARGET_P99_MS, Latency
from bench.memory import TARGET_MB, Memory
from bench.peers import Pace
from bench.rebuild import Rebuilt
from bench.recovery import Recovery
from bench.scale import Scale
from bench.shapes import Load
from bench.throughput import WholePath
from bench.words import Rate

BARE, INTAKE, WHOLE, FAUST = "(a)", "(b)", "(c)", "(d)"


@dataclass(frozen=True)
class Round:
    """All peers once, one after the other."""

    load_average: float  # of the machine, before it
    bare: Pace
    intake: Pace
    whole: WholePath
    faust: Pace


@dataclass(frozen=True)
class Series:
    """The rounds over one shape of data."""

    shape: str
    load: Load
    rounds: list[Round] = field(default_factory=list)


@dataclass(frozen=True)
class Ratio:
    """A promise of ours: how one pace stands to another, in every round."""

    name: str
    target: float
    values: Sequence[float]


def ratios(series: Series) -> list[Ratio]:
    """Pair by pair inside a round: what disturbs the machine for a while disturbs both."""
    rounds = series.rounds
    return [
        Ratio("b / a", 0.3, [r.intake.per_second / r.bare.per_second for r in rounds]),
        Ratio("c / a", 0.15, [r.whole.ledger.per_second / r.bare.per_second for r in rounds]),
        Ratio("c / d", 8, [r.whole.ledger.per_second / r.faust.per_second for r in rounds]),
    ]


def table(series: Series) -> Iterator[str]:
    load, rounds = series.load, series.rounds
    yield ""
    yield f"{series.shape}: {load.records:,} records of {load.bytes / load.records:.0f} bytes; (d) {rounds[0].faust.records:,}"
    yield f"{'':44}{'records/s':^33}{'CPU seconds per million':^27}"
    yield f"{'':44}{'min':>11}{'median':>11}{'max':>11}{'min':>9}{'median':>9}{'max':>9}"
    yield _row("(a) bare aiokafka loop, orjson", [r.bare for r in rounds])
    yield _row("(b) acquit, intake alone", [r.intake for r in rounds])
    yield _row("(c) acquit, all: to the ledger's last event", [r.whole.ledger for r in rounds])
    yield _row("    and until Redis has the whole list", [r.whole.redis for r in rounds])
    yield _row("    and until every message is in a gauge", [r.whole.gauges for r in rounds])
    yield _row("(d) ordinary Faust agents, the same core", [r.faust for r in rounds])
    for ratio in ratios(series):
        yield _ratio_row(ratio)
    entries = sorted({r.whole.entries for r in rounds})
    yield f"    entries of the list in Redis: {', '.join(map(str, entries))}"
    yield f"    events that intake sent twice: {', '.join(str(r.whole.again) for r in rounds)}"


def _row(name: str, paces: Sequence[Pace]) -> str:
    speeds, costs = [pace.per_second for pace in paces], [pace.cpu_per_million for pace in paces]
    shown = "".join(f"{value:>11,.0f}" for value in _three(speeds))
    return f"{name:44}{shown}" + "".join(f"{value:>9.1f}" for value in _three(costs))


def _ratio_row(ratio: Ratio) -> str:
    shown = "".join(f"{value:>11.3f}" for value in _three(ratio.values))
    return f"    {ratio.name:40}{shown}   target >= {ratio.target:g}: {_verdict(is_met=median(ratio.values) >= ratio.target)}"


def memory_line(memory: Memory) -> str:
    return (
        f"memory behind a ledger stuck for 15 s: +{memory.growth_mb:.0f} MB ({memory.idle_mb:.0f} MB idle, peak "
        f"{memory.stuck_mb:.0f} MB, {memory.taken_in:,} records taken in meanwhile; {memory.after_mb:.0f} MB while it "
        f"catches up)   target < {TARGET_MB} MB: {_verdict(is_met=memory.growth_mb < TARGET_MB)}"
    )


def latency_line(latency: Latency) -> str:
    missing = f", {latency.missing} NEVER CAME" if latency.missing else ""
    return (
        f"append to Redis at {latency.per_second:,.0f} records/s: median {latency.median_ms:.0f} ms, p99 "
        f"{latency.p99_ms:.0f} ms, max {latency.max_ms:.0f} ms of {latency.samples:,}{missing}, worker "
        f"{latency.cpu_share:.0%} of a CPU, the load's own sending p99 {latency.append_p99_ms:.0f} ms   target p99 < "
        f"{TARGET_P99_MS} ms: {_verdict(is_met=latency.p99_ms < TARGET_P99_MS and not latency.missing)}"
    )


def as_json(
    all_series: Iterable[Series], memory: Memory | None, delays: Iterable[Latency], words: Iterable[Rate],
    recovered: Iterable[Recovery], rebuilt: Iterable[Rebuilt], grown: Iterable[Growth], scaled: Iterable[Scale],
    peers: Comparison | None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "throughput": [
            asdict(series)
            | {"ratios": [{"name": r.name, "target": r.target, "values": list(r.values)} for r in ratios(series)]}
            for series in all_series
        ],
        "memory": asdict(memory) if memory else None,
        "latency": [asdict(delay) for delay in delays],
        "words": [asdict(rate) for rate in words],
        "recovery": [asdict(found) | {"ratio": found.ratio} for found in recovered],
        "rebuild": [asdict(done) | {"per_second": done.per_second} for done in rebuilt],
        "growth": [asdict(line) for line in grown],
        "scale": [asdict(line) for line in scaled],
        "peers": asdict(peers) if peers else None,
    }


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    return min(values), median(values), max(values)


def _verdict(*, is_met: bool) -> str:
    return "met" if is_met else "MISSED"
