"""The nouns: what a provider said (Report), what we say (Receipt), what was sent (Submit), what a person did (Engagement).

All closed lists live here, as Literals: msgspec checks them at the door, and plain strings are what the hot path wants.
Times are aware UTC datetimes. Unknown fields of the canonical JSON are ignored, so no message text ever passes.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal, TypeAlias, get_args

import msgspec
from msgspec import Meta, Struct

Channel = Literal["sms", "whatsapp", "rcs", "email"]
Status = Literal[
    "queued", "sent", "accepted", "deferred", "delivered_network", "delivered_handset", "read",
    "failed", "rejected", "expired", "cancelled", "unknown",
]  # fmt: skip
Permanence = Literal["permanent", "transient", "none"]
Action = Literal[
    "none", "wait", "retry", "retry_later", "fix_content", "fix_sender", "fix_address",
    "other_channel", "other_route", "suppress", "review",
]  # fmt: skip
Category = Literal[
    "invalid_address_format", "recipient_unknown", "domain_unknown", "recipient_moved", "recipient_inactive",
    "recipient_not_capable", "recipient_unreachable", "recipient_storage_full", "recipient_barred", "opted_out",
    "complaint", "do_not_contact_registry", "provider_suppressed", "frequency_capped", "spam_filtered",
    "content_rejected", "malware_detected", "message_too_large", "message_invalid", "session_or_template_error",
    "sender_reputation_blocked", "sender_auth_failed", "sender_not_authorized", "policy_rejected", "rate_limited",
    "routing_error", "network_or_system_error", "expired", "account_problem", "auto_reply", "unknown",
]  # fmt: skip
EngagementType = Literal[
    "reply", "click", "conversion", "open", "read", "stop", "start", "complaint", "not_received", "arrived"
]
VerdictWord = Literal["clean", "suspect", "contradicted"]
Hold = Category | Literal["stop", "manual", "legal"]
CommandName = Literal["add", "restore", "import", "erase", "release", "drop", "port"]

CHANNELS: tuple[Channel, ...] = get_args(Channel)
STATUSES: tuple[Status, ...] = get_args(Status)
PERMANENCES: tuple[Permanence, ...] = get_args(Permanence)
ACTIONS: tuple[Action, ...] = get_args(Action)
CATEGORIES: tuple[Category, ...] = get_args(Category)
HOLDS: tuple[Hold, ...] = (*CATEGORIES, "stop", "manual", "legal")
"""What an address may be held for by a command. `legal` yields to a forced restore alone, like a complaint."""
ENGAGEMENTS: tuple[EngagementType, ...] = get_args(EngagementType)

DELIVERED: frozenset[Status] = frozenset({"delivered_network", "delivered_handset", "read"})
FAILED: frozenset[Status] = frozenset({"failed", "rejected", "expired", "cancelled"})
"""What ended a message without delivery. `cancelled` is our own doing and no outcome of the carrier."""
_NO_OUTCOME: frozenset[Status] = frozenset({"queued", "sent", "accepted", "deferred", "cancelled"})
FINAL: frozenset[Status] = frozenset(STATUSES) - _NO_OUTCOME
"""What ends a message, but for our own doing."""
RATED: frozenset[Status] = FINAL - {"rejected"}
"""What a carrier's delivery ratio divides by: what was rejected never reached it."""

Time = Annotated[datetime, Meta(tz=True)]
"""An aware time: RFC 3339 with its offset."""
Text = Annotated[str, Meta(min_length=1, max_length=512)]
"""A name or an id: never empty, never a body."""
WORDS_LIMIT = 4096
Words = Annotated[str, Meta(max_length=WORDS_LIMIT)]
"""A provider's own words, kept beside ours."""

Src: TypeAlias = tuple[str, int, int, int]
"""Where an event comes from: topic, partition, offset, and its index in that record."""


class Said(Struct, frozen=True, omit_defaults=True, gc=False):
    """The provider's own words: status, code, text."""

    status: Words | None = None
    code: Words | None = None
    text: Words | None = None


class Report(Struct, frozen=True, gc=False):
    """A provider's words, decoded and not yet judged. Addresses are as the provider wrote them."""

    provider: str
    channel: Channel
    message_id: str | None = None
    to: str | None = None
    at: datetime | None = None  # None: the provider gives no time, and the record's own is taken
    submitted_at: datetime | None = None
    status: str | None = None  # the status word
    code: str | None = None
    text: str | None = None
    codes: str | None = None  # the code table, where it is not the provider's own (SMPP: the route's dictionary)
    route: str | None = None
    carrier: str | None = None
    account: str | None = None
    stream: str | None = None
    supplier: str | None = None
    retry_after_seconds: int | None = None
    remote_host: str | None = None  # the server whose words these are (e-mail)
    reply_code: str | None = None  # of RFC 5321, with which it refused: 550 (e-mail)


class Reply(Struct, frozen=True, gc=False):
    """What a person did, decoded. The text of an inbound message is looked at for STOP and START and then forgotten.

    `to` is the person who wrote, as everywhere: the address that we send to. `says` is the provider's own word for it
    (Twilio's OptOutType, an e-mail provider's click or unsubscribe), where it gives one.
    """

    provider: str
    channel: Channel
    to: str
    text: str = ""
    message_id: str | None = None  # of the message that is replied to, where the provider says it
    at: datetime | None = None
    says: EngagementType | None = None
    account: str | None = None
    stream: str | None = None
    only: str | None = None  # the list, group or topic that it is about; None: everything that we send


class Ignored(Struct, frozen=True, gc=False):
    """What a provider said that is no news of a message or a person: a test ping, a template's approval. It is counted."""

    provider: str
    kind: str  # the provider's own word for it


class Submit(Struct, tag="submit", tag_field="kind", frozen=True, omit_defaults=True, gc=False):
    """A message was handed to a supplier."""

    provider: Text
    message_id: Text
    to: Text
    channel: Channel
    at: Time
    route: Text | None = None
    supplier: Text | None = None
    carrier: Text | None = None
    country: Text | None = None
    account: Text | None = None
    stream: Text | None = None
    sender: Text | None = None
    segments: Annotated[int, Meta(ge=0, le=1000)] | None = None
    content: Text | None = None
    batch_id: Text | None = None
    batch_size: Annotated[int, Meta(ge=0, le=1_000_000_000)] | None = None
    price: Annotated[float, Meta(ge=0, le=1_000_000)] | None = None
    currency: Text | None = None
    probe: Literal["dead", "live"] | None = None
    ported_at: Time | None = None
    src: Src | None = None


class Receipt(Struct, tag="receipt", tag_field="kind", frozen=True, omit_defaults=True, gc=False):
    """What happened to a message, in our words, with the provider's beside them.

    `message_id` or `to` may be missing, not both: an event without a recipient is keyed by its message.
    """

    provider: Text
    channel: Channel
    at: Time
    status: Status
    message_id: Text | None = None
    to: Text | None = None
    received_at: Time | None = None
    submitted_at: Time | None = None
    route: Text | None = None
    carrier: Text | None = None
    account: Text | None = None
    stream: Text | None = None
    supplier: Text | None = None
    carrier_is_guess: bool = False
    category: Category | None = None
    sub_reason: Text | None = None
    permanence: Permanence = "none"
    action: Action = "none"
    retry_after_seconds: Annotated[int, Meta(ge=0, le=31_536_000)] | None = None
    escalate: bool = False
    rule: Text | None = None
    ruleset: Text | None = None
    said: Said = Said()
    src: Src | None = None


class Engagement(Struct, tag="engagement", tag_field="kind", frozen=True, omit_defaults=True, gc=False):
    """What a person did: replied, clicked, said stop, said that nothing came."""

    provider: Text
    to: Text
    channel: Channel
    at: Time
    type: EngagementType
    message_id: Text | None = None
    account: Text | None = None
    stream: Text | None = None
    only: Text | None = None  # of a stop or start: the list, group or topic that it is about; None: all messages
    src: Src | None = None


class Command(Struct, tag="command", tag_field="kind", frozen=True, omit_defaults=True, gc=False):
    """What a member of staff asked for: it travels in the recipient's own log, so that its place in time is certain.

    `until` of an import: without it the policy says how long, and LATEST is for ever.
    """

    name: CommandName
    to: Text
    channel: Channel
    at: Time
    by: Text
    reason: Text
    scope: Annotated[str, Meta(min_length=1, max_length=512, pattern=r"^[^/|{}\s]+$")] = "*"
    until: Time | None = None
    force: bool = False  # of a restore: of a complaint, too
    hold: Hold | None = None  # of an add or import: what the address is held for; None: by hand
    ported_at: Time | None = None  # of a port: when the number went to another operator
    route: Text | None = None  # of a release or drop: only of what was held for this route,
    carrier: Text | None = None  # or for this carrier; without both, of all
    partition: Annotated[int, Meta(ge=0)] | None = (
        None  # of somebody known by a hash alone: where the ledger keeps them
    )
    src: Src | None = None


class Verdict(Struct, tag="verdict", tag_field="kind", frozen=True, omit_defaults=True, gc=False):
    """What is thought of a route's receipts from `at` on. It stands in every partition of the log: the routes agent writes it
    to `acquit.commands`, and intake copies it, for the log has one writer and no holes of transactions.

    It is of the messages whose labels are those that it names; what it leaves out may be anything. One that names neither
    a route nor a supplier is of no message.
    """

    verdict: VerdictWord
    at: Time
    route: Text | None = None
    supplier: Text | None = None
    carrier: Text | None = None
    partition: Annotated[int, Meta(ge=0)] | None = None  # of the log that it is for; it is written once for each


Event: TypeAlias = Submit | Receipt | Engagement | Command
"""What is taken in: about a message, or a person."""
Logged: TypeAlias = Event | Verdict
"""What `acquit.events` carries."""


def key_of(event: Logged) -> str:
    """The key that brings all of a recipient together: `channel:address`; without a recipient, the message's own."""
    if isinstance(event, Verdict):
        return event.route or event.supplier or ""
    if event.to is not None:
        return f"{event.channel}:{event.to}"
    assert isinstance(event, Receipt)
    return f"{event.provider}/{event.message_id}"


EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""A time outside of these is no time of a message."""

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_LOG_DECODER: msgspec.json.Decoder[Logged] = msgspec.json.Decoder(Logged)

encode = _ENCODER.encode
"""Event to canonical JSON, without the fields that hold their default."""
decode = _DECODER.decode
"""Canonical JSON to Event; raises msgspec.ValidationError (with the field's path) or msgspec.DecodeError."""
decode_logged = _LOG_DECODER.decode
"""The same for a record of `acquit.events`."""


def shown(event: Event) -> dict[str, object]:
    """Canonical JSON with every field written out, as the offline commands print it; `src` is ours alone."""
    fields = {name: getattr(event, name) for name in event.__struct_fields__ if name != "src"}
    if isinstance(event, Receipt):
        fields["said"] = {name: getattr(event.said, name) for name in event.said.__struct_fields__}
    return {"kind": event.__struct_config__.tag, **fields}


def epoch_ms(time: datetime) -> int:
    """An aware time in milliseconds since 1970."""
    return round(time.timestamp() * 1000)


def from_epoch_ms(milliseconds: float) -> datetime:
    """The aware UTC time of an epoch in milliseconds."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
