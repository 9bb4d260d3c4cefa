"""The format of `policy.toml`: which failures suppress whom, where and for how long. All of policy is rows of this form."""

import re
from pathlib import Path

from msgspec import Struct

from acquit.events import CATEGORIES, CHANNELS, PERMANENCES, Category, Channel, Permanence
from acquit.rules.toml_rows import Row, rows_of

FOREVER = "forever"
DAY_MS = 86_400_000
LADDER_DAYS = 365
"""So long after a hold is over a new one is the next step of its ladder; later, it is the first again."""


class PolicyRule(Struct, frozen=True):
    """After `times` final failures that match, within `within_days` and on `distinct_days`, hold the address.

    The n-th hold lasts `hold_days[n]`, the last entry for all later ones; None holds until somebody lifts it. Who is not
    held for so long that no rule can ask after what was is forgotten, and begins anew.
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

    def matches(self, channel: str, category: str, permanence: str, code: str | None) -> bool:
        return (
            category in self.categories
            and channel in self.channels
            and (self.permanence is None or permanence == self.permanence)
            and (not self.codes or (code is not None and code.casefold() in self.codes))
        )

    @property
    def memory_days(self) -> float | None:
        """How long a failure may still matter to this rule: while it counts, while it holds, and as a step of a ladder
        for LADDER_DAYS after the longest hold that ends. None: for ever.
        """
        if self.is_counting and self.within_days is None:
            return None
        counts = self.within_days or 0.0 if self.is_counting else 0.0
        if len(self.hold_days) == 1:
            [held] = self.hold_days
            return None if held is None else max(counts, held)
        return max(counts, *(LADDER_DAYS + (days or 0.0) for days in self.hold_days))

    @property
    def is_counting(self) -> bool:
        """Whether one failure alone is not enough."""
        return self.times > 1 or self.distinct_days > 1


_FIELDS = {"id", "categories", "permanence", "channels", "codes", "scope", "times", "within_days", "distinct_days",
           "hold_days", "enabled", "source"}  # fmt: skip
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


def _rule(row: Row) -> PolicyRule:
    permanence: Permanence | None = None
    if "permanence" in row.values:
        permanence = row.one_of("permanence", row.values["permanence"], PERMANENCES)
    scope = row.text("scope")
    if not _SCOPE.fullmatch(scope):
        raise row.wrong("scope", 'must be "*", "*:<stream>", "acct" or "acct:<stream>"')
    return PolicyRule(
        id=row.text("id"),
        categories=frozenset(row.one_of("categories", c, CATEGORIES) for c in row.many("categories")),
        permanence=permanence,
        channels=frozenset(row.one_of("channels", c, CHANNELS) for c in row.many("channels")),
        codes=frozenset(str(c).casefold() for c in (row.many("codes") if "codes" in row.values else [])),
        scope=scope,
        times=row.whole("times"),
        within_days=_days(row, "within_days", row.values["within_days"]) if "within_days" in row.values else None,
        distinct_days=row.whole("distinct_days"),
        hold_days=tuple(_days(row, "hold_days", d) for d in row.many("hold_days")),
        source=row.text("source"),
        place=row.place,
    )


def _days(row: Row, field: str, value: object) -> float | None:
    if value == FOREVER:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 36_500:
        raise row.wrong(field, f'must be a number of days over 0, or "{FOREVER}"')
    return float(value)
