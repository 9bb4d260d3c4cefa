"""The words of a verdict: the days that exist, the window that was counted."""

import re

import pytest

from acquit.columns import PLACE
from acquit.routes.judge import judge
from acquit.routes.streams import windows_of
from acquit.routes.verdict import Verdict
from acquit.simulate.world.frauds import FRAUDS
from tests.routes.judged import DAYS, drawn, evidence


def told(days: int, *, lies: bool) -> list[Verdict]:
    """Of the last days of the small world: nothing is known of those before."""
    made, liars = drawn(FRAUDS["S3 uniform 10 %"])
    keys = evidence(made, 0).keys
    by_day = {
        day: dict(zip(keys, made.counts[:, :, day].reshape(len(keys), -1), strict=True))
        for day in range(DAYS - days, DAYS)
    }
    found = judge(windows_of(by_day, DAYS - 1), DAYS - 1, {}).verdicts
    return [verdict for number, verdict in enumerate(found) if (number in liars) == lies]


def days_in(sentence: str) -> int:
    [number] = re.findall(r"in (\d+|one) days? and", sentence)
    return 1 if number == "one" else int(number)


@pytest.mark.parametrize("days", [1, 4])
def test_no_more_days_are_said_than_there_are(days: int) -> None:
    for verdict in [*told(days, lies=True), *told(days, lies=False)]:
        assert verdict.days <= days
        if verdict.word in {"clean", "contradicted"}:
            assert days_in(verdict.sentence) == verdict.days == min(verdict.window_days, days)


def test_clean_verdict_speaks_of_everything_that_was_looked_at() -> None:
    made, liars = drawn(FRAUDS["S3 uniform 10 %"])
    for number, verdict in enumerate(judge(evidence(made, DAYS - 1), DAYS - 1, {}).verdicts):
        if verdict.word == "clean":
            assert number not in liars
            assert verdict.window_days == 7
            submitted = made.counts[number, :, DAYS - 7 :, PLACE["submitted"]].sum()
            assert verdict.messages == submitted
            assert f"in 7 days and {submitted:,} messages nothing in the receipts contradicts" in verdict.sentence
