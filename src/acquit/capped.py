"""Labels that are many, held to a limit: the first ones keep their names, all later ones are `other`.

So is a name that may be somebody's address: whoever wrote it into that field, no metric and no alert may show it.
"""

import re
from collections.abc import Iterable

OTHER = "other"
UNKNOWN = "unknown"
_LENGTH = 100
_PERHAPS_SOMEBODY = re.compile(r".*@.*|\+[0-9 ().-]{7,}|[0-9 ().-]{10,}", re.DOTALL)
"""Numbers of routes are shorter than those of people."""


class Capped:
    """Label values of one kind. Nothing is ever renamed: a value that got its name keeps it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: dict[str, None] = {}

    @property
    def names(self) -> list[str]:
        return list(self._known)

    def learn(self, names: Iterable[str]) -> None:
        """Names given before a restart."""
        self._known.update(dict.fromkeys(names))

    def label(self, value: str | None) -> str:
        if not value:
            return UNKNOWN
        if value not in self._known:
            if len(self._known) >= self._limit or len(value) > _LENGTH or _PERHAPS_SOMEBODY.fullmatch(value):
                return OTHER
            self._known[value] = None
        return value
