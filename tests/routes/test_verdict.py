"""When a verdict rises, and when it falls."""

from acquit.events import VerdictWord
from acquit.routes.verdict import DEFAULT_THRESHOLDS, Standing, decided


def word(
    nats: float, *, before: Standing | None = None, week: float = 0.0, highest: float = 0.001, signs: bool = False
) -> VerdictWord:
    return decided(
        before or Standing(),
        nats,
        week_nats=week,
        highest_share=highest,
        has_signs=signs,
        thresholds=DEFAULT_THRESHOLDS,
    )


def test_overwhelming_evidence_raises_at_once() -> None:
    assert word(6.9) == "contradicted"


def test_one_day_of_strong_evidence_is_suspect() -> None:
    assert word(6.8) == "suspect"


def test_two_days_of_strong_evidence_raise() -> None:
    assert word(5.3, before=Standing("suspect", 5.3, 3)) == "contradicted"
    assert word(5.3, before=Standing("suspect", 5.2, 3)) == "suspect"


def test_signs_alone_never_raise() -> None:
    assert word(-3.0, signs=True) == "suspect"
    assert word(-3.0, before=Standing("suspect", -3.0, 3), signs=True) == "suspect"


def test_a_verdict_stays_until_a_week_is_silent_and_the_share_can_only_be_small() -> None:
    up = Standing("contradicted", 20.0, 3)
    assert word(0.0, before=up, week=2.1) == "contradicted"
    assert word(0.0, before=up, week=1.9, highest=0.011) == "contradicted"
    assert word(0.0, before=up, week=1.9, highest=0.009) == "clean"
