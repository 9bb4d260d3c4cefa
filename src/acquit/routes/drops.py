"""Delivery drops: cohorts by submit time, judged by their age, against what is usual; raised and cleared with times.

The clock is an argument, but no cohort is older than what is known lets it be: while a backlog is read, and when nothing is
submitted at all, time stands still. Everything that must outlive a restart is in `tables`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from acquit.blocks import Blocks
from acquit.effects import Alert, AlertKind
from acquit.routes import evidence
from acquit.routes.blame import Measured, Windows, troubles
from acquit.routes.evidence import Finding
from acquit.routes.flows import KEPT_SECONDS, SLOT_SECONDS, Flow, Flows
from acquit.routes.kinds import Rise
from acquit.routes.learning import TELLING, TICK_SECONDS, Learning, expected_since
from acquit.routes.raised import Raised, Subject
from acquit.routes.recent import Recent, recent
from acquit.routes.windows import DELIVERED_NOW, MESSAGES, TO_DELIVER, WINDOWS, added, windows_of

JUMP_SECONDS, SETTLE_SECONDS = 120, 15
"""After a pause, or while a backlog is read, nothing is raised until the clock has gone on evenly for so long."""
UNSURE_SECONDS = 60
"""For so long it is waited whether it shows whose trouble it is, where few messages cannot tell."""
CALM_SECONDS = 360
REMEMBERED_SECONDS = 3 * 3_600
CALM_SHARE, CALM_LEAST, CALM_EXPECTED = 0.35, 0.02, 30.0
STALLED_NATS, STALLED_SECONDS = 12.0, 60
RISEN_NATS, RISEN_SHOWN = 7.0, 3
GAPS = 2.0
"""A feed stands still if it is silent for so many times its longest silence of late."""


class Drops:
    """The judge of all flows. Tell `flows` what totals say, then ask."""

    def __init__(self, is_fresh: Callable[[], bool] = lambda: True) -> None:
        """`is_fresh` says whether hardly anything waits to be read; asked when there is something to raise."""
        self._is_fresh = is_fresh
        self.flows = Flows()
        self.table: Blocks[Raised] = Blocks(Raised)
        self._learning = Learning()
        self.tables: dict[str, Blocks[Any]] = {
            "drops": self.table, "laws": self._learning.laws, "booked": self._learning.booked,
            "usual_days": self._learning.usuals.days, "usual_hours": self._learning.usuals.hours,
        }  # fmt: skip
        self.is_catching_up = False
        """Cohorts go on faster than time: a backlog is read."""
        self._tick = self._clock = self._now = 0
        self._settled = 0.0
        self._unsure: dict[tuple[AlertKind, Subject], int] = {}  # since when
        self.recent: dict[tuple[str, str], Recent] = {}  # by channel and carrier, as it was looked last

    def loaded(self) -> None:
        self.flows = Flows()
        self._learning.loaded()
        self._tick = self._clock = 0
        self.recent = {}

    def raised(self) -> list[Raised]:
        return [row for _, _, row in self.table if row.is_up]

    def judge(self, now_ms: int) -> list[Alert]:
        """What rises or clears now. Often is asked and seldom looked."""
        tick = now_ms // 1000 // TICK_SECONDS
        clock = min(now_ms // 1000, self.flows.newest + SLOT_SECONDS)
        if tick == self._tick or clock < self._clock or not self.flows.newest:
            return []
        is_jump = clock - self._clock > JUMP_SECONDS
        self.is_catching_up = not self._clock or clock - self._clock > now_ms // 1000 - self._now + JUMP_SECONDS
        self._tick, self._clock, self._now = tick, clock, now_ms // 1000
        if is_jump:
            self._settled = clock + SETTLE_SECONDS
        self._learning.learn(self.flows, clock, self._is_troubled)
        if self.is_catching_up:
            self._learning.kinds.clear()  # what a backlog tells of failures did not come lately
        self.flows.forget_before(clock - KEPT_SECONDS)
        self._forget(clock)
        windows = self._windows(clock)
        self.recent = recent(windows)
        alerts = self._clear(windows, clock, now_ms)
        if alerts:
            windows = self._windows(clock)  # from here on nothing of that trouble counts any more
        if clock >= self._settled:
            for channel in dict.fromkeys(flow.channel for flow in windows):
                alerts += self._raise({f: w for f, w in windows.items() if f.channel == channel}, clock, now_ms)
        return alerts

    def _windows(self, clock: int) -> dict[Flow, Windows]:
        found = {}
        hour = self.flows.newest
        for flow, cohorts in self.flows:
            since = self._cleared(flow) - SLOT_SECONDS
            usual, curve = self._learning.usuals.of(flow, hour), self._learning.curve(flow)
            windows = windows_of(cohorts, now=clock, usual=usual, curve=curve, since=since)
            if windows is not None:
                found[flow] = windows
        return found

    def _cleared(self, flow: Flow) -> float:
        """When its last trouble was over, as far as that is remembered; 0 if it had none."""
        return max((row.cleared_ms / 1000 for _, _, row in self.table if row.subject.covers(flow)), default=0.0)

    # raising

    def _raise(self, windows: Mapping[Flow, Windows], clock: int, now_ms: int) -> list[Alert]:
        alerts = []
        self._unsure = {key: since for key, since in self._unsure.items() if now_ms - since < 2 * UNSURE_SECONDS * 1000}
        silences = self._silences(windows, clock)
        for subject, finding in silences.items():
            alerts += self._put("receipts_stalled", subject, finding, now_ms)
        flowing = {f: w for f, w in windows.items() if self._expected(f, clock, self._learning.last(f)) < TELLING}
        drops = troubles(windows, partial(self._failing, clock), _FAILING)
        if flowing:
            lost = troubles(flowing, lambda unit, _: evidence.lost(unit), _MISSING)
            drops |= {subject: finding for subject, finding in lost.items() if subject not in drops}
        for subject, finding in drops.items():
            alerts += self._put("delivery_drop", subject, finding, now_ms)
        for find, measure, kind in _OTHERS:
            parts = flowing if kind == "latency_up" else windows
            for subject, finding in (troubles(parts, find, measure) if parts else {}).items():
                alerts += self._put(kind, subject, finding, now_ms)
        return alerts

    def _failing(self, clock: int, unit: Windows, members: Sequence[Flow]) -> Finding | None:
        return evidence.failing(unit, lambda seconds: self._reasons(members, seconds, clock))

    def _reasons(self, members: Sequence[Flow], seconds: int, clock: int) -> float:
        rises = self._rises(members, seconds, clock)
        return rises[0][0] if rises else 0.0

    def _rises(self, members: Sequence[Flow], seconds: int, clock: int) -> list[Rise]:
        """Of what was told since the last trouble was over: its failures say nothing of what is now."""
        over = max(map(self._cleared, members), default=0.0)
        return self._learning.kinds.rises(members, self.flows, seconds=min(seconds, round(clock - over)), clock=clock)

    def _risen(self, subject: Subject, finding: Finding) -> list[str]:
        """The categories of failure that there are more of than usual."""
        members = [flow for flow in self.flows.cohorts if subject.covers(flow)]
        seconds = SLOT_SECONDS * (WINDOWS[finding.window][1] - WINDOWS[finding.window][0])
        rises = self._rises(members, seconds, self._clock)
        return [category for nats, category, _ in rises if nats >= RISEN_NATS][:RISEN_SHOWN]

    def _put(self, kind: AlertKind, subject: Subject, finding: Finding, now_ms: int) -> list[Alert]:
        if any(self._hides(row, kind, subject) for row in self.raised()):
            return []
        if not finding.is_sure and now_ms - self._unsure.setdefault((kind, subject), now_ms) < UNSURE_SECONDS * 1000:
            return []
        if not self._is_fresh():  # what is missing may wait in a topic that is read more slowly
            return []
        row = Raised(kind, subject, now_ms, finding.share, finding.messages, finding.ratio, finding.expected)
        if kind == "delivery_drop":
            row.categories = self._risen(subject, finding)
        self.table.put(0, row.key, row)
        return [row.alert("raised", now_ms)]

    def _hides(self, row: Raised, kind: AlertKind, subject: Subject) -> bool:
        """One alert for one trouble; of a trouble that is known it is no news that it makes others."""
        if row.kind == kind:
            return row.subject.covers(subject)
        is_of_the_same = row.subject.covers(subject) or subject.covers(row.subject)
        return is_of_the_same and kind in _HIDDEN_BY.get(row.kind, ())

    # a feed that stands still

    def _silences(self, windows: Mapping[Flow, Windows], clock: int) -> dict[Subject, Finding]:
        """Suppliers, else carriers, else what a supplier carries to a carrier, of which no receipt of any kind comes."""
        found: dict[Subject, Finding] = {}
        if all(clock - self._learning.last(flow) < STALLED_SECONDS for flow in windows):
            return found
        for of in _UNITS:
            units: dict[Subject, list[Flow]] = {}
            for flow in windows:
                units.setdefault(of(flow), []).append(flow)
            for subject, flows in units.items():
                if any(known.covers(subject) for known in found):
                    continue
                finding = self._is_still(flows, windows, clock)
                if finding is not None:
                    carriers = {flow.carrier for flow in flows}
                    one = subject._replace(carrier=next(iter(carriers))) if len(carriers) == 1 else subject
                    found[one] = finding
        return found

    def _is_still(self, flows: Sequence[Flow], windows: Mapping[Flow, Windows], clock: int) -> Finding | None:
        last = max(self._learning.last(flow) for flow in flows)
        usual = max(self._learning.usual_gap(flow) for flow in flows)
        if clock - last < max(STALLED_SECONDS, GAPS * usual):
            return None
        nats = sum(self._expected(flow, clock, last) for flow in flows)
        if nats < STALLED_NATS:
            return None
        one = added([windows[flow] for flow in flows])[_QUARTER]
        messages = max(one[MESSAGES], 1)
        return Finding("receipts_stalled", nats, 1.0, _QUARTER, round(messages),
                       one[DELIVERED_NOW] / messages, one[TO_DELIVER] / messages)  # fmt: skip

    def _expected(self, flow: Flow, clock: int, last: float) -> float:
        usual, curve = self._learning.usuals.of(flow, self.flows.newest), self._learning.curve(flow)
        return expected_since(self.flows.cohorts.get(flow, {}), clock, last, usual, curve)

    # clearing

    def _clear(self, windows: Mapping[Flow, Windows], clock: int, now_ms: int) -> list[Alert]:
        alerts = []
        for _, key, row in list(self.table):
            if not row.is_up:
                continue
            flows = [flow for flow in windows if row.subject.covers(flow)]
            is_calm = bool(flows) and self._is_calm(row, flows, windows, clock)
            if is_calm and not row.calm_ms:
                row.calm_ms = now_ms
                self.table.touch(0, key)
            elif not is_calm and row.calm_ms:
                row.calm_ms = 0
                self.table.touch(0, key)
            if row.calm_ms and now_ms - row.calm_ms >= CALM_SECONDS * 1000:
                row.cleared_ms = now_ms
                self.table.touch(0, key)
                one = _shown(added([windows[flow] for flow in flows]))
                row.messages, row.ratio, row.expected = one
                alerts.append(row.alert("cleared", now_ms))
        return alerts

    def _is_calm(self, row: Raised, flows: Sequence[Flow], windows: Mapping[Flow, Windows], clock: int) -> bool:
        if row.kind == "receipts_stalled":
            last = max(self._learning.last(flow) for flow in flows)
            return sum(self._expected(flow, clock, last) for flow in flows) < TELLING
        parts = added([windows[flow] for flow in flows])
        measures = _MEASURES[row.kind]
        place = next((place for place in _RECENT if parts[place][TO_DELIVER] >= CALM_EXPECTED), None)
        if place is None:
            return False
        for measure in measures:
            _, excess, of = measure(parts, place)
            if of and excess / of > max(CALM_LEAST, CALM_SHARE * row.share):
                return False
        return True

    def _forget(self, clock: int) -> None:
        for _, key, row in list(self.table):
            if row.cleared_ms and clock * 1000 - row.cleared_ms > REMEMBERED_SECONDS * 1000:
                self.table.remove(0, key)

    def _is_troubled(self, flow: Flow, start: int) -> bool:
        """Nothing is learned from a cohort of an hour before an alert until it was over; of what lasts for days, all is."""
        for _, _, row in self.table:
            since = row.raised_ms / 1000 - 3_600
            until = row.cleared_ms / 1000 if row.cleared_ms else row.raised_ms / 1000 + 86_400
            if since <= start <= until and row.subject.covers(flow):
                return True
        return False


def _shown(windows: Windows) -> tuple[int, float, float]:
    one = windows[_QUARTER]
    messages = max(one[MESSAGES], 1)
    return round(one[MESSAGES]), one[DELIVERED_NOW] / messages, one[TO_DELIVER] / messages


def _measured(nats: Callable[[Windows, int], tuple[float, float]]) -> Callable[[Windows, int], Measured]:
    def measure(windows: Windows, place: int) -> Measured:
        return (*nats(windows, place), windows[place][TO_DELIVER])

    return measure


_QUARTER = 2
_UNITS: Sequence[Callable[[Flow], Subject]] = (
    lambda flow: Subject(flow.channel, "", flow.supplier),
    lambda flow: Subject(flow.channel, flow.carrier),
    lambda flow: Subject(flow.channel, flow.carrier, flow.supplier),
)
_RECENT = (1, 2, 3, 4)
_HIDDEN_BY: Mapping[str, Iterable[str]] = {
    "receipts_stalled": ("delivery_drop", "latency_up", "engagement_drop"),
    "delivery_drop": ("latency_up", "engagement_drop", "receipts_stalled"),
}
_FAILING, _MISSING = _measured(evidence.failing_nats), _measured(evidence.missing_nats)
_MEASURES: Mapping[str, Sequence[Callable[[Windows, int], Measured]]] = {
    "delivery_drop": (_FAILING, _MISSING),
    "latency_up": (evidence.slow_measure,),
    "submit_rejects": (evidence.reject_measure,),
    "engagement_drop": (evidence.unused_measure,),
}
_OTHERS: Sequence[tuple[Any, Any, AlertKind]] = (
    (lambda unit, _: evidence.slowed(unit), evidence.slow_measure, "latency_up"),
    (lambda unit, _: evidence.rejects(unit), evidence.reject_measure, "submit_rejects"),
    (lambda unit, _: evidence.unused(unit), evidence.unused_measure, "engagement_drop"),
)
