"""Why messages failed of late: an outage fails them for one reason, and what always fails does so for its usual reasons.

Failures are taken as they are told, whatever cohort they are of, and held against how many of each category a message brings
as a rule. That alone is no evidence: categories told days later come at any hour. It strengthens what cohorts show.
"""

from collections import deque
from collections.abc import Callable, Iterable

from acquit.blocks import Blocks
from acquit.routes.flows import Flow, Flows
from acquit.routes.law import Law, law_key, new_law
from acquit.routes.tails import surprise

NOTED_SECONDS, KEPT_SECONDS = 300, 3_900
_LEAST, _VARIES = 0.3, 0.3
"""A category that is never seen may be, and its usual number is off by so much."""


Note = tuple[int, int, dict[str, int]]
"""When, messages until then, failures by category until then."""
Rise = tuple[float, str, int]


class Kinds:
    """How many of each category came lately, by flow."""

    def __init__(self, laws: Blocks[Law]) -> None:
        self._laws = laws
        self._notes: dict[Flow, deque[Note]] = {}

    def clear(self) -> None:
        self._notes.clear()

    def note(self, flows: Flows, clock: int, is_usual: Callable[[Flow], bool]) -> None:
        """What has been told until now. What came since the last note but twelve is learned, if nothing was wrong by now."""
        for flow, failed in flows.failed_as.items():
            notes = self._notes.setdefault(flow, deque())
            if notes and clock - notes[-1][0] < NOTED_SECONDS:
                continue
            notes.append((clock, flows.sent.get(flow, 0), dict(failed)))
            while clock - notes[0][0] > KEPT_SECONDS:
                first = notes.popleft()
                if is_usual(flow):
                    self._learn(law_key(flow), first, notes[0])

    def _learn(self, key: str, first: Note, second: Note) -> None:
        (_, sent, failed), (_, sent_now, failed_now) = first, second
        law = self._laws.get(0, key) or new_law()
        law.sent += max(0, sent_now - sent)
        for category, count in failed_now.items():
            more = count - failed.get(category, 0)
            if more > 0:
                law.kinds[category] = law.kinds.get(category, 0.0) + more
        self._laws.put(0, key, law)

    def rises(self, members: Iterable[Flow], flows: Flows, *, seconds: int, clock: int) -> list[Rise]:
        """How surprising, which category, how many; the most surprising first."""
        came: dict[str, int] = {}
        usual: dict[str, float] = {}
        for flow in members:
            notes = self._notes.get(flow)
            if not notes:
                continue
            before = next((note for note in reversed(notes) if clock - note[0] >= seconds), notes[0])
            sent, failed = flows.sent.get(flow, 0), flows.failed_as.get(flow, {})
            law = self._laws.get(0, law_key(flow))
            messages = max(0, sent - before[1])
            for category, count in failed.items():
                came[category] = came.get(category, 0) + max(0, count - before[2].get(category, 0))
            per_message = messages / max(law.sent, 1.0) if law else 0.0
            for category, number in law.kinds.items() if law else ():
                usual[category] = usual.get(category, 0.0) + number * per_message
        found = []
        for category, count in came.items():
            mean = usual.get(category, 0.0) + _LEAST
            found.append((surprise(count, mean, mean * 1.2 + (_VARIES * mean) ** 2), category, count))
        return sorted(found, reverse=True)
