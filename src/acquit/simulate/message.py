"""The nouns of a plan: a message, the receipts it will get (Notice) and what its recipient does then (Deed)."""

from msgspec import Struct

from acquit.events import EngagementType, Status
from acquit.simulate.fates import Fate
from acquit.simulate.scenario import Route


class Notice(Struct, gc=False):
    """One receipt as it will be told, and when it arrives; `again_ms` if the provider then repeats it."""

    fate: Fate
    done_ms: int
    arrival_ms: int
    again_ms: int | None = None


class Deed(Struct, frozen=True, gc=False):
    """What the recipient did; `is_about` says whether it names the message."""

    type: EngagementType
    at_ms: int
    arrival_ms: int
    is_about: bool


class Message(Struct):
    """One message, whole. `status` is the final one by plan, whatever order its receipts are told in."""

    message_id: str
    to: str
    mccmnc: str
    country: str
    route: Route
    stream: str
    at_ms: int
    arrival_ms: int
    fate: Fate | None  # None: no receipt ever
    notices: list[Notice]
    deeds: list[Deed]
    junk: list[tuple[int, bytes]]  # malformed records that arrive meanwhile
    is_out_of_order: bool = False
    is_contradicted: bool = False

    @property
    def status(self) -> Status:
        return self.fate.status if self.fate else "sent"
