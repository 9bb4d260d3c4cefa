"""The list written out, from its truth: all of it, or what somebody wants to see, as our own file or as another system's."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

import orjson
from msgspec import Struct

from acquit.address import canonical
from acquit.effects import SuppressionRecord, read_suppression
from acquit.worker.list_file import COLUMNS, row_of
from acquit.worker.list_layouts import LAYOUTS
from acquit.worker.list_rows import csv_line
from acquit.worker.list_translation import theirs
from acquit.worker.log_reader import last_values
from acquit.worker.settings import Settings


class Wanted(Struct, frozen=True):
    """Which entries; None is any. `since` and `before` are of the entry's own time, `domain` of a mailbox."""

    channel: str | None = None
    reasons: frozenset[str] = frozenset()
    scope: str | None = None
    since: datetime | None = None
    before: datetime | None = None
    domain: str | None = None

    def takes(self, recipient: str, scope: str, entry: SuppressionRecord) -> bool:
        return (
            self.channel in (None, recipient.partition(":")[0])
            and (not self.reasons or entry.reason in self.reasons)
            and self.scope in (None, scope)
            and (self.since is None or entry.since >= self.since)
            and (self.before is None or entry.since < self.before)
            and (self.domain is None or recipient.endswith(f"@{self.domain}"))
        )


async def truth(settings: Settings, *, now: datetime) -> AsyncIterator[tuple[str, str, SuppressionRecord]]:
    """Recipient, scope and entry of all that holds now, from the truth; in the order of the addresses."""
    parts = await last_values(settings, settings.topic("suppressions"))
    last = {key: value for part in parts.values() for key, value in part.items()}
    for key in sorted(last):
        entry = read_suppression(last[key])
        if entry.until is None or entry.until > now:
            recipient, _, scope = key.decode().rpartition("/")
            yield recipient, scope, entry


def domain_of(text: str) -> str:
    """A domain as it stands in addresses. Raises Undecodable."""
    return canonical("email", f"x@{text}").partition("@")[2]


class Export:
    """The lines of a file. `left_out` are entries that the layout cannot say."""

    def __init__(self, layout: str, *, is_json: bool) -> None:
        self._layout = LAYOUTS.get(layout)
        self._is_json = is_json
        self.written = 0
        self.left_out = 0

    async def lines(self, settings: Settings, wanted: Wanted, *, now: datetime) -> AsyncIterator[bytes]:
        if not self._is_json:
            yield csv_line(COLUMNS if self._layout is None else self._layout.columns).encode()
        async for listed in truth(settings, now=now):
            if wanted.takes(*listed):
                for row in self.rows(*listed):
                    yield self._line(row)

    def rows(self, recipient: str, scope: str, entry: SuppressionRecord) -> Iterator[dict[str, Any]]:
        layout = self._layout
        found = [row_of(recipient, scope, entry)] if layout is None else theirs(layout, recipient, scope, entry)
        self.written += len(found)
        self.left_out += not found
        yield from found

    def _line(self, row: dict[str, Any]) -> bytes:
        return (
            orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
            if self._is_json
            else csv_line(list(row.values())).encode()
        )
