"""What is known of a payload beside its bytes: the envelope's or the record's word for what the provider does not say."""

from zoneinfo import ZoneInfo

from msgspec import Struct

from acquit.events import Channel, Text


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

    @property
    def tz(self) -> ZoneInfo:
        """The zone as an object. Raises zoneinfo.ZoneInfoNotFoundError or ValueError if there is no such zone."""
        return ZoneInfo(self.zone or "UTC")
