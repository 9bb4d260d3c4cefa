"""Rules written as CSV: the rows of a file, each with the line that it stands on."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from acquit.errors import BadRules
from acquit.rules.places import placed

Word = TypeVar("Word", bound=str)


class Line(Struct, frozen=True):
    """One row of a CSV file, and where it stands."""

    path: Path
    number: int
    fields: dict[str, str]

    @property
    def place(self) -> str:
        return placed(self.path, self.number)

    def wrong(self, field: str, problem: str) -> BadRules:
        return BadRules(self.path, self.number, field, problem)

    def has(self, field: str) -> bool:
        return bool(self.fields[field])

    def optional(self, field: str) -> str | None:
        return self.fields[field] or None

    def text(self, field: str) -> str:
        if not self.fields[field]:
            raise self.wrong(field, "is empty")
        return self.fields[field]

    def one_of(self, field: str, words: tuple[Word, ...], default: Word | None = None) -> Word:
        if not self.fields[field] and default is not None:
            return default
        for word in words:
            if word == self.fields[field]:
                return word
        raise self.wrong(field, f"{self.fields[field]!r} is none of {', '.join(words)}")

    def once(self, seen: set[str], key: str, field: str) -> None:
        if key in seen:
            raise self.wrong(field, "stands twice in this file")
        seen.add(key)


def lines_of(path: Path, columns: tuple[str, ...]) -> Iterator[Line]:
    """The rows of a file with exactly these columns. Raises BadRules with file, line and field."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadRules(path, path.read_bytes()[: error.start].count(b"\n") + 1, None, "is not UTF-8") from None
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        header = tuple(next(reader, ()))
        if header != columns:
            raise BadRules(path, 1, None, f"the columns must be {','.join(columns)}")
        for values in reader:
            if not values:
                continue
            if len(values) != len(columns):
                raise BadRules(path, reader.line_num, None, f"has {len(values)} fields, not {len(columns)}")
            yield Line(path, reader.line_num, {c: v.strip() for c, v in zip(columns, values, strict=True)})
    except csv.Error as error:
        raise BadRules(path, reader.line_num, None, str(error)) from None
