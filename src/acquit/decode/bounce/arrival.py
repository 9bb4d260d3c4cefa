"""When a mail came to us, by the clock of our own server."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from acquit.decode.bounce.headers import Headers
from acquit.events import EARLIEST, LATEST

_DATE_LIMIT = 60


def arrived_at(headers: Headers) -> datetime | None:
    """The time of the topmost Received, which our own server wrote; None where there is none that can be.

    Date is by the clock of whoever wrote the mail, and a wrong one would refuse the bounce.
    """
    date = headers.get("received").rpartition(";")[2].strip()
    if not 0 < len(date) <= _DATE_LIMIT:
        return None
    try:
        at = parsedate_to_datetime(date)
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return at if EARLIEST <= at < LATEST else None
