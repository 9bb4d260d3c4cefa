"""The format of `policy.toml`: which failures suppress whom, where and for how long. All of policy is rows of this form."""

import re
import tomllib
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from acquit.errors import BadRules
from acquit.events import CATEGORIES, CHANNELS, PERMANENCES, Category, Channel, Permanence

FOREVER = "forever"
DAY_MS = 86_400_000
Word = TypeVar("Word", bound=str)


class PolicyRule(Struct, frozen=True):
    """After `times` final failures that match, within `within_days` and on `distinct_days`, hold the address.

    The n-th hold lasts `hold_days[n]`, the last entry for all later ones; None holds until somebody lifts it.
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

    def matches(self, channel: str, category: str, permanence: str, code: str | None) -> bool:
        return (
            category in self.categories
            and channel in self.channels
            and (self.permanence is None or permanence == self.permanence)
            and (not self.codes or (code is not None and code.casefold() in self.codes))
        )


_FIELDS = {"id", "categories", "permanence", "channels", "codes", "scope", "times", "within_days", "distinct_days",
           "hold_days", "enabled", "source"}  # fmt: skip
_SCOPE = re.compile(r"(\*|acct)(:[A-Za-z0-9_.-]+)?")


def policy_rules(paths: list[Path]) -> tuple[PolicyRule, ...]:
    """The rules of all files; a rule of a later file replaces that of the same id, `enabled = false` removes it."""
    rules: dict[str, PolicyRule] = {}
    for path in paths:
        seen: set[str] = set()
        for row in _rows(path):
            identity = row.text("id")
            if identity in seen:
                raise row.wrong("id", "stands twice in this file")
            seen.add(identity)
            if not isinstance(row.values.get("enabled", True), bool):
                raise row.wrong("enabled", "must be true or false")
            if row.values.get("enabled") is False:
                rules.pop(identity, None)
            else:
                rules[identity] = _rule(row)
    return tuple(rules.values())


def _rule(row: "_Row") -> PolicyRule:
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
        within_days=row.days("within_days", row.values["within_days"]) if "within_days" in row.values else None,
        distinct_days=row.whole("distinct_days"),
        hold_days=tuple(row.days("hold_days", d) for d in row.many("hold_days")),
        source=row.text("source"),
    )


class _Row(Struct, frozen=True):
    """One [[rule]] table, and where it stands."""

    path: Path
    first_line: int
    lines: tuple[str, ...]
    values: dict[str, object]

    def wrong(self, field: str, problem: str) -> BadRules:
        for number, line in enumerate(self.lines, self.first_line):
            if re.match(rf"\s*{re.escape(field)}\s*=", line):
                return BadRules(self.path, number, field, problem)
        return BadRules(self.path, self.first_line, field, problem)

    def text(self, field: str) -> str:
        value = self.values.get(field)
        if not isinstance(value, str) or not value:
            raise self.wrong(field, "must be a text that is not empty")
        return value

    def many(self, field: str) -> list[object]:
        value = self.values.get(field)
        if not isinstance(value, list) or not value:
            raise self.wrong(field, "must be a list that is not empty")
        return value

    def one_of(self, field: str, value: object, words: tuple[Word, ...]) -> Word:
        for word in words:
            if word == value:
                return word
        raise self.wrong(field, f"{value!r} is none of {', '.join(words)}")

    def whole(self, field: str) -> int:
        value = self.values.get(field, 1)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 64:
            raise self.wrong(field, "must be a whole number from 1 to 64")
        return value

    def days(self, field: str, value: object) -> float | None:
        if value == FOREVER:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 36_500:
            raise self.wrong(field, f'must be a number of days over 0, or "{FOREVER}"')
        return float(value)


def _rows(path: Path) -> list[_Row]:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadRules(path, path.read_bytes()[: error.start].count(b"\n") + 1, None, "is not UTF-8") from None
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise BadRules(path, int(line[1]) if line else None, None, str(error)) from None
    lines = text.splitlines()
    starts = [n for n, line in enumerate(lines, 1) if line.strip().startswith("[[rule]]")]
    tables = content.pop("rule", [])
    if content or not isinstance(tables, list) or len(tables) != len(starts):
        raise BadRules(path, 1, next(iter(content), None), "only [[rule]] tables are read here")
    rows = []
    for start, end, values in zip(starts, [*starts, len(lines) + 1][1:], tables, strict=True):
        row = _Row(path, start, tuple(lines[start - 1 : end - 1]), values)
        for field in values:
            if field not in _FIELDS:
                raise row.wrong(field, f"is no field of a rule; fields are {', '.join(sorted(_FIELDS))}")
        rows.append(row)
    return rows
