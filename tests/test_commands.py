"""What staff ask for, through the fold: add, restore, import, port, erase, and a list that is hashed."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from acquit.effects import DeadLetter, Effect, Entry, Listing, Suppression
from acquit.envelope import Source
from acquit.errors import BadSettings
from acquit.events import LATEST, Command, Event, encode
from acquit.partition import Partition
from acquit.pipeline import take_in
from acquit.suppression.breaker import Limits
from acquit.suppression.keys import Hashing, hashed, is_hashed
from acquit.worker.perform import Performer
from acquit.worker.settings import Settings
from tests.builders import (
    DAY,
    HOUR,
    MAIL,
    PHONE,
    Read,
    command,
    complaint,
    engagement,
    entries_of,
    folded,
    log,
    partition,
    receipt,
    record,
    shipped_rules,
    submit,
    tables_of,
    unknown_number,
    when,
)

KEY = Hashing(b"k" * 32)
ALL = Hashing(b"k" * 32, is_for_all=True)
WHO = f"sms:{PHONE}"
HASH = hashed(WHO, KEY.key)


def reasons(state: Partition) -> dict[tuple[str, str], str]:
    return {place: entry.reason for place, entry in entries_of(state).items()}


def brought(hold: Any, *, at: float = 0, **fields: Any) -> Command:
    return command("import", at=at, hold=hold, **fields)


def entry(state: Partition) -> Entry:
    [found] = entries_of(state).values()
    return found


# add, import


def test_legal_hold_yields_to_a_forced_restore_alone() -> None:
    added, restored = command("add", hold="legal"), command("restore", at=1)
    assert reasons(folded(added, restored, engagement("start", at=2))) == {(WHO, "*"): "legal"}
    assert not entries_of(folded(added, replace(restored, force=True)))


@pytest.mark.parametrize("hold", ["stop", "opted_out", "complaint", "legal", "manual"])
def test_what_was_said_elsewhere_is_held_for_ever_in_its_scope(hold: str) -> None:
    found = folded(brought(hold, scope="acct:acme"))
    assert reasons(found) == {(WHO, "acct:acme"): hold}
    assert entry(found).until is None


@pytest.mark.parametrize(
    ("hold", "lifted_by"),
    [
        ("stop", {"start", "restore", "force"}),
        ("opted_out", {"start", "restore", "force"}),
        ("complaint", {"force"}),
        ("legal", {"force"}),
        ("manual", {"restore", "force"}),
        ("recipient_unknown", {"delivery", "restore", "force"}),
    ],
)
def test_what_is_imported_is_lifted_as_its_kind_says(hold: str, lifted_by: set[str]) -> None:
    lifts: dict[str, Event] = {
        "start": engagement("start", at=DAY),
        "restore": command("restore", at=DAY),
        "force": command("restore", at=DAY, force=True),
        "delivery": receipt("delivered_handset", at=DAY),
    }
    assert {name for name, lift in lifts.items() if not entries_of(folded(brought(hold), lift, at=DAY))} == lifted_by


def test_imported_failure_holds_as_the_policy_says() -> None:
    assert entry(folded(brought("recipient_unknown"))).until == when(90 * DAY)


@pytest.mark.parametrize(("until", "held_until"), [(when(7 * DAY), when(7 * DAY)), (LATEST, None)])
def test_imported_failure_with_an_end_holds_until_then(until: Any, held_until: Any) -> None:
    found = folded(brought("recipient_unreachable", until=until, scope="*:marketing"))
    assert reasons(found) == {(WHO, "*:marketing"): "recipient_unreachable"}
    assert entry(found).until == held_until


def test_imported_failure_that_no_rule_holds_at_once_holds_nobody() -> None:
    assert not entries_of(folded(brought("content_rejected")))


@pytest.mark.parametrize("hold", ["stop", "manual", "legal", "recipient_unknown"])
def test_import_that_comes_again_changes_nothing(hold: str) -> None:
    state = folded(brought(hold))
    before = tables_of(state)["people"]
    assert not state.fold(log(brought(hold, at=60), first=1, at=60))
    assert tables_of(state)["people"] == before


def test_import_again_after_a_start_holds_again() -> None:
    assert reasons(folded(brought("stop"), engagement("start", at=60), brought("stop", at=120))) == {(WHO, "*"): "stop"}


def test_imported_failure_is_no_evidence_of_a_dead_number() -> None:
    known = folded(brought("recipient_unknown"), unknown_number(at=1, supplier="s1"), at=60)
    assert not known.people.is_known_dead(WHO, known.head.clock_ms)


# port


@pytest.mark.parametrize(("after", "is_held"), [(0, False), (48 * HOUR, False), (48 * HOUR + 1, True), (-1, True)])
def test_failures_of_48_hours_after_a_port_are_not_the_numbers_fault(after: float, is_held: bool) -> None:
    port = command("port", at=3 * DAY, ported_at=when(DAY))
    failure = unknown_number(at=DAY + after)
    assert bool(entries_of(folded(failure, port, at=4 * DAY))) is is_held
    assert bool(entries_of(folded(port, failure, at=4 * DAY))) is is_held


def test_port_lifts_what_it_explains_and_says_who_asked() -> None:
    state = folded(unknown_number(at=HOUR), at=DAY)
    [change] = state.fold(log(command("port", at=DAY, ported_at=when(0)), first=1, at=DAY))
    assert isinstance(change, Suppression)
    assert (change.change, change.by, change.why) == ("lifted", "ann", "asked")


def test_port_explains_nothing_that_a_person_said() -> None:
    state = folded(complaint(to=PHONE, at=HOUR), command("port", at=DAY, ported_at=when(0)), at=DAY)
    assert reasons(state) == {(WHO, "*"): "complaint"}


def test_failures_that_a_port_explains_prove_no_dead_number() -> None:
    failures = [unknown_number(f"m{n}", at=HOUR, supplier=f"s{n}") for n in range(2)]
    assert folded(*failures, at=DAY).people.is_known_dead(WHO, when_ms(DAY))
    assert not folded(*failures, command("port", ported_at=when(0)), at=DAY).people.is_known_dead(WHO, when_ms(DAY))


def test_port_is_forgotten_when_it_explains_nothing_more() -> None:
    state = folded(command("port", ported_at=when(0)))
    assert len(state.people.table) == 1
    state.fold([record(submit("m9"), 1, at=30 * DAY)])
    assert not len(state.people.table)


def test_port_without_its_time_is_refused_at_the_door() -> None:
    read = Read(0, when_ms(0), encode(command("port")), topic="commands")
    [letter] = take_in(read, Source("canonical", takes_commands=True), rules=shipped_rules(), max_bytes=10_000)
    assert isinstance(letter, DeadLetter)
    assert dict(letter.headers)["acquit.errors.detail"] == b"$.ported_at: a port is at some time"


def when_ms(seconds: float) -> int:
    return round(when(seconds).timestamp() * 1000)


# erase


def erased(*before: Event, at: float = DAY, **fields: Any) -> tuple[Partition, list[Effect]]:
    """A partition in which Jo is erased after these, and what that brought."""
    state = folded(*before, hashing=KEY, **fields)
    return state, state.fold(log(command("erase", at=at), first=len(before), at=at))


def plain_in(state: Partition) -> bool:
    """Whether anything that is kept names the address: rows, keys, and the packed number."""
    packed = int(PHONE[1:]).to_bytes(7, "little")
    tables = msgspec.msgpack.encode(
        [[(str(key), repr(row)) for key, row in t.items()] for t in tables_of(state).values()]
    )
    latest = b"".join(key for _, key, _ in state.messages.latest.table)
    heap = repr(vars(state.people._dues)).encode()
    return PHONE[1:].encode() in tables + heap or packed in latest


HARD, SUBMIT = unknown_number(at=1), submit()


def test_erased_person_is_held_for_ever_under_the_hash_alone() -> None:
    state, _ = erased(SUBMIT, HARD)
    assert reasons(state) == {(HASH, "*"): "erased"}
    assert entry(state).until is None
    assert not plain_in(state)
    assert plain_in(folded(SUBMIT, HARD))  # the look finds what is there


def test_erasure_removes_every_scope_without_a_word_in_the_log_and_tells_of_the_hash() -> None:
    _, effects = erased(HARD, engagement("stop", only="news"))
    assert [(e.recipient, e.scope, e.entry) for e in effects if isinstance(e, Listing)] == [
        (WHO, "*", None),
        (WHO, "*:news", None),
    ]
    [told] = [e for e in effects if isinstance(e, Suppression)]
    assert (told.recipient, told.change, told.by, told.before) == (HASH, "suppressed", "ann", None)
    assert PHONE[1:].encode() not in told.log


def test_tombstone_of_the_erased_goes_to_the_truth_alone() -> None:
    settings = Settings()
    performer = Performer(settings, {settings.topic("suppression-log"): 4, settings.topic("suppressions"): 4})
    _, effects = erased(HARD)
    gone, *rest = performer.outgoing(effects, partition=3, timestamp_ms=0)
    assert (gone.topic, gone.partition, gone.key, gone.value) == ("acquit.suppressions", 3, f"{WHO}/*".encode(), None)
    assert [each.key for each in rest] == [f"{HASH}/*".encode(), HASH.encode()]
    assert rest[0].partition == 3


def test_nothing_that_comes_later_builds_the_person_up_again() -> None:
    state, _ = erased(HARD)
    later: list[Event] = [submit("m2", at=DAY), unknown_number("m2", at=DAY), receipt("delivered_handset", "m3", at=DAY),
                          engagement("reply", at=DAY, message_id="m3")]  # fmt: skip
    assert not [e for e in state.fold(log(*later, first=2, at=DAY)) if isinstance(e, Suppression | Listing)]
    assert not plain_in(state)
    [row] = [person for _, _, person in state.people.table]
    assert [fact.category for fact in row.facts] == ["erased"]


def test_messages_sent_before_are_joined_and_counted_once_after() -> None:
    state, _ = erased(submit())
    state.fold(log(receipt("delivered_handset", at=DAY), first=2, at=DAY))
    assert len(state.messages.window) == 1


@pytest.mark.parametrize("lift", [engagement("start", at=2 * DAY), command("restore", at=2 * DAY)])
def test_newer_start_or_restore_lifts_and_the_person_stays_known_by_the_hash(lift: Event) -> None:
    state, _ = erased(HARD)
    effects = state.fold([record(lift, 2, at=2 * DAY), record(unknown_number("m7", at=3 * DAY), 3, at=3 * DAY)])
    change = next(effect for effect in effects if isinstance(effect, Suppression))
    assert (change.recipient, change.change) == (HASH, "lifted")
    assert reasons(state) == {(HASH, "*"): "recipient_unknown"}


def test_start_that_was_said_before_lifts_nothing() -> None:
    state, _ = erased(HARD)
    state.fold(log(engagement("start", at=HOUR), first=2, at=2 * DAY))
    assert reasons(state) == {(HASH, "*"): "erased"}


def test_complaint_outlives_the_erasure_without_what_it_rested_on() -> None:
    state, _ = erased(complaint(to=PHONE), command("restore", at=1))
    state.fold(log(engagement("start", at=2 * DAY), first=3, at=2 * DAY))
    assert reasons(state) == {(HASH, "*"): "complaint"}
    assert entry(state).evidence.message_id is None


def test_complaint_that_a_forced_restore_lifted_does_not_come_back() -> None:
    state, _ = erased(complaint(to=PHONE), command("restore", at=1, force=True))
    state.fold(log(engagement("start", at=2 * DAY), first=3, at=2 * DAY))
    assert not entries_of(state)


def test_erasing_again_changes_nothing() -> None:
    state, _ = erased(HARD)
    assert not state.fold(log(command("erase", at=2 * DAY), first=2, at=2 * DAY))
    assert reasons(state) == {(HASH, "*"): "erased"}


def test_erasing_somebody_of_whom_nothing_is_known_keeps_them_from_being_contacted() -> None:
    state, _ = erased()
    assert reasons(state) == {(HASH, "*"): "erased"}


def test_others_stay_as_they_are() -> None:
    state, _ = erased(HARD, complaint())
    assert reasons(state) == {(HASH, "*"): "erased", (f"email:{MAIL}", "*"): "complaint"}


def test_without_a_key_the_command_waits_among_the_dead_letters() -> None:
    state = folded(HARD)
    [letter] = state.fold(log(command("erase"), first=1))
    assert isinstance(letter, DeadLetter)
    assert b"erase_key" in dict(letter.headers)["acquit.errors.detail"]
    assert reasons(state) == {(WHO, "*"): "recipient_unknown"}


def loaded(state: Partition, hashing: Hashing | None) -> Partition:
    """Another owner, who has read what is journaled."""
    other = partition(hashing=hashing)
    other.head = msgspec.msgpack.decode(msgspec.msgpack.encode(state.head), type=type(state.head))
    for block, key, person in list(state.people.table):
        other.people.table.put(block, key, person)
    other.loaded([])
    return other


def test_who_was_erased_is_known_after_a_restart() -> None:
    state = loaded(erased(HARD)[0], KEY)
    state.fold(log(unknown_number("m2", at=DAY), first=2, at=DAY))
    assert reasons(state) == {(HASH, "*"): "erased"}
    assert not plain_in(state)


@pytest.mark.parametrize("other", [None, Hashing(b"x" * 32)])
def test_another_key_is_refused_once_somebody_was_erased(other: Hashing | None) -> None:
    with pytest.raises(BadSettings, match="erase_key"):
        loaded(erased(HARD)[0], other)


def test_key_may_come_before_anybody_is_erased() -> None:
    assert reasons(loaded(folded(HARD), KEY)) == {(WHO, "*"): "recipient_unknown"}


# a list that is hashed


def test_hashed_list_holds_hashes_alone_and_the_same_otherwise() -> None:
    events: list[Event] = [HARD, complaint(), engagement("stop", only="news"), command("add", scope="acct:a")]
    plain, all_hashed = folded(*events), folded(*events, hashing=ALL)
    assert all(is_hashed(recipient) for recipient, _ in entries_of(all_hashed))
    wanted = {(hashed(who, ALL.key), scope): entry for (who, scope), entry in entries_of(plain).items()}
    assert entries_of(all_hashed) == wanted


def test_list_that_becomes_hashed_is_renamed_as_records_come() -> None:
    people = [f"+3361234{n:04d}" for n in range(50)]
    failures = (unknown_number(f"m{n}", to=to) for n, to in enumerate(people))
    state = loaded(folded(*failures, limits=Limits(share=1)), ALL)
    effects = [e for n in range(3) for e in state.fold(log(submit(f"n{n}", to=MAIL), first=50 + n))]
    names = {hashed(f"sms:{to}", ALL.key) for to in people}
    assert {recipient for recipient, _ in entries_of(state)} == names
    assert {e.recipient for e in effects if isinstance(e, Listing) and e.entry is None} == {
        f"sms:{to}" for to in people
    }
    assert {e.recipient for e in effects if isinstance(e, Listing) and e.entry is not None} == names


def test_who_is_not_renamed_yet_keeps_the_history() -> None:
    first = receipt("failed", "m1", category="recipient_inactive", permanence="permanent")
    others = [unknown_number(f"o{n}", to=f"+3361234{n:04d}") for n in range(30)]
    state = loaded(folded(*others, first, *others), ALL)
    state.fold(
        log(command("restore", at=60, to=MAIL), engagement("start", at=60), *[submit("x", to=MAIL)] * 3, first=62)
    )
    assert {is_hashed(name) for _, name, _ in state.people.table} == {True}


def test_list_that_is_not_hashed_any_more_still_knows_who_was() -> None:
    state = loaded(folded(HARD, hashing=ALL), KEY)
    state.fold(log(unknown_number("m2", at=60), unknown_number("m3", to="+33612340000"), first=1, at=60))
    assert reasons(state) == {(HASH, "*"): "recipient_unknown", ("sms:+33612340000", "*"): "recipient_unknown"}


def test_erased_from_a_hashed_list_is_held_as_erased() -> None:
    state = folded(HARD, command("erase", at=60), hashing=ALL, at=60)
    assert reasons(state) == {(HASH, "*"): "erased"}


def test_import_of_many_failures_is_no_outage() -> None:
    people = [f"+3361234{n:04d}" for n in range(200)]
    state = folded(*(command("import", to=to, hold="recipient_unknown") for to in people))
    assert {recipient for recipient, _ in entries_of(state)} == {f"sms:{to}" for to in people}
    assert state.head.breakers == {}
