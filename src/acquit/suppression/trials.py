"""How often each row of the policy was met so far, and how often it has held: what decides whether a failure holds."""

from collections.abc import Sequence
from typing import NamedTuple

from acquit.rules.policy import DAY_MS, LADDER_DAYS, PolicyRule
from acquit.suppression.facts import Fact
from acquit.suppression.keys import named
from acquit.suppression.verdicts import Verdicts, is_contradicted

FOR_EVER = 1 << 60
AGAIN_MS = 30 * DAY_MS
"""What a delivery or a restore made void may be told again so much later at most."""


class Sentence(NamedTuple):
    """A failure holds: by this row, in this scope, until then (None: until somebody lifts it)."""

    rule: PolicyRule
    scope: str
    until_ms: int | None


class _Place(NamedTuple):
    """What is counted together: failures of one rule, by its place in the policy, in one scope."""

    rule: int
    scope: str


class _Met(NamedTuple):
    at_ms: int
    weight: float
    is_whole: bool  # of a category that may hold alone


class _Held(NamedTuple):
    step: int
    until_ms: int


class Trials:
    """The counts of one person, by row and scope."""

    def __init__(self, policy: Sequence[PolicyRule], verdicts: Verdicts) -> None:
        self._policy = policy
        self._verdicts = verdicts
        self._met: dict[_Place, list[_Met]] = {}
        self._held: dict[_Place, _Held] = {}
        self._probation: set[str] = set()
        self._told_until_ms = 0

    def decide(self, fact: Fact) -> Sentence | None:
        """The hold that this failure brings: by the first rule that it matches and fulfils.

        A contradicted route's word counts for less: what it calls permanent is weak evidence, and the rest a half.
        """
        is_weak, is_hard = is_contradicted(self._verdicts, fact), fact.permanence == "permanent"
        permanence = "transient" if is_weak and is_hard else fact.permanence
        doubled, found = set[str](), None
        for number, rule in enumerate(self._policy):
            if not rule.matches(fact.channel, fact.category, permanence, fact.code or None, fact.rule):
                continue
            place = _Place(number, _scope(rule, fact))
            weight = (0.5 if fact.category in rule.halves else 1) * (0.5 if is_weak and not is_hard else 1)
            is_double = is_hard and place.scope in self._probation
            if is_double:
                doubled.add(place.scope)
            met = self._met.setdefault(place, [])
            met.append(_Met(fact.at_ms, weight * (1 + is_double), fact.category in rule.categories))
            self._told_until_ms = max(self._told_until_ms, _told_until_ms(rule, fact))
            if _is_fulfilled(rule, met):
                found = Sentence(rule, place.scope, self._until_ms(place, fact.at_ms, is_double=is_double))
                break
        self._probation -= doubled
        return found

    def deliver(self) -> None:
        """A message arrived: what a delivery lifts begins anew, and who was restored has proven to be there."""
        self._forget([p for p in (*self._met, *self._held) if "delivery" in self._policy[p.rule].lifted_by])
        self._probation.clear()

    def restore(self, scope: str) -> None:
        """A restore wipes the slate of its scope: what was counted before it counts no more. The next hard failure does so
        twice: it is a step up the ladder at once.
        """
        self._forget([place for place in (*self._met, *self._held) if place.scope == scope])
        self._probation.add(scope)

    @property
    def matter_until_ms(self) -> int:
        """When nothing of this can change a judgement any more; FOR_EVER, if never."""
        untils = [self._told_until_ms]
        for place, met in self._met.items():
            rule = self._policy[place.rule]
            if rule.is_counting:
                untils.append(FOR_EVER if rule.within_days is None else met[-1].at_ms + _ms(rule.within_days))
        for place, held in self._held.items():
            if len(self._policy[place.rule].hold_days) > 1:
                untils.append(held.until_ms + _ms(LADDER_DAYS))
        return min(FOR_EVER, max(untils))

    def _forget(self, places: list["_Place"]) -> None:
        for place in places:
            self._met.pop(place, None)
            self._held.pop(place, None)

    def _until_ms(self, place: "_Place", at_ms: int, *, is_double: bool) -> int | None:
        """A failure while its rule holds is the same step; one after it, the next; one long after it, the first again."""
        hold_days = self._policy[place.rule].hold_days
        before, step = self._held.get(place), int(is_double)
        if before is not None and at_ms < before.until_ms + _ms(LADDER_DAYS):
            step += before.step if at_ms < before.until_ms else before.step + 1
        days = hold_days[min(step, len(hold_days) - 1)]
        until_ms = None if days is None else at_ms + _ms(days)
        self._held[place] = _Held(step, FOR_EVER if until_ms is None else until_ms)
        return until_ms


def _is_fulfilled(rule: PolicyRule, met: list[_Met]) -> bool:
    """`met` ends with the failure in question."""
    since = 0 if rule.within_days is None else met[-1].at_ms - rule.within_days * DAY_MS
    recent = [failure for failure in met if failure.at_ms > since]
    return (
        sum(failure.weight for failure in recent) >= rule.times
        and len({failure.at_ms // DAY_MS for failure in recent}) >= rule.distinct_days
        and any(failure.is_whole for failure in recent)
    )


def _scope(rule: PolicyRule, fact: Fact) -> str:
    """`acct` becomes the message's own account; where that is not known the rule holds for everyone."""
    whose, _, stream = rule.scope.partition(":")
    owner = f"acct:{named(fact.account)}" if whose == "acct" and fact.account else "*"
    return f"{owner}:{stream}" if stream else owner


def _told_until_ms(rule: PolicyRule, fact: Fact) -> int:
    return fact.at_ms + (AGAIN_MS if rule.span_days is None else min(AGAIN_MS, _ms(rule.span_days)))


def _ms(days: float) -> int:
    return round(days * DAY_MS)
