"""Everyone against whom something is held: their facts, and the entries of the list that follow from them."""

import zlib
from heapq import heapify, heappop, heappush

from acquit.blocks import Blocks
from acquit.effects import Change, Entry, Suppression
from acquit.events import CATEGORIES, Verdict, from_epoch_ms
from acquit.reasons.revising import is_of_port
from acquit.rules.policy import PolicyRule
from acquit.suppression import verdicts as verdict_log
from acquit.suppression.dead import is_dead, is_death
from acquit.suppression.facts import (
    MIRROR,
    Fact,
    Joined,
    Person,
    evidence,
    failure_of,
    is_kept_beside_failures,
    joined,
    limit,
    outweighs,
    shared,
)
from acquit.suppression.judge import judge
from acquit.suppression.trials import FOR_EVER
from acquit.suppression.verdicts import Verdicts

BLOCKS = 256
KINDS_LIMIT = 10_000
"""Kinds of failure of which it is remembered whether they are held: a provider may invent codes without end."""
SPARE_DUES = 1_000


class People:
    """The list of one partition, as it follows from the facts. Only those of whom there is a fact are in it.

    A person against whom nothing is held is forgotten when no fact can matter to a judgement any more. What speaks for a
    person (a delivery, a reply, a click) is kept beside a failure alone: who never failed costs nothing.
    """

    def __init__(self, policy: tuple[PolicyRule, ...], verdicts: Verdicts | None = None) -> None:
        self.table: Blocks[Person] = Blocks(Person)
        self.verdicts = {} if verdicts is None else verdicts
        self._policy = policy
        self.due_ms = FOR_EVER  # before then nothing expires
        self._names: set[str] = set()  # of all in the table, for nearly every event asks
        self._dues: list[tuple[int, str]] = []  # a heap
        self._due: dict[str, int] = {}  # when each person is looked at next: the one entry of the heap that counts
        self._kinds: dict[tuple[str, str, str, str], bool] = {}
        self._by_category: dict[str, tuple[PolicyRule, ...]] = {
            category: tuple(rule for rule in policy if category in rule.categories | rule.halves)
            for category in CATEGORIES
        }

    def is_held(self, channel: str, category: str, permanence: str, code: str) -> bool:
        """Whether any row of the policy asks after such failures, strong or weak. The others are not kept."""
        kind = (channel, category, permanence, code)
        found = self._kinds.get(kind)
        if found is None:
            found = is_death(category, permanence) or any(
                rule.matches(channel, category, strength, code or None)
                for rule in self._policy
                for strength in {permanence, "transient" if permanence == "permanent" else permanence}
            )
            if len(self._kinds) < KINDS_LIMIT:
                self._kinds[kind] = found
        return found

    def is_known(self, recipient: str) -> bool:
        """Whether there is anything to add to: what speaks for a person of whom nothing is known is not kept."""
        return recipient in self._names

    def is_known_dead(self, recipient: str, at_ms: int) -> bool:
        """Whether nobody can have received a message at this time, for all that suppliers and the person said of it."""
        person = self.table.get(_block(recipient), recipient) if recipient in self._names else None
        return person is not None and is_dead(person.facts, at_ms, self.verdicts)

    def accuse(
        self, recipient: str, fact: Fact, *, now_ms: int, upto: int, why: str | None = None
    ) -> list[Suppression]:
        """Hold a fact against (or for) a person. Of the failures of a message the first counts, of a mail the last."""
        person = self.table.get(_block(recipient), recipient) or Person([], {})
        fact, facts = shared(fact), list(person.facts)
        if fact in facts or (is_kept_beside_failures(fact) and not any(f.kind == "failure" for f in facts)):
            return []
        if fact.kind == "failure" and fact.message_id:
            told = failure_of(facts, fact.provider, fact.message_id, fact.category)
            if told is not None and not outweighs(fact, told):
                return []
            facts = [f for f in facts if f is not told]
        facts.append(fact)
        limit(facts)
        if facts == person.facts:  # it is older than all that are kept of its kind
            return []
        return self._judge(recipient, person, facts, now_ms=now_ms, upto=upto, asked=fact if fact.by else None, why=why)

    def acquit(
        self, recipient: str, provider: str, message_id: str, *, delivered_ms: int, delivery: Fact | None = None,
        now_ms: int, upto: int,
    ) -> list[Suppression]:  # fmt: skip
        """The message arrived after all: a failure up to then is withdrawn; a complaint or an opt-out is none.

        The delivery itself, where it was to the handset, speaks for the person against older failures, too.
        """
        person = self.table.get(_block(recipient), recipient)
        if person is None:
            return []
        told = [failure_of(person.facts, provider, message_id, category) for category in ("", MIRROR)]
        withdrawn = [fact for fact in told if fact is not None and fact.at_ms <= delivered_ms]
        facts = [fact for fact in person.facts if fact not in withdrawn]
        if delivery is not None and delivery not in facts:
            facts.append(shared(delivery))
            limit(facts)
        if not any(fact.kind == "failure" for fact in facts):
            facts = [fact for fact in facts if not is_kept_beside_failures(fact)]
        if sorted(facts) == sorted(person.facts):
            return []
        return self._judge(recipient, person, facts, now_ms=now_ms, upto=upto)

    def learn(
        self, recipient: str, provider: str, message_id: str, told: Joined, *, ported_ms: int | None, now_ms: int,
        upto: int,
    ) -> list[Suppression]:  # fmt: skip
        """The submit of a message came after its failure: whose it was, and that its number was ported, is known now."""
        person = self.table.get(_block(recipient), recipient)
        if person is None or not any(f.message_id == message_id and f.provider == provider for f in person.facts):
            return []
        facts = [joined(fact, provider, message_id, told) for fact in person.facts]
        facts = [fact for fact in facts if not _is_of_port(fact, provider, message_id, ported_ms)]
        if facts == person.facts:
            return []
        return self._judge(recipient, person, facts, now_ms=now_ms, upto=upto)

    def weigh_again(self, verdict: Verdict, since_ms: int, *, now_ms: int, upto: int) -> list[Suppression]:
        """What is thought of a route changed at some time: judge again whom it told of since then. It changes seldom."""
        told_of = [
            (recipient, person)
            for _, recipient, person in self.table
            if any(fact.at_ms >= since_ms and verdict_log.is_of(verdict, fact) for fact in person.facts)
        ]
        return [
            change
            for recipient, person in sorted(told_of, key=lambda found: found[0])
            for change in self._judge(recipient, person, person.facts, now_ms=now_ms, upto=upto)
        ]

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
            if person.due_ms > due_ms:  # it was prolonged, and its time comes in its turn
                self._watch(recipient, person)
                continue
            changes += self._judge(recipient, person, person.facts, now_ms=now_ms, upto=upto, lifted="expired")
            if not person.entries and person.due_ms <= now_ms:
                self._remove(recipient)
                self._due.pop(recipient, None)
        self._set_due()
        return changes

    def loaded(self) -> None:
        """The table was filled from the journal: find again when each person is looked at."""
        self._dues, self._due, self._names = [], {}, set()
        for _, recipient, person in self.table:
            self._names.add(recipient)
            person.facts = [shared(fact) for fact in person.facts]
            self._watch(recipient, person)

    def _judge(
        self, recipient: str, person: Person, facts: list[Fact], *, now_ms: int, upto: int, lifted: Change = "lifted",
        asked: Fact | None = None, why: str | None = None,
    ) -> list[Suppression]:  # fmt: skip
        found = judge(evidence(facts), self._asking(facts), now_ms=now_ms, verdicts=self.verdicts)
        before, was = person.entries, (person.facts, person.entries, person.due_ms)
        person.facts, person.entries, person.due_ms = facts, found.entries, found.due_ms
        if not facts:
            self._remove(recipient)
        else:
            if was != (facts, found.entries, found.due_ms):
                self.table.put(_block(recipient), recipient, person)
                self._names.add(recipient)
            self._watch(recipient, person)
        by = asked.by if asked else None
        changes = [
            Suppression(recipient, scope, change, from_epoch_ms(now_ms), after, was_held, upto, by, why)
            for scope in sorted({*before, *person.entries})
            if (change := _change(was_held := before.get(scope), after := person.entries.get(scope), lifted))
        ]
        if asked in found.refused and asked is not None:
            entry = person.entries.get(asked.scope)
            changes.append(
                Suppression(recipient, asked.scope, "refused", from_epoch_ms(now_ms), entry, entry, upto, by, why)
            )
        return changes

    def _remove(self, recipient: str) -> None:
        self.table.remove(_block(recipient), recipient)
        self._names.discard(recipient)

    def _set_due(self) -> None:
        self.due_ms = self._dues[0][0] if self._dues else FOR_EVER

    def _asking(self, facts: list[Fact]) -> tuple[PolicyRule, ...]:
        """The rows that may ask after these failures; most people fail in one way alone."""
        categories = {fact.category for fact in facts if fact.kind == "failure"}
        return self._by_category.get(next(iter(categories)), ()) if len(categories) == 1 else self._policy

    def _watch(self, recipient: str, person: Person) -> None:
        """Look at a person when its next hold ends, or sooner: then it is seen that it was prolonged."""
        if person.due_ms >= self._due.get(recipient, FOR_EVER):
            return
        self._due[recipient] = person.due_ms
        heappush(self._dues, (person.due_ms, recipient))
        if len(self._dues) > 2 * len(self._due) + SPARE_DUES:
            self._dues = [(due_ms, name) for name, due_ms in self._due.items()]
            heapify(self._dues)
        self._set_due()


def _block(recipient: str) -> int:
    return zlib.crc32(recipient.encode()) % BLOCKS


def _is_of_port(fact: Fact, provider: str, message_id: str, ported_ms: int | None) -> bool:
    """A failure that a port brought about is not the number's fault."""
    if fact.kind != "failure" or fact.message_id != message_id or fact.provider != provider:
        return False
    return is_of_port(fact.category, at_ms=fact.at_ms, ported_ms=ported_ms)


def _change(before: Entry | None, after: Entry | None, lifted: Change) -> Change | None:
    if before == after:
        return None
    if after is None:
        return lifted
    return "suppressed" if before is None else "changed"
