"""Answers that are still fresh, so that who is asked for again and again is asked once. Bounded in time and number."""

from collections.abc import Hashable, Sequence
from threading import Lock

from acquit.client.answers import Entry

LONGEST_SECONDS = 5.0
"""So much longer an opt-out may take: nobody may choose more."""


class Cache:
    """Only what a trusted list said is kept. Any number of threads may use it; the clock is an argument."""

    def __init__(self, seconds: float, limit: int) -> None:
        if not 0 <= seconds <= LONGEST_SECONDS:
            raise ValueError(f"cache_seconds must be between 0 and {LONGEST_SECONDS:g}")
        self._seconds = seconds
        self._limit = limit if seconds else 0
        self._kept: dict[Hashable, tuple[float, Sequence[Entry]]] = {}
        self._using = Lock()

    @property
    def is_used(self) -> bool:
        return self._limit > 0

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, question: Hashable, now: float) -> Sequence[Entry] | None:
        """None: it is not known, or not any more."""
        kept = self._kept.get(question)
        return kept[1] if kept is not None and now < kept[0] else None

    def keep(self, question: Hashable, entries: Sequence[Entry], now: float) -> None:
        if not self._limit:
            return
        with self._using:
            self._kept.pop(question, None)  # what is kept anew is the youngest
            while len(self._kept) >= self._limit:
                del self._kept[next(iter(self._kept))]
            self._kept[question] = (now + self._seconds, entries)
