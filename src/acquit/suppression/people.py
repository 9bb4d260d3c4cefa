"""Everyone against whom something is held: their facts, and the entries of the list that follow from them.

Who is erased, and everyone where the hashing is for all, is known by a keyed hash alone (erasing.py).
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from acquit.blocks import Blocks
from acquit.effects import Change, Entry, Held, Listing, Suppression
from acquit.events import CATEGORIES, Verdict, epoch_ms, from_epoch_ms
from acquit.reasons.revising import is_of_port
from acquit.rules.policy import DAY_MS, PolicyRule
from acquit.suppression import verdicts as verdict_log
from acquit.suppression.breaker import Breaker, is_breakable
from acquit.suppression.dead import is_dead, is_death
from acquit.suppression.dues import Dues
from acquit.suppression.erasing import erased_facts, is_erased, is_said
from acquit.suppression.facts import (
    MIRROR,
    Fact,
    HeldFact,
    Joined,
    Person,
    evidence,
    failure_of,
    is_kept_beside_failures,
    is_same,
    joined,
    limit,
    shared,
    unexplained,
)
from acquit.suppression.held import (
    added,
    decided,
    dropped,
    has_failed,
    held_due_ms,
    kept_back,
    listed,
    overdue,
    released,
    shown,
    withdrawn,
)
from acquit.suppression.judge import Judgement, judge
from acquit.suppression.keys import Hashing, hashed, is_hashed
from acquit.suppression.verdicts import Verdicts

BLOCKS = 256
KINDS_LIMIT = 10_000
"""Kinds of failure of which it is remembered whether they are held: a provider may invent codes without end."""


class _Cause(Struct, frozen=True):
    """What brings a change about: the log's clock, an offset, and who asked for it, if anybody did."""

    now_ms: int
    upto: int
    by: str | None = None
    why: str | None = None
    lifted: Change = "lifted"  # what it is when an entry goes


class People:
    """The list of one partition, as it follows from the facts. Only those of whom there is a fact are in it.

    A person against whom nothing is held is forgotten when no fact can matter to a judgement any more. What speaks for a
    person (a delivery, a reply, a click) is kept beside a failure alone: who never failed costs nothing.
    """

    def __init__(
        self, policy: tuple[PolicyRule, ...], verdicts: Verdicts | None = None, breaker: Breaker | None = None, *,
        hashing: Hashing | None = None,
    ) -> None:  # fmt: skip
        self.table: Blocks[Person] = Blocks(Person)
        self.verdicts = {} if verdicts is None else verdicts
        self.breaker = Breaker() if breaker is None else breaker
        self._told: set[str] = set()  # of whom it is to be told what is held
        self._held_ms = round(self.breaker.limits.held_days * DAY_MS)
        self._policy = policy
        self._dues = Dues()
        self._names: set[str] = set()  # of all in the table, for nearly every event asks
        self._erase_key = hashing.key if hashing else None
        self._is_hashed = hashing is not None and hashing.is_for_all
        self._hashed: set[str] = set()  # who is known by the hash though others are not, or was erased
        self._plain: list[str] = []  # where all are to be known by their hash: who is not yet
        self._kinds: dict[tuple[str, str, str, str], bool] = {}
        self._by_category: dict[str, tuple[PolicyRule, ...]] = {
            category: tuple(rule for rule in policy if category in rule.categories | rule.halves)
            for category in CATEGORIES
        }

    @property
    def due_ms(self) -> int:
        """Before then nothing expires."""
        return self._dues.next_ms

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
        """Hold a fact against (or for) a person, unless it is a failure that the circuit breaker keeps from counting."""
        person = self.table.get(_block(recipient), recipient) or Person([], {})
        fact = shared(fact)
        if is_erased(person) and not is_said(fact):
            return []
        found = added(person, fact)
        if found is None:
            return []
        facts, held = found
        cause = _Cause(now_ms, upto, fact.by or None, why)
        would = self._judged(facts, now_ms) if is_breakable(fact) else None
        if would is not None and would.entries != person.entries:
            is_new = not would.entries.keys() <= person.entries.keys()
            weighed = self.breaker.weigh(recipient, fact, is_new=is_new, now_ms=now_ms)
            if weighed.held is not None:
                changes = kept_back(recipient, person.entries, would.entries, now_ms=now_ms, upto=upto)
                self._judge(recipient, person, person.facts, cause, held=[*held, HeldFact(fact, weighed.held, now_ms)])
            else:
                changes = self._judge(recipient, person, facts, cause, held=held, found=would)
            return changes + self._take_back(weighed.opened, weighed.taken, cause)
        return self._judge(recipient, person, facts, cause, held=held, found=would, asked=fact if fact.by else None)

    def decide(
        self, recipient: str, name: Literal["release", "drop"], wanted: Mapping[str, str], *, by: str, why: str,
        now_ms: int, upto: int,
    ) -> list[Suppression]:  # fmt: skip
        """Staff says of what is held (for this route or carrier) that it counts, or that it never will."""
        person = self.table.get(_block(recipient), recipient)
        if person is None:
            return []
        facts, held = released(person, wanted)
        if name == "drop":
            facts, held = person.facts, dropped(person.held, wanted, now_ms)
        if held == person.held:
            return []
        changes = self._judge(recipient, person, facts, _Cause(now_ms, upto, by, why), held=held)
        word: Change = "released" if name == "release" else "dropped"
        return changes or [decided(recipient, person.entries, word, now_ms=now_ms, upto=upto, by=by, why=why)]

    def acquit(
        self, recipient: str, provider: str, message_id: str, *, delivered_ms: int, delivery: Fact | None = None,
        now_ms: int, upto: int,
    ) -> list[Suppression]:  # fmt: skip
        """The message arrived after all: a failure up to then is withdrawn; a complaint or an opt-out is none.

        The delivery itself, where it was to the handset, speaks for the person against older failures, too.
        """
        person = self.table.get(_block(recipient), recipient)
        if person is None or is_erased(person):
            return []
        told = [failure_of(person.facts, provider, message_id, category) for category in ("", MIRROR)]
        void = [fact for fact in told if fact is not None and fact.at_ms <= delivered_ms]
        facts = [fact for fact in person.facts if fact not in void]
        held = withdrawn(person.held, provider, message_id, delivered_ms) if person.held else person.held
        if delivery is not None and delivery not in facts:
            facts.append(shared(delivery))
            limit(facts)
        if not has_failed(facts, held):
            facts = [fact for fact in facts if not is_kept_beside_failures(fact)]
        if sorted(facts) == sorted(person.facts) and held == person.held:
            return []
        return self._judge(recipient, person, facts, _Cause(now_ms, upto), held=held)

    def learn(
        self, recipient: str, provider: str, message_id: str, told: Joined, *, ported_ms: int | None, now_ms: int,
        upto: int,
    ) -> list[Suppression]:  # fmt: skip
        """The submit of a message came after its failure: whose it was, and that its number was ported, is known now."""
        person = self.table.get(_block(recipient), recipient)
        if person is None:
            return []
        facts = [joined(fact, provider, message_id, told) for fact in person.facts]
        facts = [fact for fact in facts if not _is_of_port(fact, provider, message_id, ported_ms)]
        held = [replace(one, fact=joined(one.fact, provider, message_id, told)) for one in person.held]
        held = [one for one in held if not _is_of_port(one.fact, provider, message_id, ported_ms)]
        if facts == person.facts and held == person.held:
            return []
        return self._judge(recipient, person, facts, _Cause(now_ms, upto), held=held)

    def erase(
        self, recipient: str, *, by: str, at_ms: int, now_ms: int, upto: int, why: str
    ) -> list[Suppression | Listing]:
        """Forget somebody under the address; under its hash nobody contacts them again."""
        assert self._erase_key is not None, "a command to erase is refused without it"
        name, plain = hashed(recipient, self._erase_key), self.table.get(_block(recipient), recipient)
        known = self.table.get(_block(name), name) or Person([], {})
        facts = erased_facts(plain, known, recipient.partition(":")[0], by=by, at_ms=at_ms)
        self._hashed.add(name)
        gone: list[Suppression | Listing] = list(self._vanish(recipient, now_ms=now_ms, upto=upto))
        self._dues.erase(recipient)
        return [*gone, *self._judge(name, known, facts, _Cause(now_ms, upto, by, why), asked=facts[-1])]

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
        self._dues.watch(name, person.due_ms)
        if person.held:
            self.breaker.book([], person.held)
            self._told.add(name)
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
            for change in self._judge(recipient, person, person.facts, _Cause(now_ms, upto))
        ]

    def expire(self, *, now_ms: int, upto: int) -> list[Suppression]:
        """What has expired by this time leaves the list, in the order of its expiry; who need not be known is forgotten.

        What is held and nobody decided is dropped.
        """
        changes: list[Suppression] = []
        for due_ms, recipient in self._dues.take(now_ms):
            person = self.table.get(_block(recipient), recipient)
            if person is None:
                continue
            if person.due_ms > due_ms:  # it was prolonged, and its time comes in its turn
                self._dues.watch(recipient, person.due_ms)
                continue
            before, held = person.held, overdue(person.held, now_ms, self._held_ms)
            cause = _Cause(now_ms, upto, lifted="expired")
            changes += self._judge(recipient, person, person.facts, cause, held=held)
            if len(listed(held)) < len(listed(before)):
                why = f"held for {self.breaker.limits.held_days:g} days"
                changes.append(decided(recipient, person.entries, "dropped", now_ms=now_ms, upto=upto, why=why))
            if self.is_known(recipient) and not person.entries and person.due_ms <= now_ms:
                self._remove(recipient)
                self._dues.forget(recipient)
                self._hashed.discard(recipient)
        return changes

    def loaded(self, clock_ms: int = 0) -> None:
        """The table was filled from the journal: find again when each person is looked at."""
        self._dues, self._names = Dues(), set()
        names = {recipient: is_erased(person) for _, recipient, person in self.table}
        self._hashed = {name for name in names if is_hashed(name) and (names[name] or not self._is_hashed)}
        self._plain = [name for name in names if not is_hashed(name)] if self._is_hashed else []
        for _, recipient, person in self.table:
            self._names.add(recipient)
            person.facts = [shared(fact) for fact in person.facts]
            person.held = [replace(one, fact=shared(one.fact)) for one in person.held]
            self._dues.watch(recipient, person.due_ms)
        self.breaker.loaded(clock_ms, (one for _, _, person in self.table for one in person.held))

    def take_held(self, *, upto: int) -> list[Held]:
        """What is held of each person of whom that changed since it was asked last."""
        if not self._told:
            return []
        people = [(recipient, self.table.get(_block(recipient), recipient)) for recipient in sorted(self._told)]
        self._told.clear()
        return [Held(name, [shown(one) for one in listed(p.held)] if p else [], upto) for name, p in people]

    def _take_back(self, place: str, taken: Mapping[str, Sequence[Fact]], cause: _Cause) -> list[Suppression]:
        """The breaker has just opened: what counted in the minutes before it is held as well."""
        changes, cause = list[Suppression](), replace(cause, lifted="held")
        for recipient, told in sorted(taken.items()):
            person = self.table.get(_block(recipient), recipient)
            ours = [fact for fact in person.facts if any(is_same(fact, one) for one in told)] if person else []
            if person is not None and ours:
                facts = [fact for fact in person.facts if fact not in ours]
                held = [*person.held, *(HeldFact(fact, place, cause.now_ms) for fact in ours)]
                changes += self._judge(recipient, person, facts, cause, held=held)
        return changes

    def _judge(
        self, recipient: str, person: Person, facts: list[Fact], cause: _Cause, *, held: list[HeldFact] | None = None,
        found: Judgement | None = None, asked: Fact | None = None,
    ) -> list[Suppression]:  # fmt: skip
        found = found or self._judged(facts, cause.now_ms)
        before = person.entries
        self._put(recipient, person, facts, person.held if held is None else held, found, cause.now_ms)
        at, by, why = from_epoch_ms(cause.now_ms), cause.by, cause.why
        changes = [
            Suppression(recipient, scope, change, at, after, was_held, cause.upto, by, why)
            for scope in sorted({*before, *person.entries})
            if (change := _change(was_held := before.get(scope), after := person.entries.get(scope), cause.lifted))
        ]
        if asked in found.refused and asked is not None:
            entry = person.entries.get(asked.scope)
            changes.append(Suppression(recipient, asked.scope, "refused", at, entry, entry, cause.upto, by, why))
        return changes

    def _remove(self, recipient: str) -> None:
        self.table.remove(_block(recipient), recipient)
        self._names.discard(recipient)

    def _vanish(self, recipient: str, *, now_ms: int, upto: int) -> list[Listing]:
        """Nothing under this name stays, neither here nor on the list nor in the journal."""
        person = self.table.get(_block(recipient), recipient)
        if person is None:
            return []
        self.table.erase(_block(recipient), recipient)
        self.breaker.forget(recipient)
        if person.held:
            self.breaker.book(person.held, [])
            self._told.add(recipient)
        self._names.discard(recipient)
        self._dues.forget(recipient)
        return [Listing(recipient, scope, None, from_epoch_ms(now_ms), upto) for scope in sorted(person.entries)]

    def _put(
        self, recipient: str, person: Person, facts: list[Fact], held: list[HeldFact], found: Judgement, now_ms: int
    ) -> None:
        was = (person.facts, person.entries, person.due_ms, person.held)
        person.facts, person.entries, person.due_ms, person.held = facts, found.entries, found.due_ms, held
        if held:
            end_ms = held_due_ms(held, self._held_ms)
            person.due_ms = end_ms if found.due_ms <= now_ms else min(found.due_ms, end_ms)
        if not facts and not held:
            self._remove(recipient)
        else:
            if was != (facts, found.entries, person.due_ms, held):
                self.table.put(_block(recipient), recipient, person)
                self._names.add(recipient)
            self._dues.watch(recipient, person.due_ms)
        if was[3] != held:
            self.breaker.book(was[3], held)
            self._told.add(recipient)

    def _judged(self, facts: list[Fact], now_ms: int) -> Judgement:
        return judge(evidence(facts), self._asking(facts), now_ms=now_ms, verdicts=self.verdicts)

    def _asking(self, facts: list[Fact]) -> tuple[PolicyRule, ...]:
        """The rows that may ask after these failures; most people fail in one way alone."""
        categories = {fact.category for fact in facts if fact.kind == "failure"}
        return self._by_category.get(next(iter(categories)), ()) if len(categories) == 1 else self._policy


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
