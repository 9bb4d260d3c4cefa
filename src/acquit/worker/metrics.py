"""What a worker exposes: counted by batch, shown by label. Names, meanings and bounds stand in metric_names.py."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, disable_created_metrics

from acquit import __version__
from acquit.capped import OTHER, Capped
from acquit.effects import DeadLetter, RouteVerdict, Suppression
from acquit.ledger.counters import SEGMENTS_LIMIT
from acquit.partition import Counts
from acquit.routes.cohorts import Cohort
from acquit.routes.holdings import HeldPlace
from acquit.routes.raised import Raised
from acquit.routes.recent import Recent
from acquit.worker import metric_names as limits
from acquit.worker.alert_metrics import Alerts, Shown
from acquit.worker.collectors import counter, gauge, histogram
from acquit.worker.latency_metrics import Reached
from acquit.worker.shown_words import Providers, Words
from acquit.worker.verdict_metrics import Verdicts

log = logging.getLogger(__name__)


class Metrics:
    """All metrics of one worker, in a registry of its own."""

    def __init__(self, carriers: Capped) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # else a series more for each counter
        self.registry = of = CollectorRegistry()
        self._carriers = carriers
        self._routes, self._suppliers, self._streams = (Capped(limits.ROUTES) for _ in range(3))
        self._countries, self._contents = Capped(limits.COUNTRIES), Capped(limits.CONTENTS)
        self._providers = Providers(limits.PROVIDERS)
        self._codes, self._kinds = Words(limits.UNKNOWN_CODES), Words(limits.IGNORED_KINDS)
        self._raw = counter(of, "acquit_raw_records_total")
        self._dead = counter(of, "acquit_dead_letters_total")
        self._ignored = counter(of, "acquit_ignored_events_total")
        self._unknown = counter(of, "acquit_unknown_codes_total")
        self._plain = {
            field: counter(of, f"acquit_{name}_total")
            for field, name in (
                ("events", "events"), ("again", "events_again"), ("repeated", "receipts_repeated"),
                ("unmatched", "receipts_unmatched"), ("too_late", "events_too_late"), ("unnamed", "events_unnamed"),
                ("forgotten", "messages_forgotten"),
            )
        }  # fmt: skip
        self.lost = counter(of, "acquit_events_lost_total")
        self._receipts = counter(of, "acquit_receipts_total")
        self._failures = counter(of, "acquit_failures_total")
        self._ended = counter(of, "acquit_ended_total")
        self._by_country = counter(of, "acquit_ended_by_country_total")
        self._by_content = counter(of, "acquit_ended_by_content_total")
        self._by_segments = counter(of, "acquit_ended_by_segments_total")
        self._engagements = counter(of, "acquit_engagements_total")
        self._complaints = counter(of, "acquit_complaints_total")
        self._suppression = counter(of, "acquit_suppression_changes_total")
        self._cohort = gauge(of, "acquit_cohort_messages")
        self._ratio = gauge(of, "acquit_cohort_delivery_ratio")
        self._recent = [gauge(of, f"acquit_recent_{name}") for name in Recent._fields]
        self._matched, self._held = gauge(of, "acquit_route_messages"), gauge(of, "acquit_suppression_held")
        self._recent_shown, self._routes_shown, self._held_shown = (set[tuple[str, ...]]() for _ in range(3))
        self._reached = Reached()
        self._verdicts = Verdicts(self._carriers, self._routes)
        self._alerts = Alerts(("delivery", "held", "routes"))
        for collector in (self._reached, self._verdicts, self._alerts):
            of.register(collector)
        self._latency = histogram(of, "acquit_append_to_redis_seconds")
        self.redis_evicts = gauge(of, "acquit_redis_evicts")
        self.list_ready = gauge(of, "acquit_suppression_list_ready")
        self.rebuilt = counter(of, "acquit_suppression_rebuilt_total")
        self._drift = gauge(of, "acquit_suppression_drift_keys")
        self._compared_at = gauge(of, "acquit_suppression_compared_timestamp_seconds")
        self._batch_records = histogram(of, "acquit_batch_records")
        self._batch_seconds = histogram(of, "acquit_batch_seconds")
        self._rebalances = counter(of, "acquit_rebalances_total")
        self._recovery = gauge(of, "acquit_recovery_seconds")
        self._journal_records = counter(of, "acquit_journal_records_total")
        self._owned = gauge(of, "acquit_partitions_owned")
        self._lag_records = gauge(of, "acquit_consumer_lag_records")
        self._lag_seconds = gauge(of, "acquit_consumer_lag_seconds")
        self._ready = gauge(of, "acquit_ready")
        self._waiting = gauge(of, "acquit_waiting")
        self._build = gauge(of, "acquit_build_info")

    def built(self, *, ruleset: str) -> None:
        self._build.labels(__version__, ruleset).set(1)

    def ask(self, *, is_ready: Callable[[], bool], is_waiting_for: Callable[[str], bool]) -> None:
        """Whenever somebody looks: a loop that stands still cannot say it."""
        self._ready.set_function(is_ready)
        for server in ("Kafka", "Redis"):
            self._waiting.labels(server).set_function(partial(is_waiting_for, server))

    # what is counted

    def taken_in(self, topic: str, records: int) -> None:
        self._raw.labels(topic).inc(records)

    def refused(self, provider: str, reason: str) -> None:
        self._dead.labels(provider, reason).inc()

    def ignored(self, provider: str, kind: str) -> None:
        label, _ = self._kinds.label(provider, kind)
        self._ignored.labels(provider, label).inc()

    def worked(self, agent: str, *, records: int, seconds: float) -> None:
        self._batch_records.labels(agent).observe(records)
        self._batch_seconds.labels(agent).observe(seconds)

    def folded(self, counts: Counts, effects: Iterable[DeadLetter | Suppression]) -> None:
        """What a batch of the ledger counted, once it is committed."""
        for (channel, carrier, status), number in counts.receipts.items():
            self._receipts.labels(channel, self._carriers.label(carrier), status).inc(number)
        for (channel, carrier, category, permanence), number in counts.failures.items():
            self._failures.labels(channel, self._carriers.label(carrier), category, permanence).inc(number)
        for (channel, carrier, country, content, segments, outcome), number in counts.ended.items():
            self._ended.labels(channel, self._carriers.label(carrier), outcome).inc(number)
            self._by_country.labels(channel, self._countries.label(country), outcome).inc(number)
            self._by_content.labels(channel, self._contents.label(content), outcome).inc(number)
            self._by_segments.labels(channel, _length(segments), outcome).inc(number)
        for (channel, kind), number in counts.engagements.items():
            self._engagements.labels(channel, kind).inc(number)
        for (channel, carrier), number in counts.complaints.items():
            self._complaints.labels(channel, self._carriers.label(carrier)).inc(number)
        for (provider, code), number in counts.unknown.items():
            self._not_known(provider, code, number)
        self._reached.add(counts.reached)
        for effect in effects:
            if isinstance(effect, DeadLetter):
                self.refused(effect.provider, effect.reason)
            else:
                self._suppressed(effect)
        for field, plain in self._plain.items():
            plain.inc(getattr(counts, field))

    def _suppressed(self, change: Suppression) -> None:
        entry = change.entry or change.before
        reason, by = entry.reason if entry else OTHER, "staff" if change.by else "acquit"
        self._suppression.labels(change.recipient.partition(":")[0], reason, change.change, by).inc()

    def _not_known(self, provider: str, code: str, number: int) -> None:
        """A code that no table knows is logged when it is first seen; what is not shown is not logged either."""
        name = self._providers.label(provider)
        label, is_new = self._codes.label(name, code)
        if is_new:
            log.warning("%s says %s, which no table knows: add a row to the rules", name, label)
        self._unknown.labels(name, label).inc(number)

    # the list

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

    # what a worker owns

    def assigned(self, partitions: Mapping[str, int], *, seconds: float, records: int) -> None:
        """All state of these partitions (topic, how many) is loaded, in so many seconds from so many records."""
        self._rebalances.inc()
        self._recovery.set(seconds)
        self._journal_records.inc(records)
        for topic, number in partitions.items():
            self._owned.labels(topic).set(number)

    def revoked(self) -> None:
        """Of what is another worker's by now nothing is shown here."""
        self._owned.clear()
        self._lag_records.clear()
        self._lag_seconds.clear()
        self.list_ready.set(0)

    def lags(self, topic: str, partition: int, *, records: int, seconds: float) -> None:
        self._lag_records.labels(topic, partition).set(records)
        self._lag_seconds.labels(topic, partition).set(seconds)

    # what the routes' sums say

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

    def show_recent(self, recent: Mapping[tuple[str, str], Recent]) -> None:
        """By channel and carrier, which has its label already."""
        for labels in self._recent_shown - recent.keys():
            for one in self._recent:
                _remove(one, *labels)
        for place, counts in recent.items():
            for one, number in zip(self._recent, counts, strict=True):
                one.labels(*place).set(number)
        self._recent_shown = set(recent)

    def show_matched(self, routes: Mapping[str, tuple[int, int]]) -> None:
        """By route: messages submitted, and messages that receipts alone know. A route that is none of these goes."""
        shown: dict[tuple[str, ...], float] = {}
        for route, counts in routes.items():
            label = self._routes.label(route)
            for known_by, number in zip(("submit", "receipts"), counts, strict=True):
                shown[label, known_by] = shown.get((label, known_by), 0) + number
        self._routes_shown = _show(self._matched, shown, self._routes_shown)

    def show_alerts(self, raised: Sequence[Raised]) -> None:
        """The alerts on delivery that are up; the others are over. Carriers have their labels already."""
        self._alerts.show("delivery", map(self._raised, raised))

    def _raised(self, row: Raised) -> Shown:
        one = row.subject
        route, supplier, stream = (known.label(name) if name else "" for known, name in (
            (self._routes, one.route), (self._suppliers, one.supplier), (self._streams, one.stream)
        ))  # fmt: skip
        labels = (row.kind, one.channel, one.carrier, route, supplier, stream)
        return Shown(labels, row.messages, row.ratio, row.expected)

    def show_held(self, places: Sequence[HeldPlace]) -> None:
        """The routes and carriers of which something is held; the others are over."""
        shown: dict[tuple[str, ...], float] = {}
        for place in places:
            carrier = "" if place.carrier is None else self._carriers.label(place.carrier)
            route = "" if place.route is None else self._routes.label(place.route)
            labels = (place.channel, carrier, route)
            shown[labels] = shown.get(labels, 0) + place.failures
        self._held_shown = _show(self._held, shown, self._held_shown)
        self._alerts.show("held", (Shown(("suppression_held", *at, "", ""), round(n)) for at, n in shown.items()))

    def show_verdicts(self, verdicts: Sequence[RouteVerdict]) -> None:
        """The last verdict on each route and carrier."""
        self._verdicts.show(verdicts)
        self._alerts.show("routes", self._verdicts.raised)

    def clear_cohorts(self) -> None:
        for one in (self._cohort, self._ratio, self._matched, self._held, *self._recent):
            one.clear()
        self._routes_shown, self._held_shown, self._recent_shown = set(), set(), set()
        self._alerts.clear()
        self._verdicts.show(())


def _length(segments: int | None) -> str:
    return "unknown" if segments is None else str(min(segments, SEGMENTS_LIMIT))


def _show(one: Gauge, shown: Mapping[tuple[str, ...], float], before: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Show these and take away what was shown before; returns what is shown now."""
    for labels in before - shown.keys():
        _remove(one, *labels)
    for labels, number in shown.items():
        one.labels(*labels).set(number)
    return set(shown)


def _remove(gauge: Gauge, *labels: str) -> None:
    """Take a series away, if it is there: an hour without messages is nothing, not zero."""
    with suppress(KeyError):
        gauge.remove(*labels)
