"""Labels that are many, held to a limit: the first ones keep their names, all later ones are `other`."""

from collections.abc import Iterable

OTHER = "other"
UNKNOWN = "unknown"


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
            if len(self._known) >= self._limit:
                return OTHER
            self._known[value] = None
        return value
