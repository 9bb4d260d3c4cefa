"""What a simulation is asked for: the seed, the traffic and its troubles. Everything a run depends on stands here."""

from dataclasses import dataclass, fields
from datetime import datetime

from acquit.errors import BadSettings

LONGEST_HOURS = 24 * 28
"""The shortest hold that a simulated failure brings is 30 days: within four weeks none of them can lapse."""


@dataclass(frozen=True)
class Carrier:
    """A mobile network: `prefix` and then `digits` random digits make a number of its range."""

    mccmnc: str
    country: str
    prefix: str
    digits: int = 7
    weight: float = 1.0
    failure_rate: float = 0.08  # of the messages that reach a final receipt


@dataclass(frozen=True)
class Route:
    name: str
    supplier: str
    weight: float = 1.0


CARRIERS = (
    Carrier("20801", "FR", "+3367", weight=0.40, failure_rate=0.06),
    Carrier("20810", "FR", "+3361", weight=0.25, failure_rate=0.08),
    Carrier("26202", "DE", "+49172", weight=0.20, failure_rate=0.07),
    Carrier("23410", "GB", "+44771", weight=0.15, failure_rate=0.12),
)
ROUTES = (Route("direct-1", "direct"), Route("aggr-a", "aggr"), Route("aggr-b", "aggr", weight=0.5))


@dataclass(frozen=True)
class Scenario:
    """One run of traffic. Shares are of the things that their comments name."""

    seed: int
    messages: int
    start: datetime  # aware, UTC; holds are real time in Redis, so start less than 30 days before they are read
    span_hours: float = 12.0  # up to 23, each hour label of the day means one hour only
    carriers: tuple[Carrier, ...] = CARRIERS
    routes: tuple[Route, ...] = ROUTES
    streams: tuple[str, ...] = ("otp", "marketing")
    messages_per_recipient: float = 3.0
    silent_share: float = 0.02  # of messages: no receipt ever
    pending_share: float = 0.01  # of messages: ACCEPTD or ENROUTE and no more
    contradicted_share: float = 0.002  # of deliveries: a transient failure is reported later
    out_of_order_share: float = 0.05  # of messages with a receipt
    duplicated_share: float = 0.02  # of receipts: sent again, byte for byte, within a minute
    retried_late_share: float = 0.0  # of those: not within a minute, but hours later
    malformed_share: float = 0.01  # of receipts: so many records more, which are none
    stop_share: float = 0.02  # of recipients: say stop after their first delivery
    start_share: float = 0.25  # of those: say start later
    reply_share: float = 0.01  # of deliveries
    click_share: float = 0.05  # of marketing deliveries
    conversion_share: float = 0.10  # of other deliveries

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name.endswith("_share") and not 0 <= getattr(self, field.name) <= 1:
                raise _wrong(field.name, "must be from 0 to 1")
        if self.start.tzinfo is None:
            raise _wrong("start", "must be an aware time")
        if not 0 < self.span_hours <= LONGEST_HOURS:
            raise _wrong("span_hours", f"must be over 0 and at most {LONGEST_HOURS}")
        if self.messages < 0 or self.messages_per_recipient < 1:
            raise _wrong("messages", "must not be negative, nor messages_per_recipient below 1")
        if not (self.carriers and self.routes and self.streams):
            raise _wrong("carriers", "must not be empty, nor routes, nor streams")
        for carrier in self.carriers:
            _check_carrier(carrier, self)


def _check_carrier(carrier: Carrier, scenario: Scenario) -> None:
    if not 0 <= carrier.failure_rate <= 1:
        raise _wrong("failure_rate", f"{carrier.mccmnc}: must be from 0 to 1")
    # Each message can use up one number, and each recipient needs one.
    if 2 * scenario.messages > 10**carrier.digits:
        raise _wrong("digits", f"{carrier.mccmnc}: too few numbers for {scenario.messages} messages")
    if sum(carrier.prefix.startswith(other.prefix) for other in scenario.carriers) > 1:
        raise _wrong("prefix", f"{carrier.mccmnc}: two carriers would share numbers")


def _wrong(field: str, problem: str) -> BadSettings:
    return BadSettings("scenario", None, field, problem)
