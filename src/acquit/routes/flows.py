"""What is known of the cohorts of the last hours: by flow and five minutes of submission, what waits and how the rest ended.

A flow is what one supplier carries to one carrier by one route for one stream: the smallest part that is judged.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from acquit.effects import Tally

SLOT_SECONDS, SLOTS = 300, 12
WAITING, DELIVERED, FAILED, REJECTED, CONVERTED = range(5)
OUTCOMES = 5
KEPT_SECONDS = 4 * 3_600
"""Cohorts that are older say nothing of now."""


class Flow(NamedTuple):
    """Its key. The carrier is its label."""

    channel: str
    carrier: str
    supplier: str
    route: str
    stream: str

    @property
    def key(self) -> str:
        return msgspec.json.encode(self).decode()


def slots_of(tally: Tally) -> list[int]:
    """The slots of a total, flat: five outcomes of the first five minutes of an hour of UTC, of the second, and so on.

    Nothing where the total has none.
    """
    found: list[int] = []
    for outcome, by in enumerate(
        (tally.waiting_by, tally.delivered_by, tally.failed_by, tally.rejected_by, tally.converted_by)
    ):
        for name, count in by.items():
            kind, _, number = name.partition("/")
            if kind == "slot":
                found = found or [0] * (SLOTS * OUTCOMES)
                found[int(number) * OUTCOMES + outcome] = count
    return found


class Flows:
    """Counts by flow and cohort, which is named by its start in epoch seconds."""

    def __init__(self) -> None:
        self.cohorts: dict[Flow, dict[int, list[int]]] = {}
        self.ended: dict[Flow, int] = {}  # receipts of an end, of all cohorts that ever were here
        self.sent: dict[
            Flow, int
        ] = {}  # messages, and failures by category: of these sums only differences mean anything
        self.failed_as: dict[Flow, dict[str, int]] = {}
        self.newest = 0  # start of the newest cohort that anything is in

    def add(self, flow: Flow, hour: int, slots: Sequence[int], sign: int) -> None:
        """Add a total's slots, or take them away again. `hour` is the start of its hour."""
        for number in range(len(slots) // OUTCOMES):
            counts = slots[number * OUTCOMES : (number + 1) * OUTCOMES]
            if any(counts):
                start = hour + (number * SLOT_SECONDS - hour) % 3_600
                self.move(flow, start, [sign * count for count in counts])

    def move(self, flow: Flow, start: int, counts: Sequence[int]) -> None:
        """The counts of a cohort change by these."""
        cohorts = self.cohorts.setdefault(flow, {})
        cohort = cohorts.setdefault(start, [0] * OUTCOMES)
        for outcome, count in enumerate(counts):
            cohort[outcome] += count
        self.sent[flow] = self.sent.get(flow, 0) + counts[WAITING] + counts[DELIVERED] + counts[FAILED]
        self.ended[flow] = self.ended.get(flow, 0) + counts[DELIVERED] + counts[FAILED]
        self.newest = max(self.newest, start)

    def say_why(self, flow: Flow, failed: Mapping[str, int], sign: int) -> None:
        """Failures by category, of cohorts of any age."""
        known = self.failed_as.setdefault(flow, {})
        for category, count in failed.items():
            known[category] = known.get(category, 0) + sign * count

    def forget_before(self, seconds: int) -> None:
        for flow, cohorts in list(self.cohorts.items()):
            for start in [start for start in cohorts if start < seconds]:
                del cohorts[start]
            if not cohorts:
                del self.cohorts[flow], self.ended[flow], self.sent[flow]
                self.failed_as.pop(flow, None)

    def __iter__(self) -> Iterator[tuple[Flow, dict[int, list[int]]]]:
        return iter(self.cohorts.items())
