"""All that this program can do to the world, as data. The core returns these; `worker/perform.py` alone carries them out.

Also their JSON, which is what the topics carry: suppressions, the suppression log, tallies.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from acquit.events import Status, Verdict, VerdictWord

Header: TypeAlias = tuple[str, bytes]


class Append(Struct, frozen=True, gc=False):
    """Write an event into `acquit.events`, in the partition of its key, or in the one that it names."""

    key: bytes
    value: bytes
    partition: int | None = None


class DeadLetter(Struct, frozen=True):
    """Keep a record that cannot be read, byte for byte; the headers say why, and where it came from."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[Header]
    provider: str
    reason: str


class Evidence(Struct, frozen=True, omit_defaults=True):
    """What a suppression rests on: the message, and the row of the rules that judged its receipt."""

    provider: str
    at: datetime
    message_id: str | None = None
    code: str | None = None
    rule: str | None = None
    by: str | None = None  # a member of staff, where one did it


class Entry(Struct, frozen=True, omit_defaults=True):
    """One entry of the list: why, since when, until when (None: until somebody lifts it), by which rule, on what."""

    reason: str
    since: datetime
    rule: str
    evidence: Evidence
    until: datetime | None = None


Change: TypeAlias = Literal["suppressed", "changed", "lifted", "expired", "refused", "held", "released", "dropped"]
"""`refused`: a restore that the policy does not allow; what held holds on.

`held`: the circuit breaker keeps `before` from the list. `released` and `dropped`: what it kept counts, or never will; the
list may change with it, or not.
"""


class Suppression(Struct, frozen=True):
    """The list changed for one address and scope: `entry` is what holds now, None if nothing does."""

    recipient: str  # channel:address
    scope: str
    change: Change
    at: datetime
    entry: Entry | None
    before: Entry | None
    upto: int  # the offset in acquit.events that brought it
    by: str | None = None  # the member of staff who asked for it, and why
    why: str | None = None

    @property
    def listing(self) -> "Listing":
        """What the truth says of it."""
        return Listing(self.recipient, self.scope, self.entry, self.at, self.upto)

    @property
    def log(self) -> bytes:
        """The record of `acquit.suppression-log`."""
        return _ENCODER.encode(self)


class Listing(Struct, frozen=True):
    """The record of `acquit.suppressions` for one address and scope; `entry` None is the tombstone.

    It stands alone, without a word in the log, where somebody is erased, or gets another name.
    """

    recipient: str
    scope: str
    entry: Entry | None
    at: datetime
    upto: int

    @property
    def key(self) -> bytes:
        return f"{self.recipient}/{self.scope}".encode()

    @property
    def value(self) -> bytes | None:
        return None if self.entry is None else _ENCODER.encode(SuppressionRecord.of(self.entry, self.upto))


class SuppressionRecord(Struct, frozen=True, omit_defaults=True):
    """What `acquit.suppressions` holds for a key, and the sink and senders read."""

    reason: str
    since: datetime
    rule: str
    evidence: Evidence
    upto: int
    until: datetime | None = None

    @classmethod
    def of(cls, entry: Entry, upto: int) -> "SuppressionRecord":
        return cls(entry.reason, entry.since, entry.rule, entry.evidence, upto, entry.until)


class HeldFailure(Struct, frozen=True, omit_defaults=True):
    """A failure that the circuit breaker keeps from the list: since when, for which route or carrier, on what evidence."""

    since: datetime
    evidence: Evidence
    category: str
    route: str | None = None
    carrier: str | None = None


class Held(Struct, frozen=True):
    """All that is held of one person now. `acquit.held` is compacted, so that it always lists what is held."""

    recipient: str  # channel:address
    failures: Sequence[HeldFailure]
    upto: int

    @property
    def key(self) -> bytes:
        return self.recipient.encode()

    @property
    def value(self) -> bytes | None:
        return _ENCODER.encode(self) if self.failures else None


class Holding(Struct, frozen=True):
    """How many failures this partition holds for a route or carrier, up to this offset, and whether it holds more to come."""

    partition: int
    upto: int
    channel: str
    route: str | None
    carrier: str | None
    failures: int
    is_open: bool

    @property
    def key(self) -> bytes:
        return b"%d/%s" % (self.partition, HELD) + _ENCODER.encode([self.channel, self.route, self.carrier])

    @property
    def value(self) -> bytes:
        return _ENCODER.encode(self)


class Counted(Struct, frozen=True):
    """All totals of this partition have left that its log comes to up to this offset."""

    partition: int
    upto: int

    @property
    def key(self) -> bytes:
        return b"%d/%s" % (self.partition, COUNTED)

    @property
    def value(self) -> bytes:
        return _ENCODER.encode(self)


class Cell(Struct, frozen=True):
    """What a number is counted under. `hour` is the start of the hour of submission, in epoch seconds."""

    channel: str
    carrier: str | None
    country: str | None
    route: str | None
    supplier: str | None
    stream: str | None
    hour: int


class Example(Struct, frozen=True, omit_defaults=True):
    """A message that one can name to its supplier, with the times that contradict one another."""

    provider: str
    message_id: str
    to: str  # masked
    at: datetime  # submitted, as far as is known
    delivered_at: datetime | None = None
    failed_at: datetime | None = None


class Tally(Struct, frozen=True, omit_defaults=True):
    """A running total: this partition, up to this offset, has so many messages of each kind in this cell.

    The strata (ledger/strata.py) and contradictions (ledger/merge.py) are evidence of whether receipts can be true.
    """

    partition: int
    upto: int
    cell: Cell
    submitted: int
    status: Mapping[Status, int]
    failures: Mapping[str, int] = {}  # "category/permanence"
    delivered_in: Mapping[int, int] = {}  # by latency bin: 68 of them, 50 ms and each a quarter more (ledger/merge.py)
    converted_in: Mapping[int, int] = {}  # of these, messages whose recipient replied, clicked, converted or has it
    engaged: Mapping[str, int] = {}  # messages by what their recipients did; `not_received` among them
    contradicted: Mapping[str, int] = {}  # messages of which not all that was said can be true
    examples: Mapping[str, Sequence[Example]] = {}  # of each of these the earliest five
    delivered_by: Mapping[str, int] = {}  # by stratum, "slot/0"
    converted_by: Mapping[str, int] = {}
    delivered_at: Mapping[int, int] = {}  # by second of the minute: a supplier that sends in batches is known by it
    early: Mapping[int, int] = {}  # delivered before they were submitted, by quarter hours: clocks of another zone
    probed: Mapping[str, int] = {}  # messages to numbers known to be dead, to our own dead ones and to our own handsets
    segments: Mapping[str, int] = {}  # "2/delivered": by segments and waiting, delivered or failed
    content: Mapping[str, int] = {}  # "otp/failed"
    waiting_by: Mapping[str, int] = {}  # "slot/0": by the five minutes of submission, as `delivered_by` has them, too
    failed_by: Mapping[str, int] = {}
    rejected_by: Mapping[str, int] = {}

    @property
    def key(self) -> bytes:
        return tally_key(self.partition, self.cell)

    @property
    def value(self) -> bytes:
        return _ENCODER.encode(self)


AlertKind: TypeAlias = Literal[
    "delivery_drop", "receipts_stalled", "latency_up", "submit_rejects", "engagement_drop", "route_contradicted",
    "not_received", "port_overdue", "suppression_held", "route_suspect", "delivery_low", "complaints_high",
    "complaints_excessive", "bounces_high",
]  # fmt: skip


class VerdictPart(Struct, frozen=True):
    """One kind of evidence: its weight in nats, what was found, of how many, and where it shows."""

    name: str
    nats: float
    found: int
    of: float
    where: str = ""


class ShareTold(Struct, frozen=True):
    """Of receipts of delivery, an estimate with its 95 % interval: never sent, or sent, failed and told as delivered."""

    low: float
    estimate: float
    high: float
    kind: Literal["dropped", "relabelled"]


class RouteVerdict(Struct, frozen=True, omit_defaults=True):
    """What is thought of a route's receipts on a carrier after a day (UTC), over the `window_days` that end with it.

    `share` is of its receipts of delivery; `believed_delivery` the reported one without it. `signs` raise suspicion and prove
    nothing; `limits` say what could not be known.
    """

    channel: str
    route: str | None
    supplier: str | None
    carrier: str | None
    day: str
    verdict: VerdictWord
    nats: float
    window_days: int
    evidence: Sequence[VerdictPart]
    messages: int
    sentence: str
    share: ShareTold | None = None
    who: Literal["supplier", "operator"] | None = None
    signs: Sequence[str] = ()
    limits: Sequence[str] = ()
    reported_delivery: float | None = None
    believed_delivery: float | None = None
    is_new: bool = False  # another word than the day before


class Alert(Struct, frozen=True):
    """Something that on-call staff should know rises, or is over. Its sentence names no person, its examples are masked.

    What is None of channel, carrier, supplier, route and stream is all of them.
    """

    kind: AlertKind
    state: Literal["raised", "cleared"]
    channel: str
    carrier: str | None
    route: str | None
    at: datetime
    sentence: str
    messages: int
    ratio: float | None = None
    expected: float | None = None
    supplier: str | None = None
    stream: str | None = None
    since: datetime | None = None  # when it was raised
    categories: Sequence[str] = ()  # of failures, that there are more of than usual
    examples: Sequence[Example] = ()
    verdict: RouteVerdict | None = None  # where it is about one

    @property
    def key(self) -> bytes:
        return "/".join([self.kind, self.channel, self.carrier or "", self.route or ""]).encode()

    @property
    def value(self) -> bytes:
        return _ENCODER.encode(self)


Effect: TypeAlias = Append | DeadLetter | Suppression | Listing | Held | Tally | Holding | Counted | Alert | Verdict

HELD, COUNTED = b"held/", b"counted"
"""What the keys of a Holding and of a Counted have behind their partition; a cell never begins so."""

_ENCODER = msgspec.json.Encoder()
_SUPPRESSION = msgspec.json.Decoder(SuppressionRecord)
_HELD = msgspec.json.Decoder(Held)
_TALLY = msgspec.json.Decoder(Tally)
_CHANGE = msgspec.json.Decoder(Suppression)
_HOLDING = msgspec.json.Decoder(Holding)
_COUNTED = msgspec.json.Decoder(Counted)


def tally_key(partition: int, cell: Cell) -> bytes:
    """`partition/cell`: one running total per source partition and cell."""
    return b"%d/" % partition + _ENCODER.encode(msgspec.structs.astuple(cell))


def is_tally(key: bytes) -> bool:
    """Whether a record of `acquit.tallies` with this key is a running total."""
    return not key.partition(b"/")[2].startswith((HELD, COUNTED))


def read_suppression(value: bytes) -> SuppressionRecord:
    """Raises msgspec.MsgspecError: nobody but the ledger writes there."""
    return _SUPPRESSION.decode(value)


def read_change(value: bytes) -> Suppression:
    """A record of `acquit.suppression-log`. Raises msgspec.MsgspecError: nobody but the ledger writes there."""
    return _CHANGE.decode(value)


def read_held(value: bytes) -> Held:
    """Raises msgspec.MsgspecError: nobody but the ledger writes there."""
    return _HELD.decode(value)


def read_holding(value: bytes) -> Holding:
    """Raises msgspec.MsgspecError: nobody but the ledger writes there."""
    return _HOLDING.decode(value)


def read_counted(value: bytes) -> Counted:
    """Raises msgspec.MsgspecError: nobody but the ledger writes there."""
    return _COUNTED.decode(value)


def read_tally(value: bytes) -> Tally:
    """Raises msgspec.MsgspecError: nobody but the ledger writes there."""
    return _TALLY.decode(value)


def printed(effect: Suppression | RouteVerdict) -> dict[str, Any]:
    """A suppression or a verdict as `acquit replay` prints it."""
    built: dict[str, Any] = msgspec.to_builtins(effect)
    if isinstance(effect, RouteVerdict):
        return {"type": "verdict", **built}
    return {"type": "suppression", **{k: v for k, v in built.items() if k != "upto"}}
