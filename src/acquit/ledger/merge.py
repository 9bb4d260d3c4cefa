"""How the reports on one message become its one status. Merging commutes: any order of arrival gives the same answer.

A message keeps its best good news and its first bad news. Delivery outranks failure, whatever comes last, except on
e-mail, where the later of delivery and bounce tells the truth: relays accept first and bounce afterwards.
"""

from msgspec import Struct

from acquit.events import CATEGORIES, DELIVERED, FAILED, PERMANENCES, STATUSES, Category, Permanence, Status

STATUS_NUMBER: dict[Status, int] = {status: number for number, status in enumerate(STATUSES)}
CATEGORY_NUMBER: dict[Category | None, int] = {
    None: -1,
    **{category: number for number, category in enumerate(CATEGORIES)},
}
PERMANENCE_NUMBER: dict[Permanence, int] = {permanence: number for number, permanence in enumerate(PERMANENCES)}

_LADDER: tuple[Status, ...] = (
    "queued", "sent", "accepted", "deferred", "unknown", "delivered_network", "delivered_handset", "read",
)  # fmt: skip
RANK: tuple[int, ...] = tuple(_LADDER.index(status) if status in _LADDER else -1 for status in STATUSES)
IS_BAD: tuple[bool, ...] = tuple(status in FAILED for status in STATUSES)
IS_DELIVERED: tuple[bool, ...] = tuple(status in DELIVERED for status in STATUSES)
SENT = STATUS_NUMBER["sent"]
NOTHING = -1


class Message(Struct, gc=False):
    """What is kept of a message in the window, all small integers; window.py packs it."""

    basis: int = 0  # what its hour rests on: 1 the first `at`, 2 a receipt's `submitted_at`, 3 the submit
    basis_ms: int = 0
    submit: int = NOTHING  # labels of the submit, of the receipts: numbers in the table of labels
    receipt: int = NOTHING
    good: int = NOTHING  # best good status
    bad: int = NOTHING  # failure: the first one, on e-mail the last
    delivered_ms: int = 0  # the last delivery of any kind
    bad_ms: int = 0
    category: int = NOTHING  # of the failure
    permanence: int = NOTHING
    reported: int = 0  # bit set of the statuses that receipts have reported: a repeat is known by it
    block: int = NOTHING  # that its row is in, if it has one yet

    def status(self, *, is_email: bool) -> int:
        if self.bad == NOTHING:
            return self.good
        if self.good == NOTHING or not IS_DELIVERED[self.good]:
            return self.bad
        return self.bad if is_email and self.bad_ms > self.delivered_ms else self.good


def take_good(message: Message, status: int, at_ms: int) -> None:
    """The higher rung stays; of deliveries, the last time."""
    if message.good == NOTHING or RANK[status] > RANK[message.good]:
        message.good = status
    if IS_DELIVERED[status] and at_ms > message.delivered_ms:
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
