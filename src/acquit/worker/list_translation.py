"""Rows of another system's list as rows of ours, and entries as rows of theirs, as its layout says.

Names of columns and words are matched without regard to case. Times are RFC 3339, RFC 2822 or epoch seconds; without a
zone they are UTC.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from acquit.effects import SuppressionRecord
from acquit.errors import AcquitError
from acquit.events import CATEGORIES, Hold
from acquit.worker.list_layouts import BOUNCE, Layout, Row, iso

_STOPS = frozenset({"stop", "opted_out"})
_FAILURES = frozenset(CATEGORIES) - {"opted_out", "complaint"}
_EPOCH = re.compile(r"[0-9]{9,10}(\.[0-9]+)?")


def ours(layout: Layout, row: Row) -> list[dict[str, str]]:
    """A row of theirs as rows of ours, one for each scope. Raises AcquitError, which never repeats an address."""
    layout.check(row)
    hold = _hold(layout, row)
    since = _time(layout, row.get(layout.since.lower()))
    address = str(row.get(layout.address.lower()) or "")
    return [
        {"channel": "email", "address": address, "scope": scope, "reason": hold, "since": since}
        for scope in dict.fromkeys(layout.scopes(row))
    ]


def theirs(layout: Layout, recipient: str, scope: str, entry: SuppressionRecord) -> list[dict[str, Any]]:
    """An entry as rows of theirs; none where their list cannot say it."""
    channel, _, address = recipient.partition(":")
    word = _word(layout, entry.reason)
    if channel != "email" or word is None or address.startswith("#"):
        return []
    reasons = dict(zip(layout.reason, word.split("/"), strict=True)) if layout.reason else {}
    known = {**layout.fixed, layout.address: address, layout.since: layout.time(entry.since), **reasons}
    return [{name: {**known, **more}[name] for name in layout.columns} for more in layout.says(scope)]


def check_columns(layout: Layout, names: Sequence[str]) -> None:
    """What is beside the columns that we read is the provider's own matter. Raises AcquitError."""
    for name in (layout.address, *layout.reason):
        if name.lower() not in names:
            raise AcquitError(f"no column {name}")


def _hold(layout: Layout, row: Row) -> Hold:
    word = "/".join(str(row.get(name.lower()) or "") for name in layout.reason)
    for known, hold in layout.holds.items():
        if known.casefold() == word.strip().casefold():
            return hold
    raise AcquitError(f"{' and '.join(layout.reason)} must be one of {', '.join(layout.holds)}")


def _word(layout: Layout, reason: str) -> str | None:
    wanted: str = BOUNCE if reason in _FAILURES else "stop" if reason in _STOPS else reason
    return next((word for word, hold in layout.holds.items() if hold == wanted), None)


def _time(layout: Layout, value: Any) -> str:
    """Nothing where there is none: then it holds from now on."""
    text = str(value or "").strip()
    if not text:
        return ""
    try:
        return iso(_read(text))
    except (ValueError, OverflowError):
        raise AcquitError(f"{layout.since} is no time") from None


def _read(text: str) -> datetime:
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(float(text), UTC)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = parsedate_to_datetime(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
