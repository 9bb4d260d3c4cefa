"""Everyone against whom something is held: their facts, and the entries of the list that follow from them."""

import zlib
from heapq import heappop, heappush

from msgspec import Struct
from msgspec.structs import replace

from acquit.blocks import Blocks
from acquit.effects import Change, Entry, Suppression
from acquit.events import from_epoch_ms
from acquit.reasons.revising import permanence_of
from acquit.rules.policy import PolicyRule
from acquit.suppression.judge import Fact, judge

BLOCKS = 256
NEVER_LIFTED_BY_DELIVERY = frozenset({"complaint", "opted_out"})
"""What a person said of a message has nothing to do with whether it arrived."""
MIRROR = "provider_suppressed"
"""A mirror of the provider's list, and no evidence: it counts while nothing else is known against its message."""
KINDS_LIMIT = 10_000
"""Kinds of failure of which it is remembered whether they are held: a provider may invent codes without end."""
FACTS_LIMIT = 64
"""A person who fails more often is long held; the oldest failures go first, what they said never does."""


class Person(Struct, array_like=True):
    """A recipient who failed, said stop, or was put on the list by hand."""

    facts: list[Fact]
    entries: dict[str, Entry]


class People:
    """The list of one partition, as it follows from the facts. Only those of whom there is a fact are in it."""

    def __init__(self, policy: tuple[PolicyRule, ...]) -> None:
        self.table: Blocks[Person] = Blocks(Person)
        self._policy = policy
        self._expiries: list[tuple[int, str]] = []
        self._holds: dict[tuple[str, str, str, str], bool] = {}

    def is_held(self, channel: str, category: str, permanence: str, code: str) -> bool:
        """Whether any row of the policy asks after such failures. The others are not kept."""
        key = (channel, category, permanence, code)
        held = self._holds.get(key)
        if held is None:
            held = any(rule.matches(channel, category, permanence, code or None) for rule in self._policy)
            if len(self._holds) < KINDS_LIMIT:
                self._holds[key] = held
        return held

    def accuse(self, recipient: str, fact: Fact, *, now_ms: int, upto: int) -> list[Suppression]:
        """Hold a fact against (or for) a person. Of the failures of a message the first counts, of a mail the last."""
        person = self.table.get(_block(recipient), recipient) or Person([], {})
        if fact in person.facts:
            return []
        if fact.kind == "failure" and fact.message_id:
            told = _failure_of(person, fact.provider, fact.message_id, fact.category)
            if told is not None and not _outweighs(fact, told):
                return []
            person.facts = [f for f in person.facts if f is not told]
        person.facts.append(fact)
        _limit(person)
        return self._judge(recipient, person, now_ms=now_ms, upto=upto)

    def acquit(
        self, recipient: str, provider: str, message_id: str, *, delivered_ms: int, now_ms: int, upto: int
    ) -> list[Suppression]:
        """The message arrived after all: a failure up to then is withdrawn; a complaint or an opt-out is none."""
        person = self.table.get(_block(recipient), recipient)
        if person is None:
            return []
        told = [_failure_of(person, provider, message_id, category) for category in ("", MIRROR)]
        withdrawn = [fact for fact in told if fact is not None and fact.at_ms <= delivered_ms]
        if not withdrawn:
            return []
        person.facts = [fact for fact in person.facts if fact not in withdrawn]
        return self._judge(recipient, person, now_ms=now_ms, upto=upto)

    def learn(
        self, recipient: str, provider: str, message_id: str, *, account: str, stream: str, ported_ms: int | None,
        now_ms: int, upto: int,
    ) -> list[Suppression]:  # fmt: skip
        """The submit of a message came after its failure: whose it was, and that its number was ported, is known now."""
        person = self.table.get(_block(recipient), recipient)
        if person is None:
            return []
        joined = [_joined(fact, provider, message_id, account, stream, ported_ms) for fact in person.facts]
        facts = [f for f in joined if f.kind != "failure" or self.is_held(f.channel, f.category, f.permanence, f.code)]
        if facts == person.facts:
            return []
        person.facts = facts
        return self._judge(recipient, person, now_ms=now_ms, upto=upto)

    def expire(self, *, now_ms: int, upto: int) -> list[Suppression]:
        """What has expired by this time leaves the list."""
        changes: list[Suppression] = []
        while self._expiries and self._expiries[0][0] <= now_ms:
            _, recipient = heappop(self._expiries)
            person = self.table.get(_block(recipient), recipient)
            if person is not None:
                changes += self._judge(recipient, person, now_ms=now_ms, upto=upto, lifted="expired")
        return changes

    def is_quiet(self, now_ms: int) -> bool:
        """Whether nothing expires by this time."""
        return not self._expiries or self._expiries[0][0] > now_ms

    def loaded(self) -> None:
        """The table was filled from the journal: find the expiries again."""
        self._expiries = []
        for _, recipient, person in self.table:
            self._watch(recipient, person.entries)

    def _judge(
        self, recipient: str, person: Person, *, now_ms: int, upto: int, lifted: Change = "lifted"
    ) -> list[Suppression]:
        before, person.entries = person.entries, judge(_evidence(person.facts), self._policy, now_ms=now_ms)
        if person.facts:
            self.table.put(_block(recipient), recipient, person)
        elif self.table.get(_block(recipient), recipient):
            self.table.remove(_block(recipient), recipient)
        self._watch(recipient, person.entries)
        return [
            Suppression(recipient, scope, change, from_epoch_ms(now_ms), after, was, upto)
            for scope in sorted({*before, *person.entries})
            if (change := _change(was := before.get(scope), after := person.entries.get(scope), lifted))
        ]

    def _watch(self, recipient: str, entries: dict[str, Entry]) -> None:
        for entry in entries.values():
            if entry.until is not None:
                heappush(self._expiries, (round(entry.until.timestamp() * 1000), recipient))


def _block(recipient: str) -> int:
    return zlib.crc32(recipient.encode()) % BLOCKS


def _failure_of(person: Person, provider: str, message_id: str, category: str) -> Fact | None:
    """What is known of this message of the same kind: what a person said, a mirror, or any other failure."""
    for fact in person.facts:
        if (
            fact.kind == "failure"
            and fact.message_id == message_id
            and fact.provider == provider
            and _kind(fact.category) == _kind(category)
        ):
            return fact
    return None


def _kind(category: str) -> str:
    return category if category == MIRROR or category in NEVER_LIFTED_BY_DELIVERY else ""


def _outweighs(fact: Fact, told: Fact) -> bool:
    """Of the failures of a message the first counts, of a mail the last."""
    return fact > told if fact.channel == "email" else fact < told


def _evidence(facts: list[Fact]) -> list[Fact]:
    """The facts without the mirrors beside another failure of their message. They stay: that one may be withdrawn."""
    if not any(fact.category == MIRROR for fact in facts):
        return facts
    failed = {(f.provider, f.message_id) for f in facts if f.kind == "failure" and not _kind(f.category)}
    return [f for f in facts if f.category != MIRROR or not f.message_id or (f.provider, f.message_id) not in failed]


def _joined(fact: Fact, provider: str, message_id: str, account: str, stream: str, ported_ms: int | None) -> Fact:
    if fact.kind != "failure" or fact.message_id != message_id or fact.provider != provider:
        return fact
    return replace(
        fact,
        account=fact.account or account,
        stream=fact.stream or stream,
        permanence=permanence_of(fact.category, fact.permanence, at_ms=fact.at_ms, ported_ms=ported_ms),
    )


def _limit(person: Person) -> None:
    """The oldest failures go, and of the newest word's own list STARTs and STOPs: of these the first and the last stay,
    for a START may still come between.
    """
    failures = [
        fact for fact in person.facts if fact.kind == "failure" and fact.category not in NEVER_LIFTED_BY_DELIVERY
    ]
    if len(failures) > FACTS_LIMIT:
        person.facts.remove(min(failures))
    for kind, place in (("stop", 1), ("start", 0)):
        said = sorted(fact for fact in person.facts if fact.kind == kind and fact.scope == person.facts[-1].scope)
        if len(said) > FACTS_LIMIT:
            person.facts.remove(said[place])


def _change(before: Entry | None, after: Entry | None, lifted: Change) -> Change | None:
    if before == after:
        return None
    if after is None:
        return lifted
    return "suppressed" if before is None else "changed"
