"""Everyone against whom something is held: their facts, and the entries of the list that follow from them."""

import zlib
from heapq import heapify, heappop, heappush

from msgspec import Struct
from msgspec.structs import replace

from acquit.blocks import Blocks
from acquit.effects import Change, Entry, Suppression
from acquit.events import from_epoch_ms
from acquit.reasons.revising import permanence_of
from acquit.rules.policy import DAY_MS, PolicyRule
from acquit.suppression.judge import Fact, judge

BLOCKS = 256
FOR_EVER = 1 << 60
NEVER_LIFTED_BY_DELIVERY = frozenset({"complaint", "opted_out"})
"""What a person said of a message has nothing to do with whether it arrived."""
MIRROR = "provider_suppressed"
"""A mirror of the provider's list, and no evidence: it counts while nothing else is known against its message."""
KINDS_LIMIT = 10_000
"""Kinds of failure of which it is remembered whether they are held: a provider may invent codes without end."""
SAID_MS = 365 * DAY_MS
"""What lifts holds (START, a restore) is remembered so long: what it lifted may be told late, or again."""
SPARE_DUES = 1_000
FACTS_LIMIT = 64
"""A person who fails more often is long held; the oldest failures go first, what they said never does."""


class Person(Struct, array_like=True):
    """A recipient who failed, said stop, or was put on the list by hand."""

    facts: list[Fact]
    entries: dict[str, Entry]


class People:
    """The list of one partition, as it follows from the facts. Only those of whom there is a fact are in it.

    A person against whom nothing is held is forgotten when no fact can matter to a judgement any more.
    """

    def __init__(self, policy: tuple[PolicyRule, ...]) -> None:
        self.table: Blocks[Person] = Blocks(Person)
        self._policy = policy
        self._dues: list[tuple[int, str]] = []  # a heap
        self._due: dict[str, int] = {}  # when each person is looked at next: the one entry of the heap that counts
        self._memories: dict[tuple[str, str, str, str], int] = {}

    def is_held(self, channel: str, category: str, permanence: str, code: str) -> bool:
        """Whether any row of the policy asks after such failures. The others are not kept."""
        return self._memory_ms(channel, category, permanence, code) > 0

    def _memory_ms(self, channel: str, category: str, permanence: str, code: str) -> int:
        """How long such a failure may matter; 0 if no row of the policy asks after it."""
        key = (channel, category, permanence, code)
        memory = self._memories.get(key)
        if memory is None:
            asking = [rule for rule in self._policy if rule.matches(channel, category, permanence, code or None)]
            days = [rule.memory_days for rule in asking]
            memory = max((FOR_EVER if number is None else round(number * DAY_MS) for number in days), default=0)
            if len(self._memories) < KINDS_LIMIT:
                self._memories[key] = memory
        return memory

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
        """What has expired by this time leaves the list, in the order of its expiry; who need not be known is forgotten."""
        changes: list[Suppression] = []
        while self._dues and self._dues[0][0] <= now_ms:
            due_ms, recipient = heappop(self._dues)
            if self._due.get(recipient) != due_ms:
                continue
            del self._due[recipient]
            person = self.table.get(_block(recipient), recipient)
            if person is None:
                continue
            if self._next_ms(person) != due_ms:  # it was prolonged, and its time comes in its turn
                self._watch(recipient, person)
            elif person.entries:
                changes += self._judge(recipient, person, now_ms=now_ms, upto=upto, lifted="expired")
            else:
                self.table.remove(_block(recipient), recipient)
        return changes

    def is_quiet(self, now_ms: int) -> bool:
        """Whether nothing expires by this time."""
        return not self._dues or self._dues[0][0] > now_ms

    def loaded(self) -> None:
        """The table was filled from the journal: find again when each person is looked at."""
        self._dues, self._due = [], {}
        for _, recipient, person in self.table:
            self._watch(recipient, person)

    def _judge(
        self, recipient: str, person: Person, *, now_ms: int, upto: int, lifted: Change = "lifted"
    ) -> list[Suppression]:
        before, person.entries = person.entries, judge(_evidence(person.facts), self._policy, now_ms=now_ms)
        if person.facts:
            self.table.put(_block(recipient), recipient, person)
        elif self.table.get(_block(recipient), recipient):
            self.table.remove(_block(recipient), recipient)
        self._watch(recipient, person)
        return [
            Suppression(recipient, scope, change, from_epoch_ms(now_ms), after, was, upto)
            for scope in sorted({*before, *person.entries})
            if (change := _change(was := before.get(scope), after := person.entries.get(scope), lifted))
        ]

    def _watch(self, recipient: str, person: Person) -> None:
        """Look at a person when its next hold ends, or sooner: then it is seen that it was prolonged."""
        next_ms = self._next_ms(person)
        if next_ms >= self._due.get(recipient, FOR_EVER):
            return
        self._due[recipient] = next_ms
        heappush(self._dues, (next_ms, recipient))
        if len(self._dues) > 2 * len(self._due) + SPARE_DUES:
            self._dues = [(due_ms, name) for name, due_ms in self._due.items()]
            heapify(self._dues)

    def _next_ms(self, person: Person) -> int:
        """When the next hold ends, or where there is none, when no fact matters any more; FOR_EVER, if never."""
        if person.entries:
            ends = [entry.until for entry in person.entries.values() if entry.until is not None]
            return min((round(end.timestamp() * 1000) for end in ends), default=FOR_EVER)
        return max(map(self._matters_until_ms, person.facts), default=FOR_EVER)

    def _matters_until_ms(self, fact: Fact) -> int:
        match fact.kind:
            case "failure":
                return fact.at_ms + self._memory_ms(fact.channel, fact.category, fact.permanence, fact.code)
            case "start" | "restore":
                return fact.at_ms + SAID_MS
        return max(
            fact.at_ms, fact.until_ms
        )  # a stop, or what staff added: nothing is held, so it was lifted, or is over


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
