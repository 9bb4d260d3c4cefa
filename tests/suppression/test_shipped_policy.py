"""The policy that is shipped, at its boundaries: mission rows K2, K3 and K5, and the defaults of the taxonomy."""

from collections.abc import Sequence

import pytest

from acquit.rules.policy import DAY_MS
from acquit.suppression.facts import Fact
from tests.suppression.test_judge import FOREVER, fact, failure, held

MS = 1 / DAY_MS
HOUR = 1 / 24
CAPPED, EXPERIMENT = "131049", "130472"


def whatsapp(code: str, day: float) -> Fact:
    category, permanence = {
        "131026": ("recipient_not_capable", "permanent"),
        "131050": ("opted_out", "permanent"),
        "1013": ("recipient_not_capable", "permanent"),
        "131056": ("frequency_capped", "none"),
        CAPPED: ("frequency_capped", "none"),
        EXPERIMENT: ("frequency_capped", "none"),
    }[code]
    return failure(day, category, permanence, code=code, channel="whatsapp")


# K2


def test_131026_once_holds_all_of_whatsapp_for_ever() -> None:
    assert held(whatsapp("131026", 0), day=36_000) == {"*": ("recipient_not_capable", FOREVER)}


@pytest.mark.parametrize(("day", "is_held"), [(0, True), (16 - MS, True), (16, False), (16 + MS, False)])
def test_131049_once_holds_marketing_for_16_days_to_the_millisecond(day: float, is_held: bool) -> None:
    expected = {"*:marketing": ("frequency_capped", 16)} if is_held else {}
    assert held(whatsapp(CAPPED, 0), day=day) == expected


def test_second_131049_holds_for_16_days_from_then() -> None:
    assert held(whatsapp(CAPPED, 0), whatsapp(CAPPED, 10), day=25) == {"*:marketing": ("frequency_capped", 26)}


@pytest.mark.parametrize("days", [(0,), (0, 5)])
def test_130472_once_or_twice_holds_nobody(days: Sequence[float]) -> None:
    assert held(*(whatsapp(EXPERIMENT, day) for day in days), day=5) == {}


@pytest.mark.parametrize(
    "codes",
    [
        (EXPERIMENT, EXPERIMENT, EXPERIMENT),
        (CAPPED, EXPERIMENT, EXPERIMENT),
        (EXPERIMENT, CAPPED, EXPERIMENT),
        (EXPERIMENT, EXPERIMENT, CAPPED),
        (CAPPED, CAPPED, CAPPED),
    ],
)
def test_130472_and_131049_are_counted_together_and_the_third_holds_marketing_for_ever(codes: Sequence[str]) -> None:
    told = [whatsapp(code, 1_000 * number) for number, code in enumerate(codes)]  # ever is ever
    assert held(*told[:2], day=1_017) == {}
    assert held(*told, day=36_000) == {"*:marketing": ("frequency_capped", FOREVER)}


def test_what_is_delivered_says_nothing_of_marketing_that_is_held_back() -> None:
    delivered = fact("delivered", 1, channel="whatsapp")
    assert held(whatsapp(CAPPED, 0), delivered, day=2) == {"*:marketing": ("frequency_capped", 16)}
    told = [whatsapp(EXPERIMENT, 0), delivered, whatsapp(EXPERIMENT, 2), whatsapp(EXPERIMENT, 3)]
    assert set(held(*told, day=4)) == {"*:marketing"}


def test_131026_is_lifted_by_a_newer_delivery() -> None:
    assert held(whatsapp("131026", 0), fact("delivered", 1, channel="whatsapp"), day=2) == {}


# K3


def test_131050_holds_all_of_whatsapp_and_no_delivery_lifts_it() -> None:
    opted_out = whatsapp("131050", 0)
    assert held(opted_out, fact("delivered", 1), day=36_000) == {"*": ("opted_out", FOREVER)}
    assert held(opted_out, fact("start", 1), day=1) == {}
    assert held(opted_out, fact("restore", 1), day=1) == {}


# K5

THIRD = [whatsapp(EXPERIMENT, day) for day in (0, 1, 2)]


@pytest.mark.parametrize(
    ("replied", "day", "is_held"),
    [
        (3, 3, False),
        (3, 4 - MS, False),
        (3, 4, True),  # 24 hours exactly
        (3, 3 - MS, True),
        (1.5, 2.4, False),  # the window was open when the third came
        (1.5, 2.5, True),
    ],
)
def test_hold_of_130472_does_not_count_for_24_hours_after_a_reply(replied: float, day: float, is_held: bool) -> None:
    facts = [told for told in [*THIRD, fact("reply", replied)] if told.at_ms <= fact("reply", day).at_ms]
    assert bool(held(*facts, day=day)) is is_held


def test_reply_opens_no_window_in_other_holds() -> None:
    assert held(whatsapp(CAPPED, 0), fact("reply", 1), day=1)
    assert held(whatsapp(EXPERIMENT, 0), whatsapp(EXPERIMENT, 1), whatsapp(CAPPED, 2), fact("reply", 3), day=3)
    assert held(*THIRD, fact("stop", 2), fact("reply", 3), day=3) == {"*": ("stop", FOREVER)}


# the taxonomy


def test_another_code_of_whatsapp_holds_for_30_days_after_two() -> None:
    assert held(whatsapp("1013", 0), day=0) == {}
    assert held(whatsapp("1013", 0), whatsapp("1013", 5), day=5) == {"*": ("recipient_not_capable", 35)}


def test_too_many_messages_hold_marketing_for_a_day() -> None:
    assert held(whatsapp("131056", 0), day=1 - MS) == {"*:marketing": ("frequency_capped", 1)}
    assert held(whatsapp("131056", 0), day=1) == {}


def soft(category: str, *days: float) -> list[Fact]:
    return [failure(day, category, "transient") for day in days]


@pytest.mark.parametrize(
    ("facts", "until_day"),
    [
        (soft("recipient_unreachable", 0, 1, 2, 3), 0),
        (soft("recipient_unreachable", 0, 1, 2, 3, 4), 4 + 7),
        (soft("recipient_unreachable", 0, 1, 2, 3, 7 - MS), 14 - MS),
        (soft("recipient_unreachable", 0, 1, 2, 3, 7), 0),  # the first counts no more
        (soft("recipient_unreachable", 0, 0.1, 0.2, 0.3, 0.4), 0),  # an outage of a day
        (soft("expired", *(day / 2 for day in range(9))), 0),  # nine halves
        (soft("expired", *(day / 2 for day in range(10))), 4.5 + 7),
        (soft("unknown", *(day / 4 for day in range(20))), 0),  # never alone
        ([*soft("unknown", *(day / 4 for day in range(8))), *soft("recipient_unreachable", 2)], 2 + 7),
        (soft("recipient_storage_full", 0, 1), 0),
        (soft("recipient_storage_full", 0, 1, 2), 2 + 14),
        (soft("recipient_barred", 0), 0),
        (soft("recipient_barred", 0, 13), 13 + 30),
        (soft("recipient_barred", 0, 14), 0),
        (soft("recipient_unknown", 0), 0),  # weak evidence
        (soft("recipient_unknown", 0, 0.5), 0),  # twice on a day
        (soft("recipient_unknown", 0, 13), 13 + 90),
        (soft("recipient_unknown", 0, 14), 0),
        (soft("recipient_inactive", 0, 5), 5 + 30),
    ],
)
def test_what_passes_holds_if_it_does_not_pass(facts: list[Fact], until_day: float) -> None:
    last = max(facts)
    entries = held(*facts, day=(last.at_ms - fact("stop", 0).at_ms) * MS)
    assert [until for _, until in entries.values()] == ([pytest.approx(until_day)] if until_day else [])


def test_who_is_never_there_is_held_for_7_days_then_30_then_for_ever() -> None:
    rounds = [soft("recipient_unreachable", *(start + day for day in range(5))) for start in (0, 20, 70)]
    ends = []
    for number in range(3):
        told = [fact for part in rounds[: number + 1] for fact in part]
        [(_, until)] = held(*told, day=rounds[number][-1].at_ms * MS - fact("stop", 0).at_ms * MS).values()
        ends.append(until)
    assert ends == [4 + 7, 24 + 30, FOREVER]


def test_delivery_between_soft_failures_begins_the_count_anew() -> None:
    failures = soft("recipient_unreachable", 0, 1, 2, 3, 4)
    assert held(*failures, fact("delivered", 3.5), day=4) == {}
