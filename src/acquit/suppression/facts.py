"""What counts for or against contacting a person, and which of it is kept."""

import sys
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from acquit.effects import Entry, Evidence
from acquit.events import from_epoch_ms
from acquit.reasons.revising import is_of_port

IMPORT = "import"
"""The provider of what another system knew."""
NEVER_LIFTED_BY_DELIVERY = frozenset({"complaint", "opted_out"})
"""What a person said of a message has nothing to do with whether it arrived."""
MIRROR = "provider_suppressed"
"""A mirror of the provider's list, and no evidence: it counts while nothing else is known against its message."""
FACTS_LIMIT = 64
"""A person who fails more often is long held; the oldest failures go first, what they said never does."""
_KEPT = {"delivered": 4, "reply": 1, "engaged": 1}
"""The newest of these are kept, and beside a failure alone. Of deliveries some, for a mail may bounce after its own."""
_SHARED = ("provider", "category", "permanence", "code", "rule", "channel", "account", "stream", "scope", "route",
           "supplier", "carrier")  # fmt: skip


class Fact(Struct, array_like=True, frozen=True, order=True, gc=False):
    """Something that counts for or against contacting a person. Facts sort by time, then by what makes the order certain.

    `kind`: failure (a receipt's verdict on the recipient), delivered (to the handset), stop, start, reply, engaged (what
    else only somebody does who has a message), add, restore, port (the last three by staff; the failures that a port
    explains are none). A failure with `until_ms` was judged by another system, from which it was imported.
    """

    at_ms: int
    kind: str
    provider: str
    message_id: str
    category: str = ""
    permanence: str = ""
    code: str = ""
    rule: str = ""
    channel: str = ""
    account: str = ""
    stream: str = ""
    scope: str = "*"
    by: str = ""
    until_ms: int = 0  # 0: none
    route: str = ""
    supplier: str = ""
    carrier: str = ""
    carrier_is_guess: bool = False
    is_forced: bool = False

    @property
    def evidence(self) -> Evidence:
        return Evidence(
            provider=self.provider,
            at=from_epoch_ms(self.at_ms),
            message_id=self.message_id or None,
            code=self.code or None,
            rule=self.rule or None,
            by=self.by or None,
        )


class HeldFact(Struct, array_like=True, frozen=True, gc=False):
    """A failure that the circuit breaker keeps from counting: for which route or carrier, and since when.

    One that was dropped is remembered for a while, since then: its provider may say it again.
    """

    fact: Fact
    place: str
    since_ms: int
    is_dropped: bool = False


class Person(Struct, array_like=True):
    """A recipient who failed, said stop, or was put on the list by hand. `due_ms`: to be looked at then; 0: not known."""

    facts: list[Fact]
    entries: dict[str, Entry]
    due_ms: int = 0
    held: list[HeldFact] = []


class Joined(Struct, frozen=True):
    """What the submit of a message says of its failure."""

    account: str = ""
    stream: str = ""
    route: str = ""
    supplier: str = ""
    carrier: str = ""
    carrier_is_guess: bool = False


def shared(fact: Fact) -> Fact:
    """The same, with the words that many people's facts have held once in memory."""
    words: dict[str, Any] = {name: sys.intern(word) for name in _SHARED if (word := getattr(fact, name))}
    return replace(fact, **words)


def is_kept_beside_failures(fact: Fact) -> bool:
    """Whether it says something of a person who failed, and nothing of any other."""
    return fact.kind in _KEPT


def failure_of(facts: Sequence[Fact], provider: str, message_id: str, category: str) -> Fact | None:
    """What is known of this message of the same kind: what a person said, a mirror, or any other failure."""
    for fact in facts:
        if (
            fact.kind == "failure"
            and fact.message_id == message_id
            and fact.provider == provider
            and _kind(fact.category) == _kind(category)
        ):
            return fact
    return None


def is_same(fact: Fact, told: Fact) -> bool:
    """Whether one receipt says both, whatever a submit has made known of its message since."""
    return (
        fact.message_id == told.message_id
        and fact.at_ms == told.at_ms
        and (
            (fact.kind, fact.provider, fact.category, fact.code) == (told.kind, told.provider, told.category, told.code)
        )
    )


def outweighs(fact: Fact, told: Fact) -> bool:
    """Of the failures of a message the first counts, of a mail the last."""
    return fact > told if fact.channel == "email" else fact < told


def evidence(facts: list[Fact]) -> list[Fact]:
    """The facts without those that another one makes void. They stay: that one may be withdrawn.

    Void is what a port explains, a mirror beside another failure of its message, and the delivery of a mail that bounced
    after it.
    """
    facts = unexplained(facts)
    if not any(fact.category == MIRROR or fact.kind == "delivered" for fact in facts):
        return facts
    failed = {(f.provider, f.message_id): f for f in facts if f.kind == "failure" and not _kind(f.category)}
    return [fact for fact in facts if not _is_void(fact, failed.get((fact.provider, fact.message_id)))]


def unexplained(facts: list[Fact]) -> list[Fact]:
    """The facts without the failures that a port brought about: they say nothing of the number."""
    ports = [fact.at_ms for fact in facts if fact.kind == "port"]
    if not ports:
        return facts
    return [fact for fact in facts if fact.kind != "failure" or not _is_explained(fact, ports)]


def without_traces(fact: Fact) -> Fact:
    """What it forbids or allows, without what it rests on."""
    return Fact(
        fact.at_ms, fact.kind, "erased", "", category=fact.category, permanence=fact.permanence, channel=fact.channel,
        rule=fact.rule, account=fact.account, stream=fact.stream, scope=fact.scope, is_forced=fact.is_forced,
    )  # fmt: skip


def joined(fact: Fact, provider: str, message_id: str, told: Joined) -> Fact:
    """The submit's word goes before the receipt's for the route, as everywhere; for the rest, after it."""
    if fact.kind not in {"failure", "delivered"} or fact.message_id != message_id or fact.provider != provider:
        return fact
    is_carrier_known = fact.carrier and (not fact.carrier_is_guess or told.carrier_is_guess)
    return shared(
        replace(
            fact,
            account=fact.account or told.account,
            stream=fact.stream or told.stream,
            route=told.route or fact.route,
            supplier=fact.supplier or told.supplier,
            carrier=fact.carrier if is_carrier_known else told.carrier or fact.carrier,
            carrier_is_guess=fact.carrier_is_guess and (bool(is_carrier_known) or not told.carrier),
        )
    )


def limit(facts: list[Fact]) -> None:
    """Keep few of each kind; the fact that came last stands at the end.

    Of the newest word's own list STARTs and STOPs go, too: of these the first and the last stay, for a START may still
    come between.
    """
    last = facts[-1]
    failures = [f for f in facts if f.kind == "failure" and f.category not in NEVER_LIFTED_BY_DELIVERY]
    if len(failures) > FACTS_LIMIT:
        facts.remove(min(failures))
    for kind, place in (("stop", 1), ("start", 0)):
        said = sorted(fact for fact in facts if fact.kind == kind and fact.scope == last.scope)
        if len(said) > FACTS_LIMIT:
            facts.remove(said[place])
    if last.kind in _KEPT:
        told = sorted(fact for fact in facts if fact.kind == last.kind)
        for fact in told[: -_KEPT[last.kind]]:
            facts.remove(fact)


def _kind(category: str) -> str:
    return category if category == MIRROR or category in NEVER_LIFTED_BY_DELIVERY else ""


def _is_explained(fact: Fact, ports: Sequence[int]) -> bool:
    return any(is_of_port(fact.category, at_ms=fact.at_ms, ported_ms=ported_ms) for ported_ms in ports)


def _is_void(fact: Fact, failed: Fact | None) -> bool:
    if failed is None or not fact.message_id:
        return False
    if fact.kind == "delivered":
        return failed.at_ms > fact.at_ms
    return fact.kind == "failure" and fact.category == MIRROR
