"""Traffic of a few suppliers and carriers, told to `Sums` as the ledger tells it: no chance in it, so that tests are exact.

A tick is half a minute. Of 20 messages one fails; of the others four in five are there after 6 s, the rest after 66 s.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from acquit.capped import Capped
from acquit.effects import Alert, Cell, Tally
from acquit.routes.cohorts import Sums
from tests.builders import START_MS

TICK, HOUR = 30, 3_600
BEGUN = START_MS // 1000
MINUTE_TICKS, HOUR_TICKS = 2, 120


@dataclass(frozen=True)
class Line:
    carrier: str = "20801"
    supplier: str = "one"
    route: str = "one-1"
    stream: str = "otp"
    per_tick: int = 20
    channel: str = "sms"


@dataclass
class Fate:
    """What becomes of a message: after how many seconds, and what; `used` if its recipient does something with it."""

    after: float
    outcome: str  # delivered, failed, rejected, "" for nothing ever
    category: str = "recipient_unreachable"
    used: bool = False


def usual(_: Line, number: int) -> Fate:
    if number % 20 == 19:
        return Fate(6, "failed")
    return Fate(66 if number % 5 == 4 else 6, "delivered", used=number % 2 == 0)


@dataclass
class Traffic:
    """`run` tells so many ticks and returns what was alerted."""

    lines: Sequence[Line]
    sums: Sums = field(default_factory=lambda: Sums(Capped(50), zone="UTC", floors={}))
    now: int = BEGUN
    fate: Callable[[Line, int], Fate] = usual
    holds_back: Callable[[Line], bool] = lambda _: False  # receipts of this line do not come for now
    alerts: list[Alert] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._number: dict[Line, int] = defaultdict(int)
        self._coming: dict[Line, list[tuple[float, int, Fate]]] = defaultdict(list)
        self._cells: dict[tuple[Line, int], dict[str, dict[str, int]]] = {}
        self._upto = 0

    def run(self, ticks: int) -> list[Alert]:
        told: list[Alert] = []
        for _ in range(ticks):
            self.now += TICK
            for line in self.lines:
                self._tick(line)
            told += self.sums.judge(self.now * 1000)
        self.alerts += told
        return told

    def _tick(self, line: Line) -> None:
        changed = set()
        for _ in range(line.per_tick):
            at, fate = self.now - TICK / 2, self.fate(line, self._number[line])
            self._number[line] += 1
            self._count(line, int(at), "waiting", 1)
            changed.add(int(at) // HOUR)
            if fate.outcome:
                self._coming[line].append((at + fate.after, int(at), fate))
        if not self.holds_back(line):
            due = [one for one in self._coming[line] if one[0] <= self.now]
            self._coming[line] = [one for one in self._coming[line] if one[0] > self.now]
            for _, at, fate in due:
                self._count(line, at, "waiting", -1)
                self._count(line, at, fate.outcome, 1, fate.category)
                if fate.used:
                    self._count(line, at, "converted", 1)
                changed.add(at // HOUR)
        for hour in sorted(changed):
            tally = self._tally(line, hour * HOUR)
            self.sums.take(tally.key, tally.value)

    def _count(self, line: Line, at: int, outcome: str, number: int, category: str = "") -> None:
        counts = self._cells.setdefault((line, at // HOUR * HOUR), defaultdict(lambda: defaultdict(int)))
        counts[outcome][f"slot/{at % HOUR // 300}"] += number
        if outcome == "failed":
            counts["failures"][f"{category}/transient"] += number

    def _tally(self, line: Line, hour: int) -> Tally:
        self._upto += 1
        counts = {name: dict(one) for name, one in self._cells[line, hour].items()}
        totals = {name: sum(one.values()) for name, one in counts.items()}
        cell = Cell(line.channel, line.carrier, "FR", line.route, line.supplier, line.stream, hour)
        return Tally(
            0, self._upto, cell, sum(totals.get(name, 0) for name in ("waiting", "delivered", "failed", "rejected")),
            {"sent": totals.get("waiting", 0), "delivered_handset": totals.get("delivered", 0),
             "failed": totals.get("failed", 0), "rejected": totals.get("rejected", 0)},
            failures=counts.get("failures", {}),
            waiting_by=counts.get("waiting", {}), delivered_by=counts.get("delivered", {}),
            failed_by=counts.get("failed", {}), rejected_by=counts.get("rejected", {}),
            converted_by=counts.get("converted", {}),
        )  # fmt: skip
