"""Limits on what the last days came to: delivery floors, complaints, bounces, overdue ports, people who deny a delivery.

Slow judgements, beside the quick ones of drops.py: a limit is passed when chance does not explain it, and kept again when
the rate is under nine tenths of it. Cells know no account: complaints and bounces are those of a supplier's stream.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from acquit.blocks import Blocks
from acquit.effects import Alert, AlertKind, Example
from acquit.events import Channel
from acquit.routes.flows import Flow
from acquit.routes.raised import Raised, Subject
from acquit.routes.tails import surprise

FLOORS: Mapping[Channel, float] = MappingProxyType({"sms": 0.98, "whatsapp": 0.90, "email": 0.85})
"""What delivery should be at least (smsmode, Klaviyo): delivered, of what was delivered or failed."""
COMPLAINTS_HIGH, COMPLAINTS_EXCESSIVE, BOUNCES_HIGH = 0.001, 0.003, 0.05
"""Gmail and Yahoo ask for less than 0.1 % and never 0.3 %; Amazon SES looks at an account whose mails bounce at 5 %."""
DAY_HOURS, DAYS_HOURS = 24, 72
LOOK_SECONDS = 300
SURE_NATS, KEPT = 7.0, 0.9
LEAST_MESSAGES, DENIALS, DENIED_SHARE = 200, 3, 0.0001
EXAMPLES = 5
DELIVERED, FAILED, PERMANENT, DENIED, COMPLAINED, OVERDUE = range(6)
NOTHING = (0, 0, 0, 0, 0, 0)
SHOWN = ("port_overdue", "denied")
"""The contradictions of which alerts show examples."""


class Limit(NamedTuple):
    """What is over it, of what; `is_over` without it once, `is_kept` to be cleared."""

    kind: AlertKind
    subject: Subject
    number: int
    of: int
    limit: float
    is_over: bool
    is_kept: bool
    ratio: float
    examples: Sequence[Example] = ()


class Rates:
    """What was told by flow and hour of submission, and the alerts on it, which are journaled."""

    def __init__(self, floors: Mapping[Channel, float] = FLOORS) -> None:
        self._floors: dict[str, float] = dict(floors.items())
        self.table: Blocks[Raised] = Blocks(Raised)
        self._told: dict[int, dict[Flow, list[int]]] = {}
        self._examples: dict[int, dict[tuple[Flow, str], list[Example]]] = {}
        self._looked = 0

    def loaded(self) -> None:
        self._told.clear()
        self._examples.clear()

    def add(self, flow: Flow, hour: int, told: Sequence[int], sign: int) -> None:
        known = self._told.setdefault(hour, {}).setdefault(flow, [0] * len(NOTHING))
        for place, count in enumerate(told):
            known[place] += sign * count

    def show(self, flow: Flow, hour: int, examples: Mapping[str, Sequence[Example]]) -> None:
        for kind, shown in examples.items():
            self._examples.setdefault(hour, {})[flow, kind] = list(shown)

    def forget_before(self, hour: int) -> None:
        for known in (self._told, self._examples):
            for old in [one for one in known if one < hour]:
                del known[old]

    def raised(self) -> list[Raised]:
        return [row for _, _, row in self.table if row.is_up]

    def judge(self, now_ms: int) -> list[Alert]:
        look = now_ms // 1000 // LOOK_SECONDS
        if look == self._looked or not self._told:
            return []
        self._looked = look
        newest = max(self._told)
        self.forget_before(newest - (DAYS_HOURS - 1) * 3_600)
        limits = {"/".join([limit.kind, *limit.subject]): limit for limit in self._limits(newest)}
        alerts = []
        for key, limit in limits.items():
            if limit.is_over and self.table.get(0, key) is None:
                row = Raised(limit.kind, limit.subject, now_ms, 0.0, limit.number, limit.ratio, limit.limit,
                             examples=limit.examples)  # fmt: skip
                self.table.put(0, key, row)
                alerts.append(row.alert("raised", now_ms))
        for _, key, row in list(self.table):
            kept = limits.get(key)
            if kept is None or kept.is_kept:
                row.messages, row.ratio, row.examples = (kept.number, kept.ratio, ()) if kept else (0, 0.0, ())
                self.table.remove(0, key)
                alerts.append(row.alert("cleared", now_ms))
        return alerts

    def _limits(self, newest: int) -> Iterable[Limit]:
        day, days = self._sums(newest - (DAY_HOURS - 1) * 3_600), self._sums(newest - (DAYS_HOURS - 1) * 3_600)
        for subject, told in _by(day, lambda f: Subject(f.channel, f.carrier)).items():
            floor = self._floors.get(subject.channel)
            if floor:
                of = told[DELIVERED] + told[FAILED]
                one = _limit("delivery_low", subject, told[FAILED], of, 1 - floor)
                yield one._replace(ratio=1 - one.ratio, limit=floor)
        for subject, told in _by(days, lambda f: Subject(f.channel, "", f.supplier, "", f.stream)).items():
            yield _limit("complaints_high", subject, told[COMPLAINED], told[DELIVERED], COMPLAINTS_HIGH)
            yield _limit("complaints_excessive", subject, told[COMPLAINED], told[DELIVERED], COMPLAINTS_EXCESSIVE)
            if subject.channel == "email":
                of = told[DELIVERED] + told[FAILED]
                yield _limit("bounces_high", subject, told[PERMANENT], of, BOUNCES_HIGH)
        for subject, told in _by(days, lambda f: Subject(f.channel, f.carrier, f.supplier, f.route)).items():
            if told[OVERDUE]:
                yield _counted("port_overdue", subject, told, OVERDUE, self._shown(subject, "port_overdue"))
        yield from self._denials(days)

    def _denials(self, days: Mapping[Flow, Sequence[int]]) -> Iterable[Limit]:
        """By a supplier at several carriers; else at one carrier, whoever the supplier is."""
        seen: list[Subject] = []
        for subject, told in _by(days, lambda f: Subject(f.channel, "", f.supplier)).items():
            carriers = {flow.carrier for flow, one in days.items() if one[DENIED] and subject.covers(flow)}
            if len(carriers) > 1 and _is_denied(told):
                seen.append(subject)
                yield _counted("not_received", subject, told, DENIED, self._shown(subject, "denied"))
        left = {flow: told for flow, told in days.items() if not any(subject.covers(flow) for subject in seen)}
        for subject, told in _by(left, lambda f: Subject(f.channel, f.carrier)).items():
            if _is_denied(told):
                yield _counted("not_received", subject, told, DENIED, self._shown(subject, "denied"))

    def _shown(self, subject: Subject, kind: str) -> list[Example]:
        """The latest ones: what is old a supplier will not look up any more."""
        found = [
            example
            for by_flow in self._examples.values()
            for (flow, one), examples in by_flow.items()
            if one == kind and subject.covers(flow)
            for example in examples
        ]
        return sorted(found, key=lambda example: (example.at, example.message_id))[-EXAMPLES:]

    def _sums(self, since: int) -> dict[Flow, list[int]]:
        sums: dict[Flow, list[int]] = {}
        for hour, flows in self._told.items():
            for flow, told in flows.items() if hour >= since else ():
                known = sums.get(flow)
                sums[flow] = list(told) if known is None else [a + b for a, b in zip(known, told, strict=True)]
        return sums


def _by(flows: Mapping[Flow, Sequence[int]], of: Callable[[Flow], Subject]) -> dict[Subject, list[int]]:
    sums: dict[Subject, list[int]] = {}
    for flow, told in flows.items():
        subject = of(flow)
        known = sums.get(subject)
        sums[subject] = list(told) if known is None else [a + b for a, b in zip(known, told, strict=True)]
    return sums


def _limit(kind: AlertKind, subject: Subject, count: int, of: int, limit: float) -> Limit:
    ratio = count / of if of else 0.0
    is_over = of >= LEAST_MESSAGES and surprise(count, limit * of, limit * of * (1 - limit)) >= SURE_NATS
    return Limit(kind, subject, count, of, limit, is_over, ratio < KEPT * limit, ratio)


def _counted(kind: AlertKind, subject: Subject, told: Sequence[int], place: int, examples: Sequence[Example]) -> Limit:
    ratio = told[place] / max(1, told[DELIVERED] + told[FAILED])
    return Limit(
        kind, subject, told[place], told[DELIVERED], 0.0, is_over=True, is_kept=False, ratio=ratio, examples=examples
    )


def _is_denied(told: Sequence[int]) -> bool:
    return told[DENIED] >= DENIALS and told[DENIED] >= DENIED_SHARE * told[DELIVERED]
