"""A mail to its parts, one flat list in their order, read within limits whatever the bytes are.

Reading stops at BYTES_LIMIT, PARTS_LIMIT and DEPTH_LIMIT and says so (`is_cut`). The standard library's parser would do
the splitting, but recurses as deep as a mail says, and gives up the structure of a broken one.
"""

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import NamedTuple

from acquit.decode.bounce.charsets import decoded_as, seen, transferred
from acquit.decode.bounce.headers import Headers, headers_of
from acquit.decode.fields import Decoded
from acquit.errors import Undecodable

BYTES_LIMIT = 256 * 1024
PARTS_LIMIT = 100
DEPTH_LIMIT = 10
BEYOND = "rest of a mail beyond 256 KiB, 100 parts or 10 levels"
"""What is said of a mail of which not all was read; what was read counts."""
HTML_LIMIT = 96 * 1024
WORDS_LIMIT = 32 * 1024
"""Characters of sentences that are read. Servers write a page; what is longer quotes the message."""

_BLANK = re.compile(rb"\n[ \t]*\n")
_FIRST_BOUNDARY = re.compile(rb"(?m)^--([!-~]{1,200})[ \t]*$")
_MBOX = re.compile(rb"\n(?=From \S{1,200} {1,4}[^\n]{10,40}\d{4}\n[!-9;-~]{1,76}:)")
_MESSAGES = frozenset({"message/rfc822", "message/global", "message/partial", "message/news"})
_HEADERS_ALONE = frozenset({"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})
_UNREAD = ("image/", "audio/", "video/", "application/", "font/", "model/")


class Part:
    """A leaf. `message` is the number of the message that it belongs to."""

    def __init__(self, kind: str, headers: Headers, body: bytes, message: int) -> None:
        self.kind, self.headers, self.body, self.message = kind, headers, body, message

    @property
    def is_headers_alone(self) -> bool:
        """Whether it is a message of which only the headers came back."""
        return self.kind in _HEADERS_ALONE

    @cached_property
    def text(self) -> str:
        """Its words, where it has any."""
        if self.kind.startswith(_UNREAD):
            return ""
        text = decoded_as(transferred(self.body, self.headers.encoding), self.headers.charset)
        return seen(text[:HTML_LIMIT]) if self.kind == "text/html" else text


class Message(NamedTuple):
    """The mail itself, and each that is attached to it, by number. The mail's own is 0, and within none."""

    headers: Headers
    within: int


class Mail(NamedTuple):
    messages: list[Message]
    parts: list[Part]
    is_cut: bool

    def of(self, message: int) -> list[Part]:
        """The leaves of one message, without those of what is attached to it."""
        return [part for part in self.parts if part.message == message]

    def attached_to(self, message: int) -> Headers | None:
        """The headers of the first message within this one."""
        return next((one.headers for one in self.messages if one.within == message), None)


def mails_in(payload: bytes) -> list[bytes]:
    """The mail; or several, from a mailbox file in mbox's form.

    A line of that form may stand in a mail's text, too: it begins another mail only where the last one has ended.
    """
    payload = payload.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\0", b"").lstrip()
    if b"\nFrom " not in payload:
        return [payload]
    is_mbox = payload.startswith(b"From ")
    mails: list[list[bytes]] = []
    head = b""
    for piece in _MBOX.split(payload):
        if mails and not _has_ended(head, mails[-1][-1], is_mbox=is_mbox):
            mails[-1].append(piece)
        else:
            mails.append([piece])
            head = _split(piece)[0]
    return [b"\n".join(pieces) for pieces in mails]


def each_mail(payload: bytes, told: Callable[[bytes], Iterator[Decoded]]) -> Iterator[Decoded]:
    """What each mail tells. Of several, one that cannot be read is refused alone; of one, the payload is."""
    mails = mails_in(payload)
    for octets in mails:
        try:
            yield from told(octets)
        except Undecodable as error:
            if len(mails) == 1:
                raise
            yield error


def _has_ended(head: bytes, last: bytes, *, is_mbox: bool) -> bool:
    """By its last boundary; in a mailbox file, of a mail that has none, by the empty line that is written behind it."""
    line = last.rstrip().rpartition(b"\n")[2]
    if line.startswith(b"--") and line.endswith(b"--") and line[2:-2] and line[2:-2] in head:
        return True
    return is_mbox and last.endswith(b"\n") and b"boundary=" not in head.lower()


def read_mail(mail: bytes) -> Mail:
    reading = _Reading()
    reading.is_cut = len(mail) > BYTES_LIMIT
    reading.message(mail[:BYTES_LIMIT], within=-1, depth=0)
    return Mail(reading.messages, reading.parts, reading.is_cut)


class _Reading:
    """One mail on its way to parts."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.parts: list[Part] = []
        self.is_cut = False

    def message(self, octets: bytes, *, within: int, depth: int) -> None:
        block, body = _split(octets)
        headers = headers_of(decoded_as(block))
        self.messages.append(Message(headers, within))
        self._part(headers, body, message=len(self.messages) - 1, depth=depth)

    def _part(self, headers: Headers, body: bytes, *, message: int, depth: int) -> None:
        if len(self.parts) >= PARTS_LIMIT or len(self.messages) > PARTS_LIMIT or depth > DEPTH_LIMIT:
            self.is_cut = True
            return
        kind = headers.kind or "text/plain"
        pieces = _pieces(headers, body) if kind.startswith("multipart/") else []
        if pieces:
            for piece in pieces[: PARTS_LIMIT + 1]:
                self._piece(piece, message=message, depth=depth + 1)
            return
        if kind in _MESSAGES:
            self.message(transferred(body, headers.encoding).lstrip(b"\n"), within=message, depth=depth + 1)
            return
        self.parts.append(Part(kind, headers, body, message))

    def _piece(self, piece: bytes, *, message: int, depth: int) -> None:
        """What stands between two boundaries. Some gateways put the message there without a word of what it is."""
        block, body = _split(piece) if piece[:1] != b"\n" else (b"", piece)
        headers = headers_of(decoded_as(block))
        if block and not headers:
            headers, body = Headers([]), piece
        if "received" in headers or ("message-id" in headers and "from" in headers):
            self.message(piece, within=message, depth=depth)
        else:
            self._part(headers, body, message=message, depth=depth)


def _split(octets: bytes) -> tuple[bytes, bytes]:
    """Header block and body."""
    found = _BLANK.search(octets)
    return (octets[: found.start()], octets[found.end() :]) if found else (octets, b"")


def _pieces(headers: Headers, body: bytes) -> list[bytes]:
    """What stands between the boundaries. Where no boundary is said, the first line that looks like one is it."""
    boundary = headers.boundary.encode("utf-8", "replace").rstrip()
    if not boundary or b"--" + boundary not in body:
        found = _FIRST_BOUNDARY.search(body)
        if found is None:
            return []
        boundary = found[1]
    lines = re.split(
        rb"\n--" + re.escape(boundary) + rb"(--(?:[ \t][^\n]*)?)?[ \t]*(?=\n|\Z)",
        b"\n" + body,
        maxsplit=2 * PARTS_LIMIT,
    )
    pieces = []
    for place in range(1, len(lines), 2):  # each piece stands behind the end mark, or None, of the line before it
        if lines[place] is not None:
            break
        pieces.append(lines[place + 1][1:])
    return pieces


def words_of(mail: Mail, message: int) -> str:
    """What a person would read of a message: the plain texts, else those in HTML, up to the report or the original.

    What comes behind these may be what the message was to say.
    """
    leaves: list[Part] = []
    for part in mail.parts:
        if leaves and (part.message != message or not part.kind.startswith("text/") or part.is_headers_alone):
            break
        if part.message == message and part.kind.startswith("text/") and not part.is_headers_alone:
            leaves.append(part)
    plain = [part.text for part in leaves if part.kind == "text/plain"]
    if not any(text.strip() for text in plain):
        plain = [part.text for part in leaves]
    return "\n\n".join(text.strip("\n") for text in plain)[:WORDS_LIMIT]
