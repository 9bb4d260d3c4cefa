"""All metrics, by name, here. Labels come from closed lists or are capped: never a recipient, never a message id."""

import logging
import re
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from acquit.capped import OTHER, Capped
from acquit.columns import LATENCY_BOUNDS_MS
from acquit.effects import DeadLetter, RouteVerdict, Suppression
from acquit.partition import Counts
from acquit.routes.cohorts import Cohort
from acquit.routes.holdings import HeldPlace
from acquit.routes.raised import Raised
from acquit.worker.verdict_metrics import Verdicts

log = logging.getLogger(__name__)
ALERT_LABELS = ("kind", "channel", "carrier", "route", "supplier", "stream")
UNKNOWN_CODES, IGNORED_KINDS, ROUTES, PROVIDERS = 200, 100, 200, 100
_SHOWN_WORD = re.compile(r"[A-Za-z0-9_.: /-]{1,40}")
_PERHAPS_A_NUMBER = re.compile(r"(?:[0-9][^0-9]*){7}")
"""However it is written: 06 12 34 56 78, 336-1234. Most ids have as many digits, too; no code that is known has."""

REACHED_SECONDS = (0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400)
"""The ledger's bins are finer than what a dashboard shows: each falls into the first of these that is no less."""
LATENCY_BUCKETS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """Everything that a worker exposes, in a registry of its own."""

    def __init__(self, carriers: Capped) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # else a series more for each counter
        self.registry = CollectorRegistry()
        self._carriers = carriers
        self._raised: set[tuple[str, ...]] = set()
        self._suppliers, self._streams = Capped(ROUTES), Capped(ROUTES)
        self._codes = Capped(UNKNOWN_CODES)
        self._providers = Capped(PROVIDERS)  # of canonical receipts, any word of their writer
        self._logged: set[tuple[str, str]] = set()
        self._raw = self._counter("raw_records", "Raw records read, dead letters among them", "topic")
        self._receipts = self._counter("receipts", "Receipts that said something new", "channel", "carrier", "status")
        self._failures = self._counter(
            "failures", "Receipts of failures, by reason", "channel", "carrier", "category", "permanence"
        )
        self._unknown = self._counter(
            "unknown_codes", "Receipts whose code, or else status word, no table knows", "provider", "code"
        )
        self._dead = self._counter("dead_letters", "Records that could not be read", "provider", "reason")
        self._ignored = self._counter(
            "ignored_events", "Events that are no news of a message, by the provider's own word", "provider", "kind"
        )
        self._kinds = Capped(IGNORED_KINDS)
        self._suppression = self._counter(
            "suppression_changes", "Changes of the suppression list", "channel", "reason", "change"
        )
        self._taken = self._counter("events", "Events folded by the ledger")
        self._again = self._counter("events_again", "Events read twice by ourselves and dropped")
        self._repeated = self._counter("receipts_repeated", "Receipts that a provider sent more than once")
        self._too_late = self._counter("events_too_late", "Events of hours that have left the window")
        self._forgotten = self._counter(
            "messages_forgotten", "Messages of the window forgotten, for there were too many"
        )
        self._unnamed = self._counter(
            "events_unnamed", "Events counted under their channel alone, for the window knows too many sets of labels"
        )
        self._unmatched = self._counter("receipts_unmatched", "Receipts without a recipient or a message id")
        self.lost = self._counter("events_lost", "Events that retention took before they were read")
        labels = ["channel", "carrier", "hour"]
        self._cohort = Gauge(
            "acquit_cohort_messages", "Messages by hour of submission, its latest day, and status now",
            [*labels, "status"], registry=self.registry,
        )  # fmt: skip
        self._ratio = Gauge(
            "acquit_cohort_delivery_ratio", "Delivered and read over final but rejected, by hour of submission, its latest day",
            labels, registry=self.registry,
        )  # fmt: skip
        self._matched = self._gauge(
            "route_messages", "Messages of the newest day, by what is known of them: a submit, or receipts alone",
            "route", "known_by",
        )  # fmt: skip
        self._routes = Capped(ROUTES)
        self._routes_shown: set[tuple[str, str]] = set()
        self._alerts = self._gauge(
            "alert_active", "1 while an alert is up; a name that is empty is all of them", *ALERT_LABELS
        )
        self._held = self._gauge(
            "suppression_held", "Failures that the circuit breaker holds, for staff to decide", "channel", "carrier", "route"
        )  # fmt: skip
        self._held_shown: set[tuple[str, str, str]] = set()
        self._verdicts = Verdicts(self._carriers, self._routes)
        self.registry.register(self._verdicts)
        self._latency = Histogram(
            "acquit_append_to_redis_seconds", "From the raw record's append to its effect in Redis",
            buckets=LATENCY_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self._reached = Reached()
        self.registry.register(self._reached)
        self.rebalances = self._counter(
            "rebalances", "Times that all state was loaded anew, for partitions were spread anew"
        )
        self.redis_evicts = self._gauge("redis_evicts", "1 while Redis may evict keys: its maxmemory-policy is wrong")
        self.list_ready = self._gauge(
            "suppression_list_ready", "1 while senders may trust the list; by the worker that says so to them"
        )
        self.rebuilt = self._counter("suppression_rebuilt", "Entries of the list written anew from the truth")
        self._drift = self._gauge(
            "suppression_drift_keys", "Keys in which Redis was not the truth, when they were compared last", "kind"
        )
        self._compared_at = self._gauge(
            "suppression_compared_timestamp_seconds", "When Redis was last compared with the truth, 0 if not yet"
        )
        self.lag_records = self._gauge("consumer_lag_records", "Records not read yet", "topic", "partition")
        self.lag_seconds = self._gauge(
            "consumer_lag_seconds", "Age of the oldest record not read", "topic", "partition"
        )
        self.ready = self._gauge("ready", "1 while the worker is ready, else 0")
        self.waiting = self._gauge("waiting", "1 while the worker waits for a server", "server")

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"acquit_{name}_total", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"acquit_{name}", meaning, labels, registry=self.registry)

    def folded(self, counts: Counts, effects: Iterable[DeadLetter | Suppression]) -> None:
        """What a batch of the ledger counted, once it is committed."""
        for (channel, carrier, status), number in counts.receipts.items():
            self._receipts.labels(channel, self._carriers.label(carrier), status).inc(number)
        for (channel, carrier, category, permanence), number in counts.failures.items():
            self._failures.labels(channel, self._carriers.label(carrier), category, permanence).inc(number)
        self._reached.add(counts.reached)
        for (provider, code), number in counts.unknown.items():
            name = self._word(provider, self._providers)
            self._unknown.labels(name, self._named(name, code)).inc(number)
        for effect in effects:
            if isinstance(effect, DeadLetter):
                self.refused(effect.provider, effect.reason)
            else:
                self._suppressed(effect)
        self._taken.inc(counts.events)
        self._again.inc(counts.again)
        self._repeated.inc(counts.repeated)
        self._too_late.inc(counts.too_late)
        self._forgotten.inc(counts.forgotten)
        self._unnamed.inc(counts.unnamed)
        self._unmatched.inc(counts.unmatched)

    def _suppressed(self, change: Suppression) -> None:
        entry = change.entry or change.before
        reason = entry.reason if entry else OTHER
        self._suppression.labels(change.recipient.partition(":")[0], reason, change.change).inc()

    def taken_in(self, topic: str, records: int) -> None:
        self._raw.labels(topic).inc(records)

    def refused(self, provider: str, reason: str) -> None:
        self._dead.labels(provider, reason).inc()

    def ignored(self, provider: str, kind: str) -> None:
        self._ignored.labels(provider, self._word(kind, self._kinds)).inc()

    def projected(self, records: Sequence[Any]) -> None:
        """Records of the list that Redis holds now; their timestamps are those of the raw records behind them."""
        now = time.time()
        for record in records:
            self._latency.observe(max(0.0, now - record.timestamp / 1000))

    def drifted(self, *, missing: int, different: int, extra: int) -> None:
        """What the last comparison of Redis with the truth found."""
        for kind, number in (("missing", missing), ("different", different), ("extra", extra)):
            self._drift.labels(kind).set(number)
        self._compared_at.set_to_current_time()

    def show_cohorts(self, cohorts: Sequence[Cohort]) -> None:
        for cohort in cohorts:
            place = (cohort.channel, cohort.carrier, cohort.hour)
            for status, number in cohort.status.items():
                if number:
                    self._cohort.labels(*place, status).set(number)
                else:
                    _remove(self._cohort, *place, status)
            if cohort.final:
                self._ratio.labels(*place).set(cohort.delivered / cohort.final)
            else:
                _remove(self._ratio, *place)

    def show_matched(self, routes: Mapping[str, tuple[int, int]]) -> None:
        """By route: messages submitted, and messages that receipts alone know. A route that is none of these goes."""
        shown: dict[tuple[str, str], int] = {}
        for route, counts in routes.items():
            label = self._routes.label(route)
            for known_by, number in zip(("submit", "receipts"), counts, strict=True):
                shown[label, known_by] = shown.get((label, known_by), 0) + number
        for labels in self._routes_shown - shown.keys():
            _remove(self._matched, *labels)
        for labels, number in shown.items():
            self._matched.labels(*labels).set(number)
        self._routes_shown = set(shown)

    def show_alerts(self, raised: Sequence[Raised]) -> None:
        """The alerts on delivery that are up; the others are over. Carriers have their labels already."""
        shown = set()
        for row in raised:
            one = row.subject
            names = (known.label(name) if name else "" for known, name in (
                (self._routes, one.route), (self._suppliers, one.supplier), (self._streams, one.stream)
            ))  # fmt: skip
            shown.add((row.kind, one.channel, one.carrier, *names))
        for labels in self._raised - shown:
            self._alerts.labels(*labels).set(0)
        for labels in shown:
            self._alerts.labels(*labels).set(1)
        self._raised = shown

    def show_held(self, places: Sequence[HeldPlace]) -> None:
        """The routes and carriers of which something is held; the others are over."""
        shown: dict[tuple[str, str, str], int] = {}
        for place in places:
            carrier = "" if place.carrier is None else self._carriers.label(place.carrier)
            route = "" if place.route is None else self._routes.label(place.route)
            labels = (place.channel, carrier, route)
            shown[labels] = shown.get(labels, 0) + place.failures
        for labels in self._held_shown - shown.keys():
            self._held.labels(*labels).set(0)
            self._alerts.labels("suppression_held", *labels, "", "").set(0)
        for labels, number in shown.items():
            self._held.labels(*labels).set(number)
            self._alerts.labels("suppression_held", *labels, "", "").set(1)
        self._held_shown = set(shown)

    def show_verdicts(self, verdicts: Sequence[RouteVerdict]) -> None:
        """The last verdict on each route and carrier."""
        before = self._verdicts.raised
        self._verdicts.show(verdicts)
        for labels in before - self._verdicts.raised:
            self._alerts.labels(*labels).set(0)
        for labels in self._verdicts.raised:
            self._alerts.labels(*labels).set(1)

    def clear_cohorts(self) -> None:
        self._cohort.clear()
        self._ratio.clear()
        self._matched.clear()
        self._routes_shown = set()
        self._alerts.clear()
        self._raised = set()
        self._held.clear()
        self._held_shown = set()
        self._verdicts.show(())

    def _named(self, provider: str, code: str) -> str:
        """The label of an unknown code, which is logged when it is first seen; what is not shown is not logged either."""
        label = self._word(code, self._codes)
        if label != OTHER and (provider, label) not in self._logged and len(self._logged) < UNKNOWN_CODES:
            self._logged.add((provider, label))
            log.warning("%s says %s, which no table knows: add a row to the rules", provider, label)
        return label

    def _word(self, word: str | None, known: Capped) -> str:
        """A provider's word as a label; what is long or might be somebody's number is not shown."""
        if word is None or not _SHOWN_WORD.fullmatch(word) or _PERHAPS_A_NUMBER.search(word):
            return OTHER
        return known.label(word)


class Reached(Collector):
    """Receipts by the time since their submit: how long each step takes, per channel and status."""

    def __init__(self) -> None:
        self._bins: dict[tuple[str, str], list[int]] = {}

    def add(self, reached: Mapping[tuple[str, str], Sequence[int]]) -> None:
        for key, bins in reached.items():
            known = self._bins.setdefault(key, [0] * len(bins))
            self._bins[key] = [one + other for one, other in zip(known, bins, strict=True)]

    def collect(self) -> Iterator[HistogramMetricFamily]:
        family = HistogramMetricFamily(
            "acquit_receipt_latency_seconds", "From the submit to what a receipt says, its first time", labels=_REACHED
        )
        for labels, bins in self._bins.items():
            seconds = sum(count * bound / 1000 for count, bound in zip(bins, LATENCY_BOUNDS_MS, strict=True))
            family.add_metric(labels, [*_cumulative(bins), ("+Inf", sum(bins))], seconds)
        yield family


_REACHED = ("channel", "status")


def _cumulative(bins: Sequence[int]) -> Iterator[tuple[str, int]]:
    for seconds in REACHED_SECONDS:
        until = bisect_right(LATENCY_BOUNDS_MS, seconds * 1000)
        yield str(float(seconds)), sum(bins[:until])


def _remove(gauge: Gauge, *labels: str) -> None:
    """Take a series away, if it is there: an hour without messages is nothing, not zero."""
    with suppress(KeyError):
        gauge.remove(*labels)
