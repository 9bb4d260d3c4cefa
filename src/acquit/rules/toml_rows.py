"""Rules written as TOML: a list of tables of one name, each read with the line that it stands on."""

import re
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from acquit.errors import BadRules
from acquit.rules.places import placed

Word = TypeVar("Word", bound=str)


class Row(Struct, frozen=True):
    """One table, and where it stands."""

    path: Path
    first_line: int
    lines: tuple[str, ...]
    values: dict[str, object]

    @property
    def place(self) -> str:
        return placed(self.path, self.first_line)

    def wrong(self, field: str, problem: str) -> BadRules:
        for number, line in enumerate(self.lines, self.first_line):
            if re.match(rf"\s*{re.escape(field)}\s*=", line):
                return BadRules(self.path, number, field, problem)
        return BadRules(self.path, self.first_line, field, problem)

    def text(self, field: str) -> str:
        value = self.values.get(field)
        if not isinstance(value, str) or not value:
            raise self.wrong(field, "must be a text that is not empty")
        return value

    def optional(self, field: str) -> str | None:
        return self.text(field) if field in self.values else None

    def yes(self, field: str) -> bool:
        value = self.values.get(field, False)
        if not isinstance(value, bool):
            raise self.wrong(field, "must be true or false")
        return value

    def many(self, field: str) -> list[object]:
        value = self.values.get(field)
        if not isinstance(value, list) or not value:
            raise self.wrong(field, "must be a list that is not empty")
        return value

    def one_of(self, field: str, value: object, words: tuple[Word, ...]) -> Word:
        for word in words:
            if word == value:
                return word
        raise self.wrong(field, f"{value!r} is none of {', '.join(words)}")

    def whole(self, field: str) -> int:
        value = self.values.get(field, 1)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 64:
            raise self.wrong(field, "must be a whole number from 1 to 64")
        return value

    def once(self, seen: set[str], field: str) -> str:
        """The text of a field that no two tables of a file share."""
        identity = self.text(field)
        if identity in seen:
            raise self.wrong(field, "stands twice in this file")
        seen.add(identity)
        return identity


def rows_of(path: Path, name: str, fields: Collection[str]) -> list[Row]:
    """The tables `[[name]]` of a file that holds nothing else. Raises BadRules with file, line and field."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadRules(path, path.read_bytes()[: error.start].count(b"\n") + 1, None, "is not UTF-8") from None
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise BadRules(path, int(line[1]) if line else None, None, str(error)) from None
    lines = text.splitlines()
    starts = [n for n, line in enumerate(lines, 1) if line.strip().startswith(f"[[{name}]]")]
    tables = content.pop(name, [])
    if content or not isinstance(tables, list) or len(tables) != len(starts):
        raise BadRules(path, 1, next(iter(content), None), f"only [[{name}]] tables are read here")
    rows = []
    for start, end, values in zip(starts, [*starts, len(lines) + 1][1:], tables, strict=True):
        row = Row(path, start, tuple(lines[start - 1 : end - 1]), values)
        for field in values:
            if field not in fields:
                raise row.wrong(field, f"is no field of [[{name}]]; fields are {', '.join(sorted(fields))}")
        rows.append(row)
    return rows
