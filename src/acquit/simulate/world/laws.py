"""The laws of the simulated world: suppliers, carriers, streams, latency, conversion, failures, dead numbers.

After section 4.1 of the reference on fake receipts. `draw_world` makes the fixed part of a world from a seed; what is sent in
it, and what becomes of that, is drawn by the generators: `tallies.py` draws counts, the event-level one single messages.
All shares are of messages, times in seconds, hours in UTC unless they are called local.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Tier = Literal["low", "median", "high"]
Place: TypeAlias = tuple[str, str]
"""Supplier (which is the route, here) and carrier."""

START = datetime(2026, 9, 7, tzinfo=UTC)  # a Monday
DAYS, WARM_UP_DAYS = 28, 7
PRESENT = 0.7
"""Of all pairs of supplier and carrier, so many have traffic."""
WEEKEND = 0.8


@dataclass(frozen=True)
class Stream:
    """A class of messages: what part of the traffic it is, how people answer it, and how it is sent."""

    name: str
    weight: float
    conversion: float  # given a true delivery
    engagement: Literal["conversion", "reply", "click"]
    answer_median_seconds: float
    answer_sigma: float
    decay_seconds: float | None  # conversion falls by e each time so much true latency passes
    day_wobble: float  # relative SD from day to day, of a route
    route_spread: float  # relative SD between honest routes: their audiences differ
    is_batched: bool
    hours: tuple[float, ...]  # weight of each local hour


_BY_DAY = tuple(
    0.25 + 0.75 * max(0.0, float(np.sin((hour - 5) / 19 * np.pi))) if hour >= 5 else 0.25 for hour in range(24)
)
_IN_OFFICE_HOURS = tuple(1.0 if 9 <= hour < 20 else 0.0 for hour in range(24))
STREAMS = (
    Stream("otp", 0.50, 0.72, "conversion", 20.0, 0.8, 240.0, 0.012, 0.03, is_batched=False, hours=_BY_DAY),
    Stream("reply", 0.15, 0.40, "reply", 600.0, 1.0, None, 0.03, 0.05, is_batched=False, hours=_BY_DAY),
    Stream("marketing", 0.35, 0.03, "click", 1_800.0, 1.0, None, 0.10, 0.08, is_batched=True, hours=_IN_OFFICE_HOURS),
)
STOP_SHARE = 0.003  # of deliveries: the recipient says STOP
NOT_RECEIVED = {"delivered": 0.0003, "undelivered": 0.01}
"""Who says that a message did not come, by whether it came."""
CAMPAIGN_SIZES = (500, 50_000)
"""Log-uniform between these; messages of streams that are not batched have no batch."""
BATCH_CLASSES = ("batch/500", "batch/5000", "batch/10000")
BATCH_CLASS_SHARES = (4_500 / 49_500, 5_000 / 49_500, 40_000 / 49_500)
"""Of batched messages: that sizes are log-uniform makes messages uniform over the size of their campaign."""
SENDERS = ("ACME", "ACME-OTP", "SHOP24", "BANKNOW", "PARCEL", "TICKETS", "CLINIC", "GARAGE")
SENDER_WEIGHTS = (0.30, 0.25, 0.15, 0.10, 0.08, 0.06, 0.04, 0.02)


@dataclass(frozen=True)
class Country:
    code: str
    zone_hours: int


FRANCE, BRITAIN, BRAZIL = Country("FR", 1), Country("GB", 0), Country("BR", -3)


@dataclass(frozen=True)
class Carrier:
    """A network. `prefixes` are the first six characters of its numbers."""

    mccmnc: str
    country: Country
    prefixes: tuple[str, ...]
    conversion: float  # factor
    latency_scale: float  # factor
    failures: float  # share of honest messages that fail
    label_error: float  # of the numbers believed dead, so many receive


_CARRIERS = (
    ("20801", FRANCE, ("+33607", "+33608", "+33630", "+33631")),
    ("20810", FRANCE, ("+33609", "+33610", "+33611", "+33612")),
    ("20815", FRANCE, ("+33651", "+33652", "+33695")),
    ("20820", FRANCE, ("+33660", "+33661", "+33667", "+33668")),
    ("23410", BRITAIN, ("+44770", "+44780", "+44786")),
    ("23415", BRITAIN, ("+44777", "+44778", "+44787")),
    ("23420", BRITAIN, ("+44735", "+44737", "+44740")),
    ("23430", BRITAIN, ("+44794", "+44795", "+44797")),
    ("72402", BRAZIL, ("+55119", "+55219", "+55319")),
    ("72405", BRAZIL, ("+55129", "+55229", "+55329")),
    ("72406", BRAZIL, ("+55139", "+55249", "+55339")),
    ("72431", BRAZIL, ("+55149", "+55279", "+55349")),
)


@dataclass(frozen=True)
class Look:
    """The shape of a supplier's receipts of delivery: what the fingerprint is made of."""

    status: str
    code: str
    id_length: int
    id_is_number: bool


@dataclass(frozen=True)
class Supplier:
    """`grain_seconds`: its done dates are cut down to multiples of this; SMPP texts have minutes."""

    name: str
    look: Look
    hop_seconds: float
    grain_seconds: float


SUPPLIERS = ("alder", "birch", "cedar", "elm", "fir", "hazel", "larch", "maple")
MINUTE_GRAINED = "maple"
"""The one supplier that is bound by SMPP and writes done dates as YYMMDDhhmm."""
LOOKS = (Look("DELIVRD", "000", 10, id_is_number=True), Look("delivered", "0", 36, id_is_number=False))
FORGED_LOOK = Look("DELIVRD", "0", 10, id_is_number=True)
"""As a forger's own code would write it. On the list of frauds nobody does: they copy their supplier's."""


@dataclass(frozen=True)
class Retries:
    """Latency of honest deliveries: the core, attempts again at set times, and the tail of absent subscribers."""

    core: float = 0.86
    after: tuple[tuple[float, float], ...] = ((60.0, 0.05), (300.0, 0.03), (900.0, 0.02))
    absent: float = 0.04


CORE_MEDIAN_SECONDS, CORE_SIGMA = 4.0, 0.55
ABSENT_MEDIAN_SECONDS, ABSENT_SIGMA = 3_600.0, 1.3
VALIDITY_SECONDS = 48 * 3_600.0
TRANSPORT_SECONDS = (0.05, 0.3)


@dataclass(frozen=True)
class Route:
    """A supplier on a carrier: one row of the world."""

    supplier: Supplier
    carrier: Carrier
    per_hour: float  # messages of all streams, mean over the week
    latency_scale: float  # the carrier's and the route's, multiplied
    sigma: float  # of the core
    retries: Retries
    conversion: dict[str, float]  # by stream, given a true delivery at once
    failures: float  # share of honest messages
    label_error: float
    patience: float  # factor on how slowly late messages lose their use

    @property
    def place(self) -> Place:
        return (self.supplier.name, self.carrier.mccmnc)

    @property
    def mode_seconds(self) -> float:
        return float(self.latency_scale * CORE_MEDIAN_SECONDS * np.exp(-(self.sigma**2)) + self.supplier.hop_seconds)


FAILURES: dict[tuple[str, str, str], float] = {
    ("failed", "recipient_unknown", "permanent"): 0.22,
    ("failed", "recipient_unreachable", "transient"): 0.36,
    ("expired", "expired", "transient"): 0.22,
    ("failed", "recipient_barred", "transient"): 0.06,
    ("failed", "network_or_system_error", "transient"): 0.09,
    ("rejected", "policy_rejected", "none"): 0.05,
}
"""Status, category and permanence of honest failures; a message to a dead number fails as the first."""
OUTAGE_FAILURE = ("failed", "network_or_system_error", "transient")
FORGED_FAILURE = ("failed", "recipient_unreachable", "transient")
"""Whoever forges failures, too, knows one code."""
HONEST_FAILURES = 0.05
HYGIENE_SPREAD = 0.3
"""SD of the log of the failure rate between routes: contact lists differ."""
SILENT = 0.003  # no receipt comes, ever
FAILED_AFTER_DELIVERY = 0.0002
ORPHANS = 0.0001  # receipts whose submit we never saw
DUPLICATES = 0.001
LABEL_ERROR_SHAPE, LABEL_ERROR_SCALE = 2.0, 0.0015
"""Of the numbers on the list of dead ones, so many live: Gamma, by carrier."""
LABEL_SPREAD = 0.3
PROBE_ERROR = {"dead": 0.001, "live": 0.02}
"""An own dead number that receives; an own handset that is delivered to and does not answer."""
MONTHLY_CHURN, QUARANTINE_DAYS, NUMBERS = 0.006, (45, 90), 200_000
"""For the event-level generator: numbers that die, when they are given to somebody else, numbers of a carrier."""


@dataclass(frozen=True)
class World:
    """The fixed part of a world."""

    seed: int
    routes: tuple[Route, ...]
    dead_share: float  # of traffic goes to numbers known to be dead
    probes_per_day: int  # of each route: half to dead numbers of ours, half to handsets
    days: int = DAYS

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(route.place for route in self.routes)


TIER_PER_HOUR: dict[Tier, tuple[float, float]] = {"low": (55.0, 0.35), "median": (700.0, 0.6), "high": (10_000.0, 0.3)}
"""Median and sigma of the log of messages an hour."""


def draw_world(
    seed: int, *, tier: Tier = "median", dead_share: float = 0.02, probes_per_day: int = 0, days: int = DAYS
) -> World:
    """The same seed gives the same world, always."""
    rng = generator(seed, "world")
    carriers = [_carrier(row, rng) for row in _CARRIERS]
    suppliers = [_supplier(name, rng) for name in SUPPLIERS]
    present = rng.random((len(suppliers), len(carriers))) < PRESENT
    for column in range(len(carriers)):  # nobody is judged by peers where there are none
        missing = np.flatnonzero(~present[:, column])
        present[missing[: max(0, 3 - int(present[:, column].sum()))], column] = True
    routes = [
        _route(supplier, carrier, tier, rng)
        for row, supplier in enumerate(suppliers)
        for column, carrier in enumerate(carriers)
        if present[row, column]
    ]
    return World(seed, tuple(routes), dead_share, probes_per_day, days)


def generator(seed: int, purpose: str) -> np.random.Generator:
    """A stream of random numbers of its own for each purpose: another draw in one of them changes no other."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *purpose.encode()])))


def honest_latency(route: Route, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """True latencies of deliveries, until the handset has the message, beyond the validity cut away."""
    weights = np.array([route.retries.core, *(weight for _, weight in route.retries.after), route.retries.absent])
    kind = rng.choice(len(weights), size, p=weights / weights.sum())
    core = route.latency_scale * CORE_MEDIAN_SECONDS * np.exp(route.sigma * rng.standard_normal(size))
    waits = np.array([0.0, *(seconds for seconds, _ in route.retries.after), 0.0])
    absent = ABSENT_MEDIAN_SECONDS * np.exp(ABSENT_SIGMA * rng.standard_normal(size))
    latency = np.where(kind == len(weights) - 1, absent, waits[kind] + core)
    return np.minimum(latency, VALIDITY_SECONDS)


def decay(stream: Stream, route: Route, latency_seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of the conversion that is left after this latency."""
    if stream.decay_seconds is None:
        return np.ones_like(latency_seconds)
    return np.exp(-latency_seconds / (stream.decay_seconds * route.patience))


def _carrier(row: tuple[str, Country, tuple[str, ...]], rng: np.random.Generator) -> Carrier:
    mccmnc, country, prefixes = row
    return Carrier(
        mccmnc, country, prefixes,
        conversion=float(1 + 0.05 * rng.standard_normal()),
        latency_scale=float(np.exp(0.25 * rng.standard_normal())),
        failures=float(HONEST_FAILURES * np.exp(0.2 * rng.standard_normal())),
        label_error=float(rng.gamma(LABEL_ERROR_SHAPE, LABEL_ERROR_SCALE)),
    )  # fmt: skip


def _supplier(name: str, rng: np.random.Generator) -> Supplier:
    is_smpp = name == MINUTE_GRAINED
    return Supplier(
        name, LOOKS[SUPPLIERS.index(name) % 2], float(rng.uniform(0.0, 0.8)), grain_seconds=60.0 if is_smpp else 0.001
    )  # fmt: skip


def _route(supplier: Supplier, carrier: Carrier, tier: Tier, rng: np.random.Generator) -> Route:
    median, sigma = TIER_PER_HOUR[tier]
    conversion = {
        stream.name: float(np.clip(stream.conversion * carrier.conversion * (1 + stream.route_spread * z), 0.001, 0.97))
        for stream, z in zip(STREAMS, rng.standard_normal(len(STREAMS)), strict=True)
    }
    again = np.exp(0.3 * rng.standard_normal(3))
    after = ((60.0, 0.05 * again[0]), (300.0, 0.03 * again[1]), (900.0, 0.02 * again[2]))
    return Route(
        supplier=supplier,
        carrier=carrier,
        per_hour=float(median * np.exp(sigma * rng.standard_normal())),
        latency_scale=float(carrier.latency_scale * np.exp(0.125 * rng.standard_normal())),
        sigma=float(CORE_SIGMA * np.exp(0.1 * rng.standard_normal())),
        retries=Retries(after=tuple((seconds, float(weight)) for seconds, weight in after)),
        conversion=conversion,
        failures=float(carrier.failures * np.exp(HYGIENE_SPREAD * rng.standard_normal())),
        label_error=float(carrier.label_error * np.exp(LABEL_SPREAD * rng.standard_normal())),
        patience=float(np.exp(0.3 * rng.standard_normal())),
    )
