"""The list of one partition: what each fact changes in it, in whatever order the facts arrive."""

import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from acquit.effects import Entry, Suppression
from acquit.rules.policy import DAY_MS, PolicyRule
from acquit.suppression.facts import FACTS_LIMIT, MIRROR, Fact, Joined
from acquit.suppression.judge import LATE_MS, judge
from acquit.suppression.people import People
from tests.builders import shipped_rules

POLICY = shipped_rules().policy
DAY_0 = datetime(2026, 11, 22, tzinfo=UTC)
JO = "sms:+33612345678"
AL = "sms:+33698765432"


def ms(day: float) -> int:
    return round(DAY_0.timestamp() * 1000) + round(day * DAY_MS)


def fact(kind: str, day: float, message_id: str = "m1", **fields: Any) -> Fact:
    return Fact(ms(day), kind, fields.pop("provider", "infobip"), message_id, **{"channel": "sms", **fields})


def failure(day: float, message_id: str = "m1", category: str = "recipient_unknown", **fields: Any) -> Fact:
    return fact("failure", day, message_id, category=category, **{"permanence": "permanent", **fields})


def accused(*facts: Fact, day: float = 5) -> People:
    """Everyone, after these facts about Jo."""
    people = People(POLICY)
    for told in facts:
        people.accuse(JO, told, now_ms=ms(day), upto=1)
    return people


def entries(people: People, recipient: str = JO) -> dict[str, Entry]:
    return {
        scope: entry for _, key, person in people.table if key == recipient for scope, entry in person.entries.items()
    }


def reasons(people: People) -> dict[str, str]:
    return {scope: entry.reason for scope, entry in entries(people).items()}


def told_of(people: People) -> list[Fact]:
    return sorted(told for _, _, person in people.table for told in person.facts)


def changes(suppressions: Iterable[Suppression]) -> list[tuple[str, str]]:
    return [(suppression.scope, suppression.change) for suppression in suppressions]


# what leaves


def test_first_hold_of_a_scope_is_told_with_its_offset() -> None:
    [suppression] = People(POLICY).accuse(JO, failure(0), now_ms=ms(1), upto=41)
    assert (suppression.recipient, suppression.scope, suppression.change, suppression.upto) == (
        JO,
        "*",
        "suppressed",
        41,
    )
    assert suppression.at == DAY_0 + timedelta(days=1)  # the log's clock, not the failure's
    assert suppression.before is None
    assert suppression.entry is not None
    assert suppression.entry.until == DAY_0 + timedelta(days=90)


def test_hold_that_takes_the_place_of_another_is_a_change() -> None:
    people = accused(failure(0))
    before = entries(people)["*"]
    [suppression] = people.accuse(JO, fact("stop", 1), now_ms=ms(5), upto=2)
    assert (suppression.change, suppression.before) == ("changed", before)


def test_hold_that_goes_is_lifted() -> None:
    [suppression] = accused(fact("stop", 0)).accuse(JO, fact("start", 1), now_ms=ms(5), upto=2)
    assert (suppression.change, suppression.entry, suppression.listing.value) == ("lifted", None, None)


def test_fact_that_changes_nothing_tells_nothing() -> None:
    people = accused(fact("stop", 0))
    assert people.accuse(JO, failure(1), now_ms=ms(5), upto=2) == []
    assert people.accuse(JO, fact("stop", 0), now_ms=ms(5), upto=3) == []


def test_people_are_judged_one_by_one() -> None:
    people = accused(fact("stop", 0))
    assert entries(people, AL) == {}
    assert changes(people.accuse(AL, failure(0), now_ms=ms(5), upto=2)) == [("*", "suppressed")]
    assert reasons(people) == {"*": "stop"}


# one message counts once


def test_failures_of_one_message_count_once_and_the_earliest_counts() -> None:
    later, earlier = failure(2), failure(1)
    for facts in ((later, earlier), (earlier, later)):
        assert told_of(accused(*facts)) == [earlier]


def test_failures_of_two_messages_count_twice() -> None:
    assert len(told_of(accused(failure(1, "m1"), failure(1, "m2")))) == 2


def test_message_of_another_provider_is_another_message() -> None:
    assert len(told_of(accused(failure(1), failure(1, provider="twilio")))) == 2


def test_failures_without_a_message_count_each() -> None:
    assert len(told_of(accused(failure(1, ""), failure(2, "")))) == 2


def test_failure_without_a_message_that_is_told_again_counts_once() -> None:
    # a provider repeats itself, and there is no message id to know it by
    assert len(told_of(accused(failure(1, ""), failure(1, "")))) == 1


@pytest.mark.parametrize("said", ["complaint", "opted_out"])
@pytest.mark.parametrize(("failed", "complained"), [(1, 2), (2, 1)])
@pytest.mark.parametrize("is_late", [False, True])
def test_what_a_person_says_of_a_failed_message_is_not_lost(
    said: str, failed: float, complained: float, is_late: bool
) -> None:
    # a receipt says that nothing came, the person complains of what came
    facts = [failure(failed), failure(complained, category=said)]
    assert reasons(accused(*(facts[::-1] if is_late else facts))) == {"*": said}


# what is withdrawn


def test_delivery_withdraws_the_failure_of_its_message() -> None:
    people = accused(failure(0))
    assert changes(people.acquit(JO, "infobip", "m1", delivered_ms=ms(5), now_ms=ms(5), upto=2)) == [("*", "lifted")]
    assert entries(people) == {}


def test_delivery_leaves_the_failure_of_another_message() -> None:
    people = accused(failure(0))
    assert people.acquit(JO, "infobip", "m2", delivered_ms=ms(5), now_ms=ms(5), upto=2) == []
    assert people.acquit(JO, "twilio", "m1", delivered_ms=ms(5), now_ms=ms(5), upto=2) == []
    assert people.acquit(AL, "infobip", "m1", delivered_ms=ms(5), now_ms=ms(5), upto=2) == []
    assert reasons(people) == {"*": "recipient_unknown"}


@pytest.mark.parametrize(
    "told",
    [
        failure(0, category="complaint"),
        failure(0, category="opted_out"),
        fact("stop", 0),
        fact("add", 0, category="manual"),
    ],
)
def test_delivery_does_not_withdraw_what_is_no_failure_to_arrive(told: Fact) -> None:
    people = accused(told)
    assert people.acquit(JO, "infobip", "m1", delivered_ms=ms(5), now_ms=ms(5), upto=2) == []
    assert entries(people)["*"].until is None


def test_delivery_leaves_the_complaint_about_its_message() -> None:
    people = accused(failure(1), failure(2, category="complaint"))
    people.acquit(JO, "infobip", "m1", delivered_ms=ms(5), now_ms=ms(5), upto=2)
    assert reasons(people) == {"*": "complaint"}


def test_person_against_whom_nothing_is_left_is_forgotten() -> None:
    people = accused(failure(0))
    people.acquit(JO, "infobip", "m1", delivered_ms=ms(5), now_ms=ms(5), upto=2)
    assert len(people.table) == 0


def test_failure_that_never_was_leaves_no_step_on_the_ladder() -> None:
    inactive = failure(0, "m1", "recipient_inactive"), failure(40, "m2", "recipient_inactive")
    people = accused(*inactive, day=41)
    assert entries(people)["*"].until == DAY_0 + timedelta(days=40 + 180)
    people.acquit(JO, "infobip", "m1", delivered_ms=ms(41), now_ms=ms(41), upto=2)
    assert entries(people)["*"].until == DAY_0 + timedelta(days=40 + 30)


# what expires


def test_hold_leaves_the_list_when_it_expires_and_not_before() -> None:
    people = accused(failure(0))
    assert people.due_ms > ms(90) - 1
    assert people.expire(now_ms=ms(90) - 1, upto=2) == []
    assert people.due_ms <= ms(90)
    [suppression] = people.expire(now_ms=ms(90), upto=3)
    assert (suppression.change, suppression.entry, suppression.upto) == ("expired", None, 3)
    assert people.expire(now_ms=ms(91), upto=4) == []


def test_hold_that_was_lifted_does_not_expire() -> None:
    people = accused(failure(0), fact("restore", 1))
    assert people.expire(now_ms=ms(100), upto=2) == []


def test_hold_that_was_prolonged_expires_later() -> None:
    people = accused(failure(0, "m1"), failure(10, "m2"), day=11)
    assert people.expire(now_ms=ms(90), upto=2) == []
    assert changes(people.expire(now_ms=ms(100), upto=3)) == [("*", "expired")]


def test_each_scope_expires_at_its_own_time() -> None:
    people = accused(failure(0, "m1", "recipient_inactive"), failure(0, "m2", "do_not_contact_registry"))
    assert changes(people.expire(now_ms=ms(30), upto=2)) == [("*", "expired")]
    assert changes(people.expire(now_ms=ms(90), upto=3)) == [("*:marketing", "expired")]


def test_failure_after_an_expired_hold_is_a_step_up_the_ladder() -> None:
    people = accused(failure(0, "m1", "recipient_inactive"))
    people.expire(now_ms=ms(30), upto=2)
    [suppression] = people.accuse(JO, failure(31, "m2", "recipient_inactive"), now_ms=ms(31), upto=3)
    assert suppression.change == "suppressed"
    assert suppression.entry is not None
    assert suppression.entry.until == DAY_0 + timedelta(days=31 + 180)


def test_failure_that_comes_after_its_hold_would_have_ended_suppresses_nobody() -> None:
    assert People(POLICY).accuse(JO, failure(0), now_ms=ms(90), upto=1) == []


def test_expiries_are_found_again_in_a_table_that_was_loaded() -> None:
    known = accused(failure(0))
    loaded = People(POLICY)
    loaded.table.apply(known.table.take_delta())
    assert loaded.due_ms > ms(90)
    loaded.loaded()
    assert changes(loaded.expire(now_ms=ms(90), upto=2)) == [("*", "expired")]


def test_everything_about_a_person_is_in_the_journal() -> None:
    known = accused(failure(0), fact("stop", 1), fact("add", 2, category="manual", scope="acct:acme"))
    packed = msgspec.msgpack.encode(known.table.take_delta())
    loaded = People(POLICY)
    loaded.table.load_delta(packed)
    loaded.loaded()
    start = fact("start", 3)
    again, first = (people.accuse(JO, start, now_ms=ms(5), upto=2) for people in (loaded, known))
    assert again == first


# what is forgotten


def test_oldest_failures_are_forgotten_first() -> None:
    people = accused(*(failure(n / 100, f"m{n}") for n in range(FACTS_LIMIT + 2)))
    assert len(told_of(people)) == FACTS_LIMIT
    assert told_of(people)[0].message_id == "m2"


@pytest.mark.parametrize(
    "said",
    [
        fact("stop", 0),
        fact("add", 0, category="manual"),
        failure(0, "first", "complaint"),
        failure(0, "first", "opted_out"),
    ],
)
def test_what_a_person_said_is_never_forgotten(said: Fact) -> None:
    people = accused(said, *(failure(1 + n / 100, f"m{n}") for n in range(FACTS_LIMIT + 1)))
    assert said in told_of(people)
    assert entries(people)["*"].until is None


@pytest.mark.parametrize("last", ["stop", "start"])
def test_person_who_repeats_a_word_without_end_is_held_by_few_facts(last: str) -> None:
    # an answering machine in a loop with ours: every fact that is kept is judged again with each new one
    said = [fact("stop" if n % 2 else "start", n / 100, f"m{n}") for n in range(4 * FACTS_LIMIT)]
    people = accused(*said, fact(last, 4, "last"))
    assert len(told_of(people)) <= 2 * FACTS_LIMIT
    assert ("*" in entries(people)) is (last == "stop")


def test_lists_that_a_person_left_are_not_forgotten_for_others_that_it_left_later() -> None:
    left = [fact("stop", n / 100, f"m{n}", scope=f"*:{n}") for n in range(3 * FACTS_LIMIT)]
    people = accused(*left)
    assert reasons(people) == {f"*:{n}": "stop" for n in range(3 * FACTS_LIMIT)}


def test_person_who_leaves_and_joins_a_list_without_end_is_held_by_few_facts() -> None:
    said = [fact("stop" if n % 2 else "start", n / 100, f"m{n}", scope="*:a") for n in range(4 * FACTS_LIMIT)]
    people = accused(fact("stop", 0, scope="*:b"), *said)
    assert len(told_of(people)) <= 2 * FACTS_LIMIT + 1
    assert reasons(people) == {"*:a": "stop", "*:b": "stop"}


# who is forgotten


def inactive(day: float, message_id: str = "m1") -> Fact:
    """A failure of a rule whose second hold is longer."""
    return failure(day, message_id, "recipient_inactive")


def unreachable(day: float, message_id: str = "") -> Fact:
    """A failure of a rule that waits for the fifth."""
    return failure(day, message_id or f"m{day}", "recipient_unreachable", permanence="transient")


LATE = LATE_MS / DAY_MS


def looked_at(people: People, day: float) -> list[tuple[str, str]]:
    return changes(people.expire(now_ms=ms(day), upto=2))


def is_known(people: People) -> bool:
    return len(people.table) > 0


@pytest.mark.parametrize(
    ("told", "last_day"),
    [
        ([failure(0)], 90),
        ([failure(0), failure(10, "m2")], 100),
        ([inactive(0)], 30 + 365 + LATE),
        ([inactive(0), inactive(31, "m2")], 31 + 180 + 365 + LATE),
        ([unreachable(0)], 7 + LATE),  # one soft failure: of these there are millions
        ([unreachable(day) for day in range(5)], 4 + 7 + 365 + LATE),
        ([failure(0, category="unknown", permanence="transient")], 7 + LATE),
        ([unreachable(0), fact("delivered", 5, "m9")], 7 + LATE),
        ([failure(0), fact("delivered", 5, "m9")], 30 + LATE),  # lifted: it may be told again, and prove a dead number
        ([failure(0), fact("restore", 1)], 1 + 365 + LATE),
        ([fact("stop", 0), fact("start", 3)], 3 + 365 + LATE),
        ([fact("start", 0)], 365 + LATE),
        ([fact("stop", 0), fact("restore", 1)], 1 + 365 + LATE),
        ([fact("add", 0, category="manual", until_ms=ms(50))], 50 + LATE),
    ],
)
def test_person_is_forgotten_when_nothing_that_is_known_can_matter_any_more(told: list[Fact], last_day: int) -> None:
    people = accused(*told, day=0)
    looked_at(people, last_day - 0.001)
    assert is_known(people)
    expired = looked_at(people, last_day)
    assert not is_known(people)
    assert entries(people) == {}
    assert expired in ([], [("*", "expired")])
    assert looked_at(people, 10_000) == []
    assert people.due_ms > ms(10_000)


@pytest.mark.parametrize(
    "told",
    [
        fact("stop", 0), fact("add", 0, category="manual"), failure(0, category="complaint"),
        failure(0, category="opted_out"),
    ],
)  # fmt: skip
def test_person_who_is_held_for_ever_is_known_for_ever(told: Fact) -> None:
    people = accused(told, failure(0, "m2"), day=0)
    looked_at(people, 10_000)
    assert is_known(people)


def rule_of(**fields: Any) -> PolicyRule:
    return replace(next(rule for rule in POLICY if rule.id == "unknown-number"), **fields)


def test_first_failure_of_a_rule_that_counts_without_end_is_never_forgotten() -> None:
    people = People((rule_of(times=2),))
    people.accuse(JO, failure(0), now_ms=ms(0), upto=1)
    looked_at(people, 5_000)
    assert changes(people.accuse(JO, failure(5_000, "m2"), now_ms=ms(5_000), upto=2)) == [("*", "suppressed")]


@given(st.lists(st.tuples(st.integers(0, 25), st.booleans()), max_size=12))
def test_who_is_forgotten_is_judged_as_if_everything_were_remembered(steps: list[tuple[int, bool]]) -> None:
    policy = (rule_of(times=2, within_days=10.0, hold_days=(5.0,)), rule_of(id="other", times=3, within_days=15.0))
    people, told, day = People(policy), list[Fact](), 0
    for number, (gap, is_failure) in enumerate(steps):
        day += gap
        looked_at(people, day)
        if is_failure:
            told.append(failure(day, f"m{number}"))
            people.accuse(JO, told[-1], now_ms=ms(day), upto=number)
        assert entries(people) == judge(told, policy, now_ms=ms(day)).entries


def test_many_failures_of_one_person_are_one_date() -> None:
    people = People(POLICY)
    for number in range(500):
        people.accuse(JO, failure(number / 1_000, f"m{number}"), now_ms=ms(5), upto=1)
    assert (len(people._dues._heap), people._dues._due) == (1, {JO: ms(90)})


def test_dates_that_come_forward_again_and_again_leave_few_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acquit.suppression.dues.SPARE", 10)
    people, most = People(POLICY), 0
    for number in range(60):
        name = f"sms:+3361234{number:04}"
        people.accuse(name, fact("start", 0), now_ms=ms(5), upto=1)  # to be looked at in a year
        people.accuse(name, failure(0), now_ms=ms(5), upto=1)  # in 90 days
        people.accuse(name, fact("add", 1, until_ms=ms(6 + number), scope="acct:a"), now_ms=ms(5), upto=1)
        most = max(most, len(people._dues._heap) - 2 * len(people._dues._due))
        if number % 2:
            people.accuse(name, fact("restore", 2, scope="acct:a"), now_ms=ms(5), upto=1)
    assert most <= 10
    ends = [
        (change.recipient, change.scope) for day in range(6, 91) for change in people.expire(now_ms=ms(day), upto=2)
    ]
    assert len(ends) == 60 + 30
    assert len(set(ends)) == len(ends)


def test_holds_end_in_the_order_of_their_ends_after_a_restart_too() -> None:
    def held() -> People:
        people = accused(failure(0))
        people.accuse(AL, failure(1), now_ms=ms(5), upto=1)
        people.accuse(JO, failure(2, "m2"), now_ms=ms(5), upto=1)
        return people

    steady, loaded = held(), People(POLICY)
    loaded.table.apply(held().table.take_delta())
    loaded.loaded()
    ends = [[change.recipient for change in people.expire(now_ms=ms(95), upto=2)] for people in (steady, loaded)]
    assert ends == [[AL, JO], [AL, JO]]


# lists that a person leaves


LISTS = ["*:a", "*:b", "*:Weekly%20news%2Fmen"]


def test_stop_of_one_list_holds_that_list_alone() -> None:
    assert reasons(accused(fact("stop", 0, scope="*:a"))) == {"*:a": "stop"}


def test_start_of_a_list_lifts_that_list_alone() -> None:
    left = [fact("stop", 0, scope=scope) for scope in ["*", *LISTS]]
    assert reasons(accused(*left, fact("start", 1, scope="*:a"))) == dict.fromkeys(["*", *LISTS[1:]], "stop")


def test_start_without_a_list_lifts_all() -> None:
    assert reasons(accused(*(fact("stop", 0, scope=scope) for scope in ["*", *LISTS]), fact("start", 1))) == {}


def test_start_lifts_of_a_list_what_the_person_said_alone() -> None:
    registered, left = failure(0, "m2", "do_not_contact_registry"), fact("stop", 0, scope="*:marketing")
    for scope in ("*", "*:marketing"):
        assert reasons(accused(registered, left, fact("start", 1, scope=scope))) == {
            "*:marketing": "do_not_contact_registry"
        }


_WORDS = st.lists(
    st.builds(
        fact,
        st.sampled_from(["stop", "start"]),
        st.integers(0, 4),
        st.sampled_from(["m1", "m2"]),
        scope=st.sampled_from(["*", *LISTS]),
    ),
    max_size=7,
)


@given(_WORDS.flatmap(lambda words: st.tuples(st.just(words), st.permutations(words))))
def test_lists_that_a_person_left_are_those_whose_last_word_was_stop_in_any_order(
    words: tuple[list[Fact], list[Fact]],
) -> None:
    told, permuted = words

    def is_left(scope: str) -> bool:
        stops = [word.at_ms for word in told if word.kind == "stop" and word.scope == scope]
        starts = [word.at_ms for word in told if word.kind == "start" and word.scope in {"*", scope}]
        return bool(stops) and max(stops) >= max(starts, default=0)  # at the same time they are a stop

    assert reasons(accused(*permuted)) == {scope: "stop" for scope in ["*", *LISTS] if is_left(scope)}


# a mirror of the provider's own list


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize(("failed", "mirrored"), [(0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("is_mirror_first", [False, True])
def test_mirror_never_takes_the_place_of_a_failure_of_its_message(
    channel: str, failed: float, mirrored: float, is_mirror_first: bool
) -> None:
    alone = accused(failure(failed, channel=channel))
    facts = [failure(failed, channel=channel), failure(mirrored, category=MIRROR, channel=channel)]
    people = accused(*(facts[::-1] if is_mirror_first else facts))
    assert reasons(people) == {"*": "recipient_unknown"}
    assert entries(people) == entries(alone)


def test_mirror_of_another_message_counts_by_itself() -> None:
    people = accused(failure(0, "m1", channel="email"), failure(1, "m2", category=MIRROR, channel="email"))
    assert {told.category for told in told_of(people)} == {"recipient_unknown", MIRROR}
    people.acquit(JO, "infobip", "m1", delivered_ms=ms(5), now_ms=ms(5), upto=2)
    assert reasons(people) == {"*": MIRROR}


def test_mirror_without_a_message_counts_by_itself() -> None:
    people = accused(failure(0, ""), failure(1, "", category=MIRROR))
    people.accuse(JO, fact("restore", 0.5), now_ms=ms(5), upto=2)
    assert reasons(people) == {"*": MIRROR}


@pytest.mark.parametrize("is_mirror_first", [False, True])
@pytest.mark.parametrize(
    ("delivered", "held"), [(0.5, {"*": "recipient_unknown"}), (1, {"*": MIRROR}), (1.4, {"*": MIRROR}), (2, {})]
)
def test_mirror_counts_when_the_failure_before_it_is_withdrawn_by_a_delivery(
    is_mirror_first: bool, delivered: float, held: dict[str, str]
) -> None:
    facts = [failure(1, channel="email"), failure(1.5, category=MIRROR, channel="email")]
    people = accused(*(facts[::-1] if is_mirror_first else facts))
    people.acquit(JO, "infobip", "m1", delivered_ms=ms(delivered), now_ms=ms(5), upto=2)
    assert reasons(people) == held


@pytest.mark.parametrize("is_mirror_first", [False, True])
def test_mirror_counts_when_the_failure_before_it_proves_to_be_a_ports(is_mirror_first: bool) -> None:
    facts = [failure(1), failure(1.5, category=MIRROR)]
    people = accused(*(facts[::-1] if is_mirror_first else facts))
    people.learn(JO, "infobip", "m1", Joined(), ported_ms=ms(0), now_ms=ms(5), upto=2)
    assert reasons(people) == {"*": MIRROR}


# laws

_SAID = st.sampled_from(["recipient_unknown", "recipient_inactive", "provider_suppressed", "complaint", "opted_out"])
_OLDEST = failure(-1, "oldest")
"""What speaks for a person is kept beside a failure alone: that of the laws is there from the beginning."""
_SPEAKS = st.builds(
    fact,
    st.sampled_from(["delivered", "reply", "engaged"]),
    st.integers(0, 9).map(lambda half: half / 2),
    st.sampled_from(["m1", "m2", "m9"]),
)
_FACTS = st.lists(
    st.builds(failure, st.integers(0, 9).map(lambda half: half / 2), st.sampled_from(["m1", "m2", "m3", ""]), _SAID)
    | st.builds(
        fact,
        st.sampled_from(["stop", "start", "add", "restore"]),
        st.integers(0, 9).map(lambda half: half / 2),
        category=st.just("manual"),
        scope=st.sampled_from(["*", "*:marketing"]),
        by=st.just("jo"),
    )
    | _SPEAKS,
    max_size=7,
)


@given(_FACTS.flatmap(lambda facts: st.tuples(st.just(facts), st.permutations(facts))))
def test_order_of_arrival_does_not_matter(facts: tuple[list[Fact], list[Fact]]) -> None:
    one, other = (accused(_OLDEST, *order, day=6) for order in facts)
    assert entries(one) == entries(other)
    assert told_of(one) == told_of(other)


@given(_FACTS)
def test_changes_add_up_to_the_list(facts: list[Fact]) -> None:
    people, listed = People(POLICY), dict[str, Entry]()
    for day, told in enumerate(facts):
        expired = people.expire(now_ms=ms(6 + day * 20), upto=day)
        for suppression in [*expired, *people.accuse(JO, told, now_ms=ms(6 + day * 20), upto=day)]:
            assert suppression.before == listed.get(suppression.scope)
            assert (suppression.before != suppression.entry) is (suppression.change != "refused")
            if suppression.entry is None:
                del listed[suppression.scope]
            else:
                listed[suppression.scope] = suppression.entry
    assert listed == entries(people)


@given(_FACTS)
def test_facts_told_twice_change_nothing(facts: list[Fact]) -> None:
    once = accused(_OLDEST, *facts, day=6)
    told, listed = told_of(once), entries(once)
    again = [change for repeated in facts for change in once.accuse(JO, repeated, now_ms=ms(6), upto=9)]
    assert (again, told_of(once), entries(once)) == ([], told, listed)


@given(
    st.lists(
        st.sampled_from(["recipient_unknown", "recipient_inactive", "provider_suppressed"]), min_size=1, max_size=5
    )
)
def test_suppressed_then_lifted_leaves_nothing(categories: list[str]) -> None:
    people = accused(*(failure(n / 10, f"m{n}", category) for n, category in enumerate(categories)))
    assert "*" in entries(people)
    people.acquit(JO, "infobip", "m9", delivered_ms=ms(2), delivery=fact("delivered", 2, "m9"), now_ms=ms(5), upto=2)
    assert entries(people) == {}
    looked_at(people, 2 + 30 + LATE)
    assert len(people.table) == 0


_SOFT = st.builds(
    lambda day, number, category: failure(day, f"m{number}", category, permanence="transient"),
    st.integers(0, 27).map(lambda quarter: quarter / 4),
    st.integers(0, 99),
    st.sampled_from(["recipient_unreachable", "expired", "unknown"]),
)


@given(st.lists(_SOFT, max_size=12))
def test_no_sequence_of_transient_failures_under_the_threshold_suppresses_anybody(facts: list[Fact]) -> None:
    people = People(POLICY)
    for number, told in enumerate(facts):
        people.accuse(JO, told, now_ms=ms(8), upto=number)
    counted = [1 if told.category == "recipient_unreachable" else 0.5 for told in told_of(people)]
    if sum(counted) < 5:
        assert entries(people) == {}


# what speaks for a person


@pytest.mark.parametrize("kind", ["delivered", "reply", "engaged"])
def test_what_speaks_for_a_person_who_never_failed_is_not_kept(kind: str) -> None:
    assert not is_known(accused(fact(kind, 0)))
    assert told_of(accused(fact("stop", 0), fact(kind, 1))) == [fact("stop", 0)]


def test_what_speaks_for_a_person_goes_with_their_last_failure() -> None:
    people = accused(failure(0), fact("stop", 0), fact("reply", 1))
    people.acquit(JO, "infobip", "m1", delivered_ms=ms(2), delivery=fact("delivered", 2), now_ms=ms(5), upto=2)
    assert told_of(people) == [fact("stop", 0)]


def test_few_deliveries_are_kept_and_the_newest() -> None:
    people = accused(failure(0, "m0"), *(fact("delivered", day, f"m{day}") for day in (3, 1, 5, 2, 4, 6)), day=9)
    assert [told.at_ms for told in told_of(people) if told.kind == "delivered"] == [ms(day) for day in (3, 4, 5, 6)]


def test_mail_that_bounced_after_its_delivery_was_not_delivered() -> None:
    bounced = [
        failure(0, "m0", channel="email"),
        fact("delivered", 1, channel="email"),
        failure(2, category="recipient_inactive", channel="email"),
    ]
    people = accused(*bounced)
    assert reasons(people) == {"*": "recipient_unknown"}
    assert reasons(accused(*bounced[::-1], fact("delivered", 1, channel="email"))) == {"*": "recipient_unknown"}


# what staff does


def test_restore_is_logged_with_who_did_it_and_why() -> None:
    people = accused(failure(0))
    restore = fact("restore", 1, "", by="jo")
    [lifted] = people.accuse(JO, restore, now_ms=ms(5), upto=2, why="asked on the phone")
    assert (lifted.change, lifted.by, lifted.why) == ("lifted", "jo", "asked on the phone")
    assert b'"by":"jo","why":"asked on the phone"' in lifted.log


def test_refused_restore_is_logged_and_changes_nothing() -> None:
    people = accused(failure(0, category="complaint"))
    before = entries(people)
    [refused] = people.accuse(JO, fact("restore", 1, "", by="jo"), now_ms=ms(5), upto=2, why="asked")
    assert (refused.change, refused.by, refused.before, refused.entry) == ("refused", "jo", before["*"], before["*"])
    assert entries(people) == before
    [lifted] = people.accuse(JO, fact("restore", 2, "", by="al", is_forced=True), now_ms=ms(5), upto=3)
    assert (lifted.change, lifted.by, entries(people)) == ("lifted", "al", {})


# journals of before


def test_person_of_an_older_journal_is_loaded_and_looked_at() -> None:
    old = [
        [
            0,
            "sms:+33612345678",
            [[[ms(0), "failure", "infobip", "m1", "recipient_unknown", "permanent", "", "", "sms"]], {}],
        ]
    ]
    people = People(POLICY)
    people.table.load_delta(msgspec.msgpack.encode([[zlib.crc32(JO.encode()) % 256, *old[0][1:]]]))
    people.loaded()
    assert told_of(people) == [failure(0)]
    people.expire(now_ms=ms(1), upto=1)
    assert reasons(people) == {"*": "recipient_unknown"}
    assert looked_at(people, 90) == [("*", "expired")]
