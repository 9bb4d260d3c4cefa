"""The judge of routes: from evidence of a day and what was said before to what is said now. Pure; the day is an argument.

`evidence` holds sums over windows of days that end with the day (streams.py). Judge a day when it is some hours over: answers
come late, and a day without its answers looks like one that is forged.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from acquit import columns
from acquit.columns import PLACE
from acquit.routes import wording
from acquit.routes.attribution import beside, operator_is_hot, who
from acquit.routes.batching import LOWER_SECONDS
from acquit.routes.curve import IN_TEMPLATE, expected_answers, missing_in
from acquit.routes.peers import TRUST, numbers_of_peers, trust_of
from acquit.routes.pricing import priced
from acquit.routes.share import Share, share
from acquit.routes.strata import UNSPECIFIC, dips
from acquit.routes.streams import Evidence, Floats, Grouping, grouped, summed
from acquit.routes.suspicion import suspicion
from acquit.routes.templates import Template, templates
from acquit.routes.verdict import (
    DEFAULT_THRESHOLDS,
    Judged,
    Part,
    Priced,
    Standing,
    Standings,
    Thresholds,
    Verdict,
    decided,
)
from acquit.routes.weighing import Weighed, over_windows, weighed
from acquit.rules.prices import NO_PRICES, Prices

WEEK = 7
_DIP_NATS = 6.9
"""A stratum that only raises suspicion must be as odd as one in a thousand."""
_SAME_TRUST = 0.2
"""Curves of peers that differ by so little trust are the same."""


def judge(
    evidence: Evidence, day: int, before: Standings, thresholds: Thresholds = DEFAULT_THRESHOLDS,
    prices: Prices = NO_PRICES,
) -> Judged:  # fmt: skip
    """Every place of the evidence, judged on this day. `prices` can make a clean place suspect, and change nothing else."""
    grouping = grouped(evidence.keys)
    if not grouping.places:
        return Judged((), {})
    laws = list(templates())
    former = [before.get(place, Standing()) for place in grouping.places]
    trust = np.array([TRUST["clean" if one.is_by_price else one.word] for one in former])
    lengths = sorted(evidence.windows)
    week = WEEK if WEEK in evidence.windows else lengths[-1]
    first = weighed(evidence.windows[week], grouping, trust, laws)
    known, trust = trust, np.minimum(trust_of(first.nats), np.maximum(trust, 0.5))
    is_same = np.abs(trust - known).max() < _SAME_TRUST
    all_weighed = {
        length: first if length == week and is_same else weighed(evidence.windows[length], grouping, trust, laws)
        for length in lengths
    }
    nats = over_windows([all_weighed[length].nats for length in lengths])
    best = np.stack([all_weighed[length].nats for length in lengths]).argmax(axis=0)
    bench = _Bench(evidence, grouping, laws, all_weighed, nats, week, trust, prices)
    verdicts = [
        bench.verdict(place, day, former[place], float(nats[place]), lengths[best[place]], thresholds)
        for place in range(len(grouping.places))
    ]
    standing = {
        verdict.place: Standing(
            verdict.word, verdict.nats, one.since if one.word == verdict.word else day, verdict.is_by_price
        )
        for verdict, one in zip(verdicts, former, strict=True)
    }
    by_place = {length: known if one is first else trust for length, one in all_weighed.items()}
    return Judged(
        verdicts, standing,
        {length: dict(zip(grouping.places, one.tolist(), strict=True)) for length, one in by_place.items()},
    )  # fmt: skip


class _Bench:
    """What all verdicts of a day are read from."""

    def __init__(
        self, evidence: Evidence, grouping: Grouping, laws: list[Template], all_weighed: dict[int, Weighed],
        nats: Floats, week: int, trust: Floats, prices: Prices,
    ) -> None:  # fmt: skip
        self._evidence, self._grouping, self._laws, self._weighed = evidence, grouping, laws, all_weighed
        self._nats, self._week, self._trust, self._prices = nats, week, trust, prices
        self._peers = numbers_of_peers(grouping)
        self._operator = operator_is_hot(nats, all_weighed[week].dead.operator_nats, grouping)
        size = len(grouping.places)
        self._sums = {length: summed(counts, grouping.place, size) for length, counts in evidence.windows.items()}
        self._longest = max(evidence.windows)
        self._hints = {kind: dips(evidence.windows[week], kind, grouping, trust[grouping.place]) for kind in UNSPECIFIC}
        odd = suspicion(evidence.windows[week], grouping, trust[grouping.place])
        self._odd_in, self._signs = {week: odd}, odd.signs

    def verdict(
        self, number: int, day: int, former: Standing, nats: float, window: int, thresholds: Thresholds
    ) -> Verdict:  # fmt: skip
        signs = self._signs_of(number)
        week_nats = float(self._weighed[self._week].nats[number])
        found: Share | None = None
        is_hot = max(nats, former.nats) >= thresholds.in_two_days or former.word == "contradicted"
        if is_hot:
            found = self._share(number, window)
        week_share = self._share(number, self._week).high if former.word == "contradicted" else 1.0
        word = decided(
            former, nats, week_nats=week_nats, highest_share=week_share, has_signs=bool(signs), thresholds=thresholds
        )
        price = self._price(number)
        is_by_price = word == "clean" and price is not None and bool(price.sign)
        if word == "clean":
            window = self._longest
        if price is not None and price.sign:
            signs, word = [*signs, price.sign], "suspect" if is_by_price else word
        parts = self._parts(number, window)
        one, near = None, None
        if word == "contradicted":
            one = who(is_operator=bool(self._operator[number]), peers=int(self._peers[number]))
            near = beside(number, self._nats, self._grouping)
        sums = self._sums[window][number]
        messages = int(sums[PLACE["submitted"]].sum())
        final = float(sums[PLACE["handset"]].sum() + sums[PLACE["network"]].sum() + sums[PLACE["failed"]].sum())
        reported = float(final - sums[PLACE["failed"]].sum()) / final if final else None
        shown = found if word == "contradicted" else None
        believed = reported if reported is None or shown is None else reported * (1 - shown.estimate)
        verdict = Verdict(
            self._grouping.places[number], day, word, nats, window, self._days(number, window), parts, shown, one, near, signs,
            self._limits(number), messages, reported, believed, is_new=word != former.word, price=price,
            is_by_price=is_by_price,
        )  # fmt: skip
        return replace(verdict, sentence=wording.sentence(verdict))

    def _days(self, number: int, window: int) -> int:
        """Of the window, from the place's first one."""
        return min(window, self._evidence.known_days(self._grouping.place == number))

    def _share(self, number: int, window: int) -> Share:
        counts = self._evidence.windows[window]
        if window not in self._odd_in:
            self._odd_in[window] = suspicion(counts, self._grouping, self._trust[self._grouping.place])
        return share(number, counts, self._weighed[window], self._grouping, self._laws, self._odd_in[window])

    def _signs_of(self, number: int) -> Sequence[str]:
        signs = [sign for sign, places in self._signs.items() if places[number]]
        signs += [
            f"fewer answers in {dip.names[dip.best[number]]}"
            for dip in self._hints.values()
            if dip.nats[number] >= _DIP_NATS
        ]
        return signs

    def _price(self, number: int) -> Priced | None:
        if not self._prices.rows:
            return None
        here = (self._grouping.place == number).tolist()
        countries = {key.country for key, is_here in zip(self._evidence.keys, here, strict=True) if is_here}
        return priced(self._grouping.places[number], countries, self._prices)

    def _parts(self, number: int, window: int) -> list[Part]:
        """Every part that has nats, with its counts."""
        found, sums = self._weighed[window], self._sums[window][number]
        counted = {
            "known_dead": (columns.contradiction("known_dead_delivered"), columns.probe("known_dead")),
            "own_dead": (columns.contradiction("dead_delivered"), columns.probe("dead")),
            "own_live": (columns.contradiction("live_silent"), columns.probe("live_delivered")),
        }
        parts = [
            Part(name, float(found.parts[name][number]), int(sums[hit]), float(sums[of]))
            for name, (hit, of) in counted.items()
        ]
        parts.append(self._by_latency(number, window))
        parts += [self._by_stratum(number, window, kind) for kind in found.marks]
        handset = float(sums[PLACE["handset"]].sum())
        parts.append(Part("dates", float(found.parts["dates"][number]), int(found.unexplained_dates[number]), handset))
        return parts

    def _by_latency(self, number: int, window: int) -> Part:
        found = self._weighed[window]
        template, nats = self._laws[int(found.latency.best[number])], float(found.parts["latency"][number])
        rows, bins = self._grouping.place == number, template.shares > IN_TEMPLATE
        expected = found.made.expected[rows]
        if (missing := missing_in(template.name, nats)).any():
            counts = self._evidence.windows[window][rows]
            made = found.made
            expected = expected_answers(
                counts, found.usable[rows], made.offset[rows], made.offset_variance[rows], missing
            )
        came = int(found.made.converted[rows][:, bins].sum())
        return Part("latency", nats, came, float(expected[:, bins].sum()), template.name)

    def _by_stratum(self, number: int, window: int, kind: str) -> Part:
        found = self._weighed[window]
        dip = found.marks[kind]
        best = int(dip.best[number])
        return Part(
            kind, float(found.parts[kind][number]), int(dip.came[number]), float(dip.expected[number]), dip.names[best]
        )

    def _limits(self, number: int) -> Sequence[str]:
        sums, rows = self._sums[self._longest][number], self._grouping.place == number
        usable = self._weighed[self._longest].usable[rows][:, LOWER_SECONDS < 60].any()
        network, handset = float(sums[PLACE["network"]].sum()), float(sums[PLACE["handset"]].sum())
        return wording.limits(
            messages=int(sums[PLACE["submitted"]].sum()),
            answers=int(sums[PLACE["converted_hour"]].sum()),
            dead=int(sums[columns.probe("known_dead")]),
            probes=int(sums[columns.probe("dead")] + sums[columns.probe("live")]),
            peers=int(self._peers[number]),
            is_latency_usable=bool(usable),
            is_hand_off=network > handset,
        )
