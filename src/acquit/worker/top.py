"""What a running worker says of itself, read from its metrics and turned into what a person wants to see."""

import time
import urllib.error
import urllib.request
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

from acquit.events import DELIVERED, FAILED, RATED
from acquit.worker.verdict_metrics import WORDS

RATE_SECONDS = 10
PULSE = 24
Labels = tuple[tuple[str, str], ...]


@dataclass
class Carrier:
    """Delivery of one carrier and channel: its messages now by hour of submission, and how its last polls went."""

    channel: str
    name: str
    hours: dict[str, tuple[int, int]] = field(default_factory=dict)  # label: delivered, final
    waiting: int = 0
    pulse: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=PULSE))  # delivered, final of each poll
    is_alerting: bool = False

    @property
    def recent(self) -> float | None:
        """Delivery of what became final lately."""
        final = sum(final for _, final in self.pulse)
        return sum(delivered for delivered, _ in self.pulse) / final if final else None

    @property
    def final(self) -> int:
        return sum(final for _, final in self.hours.values())

    @property
    def overall(self) -> float | None:
        return sum(delivered for delivered, _ in self.hours.values()) / self.final if self.final else None


@dataclass
class Doubted:
    """A route whose receipts are suspect or contradicted; the share is of its receipts of delivery."""

    channel: str
    carrier: str
    route: str
    word: str
    share: dict[str, float] = field(default_factory=dict)  # low, estimate, high


@dataclass
class View:
    """One look at a worker. Rates are of the last seconds."""

    address: str
    is_there: bool = False
    not_ready: str = ""
    raw_records: int = 0  # read since it started
    raw_per_second: float = 0.0
    events_per_second: float = 0.0
    lag_records: int = 0
    lag_seconds: float = 0.0
    dead_letters: int = 0
    latency_seconds: float | None = None  # median, from the raw record to Redis
    carriers: list[Carrier] = field(default_factory=list)
    reasons: list[tuple[str, int]] = field(default_factory=list)
    suppressed: list[tuple[str, int]] = field(default_factory=list)
    unknown: list[tuple[str, int]] = field(default_factory=list)  # provider and code, receipts
    doubted: list[Doubted] = field(default_factory=list)  # the worst first
    alerts: list[str] = field(default_factory=list)


class Watcher:
    """Polls one worker and remembers enough to say what changes."""

    def __init__(self, address: str) -> None:
        self.address = address if "://" in address else f"http://{address}"
        self._moments: deque[tuple[float, float, float]] = deque(maxlen=RATE_SECONDS + 1)  # when, raw, events
        self._carriers: dict[tuple[str, str], Carrier] = {}
        self._said: dict[tuple[str, str], tuple[int, int]] = {}
        self._latencies: deque[dict[float, float]] = deque(maxlen=RATE_SECONDS + 1)  # records by bound, at each look

    def look(self) -> View:
        """Ask the worker now. Never fails: a worker that does not answer is a view, too."""
        view = View(self.address)
        try:
            samples = list(_samples(_get(self.address + "/metrics")))
            view.not_ready = "" if _is_ready(self.address) else _get(self.address + "/readyz", anyway=True).strip()
        except OSError:
            return view
        view.is_there = True
        self._rates(view, samples)
        self._delivery(view, samples)
        _totals(view, samples)
        view.doubted = _doubted(samples)
        self._latency(view, samples)
        return view

    def _latency(self, view: View, samples: list[tuple[str, dict[str, str], float]]) -> None:
        name = "acquit_append_to_redis_seconds_bucket"
        self._latencies.append({float(labels["le"]): value for found, labels, value in samples if found == name})
        first, last = self._latencies[0], self._latencies[-1]
        view.latency_seconds = _median(sorted((bound, count - first.get(bound, 0)) for bound, count in last.items()))

    def _rates(self, view: View, samples: list[tuple[str, dict[str, str], float]]) -> None:
        raw = sum(value for name, _, value in samples if name == "acquit_raw_records_total")
        events = sum(value for name, _, value in samples if name == "acquit_events_total")
        view.raw_records = int(raw)
        self._moments.append((time.monotonic(), raw, events))
        first, last = self._moments[0], self._moments[-1]
        seconds = last[0] - first[0]
        if seconds > 0:
            view.raw_per_second = max(0.0, (last[1] - first[1]) / seconds)
            view.events_per_second = max(0.0, (last[2] - first[2]) / seconds)

    def _delivery(self, view: View, samples: list[tuple[str, dict[str, str], float]]) -> None:
        for carrier in self._carriers.values():
            carrier.hours, carrier.waiting, carrier.is_alerting = {}, 0, False
        said: Counter[tuple[str, str, bool]] = Counter()
        for name, labels, value in samples:
            place = (labels.get("channel", ""), labels.get("carrier", ""))
            if name == "acquit_cohort_messages":
                _book(self._carrier(place), labels, int(value))
            elif name == "acquit_receipts_total" and labels["status"] in RATED:
                said[(*place, labels["status"] in DELIVERED)] += int(value)
            elif name == "acquit_alert_active" and value:
                self._carrier(place).is_alerting = True
                names = [labels[name] for name in ("carrier", "supplier", "route", "stream") if labels.get(name)]
                view.alerts.append(" ".join([labels["kind"], place[0], *names]))
        for place, carrier in self._carriers.items():
            delivered = said[(*place, True)]
            now = (delivered, delivered + said[(*place, False)])
            before = self._said.get(place, now)
            self._said[place] = now
            carrier.pulse.append((max(0, now[0] - before[0]), max(0, now[1] - before[1])))
        seen = [carrier for carrier in self._carriers.values() if carrier.final]
        view.carriers = sorted(seen, key=lambda carrier: -carrier.final)

    def _carrier(self, place: tuple[str, str]) -> Carrier:
        return self._carriers.setdefault(place, Carrier(*place))


def _book(carrier: Carrier, labels: dict[str, str], messages: int) -> None:
    status = labels["status"]
    if status not in RATED:
        carrier.waiting += messages * (status not in FAILED)  # nobody waits for what was rejected or cancelled
        return
    delivered, final = carrier.hours.get(labels["hour"], (0, 0))
    carrier.hours[labels["hour"]] = (delivered + messages * (status in DELIVERED), final + messages)


def _totals(view: View, samples: list[tuple[str, dict[str, str], float]]) -> None:
    reasons: Counter[str] = Counter()
    suppressed: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for name, labels, value in samples:
        match name:
            case "acquit_failures_total":
                reasons[labels["category"]] += int(value)
            case "acquit_suppression_changes_total" if labels["change"] == "suppressed":
                suppressed[f"{labels['channel']} {labels['reason']}"] += int(value)
            case "acquit_unknown_codes_total":
                unknown[f"{labels['provider']} {labels['code']}"] += int(value)
            case "acquit_dead_letters_total":
                view.dead_letters += int(value)
            case "acquit_consumer_lag_records":
                view.lag_records += int(value)
            case "acquit_consumer_lag_seconds":
                view.lag_seconds = max(view.lag_seconds, value)
    view.reasons, view.suppressed, view.unknown = (counts.most_common() for counts in (reasons, suppressed, unknown))


def _doubted(samples: Sequence[tuple[str, dict[str, str], float]]) -> list[Doubted]:
    found: dict[tuple[str, str, str], Doubted] = {}
    for name, labels, value in samples:
        if name == "acquit_route_verdict" and value:
            place = (labels["channel"], labels["carrier"], labels["route"])
            found[place] = Doubted(*place, WORDS[int(value)])
    for name, labels, value in samples:
        if name == "acquit_route_forged_share":
            place = (labels["channel"], labels["carrier"], labels["route"])
            if place in found:
                found[place].share[labels["bound"]] = value
    return sorted(found.values(), key=lambda one: (-WORDS.index(one.word), -one.share.get("estimate", 0.0)))


def _median(buckets: list[tuple[float, float]]) -> float | None:
    half = buckets[-1][1] / 2 if buckets else 0
    return next((bound for bound, count in buckets if count >= half), None) if half else None


def _samples(text: str) -> Iterable[tuple[str, dict[str, str], float]]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


def _is_ready(address: str) -> bool:
    try:
        _get(address + "/readyz")
    except urllib.error.HTTPError:
        return False
    return True


def _get(url: str, *, anyway: bool = False) -> str:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - the user's own address of a worker
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        if not anyway:
            raise
        return error.read().decode()
