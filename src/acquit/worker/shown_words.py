"""Words of providers as labels: capped, and what might be somebody's number or name is not shown."""

import re

from acquit.capped import OTHER, Capped

_SHOWN = re.compile(r"[A-Za-z0-9_.: /-]{1,40}")
_PERHAPS_A_NUMBER = re.compile(r"(?:[0-9][^0-9]*){7}")
"""However it is written: 06 12 34 56 78, 336-1234. Most ids have as many digits, too; no code that is known has."""


def is_shown(word: str | None) -> bool:
    return word is not None and bool(_SHOWN.fullmatch(word)) and not _PERHAPS_A_NUMBER.search(word)


class Words:
    """What providers say: so many pairs of a provider and its word, then `other` for each provider."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pairs: set[tuple[str, str]] = set()

    def label(self, provider: str, word: str) -> tuple[str, bool]:
        """The label, and whether it is new."""
        if (provider, word) in self._pairs:
            return word, False
        if len(self._pairs) >= self._limit or not is_shown(word):
            return OTHER, False
        self._pairs.add((provider, word))
        return word, True


class Providers:
    """Names of providers. A canonical receipt may bring any word."""

    def __init__(self, limit: int) -> None:
        self._known = Capped(limit)

    def label(self, name: str) -> str:
        return self._known.label(name) if is_shown(name) else OTHER
