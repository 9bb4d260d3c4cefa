"""What is known of a payload beside its bytes: the envelope's or the record's word for what the provider does not say.

`report` and `reply` make what a decoder yields of what the payload says and what is known beside it.
"""

from datetime import datetime
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct
from msgspec.structs import replace

from acquit.errors import Undecodable
from acquit.events import Channel, EngagementType, Reply, Report, Text, Time
from acquit.rules.routes import VERP_FORM, RouteProfile

_ZONE_LIMIT = 64


@lru_cache(maxsize=1_000)
def _zone(name: str) -> ZoneInfo | None:
    """The zone of that name, if there is one. That there is none is remembered too: ZoneInfo looks for it on disk."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return None


class Context(Struct, frozen=True, omit_defaults=True):
    """Facts about the route that a payload came by. Everything is optional; what the payload itself says goes first."""

    route: Text | None = None
    supplier: Text | None = None
    carrier: Text | None = None
    account: Text | None = None
    stream: Text | None = None
    channel: Channel | None = None
    to: str | None = None  # the recipient, where the payload cannot name it (a bare SMPP receipt text)
    err_dictionary: str | None = None  # the code table of the route's `err` values (rules/codes/<name>.csv)
    zone: str | None = None  # IANA name of the zone of times that come without one; UTC if not said
    ported_at: Time | None = None  # when the recipient's number went to another operator, where that is known
    message_id_header: Text | None = (
        None  # of a bounced mail: the header that holds the id of its submit; else Message-ID
    )
    verp: Annotated[str, Meta(pattern=VERP_FORM, max_length=320)] | None = (
        None  # the form of our return addresses, which name the message or its recipient
    )
    sent_by: Text | None = None  # the provider of the submit, where bounces come by another way than it

    @property
    def tz(self) -> ZoneInfo | None:
        """The zone of the route, if one is said. Raises Undecodable if there is no such zone."""
        if self.zone is None:
            return None
        zone = _zone(self.zone) if len(self.zone) <= _ZONE_LIMIT else None
        if zone is None:
            raise Undecodable("absurd_value", "context.zone: no such time zone")
        return zone

    def filled(self, profile: RouteProfile) -> "Context":
        """With what a route's profile knows, where nothing is said here."""
        return replace(
            self,
            err_dictionary=self.err_dictionary or profile.err_dictionary,
            zone=self.zone or profile.zone,
            message_id_header=self.message_id_header or profile.message_id_header,
            verp=self.verp or profile.verp,
            sent_by=self.sent_by or profile.sent_by,
        )

    def report(  # noqa: PLR0913 -- what a report holds, by name
        self, provider: str, channel: Channel, *, message_id: str | None, to: str | None = None,
        at: datetime | None = None, submitted_at: datetime | None = None, status: str | None = None,
        code: str | None = None, text: str | None = None, codes: str | None = None, carrier: str | None = None,
        retry_after_seconds: int | None = None, remote_host: str | None = None, reply_code: str | None = None,
    ) -> Report:  # fmt: skip
        """A report of this provider, on the channel that the payload names."""
        return Report(
            provider, channel, message_id, to or self.to, at, submitted_at, status, code, text, codes, self.route,
            carrier or self.carrier, self.account, self.stream, self.supplier, retry_after_seconds, remote_host,
            reply_code,
        )  # fmt: skip

    def reply(
        self, provider: str, channel: Channel, *, to: str, text: str | None = None, message_id: str | None = None,
        at: datetime | None = None, says: EngagementType | None = None, only: str | None = None,
    ) -> Reply:  # fmt: skip
        """What a person wrote or did; `only` names the list, group or topic that it is about, if not all of our messages."""
        return Reply(provider, channel, to, text or "", message_id, at, says, self.account, self.stream, only)
