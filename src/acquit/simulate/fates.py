"""What may become of a message, and what each fate means. The simulator's own table: it must never read acquit's rules.

Codes are GSM MAP errors (TS 29.002), meanings those of reference/classification.md 5.4, written here a second time on
purpose: a truth that shared its table with what it checks would prove nothing.
"""

from msgspec import Struct

from acquit.events import Action, Category, Permanence, Status


class Fate(Struct, frozen=True, gc=False):
    stat: str
    status: Status
    map_code: int | None = None  # None: the network said nothing
    category: Category | None = None
    permanence: Permanence = "none"
    action: Action = "none"

    @property
    def condemns(self) -> bool:
        """The number itself is no good: it goes onto the list."""
        return self.permanence == "permanent"


ACCEPTED = Fate("ACCEPTD", "accepted")
ENROUTE = Fate("ENROUTE", "accepted")
DELIVERED = Fate("DELIVRD", "delivered_handset")

UNKNOWN_SUBSCRIBER = Fate("UNDELIV", "failed", 1, "recipient_unknown", "permanent", "suppress")
ILLEGAL_SUBSCRIBER = Fate("UNDELIV", "failed", 9, "recipient_inactive", "permanent", "suppress")
NOT_PROVISIONED = Fate("UNDELIV", "failed", 11, "recipient_inactive", "permanent", "suppress")
ABSENT = Fate("UNDELIV", "failed", 6, "recipient_unreachable", "transient", "retry_later")
ROAMING_NOT_ALLOWED = Fate("UNDELIV", "failed", 8, "recipient_unreachable", "transient", "retry_later")
CALL_BARRED = Fate("UNDELIV", "failed", 13, "recipient_barred", "transient", "other_channel")
SYSTEM_FAILURE = Fate("UNDELIV", "failed", 34, "network_or_system_error", "transient", "retry_later")
EXPIRED = Fate("EXPIRED", "expired", None, "expired", "transient", "retry")
REJECTED = Fate("REJECTD", "rejected", None, "policy_rejected", "none", "review")

FAILURES = {
    UNKNOWN_SUBSCRIBER: 15, ILLEGAL_SUBSCRIBER: 3, NOT_PROVISIONED: 5, ABSENT: 35, ROAMING_NOT_ALLOWED: 4,
    CALL_BARRED: 5, SYSTEM_FAILURE: 8, EXPIRED: 20, REJECTED: 5,
}  # fmt: skip
"""How failures are spread, in percent."""
TRANSIENT_CODES = (ABSENT, ROAMING_NOT_ALLOWED, CALL_BARRED, SYSTEM_FAILURE)
"""What may be reported after a delivery: never a permanent failure, so that a contradiction suppresses nobody."""
PREFIXES = {(): 20, (ACCEPTED,): 60, (ENROUTE,): 10, (ACCEPTED, ENROUTE): 10}
"""The receipts that go before the final one, in percent."""
