"""When each person is looked at next: one date a name, the earliest one first."""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

from acquit.suppression.trials import FOR_EVER

SPARE = 1_000
"""Dates in the heap that no longer count, beyond as many as count."""


class Dues:
    """The dates of one partition. A date that comes forward leaves the later one in the heap, until there are many."""

    def __init__(self) -> None:
        self.next_ms = FOR_EVER  # before then nobody is due
        self._heap: list[tuple[int, str]] = []
        self._due: dict[str, int] = {}  # the one entry of the heap that counts

    def watch(self, name: str, due_ms: int) -> None:
        """Look at somebody at this time, or sooner: then it is seen that it was prolonged."""
        if due_ms >= self._due.get(name, FOR_EVER):
            return
        self._due[name] = due_ms
        heappush(self._heap, (due_ms, name))
        if len(self._heap) > 2 * len(self._due) + SPARE:
            self._heap = [(due_ms, name) for name, due_ms in self._due.items()]
            heapify(self._heap)
        self.next_ms = self._heap[0][0]

    def take(self, now_ms: int) -> Iterator[tuple[int, str]]:
        """Who is due by now, and since when, in the order of the dates. They may be watched again meanwhile."""
        while self._heap and self._heap[0][0] <= now_ms:
            due_ms, name = heappop(self._heap)
            if self._due.get(name) == due_ms:
                del self._due[name]
                yield due_ms, name
        self._set_next()

    def forget(self, name: str) -> None:
        self._due.pop(name, None)

    def erase(self, name: str) -> None:
        """As `forget`, and nothing that names the person stays."""
        self.forget(name)
        self._heap = [due for due in self._heap if due[1] != name]
        heapify(self._heap)
        self._set_next()

    def _set_next(self) -> None:
        self.next_ms = self._heap[0][0] if self._heap else FOR_EVER
