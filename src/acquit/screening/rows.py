"""The rows of a contact list, each with the very text that it has in the file; nothing between them is lost.

A quote that is never closed would swallow all that follows: then its first line alone is a row that cannot be read, and
the next begins after it.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator

from acquit.screening.layout import WHITE, Layout, decoded
from acquit.screening.verdicts import Row

FIELD_LIMIT = 65_536
"""A quoted field with more letters than this was never closed."""


class Rows:
    """Iterates over the rows after the header. `blank` counts empty lines, `not_utf8` rows whose address is not UTF-8."""

    def __init__(self, lines: Iterable[str], layout: Layout) -> None:
        self.header = ""
        self.blank = 0
        self.not_utf8 = 0
        self._lines = iter(lines)
        self._layout = layout
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._line = 1

    def __iter__(self) -> Iterator[Row]:
        rows = self._plain() if self._layout.delimiter is None else self._csv()
        if self._layout.has_header:
            self.header = next((row.raw for row in rows), "")
        return rows

    def _plain(self) -> Iterator[Row]:
        for line, raw in enumerate(self._lines, 1):
            text = raw.strip(WHITE)
            if not text:
                self.blank += 1
                continue
            if text[0] == '"' == text[-1] and len(text) > 1:
                text = text[1:-1]
            yield Row(line, raw, self._decoded(text))

    def _csv(self) -> Iterator[Row]:
        csv.field_size_limit(FIELD_LIMIT)
        while True:
            try:
                for fields in self._reader():
                    if len(self._taken) > 1 and not self._is_closed(self._taken):
                        yield self._broken()
                        break  # that reader has lost its place
                    row = self._row(fields)
                    if row is not None:
                        yield row
                else:
                    return
            except csv.Error:
                yield self._broken()

    def _reader(self) -> Iterator[list[str]]:
        assert self._layout.delimiter is not None
        return csv.reader(self._fed(), delimiter=self._layout.delimiter)

    def _fed(self) -> Iterator[str]:
        while True:
            line = self._again.popleft() if self._again else next(self._lines, None)
            if line is None:
                return
            self._taken.append(line)
            yield line

    def _row(self, fields: list[str]) -> Row | None:
        first, raw = self._line, "".join(self._taken)
        self._line += len(self._taken)
        self._taken.clear()
        if len(fields) < 2 and not raw.strip(WHITE):
            self.blank += 1
            return None
        column = self._layout.column
        return Row(first, raw, self._decoded(fields[column]) if column < len(fields) else None)

    def _is_closed(self, lines: list[str]) -> bool:
        """Whether these lines are one row, as RFC 4180 has it, of as many fields as the first."""
        assert self._layout.delimiter is not None
        try:
            rows = list(csv.reader(lines, delimiter=self._layout.delimiter, strict=True))
        except csv.Error:
            return False
        return len(rows) == 1 and len(rows[0]) == self._layout.fields

    def _broken(self) -> Row:
        first, raw = self._line, self._taken[0]
        self._again.extendleft(reversed(self._taken[1:]))
        self._line += 1
        self._taken.clear()
        return Row(first, raw, None)

    def _decoded(self, field: str) -> str:
        text, is_utf8 = decoded(field)
        self.not_utf8 += not is_utf8
        return text
