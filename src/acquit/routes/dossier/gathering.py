"""From the day's verdicts and the tallies to a dossier. Pure: the verdict's numbers are taken over, never computed again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from acquit import columns, effects
from acquit.address import mask
from acquit.columns import LATENCY_BINS, PLACE, STRATUM_KINDS, names_of
from acquit.routes.batching import BOUNDS_SECONDS, LOWER_SECONDS, usable_bins
from acquit.routes.curve import IN_TEMPLATE, expected_answers, missing_in
from acquit.routes.dossier import words
from acquit.routes.dossier.content import (
    FORMAT,
    Attribution,
    Counts,
    DayCounts,
    Dip,
    Dossier,
    Example,
    ExampleKind,
    Finding,
    Kind,
    LatencyBin,
    Measure,
    PeerLine,
    Peers,
    Period,
    Price,
    Stratum,
    Subject,
    Weight,
)
from acquit.routes.interaction import peer_curve
from acquit.routes.reading import Tallied, date_of, of_place
from acquit.routes.streams import Evidence, Floats, Grouping, Ints, Place, grouped, windows_of
from acquit.routes.verdict import Judged, Verdict
from acquit.routes.wording import FEW, LEAST_NATS, place_of

DAYS, WEEK = 28, 7
SHOWN = 5
"""Examples of a kind."""
LEAST_OTHERS = 3
"""Other suppliers: of fewer, a supplier could read another's business."""
LEAST_DELIVERED = 100
"""Of a stream, to be set beside others."""
_Z = 1.96


@dataclass(frozen=True)
class Terms:
    """What is said by who asks for the dossier."""

    version: str
    ruleset: str
    paid: float | None = None
    usual: float | None = None
    currency: str = ""
    with_own_numbers: bool = False  # list messages to numbers of ours, too


def dossier(verdict: Verdict, judged: Judged, tallied: Tallied, terms: Terms) -> Dossier:
    """Of the verdict's place, as of its day."""
    place, day = verdict.place, verdict.day
    evidence = windows_of(tallied.days, day, sorted({verdict.window_days, WEEK, DAYS}))
    grouping = grouped(evidence.keys)
    number = list(grouping.places).index(place)
    counts = evidence.windows[verdict.window_days]
    rows = grouping.place == number
    sums = counts[rows].sum(axis=0)
    everything = evidence.windows[DAYS][rows].sum(axis=0)
    first = day - evidence.known_days(rows) + 1
    examples = _examples(place, tallied, range(first, day + 1), everything, with_own=terms.with_own_numbers)
    return Dossier(
        format=FORMAT,
        version=terms.version,
        ruleset=terms.ruleset,
        subject=Subject(
            place.channel, place.route, place.supplier, place.carrier,
            sorted({key.country for key, is_here in zip(evidence.keys, rows, strict=True) if is_here and key.country}),
        ),
        period=Period(
            date_of(first), date_of(day), date_of(max(first, day - verdict.window_days + 1)), verdict.window_days
        ),
        finding=_finding(verdict, judged, first, is_too_little=everything[PLACE["submitted"]].sum() < FEW),
        attribution=_attribution(verdict),
        counts=_counts(sums),
        parts=[
            Weight(
                part.name, words.TITLES[part.name], words.counted(part), part.found, part.of, part.where, part.nats,
                words.odds(part.nats),
            )
            for part in sorted(verdict.parts, key=lambda part: -part.nats)
        ],
        latency=_latency(verdict, judged, counts, grouping),
        days=[_day(one, of_place(tallied.days, place, one)) for one in range(first, day + 1)],
        peers=_peers(number, evidence, grouping),
        dips=_dips(verdict, counts[rows], evidence.windows[WEEK][rows]),
        examples=examples,
        price=_price(terms, verdict),
        asks=words.asks(verdict, has_examples=any(kind.messages for kind in examples)),
        method=words.method(verdict, day - first + 1),
        unknowable=words.unknowable(verdict),
    )  # fmt: skip


def _finding(verdict: Verdict, judged: Judged, first: int, *, is_too_little: bool) -> Finding:
    since = judged.standing[verdict.place].since
    return Finding(
        word=verdict.word,
        headline=words.TOO_LITTLE if is_too_little and verdict.word == "clean" else words.HEADLINES[verdict.word],
        sentence=verdict.sentence,
        limits=verdict.limits,
        signs=verdict.signs,
        nats=verdict.nats,
        odds=words.odds(verdict.nats),
        since=date_of(since) if verdict.word != "clean" and since > first else None,
        share=verdict.share,
        reported_delivery=verdict.reported_delivery,
        believed_delivery=verdict.believed_delivery,
    )


def _attribution(verdict: Verdict) -> Attribution | None:
    if verdict.who is None or verdict.beside is None:
        return None
    return Attribution(verdict.who, *verdict.beside, words.rests_on(verdict.who, verdict.beside))


def _counts(sums: Ints) -> Counts:
    names = ("submitted", "handset", "network", "failed", "waiting", "converted_hour", "not_received")
    return Counts(*(int(sums[PLACE[name]].sum()) for name in names))


def _latency(verdict: Verdict, judged: Judged, counts: Ints, grouping: Grouping) -> list[LatencyBin]:
    """The judge's own numbers: its curve, with the trust that it had in each place."""
    trust = np.array([judged.trust[verdict.window_days][place] for place in grouping.places])
    usable = usable_bins(counts)
    offset, variance = peer_curve(counts, usable, grouping, trust[grouping.place])
    rows = grouping.place == list(grouping.places).index(verdict.place)
    missing = next(missing_in(part.where, part.nats) for part in verdict.parts if part.name == "latency")
    delivered, answered = (counts[rows, PLACE[name]].sum(axis=0) for name in ("delivered_in", "converted_in"))
    expected = expected_answers(counts[rows], usable[rows], offset[rows], variance[rows], missing).sum(axis=0)
    is_usable = usable[rows].any(axis=0)
    return [
        LatencyBin(
            float(LOWER_SECONDS[place]),
            float(BOUNDS_SECONDS[place]) if place < LATENCY_BINS - 1 else None,
            int(delivered[place]),
            int(answered[place]),
            round(float(expected[place]), 1) if is_usable[place] else None,
            bool(missing[place] > IN_TEMPLATE),
        )
        for place in range(LATENCY_BINS)
    ]


def _day(day: int, sums: Ints) -> DayCounts:
    return DayCounts(
        date_of(day),
        int(sums[PLACE["submitted"]].sum()),
        int(sums[columns.probe("known_dead")]),
        int(sums[columns.contradiction("known_dead_delivered")]),
        int(sums[columns.probe("dead")]),
        int(sums[columns.contradiction("dead_delivered")]),
        int(sums[columns.probe("live_delivered")]),
        int(sums[columns.contradiction("live_silent")]),
    )


def _peers(number: int, evidence: Evidence, grouping: Grouping) -> Peers:
    counts, own = evidence.windows[WEEK], grouping.places[number]
    others = {
        place.supplier
        for place in grouping.places
        if (place.channel, place.carrier) == (own.channel, own.carrier) and place.supplier != own.supplier
    }
    delivered = counts[:, PLACE["handset"]].sum(axis=1) + counts[:, PLACE["network"]].sum(axis=1)
    failed = counts[:, PLACE["failed"]].sum(axis=1)
    answered = counts[:, PLACE["converted_hour"]].sum(axis=1)
    lines = [
        line
        for measure, part, whole in (("answers", answered, delivered), ("failures", failed, delivered + failed))
        for row in np.flatnonzero(grouping.place == number)
        if (line := _line(measure, row, part, whole, evidence, grouping)) is not None  # type: ignore[arg-type]
    ]
    return Peers(len(others), lines)


def _line(
    measure: Measure, row: int, part: Ints, whole: Ints, evidence: Evidence, grouping: Grouping
) -> PeerLine | None:
    here = (grouping.market == grouping.market[row]) & (grouping.supplier != grouping.supplier[row])
    rates = []
    for supplier in np.unique(grouping.supplier[here]):
        rows = here & (grouping.supplier == supplier)
        if whole[rows].sum() >= LEAST_DELIVERED:
            rates.append(round(float(part[rows].sum() / whole[rows].sum()), 4))
    if len(rates) < LEAST_OTHERS or whole[row] < LEAST_DELIVERED or not np.median(rates):
        return None
    low, high = _interval(int(part[row]), int(whole[row]))
    return PeerLine(
        measure, evidence.keys[row].stream, float(part[row] / whole[row]), low, high, float(np.median(rates)),
        sorted(rates),
    )  # fmt: skip


def _interval(part: int, whole: int) -> tuple[float, float]:
    """Wilson's, 95 %."""
    rate, size = part / whole, _Z**2 / whole
    middle, reach = rate + size / 2, _Z * float(np.sqrt(rate * (1 - rate) / whole + size / whole / 4))
    return (middle - reach) / (1 + size), (middle + reach) / (1 + size)


def _dips(verdict: Verdict, counts: Ints, week: Ints) -> list[Dip]:
    """Of the kinds that the verdict names: those that can confirm in its window, the others in the week."""
    named: dict[Kind, tuple[str, bool]] = {}
    for part in verdict.parts:
        if part.name in {"slot", "shape"} and part.nats >= LEAST_NATS:
            named[part.name] = (part.where, True)  # type: ignore[index]  # one of the two
    for sign in verdict.signs:
        where = sign.removeprefix("fewer answers in ")
        kinds: tuple[Kind, ...] = ("hour", "sender", "prefix", "batch")
        for kind in kinds:
            if where != sign and where.startswith(kind):
                named[kind] = (where, False)
    return [
        Dip(kind, words.STRATA[kind], place_of(where), can_confirm, _strata(kind, counts if can_confirm else week))
        for kind, (where, can_confirm) in named.items()
    ]


def _strata(kind: Kind, counts: Ints) -> list[Stratum]:
    """The parts that have messages."""
    if kind == "hour":
        delivered, answered = counts[:, PLACE["delivered_hour"]], counts[:, PLACE["converted_hour"]]
        names: Sequence[str] = [f"{hour:02d}" for hour in range(24)]
    else:
        part = STRATUM_KINDS[kind]
        delivered = counts[:, PLACE["delivered_by"]][:, part]
        answered = counts[:, PLACE["converted_by"]][:, part]
        names = [name.partition("/")[2] for name in names_of(kind)]
        if kind == "slot":
            names = [f"{int(name) * 60 / columns.SLOTS:g}" for name in names]
    level: Floats = answered.sum(axis=1, keepdims=True) / np.maximum(delivered.sum(axis=1, keepdims=True), 1)
    expected = (delivered * level).sum(axis=0)
    return [
        Stratum(name, int(n), int(k), round(float(hoped), 1))
        for name, n, k, hoped in zip(names, delivered.sum(axis=0), answered.sum(axis=0), expected, strict=True)
        if n
    ]


def _examples(place: Place, tallied: Tallied, days: range, sums: Ints, *, with_own: bool) -> list[ExampleKind]:
    """By kind, the most telling first; of each the latest, one a day as long as there are days."""
    found = []
    for kind, (title, meaning) in words.KINDS.items():
        named = [one for one in tallied.examples.get(place, ()) if one.kind == kind and one.day in days]
        if not named:
            continue
        is_held_back = kind in words.OF_OURS and not with_own
        chosen = [] if is_held_back else _spread([(one.day, one.example) for one in named])
        found.append(
            ExampleKind(
                kind, title, " ".join(meaning.split()), int(sums[columns.contradiction(kind)]),
                len(named) if is_held_back else 0, [_example(one) for one in chosen],
            )
        )  # fmt: skip
    return found


def _spread(named: Sequence[tuple[int, effects.Example]]) -> list[effects.Example]:
    """So many of them as are shown, of different days first, in the order of their times."""
    by_day: dict[int, list[effects.Example]] = {}
    for day, example in sorted(named, key=lambda pair: (-pair[0], pair[1].at, pair[1].message_id)):
        by_day.setdefault(day, []).append(example)
    rounds = max(len(examples) for examples in by_day.values())
    turns = [examples[turn] for turn in range(rounds) for examples in by_day.values() if turn < len(examples)]
    return sorted(turns[:SHOWN], key=lambda example: (example.at, example.message_id))


def _example(example: effects.Example) -> Example:
    after = None if example.delivered_at is None else (example.delivered_at - example.at).total_seconds()
    return Example(
        example.provider,
        example.message_id,
        example.to if "***" in example.to else mask(example.to),
        example.at,
        example.delivered_at,
        example.failed_at,
        after,
    )


def _price(terms: Terms, verdict: Verdict) -> Price | None:
    """As whoever asks for the dossier says, or else as the rules have it."""
    if terms.paid is not None:
        said = words.of_price(terms.paid, terms.usual, terms.currency, "the usual")
        return Price(terms.paid, terms.usual, terms.currency, said)
    if verdict.price is None:
        return None
    paid, usual, others, currency, _ = verdict.price
    return Price(paid, usual, currency, words.of_price(paid, usual, currency, f"the median of {others} others,"))
