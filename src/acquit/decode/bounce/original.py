"""The message that came back: where it stands in the mail, its id, and to whom it was sent."""

import re
from typing import NamedTuple

from acquit.decode.bounce.addresses import address_in, addresses_in
from acquit.decode.bounce.headers import Headers, headers_of
from acquit.decode.bounce.parts import Mail
from acquit.decode.bounce.verp import in_verp, returned_to
from acquit.decode.context import Context

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60}) ?:")
_KNOWN = frozenset({
    "received", "return-path", "message-id", "from", "to", "subject", "date", "mime-version", "content-type",
    "dkim-signature", "x-received", "delivered-to", "sender", "reply-to", "x-google-smtp-source", "arc-seal",
})  # fmt: skip
_ANNOUNCED = re.compile(
    r"(?i)original|copy of|header|returned|unsent|enclosed|follow|attached|message|urspr|nachricht|d'origine|entête|mensaje|"
    r"messaggio|mensagem|^\W*[-_=*]{3,}"
)
"""Words of the line before a message that is put into the text; a line of dashes does, too."""
_STRONG = _KNOWN - {"to", "subject", "date", "sender", "reply-to", "content-type"}
"""Fields that a bounce's own sentences do not tell of the message, as some tell its subject."""
_FIELDS_ALONE = 3
_MARGIN = " \t>"
_FOR = re.compile(r"\bfor <?([^\s<>;]{3,320})>?")
_LINES_LIMIT = 3_000
_FIELD_LIMIT = 1_000
_ID = re.compile(r"<([^<>\s]{1,510})>")
_BARE_ID = re.compile(r"[^\s<>;,]{3,510}")


class Inlined(NamedTuple):
    """A text, and the headers of the message that is quoted at its end."""

    text: str
    headers: Headers | None


def inlined(text: str) -> Inlined:
    """Told apart by what a header block looks like: known fields one under the other, fewer where a line announces them."""
    lines = text.split("\n", _LINES_LIMIT)
    announced: int | None = None
    start = 0
    while start < len(lines):
        line = lines[start]
        if not line.strip():
            start += 1
            continue
        run = _run_of_fields(lines, start)
        if run.known & _STRONG and (announced is not None or len(run.known) >= _FIELDS_ALONE):
            indent = _indent(line)
            end = next((n for n in range(run.end, len(lines)) if not lines[n].strip(_MARGIN)), len(lines))
            block = "\n".join(line[indent:] for line in lines[run.start : end])  # some fold without an indent
            is_first = announced is not None and run.start == start
            return Inlined("\n".join(lines[: announced if is_first else run.start]), headers_of(block))
        start = max(run.end, start + 1)
        announced = start - 1 if _is_announcing(lines[start - 1]) else None
    return Inlined(text, None)


def _is_announcing(line: str) -> bool:
    """A line that names an address is about a recipient."""
    return "@" not in line and bool(_ANNOUNCED.search(line[:200]))


def _indent(line: str) -> int:
    """How far a quoted block stands in: by spaces, or by the marks of an answer."""
    return len(line) - len(line.lstrip(_MARGIN))


class _Run(NamedTuple):
    """Fields one under the other: the known ones among them, the line of the first of these, and their end."""

    known: set[str]
    start: int
    end: int


def _run_of_fields(lines: list[str], start: int) -> _Run:
    known: set[str] = set()
    first: int | None = None
    place, indent = start, _indent(lines[start])
    while place < len(lines):
        line = lines[place]
        found = _FIELD.match(line, indent) if not line[:indent].strip(_MARGIN) else None
        if found:
            name = found[1].lower()
            if first is None and (name in _KNOWN or name.startswith(("x-", "arc-"))):
                first = place
            known |= {name} & _KNOWN
        elif not (line[:1] in {" ", "\t", ">"} and line.strip(_MARGIN) and place > start):
            break
        place += 1
    return _Run(known, start if first is None else first, place)


def original_in(mail: Mail, message: int, quoted: Headers | None) -> Headers:
    """The headers of the message that this one is about: attached whole, as headers alone, or quoted in the text."""
    attached = mail.attached_to(message)
    if attached:
        return attached
    for part in mail.of(message):
        if part.is_headers_alone:
            return headers_of(part.text.lstrip("\n").split("\n\n", 1)[0])
    return quoted or Headers([])


def message_id_of(original: Headers, about: Headers, bounce: Headers, context: Context) -> str | None:
    """By the header that the route names, or by VERP, where it has them; else the original's own Message-ID.

    Where the original is missing, what the bounce says that it answers is the same.
    """
    if context.message_id_header:
        name = context.message_id_header.casefold()
        for headers in (original, about, bounce):
            if value := _id(headers.get(name)):
                return value
    if context.verp and (found := in_verp(context.verp, returned_to(bounce, original))) and found.message_id:
        return found.message_id
    return _id(original.get("message-id")) or _id(bounce.get("in-reply-to")) or _last_id(bounce.get("references"))


def _id(value: str) -> str | None:
    found = _ID.search(value) or _BARE_ID.search(value)
    return found[found.re.groups] if found else None


def _last_id(value: str) -> str | None:
    """Of a thread's ids the last is that of the message that is answered."""
    ids = _ID.findall(value)
    return ids[-1] if ids else None


def written_to(original: Headers) -> list[str]:
    """Whom the original names as its recipients, without those that are hidden."""
    named = [found.address for name in ("to", "cc") for value in original.all(name) for found in addresses_in(value)]
    return list(dict.fromkeys(named))


def sent_to(original: Headers) -> list[str]:
    """Whom the servers on the way received it for, the first server's first."""
    received = [found[1] for value in original.all("received") if (found := _FOR.search(value)) and "@" in found[1]]
    hints = [
        address
        for name in ("x-original-to", "x-apparently-to", "apparently-to", "envelope-to", "delivered-to")
        for value in original.all(name)
        if (address := address_in(value))
    ]
    return list(dict.fromkeys([*reversed(received), *hints]))


def senders_of(original: Headers, bounce: Headers) -> frozenset[str]:
    """Who sent the original, and so got the bounce: nobody of these is who failed, unless nobody else can be."""
    return (
        _addresses(original, "from", "return-path", "sender", "reply-to", "errors-to")
        | receivers_of(bounce)
        | _addresses(bounce, "from", "return-path", "reply-to")
    )


def receivers_of(bounce: Headers) -> frozenset[str]:
    return _addresses(bounce, "to", "delivered-to", "x-original-to", "envelope-to")


def _addresses(headers: Headers, *names: str) -> frozenset[str]:
    return frozenset(
        found.address.casefold()
        for name in names
        for value in headers.all(name)
        for found in addresses_in(value[:_FIELD_LIMIT])
    )


def before_rewriting(final: str, original: Headers) -> str:
    """Whom the message was sent to, where an alias or a forward made another address of it; else the address itself.

    It takes evidence: the original is to one person, and a server on the way received it for that person. A mailing list
    is no person: what it sends on to its members is theirs.
    """
    to = written_to(original)
    if len(to) != 1 or to[0].casefold() == final.casefold() or to[0].casefold() in _lists(original):
        return final
    on_the_way = [address.casefold() for address in sent_to(original)]
    return to[0] if on_the_way and on_the_way[0] == to[0].casefold() else final


def _lists(original: Headers) -> frozenset[str]:
    return _addresses(
        original, "list-post", "mailing-list", "x-beenthere", "x-mailing-list", "from", "sender", "return-path"
    )
