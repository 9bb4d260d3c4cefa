"""When routes are judged, and what is said when a verdict changes."""

import msgspec
import pytest

from acquit.capped import Capped
from acquit.effects import Alert, Cell, Tally
from acquit.events import Verdict, from_epoch_ms
from acquit.routes.cohorts import Sums
from acquit.routes.days import DAY_SECONDS
from acquit.routes.docket import AFTER_SECONDS, Said
from acquit.rules.prices import Price, Prices

DAY = 20_000
"""2024-10-04."""
DEAD, TOLD = 400, 120
"""Messages to known dead numbers in a day, and those of them that a lying route says are delivered."""


def told(sums: Sums, day: int, *, lies: bool, hour: int = 12, route: str = "aggr-a") -> None:
    """One total: a day's messages of a route."""
    cell = Cell("sms", "20801", "FR", route, route, "otp", day * DAY_SECONDS + hour * 3_600)
    delivered = 9_000 + (TOLD if lies else 0)
    tally = Tally(
        0, day * 100 + hour, cell, 10_000, {"delivered_handset": delivered, "failed": 10_000 - delivered},
        delivered_in={20: delivered}, converted_in={20: 6_000},
        probed={"known_dead": DEAD}, contradicted={"known_dead_delivered": TOLD if lies else 0},
    )  # fmt: skip
    assert sums.take(tally.key, tally.value) is not None


def judged(sums: Sums) -> list[Alert | Verdict]:
    said: list[Alert | Verdict] = []
    while (day := sums.due_day()) is not None:
        said += sums.say(day, sums.docket.weigh(day), (day + 2) * DAY_SECONDS * 1000)
    return said


def sums_of(*days: tuple[int, bool]) -> Sums:
    sums = Sums(Capped(10), zone="UTC")
    for day, lies in days:
        told(sums, day, lies=lies)
    return sums


def test_day_is_judged_some_hours_after_it_is_over_by_the_tallies_own_hours() -> None:
    sums = sums_of((DAY, False))
    told(sums, DAY + 1, lies=False, hour=AFTER_SECONDS // 3_600 - 1)
    assert sums.due_day() is None
    told(sums, DAY + 1, lies=False, hour=AFTER_SECONDS // 3_600)
    assert sums.due_day() == DAY
    judged(sums)
    assert sums.due_day() is None


def test_contradicted_route_is_told_to_everybody_once() -> None:
    sums = sums_of((DAY, True), (DAY + 1, True), (DAY + 2, True))
    event, alert = judged(sums)
    assert isinstance(event, Verdict)
    assert (event.verdict, event.route, event.supplier, event.carrier) == ("contradicted", "aggr-a", "aggr-a", "20801")
    assert isinstance(alert, Alert)
    assert (alert.kind, alert.state, alert.route, alert.carrier) == ("route_contradicted", "raised", "aggr-a", "20801")
    assert alert.verdict is not None
    assert alert.verdict.share is not None
    assert alert.at == from_epoch_ms((DAY + 2) * DAY_SECONDS * 1000)


def test_honest_route_is_told_to_nobody_and_kept_as_clean() -> None:
    sums = sums_of((DAY, False), (DAY + 1, False))
    assert judged(sums) == []
    [verdict] = sums.docket.verdicts()
    assert verdict.verdict == "clean"


def test_route_of_which_nothing_is_known_any_more_is_cleared() -> None:
    sums = sums_of((DAY, True), (DAY + 1, True))
    judged(sums)
    for day in range(DAY + 2, DAY + 40):
        told(sums, day, lies=False, route="aggr-b")
    cleared = [said for said in judged(sums) if isinstance(said, Alert) and said.state == "cleared"]
    assert [(alert.kind, alert.route) for alert in cleared] == [("route_contradicted", "aggr-a")]
    assert [verdict.route for verdict in sums.docket.verdicts()] == ["aggr-b"]


@pytest.mark.parametrize("repeats", [1, 3])
def test_totals_that_come_again_change_no_verdict(repeats: int) -> None:
    once, again = sums_of((DAY, True), (DAY + 1, True)), Sums(Capped(10), zone="UTC")
    for _ in range(repeats):
        told(again, DAY, lies=True)
        told(again, DAY + 1, lies=True)
    judged(once)
    judged(again)
    assert once.docket.verdicts() == again.docket.verdicts()


def test_state_that_is_read_back_says_nothing_again() -> None:
    sums = sums_of((DAY, True), (DAY + 1, True))
    assert judged(sums)
    again = Sums(Capped(10), zone="UTC")
    for name, table in sums.tables.items():
        for block in table.rows:
            again.tables[name].load_block(block, msgspec.msgpack.encode(dict(table.block_rows(block))))
    again.head = msgspec.msgpack.decode(msgspec.msgpack.encode(sums.head), type=type(sums.head))
    again.loaded([])
    assert again.due_day() is None
    assert again.docket.verdicts() == sums.docket.verdicts()
    told(again, DAY + 2, lies=True)
    assert judged(again) == []


def test_late_total_of_a_closed_hour_changes_nothing_of_the_evidence() -> None:
    sums = sums_of((DAY, False), (DAY + 10, False))
    before = sums.days.evidence(DAY + 10).windows[28].copy()
    cell = Cell("sms", "20801", "FR", "aggr-a", "aggr-a", "otp", DAY * DAY_SECONDS + 12 * 3_600)
    late = Tally(0, 1 << 40, cell, 999, {"sent": 999})
    sums.take(late.key, late.value)
    assert (sums.days.evidence(DAY + 10).windows[28] == before).all()


def test_words_of_a_verdict_name_the_route_and_accuse_nobody() -> None:
    sums = sums_of((DAY, True), (DAY + 1, True))
    judged(sums)
    [verdict] = sums.docket.verdicts()
    assert "aggr-a" in verdict.sentence
    assert "contradict" in verdict.sentence
    assert not {"fraud", "fake", "lie", "lies"} & set(verdict.sentence.casefold().split())


def test_route_that_is_suspect_for_its_price_alone_keeps_its_trust_when_it_is_read_back() -> None:
    rows = [Price("sms", name, None, "FR", None, 1.0, "EUR", "s") for name in ("b", "c", "d")]
    prices = Prices([*rows, Price("sms", "aggr-a", None, "FR", None, 0.5, "EUR", "s")])
    sums = Sums(Capped(10), zone="UTC", prices=prices)
    told(sums, DAY, lies=False)
    told(sums, DAY + 1, lies=False)
    [event, alert] = judged(sums)
    assert isinstance(alert, Alert)
    assert (alert.kind, alert.state) == ("route_suspect", "raised")
    assert "price 50 % under the median of 3 others" in alert.sentence
    assert isinstance(event, Verdict)
    assert event.verdict == "suspect"
    [(_, _, said)] = list(sums.docket.table)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(said), type=Said) == said
    assert said.is_by_price


def test_verdict_of_a_journal_from_before_prices_is_read() -> None:
    sums = sums_of((DAY, False), (DAY + 1, False))
    judged(sums)
    [(_, _, said)] = list(sums.docket.table)
    before = msgspec.msgpack.encode(msgspec.to_builtins(said)[:2])
    assert msgspec.msgpack.decode(before, type=Said) == said
