"""What a dossier says, as data: the page shows it, and the JSON is it. `acquit schema dossier` prints its form.

Shares, rates and their intervals lie between 0 and 1; latencies are in seconds from the submit to the delivery, by the receipt;
dates are days in UTC; `odds` are "so many to 1".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from acquit.events import VerdictWord
from acquit.routes.share import Share
from acquit.routes.verdict import Who

FORMAT = 1
"""Of the JSON. It changes when a reader would have to."""
Kind = Literal["slot", "shape", "hour", "sender", "prefix", "batch"]
Measure = Literal["answers", "failures"]


@dataclass(frozen=True)
class Subject:
    """Whose receipts these are. An empty carrier is not known."""

    channel: str
    route: str
    supplier: str
    carrier: str
    countries: Sequence[str]


@dataclass(frozen=True)
class Period:
    """`first` to `last` was looked at; the verdict's counts are of `window_days` days that end with `last`."""

    first: date
    last: date
    window_first: date
    window_days: int


@dataclass(frozen=True)
class Finding:
    """The verdict. `since`: the first day with this word, if that is later than the first day that was looked at."""

    word: VerdictWord
    headline: str
    sentence: str
    limits: Sequence[str]
    signs: Sequence[str]
    nats: float
    odds: str
    since: date | None
    share: Share | None
    reported_delivery: float | None
    believed_delivery: float | None


@dataclass(frozen=True)
class Attribution:
    """Who, and what that rests on: other suppliers on this carrier, other carriers of this supplier, and which show it, too."""

    who: Who
    other_suppliers: int
    other_suppliers_showing: int
    other_carriers: int
    other_carriers_showing: int
    sentence: str


@dataclass(frozen=True)
class Counts:
    """Messages of the window, by what became of them."""

    submitted: int
    handset: int
    network: int
    failed: int
    waiting: int
    answered: int
    not_received: int


@dataclass(frozen=True)
class Weight:
    """One kind of evidence: `found` of `of` (of latency and strata: answers that came, answers to be expected)."""

    name: str
    title: str
    counted: str
    found: int
    of: float
    where: str
    nats: float
    odds: str


@dataclass(frozen=True)
class LatencyBin:
    """`until` of the last bin is None. `expected`: answers, if none is missing; None where latencies say nothing."""

    since_seconds: float
    until_seconds: float | None
    delivered: int
    answered: int
    expected: float | None
    is_suspect: bool


@dataclass(frozen=True)
class DayCounts:
    """Messages to numbers of a kind that were tried, and those of them that contradict."""

    day: date
    submitted: int
    known_dead_tried: int
    known_dead_delivered: int
    own_dead_tried: int
    own_dead_delivered: int
    own_live_delivered: int
    own_live_silent: int


@dataclass(frozen=True)
class PeerLine:
    """One stream beside other suppliers of the same carrier, who are sorted by `rate` and not named. 95 %: low to high."""

    measure: Measure
    stream: str
    rate: float
    low: float
    high: float
    middle: float
    others: Sequence[float]


@dataclass(frozen=True)
class Peers:
    """Seven days that end with the last one. Without enough other suppliers there are no lines."""

    other_suppliers: int
    lines: Sequence[PeerLine]


@dataclass(frozen=True)
class Stratum:
    """`expected`: answers at the level of the route's own streams."""

    name: str
    delivered: int
    answered: int
    expected: float


@dataclass(frozen=True)
class Dip:
    """A division of the messages, in one part of which answers are missing."""

    kind: Kind
    title: str
    where: str
    can_confirm: bool
    strata: Sequence[Stratum]


@dataclass(frozen=True)
class Example:
    """A message. Its recipient is masked; times are as exact as they were told."""

    provider: str
    message_id: str
    to: str
    submitted_at: datetime
    delivered_at: datetime | None
    failed_at: datetime | None
    after_seconds: float | None


@dataclass(frozen=True)
class ExampleKind:
    """`counted` in the whole period; `held_back`: examples of numbers of ours, which are of no more use once they are known."""

    kind: str
    title: str
    meaning: str
    counted: int
    held_back: int
    messages: Sequence[Example]


@dataclass(frozen=True)
class Price:
    """Of one message. A reason to look, never evidence."""

    paid: float
    usual: float | None
    currency: str
    sentence: str


@dataclass(frozen=True)
class Dossier:
    """All that is known of whether the receipts of a route on a carrier can be true."""

    format: int
    version: str
    ruleset: str
    subject: Subject
    period: Period
    finding: Finding
    attribution: Attribution | None
    counts: Counts
    parts: Sequence[Weight]
    latency: Sequence[LatencyBin]
    days: Sequence[DayCounts]
    peers: Peers
    dips: Sequence[Dip]
    examples: Sequence[ExampleKind]
    price: Price | None
    asks: Sequence[str]
    method: Sequence[str]
    unknowable: Sequence[str]
