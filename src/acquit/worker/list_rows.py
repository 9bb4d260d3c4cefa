"""The rows of a list in a file, one after another, in memory that does not grow with it: CSV, or JSON objects, one a line.

The answer of a provider's API (an array, or an object that has one; several after one another) is read whole.
"""

import csv
import io
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

import orjson
from msgspec import Struct

from acquit.errors import AcquitError

FIELD_LIMIT = 1 << 20
_SPACES = re.compile(r"[ \t\r\n]*")
Check = Callable[[Sequence[str]], None]
"""Raises AcquitError for names of columns, in lower case, that are not those of the layout."""


class Line(Struct, frozen=True):
    """A row, or why there is none; `text` is what the file has there, and holds addresses."""

    number: int  # of the line; in an API's answer, of the row
    row: dict[str, Any] | None
    text: str
    why: str = ""


class Form(Struct, frozen=True):
    """What a layout says of its files."""

    check: Check
    array: str | None = None
    bare: tuple[str, ...] = ()


def rows(file: BinaryIO, form: Form) -> Iterator[Line]:
    """Raises AcquitError for a header that is wrong, and for what is neither."""
    try:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        start = _start(text)
        if start not in {"{", "["}:
            yield from _csv_rows(text, form)
        elif _is_row(next((line for line in text if line.strip()), ""), form):
            text.seek(0)
            yield from _json_rows(text, form)
        else:
            text.seek(0)
            yield from _answer_rows(text.read(), form)
    except UnicodeDecodeError:
        raise AcquitError("the file is not UTF-8") from None


def _start(text: io.TextIOWrapper) -> str:
    """What it begins with."""
    found = text.read(1)
    while found.isspace():
        found = text.read(1)
    text.seek(0)
    return found


def _is_row(line: str, form: Form) -> bool:
    """Whether the first line is a row by itself; a broken one is, too, where nothing of an answer is in it."""
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line.strip() not in {"{", "["} and not line.startswith("[") and f'"{form.array}"' not in line
    return isinstance(found, dict) and (form.array is None or form.array not in found)


def _csv_rows(text: io.TextIOWrapper, form: Form) -> Iterator[Line]:
    csv.field_size_limit(min(sys.maxsize, FIELD_LIMIT))
    reader = csv.reader(text)
    first = next(reader, [])
    header = [name.strip().lower() for name in first]
    if form.bare and "@" in (first or [""])[0]:
        header = [name.lower() for name in form.bare]
        yield _csv_line(reader.line_num, header, first)
    else:
        form.check(header)
    try:
        for values in reader:
            if values:
                yield _csv_line(reader.line_num, header, values)
    except csv.Error as error:
        raise AcquitError(f"line {reader.line_num} is no CSV: {error}") from None


def _csv_line(number: int, header: Sequence[str], values: Sequence[str]) -> Line:
    if len(values) > len(header):
        return Line(number, None, csv_line(values), f"has {len(values)} fields, and the header {len(header)}")
    return Line(number, dict(zip(header, values, strict=False)), csv_line(values))


def _json_rows(text: io.TextIOWrapper, form: Form) -> Iterator[Line]:
    for number, line in enumerate(text, 1):
        if line.strip():
            yield _json_line(number, line, form)


def _json_line(number: int, line: str, form: Form) -> Line:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return Line(number, None, line, "is not JSON")
    return _object(number, found, line, form)


def _answer_rows(text: str, form: Form) -> Iterator[Line]:
    number = 0
    for document in _documents(text):
        for found in _array(document, form):
            number += 1
            yield _object(number, found, json.dumps(found), form)


def _documents(text: str) -> Iterator[Any]:
    decoder, place = json.JSONDecoder(), _after_space(text, 0)
    while place < len(text):
        try:
            document, place = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            raise AcquitError(f"line {error.lineno} is not JSON") from None
        yield document
        place = _after_space(text, place)


def _after_space(text: str, place: int) -> int:
    found = _SPACES.match(text, place)
    assert found is not None
    return found.end()


def _array(document: Any, form: Form) -> list[Any]:
    found = document.get(form.array) if isinstance(document, dict) and form.array in document else document
    if isinstance(found, dict):
        return [found]  # a row written over several lines
    if not isinstance(found, list):
        raise AcquitError("the file holds no rows")
    return found


def _object(number: int, found: Any, text: str, form: Form) -> Line:
    if not isinstance(found, dict):
        return Line(number, None, text, "is no object")
    row = {name.lower(): value for name, value in found.items()}
    try:
        form.check(list(row))
    except AcquitError as error:
        return Line(number, None, text, str(error))
    return Line(number, row, text)


def csv_line(values: Sequence[Any]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(values)
    return written.getvalue()
