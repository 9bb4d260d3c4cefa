"""What was thought of each route, and when: what a contradicted route says of a person weighs less."""

from bisect import bisect_right, insort
from itertools import product
from typing import TypeAlias

from acquit.events import Verdict, VerdictWord
from acquit.suppression.facts import Fact
from acquit.suppression.keys import named

Verdicts: TypeAlias = dict[str, list[tuple[int, int]]]
"""By route, supplier and carrier: since when, how bad. Only of those that were contradicted once; it is journaled whole."""

_BADNESS: dict[VerdictWord, int] = {"clean": 0, "suspect": 1, "contradicted": 2}
_CONTRADICTED = _BADNESS["contradicted"]
ROUTES_LIMIT = 1_000
CHANGES_LIMIT = 64


def take(verdicts: Verdicts, verdict: Verdict, at_ms: int) -> bool:
    """Whether anything is judged otherwise from now on."""
    key, badness = _key(verdict.route or "", verdict.supplier or "", verdict.carrier or ""), _BADNESS[verdict.verdict]
    if not (verdict.route or verdict.supplier) or (key not in verdicts and badness != _CONTRADICTED):
        return False
    changes = verdicts.setdefault(key, [])
    before = _at(changes, at_ms)
    if (at_ms, badness) not in changes:
        insort(changes, (at_ms, badness))
    if len(changes) > CHANGES_LIMIT:
        _shorten(changes)
    if len(verdicts) > ROUTES_LIMIT:
        del verdicts[min(verdicts, key=lambda name: verdicts[name][-1])]
    return before != badness and _CONTRADICTED in {before, badness}


def is_contradicted(verdicts: Verdicts, fact: Fact) -> bool:
    """Whether its route was under such a verdict when this happened."""
    if not verdicts or not (fact.route or fact.supplier):
        return False
    names = product({fact.route, ""}, {fact.supplier, ""}, {fact.carrier, ""})
    return any(_at(verdicts.get(_key(*name), []), fact.at_ms) == _CONTRADICTED for name in names)


def is_of(verdict: Verdict, fact: Fact) -> bool:
    return all(
        said is None or said == known
        for said, known in (
            (verdict.route, fact.route), (verdict.supplier, fact.supplier), (verdict.carrier, fact.carrier),
        )
    )  # fmt: skip


def _at(changes: list[tuple[int, int]], at_ms: int) -> int:
    place = bisect_right(changes, (at_ms, _CONTRADICTED))
    return changes[place - 1][1] if place else 0


def _shorten(changes: list[tuple[int, int]]) -> None:
    """What was only said again goes first, then the oldest."""
    pairs = zip([(0, -1), *changes], changes, strict=False)
    changes[:] = [now for before, now in pairs if now[1] != before[1]][-CHANGES_LIMIT:]


def _key(route: str, supplier: str, carrier: str) -> str:
    return "/".join(map(named, (route, supplier, carrier)))
