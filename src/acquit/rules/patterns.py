"""The format of `patterns/*.toml`: what the words of a mail server mean, where no table of codes says enough.

The first rule that fits decides: an operator's own before the shipped ones, and files in the order of their names. A rule
of the same id takes the place of the shipped one; `enabled = false` removes it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from acquit.events import ACTIONS, CATEGORIES, PERMANENCES, Action, Category, Permanence
from acquit.rules.toml_rows import Row, rows_of
from acquit.rules.wording import ADDRESS, TEXT_LIMIT, Phrase, folded, phrase, spelt_out

_ENHANCED = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?!\.?\d)")
_REPLY = re.compile(r"(?<![\d.])([45][0-5]\d)(?![\d.])")
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")
_HOST_LIMIT = 300
UNCONFIRMED = ":unconfirmed"
"""The end of a receipt's `rule` where words alone decided, and nothing confirms them."""


class Answer(Struct, frozen=True):
    """What another mail server said: its words, folded, with the codes in them, and who it is."""

    words: str
    marked: str  # the same with an @ for each address
    of_words: frozenset[str]  # and "", for phrases that have no whole word
    enhanced: str | None = None  # 5.1.1
    reply: str | None = None  # 550
    hosts: tuple[str, ...] = ()  # the server's name and the recipient's domain
    provider: str | None = None


def answer(
    text: str, *, enhanced: str | None = None, reply: str | None = None, hosts: tuple[str | None, ...] = (),
    provider: str | None = None,
) -> Answer:  # fmt: skip
    """What is said by this text. A code in it goes before the one beside it, which the reporting server may have made up."""
    text = text[:TEXT_LIMIT]
    marked = folded(text, address=ADDRESS)
    words = marked.replace(" @", "") if "@" in marked else marked
    codes = [*_ENHANCED.findall(text), *([enhanced] if enhanced and _ENHANCED.fullmatch(enhanced) else [])]
    if reply is None or not _REPLY.fullmatch(reply):
        found = _REPLY.search(text)
        reply = found[1] if found else None
    return Answer(
        words=words,
        marked=marked,
        of_words=frozenset(["", *marked.split()]),
        enhanced=next((code for code in codes if not code.endswith(".0.0")), next(iter(codes), None)),
        reply=reply,
        hosts=tuple(name[0] for host in hosts if host and (name := _HOST.search(host[:_HOST_LIMIT].casefold()))),
        provider=provider,
    )


class Phrases(Struct, frozen=True):
    """Of which one must be said. They are found by a whole word of theirs, for of thousands a text can hold but a few."""

    all: tuple[Phrase, ...] = ()
    by_key: Mapping[str, tuple[Phrase, ...]] = {}
    keys: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.all)

    def is_in(self, said: Answer) -> bool:
        return any(
            one.is_in(said.marked if one.asks_for_address else said.words)
            for key in self.keys & said.of_words
            for one in self.by_key[key]
        )


def phrases(every: Iterable[Phrase]) -> Phrases:
    by_key: dict[str, tuple[Phrase, ...]] = {}
    for one in every:
        by_key[one.key] = (*by_key.get(one.key, ()), one)
    return Phrases(tuple(one for found in by_key.values() for one in found), by_key, frozenset(by_key))


class PatternRule(Struct, frozen=True):
    """What it means when one of these phrases is said, under these conditions; an empty one is met by every answer.

    Codes are met by their beginning: 5.7 by 5.7.1, 4 by 450. Hosts are met by their end. Where one of the doubts is met, what
    is permanent is transient: evidence that needs a second failure. Where nothing certain is said besides, the id of the rule
    ends in UNCONFIRMED, which the policy may ask after.
    """

    id: str
    phrases: Phrases
    beside: Phrases  # one of these must be said as well
    unless: Phrases  # and none of these
    enhanced: tuple[str, ...]
    reply: tuple[str, ...]
    hosts: tuple[str, ...]
    providers: tuple[str, ...]
    doubt: Phrases
    doubt_enhanced: tuple[str, ...]
    doubt_hosts: tuple[str, ...]
    certain: Phrases
    certain_enhanced: tuple[str, ...]
    category: Category
    sub_reason: str | None
    permanence: Permanence
    action: Action
    retry_after_seconds: int | None
    advice: str
    example: str
    why: str
    source: str
    place: str = ""  # file and line

    def fits(self, said: Answer) -> bool:
        return (
            (not self.phrases or self.phrases.is_in(said))
            and (not self.beside or self.beside.is_in(said))
            and (not self.enhanced or _begins(said.enhanced, self.enhanced, "."))
            and (not self.reply or _begins(said.reply, self.reply, ""))
            and (not self.hosts or any(_ends(host, self.hosts) for host in said.hosts))
            and (not self.providers or said.provider in self.providers)
            and not (self.unless and self.unless.is_in(said))
        )

    def is_doubtful(self, said: Answer) -> bool:
        """A certain code leaves no doubt; certain words none of the code and the host."""
        if _begins(said.enhanced, self.certain_enhanced, "."):
            return False
        if self.doubt.is_in(said):
            return True
        is_odd = _begins(said.enhanced, self.doubt_enhanced, ".") or any(
            _ends(one, self.doubt_hosts) for one in said.hosts
        )
        return is_odd and not self.certain.is_in(said)

    def is_confirmed(self, said: Answer) -> bool:
        """Whether a code or the words say it twice, where the rule knows of such."""
        return (
            not (self.certain or self.certain_enhanced)
            or _begins(said.enhanced, self.certain_enhanced, ".")
            or self.certain.is_in(said)
        )

    @property
    def proof(self) -> Answer:
        """Its example, said by the first host and provider that it asks for."""
        return answer(self.example, hosts=self.hosts[:1], provider=next(iter(self.providers), None))


def _begins(code: str | None, beginnings: tuple[str, ...], end: str) -> bool:
    return code is not None and any(f"{code}{end}".startswith(f"{beginning}{end}") for beginning in beginnings)


def _ends(host: str, endings: tuple[str, ...]) -> bool:
    return any(f".{host}".endswith(f".{ending}") for ending in endings)


class Defaults(Protocol):
    """Of a category; categories.csv has them."""

    @property
    def permanence(self) -> Permanence: ...
    @property
    def action(self) -> Action: ...
    @property
    def advice(self) -> str: ...


_FIELDS = {"id", "phrases", "beside", "unless", "enhanced", "reply", "hosts", "providers", "doubt",
           "doubt_enhanced", "doubt_hosts", "certain", "certain_enhanced", "category", "sub_reason",
           "permanence", "action", "retry_after_seconds", "advice", "example", "why", "source", "enabled"}  # fmt: skip
_CODES = {"reply": re.compile(r"[45](\d\d?)?")}
_ENHANCED_BEGINNING = re.compile(r"[45](\.\d{1,3}){0,2}")


def pattern_rules(folders: list[Path], categories: Mapping[str, Defaults]) -> tuple[PatternRule, ...]:
    """The rules of all folders, in the order in which they are asked. Raises BadRules."""
    rules: dict[str, PatternRule] = {}
    for folder in folders:
        seen: set[str] = set()
        new: dict[str, PatternRule] = {}
        for path in sorted((folder / "patterns").glob("*.toml")):
            for row in rows_of(path, "rule", _FIELDS):
                identity = row.once(seen, "id")
                if "enabled" in row.values and not row.yes("enabled"):
                    rules.pop(identity, None)
                elif identity in rules:
                    rules[identity] = _rule(row, categories, path.stem)
                else:
                    new[identity] = _rule(row, categories, path.stem)
        rules = {**new, **rules}
    return tuple(rules.values())


def _rule(row: Row, categories: Mapping[str, Defaults], file: str) -> PatternRule:
    values = row.values
    category = row.one_of("category", values.get("category"), CATEGORIES)
    defaults = categories[category]
    rule = PatternRule(
        id=f"{file}:pattern:{row.text('id')}",
        phrases=_phrases(row, "phrases"),
        beside=_phrases(row, "beside"),
        unless=_phrases(row, "unless"),
        enhanced=_codes(row, "enhanced"),
        reply=_codes(row, "reply"),
        hosts=_texts(row, "hosts"),
        providers=_texts(row, "providers"),
        doubt=_phrases(row, "doubt"),
        doubt_enhanced=_codes(row, "doubt_enhanced"),
        doubt_hosts=_texts(row, "doubt_hosts"),
        certain=_phrases(row, "certain"),
        certain_enhanced=_codes(row, "certain_enhanced"),
        category=category,
        sub_reason=row.optional("sub_reason"),
        permanence=row.one_of("permanence", values.get("permanence", defaults.permanence), PERMANENCES),
        action=row.one_of("action", values.get("action", defaults.action), ACTIONS),
        retry_after_seconds=_seconds(row),
        advice=row.optional("advice") or defaults.advice,
        example=row.text("example"),
        why=row.optional("why") or "",
        source=row.text("source"),
        place=row.place,
    )
    if not (rule.phrases or rule.enhanced or rule.reply or rule.hosts):
        raise row.wrong("phrases", "a rule without phrases, codes and hosts would take every answer")
    if not rule.fits(rule.proof):
        raise row.wrong("example", "is not what the rule takes")
    return rule


def _texts(row: Row, field: str) -> tuple[str, ...]:
    texts = []
    for text in row.many(field) if field in row.values else []:
        if not isinstance(text, str) or not text.strip():
            raise row.wrong(field, "must be a list of texts that are not empty")
        texts.append(text.strip().casefold())
    return tuple(texts)


def _phrases(row: Row, field: str) -> Phrases:
    found = []
    for text in (one for written in _texts(row, field) for one in spelt_out(written)):
        one = phrase(text)
        if one is None:
            raise row.wrong(field, f"{text!r} is no phrase: words, a * at an end of a part, one ' .. ' at most")
        found.append(one)
    return phrases(found)


def _codes(row: Row, field: str) -> tuple[str, ...]:
    codes = _texts(row, field)
    for code in codes:
        if not _CODES.get(field, _ENHANCED_BEGINNING).fullmatch(code):
            raise row.wrong(field, f"{code!r} is no beginning of such a code")
    return codes


def _seconds(row: Row) -> int | None:
    value = row.values.get("retry_after_seconds")
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= 86_400):
        raise row.wrong("retry_after_seconds", "must be a whole number of seconds, a day at most")
    return value


def hidden(rules: tuple[PatternRule, ...]) -> Iterator[tuple[PatternRule, PatternRule]]:
    """Rules that never decide, each with an earlier one that takes all of its answers."""
    for place, rule in enumerate(rules):
        before = next((other for other in rules[:place] if _takes_all(other, rule)), None)
        if before is not None:
            yield rule, before


def _takes_all(first: PatternRule, then: PatternRule) -> bool:
    if first.beside or first.unless:
        return False
    is_wider = all(
        not wide or (narrow and all(met(one, wide) for one in narrow))
        for wide, narrow, met in (
            (first.enhanced, then.enhanced, lambda one, wide: _begins(one, wide, ".")),
            (first.reply, then.reply, lambda one, wide: _begins(one, wide, "")),
            (first.hosts, then.hosts, _ends),
            (first.providers, then.providers, lambda one, wide: one in wide),
        )
    )
    if not is_wider or not first.phrases or not then.phrases:
        return is_wider and not first.phrases
    return all(first.phrases.is_in(answer(one.shown)) for one in then.phrases.all)
