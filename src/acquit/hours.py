"""Hours of submission. An hour begins on the wall clock of the configured zone; its name there is its label, 00 to 23."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_QUARTER_MS = 900_000
"""No zone is off by less than a quarter of an hour, so all of a quarter lies in one hour."""
_REMEMBERED = 20_000
"""Quarters: of 200 days. Receipts may name any time of a century."""


class Hours:
    """Hours of a zone, remembered by quarter: a zone's arithmetic is slow and messages come in bursts."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._starts: dict[int, int] = {}

    def start(self, epoch_ms: int) -> int:
        """The start of the hour that holds this instant, in epoch seconds."""
        quarter = epoch_ms // _QUARTER_MS
        start = self._starts.get(quarter)
        if start is None:
            local = datetime.fromtimestamp(quarter * 900, UTC).astimezone(self._zone)
            start = quarter * 900 - local.minute * 60 - local.second
            if len(self._starts) >= _REMEMBERED:
                self._starts.clear()
            self._starts[quarter] = start
        return start

    def label(self, start: int) -> str:
        return f"{datetime.fromtimestamp(start, UTC).astimezone(self._zone).hour:02d}"
