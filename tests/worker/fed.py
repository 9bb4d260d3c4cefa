"""A worker's metrics that were fed everything there is, and more: more carriers, routes and words than have names."""

from collections.abc import Iterator
from itertools import product
from types import SimpleNamespace
from typing import get_args

from acquit.decode import DECODERS
from acquit.effects import AlertKind, Change, DeadLetter, Entry, Evidence, RouteVerdict, ShareTold, Suppression
from acquit.errors import UNDECODABLE_REASONS
from acquit.events import CATEGORIES, CHANNELS, ENGAGEMENTS, HOLDS, PERMANENCES, STATUSES, from_epoch_ms
from acquit.hours import Hours
from acquit.ledger.counters import SEGMENTS_LIMIT
from acquit.partition import Counts
from acquit.routes.cohorts import Cohort
from acquit.routes.holdings import HeldPlace, Part
from acquit.routes.raised import Raised, Subject
from acquit.routes.recent import Recent
from acquit.worker import metric_names as limits
from acquit.worker.health import Health
from acquit.worker.metrics import Metrics
from acquit.worker.names import AGENTS

ADDRESSES = (
    "+33612345678", "whatsapp:+33612345678@c.us", "33612345678", "06 12 34 56 78", "ann@example.org", "x" * 500,
)  # fmt: skip
ODD = ('a"b', "a\nb", "a\\b", "né", "{x}", "")
BEYOND = 15
"""More than have names of their own."""
AT = from_epoch_ms(1_790_000_000_000)


def names(kind: str, number: int) -> list[str]:
    return [*ADDRESSES, *ODD, *(f"{kind}-{place}" for place in range(number + BEYOND))]


def fed() -> Metrics:
    health = Health(max_carriers=limits.CARRIERS, stall_seconds=60)
    of, carriers, routes = health.metrics, names("carrier", limits.CARRIERS), names("route", limits.ROUTES)
    of.built(ruleset="1")
    _feed_ledger(of, carriers)
    _feed_intake(of)
    shown = list(dict.fromkeys(health.carriers.label(carrier) for carrier in carriers))
    for hour in range(24):
        label = Hours("UTC").label(hour * 3_600)
        of.show_cohorts([
            Cohort(channel, carrier, label, dict.fromkeys(STATUSES, 7)) for channel, carrier in product(CHANNELS, shown)
        ])  # fmt: skip
    of.show_recent(dict.fromkeys(product(CHANNELS, shown), Recent(9, 8, 8.5)))
    of.show_matched(dict.fromkeys(routes, (3, 4)))
    of.show_alerts([
        Raised(kind, Subject(channel, shown[place % len(shown)], route, route, stream), 0, 0.5, 9, 0.5, 0.9)
        for place, (kind, channel, route, stream) in enumerate(
            product(get_args(AlertKind), CHANNELS, routes[:40], routes[:5])
        )
    ])  # fmt: skip
    of.show_held([*_held(carriers, "carrier"), *_held(routes, "route")])
    of.show_verdicts(list(_verdicts(carriers, routes)))
    of.assigned({f"topic-{n}": 9 for n in range(limits.TOPICS)}, seconds=1, records=7)
    for topic, partition in product(range(limits.TOPICS), range(limits.PARTITIONS)):
        of.lags(f"topic-{topic}", partition, records=1, seconds=2)
    of.drifted(missing=1, different=1, extra=1)
    of.projected([SimpleNamespace(timestamp=0)])
    return of


def _feed_ledger(of: Metrics, carriers: list[str]) -> None:
    parts = zip(
        carriers * 10, names("country", limits.COUNTRIES) * 10, names("content", limits.CONTENTS) * 20,
        list(range(SEGMENTS_LIMIT + 3)) * 60, strict=False,
    )  # fmt: skip
    outcomes = ("delivered", "failed", "rejected")
    counts = Counts(
        receipts=dict.fromkeys(product(CHANNELS, carriers, STATUSES), 1),
        failures=dict.fromkeys(product(CHANNELS, carriers, CATEGORIES, PERMANENCES), 1),
        reached={(channel, status): [1] * 68 for channel, status in product(CHANNELS, STATUSES)},
        ended={(channel, *part, outcome): 1 for part, channel, outcome in product(parts, CHANNELS, outcomes)},
        engagements=dict.fromkeys(product(CHANNELS, ENGAGEMENTS), 1),
        complaints=dict.fromkeys(product(CHANNELS, carriers), 1),
        unknown=dict.fromkeys(product(names("provider", limits.PROVIDERS), names("code", limits.UNKNOWN_CODES)), 1),
    )
    of.folded(counts, [])
    entry = {hold: Entry(hold, AT, "rule", Evidence("p", AT)) for hold in HOLDS}
    changes = product(CHANNELS, HOLDS, get_args(Change), (None, "ann"))
    of.folded(Counts(), (
        Suppression(f"{channel}:+33612345678", "*", change, AT, entry[hold], None, 1, by)
        for channel, hold, change, by in changes
    ))  # fmt: skip
    nobody = product(CHANNELS, get_args(Change), (None, "ann"))
    of.folded(
        Counts(), (Suppression(f"{c}:+33612345678", "*", change, AT, None, None, 1, by) for c, change, by in nobody)
    )


def _feed_intake(of: Metrics) -> None:
    providers = (*DECODERS, "acquit", "unknown")
    of.folded(Counts(), [DeadLetter(None, b"", (), name, why) for name, why in product(providers, UNDECODABLE_REASONS)])
    for provider, kind in product(providers, names("kind", limits.IGNORED_KINDS)):
        of.ignored(provider, kind)
    for number in range(limits.TOPICS):
        of.taken_in(f"topic-{number}", 5)
    for agent in AGENTS:
        of.worked(agent, records=5, seconds=0.1)


def _held(found: list[str], kind: str) -> Iterator[HeldPlace]:
    for channel, name in product(CHANNELS, found):
        named = {"carrier": None, "route": None, kind: name}
        yield HeldPlace(channel, named["route"], named["carrier"], {0: Part(1, 3, is_open=True)}, 1)


def _verdicts(carriers: list[str], routes: list[str]) -> Iterator[RouteVerdict]:
    for channel, carrier, route in product(CHANNELS, carriers, routes):
        yield RouteVerdict(
            channel, route, "aggr", carrier, "2026-11-22", "contradicted", 40.0, 7, (), 100, "said",
            ShareTold(0.1, 0.2, 0.3, "dropped"), reported_delivery=0.9, believed_delivery=0.7,
        )  # fmt: skip
