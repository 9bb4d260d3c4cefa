"""The judgement on one person, a rule at a time: what suppresses, for how long, and what lifts it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.effects import Entry, Evidence
from acquit.rules.policy import DAY_MS, PolicyRule
from acquit.suppression.facts import Fact
from acquit.suppression.judge import judge
from acquit.suppression.keys import scopes_that_apply
from tests.builders import shipped_rules

SHIPPED = shipped_rules().policy
DAY_0 = datetime(2026, 11, 22, tzinfo=UTC)
DAY_0_MS = round(DAY_0.timestamp() * 1000)


def ms(day: float) -> int:
    """The time so many days after day 0, which begins at midnight."""
    return DAY_0_MS + round(day * DAY_MS)


def on(day: float) -> datetime:
    return DAY_0 + timedelta(days=day)


def fact(kind: str, day: float, message_id: str = "", **fields: Any) -> Fact:
    return Fact(ms(day), kind, "infobip", message_id, **{"channel": "sms", **fields})


def failure(day: float, category: str = "recipient_unknown", permanence: str = "permanent", **fields: Any) -> Fact:
    """Each is the failure of a message of its own."""
    message_id = fields.pop("message_id", f"m{day}")
    return fact("failure", day, message_id, category=category, permanence=permanence, **fields)


def rule(id_: str = "rule", **fields: Any) -> PolicyRule:
    usual: dict[str, Any] = {
        "id": id_,
        "categories": frozenset({"recipient_unknown"}),
        "permanence": None,
        "channels": frozenset({"sms"}),
        "codes": frozenset(),
        "scope": "*",
        "times": 1,
        "within_days": None,
        "distinct_days": 1,
        "hold_days": (10.0,),
        "source": "here",
    }
    return PolicyRule(**{**usual, **fields})


def held(*facts: Fact, day: float, policy: Sequence[PolicyRule] = SHIPPED) -> dict[str, tuple[str, float | None]]:
    """By scope: for which reason, and until which day."""
    entries = judge(facts, policy, now_ms=ms(day)).entries
    return {
        scope: (entry.reason, None if entry.until is None else (entry.until - DAY_0) / timedelta(days=1))
        for scope, entry in entries.items()
    }


FOREVER = None


@pytest.mark.parametrize(
    ("category", "permanence", "channel", "scope", "until_day"),
    [
        ("recipient_unknown", "permanent", "sms", "*", 90),  # numbers are given to new people
        ("recipient_unknown", "permanent", "whatsapp", "*", 90),
        ("recipient_unknown", "permanent", "email", "*", 365),
        ("recipient_inactive", "permanent", "sms", "*", 30),
        ("recipient_moved", "permanent", "sms", "*", 180),
        ("recipient_not_capable", "permanent", "sms", "*", 90),
        ("invalid_address_format", "permanent", "email", "*", 180),
        ("domain_unknown", "permanent", "email", "*", 30),
        ("provider_suppressed", "permanent", "email", "*", 14),
        ("do_not_contact_registry", "permanent", "sms", "*:marketing", 90),  # binds marketing only
        ("opted_out", "permanent", "sms", "*", FOREVER),
        ("complaint", "permanent", "email", "*", FOREVER),
        ("complaint", "none", "email", "*", FOREVER),  # whatever the provider thinks of it
    ],
)
def test_permanent_failure_suppresses_at_once(
    category: str, permanence: str, channel: str, scope: str, until_day: float | None
) -> None:
    assert held(failure(0, category, permanence, channel=channel), day=0) == {scope: (category, until_day)}


@pytest.mark.parametrize(
    ("category", "permanence"),
    [
        ("network_or_system_error", "transient"),
        ("spam_filtered", "none"),
        ("invalid_address_format", "transient"),
        ("recipient_not_capable", "transient"),
        ("provider_suppressed", "transient"),
        ("unknown", "transient"),  # what nobody can read never holds alone
        ("unknown", "permanent"),
        ("unknown", "none"),  # a message that we cancelled
    ],
)
def test_failure_that_says_nothing_of_the_address_never_suppresses(category: str, permanence: str) -> None:
    assert held(*(failure(day, category, permanence) for day in range(10)), day=9) == {}


def test_nobody_is_held_without_a_fact() -> None:
    assert held(day=0) == {}


# what people say


def test_stop_suppresses_for_ever() -> None:
    assert held(fact("stop", 0), day=36_000) == {"*": ("stop", FOREVER)}


def test_start_lifts_a_stop() -> None:
    assert held(fact("stop", 0), fact("start", 1), day=1) == {}


def test_start_lifts_an_opt_out_that_the_provider_tells() -> None:
    assert held(failure(0, "opted_out"), fact("start", 1), day=1) == {}


def test_stop_after_start_holds_again() -> None:
    assert held(fact("stop", 0), fact("start", 1), fact("stop", 2), day=2) == {"*": ("stop", FOREVER)}


def test_start_before_the_stop_lifts_nothing() -> None:
    assert held(fact("start", 0), fact("stop", 1), day=1) == {"*": ("stop", FOREVER)}


def test_stop_and_start_at_the_same_time_are_a_stop() -> None:
    assert held(fact("stop", 0), fact("start", 0), day=0) == {"*": ("stop", FOREVER)}


def test_one_start_lifts_all_stops() -> None:
    assert held(fact("stop", 0), fact("stop", 1, "other"), fact("start", 2), day=2) == {}


@pytest.mark.parametrize(
    "beneath",
    [
        failure(0),
        failure(0, "complaint"),
        failure(0, "provider_suppressed"),
        fact("add", 0, category="manual"),
        fact("add", 0, category="legal"),
    ],
)
def test_start_lifts_only_what_the_person_said(beneath: Fact) -> None:
    alone = held(beneath, day=2)
    assert alone
    assert held(beneath, fact("stop", 1), fact("start", 2), day=2) == alone


def test_hard_bounce_beneath_a_stop_shows_again() -> None:
    bounced, stop = failure(0), fact("stop", 1)
    assert held(bounced, stop, day=1) == {"*": ("stop", FOREVER)}
    assert held(bounced, stop, fact("start", 2), day=2) == {"*": ("recipient_unknown", 90)}


# what staff does


def test_add_holds_until_it_says() -> None:
    assert held(fact("add", 0, category="manual"), day=36_000) == {"*": ("manual", FOREVER)}
    until = fact("add", 0, category="legal", scope="acct:acme", until_ms=ms(7))
    assert held(until, day=6) == {"acct:acme": ("legal", 7)}
    assert held(until, day=7) == {}


@pytest.mark.parametrize(
    "told",
    [failure(0), failure(0, "opted_out"), fact("stop", 0), fact("add", 0, category="manual")],
)
def test_restore_lifts_what_the_policy_lets_it(told: Fact) -> None:
    assert held(told, fact("restore", 1), day=1) == {}


def test_restore_of_a_complaint_is_refused_and_changes_nothing() -> None:
    said, restore = failure(0, "complaint"), fact("restore", 2)
    judgement = judge([said, failure(1), restore], SHIPPED, now_ms=ms(2))
    assert judgement.refused == [restore]
    assert judgement.entries["*"].reason == "complaint"
    later = [failure(day, "recipient_inactive") for day in (1, 40)]  # the steps of its ladder stay, too
    assert judge([said, *later, restore], SHIPPED, now_ms=ms(40)).entries["*"].reason == "complaint"


def test_forced_restore_lifts_a_complaint() -> None:
    assert held(failure(0, "complaint"), fact("restore", 1, is_forced=True), day=1) == {}


def test_complaint_of_another_scope_does_not_stand_in_the_way() -> None:
    policy = [rule("said", categories=frozenset({"complaint"}), hold_days=(None,), lifted_by=frozenset(), scope="acct")]
    said = failure(0, "complaint", account="acme")
    assert set(held(said, fact("stop", 0), fact("restore", 1), day=1, policy=policy)) == {"acct:acme"}


def test_restore_lifts_its_own_scope_alone() -> None:
    everywhere, marketing = failure(0), failure(0.5, "do_not_contact_registry")
    assert set(held(everywhere, marketing, day=1)) == {"*", "*:marketing"}
    assert set(held(everywhere, marketing, fact("restore", 1), day=1)) == {"*:marketing"}
    assert set(held(everywhere, marketing, fact("restore", 1, scope="*:marketing"), day=1)) == {"*"}


def test_failure_after_a_restore_suppresses_again() -> None:
    assert held(failure(0), fact("restore", 1), failure(2), day=2) == {"*": ("recipient_unknown", 92)}


def test_restore_wipes_what_was_counted() -> None:
    policy = [rule(times=2)]
    soft = [failure(day, permanence="transient") for day in (0, 2)]
    assert held(soft[0], fact("restore", 1), soft[1], day=2, policy=policy) == {}
    assert held(*soft, day=2, policy=policy) == {"*": ("recipient_unknown", 12)}


def test_restore_wipes_what_was_counted_in_its_own_scope_alone() -> None:
    policy = [rule(times=2, scope="*:marketing")]
    soft = [failure(day, permanence="transient") for day in (0, 2)]
    assert held(soft[0], fact("restore", 1), soft[1], day=2, policy=policy) == {
        "*:marketing": ("recipient_unknown", 12)
    }


LADDER = [rule(hold_days=(10.0, 100.0, 1_000.0))]


@pytest.mark.parametrize(
    ("permanence", "until_day"),
    [
        ("permanent", 120),  # on probation the next hard failure counts double: a step up at once
        ("transient", 30),
    ],
)
def test_restore_puts_the_person_on_the_first_step_again_and_on_probation(permanence: str, until_day: int) -> None:
    restored = (failure(0), failure(11), fact("restore", 19), failure(20, permanence=permanence))
    assert held(*restored, day=20, policy=LADDER) == {"*": ("recipient_unknown", until_day)}


def test_one_hard_failure_on_probation_is_enough_for_a_rule_of_two() -> None:
    restored = (fact("restore", 0), failure(1))
    assert held(*restored, day=1, policy=[rule(times=2)]) == {"*": ("recipient_unknown", 11)}
    assert held(*restored, day=1, policy=[rule(times=3)]) == {}


def test_probation_is_of_one_failure() -> None:
    policy = [rule(times=3, within_days=5.0)]
    restored = (fact("restore", 0), failure(1), failure(10), failure(11))
    assert held(*restored, day=11, policy=policy) == {}


def test_delivery_ends_the_probation() -> None:
    restored = (fact("restore", 0), fact("delivered", 1), failure(2))
    assert held(*restored, day=2, policy=LADDER) == {"*": ("recipient_unknown", 12)}


# what a delivery lifts


@pytest.mark.parametrize(
    "told",
    [
        failure(0),
        failure(0, "recipient_inactive"),
        failure(0, "provider_suppressed"),
        failure(0, "domain_unknown", channel="email"),
    ],
)
def test_newer_delivery_lifts_what_was_made_of_failures(told: Fact) -> None:
    assert held(told, day=1)
    assert held(told, fact("delivered", 1), day=1) == {}


@pytest.mark.parametrize(
    "told",
    [
        failure(0, "opted_out"),
        failure(0, "complaint"),
        failure(0, "do_not_contact_registry"),
        fact("stop", 0),
        fact("add", 0, category="manual"),
        fact("add", 0, category="legal"),
    ],
)
def test_delivery_lifts_nothing_that_was_said(told: Fact) -> None:
    assert held(told, fact("delivered", 1), day=1) == held(told, day=1) != {}


@pytest.mark.parametrize(("delivered", "is_held"), [(-1, True), (0, True), (1 / DAY_MS, False)])
def test_delivery_lifts_only_if_it_is_newer(delivered: float, is_held: bool) -> None:
    assert bool(held(failure(0), fact("delivered", delivered), day=1)) is is_held


def test_delivery_in_between_resets_the_ladder() -> None:
    assert held(failure(0), failure(20), day=20, policy=LADDER) == {"*": ("recipient_unknown", 120)}
    assert held(failure(0), fact("delivered", 15), failure(20), day=20, policy=LADDER) == {
        "*": ("recipient_unknown", 30)
    }


def test_delivery_in_between_resets_the_count() -> None:
    policy = [rule(times=2)]
    assert held(failure(0), fact("delivered", 1), failure(2), day=2, policy=policy) == {}


def test_rule_that_no_delivery_lifts_counts_on() -> None:
    policy = [rule(times=2, lifted_by=frozenset({"restore"}))]
    assert held(failure(0), fact("delivered", 1), failure(2), fact("delivered", 3), day=3, policy=policy)


# how often, how long


def test_each_hold_of_a_rule_is_a_step_up_its_ladder() -> None:
    policy = [rule(hold_days=(1.0, 10.0, None))]
    assert held(failure(0), day=0, policy=policy) == {"*": ("recipient_unknown", 1)}
    assert held(failure(0), failure(2), day=2, policy=policy) == {"*": ("recipient_unknown", 12)}
    assert held(failure(0), failure(2), failure(20), day=20, policy=policy) == {"*": ("recipient_unknown", FOREVER)}


def test_last_step_of_the_ladder_stays() -> None:
    policy = [rule(hold_days=(1.0, 10.0))]
    assert held(failure(0), failure(20), failure(40), day=40, policy=policy) == {"*": ("recipient_unknown", 50)}


def test_failure_while_its_rule_holds_lengthens_the_hold_and_is_no_step() -> None:
    # of a burst that is on its way together none is a second attempt
    burst = [failure(hour / 24) for hour in range(5)]
    assert held(*burst, day=1, policy=LADDER) == {"*": ("recipient_unknown", 10 + 4 / 24)}
    assert held(*burst, failure(11), day=11, policy=LADDER) == {"*": ("recipient_unknown", 111)}


@pytest.mark.parametrize(("day", "until_day"), [(10 + 365 - 1 / DAY_MS, 10 + 365 + 100), (10 + 365, 10 + 365 + 10)])
def test_step_of_a_ladder_is_remembered_for_a_year_after_the_hold(day: float, until_day: float) -> None:
    [(_, until)] = held(failure(0), failure(day), day=day, policy=LADDER).values()
    assert until == pytest.approx(until_day)


def test_rules_have_ladders_of_their_own() -> None:
    policy = [
        rule("a", hold_days=(1.0, 100.0)),
        rule("b", categories=frozenset({"recipient_moved"}), hold_days=(2.0, 200.0)),
    ]
    assert held(failure(0), failure(9, "recipient_moved"), day=9, policy=policy) == {"*": ("recipient_moved", 11)}


@pytest.mark.parametrize(("failures", "is_held"), [(1, False), (2, False), (3, True), (4, True)])
def test_rule_of_three_times_waits_for_the_third(failures: int, is_held: bool) -> None:
    assert bool(held(*map(failure, range(failures)), day=5, policy=[rule(times=3)])) is is_held


@pytest.mark.parametrize(
    ("last_day", "is_held"),
    [
        (13, True),
        (14 - 1 / DAY_MS, True),  # a millisecond before the window closes
        (14, False),  # day 14 exactly: the first failure counts no more
        (15, False),
    ],
)
def test_failure_counts_within_the_days_of_the_rule(last_day: float, is_held: bool) -> None:
    facts = failure(0), failure(5), failure(last_day)
    assert bool(held(*facts, day=last_day, policy=[rule(times=3, within_days=14.0)])) is is_held


def test_failure_counts_for_ever_where_the_rule_names_no_days() -> None:
    assert held(failure(0), failure(3_000), day=3_000, policy=[rule(times=2)])


@pytest.mark.parametrize(
    ("days", "is_held"),
    [
        ((0, 0.3, 0.6, 0.9), False),  # four times on the same day
        ((0, 0.5, 1 - 1 / DAY_MS), False),  # the last millisecond of it
        ((0, 0.5, 1), True),  # midnight in UTC
        ((0.999, 1), False),  # two days, and only twice
    ],
)
def test_failures_of_one_day_are_one_day(days: tuple[float, ...], is_held: bool) -> None:
    policy = [rule(times=3, distinct_days=2)]
    assert bool(held(*map(failure, days), day=days[-1], policy=policy)) is is_held


def test_days_before_the_window_are_no_distinct_days() -> None:
    policy = [rule(times=2, distinct_days=2, within_days=3.0)]
    assert held(failure(0), failure(5), failure(5.1), day=6, policy=policy) == {}
    assert held(failure(0), failure(5), failure(6.1), day=7, policy=policy)


@pytest.mark.parametrize(("code", "is_held"), [("404", True), ("405", False), ("", False)])
def test_rule_of_a_code_waits_for_that_code(code: str, is_held: bool) -> None:
    assert bool(held(failure(0, code=code), day=0, policy=[rule(codes=frozenset({"404"}))])) is is_held


# which rule


def test_first_rule_that_is_fulfilled_decides() -> None:
    policy = [rule("short", hold_days=(1.0,)), rule("long", hold_days=(100.0,))]
    [entry] = judge([failure(0)], policy, now_ms=ms(0)).entries.values()
    assert entry.rule == "short"


def test_rule_that_is_met_and_not_fulfilled_leaves_it_to_the_next() -> None:
    policy = [rule("often", times=3, hold_days=(100.0,)), rule("once", hold_days=(1.0,))]
    assert held(failure(0), failure(2), day=2, policy=policy) == {"*": ("recipient_unknown", 3)}
    assert held(failure(0), failure(2), failure(4), day=4, policy=policy) == {"*": ("recipient_unknown", 104)}


@pytest.mark.parametrize(
    ("scope", "account", "told"),
    [
        ("*", "acme", "*"),
        ("*:marketing", "acme", "*:marketing"),
        ("acct", "acme", "acct:acme"),
        ("acct:marketing", "acme", "acct:acme:marketing"),
        ("acct", "", "*"),  # of no known account: the rule holds for everyone
        ("acct:marketing", "", "*:marketing"),
    ],
)
def test_scope_of_a_rule_becomes_the_messages_own(scope: str, account: str, told: str) -> None:
    assert set(held(failure(0, account=account), day=0, policy=[rule(scope=scope)])) == {told}


# what shows


def test_longest_hold_shows() -> None:
    policy = [
        rule("a", hold_days=(100.0,)),
        rule("b", categories=frozenset({"recipient_moved"}), hold_days=(10.0,)),
    ]
    facts = failure(0), failure(1, "recipient_moved")
    assert held(*facts, day=1, policy=policy) == {"*": ("recipient_unknown", 100)}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_gravest_of_two_endless_holds_shows(order: tuple[float, float]) -> None:
    first, second = order
    assert held(fact("stop", first), failure(second, "complaint"), day=2) == {"*": ("complaint", FOREVER)}


def test_oldest_of_equal_holds_shows() -> None:
    [entry] = judge([fact("stop", 1), fact("stop", 2, "again")], SHIPPED, now_ms=ms(3)).entries.values()
    assert entry.since == on(1)


def test_hold_ends_when_it_says() -> None:
    assert held(failure(0), day=90 - 1 / DAY_MS)
    assert held(failure(0), day=90) == {}


def test_hold_rests_on_the_message_and_the_row_that_judged_it() -> None:
    told = failure(0, message_id="m1", code="1", rule="gsm-map:code:1")
    evidence = Evidence("infobip", on(0), message_id="m1", code="1", rule="gsm-map:code:1")
    assert judge([told], SHIPPED, now_ms=ms(0)).entries == {
        "*": Entry("recipient_unknown", on(0), "unknown-number", evidence, on(90))
    }


def test_hold_by_hand_names_who_did_it() -> None:
    added = fact("add", 0, category="manual", by="jo", rule="command")
    [entry] = judge([added], SHIPPED, now_ms=ms(0)).entries.values()
    assert (entry.rule, entry.evidence.by) == ("command", "jo")


FACTS = st.builds(
    lambda kind, day, message, category, scope: fact(
        kind, day, f"m{message}", category=category, permanence="permanent", scope=scope
    ),
    st.sampled_from(["failure", "failure", "stop", "start", "add", "restore", "delivered", "reply", "engaged"]),
    st.integers(0, 8).map(lambda half: half / 2),
    st.integers(0, 9),
    st.sampled_from(["recipient_unknown", "recipient_inactive", "complaint", "opted_out", "manual"]),
    st.sampled_from(["*", "acct:acme"]),
)


@given(st.lists(FACTS, max_size=8).flatmap(lambda facts: st.tuples(st.just(facts), st.permutations(facts))))
def test_order_of_the_facts_does_not_matter(facts: tuple[list[Fact], list[Fact]]) -> None:
    told, permuted = facts
    assert judge(told, SHIPPED, now_ms=ms(5)) == judge(permuted, SHIPPED, now_ms=ms(5))


@given(st.lists(FACTS, max_size=8))
def test_complaint_outlives_everything_but_a_forced_restore(facts: list[Fact]) -> None:
    facts = [*facts, failure(2, "complaint")]
    assert judge(facts, SHIPPED, now_ms=ms(3_000)).entries["*"].until is None


@given(st.lists(FACTS, max_size=8), st.integers(0, 400))
def test_what_has_expired_never_shows(facts: list[Fact], day: int) -> None:
    assert all(e.until is None or e.until > on(day) for e in judge(facts, SHIPPED, now_ms=ms(day)).entries.values())


def test_name_of_an_account_cannot_end_its_key() -> None:
    assert scopes_that_apply(account="a/b:c", stream="otp") == ["*", "*:otp", "acct:a%2Fb%3Ac", "acct:a%2Fb%3Ac:otp"]
