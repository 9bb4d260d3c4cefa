"""What the field knows, as data: code tables, status words, category defaults, policy. Nothing here decides anything.

Layout, here and in an operator's own folder, whose rows replace the shipped ones one by one:

    categories.csv           category, permanence, action, causes, ...   the defaults of each category
    statuses/<provider>.csv  word, status, category, ...                 what a provider's status word means
    codes/<table>.csv        code, words, status, category, ...          why, by code; `words` tells rows of one code apart
    keywords.csv             word, type, language, source                STOP and START in their languages
    content.csv              indicator, word, language, source           what in a text raises filtering
    patterns/*.toml          [[rule]]                                    why, by the words of a mail server
    vague.csv                row, at_most, source                        rows that yield to a mail server's own words
    policy.toml              [[rule]]                                    which failures suppress, where and how long
    routes.toml              [[route]]                                   what a route's receipts and message ids are worth
    prices.csv               channel, supplier, route, country, ...      what a message costs: a reason to look, never evidence

A row with an error refuses to load: BadRules names file, line and field. Every row has a source.
"""

import unicodedata
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from msgspec import Struct
from msgspec.structs import force_setattr

from acquit.errors import BadRules
from acquit.events import ACTIONS, CATEGORIES, PERMANENCES, STATUSES, Action, Category, Permanence, Status
from acquit.rules.csv_rows import lines_of
from acquit.rules.patterns import PatternRule, pattern_rules
from acquit.rules.places import SHIPPED
from acquit.rules.policy import PolicyRule, policy_rules
from acquit.rules.prices import NO_PRICES, Prices, price_list
from acquit.rules.routes import Routes, route_profiles

VERSION = "2026.11.5"
"""The shipped ruleset. A release that changes a row changes it."""


Indicator: TypeAlias = Literal["shortener", "lure"]
INDICATORS: tuple[Indicator, ...] = get_args(Indicator)


class CategoryRow(Struct, frozen=True):
    """The defaults of a category: what it says about the address, what to do, why it happens, what to look at, and advice."""

    category: Category
    permanence: Permanence
    action: Action
    causes: tuple[str, ...]  # the likely ones, the likeliest first
    checks: tuple[str, ...]  # what to look at; shown beside the advice, which a row may replace
    advice: str


class StatusRow(Struct, frozen=True):
    """What a provider's status word means, and why it failed as far as the word alone tells."""

    id: str
    status: Status
    category: Category | None
    sub_reason: str | None
    permanence: Permanence
    action: Action
    advice: str
    source: str
    place: str = ""  # file and line


class CodeRow(Struct, frozen=True):
    """Why, by the provider's code. `words` must be in the provider's text; `status` overrules the status word."""

    id: str
    words: str
    status: Status | None
    category: Category
    sub_reason: str | None
    permanence: Permanence
    action: Action
    advice: str
    source: str
    place: str = ""  # file and line


class Rules(Struct, frozen=True):
    """Everything that is known, loaded once and handed down as an argument.

    Words are keyed in casefolded form and codes as `code_key` has them; a code's rows are in file order, those with
    `words` first.
    """

    version: str
    categories: Mapping[str, CategoryRow]
    statuses: Mapping[str, Mapping[str, StatusRow]]
    codes: Mapping[str, Mapping[str, tuple[CodeRow, ...]]]
    keywords: Mapping[str, Literal["stop", "start"]]
    content: Mapping[Indicator, frozenset[str]]
    patterns: tuple[PatternRule, ...]
    vague: Mapping[str, Permanence]
    policy: tuple[PolicyRule, ...]
    routes: Routes
    prices: Prices = NO_PRICES
    _found: dict[tuple[str | None, ...], tuple[StatusRow | None, tuple[CodeRow, ...]]] = {}

    def __post_init__(self) -> None:
        force_setattr(self, "_found", {})  # rules made of others do not share what those have found

    def rows(
        self, provider: str, *, status: str | None, code: str | None, codes: str | None = None
    ) -> tuple[StatusRow | None, tuple[CodeRow, ...]]:
        """The row of a status word, and those of a code; `codes` names the table, where it is not the provider's own.

        A few hundred of these make up nearly all traffic, so what was found is remembered.
        """
        key = (provider, status, code, codes)
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            words, table = self.statuses.get(provider, {}), self.codes.get(codes or provider, {})
            found = (
                words.get(status.casefold()) if status else None,
                table.get(code_key(code), ()) if code else (),
            )
            if len(status or "") + len(code or "") + len(codes or "") <= _LONGEST:
                self._found[key] = found
        return found


_REMEMBERED, _LONGEST = 20_000, 200
"""Words and codes are few, and short; a provider that makes one up for every message costs little memory."""


def load(own: Path | None = None) -> Rules:
    """The shipped rules, with an operator's own rows on top. Raises BadRules."""
    if own is not None and not own.is_dir():
        raise BadRules(own, None, None, "no such folder")
    folders = [SHIPPED] if own is None else [SHIPPED, own]
    categories = _categories(folders)
    codes = {name: _codes(paths, categories) for name, paths in _tables(folders, "codes").items()}
    return Rules(
        version=VERSION if own is None else f"{VERSION}+{_checksum(own):08x}",
        categories=categories,
        statuses={name: _statuses(paths, categories) for name, paths in _tables(folders, "statuses").items()},
        codes=codes,
        keywords=_keywords(folders),
        content=_content(folders),
        patterns=pattern_rules(folders, categories),
        vague=_vague(folders),
        policy=policy_rules(_files(folders, "policy.toml")),
        routes=route_profiles(_files(folders, "routes.toml"), codes),
        prices=price_list(_files(folders, "prices.csv")),
    )


def _files(folders: list[Path], name: str) -> list[Path]:
    return [folder / name for folder in folders if (folder / name).exists()]


def _checksum(folder: Path) -> int:
    checksum = 0
    for path in sorted(p for p in folder.rglob("*") if p.suffix in {".csv", ".toml"}):
        checksum = zlib.crc32(path.read_bytes(), checksum)
    return checksum


def _tables(folders: list[Path], kind: str) -> dict[str, list[Path]]:
    tables: dict[str, list[Path]] = {}
    for folder in folders:
        for path in sorted((folder / kind).glob("*.csv")):
            tables.setdefault(path.stem, []).append(path)
    return tables


def _categories(folders: list[Path]) -> dict[str, CategoryRow]:
    rows: dict[str, CategoryRow] = {}
    for folder in folders:
        path = folder / "categories.csv"
        if path.exists():
            seen: set[str] = set()
            for line in lines_of(path, ("category", "permanence", "action", "causes", "checks", "advice")):
                category = line.one_of("category", CATEGORIES)
                line.once(seen, category, "category")
                rows[category] = CategoryRow(
                    category,
                    line.one_of("permanence", PERMANENCES),
                    line.one_of("action", ACTIONS),
                    _parts(line.text("causes")),
                    _parts(line.optional("checks") or ""),
                    line.text("advice"),
                )
    for category in CATEGORIES:
        if category not in rows:
            raise BadRules(SHIPPED / "categories.csv", None, "category", f"no row for {category}")
    return rows


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";")) if text else ()


def _keywords(folders: list[Path]) -> dict[str, Literal["stop", "start"]]:
    words: dict[str, Literal["stop", "start"]] = {}
    for folder in folders:
        path = folder / "keywords.csv"
        if path.exists():
            seen: set[str] = set()
            for line in lines_of(path, ("word", "type", "language", "source")):
                word = fold(line.text("word"))
                line.once(seen, f"{word}\n{line.text('language')}", "word")
                line.text("source")
                if words.get(word, line.fields["type"]) != line.fields["type"] and folder is SHIPPED:
                    raise line.wrong("type", "the same word is both stop and start")
                words[word] = line.one_of("type", _KEYWORD_TYPES)
    return words


def _content(folders: list[Path]) -> dict[Indicator, frozenset[str]]:
    words: dict[Indicator, set[str]] = {indicator: set() for indicator in INDICATORS}
    for path in _files(folders, "content.csv"):
        seen: set[str] = set()
        for line in lines_of(path, ("indicator", "word", "language", "source")):
            word = line.text("word").casefold()
            line.once(seen, word, "word")
            line.text("source")
            words[line.one_of("indicator", INDICATORS)].add(word)
    return {indicator: frozenset(found) for indicator, found in words.items()}


def _vague(folders: list[Path]) -> dict[str, Permanence]:
    """The rows that yield to a mail server's words, and the most that these may then mean for the address."""
    rows: dict[str, Permanence] = {}
    for path in _files(folders, "vague.csv"):
        seen: set[str] = set()
        for line in lines_of(path, ("row", "at_most", "source")):
            line.once(seen, line.text("row"), "row")
            line.text("source")
            rows[line.text("row")] = line.one_of("at_most", PERMANENCES, "permanent")
    return rows


def fold(word: str) -> str:
    """A word as keywords are compared: no accents, no case, no punctuation or space around it. ARRÊT! is ARRET."""
    letters = unicodedata.normalize("NFKD", word).casefold()
    return "".join(c for c in letters if not unicodedata.combining(c)).strip(_AROUND)


def code_key(code: str) -> str:
    """A code as tables are searched for it: no case, and none of a number's leading zeros. SMSCs write 001 for 1."""
    return (code.lstrip("0") or "0") if code.isdecimal() else code.casefold()


LONGEST_KEYWORD = 40
"""No keyword is longer; a long text is not folded for nothing."""
_KEYWORD_TYPES: tuple[Literal["stop", "start"], ...] = ("stop", "start")
_AROUND = " \t\r\n\u00a0.,;:!?\"'()[]<>*#-_"
_STATUS_COLUMNS = ("word", "status", "category", "sub_reason", "permanence", "action", "advice", "source")
_CODE_COLUMNS = ("code", "words", "status", "category", "sub_reason", "permanence", "action", "advice", "source")


def _statuses(paths: list[Path], categories: Mapping[str, CategoryRow]) -> dict[str, StatusRow]:
    rows: dict[str, StatusRow] = {}
    for path in paths:
        seen: set[str] = set()
        for line in lines_of(path, _STATUS_COLUMNS):
            word = line.text("word")
            line.once(seen, word.casefold(), "word")
            category = line.one_of("category", CATEGORIES) if line.has("category") else None
            defaults = categories.get(category) if category else None
            rows[word.casefold()] = StatusRow(
                id=f"{path.stem}:status:{word}",
                status=line.one_of("status", STATUSES),
                category=category,
                sub_reason=line.optional("sub_reason"),
                permanence=line.one_of("permanence", PERMANENCES, defaults.permanence if defaults else "none"),
                action=line.one_of("action", ACTIONS, defaults.action if defaults else "none"),
                advice=line.optional("advice") or (defaults.advice if defaults else ""),
                source=line.text("source"),
                place=line.place,
            )
    return rows


def _codes(paths: list[Path], categories: Mapping[str, CategoryRow]) -> dict[str, tuple[CodeRow, ...]]:
    rows: dict[tuple[str, str], CodeRow] = {}
    for path in paths:
        seen: set[str] = set()
        for line in lines_of(path, _CODE_COLUMNS):
            code, words = line.text("code"), line.optional("words") or ""
            line.once(seen, f"{code_key(code)}\n{words.casefold()}", "code")
            defaults = categories[line.one_of("category", CATEGORIES)]
            rows[code_key(code), words.casefold()] = CodeRow(
                id=f"{path.stem}:code:{code}:{words}" if words else f"{path.stem}:code:{code}",
                words=words.casefold(),
                status=line.one_of("status", STATUSES) if line.has("status") else None,
                category=defaults.category,
                sub_reason=line.optional("sub_reason"),
                permanence=line.one_of("permanence", PERMANENCES, defaults.permanence),
                action=line.one_of("action", ACTIONS, defaults.action),
                advice=line.optional("advice") or defaults.advice,
                source=line.text("source"),
                place=line.place,
            )
    by_code: dict[str, tuple[CodeRow, ...]] = {}
    for (code, _), row in sorted(rows.items(), key=lambda item: not item[0][1]):  # rows with words first; stable
        by_code[code] = (*by_code.get(code, ()), row)
    return by_code
