"""How the reports on one message become its one status. Merging commutes: any order of arrival gives the same answer.

A message keeps its best good news and its first bad news. Delivery outranks failure, whatever comes last, except on
e-mail, where the later of delivery and bounce tells the truth: relays accept first and bounce afterwards.
"""

from bisect import bisect_right
from typing import Any

from msgspec import Struct

from acquit.columns import CONTRADICTIONS, LATENCY_BOUNDS_MS
from acquit.events import (
    CATEGORIES,
    DELIVERED,
    FAILED,
    FINAL,
    PERMANENCES,
    STATUSES,
    Category,
    EngagementType,
    Permanence,
    Status,
)

STATUS_NUMBER: dict[Status, int] = {status: number for number, status in enumerate(STATUSES)}
CATEGORY_NUMBER: dict[Category | None, int] = {
    None: -1,
    **{category: number for number, category in enumerate(CATEGORIES)},
}
PERMANENCE_NUMBER: dict[Permanence, int] = {permanence: number for number, permanence in enumerate(PERMANENCES)}

ENGAGED: tuple[EngagementType, ...] = (
    "reply", "click", "conversion", "open", "read", "arrived", "not_received", "complaint",
)  # fmt: skip
ENGAGED_BIT: dict[EngagementType, int] = {name: 1 << place for place, name in enumerate(ENGAGED)}
ENGAGED_BIT["stop"] = ENGAGED_BIT["start"] = ENGAGED_BIT["reply"]  # whoever says STOP has the message
NOT_RECEIVED, ARRIVED, COMPLAINT = (ENGAGED_BIT[name] for name in ("not_received", "arrived", "complaint"))
CONVERTED = sum(ENGAGED_BIT[name] for name in ("reply", "click", "conversion", "arrived"))
"""What only somebody does who has received the message. Machines open mail, and some click: that is the provider's to say."""
_BOUNDS_MS = LATENCY_BOUNDS_MS[:-1]

_LADDER: tuple[Status, ...] = (
    "queued", "sent", "accepted", "deferred", "unknown", "delivered_network", "delivered_handset", "read",
)  # fmt: skip
RANK: tuple[int, ...] = tuple(_LADDER.index(status) if status in _LADDER else -1 for status in STATUSES)
IS_BAD: tuple[bool, ...] = tuple(status in FAILED for status in STATUSES)
IS_DELIVERED: tuple[bool, ...] = tuple(status in DELIVERED for status in STATUSES)
DELIVERED_NUMBERS = frozenset(STATUS_NUMBER[status] for status in DELIVERED)
SENT = STATUS_NUMBER["sent"]
_BITS = {status: 1 << number for status, number in STATUS_NUMBER.items() if status in FINAL}
ENDED: tuple[int, ...] = tuple(
    sum(bit for other, bit in _BITS.items() if status not in FAILED or other in FAILED) if status in FINAL else 0
    for status in STATUSES
)
"""By status, as bits: after which of these it is no more the end of its message; 0 for what is never the end.

A message ends once, and once more if it fails after its delivery.
"""
NOTHING = -1
LABELS_LIMIT = (1 << 22) - 1
"""Sets of labels that a row of the window can name: 22 bits, of which 0 says that there are none."""
NOT_KNOWN, FIRST_AT, SUBMITTED_AT, SUBMIT = range(4)
"""What the hour of a message rests on: a receipt's own time, its `submitted_at`, the submit."""


class Message(Struct, gc=False):
    """What is kept of a message in the window, all small integers; window.py packs it."""

    basis: int = NOT_KNOWN
    basis_ms: int = 0
    submit: int = NOTHING  # labels of the submit, of the receipts: numbers in the table of labels
    receipt: int = NOTHING
    good: int = NOTHING  # best good status
    bad: int = NOTHING  # failure: the first one, on e-mail the last
    delivered_ms: int = 0  # the first delivery of any kind, on e-mail the last
    bad_ms: int = 0
    category: int = NOTHING  # of the failure
    permanence: int = NOTHING
    reported: int = 0  # bit set of the statuses that receipts have reported: a repeat is known by it
    engaged: int = 0  # bit set of what the recipient did with it
    is_to_dead: bool = False  # its number was known to receive nothing when the message was first heard of
    block: int = NOTHING  # that its row is in, if it has one yet
    counted: Any = None  # as what it is counted (standing.py), as long as that is at hand

    def status(self, *, is_email: bool) -> int:
        if self.bad == NOTHING:
            return self.good
        if self.good == NOTHING or not IS_DELIVERED[self.good]:
            return self.bad
        return self.bad if is_email and self.bad_ms > self.delivered_ms else self.good


def take_good(message: Message, status: int, at_ms: int, *, is_email: bool) -> None:
    """The higher rung stays; of deliveries, the time of the first, on e-mail of the last."""
    if message.good == NOTHING or RANK[status] > RANK[message.good]:
        message.good = status
    if IS_DELIVERED[status]:
        known = message.delivered_ms
        if not known or (at_ms > known if is_email else at_ms < known):
            message.delivered_ms = at_ms


def take_bad(message: Message, bad: tuple[int, int, int, int], *, is_email: bool) -> None:
    """`bad` is (at_ms, status, category, permanence): the first failure stays, on e-mail the last."""
    known = (message.bad_ms, message.bad, message.category, message.permanence)
    if message.bad == NOTHING or (bad > known if is_email else bad < known):
        message.bad_ms, message.bad, message.category, message.permanence = bad


def take_basis(message: Message, basis: int, at_ms: int) -> bool:
    """Whether the message's hour may have moved: the surer basis counts, of equal ones the earlier time."""
    if basis > message.basis or (basis == message.basis and at_ms < message.basis_ms):
        message.basis, message.basis_ms = basis, at_ms
        return True
    return False


def latency_bin(message: Message) -> int:
    """The bin of the time from the submit to the delivery; NOTHING where either is not known, or they contradict."""
    if message.basis <= FIRST_AT or not message.delivered_ms or message.delivered_ms < message.basis_ms:
        return NOTHING
    return bin_of(message.delivered_ms - message.basis_ms)


def bin_of(after_ms: int) -> int:
    return bisect_right(_BOUNDS_MS, after_ms)


(
    FAILED_AFTER_DELIVERY,
    DELIVERED_BEFORE_SUBMIT,
    ENGAGED_UNDELIVERED,
    DENIED,
    KNOWN_DEAD,
    DEAD,
    LIVE_SILENT,
    PORT_OVERDUE,
) = (1 << place for place in range(len(CONTRADICTIONS)))
SKEW_MS = 60_000
"""Clocks of suppliers differ by so much without a meaning."""
HANDSET = frozenset({STATUS_NUMBER["delivered_handset"], STATUS_NUMBER["read"]})


def contradictions(message: Message, status: int, probe: str | None, *, is_email: bool) -> int:
    """Bit set of the contradictions of a message with this status."""
    found, engaged = 0, message.engaged
    if not is_email and message.bad != NOTHING and message.good in DELIVERED_NUMBERS:
        found |= FAILED_AFTER_DELIVERY
    if message.basis == SUBMIT and message.delivered_ms and message.delivered_ms < message.basis_ms - SKEW_MS:
        found |= DELIVERED_BEFORE_SUBMIT
    if engaged & CONVERTED and IS_BAD[status]:
        found |= ENGAGED_UNDELIVERED
    if status in HANDSET:
        if engaged & NOT_RECEIVED:
            found |= DENIED
        if probe is None:
            found |= KNOWN_DEAD if message.is_to_dead else 0
        else:
            found |= DEAD if probe == "dead" else 0 if engaged & ARRIVED else LIVE_SILENT
    return found
