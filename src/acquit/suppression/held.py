"""What the circuit breaker holds of a person: it stands beside the facts, comes among them when released, or is dropped."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from acquit.effects import Change, Entry, HeldFailure, Suppression
from acquit.events import from_epoch_ms
from acquit.suppression.breaker import is_of, parts
from acquit.suppression.facts import (
    MIRROR,
    Fact,
    HeldFact,
    Person,
    failure_of,
    is_kept_beside_failures,
    limit,
    outweighs,
)
from acquit.suppression.trials import AGAIN_MS


def added(person: Person, fact: Fact) -> tuple[list[Fact], list[HeldFact]] | None:
    """The facts with one more, and what is held then; None if it says nothing new.

    Of the failures of a message the first counts, of a mail the last, whether it is held or not. One that was dropped is
    its message's last word.
    """
    if fact in person.facts or any(one.fact == fact for one in person.held):
        return None
    if is_kept_beside_failures(fact) and not has_failed(person.facts, person.held):
        return None
    held = person.held
    if held and fact.kind == "failure" and fact.message_id:
        told = failure_of([one.fact for one in held], fact.provider, fact.message_id, fact.category)
        if told is not None and (not outweighs(fact, told) or any(one.is_dropped for one in held if one.fact is told)):
            return None
        held = [one for one in held if one.fact is not told]
    facts = _joined(person.facts, fact)
    return None if facts == person.facts else (facts, held)


def released(person: Person, wanted: Mapping[str, str]) -> tuple[list[Fact], list[HeldFact]]:
    """The facts with what was held for this place, as if it had just come."""
    facts = person.facts
    for one in listed(person.held):
        if is_of(one.place, wanted):
            facts = _joined(facts, one.fact)
    return facts, [one for one in person.held if one.is_dropped or not is_of(one.place, wanted)]


def dropped(held: Sequence[HeldFact], wanted: Mapping[str, str], now_ms: int) -> list[HeldFact]:
    return [
        replace(one, is_dropped=True, since_ms=now_ms) if not one.is_dropped and is_of(one.place, wanted) else one
        for one in held
    ]


def overdue(held: Sequence[HeldFact], now_ms: int, held_ms: int) -> list[HeldFact]:
    """What nobody decided in time is dropped; what was dropped long ago, forgotten."""
    left = [one for one in held if not one.is_dropped or one.since_ms + AGAIN_MS > now_ms]
    return [
        one if one.is_dropped or one.since_ms + held_ms > now_ms else replace(one, is_dropped=True, since_ms=now_ms)
        for one in left
    ]


def withdrawn(held: Sequence[HeldFact], provider: str, message_id: str, delivered_ms: int) -> list[HeldFact]:
    """What is left when this message proves to have arrived."""
    facts = [one.fact for one in held]
    told = [failure_of(facts, provider, message_id, category) for category in ("", MIRROR)]
    return [one for one in held if one.fact not in told or one.fact.at_ms > delivered_ms]


def held_due_ms(held: Iterable[HeldFact], held_ms: int) -> int:
    return min(one.since_ms + (AGAIN_MS if one.is_dropped else held_ms) for one in held)


def has_failed(facts: Sequence[Fact], held: Sequence[HeldFact]) -> bool:
    return any(fact.kind == "failure" for fact in facts) or any(not one.is_dropped for one in held)


def listed(held: Sequence[HeldFact]) -> list[HeldFact]:
    """What staff may still decide."""
    return [one for one in held if not one.is_dropped]


def shown(one: HeldFact) -> HeldFailure:
    _, route, carrier = parts(one.place)
    return HeldFailure(from_epoch_ms(one.since_ms), one.fact.evidence, one.fact.category, route, carrier)


def kept_back(
    recipient: str, entries: Mapping[str, Entry], would: Mapping[str, Entry], *, now_ms: int, upto: int
) -> list[Suppression]:
    """What the list would hold, and does not."""
    return [
        Suppression(recipient, scope, "held", from_epoch_ms(now_ms), entries.get(scope), entry, upto)
        for scope, entry in sorted(would.items())
        if entry != entries.get(scope)
    ]


def decided(
    recipient: str, entries: Mapping[str, Entry], change: Change, *, now_ms: int, upto: int, by: str | None = None,
    why: str,
) -> Suppression:  # fmt: skip
    """The list is as it was; the log says what became of what was held."""
    entry = entries.get("*")
    return Suppression(recipient, "*", change, from_epoch_ms(now_ms), entry, entry, upto, by, why)


def _joined(facts: list[Fact], fact: Fact) -> list[Fact]:
    """The same list if the fact's message has told a weightier one."""
    told = None
    if fact.kind == "failure" and fact.message_id:
        told = failure_of(facts, fact.provider, fact.message_id, fact.category)
        if told is not None and not outweighs(fact, told):
            return facts
    joined = [*(known for known in facts if known is not told), fact]
    limit(joined)
    return joined
