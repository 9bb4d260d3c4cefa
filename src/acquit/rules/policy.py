"""The format of `policy.toml`: which failures suppress whom, where and for how long. All of policy is rows of this form."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeVar, get_args

from msgspec import Struct

from acquit.events import CATEGORIES, CHANNELS, PERMANENCES, Category, Channel, Permanence
from acquit.rules.toml_rows import Row, rows_of

FOREVER = "forever"
DAY_MS = 86_400_000
LADDER_DAYS = 365
"""So long after a hold is over a new one is the next step of its ladder; later, it is the first again."""

Word = TypeVar("Word", bound=str)
Lift = Literal["delivery", "start", "restore"]
LIFTS: tuple[Lift, ...] = get_args(Lift)
"""What may end a hold before its time: a newer delivery to the handset, the person's START, a restore by staff."""
SAID: Mapping[Category, frozenset[Lift]] = {"opted_out": frozenset({"start", "restore"}), "complaint": frozenset()}
"""What a person said never expires, and has nothing to do with what arrives. A complaint yields to a forced restore alone."""
OTHERWISE: frozenset[Lift] = frozenset({"delivery", "restore"})


class PolicyRule(Struct, frozen=True):
    """After `times` final failures that match, within `within_days` and on `distinct_days`, hold the address.

    A failure of `halves` counts for a half; one that is not of `categories` as well never holds anybody alone. What
    `lifted_by` has lifts the hold, and wipes what was counted and the steps of the ladder with it.
    The n-th hold lasts `hold_days[n]`, the last entry for all later ones; None holds until somebody lifts it. A failure
    while it holds lengthens it and is no step.
    The first rule of the file that matches a failure and is fulfilled decides.
    """

    id: str
    categories: frozenset[Category]
    permanence: Permanence | None  # None: any
    channels: frozenset[Channel]
    codes: frozenset[str]  # empty: any; casefolded
    scope: str  # "*", "*:<stream>", "acct" or "acct:<stream>", the account being the message's own
    times: int
    within_days: float | None  # None: ever
    distinct_days: int
    hold_days: tuple[float | None, ...]
    source: str
    place: str = ""  # file and line
    halves: frozenset[Category] = frozenset()
    lifted_by: frozenset[Lift] = OTHERWISE
    reply_hours: float = 0  # so long after the person replied the hold does not count
    rules: frozenset[str] = frozenset()  # ids of the rows that decided the failure; empty: any
    reply_codes: frozenset[str] = frozenset()  # of the failure that it rests on; empty: any; casefolded

    def matches(self, channel: str, category: str, permanence: str, code: str | None, rule: str | None = None) -> bool:
        """Whether it is asked of such a failure; without the rule that decided it, whether it may be."""
        return (
            (category in self.categories or category in self.halves)
            and channel in self.channels
            and (self.permanence is None or permanence == self.permanence)
            and (not self.codes or (code is not None and code.casefold() in self.codes))
            and (not self.rules or rule is None or rule.partition("+")[0].casefold() in self.rules)
        )

    @property
    def is_counting(self) -> bool:
        """Whether one failure alone is not enough."""
        return self.times > 1 or self.distinct_days > 1

    @property
    def span_days(self) -> float | None:
        """How long one failure may matter to this rule by itself: as long as it counts, or could hold. None: for ever."""
        if self.is_counting:
            return self.within_days
        return None if None in self.hold_days else max(days for days in self.hold_days if days is not None)


_FIELDS = {"id", "categories", "halves", "permanence", "channels", "codes", "rules", "scope", "times", "within_days",
           "distinct_days", "hold_days", "lifted_by", "reply_hours", "reply_codes", "enabled", "source"}  # fmt: skip
_SCOPE = re.compile(r"(\*|acct)(:[A-Za-z0-9_.-]+)?")


def policy_rules(paths: list[Path]) -> tuple[PolicyRule, ...]:
    """The rules of all files; a rule of a later file replaces that of the same id, `enabled = false` removes it."""
    rules: dict[str, PolicyRule] = {}
    for path in paths:
        seen: set[str] = set()
        for row in rows_of(path, "rule", _FIELDS):
            identity = row.once(seen, "id")
            if "enabled" in row.values and not row.yes("enabled"):
                rules.pop(identity, None)
            else:
                rules[identity] = _rule(row)
    return tuple(rules.values())


def told(rule: PolicyRule) -> str:
    """The rule as a sentence for people."""
    times = "at once" if not rule.is_counting else f"after {max(rule.times, rule.distinct_days)} times"
    if rule.is_counting and rule.within_days is not None:
        times += f" within {_days_told(rule.within_days)}"
    if rule.distinct_days > 1:
        times += f" on {rule.distinct_days} days"
    holds = ", then ".join("for ever" if days is None else _days_told(days) for days in rule.hold_days)
    lifts = " or ".join(lift for lift in LIFTS if lift in rule.lifted_by) or "a forced restore alone"
    pause = f", not for {rule.reply_hours:g} hours after a reply" if rule.reply_hours else ""
    pause += f" where the code was {' or '.join(sorted(rule.reply_codes))}" if rule.reply_codes else ""
    return f"suppressed {times} in scope {rule.scope}, {holds}{pause}; lifted by {lifts}"


def _days_told(days: float) -> str:
    return f"{days:g} day{'s' * (days != 1)}"


def failures_of(rule: PolicyRule) -> str:
    """What the rule asks after, for people."""
    kinds = " or ".join([*sorted(rule.categories - rule.halves), *(f"{half} (half)" for half in sorted(rule.halves))])
    codes = f" with code {' or '.join(sorted(rule.codes))}" if rule.codes else ""
    codes += f" by {' or '.join(sorted(rule.rules))}" if rule.rules else ""
    permanence = f"{rule.permanence} " if rule.permanence else ""
    return f"{permanence}{kinds}{codes} on {', '.join(channel for channel in CHANNELS if channel in rule.channels)}"


def _rule(row: Row) -> PolicyRule:
    permanence: Permanence | None = None
    if "permanence" in row.values:
        permanence = row.one_of("permanence", row.values["permanence"], PERMANENCES)
    scope = row.text("scope")
    if not _SCOPE.fullmatch(scope):
        raise row.wrong("scope", 'must be "*", "*:<stream>", "acct" or "acct:<stream>"')
    categories = _words(row, "categories", CATEGORIES)
    rule = PolicyRule(
        id=row.text("id"),
        categories=categories,
        halves=_words(row, "halves", CATEGORIES) if "halves" in row.values else frozenset(),
        permanence=permanence,
        channels=_words(row, "channels", CHANNELS),
        codes=_codes(row, "codes"),
        scope=scope,
        times=row.whole("times"),
        within_days=_days(row, "within_days", row.values["within_days"]) if "within_days" in row.values else None,
        distinct_days=row.whole("distinct_days"),
        hold_days=tuple(_days(row, "hold_days", d) for d in row.many("hold_days")),
        lifted_by=_lifted_by(row, categories),
        reply_hours=_hours(row),
        reply_codes=_codes(row, "reply_codes"),
        rules=_codes(row, "rules"),
        source=row.text("source"),
        place=row.place,
    )
    _check_said(row, rule)
    return rule


def _words(row: Row, field: str, words: tuple[Word, ...]) -> frozenset[Word]:
    return frozenset(row.one_of(field, word, words) for word in row.many(field))


def _codes(row: Row, field: str) -> frozenset[str]:
    return frozenset(str(code).casefold() for code in (row.many(field) if field in row.values else []))


def _lifted_by(row: Row, categories: frozenset[Category]) -> frozenset[Lift]:
    if "lifted_by" in row.values:
        if row.values["lifted_by"] == []:
            return frozenset()
        return _words(row, "lifted_by", LIFTS)
    lifts = {SAID.get(category, OTHERWISE) for category in categories}
    if len(lifts) > 1:
        raise row.wrong("lifted_by", "must be said where categories are lifted by different things")
    return lifts.pop()


def _check_said(row: Row, rule: PolicyRule) -> None:
    """Opt-outs and complaints never expire, and no delivery lifts them."""
    if not SAID.keys() & (rule.categories | rule.halves):
        return
    if "delivery" in rule.lifted_by:
        raise row.wrong("lifted_by", "a delivery lifts no opt-out and no complaint")
    if rule.hold_days != (None,):
        raise row.wrong("hold_days", f'must be ["{FOREVER}"]: opt-outs and complaints never expire')
    if rule.is_counting:
        raise row.wrong("times", "must be 1: one opt-out or complaint is enough")


def _hours(row: Row) -> float:
    value = row.values.get("reply_hours", 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 8_760:
        raise row.wrong("reply_hours", "must be a number of hours from 0 to 8760")
    return float(value)


def _days(row: Row, field: str, value: object) -> float | None:
    if value == FOREVER:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 36_500:
        raise row.wrong(field, f'must be a number of days over 0, or "{FOREVER}"')
    return float(value)
