"""Answers to be expected: what would have come, had every message arrived. The truth of the simulated world says it."""

import pytest

from acquit.columns import PLACE
from acquit.routes.curve import IN_TEMPLATE, missing_in
from acquit.routes.verdict import Part, Verdict
from acquit.simulate.world.frauds import FRAUDS
from tests.routes.judged import DAYS, drawn, verdicts


def by_latency(verdict: Verdict) -> Part:
    return next(part for part in verdict.parts if part.name == "latency")


@pytest.mark.parametrize("name", ["S2 uniform 30 %", "S3 uniform 10 %", "S4 constant 2 %"])
def test_the_sentence_tells_the_answers_that_arrivals_would_have_brought(name: str) -> None:
    made, liars = drawn(FRAUDS[name])
    found = verdicts(made, range(DAYS - 1, DAYS))
    for number in liars:
        verdict = found[number]
        told = by_latency(verdict)
        days = slice(DAYS - verdict.window_days, DAYS)
        missing = missing_in(told.where, told.nats)
        bins = missing > IN_TEMPLATE
        n, k = (
            made.counts[number, :, days, PLACE[column]].sum(axis=1)[:, bins].sum(axis=1)
            for column in ("delivered_in", "converted_in")
        )
        forged = made.forged[number, :, days].sum(axis=1) * missing[bins].sum()
        truth = float((k * n / (n - forged)).sum())
        assert told.found == k.sum()
        assert told.of == pytest.approx(truth, rel=0.04)
        assert f"were answered {told.found:,} times where {told.of:,.0f} answers" in verdict.sentence


def test_where_nothing_is_missing_as_many_answers_come_as_are_expected() -> None:
    made, _ = drawn()
    for verdict in verdicts(made, range(DAYS - 1, DAYS)):
        told = by_latency(verdict)
        assert told.found == pytest.approx(told.of, abs=5 * told.of**0.5 + 1)
