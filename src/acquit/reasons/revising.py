"""What a receipt means once the submit and the route are known: a number on the move, a "delivered" that is less.

A number that goes to another operator fails for a while, and that is not the number's fault: up to 24 hours are normal, up
to 48 tolerable, and what fails later must be taken to the supplier (mission row Q3).
"""

from datetime import datetime, timedelta

from msgspec.structs import replace

from acquit.events import FAILED, Category, Receipt, Status
from acquit.rules.routes import RouteProfile

PORTING, WATCHED = timedelta(hours=48), timedelta(days=14)
"""How long a port may take, and how long failures after it are still laid at its door."""
PORTED = "number_ported"
"""The sub-reason of a failure that a port brought about, whatever the provider calls it."""
_OF_THE_NUMBER: frozenset[Category] = frozenset(
    {
        "invalid_address_format", "recipient_unknown", "recipient_moved", "recipient_inactive", "recipient_not_capable",
        "routing_error",
    }
)  # fmt: skip
"""The failures that a port brings about. What a person said, a filter or an account has nothing to do with it."""


def revise(receipt: Receipt, *, ported_at: datetime | None, profile: RouteProfile | None = None) -> Receipt:
    """The receipt, as a port of its number and the profile of its route make it."""
    if profile is not None and (status := graded(receipt.status, profile)) != receipt.status:
        receipt = replace(receipt, status=status, rule=f"{receipt.rule}+route:{profile.id}")
    if ported_at is None or receipt.status not in FAILED or receipt.category not in _OF_THE_NUMBER:
        return receipt
    since = receipt.at - ported_at
    if is_overdue(receipt.category, since=since):
        return replace(receipt, escalate=True)
    if timedelta(0) <= since <= PORTING:
        receipt = replace(receipt, sub_reason=PORTED)
        if receipt.permanence == "permanent":
            return replace(receipt, permanence="transient", action="retry_later")
    return receipt


def graded(status: Status, profile: RouteProfile) -> Status:
    """A supplier whose "delivered" is the network's word has delivered to no handset. Read is read."""
    return "delivered_network" if status == "delivered_handset" and profile.delivered == "network" else status


def permanence_of(category: str, permanence: str, *, at_ms: int, ported_ms: int | None) -> str:
    """The permanence of a failure of a number that was ported at this time."""
    is_excused = permanence == "permanent" and is_of_port(category, at_ms=at_ms, ported_ms=ported_ms)
    return "transient" if is_excused else permanence


def is_overdue(category: str, *, since: timedelta) -> bool:
    """Whether a failure so long after a port says that the port is not done, and should be."""
    return PORTING < since <= WATCHED and category in _OF_THE_NUMBER


def is_of_port(category: str, *, at_ms: int, ported_ms: int | None) -> bool:
    """Whether a failure is laid at the door of a port, and says nothing of the number."""
    is_porting = ported_ms is not None and 0 <= at_ms - ported_ms <= PORTING.total_seconds() * 1000
    return is_porting and category in _OF_THE_NUMBER
