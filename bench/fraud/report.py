"""The tables of the fraud benchmark, in Markdown: who was found, and who was wronged, with 95 % intervals."""

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from statistics import median
from typing import Any

from acquit.simulate.world import frauds, troubles
from bench.fraud.cells import Cell
from bench.fraud.cost import TARGET_MB, TARGET_SECONDS

Trials = Sequence[Mapping[str, Any]]
DAYS = 7
FLOORS: Mapping[tuple[str, str], float] = {
    **{(name, "median"): 1.0 for name in (
        "S1 all instant", "S2 uniform 30 %", "S3 uniform 10 %", "S6 resampled 30 %", "S12 relabel 80 %",
    )},
    **{(name, "median"): 0.95 for name in (
        "S6 resampled 10 %", "S7 bulk only 20 %", "S9 night only 30 %", "S8 after N 30 %", "S4 constant 2 %",
        "S6 resampled 5 %", "S13 dead-aware uniform 5 %",
    )},
    ("S5 uniform 1 %", "median"): 0.55,
    ("S5 uniform 1 %", "high"): 0.95,
}  # fmt: skip
MOST_FALSE, MOST_IN_TROUBLE, LEAST_COVERED = 0.001, 0.01, 0.90
LIMITS = """What cannot be seen, by anybody (reference, 3.5):

- Forged receipts that copy honest delays leave no trace in latencies. Then only numbers that receive nothing, handsets of
  our own, or answers tell: dead-aware forgers who also know our probes are found by nothing below about 13 %.
- A 1 % share is not found by the level of answers where honest routes differ by more than 0.23 %.
- 2.3 / f messages pass before one forged receipt is among them with 90 %.
- A share that lies among honest latencies is estimated from below.
- A forger whose messages \"convert\" is found by dead numbers alone, and looks like one who relabels failures.
- Which single message was forged is not said, unless its receipt contradicts itself.
- Without engagements only contradictions speak."""


_INTRODUCTION = """Made by `make fraud-bench`: simulated worlds with known truth, up to {number} for each cell, of seeds that no
threshold was chosen on. A place is a route on a carrier; one that lies has its tier's volume: low 55, median 700, high 10,000
messages an hour of all streams, of which half are one-time passwords. Intervals are Wilson's, 95 %."""
_HEAD = (
    "fraud", "first day", "within 7 days", "days, median / 90 %", "messages, median / 90 %", "share off, median", "covered",
    "named right", "suspect within 7 days",
)  # fmt: skip


def told(cells: Mapping[Cell, Trials], extras: Mapping[str, Any]) -> str:
    cells = {cell: trials for cell, trials in cells.items() if trials}
    number = max((len(trials) for trials in cells.values()), default=0)
    parts = [
        "# Fraud benchmark",
        _INTRODUCTION.format(number=number),
        "## Floors",
        _floors(cells),
        *(part for tier in ("median", "high", "low") for part in _recall(cells, tier)),
        "## Liars that are on no list",
        "Other delay laws and strata, never looked at while thresholds were chosen.",
        _table(cells, lambda c: c.name in frauds.UNLISTED and not c.variant),
        "## Variants",
        _table(cells, lambda c: c.kind == "fraud" and bool(c.variant), is_variant=True),
        "## False verdicts",
        _false(cells),
        "## The rules of today, on the same worlds",
        _naive(cells),
        "## S1 by name: 10,000,000 messages, 100,000 forged, on one route",
        _named(extras["s1"]),
        LIMITS,
        "## Cost",
        _cost(extras["cost"]),
    ]
    return "\n\n".join(parts) + "\n"


def wilson(found: int, of: int) -> tuple[float, float]:
    if not of:
        return 0.0, 1.0
    z, share = 1.96, found / of
    middle, spread = share + z * z / (2 * of), z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, middle - spread) / (1 + z * z / of), (middle + spread) / (1 + z * z / of)


def _floors(cells: Mapping[Cell, Trials]) -> str:
    lines = ["| what | wanted | measured | |", "|---|---|---|---|"]
    for (name, tier), floor in FLOORS.items():
        for cell, trials in cells.items():
            if (cell.name, cell.tier, cell.variant) == (name, tier, ""):
                days = _flat(trials, "found_day")
                lines.append(_line(f"{name}, {tier}, within 7 days", f">= {floor:.0%}", *_within(days, DAYS), floor))
    clean = [trial for cell, trials in cells.items() if cell.kind == "clean" for trial in trials]
    false, days = (sum(trial[key] for trial in clean) for key in ("false_days", "route_days"))
    lines.append(_most("false verdicts on clean route-days", false, days, MOST_FALSE))
    for cell, trials in cells.items():
        if cell.kind == "trouble":
            false, days = (sum(trial[key] for trial in trials) for key in ("touched_false", "touched_days"))
            if days and false / days > MOST_IN_TROUBLE:
                lines.append(_most(f"false under {cell.name} {cell.variant}", false, days, MOST_IN_TROUBLE))
    worst = max((_false_share(trials) for cell, trials in cells.items() if cell.kind == "trouble"), default=0.0)
    lines.append(
        f"| worst trouble, route-days | <= {MOST_IN_TROUBLE:.0%} | {worst:.2%} | {_word(worst <= MOST_IN_TROUBLE)} |"
    )
    shares = [
        s
        for cell, trials in cells.items()
        if cell.name in _FLOORED and not cell.variant
        for s in _flat(trials, "shares")
    ]
    inside = sum(low <= truth <= high for low, _, high, truth in shares)
    lines.append(
        _line("share's interval covers, floor frauds", f">= {LEAST_COVERED:.0%}", inside, len(shares), LEAST_COVERED)
    )
    return "\n".join(lines)


_FLOORED = {name for name, _ in FLOORS}


def _recall(cells: Mapping[Cell, Trials], tier: str) -> Iterable[str]:
    yield f"## Recall, {tier} volume"
    yield _table(cells, lambda c: c.tier == tier and c.name in frauds.FRAUDS and not c.variant)


def _table(cells: Mapping[Cell, Trials], chosen: Any, *, is_variant: bool = False) -> str:
    lines = ["| " + " | ".join(_HEAD) + " |", "|---" * len(_HEAD) + "|"]
    for cell, trials in cells.items():
        if not chosen(cell):
            continue
        days, messages, shares = (_flat(trials, key) for key in ("found_day", "found_messages", "shares"))
        right = "operator" if cell.name.startswith("S14") else "supplier"
        names = _flat(trials, "named")
        off = f"{median(estimate - truth for _, estimate, _, truth in shares):+.3f}" if shares else "-"
        inside = sum(low <= truth <= high for low, _, high, truth in shares)
        name = f"{cell.name}, {cell.variant}" if is_variant else cell.name
        lines.append(
            f"| {name} | {_percent(*_within(days, 1))} | {_percent(*_within(days, DAYS))} | {_spread(days, plus=1)} "
            f"| {_spread(messages)} | {off} | {_percent(inside, len(shares))} | {_percent(names.count(right), len(names))} "
            f"| {_percent(*_within(_flat(trials, 'suspect_day'), DAYS))} |"
        )
    return "\n".join(lines)


def _false(cells: Mapping[Cell, Trials]) -> str:
    lines = [
        "| what | route-days | contradicted | 95 % | suspect | contradicted, others of these worlds |",
        "|---|---|---|---|---|---|",
    ]
    for cell, trials in cells.items():
        if cell.kind == "fraud":
            continue
        prefix = "touched" if cell.kind == "trouble" else ""
        days = sum(trial["touched_days" if prefix else "route_days"] for trial in trials)
        false = sum(trial["touched_false" if prefix else "false_days"] for trial in trials)
        suspect = sum(trial["touched_suspect" if prefix else "false_suspect_days"] for trial in trials)
        low, high = wilson(false, days)
        others = sum(trial["false_days"] for trial in trials) if prefix else 0
        of = sum(trial["route_days"] for trial in trials) if prefix else 0
        kind = "" if cell.name not in troubles.UNLISTED else " (on no list)"
        name = f"{cell.name}{kind}{', ' + cell.variant if cell.variant else ''}{'' if prefix else ', ' + cell.tier}"
        beside = f"{others} of {of:,}" if prefix else "-"
        lines.append(
            f"| {name} | {days:,} | {false} ({false / max(1, days):.3%}) | {low:.3%}-{high:.3%} "
            f"| {suspect / max(1, days):.1%} | {beside} |"
        )
    honest = [trial for cell, trials in cells.items() if cell.kind == "fraud" for trial in trials]
    false, days = (sum(trial[key] for trial in honest) for key in ("false_days", "route_days"))
    lines.append(f"| honest routes beside liars | {days:,} | {false} ({false / max(1, days):.3%}) | | | |")
    return "\n".join(lines)


def _naive(cells: Mapping[Cell, Trials]) -> str:
    rules = next(
        (list(trial["naive_false"]) for trials in cells.values() for trial in trials if trial["naive_false"]), []
    )
    lines = ["| what | " + " | ".join(rules) + " | acquit |", "|---|" + "---|" * (len(rules) + 1)]
    for cell, trials in cells.items():
        if cell.tier != "median" or cell.variant:
            continue
        if cell.kind == "fraud":
            each = [
                _percent_only(*_within([d for t in trials for d in t["naive_day"].get(rule, [])], DAYS))
                for rule in rules
            ]
            ours = _percent_only(*_within(_flat(trials, "found_day"), DAYS))
            lines.append(f"| {cell.name}: found in 7 days | " + " | ".join(each) + f" | {ours} |")
        else:
            key, of = ("naive_touched", "touched_days") if cell.kind == "trouble" else ("naive_false", "route_days")
            days = max(1, sum(trial[of] for trial in trials))
            each = [f"{sum(trial[key][rule] for trial in trials) / days:.2%}" for rule in rules]
            false = sum(trial["touched_false" if cell.kind == "trouble" else "false_days"] for trial in trials)
            lines.append(f"| {cell.name}: false route-days | " + " | ".join(each) + f" | {false / days:.2%} |")
    return "\n".join(lines)


def _named(ways: Mapping[str, Any]) -> str:
    lines = [
        "| how | found | messages until then, median / 90 % | who | share, median of low / estimate / high | covered |",
        "|---|---|---|---|---|---|",
    ]
    sentence = ""
    for way, trials in ways.items():
        found = [trial for trial in trials if trial["found_after"] is not None]
        shares = [(*trial["share"], trial["truth"]) for trial in found if "share" in trial]
        middle = " / ".join(f"{median(share[place] for share in shares):.2%}" for place in range(3)) if shares else "-"
        inside = sum(low <= truth <= high for low, _, high, truth in shares)
        who = sum(trial["who"] == "supplier" for trial in found)
        after = _spread([trial["found_after"] for trial in trials])
        lines.append(
            f"| {way} | {_percent(len(found), len(trials))} | {after} | supplier in {who} of {len(found)} "
            f"| {middle} | {_percent(inside, len(shares))} |"
        )
        sentence = sentence or next((trial["sentence"] for trial in found if "sentence" in trial), "")
    return "\n".join(lines) + f'\n\nIn its own words: "{sentence}"'


def _cost(cost: Mapping[str, Any]) -> str:
    is_met = cost["seconds"] < TARGET_SECONDS and cost["peak_mb"] < TARGET_MB
    wanted = f"wanted: < {TARGET_SECONDS:.0f} s, < {TARGET_MB:.0f} MB"
    return (
        f"{cost['places']:,} routes on carriers, {cost['rows']:,} streams, windows of 1, 3, 7 and 28 days: "
        f"{cost['seconds']:.1f} s of one core, peak {cost['peak_mb']:.0f} MB ({wanted}): {_word(is_met)}"
    )


def _flat(trials: Trials, key: str) -> list[Any]:
    return [value for trial in trials for value in trial[key]]


def _within(days: Sequence[int | None], limit: int) -> tuple[int, int]:
    return sum(day is not None and day < limit for day in days), len(days)


def _false_share(trials: Trials) -> float:
    return float(
        sum(trial["touched_false"] for trial in trials) / max(1, sum(trial["touched_days"] for trial in trials))
    )


def _percent_only(found: int, of: int) -> str:
    return f"{found / of:.0%}" if of else "-"


def _percent(found: int, of: int) -> str:
    low, high = wilson(found, of)
    return f"{found / of:.0%} ({low:.0%}-{high:.0%})" if of else "-"


def _spread(values: Sequence[int | None], plus: int = 0) -> str:
    """Median and 90 % of all, those that were never found among them as later than all others."""
    if not values:
        return "-"
    ordered = sorted(float("inf") if value is None else value + plus for value in values)
    return " / ".join(_number(ordered[min(len(ordered) - 1, int(q * len(ordered)))]) for q in (0.5, 0.9))


def _number(value: float) -> str:
    return "not found" if value == float("inf") else f"{value:,.0f}"


def _line(what: str, wanted: str, found: int, of: int, floor: float) -> str:
    return f"| {what} | {wanted} | {_percent(found, of)} | {_word(bool(of) and found / of >= floor)} |"


def _most(what: str, found: int, of: int, limit: float) -> str:
    low, high = wilson(found, of)
    return f"| {what} | <= {limit:.1%} | {found} of {of:,} ({low:.3%}-{high:.3%}) | {_word(found <= limit * of)} |"


def _word(is_met: bool) -> str:  # noqa: FBT001 - one word for yes, one for no
    return "met" if is_met else "MISSED"
