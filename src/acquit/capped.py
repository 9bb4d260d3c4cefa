"""Labels that are many, held to a limit: the first ones keep their names, all later ones are `other`."""

OTHER = "other"
UNKNOWN = "unknown"


class Capped:
    """Label values of one kind. Nothing is ever renamed: a value that got its name keeps it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: set[str] = set()

    def label(self, value: str | None) -> str:
        if not value:
            return UNKNOWN
        if value not in self._known:
            if len(self._known) >= self._limit:
                return OTHER
            self._known.add(value)
        return value
