"""The judge on small worlds: what is said of liars, of honest trouble, and what is not said."""

import pytest

from acquit.columns import PLACE
from acquit.routes.judge import judge
from acquit.routes.streams import Evidence
from acquit.simulate.world.frauds import FRAUDS
from acquit.simulate.world.laws import WARM_UP_DAYS
from acquit.simulate.world.troubles import TROUBLES
from tests.routes.judged import DAYS, drawn, evidence, place_of, verdicts

WEEK_IN = range(WARM_UP_DAYS + 4, DAYS)


@pytest.mark.parametrize(
    "name", ["S1 all instant", "S2 uniform 30 %", "S3 uniform 10 %", "S6 resampled 30 %", "S12 relabel 80 %"]
)
def test_gross_frauds_are_contradicted_within_a_week(name: str) -> None:
    made, liars = drawn(FRAUDS[name])
    found = verdicts(made, WEEK_IN)
    assert {number for number, verdict in enumerate(found) if verdict.word == "contradicted"} == liars


@pytest.mark.parametrize(
    "name",
    [
        "H4 new content",
        "H7 batch receipts 60 s",
        "H10 pumping on one route",
        "H11 clean list",
        "H15 numbers given anew",
    ],
)
def test_honest_trouble_contradicts_nothing(name: str) -> None:
    made, _ = drawn(trouble=TROUBLES[name])
    assert all(verdict.word != "contradicted" for verdict in verdicts(made, WEEK_IN))


def test_new_content_is_odd_and_proves_nothing() -> None:
    made, touched = drawn(trouble=TROUBLES["H4 new content"])
    found = verdicts(made, WEEK_IN)
    for number in touched:
        assert found[number].word == "suspect"
        assert "proves nothing" in found[number].sentence


def test_the_share_of_dropped_messages_is_measured() -> None:
    made, liars = drawn(FRAUDS["S3 uniform 10 %"])
    found = verdicts(made, range(DAYS - 1, DAYS))
    for number in liars:
        verdict, told = found[number], made.counts[number, :, DAYS - 7 :]
        assert verdict.share is not None
        assert verdict.share.kind == "dropped"
        assert verdict.share.low < 0.105 < verdict.share.high + 0.01
        assert told.sum() > 0


def test_relabelled_failures_are_told_from_dropped_messages() -> None:
    made, liars = drawn(FRAUDS["S12 relabel 80 %"])
    found = verdicts(made, range(DAYS - 1, DAYS))
    for number in liars:
        share = found[number].share
        assert share is not None
        assert share.kind == "relabelled"
        assert share.high < 0.2


@pytest.mark.parametrize("name", ["S2 uniform 30 %", "S12 relabel 80 %", "S6 resampled 30 %", "S3 uniform 10 %"])
def test_believed_delivery_is_the_true_one(name: str) -> None:
    made, liars = drawn(FRAUDS[name])
    for number, verdict in enumerate(verdicts(made, range(DAYS - 1, DAYS))):
        days = slice(DAYS - verdict.window_days, DAYS)
        delivered, handed, failed = (
            float(made.counts[number, :, days, PLACE[column]].sum()) for column in ("handset", "network", "failed")
        )
        final = delivered + handed + failed
        assert verdict.reported_delivery == pytest.approx((delivered + handed) / final)
        assert verdict.believed_delivery is not None
        if number in liars:
            true = (delivered + handed - float(made.forged[number, :, days].sum())) / final
            assert (delivered + handed) / final > true + 0.02
            assert verdict.believed_delivery == pytest.approx(true, abs=0.03)
        else:
            assert verdict.believed_delivery == verdict.reported_delivery


def test_the_words_never_say_fraud_and_name_the_counts() -> None:
    made, liars = drawn(FRAUDS["S3 uniform 10 %"])
    for number in liars:
        verdict = verdicts(made, WEEK_IN)[number]
        assert "fraud" not in verdict.sentence.lower()
        assert "contradict the evidence" in verdict.sentence
        assert "numbers known to receive nothing" in verdict.sentence
        assert "95 %" in verdict.sentence


def test_without_engagements_contradictions_still_speak_and_the_limit_is_said() -> None:
    made, liars = drawn(FRAUDS["S6 resampled 30 %"])
    day = evidence(made, DAYS - 1)
    windows = {}
    for length, counts in day.windows.items():
        silent = counts.copy()
        for name in ("converted_in", "converted_by", "converted_hour"):
            silent[:, PLACE[name]] = 0
        windows[length] = silent
    found = judge(Evidence(day.keys, windows), DAYS - 1, {}).verdicts
    for number, verdict in enumerate(found):
        assert any("no engagements" in limit for limit in verdict.limits)
        assert (verdict.word == "contradicted") == (number in liars)


def test_nothing_is_said_of_nothing() -> None:
    assert judge(Evidence((), {1: drawn()[0].counts[0, 0, :0]}), 3, {}).verdicts == ()


def test_a_new_route_with_little_traffic_is_clean_and_the_limit_is_said() -> None:
    made, _ = drawn()
    day = evidence(made, DAYS - 1)
    windows = {length: counts.copy() for length, counts in day.windows.items()}
    for counts in windows.values():
        counts[:3] //= 20_000
    first = judge(Evidence(day.keys, windows), DAYS - 1, {}).verdicts[0]
    assert first.place == place_of(made, 0)
    assert first.word == "clean"
    assert any("too little is known" in limit for limit in first.limits)


def test_the_same_evidence_gives_the_same_verdicts() -> None:
    made, _ = drawn(FRAUDS["S3 uniform 10 %"])
    day = evidence(made, DAYS - 1)
    assert judge(day, DAYS - 1, {}) == judge(day, DAYS - 1, {})
