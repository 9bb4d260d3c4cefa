"""All metrics, declared once: name, kind, meaning, labels and how many values each of these may have.

The collectors are made from this table, `docs/metrics.md` shows it, and a test holds what a worker exposes against it. Labels
come from closed lists or are capped (capped.py): never a recipient, never a message id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal, get_args

from acquit.decode import DECODERS
from acquit.effects import AlertKind, Change
from acquit.errors import UNDECODABLE_REASONS
from acquit.events import CATEGORIES, CHANNELS, ENGAGEMENTS, HOLDS, PERMANENCES, STATUSES
from acquit.ledger.counters import SEGMENTS_LIMIT
from acquit.worker.names import AGENTS

CARRIERS, ROUTES = 50, 200
"""Named ones: `max_carriers` as shipped, and our own limit. Beyond these come `other`, and `unknown` for what has no name."""
COUNTRIES, CONTENTS = 60, 20
PROVIDERS = 100
UNKNOWN_CODES, IGNORED_KINDS = 200, 100
"""Pairs of a provider and its word."""
SHOWN_PLACES = 500
"""Routes on carriers whose verdict is shown: the contradicted and suspect ones, then those of the most messages."""
SHOWN_ALERTS = 500
TOPICS, PARTITIONS = 16, 128
"""What a budget is made for; that many is not asked for."""
_REST = 2  # other, unknown

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True)
class Label:
    """`bound`: how many values it may have."""

    name: str
    bound: int
    values: str


CHANNEL = Label("channel", len(CHANNELS), "sms, whatsapp, rcs, email")
CARRIER = Label("carrier", CARRIERS + _REST, "the first `max_carriers`, `other`, `unknown`")
STATUS = Label("status", len(STATUSES), "the closed list of statuses")
HOUR = Label("hour", 24, "00 to 23, by the wall clock of `zone`")
CATEGORY = Label("category", len(CATEGORIES), "the closed list of reasons")
PERMANENCE = Label("permanence", len(PERMANENCES), "permanent, transient, none")
OUTCOME = Label("outcome", 3, "delivered, failed, rejected")
ROUTE = Label("route", ROUTES + _REST, f"the first {ROUTES}, `other`, `unknown`")
PROVIDER = Label("provider", PROVIDERS + 1, f"the first {PROVIDERS}: a canonical receipt may name any; `other`")
DECODER = Label("provider", len(DECODERS) + 2, "names of decoders, `acquit`, `unknown`")
REASON = Label("reason", len(UNDECODABLE_REASONS), "the closed list of why a record cannot be read")
TOPIC = Label("topic", TOPICS, "the topics that this worker reads")
PARTITION = Label("partition", PARTITIONS, "numbers of partitions")
AGENT = Label("agent", len(AGENTS), ", ".join(AGENTS))
ALERT = (
    Label("kind", len(get_args(AlertKind)), "the closed list of alerts"), CHANNEL,
    Label("carrier", CARRIERS + _REST + 1, "as above; empty: all of them"), Label("route", ROUTES + _REST + 1, "the same"),
    Label("supplier", ROUTES + _REST + 1, "the same"), Label("stream", ROUTES + _REST + 1, "the same"),
)  # fmt: skip
PLACE = (CHANNEL, *ALERT[2:4])


@dataclass(frozen=True)
class Metric:
    """`most`: of sets of labels, where that is less than their product. `unshown`: why no dashboard and no rule has it."""

    name: str
    kind: Kind
    meaning: str
    labels: Sequence[Label] = ()
    most: int | None = None
    buckets: Sequence[float] = ()
    unshown: str = ""

    @property
    def label_names(self) -> list[str]:
        return [label.name for label in self.labels]

    @property
    def sets_of_labels(self) -> int:
        return self.most if self.most is not None else prod(label.bound for label in self.labels)

    @property
    def series(self) -> int:
        """At most, in one worker. A histogram has its buckets, +Inf, the sum and the count."""
        return self.sets_of_labels * (len(self.buckets) + 3 if self.kind == "histogram" else 1)


REACHED_SECONDS = (0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400)
"""The ledger's bins are finer than what a dashboard shows: each falls into the first of these that is no less."""
LIST_SECONDS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
BATCH_RECORDS = (1, 10, 50, 100, 500, 1_000, 2_000, 5_000)
BATCH_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)

_WHAT_COMES_IN = (
    Metric("acquit_raw_records_total", "counter", "Raw records read, dead letters among them", (TOPIC,)),
    Metric("acquit_dead_letters_total", "counter", "Records that could not be read", (DECODER, REASON)),
    Metric("acquit_ignored_events_total", "counter", "Events that are no news of a message, by the provider's own word",
           (DECODER, Label("kind", IGNORED_KINDS + 1, "a provider's words, capped; `other`")),
           most=IGNORED_KINDS + DECODER.bound),
    Metric("acquit_unknown_codes_total", "counter", "Receipts whose code, or else status word, no table knows",
           (PROVIDER, Label("code", UNKNOWN_CODES + 1, "a provider's words, capped; `other`")),
           most=UNKNOWN_CODES + PROVIDER.bound),
    Metric("acquit_events_total", "counter", "Events folded by the ledger"),
    Metric("acquit_events_again_total", "counter", "Events read twice by ourselves and dropped"),
    Metric("acquit_receipts_repeated_total", "counter", "Receipts that a provider sent more than once"),
    Metric("acquit_receipts_unmatched_total", "counter", "Receipts without a recipient or a message id"),
    Metric("acquit_events_too_late_total", "counter", "Events of hours that have left the window"),
    Metric("acquit_events_unnamed_total", "counter",
           "Events counted under their channel alone, for the window knows too many sets of labels"),
    Metric("acquit_events_lost_total", "counter", "Events that retention took before they were read"),
    Metric("acquit_messages_forgotten_total", "counter", "Messages of the window forgotten, for there were too many"),
)  # fmt: skip
_DELIVERY = (
    Metric("acquit_receipts_total", "counter", "Receipts that said something new", (CHANNEL, CARRIER, STATUS)),
    Metric("acquit_failures_total", "counter", "Receipts of failures, by reason",
           (CHANNEL, CARRIER, CATEGORY, PERMANENCE)),
    Metric("acquit_receipt_latency_seconds", "histogram", "From the submit to what a receipt says, its first time",
           (CHANNEL, STATUS), buckets=REACHED_SECONDS),
    Metric("acquit_ended_total", "counter",
           "Messages that ended, once each, and once more if they failed after their delivery", (CHANNEL, CARRIER, OUTCOME)),
    Metric("acquit_ended_by_country_total", "counter", "The same by the country that the submit names",
           (CHANNEL, Label("country", COUNTRIES + _REST, f"the first {COUNTRIES}, `other`, `unknown`"), OUTCOME)),
    Metric("acquit_ended_by_content_total", "counter", "The same by the kind of content that the submit names",
           (CHANNEL, Label("content", CONTENTS + _REST, f"the first {CONTENTS}, `other`, `unknown`"), OUTCOME)),
    Metric("acquit_ended_by_segments_total", "counter", "The same by the message's length in segments",
           (CHANNEL, Label("segments", SEGMENTS_LIMIT + 2, f"0 to {SEGMENTS_LIMIT} (and more), `unknown`"), OUTCOME)),
    Metric("acquit_engagements_total", "counter", "What people did with what they received, or say that they did not",
           (CHANNEL, Label("type", len(ENGAGEMENTS), "the closed list of engagements"))),
    Metric("acquit_complaints_total", "counter", "Complaints that a provider or a person told", (CHANNEL, CARRIER)),
    Metric("acquit_cohort_messages", "gauge", "Messages by hour of submission, its latest day, and status now",
           (CHANNEL, CARRIER, HOUR, STATUS)),
    Metric("acquit_cohort_delivery_ratio", "gauge",
           "Delivered and read over final but rejected, by hour of submission, its latest day", (CHANNEL, CARRIER, HOUR)),
    Metric("acquit_recent_messages", "gauge", "Messages submitted in the last hour that reached their carrier",
           (CHANNEL, CARRIER)),
    Metric("acquit_recent_delivered", "gauge", "Of these, delivered so far", (CHANNEL, CARRIER)),
    Metric("acquit_recent_expected", "gauge", "Of these, how many should be delivered so far, by what is usual",
           (CHANNEL, CARRIER)),
)  # fmt: skip
_ALERTS = (
    Metric("acquit_alert_active", "gauge", "1 while an alert is up; a name that is empty is all of them", ALERT,
           most=SHOWN_ALERTS),
    Metric("acquit_alert_messages", "gauge", "Messages that an alert rests on", ALERT, most=SHOWN_ALERTS),
    Metric("acquit_alert_ratio", "gauge", "What was seen when an alert was raised: of delivery its ratio", ALERT,
           most=SHOWN_ALERTS),
    Metric("acquit_alert_expected_ratio", "gauge", "What was expected then, or is the limit", ALERT, most=SHOWN_ALERTS),
    Metric("acquit_alerts_unshown", "gauge", "Alerts that are up beyond those that are shown"),
)  # fmt: skip
_ROUTES = (
    Metric("acquit_route_messages", "gauge",
           "Messages of the newest day, by what is known of them: a submit, or receipts alone",
           (ROUTE, Label("known_by", 2, "submit, receipts"))),
    Metric("acquit_route_verdict", "gauge", "What is thought of a route's receipts: 0 clean, 1 suspect, 2 contradicted",
           PLACE, most=SHOWN_PLACES),
    Metric("acquit_route_evidence_nats", "gauge", "How strongly evidence contradicts a route's receipts", PLACE,
           most=SHOWN_PLACES),
    Metric("acquit_route_forged_share", "gauge", "Of a contradicted route's receipts of delivery, with its 95 % interval",
           (*PLACE, Label("bound", 3, "low, estimate, high")), most=3 * SHOWN_PLACES),
    Metric("acquit_route_delivery_ratio", "gauge", "Delivery of a route, as it is reported and as it is believed",
           (*PLACE, Label("as", 2, "reported, believed")), most=2 * SHOWN_PLACES),
    Metric("acquit_routes_unshown", "gauge", "Routes on carriers with a verdict that is not shown, for there are too many"),
)  # fmt: skip
_LIST = (
    Metric("acquit_suppression_changes_total", "counter", "Changes of the suppression list",
           (CHANNEL, Label("reason", len(HOLDS) + 1, "the closed list of holds"),
            Label("change", len(get_args(Change)), "the closed list of changes"), Label("by", 2, "acquit, staff"))),
    Metric("acquit_suppression_held", "gauge", "Failures that the circuit breaker holds, for staff to decide",
           (CHANNEL, *ALERT[2:4]), most=CHANNEL.bound * (CARRIER.bound + ROUTE.bound)),
    Metric("acquit_suppression_list_ready", "gauge",
           "1 while senders may trust the list; by the worker that says so to them"),
    Metric("acquit_suppression_rebuilt_total", "counter", "Entries of the list written anew from the truth"),
    Metric("acquit_suppression_drift_keys", "gauge", "Keys in which Redis was not the truth, when they were compared last",
           (Label("kind", 3, "missing, different, extra"),)),
    Metric("acquit_suppression_compared_timestamp_seconds", "gauge",
           "When Redis was last compared with the truth, 0 if not yet"),
    Metric("acquit_append_to_redis_seconds", "histogram", "From the raw record's append to its effect in Redis",
           buckets=LIST_SECONDS),
    Metric("acquit_redis_evicts", "gauge", "1 while Redis may evict keys: its maxmemory-policy is wrong"),
)  # fmt: skip
_WORKER = (
    Metric("acquit_build_info", "gauge", "1; the labels say which acquit and which rules",
           (Label("version", 1, "of acquit"), Label("ruleset", 1, "of the rules"))),
    Metric("acquit_ready", "gauge", "1 while the worker is ready, else 0"),
    Metric("acquit_waiting", "gauge", "1 while the worker waits for a server", (Label("server", 2, "Kafka, Redis"),)),
    Metric("acquit_partitions_owned", "gauge", "Partitions that this worker has now", (TOPIC,)),
    Metric("acquit_consumer_lag_records", "gauge", "Records not read yet", (TOPIC, PARTITION),
           most=TOPICS * PARTITIONS),
    Metric("acquit_consumer_lag_seconds", "gauge", "Age of the oldest record not read, or more", (TOPIC, PARTITION),
           most=TOPICS * PARTITIONS),
    Metric("acquit_batch_records", "histogram", "Records of a batch", (AGENT,), buckets=BATCH_RECORDS),
    Metric("acquit_batch_seconds", "histogram", "From a batch's begin to its end, waiting for servers included", (AGENT,),
           buckets=BATCH_SECONDS),
    Metric("acquit_rebalances_total", "counter", "Times that all state was loaded anew, for partitions were spread anew"),
    Metric("acquit_recovery_seconds", "gauge", "How long it took the last time until all state was loaded"),
    Metric("acquit_journal_records_total", "counter", "Records of journals that were loaded"),
)  # fmt: skip
_PROCESS = (
    Metric("process_cpu_seconds_total", "counter", "Processor time used"),
    Metric("process_resident_memory_bytes", "gauge", "Memory used"),
    Metric("process_virtual_memory_bytes", "gauge", "Address space used", unshown="resident memory is what counts"),
    Metric("process_start_time_seconds", "gauge", "When the process was started"),
    Metric("process_open_fds", "gauge", "Open files and connections"),
    Metric("process_max_fds", "gauge", "How many it may open"),
)

SECTIONS = {
    "What comes in": _WHAT_COMES_IN,
    "Delivery": _DELIVERY,
    "Alerts": _ALERTS,
    "Routes": _ROUTES,
    "The suppression list": _LIST,
    "The worker": _WORKER,
    "The process": _PROCESS,
}
METRICS = {metric.name: metric for section in SECTIONS.values() for metric in section}
