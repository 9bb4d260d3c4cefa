"""The nouns of a simulated world's plan: a message with the receipts that it will get, and what its recipient does."""

from typing import Literal

from msgspec import Struct

from acquit.events import EngagementType, Status
from acquit.simulate.world.laws import Carrier, Look, Supplier

Failure = tuple[Status, str, str]
"""Status, category and permanence."""


class Told(Struct, gc=False):
    """A receipt. `dated_ms` is what it says, `arrival_ms` when it comes; `again_ms` when it comes once more."""

    status: Status
    dated_ms: int
    arrival_ms: int
    failure: Failure | None = None
    again_ms: int | None = None


class Deed(Struct, frozen=True, gc=False):
    """What the recipient did. It is always said of which message."""

    type: EngagementType
    at_ms: int


class Sent(Struct):
    """A message, whole. Without a `supplier` it was somebody else's: a receipt of which we never sent the message."""

    message_id: str
    to: str
    carrier: Carrier
    look: Look
    at_ms: int
    told: list[Told]
    deeds: list[Deed]
    supplier: Supplier | None = None
    stream: str = ""
    sender: str = ""
    batch: tuple[str, int] | None = None
    probe: Literal["dead", "live"] | None = None
