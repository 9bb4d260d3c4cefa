"""The judgement on one person: facts in, entries of the list out. It is made again from the start whenever a fact comes.

So it does not matter in which order facts arrive, and a fact that is withdrawn leaves no trace.
"""

import math
from collections.abc import Iterable, Sequence

from msgspec import Struct

from acquit.effects import Entry, Evidence
from acquit.events import from_epoch_ms
from acquit.rules.policy import DAY_MS, PolicyRule
from acquit.suppression.keys import named

LIFTED_BY_START = frozenset({"stop", "opted_out"})
"""What a person said, a person takes back. Nothing else is lifted by START."""
_GRAVITY = ("opted_out", "stop", "manual", "complaint", "legal")


class Fact(Struct, array_like=True, frozen=True, order=True):
    """Something that counts for or against contacting a person. Facts sort by time, then by what makes the order certain.

    `kind`: failure (a receipt's verdict on the recipient), stop, start, add, restore (the last two by staff).
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


def judge(facts: Iterable[Fact], policy: Sequence[PolicyRule], *, now_ms: int) -> dict[str, Entry]:
    """The entries by scope that these facts add up to at this time; those that have expired are not among them.

    Holds lie on top of one another: when START lifts a stop, a hard bounce below it still holds.
    """
    holds: list[tuple[str, Entry]] = []
    trials = _Trials(policy)
    for fact in sorted(facts):
        match fact.kind:
            case "failure":
                holds += trials.verdict(fact)
            case "stop":
                holds.append((fact.scope, _entry(fact, "stop", "stop", None)))
            case "add":
                holds.append((fact.scope, _entry(fact, fact.category, "command", fact.until_ms or None)))
            case "start":
                holds = [hold for hold in holds if not _is_taken_back(hold, fact)]
            case "restore":
                holds = [(scope, entry) for scope, entry in holds if scope != fact.scope]
                trials.forget()
    return _on_top(holds, now_ms)


def _is_taken_back(hold: tuple[str, Entry], start: Fact) -> bool:
    """A return to one list takes back what was said of that list; a START without one, whatever was said."""
    scope, entry = hold
    return entry.reason in LIFTED_BY_START and start.scope in {"*", scope}


class _Trials:
    """How often each policy rule was met so far, and how often it has held."""

    def __init__(self, policy: Sequence[PolicyRule]) -> None:
        self._policy = policy
        self._met: dict[str, list[int]] = {}
        self._holds: dict[str, int] = {}

    def verdict(self, fact: Fact) -> list[tuple[str, Entry]]:
        """The hold that this failure brings: by the first rule that it matches and fulfils."""
        for rule in self._policy:
            if rule.matches(fact.channel, fact.category, fact.permanence, fact.code or None):
                met = self._met.setdefault(rule.id, [])
                met.append(fact.at_ms)
                if _is_fulfilled(rule, met):
                    return [
                        (_scope(rule, fact), _entry(fact, fact.category, rule.id, self._until_ms(rule, fact.at_ms)))
                    ]
        return []

    def forget(self) -> None:
        """A restore wipes the slate: what was counted before it counts no more."""
        self._met.clear()
        self._holds.clear()

    def _until_ms(self, rule: PolicyRule, at_ms: int) -> int | None:
        held = self._holds.get(rule.id, 0)
        self._holds[rule.id] = held + 1
        days = rule.hold_days[min(held, len(rule.hold_days) - 1)]
        return None if days is None else at_ms + round(days * DAY_MS)


def _is_fulfilled(rule: PolicyRule, met: list[int]) -> bool:
    """`met` ends with the failure in question."""
    since = 0 if rule.within_days is None else met[-1] - rule.within_days * DAY_MS
    recent = [at_ms for at_ms in met if at_ms > since]
    return len(recent) >= rule.times and len({at_ms // DAY_MS for at_ms in recent}) >= rule.distinct_days


def _scope(rule: PolicyRule, fact: Fact) -> str:
    """`acct` becomes the message's own account; where that is not known the rule holds for everyone."""
    whose, _, stream = rule.scope.partition(":")
    owner = f"acct:{named(fact.account)}" if whose == "acct" and fact.account else "*"
    return f"{owner}:{stream}" if stream else owner


def _entry(fact: Fact, reason: str, rule: str, until_ms: int | None) -> Entry:
    until = None if until_ms is None else from_epoch_ms(until_ms)
    return Entry(reason, from_epoch_ms(fact.at_ms), rule, fact.evidence, until)


def _on_top(holds: list[tuple[str, Entry]], now_ms: int) -> dict[str, Entry]:
    """Of each scope the hold that shows: the one that lasts longest, of equal ones the gravest, then the oldest."""
    now, entries = from_epoch_ms(now_ms), dict[str, Entry]()
    for scope, entry in holds:
        if entry.until is None or entry.until > now:
            entries[scope] = max(entries.get(scope, entry), entry, key=_weight)
    return entries


def _weight(entry: Entry) -> tuple[float, int, float]:
    until = math.inf if entry.until is None else entry.until.timestamp()
    gravity = _GRAVITY.index(entry.reason) if entry.reason in _GRAVITY else -1
    return until, gravity, -entry.since.timestamp()
