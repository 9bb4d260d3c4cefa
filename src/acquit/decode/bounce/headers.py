"""Header fields of a mail, a part or a report, as they come: folded, repeated, broken. What is no field is passed over."""

import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header

from acquit.decode.bounce.charsets import decoded_as

_FIELDS_LIMIT = 2_000
"""Fields of one block. A mail has tens; thousands are a fault, and what comes after them is not read."""
_VALUE_LIMIT = 4_000
"""Characters of one field that are read. The longest real ones, signatures, say nothing here."""
_ENCODED_LIMIT = 1_000
_NAME = re.compile(r"[A-Za-z][!-9;-~]{0,75}")
_PARAMETER = r"(?i);\s{0,20}%s\s{0,20}=\s{0,20}(?:\"([^\"]{1,200})\"|([^\s;\"]{1,200}))"
_BOUNDARY, _CHARSET, _REPORT_TYPE = (re.compile(_PARAMETER % name) for name in ("boundary", "charset", "report-type"))
_COMMENT = re.compile(r"\(([^()]{1,300})\)")


class Headers:
    """Fields by their names in lower case, in their order."""

    __slots__ = ("fields",)

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self.fields = fields

    def __bool__(self) -> bool:
        return bool(self.fields)

    def __contains__(self, name: str) -> bool:
        return any(field == name for field, _ in self.fields)

    def get(self, name: str) -> str:
        """The first field of that name; empty if there is none."""
        return next((value for field, value in self.fields if field == name), "")

    def all(self, name: str) -> Iterator[str]:
        return (value for field, value in self.fields if field == name)

    @property
    def kind(self) -> str:
        """The content type, such as `text/plain`; empty if none is said."""
        words = self.get("content-type").replace(";", " ").split(None, 1)  # the semicolon may be missing
        return words[0].casefold() if words else ""

    @property
    def boundary(self) -> str:
        return _parameter(_BOUNDARY, self.get("content-type"))

    @property
    def charset(self) -> str:
        return _parameter(_CHARSET, self.get("content-type")).casefold()

    @property
    def report_type(self) -> str:
        return _parameter(_REPORT_TYPE, self.get("content-type")).casefold()

    @property
    def encoding(self) -> str:
        return self.get("content-transfer-encoding").strip().casefold()


def headers_of(text: str) -> Headers:
    """The fields of a block. A line that is no field, such as mbox's `From `, is passed over."""
    fields: list[tuple[str, str]] = []
    for line in text.split("\n", _FIELDS_LIMIT)[:_FIELDS_LIMIT]:
        if line[:1] in {" ", "\t"}:
            if fields and len(fields[-1][1]) < _VALUE_LIMIT:
                name, value = fields[-1]
                fields[-1] = (name, f"{value} {line.strip()}"[:_VALUE_LIMIT])
            continue
        name, colon, value = line.partition(":")
        if colon and _NAME.fullmatch(name.rstrip(" ")):
            fields.append((name.rstrip(" ").lower(), value.strip()[:_VALUE_LIMIT]))
    return Headers(fields)


def without_comments(value: str) -> str:
    return _COMMENT.sub(" ", value).strip()


def comment_in(value: str) -> str:
    """What stands in brackets behind a code: `5.1.1 (bad destination mailbox address)`."""
    found = _COMMENT.search(value)
    return found[1].strip() if found else ""


def readable(value: str) -> str:
    """A field of people's words, with its encoded words (RFC 2047) read."""
    if "=?" not in value:
        return value
    try:
        pieces = decode_header(value[:_ENCODED_LIMIT])
    except (HeaderParseError, ValueError):
        return value
    return "".join(
        piece if isinstance(piece, str) else decoded_as(piece, charset or "ascii") for piece, charset in pieces
    )


def _parameter(pattern: re.Pattern[str], value: str) -> str:
    found = pattern.search(value)
    return (found[1] or found[2]) if found else ""
