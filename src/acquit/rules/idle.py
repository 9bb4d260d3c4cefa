"""Rows that can never apply: no error, but whoever wrote them thinks that they do. `acquit check` names them.

Looked for in an operator's own folder alone; the shipped rules have a test that finds none.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

from acquit.rules import LONGEST_KEYWORD, Rules, fold
from acquit.rules.patterns import PatternRule, hidden
from acquit.rules.policy import PolicyRule
from acquit.rules.prices import LEAST_OTHERS, Prices
from acquit.rules.routes import RouteProfile

_READ = ("categories.csv", "content.csv", "keywords.csv", "policy.toml", "prices.csv", "routes.toml", "vague.csv")
_OF_MAIL = ("enhanced", "reply")
"""Tables of codes that every mail server says, whoever the provider is."""


def idle(rules: Rules, own: Path | None, *, providers: Collection[str]) -> Iterator[str]:
    """A sentence for each, beginning with its place. Without a folder of one's own, of the shipped rules."""
    if own is not None:
        yield from _not_read(own, rules, providers)
    yield from _hidden_codes(rules)
    yield from _hidden_patterns(rules.patterns)
    yield from _vague_nobody(rules)
    yield from _long_keywords(rules)
    yield from _hidden_policy(rules.policy)
    yield from _hidden_profiles(rules.routes.profiles)
    yield from _lonely_prices(rules.prices)


def _not_read(own: Path, rules: Rules, providers: Collection[str]) -> Iterator[str]:
    """Files that nothing looks into, misspelt most likely."""
    named = {profile.err_dictionary for profile in rules.routes.profiles}
    for path in sorted(path for path in own.rglob("*") if path.is_file()):
        name = path.relative_to(own).as_posix()
        folder, _, file = name.rpartition("/")
        if folder == "statuses" and file.endswith(".csv"):
            if path.stem not in providers:
                yield f"{path}: no provider is called {path.stem}: its words are never looked up"
        elif folder == "codes" and file.endswith(".csv"):
            if path.stem not in providers and path.stem not in named and path.stem not in _OF_MAIL:
                yield f"{path}: no provider is called {path.stem}, and no route names it: only an envelope's err_dictionary may"
        elif folder == "patterns" and file.endswith(".toml"):
            continue
        elif name not in _READ:
            yield f"{path}: is no file of the rules, and is not read"


def _hidden_codes(rules: Rules) -> Iterator[str]:
    """Of the rows of a code the first decides whose words are in the text."""
    for rows in (rows for table in rules.codes.values() for rows in table.values()):
        for place, row in enumerate(rows):
            before = next((other for other in rows[:place] if other.words in row.words), None)
            if before is not None:
                yield f"{row.place}: {row.id} is never reached: {before.place} takes every text with these words"


def _hidden_patterns(patterns: tuple[PatternRule, ...]) -> Iterator[str]:
    """A rule whose every phrase an earlier one takes, and one whose own example goes to another."""
    never = {rule.id: before.id for rule, before in hidden(patterns)}
    for rule in patterns:
        first = next(other for other in patterns if other.fits(rule.proof))
        if rule.id in never:
            yield f"{rule.place}: {rule.id} never decides: {never[rule.id]} takes all its answers"
        elif first is not rule:
            yield f"{rule.place}: {rule.id} does not decide its own example: {first.id} does"


def _vague_nobody(rules: Rules) -> Iterator[str]:
    """Rows that are called vague and are not there."""
    known = {row.id for table in rules.statuses.values() for row in table.values()}
    known |= {row.id for table in rules.codes.values() for rows in table.values() for row in rows}
    for row in sorted(rules.vague.keys() - known):
        yield f"vague.csv: there is no row {row}"


def _long_keywords(rules: Rules) -> Iterator[str]:
    for word in rules.keywords:
        if len(word) > LONGEST_KEYWORD or fold(word) != word:
            yield f"keywords.csv: {word!r} is never heard: it is longer than {LONGEST_KEYWORD} letters, or not one word alone"


def _hidden_policy(policy: tuple[PolicyRule, ...]) -> Iterator[str]:
    """A rule that is fulfilled at once leaves nothing to those below it that ask for the same; and of a window that is too
    short for its days none is ever fulfilled.
    """
    for place, rule in enumerate(policy):
        if rule.within_days is not None and rule.within_days <= rule.distinct_days - 2:
            yield f"{rule.place}: {rule.id} never holds: {rule.within_days:g} days are no {rule.distinct_days} days"
        before = next((other for other in policy[:place] if _takes_all(other, rule)), None)
        if before is not None:
            yield f"{rule.place}: {rule.id} never decides: {before.id} takes all its failures at once"


def _takes_all(first: PolicyRule, then: PolicyRule) -> bool:
    return (
        first.times == 1
        and first.distinct_days == 1
        and first.categories - first.halves >= then.categories | then.halves
        and first.channels >= then.channels
        and first.permanence in {None, then.permanence}
        and (not first.codes or bool(then.codes and first.codes >= then.codes))
        and (not first.rules or bool(then.rules and first.rules >= then.rules))
    )


def _hidden_profiles(profiles: tuple[RouteProfile, ...]) -> Iterator[str]:
    for place, profile in enumerate(profiles):
        before = next((other for other in profiles[:place] if _is_wider(other, profile)), None)
        if before is not None:
            yield f"{profile.place}: {profile.id} never fits first: {before.id} is of all its messages"


def _is_wider(first: RouteProfile, then: RouteProfile) -> bool:
    return all(
        wide is None or wide == narrow
        for wide, narrow in (
            (first.route, then.route), (first.supplier, then.supplier), (first.provider, then.provider),
        )
    )  # fmt: skip


def _lonely_prices(prices: Prices) -> Iterator[str]:
    """Prices beside which too few other suppliers have one."""
    for price in prices.rows:
        anywhere = price.carrier is None
        others = {
            other.supplier
            for other in prices.rows
            if (other.channel, other.country) == (price.channel, price.country) and other.supplier != price.supplier
            and (anywhere or other.carrier in {None, price.carrier})
        }  # fmt: skip
        if len(others) < LEAST_OTHERS:
            yield f"{price.place}: is compared with nothing: of other suppliers with a price there it takes {LEAST_OTHERS}"
