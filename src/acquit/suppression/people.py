"""Everyone against whom something is held: their facts, and the entries of the list that follow from them.

Whoever is erased is forgotten under the address: row, entries, history. What stays, for ever, is a hold of scope `*` for the
reason `erased` under a keyed hash of the address, and beside it what only a forced restore lifts (complaint, legal), without
what it rested on. What comes later for this address goes to the hash, and of it only what a person said or staff asked.
The person's START lifts `erased`, and so does a restore: both are newer wishes of theirs. Once nothing is held under the
hash and nothing of it matters any more, a year later, it is forgotten as anybody is. Where the
hashing is for all, everyone is known by the hash alone.
"""

import zlib
from heapq import heapify, heappop, heappush

from acquit.blocks import Blocks
from acquit.effects import Change, Entry, Listing, Suppression
from acquit.events import CATEGORIES, Verdict, epoch_ms, from_epoch_ms
from acquit.reasons.revising import is_of_port
from acquit.rules.policy import PolicyRule
from acquit.suppression import verdicts as verdict_log
from acquit.suppression.dead import is_dead, is_death
from acquit.suppression.facts import (
    MIRROR,
    NEVER_LIFTED_BY_DELIVERY,
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
    unexplained,
    without_traces,
)
from acquit.suppression.judge import judge
from acquit.suppression.keys import Hashing, hashed, is_hashed
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

    def __init__(
        self, policy: tuple[PolicyRule, ...], verdicts: Verdicts | None = None, *, hashing: Hashing | None = None
    ) -> None:  # fmt: skip
        self.table: Blocks[Person] = Blocks(Person)
        self.verdicts = {} if verdicts is None else verdicts
        self._policy = policy
        self.due_ms = FOR_EVER  # before then nothing expires
        self._names: set[str] = set()  # of all in the table, for nearly every event asks
        self._dues: list[tuple[int, str]] = []  # a heap
        self._due: dict[str, int] = {}  # when each person is looked at next: the one entry of the heap that counts
        self._erase_key = hashing.key if hashing else None
        self._is_hashed = hashing is not None and hashing.is_for_all
        self._hashed: set[str] = set()  # who is known by the hash though others are not, or was erased
        self._plain: list[str] = []  # where all are to be known by their hash: who is not yet
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

    def name_of(self, recipient: str) -> str:
        """The name under which somebody is kept, `channel:address` or its hash. It costs nothing while nobody is hashed."""
        if self._erase_key is None or not (self._is_hashed or self._hashed):
            return recipient
        name = hashed(recipient, self._erase_key)
        if not self._is_hashed:
            return name if name in self._hashed else recipient
        return recipient if self._plain and self.is_known(recipient) else name

    def is_erased(self, channel: str, to: str) -> bool:
        """Whether nothing is to be kept that names this person, not even for some hours."""
        return bool(self._hashed) and is_hashed(self.name_of(f"{channel}:{to}"))

    def is_known(self, recipient: str) -> bool:
        """Whether there is anything to add to: what speaks for a person of whom nothing is known is not kept."""
        return recipient in self._names

    def is_known_dead(self, recipient: str, at_ms: int) -> bool:
        """Whether nobody can have received a message at this time, for all that suppliers and the person said of it."""
        recipient = self.name_of(recipient)
        person = self.table.get(_block(recipient), recipient) if recipient in self._names else None
        return person is not None and is_dead(unexplained(person.facts), at_ms, self.verdicts)

    def holds(self, recipient: str, reason: str, scope: str | None, until_ms: int | None) -> bool:
        """Whether this is on the list (`scope` None: in any) and for so long (`until_ms` None: for ever; 0: or not)."""
        person = self.table.get(_block(recipient), recipient)
        return person is not None and any(
            entry.reason == reason
            and scope in {None, found}
            and (entry.until is None or (until_ms is not None and epoch_ms(entry.until) >= until_ms))
            for found, entry in person.entries.items()
        )

    def accuse(
        self, recipient: str, fact: Fact, *, now_ms: int, upto: int, why: str | None = None
    ) -> list[Suppression]:
        """Hold a fact against (or for) a person. Of the failures of a message the first counts, of a mail the last."""
        person = self.table.get(_block(recipient), recipient) or Person([], {})
        fact, facts = shared(fact), list(person.facts)
        if _is_erased(person) and not _is_said(fact):
            return []
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
        if person is None or _is_erased(person):
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

    def erase(
        self, recipient: str, *, by: str, at_ms: int, now_ms: int, upto: int, why: str
    ) -> list[Suppression | Listing]:
        """Forget somebody under the address; under its hash nobody contacts them again."""
        assert self._erase_key is not None, "a command to erase is refused without it"
        name, plain = hashed(recipient, self._erase_key), self.table.get(_block(recipient), recipient)
        known = self.table.get(_block(name), name) or Person([], {})
        kept = {without_traces(f) for f in (*(plain.facts if plain else ()), *known.facts) if _is_for_ever(f)}
        erased = [fact for fact in known.facts if fact.category == "erased"] if _is_erased(known) else []
        wish = Fact(
            at_ms, "add", "staff", "", category="erased", rule="command", channel=recipient.partition(":")[0], by=by
        )
        self._hashed.add(name)
        gone: list[Suppression | Listing] = list(self._vanish(recipient, now_ms=now_ms, upto=upto))
        self._dues = [(due_ms, known_as) for due_ms, known_as in self._dues if known_as != recipient]
        heapify(self._dues)
        self._set_due()
        facts = [*sorted(kept), *(erased or [wish])]
        return gone + self._judge(name, known, facts, now_ms=now_ms, upto=upto, asked=facts[-1], why=why)

    @property
    def to_rename(self) -> int:
        """How many are still known by their address where all are to be known by their hash."""
        return len(self._plain)

    @property
    def hashed(self) -> int:
        """How many are known by their hash where most are known by their address."""
        return len(self._hashed)

    def rename_one(self, *, now_ms: int, upto: int) -> list[Listing]:
        """Somebody known by the address is known by the hash from now on, with all that is held against them."""
        recipient = self._plain.pop()
        person = self.table.get(_block(recipient), recipient)
        if person is None or self._erase_key is None:
            return []
        name, gone = hashed(recipient, self._erase_key), self._vanish(recipient, now_ms=now_ms, upto=upto)
        self.table.put(_block(name), name, person)
        self._names.add(name)
        self._watch(name, person)
        at = from_epoch_ms(now_ms)
        return gone + [Listing(name, scope, entry, at, upto) for scope, entry in sorted(person.entries.items())]

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
                self._hashed.discard(recipient)
        self._set_due()
        return changes

    def loaded(self) -> None:
        """The table was filled from the journal: find again when each person is looked at."""
        self._dues, self._due, self._names = [], {}, set()
        names = {recipient: _is_erased(person) for _, recipient, person in self.table}
        self._hashed = {name for name in names if is_hashed(name) and (names[name] or not self._is_hashed)}
        self._plain = [name for name in names if not is_hashed(name)] if self._is_hashed else []
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

    def _vanish(self, recipient: str, *, now_ms: int, upto: int) -> list[Listing]:
        """Nothing under this name stays, neither here nor on the list nor in the journal."""
        person = self.table.get(_block(recipient), recipient)
        if person is None:
            return []
        self.table.erase(_block(recipient), recipient)
        self._names.discard(recipient)
        self._due.pop(recipient, None)
        return [Listing(recipient, scope, None, from_epoch_ms(now_ms), upto) for scope in sorted(person.entries)]

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


def _is_erased(person: Person) -> bool:
    found = person.entries.get("*")
    return found is not None and found.reason == "erased"


def _is_said(fact: Fact) -> bool:
    """What a person said, or staff asked: nothing else matters of somebody who was erased."""
    return fact.kind in {"stop", "start", "add", "restore"} or fact.category in NEVER_LIFTED_BY_DELIVERY


def _is_for_ever(fact: Fact) -> bool:
    """What a forced restore alone lifts, and such a restore."""
    return fact.category in {"complaint", "legal"} or (fact.kind == "restore" and fact.is_forced)


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
