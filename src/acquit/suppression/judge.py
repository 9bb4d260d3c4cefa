"""The judgement on one person: facts in, entries of the list out. It is made again from the start whenever a fact comes.

So it does not matter in which order facts arrive, and a fact that is withdrawn leaves no trace.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from acquit.effects import Entry
from acquit.events import LATEST, epoch_ms, from_epoch_ms
from acquit.reasons.revising import PORTING
from acquit.rules.policy import DAY_MS, OTHERWISE, SAID, Lift, PolicyRule
from acquit.suppression.dead import matters_until_ms
from acquit.suppression.facts import Fact
from acquit.suppression.trials import FOR_EVER, Trials
from acquit.suppression.verdicts import Verdicts, is_contradicted

SAID_MS = 365 * DAY_MS
"""What lifts holds (START, a restore) is remembered so long: what it lifted may be told late, or again."""
LATE_MS = 3 * DAY_MS
"""What happened may be told so much later: nobody is forgotten sooner after it stopped to matter."""
_HOUR_MS = 3_600_000
_GRAVITY = ("opted_out", "stop", "manual", "complaint", "legal", "erased")
_BY_STAFF: frozenset[Lift] = frozenset({"restore"})
ADDED: Mapping[str, frozenset[Lift]] = {
    "opted_out": SAID["opted_out"], "stop": SAID["opted_out"], "erased": SAID["opted_out"], "manual": _BY_STAFF,
    "complaint": SAID["complaint"], "legal": frozenset(),
}  # fmt: skip
"""What lifts that which staff put on the list, by what it is held for: what the person said is lifted as if heard by us."""
_LATEST_MS = epoch_ms(LATEST)
_NO_VERDICTS: Verdicts = {}


class Hold(Struct, frozen=True):
    """Something held against a person: in which scope, what lifts it, and for how long it pauses after a reply."""

    scope: str
    entry: Entry
    lifted_by: frozenset[Lift]
    pause_ms: int = 0

    def is_over(self, at_ms: int) -> bool:
        return self.entry.until is not None and self.entry.until <= from_epoch_ms(at_ms)


class Judgement(Struct, frozen=True):
    """The list for one person. `due_ms`: when it is to be looked at again, or forgotten if nothing is held by then."""

    entries: dict[str, Entry]
    due_ms: int
    refused: list[Fact]  # restores that the policy does not allow


def judge(
    facts: Iterable[Fact], policy: Sequence[PolicyRule], *, now_ms: int, verdicts: Verdicts = _NO_VERDICTS
) -> Judgement:
    """The entries by scope that these facts add up to at this time; those that have expired are not among them.

    Holds lie on top of one another: when START lifts a stop, a hard bounce below it still holds.
    """
    case, matter_until_ms = _Case(policy, verdicts), 0
    for fact in sorted(facts):
        matter_until_ms = max(matter_until_ms, _matters_until_ms(fact))
        _TAKE[fact.kind](case, fact)
    in_force = [hold for hold in case.holds if not hold.is_over(now_ms)]
    pauses = [case.replied_ms + hold.pause_ms if case.replied_ms and hold.pause_ms else 0 for hold in in_force]
    entries = _on_top([hold for hold, end_ms in zip(in_force, pauses, strict=True) if end_ms <= now_ms])
    dues = [*map(_end_ms, entries.values()), *(end_ms for end_ms in pauses if end_ms > now_ms)]
    forget_ms = min(FOR_EVER, max(matter_until_ms, case.trials.matter_until_ms) + LATE_MS)
    return Judgement(entries, min(dues, default=forget_ms), case.refused)


class _Case:
    """How a person stands at a place in their history."""

    def __init__(self, policy: Sequence[PolicyRule], verdicts: Verdicts) -> None:
        self.trials = Trials(policy, verdicts)
        self.holds: list[Hold] = []
        self.refused: list[Fact] = []
        self.replied_ms = 0
        self._verdicts = verdicts

    def fail(self, fact: Fact) -> None:
        if fact.until_ms:
            until_ms = fact.until_ms if fact.until_ms < _LATEST_MS else None
            self.holds.append(Hold(fact.scope, _entry(fact, fact.category, fact.rule, until_ms), OTHERWISE))
            return
        sentence = self.trials.decide(fact)
        if sentence is not None:
            entry = _entry(fact, fact.category, sentence.rule.id, sentence.until_ms)
            self.holds.append(Hold(sentence.scope, entry, sentence.rule.lifted_by, _pause_ms(sentence.rule, fact)))

    def deliver(self, fact: Fact) -> None:
        if not is_contradicted(self._verdicts, fact):
            self.holds = [hold for hold in self.holds if "delivery" not in hold.lifted_by]
            self.trials.deliver()

    def reply(self, fact: Fact) -> None:
        self.replied_ms = fact.at_ms

    def engage(self, _fact: Fact) -> None:
        """It shows that somebody is there, and lifts nothing."""

    def stop(self, fact: Fact) -> None:
        self.holds.append(Hold(fact.scope, _entry(fact, "stop", "stop", None), SAID["opted_out"]))

    def start(self, fact: Fact) -> None:
        """A return to one list takes back what was said of that list; a START without one, whatever was said."""
        self.holds = [h for h in self.holds if "start" not in h.lifted_by or fact.scope not in {"*", h.scope}]

    def add(self, fact: Fact) -> None:
        entry = _entry(fact, fact.category, fact.rule, fact.until_ms or None)
        self.holds.append(Hold(fact.scope, entry, ADDED.get(fact.category, _BY_STAFF)))

    def port(self, _fact: Fact) -> None:
        """What it explains is not here."""

    def restore(self, fact: Fact) -> None:
        if any(_is_in_the_way(hold, fact) for hold in self.holds):
            self.refused.append(fact)
            return
        self.holds = [hold for hold in self.holds if hold.scope != fact.scope]
        self.trials.restore(fact.scope)


_TAKE: Mapping[str, Callable[[_Case, Fact], None]] = {
    "failure": _Case.fail, "delivered": _Case.deliver, "reply": _Case.reply, "engaged": _Case.engage,
    "stop": _Case.stop, "start": _Case.start, "add": _Case.add, "restore": _Case.restore, "port": _Case.port,
}  # fmt: skip


def _pause_ms(rule: PolicyRule, fact: Fact) -> int:
    is_paused = not rule.reply_codes or fact.code.casefold() in rule.reply_codes
    return round(rule.reply_hours * _HOUR_MS) if is_paused else 0


def _is_in_the_way(hold: Hold, restore: Fact) -> bool:
    """A hold that the policy lets no restore lift keeps its scope as it is, unless the restore is forced."""
    is_allowed = restore.is_forced or "restore" in hold.lifted_by
    return hold.scope == restore.scope and not is_allowed and not hold.is_over(restore.at_ms)


def _matters_until_ms(fact: Fact) -> int:
    """How long a fact may matter by itself. How long a failure counts and holds, the rows that it met know."""
    match fact.kind:
        case "failure":
            return max(matters_until_ms(fact), fact.until_ms if fact.until_ms < _LATEST_MS else 0)
        case "port":
            return fact.at_ms + round(PORTING.total_seconds() * 1000)
        case "start" | "restore":
            return fact.at_ms + SAID_MS
        case "stop" | "add":  # if nothing is held it was lifted, or is over
            return max(fact.at_ms, fact.until_ms)
    return 0  # it says something of a failure alone, and goes with it


def _end_ms(entry: Entry) -> int:
    return FOR_EVER if entry.until is None else round(entry.until.timestamp() * 1000)


def _entry(fact: Fact, reason: str, rule: str, until_ms: int | None) -> Entry:
    until = None if until_ms is None else from_epoch_ms(until_ms)
    return Entry(reason, from_epoch_ms(fact.at_ms), rule, fact.evidence, until)


def _on_top(holds: list[Hold]) -> dict[str, Entry]:
    """Of each scope the hold that shows: the one that lasts longest, of equal ones the gravest, then the oldest."""
    entries: dict[str, Entry] = {}
    for hold in holds:
        entries[hold.scope] = max(entries.get(hold.scope, hold.entry), hold.entry, key=_weight)
    return entries


def _weight(entry: Entry) -> tuple[float, int, float]:
    until = math.inf if entry.until is None else entry.until.timestamp()
    gravity = _GRAVITY.index(entry.reason) if entry.reason in _GRAVITY else -1
    return until, gravity, -entry.since.timestamp()
