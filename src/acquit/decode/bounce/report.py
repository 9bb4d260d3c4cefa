"""The fields of a delivery report (RFC 3464), well formed or not, to one Failed recipient each.

https://www.rfc-editor.org/rfc/rfc3464#section-2
Broken ones are read as they are meant: without blank lines between recipients or with too many, with the fields in any order,
with comments where none belong, with a type missing, and in the text instead of in a part of their own.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from acquit.decode.bounce.addresses import address_in
from acquit.decode.bounce.headers import Headers, comment_in, headers_of, without_comments
from acquit.decode.bounce.parts import WORDS_LIMIT
from acquit.decode.bounce.words import enhanced_in

_OF_RECIPIENT = frozenset(
    {"final-recipient", "original-recipient", "action", "status", "diagnostic-code", "remote-mta"}
)
_KINDS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_NAMES = frozenset({"final-recipient", "original-recipient"})
_ONCE = _NAMES | {"action"}
_BLANK = re.compile(r"\n[ \t]*\n")
_IN_TEXT = re.compile(r"(?im)^[ \t]{0,8}(?:final-recipient|original-recipient):")
_FIRST = re.compile(
    r"(?im)^[ \t]{0,8}(?:reporting-mta|original-envelope-id|final-recipient|original-recipient|action):"
)
_TYPE = re.compile(
    r"(?i)\s{0,5}(?:x-)?(?:smtp|lmtp|esmtp|dns|dsn|mta|rfc822|utf-8|unix|unknown|postfix|notes|local|x-[a-z0-9-]{1,30}|[a-z]{2,12})\s{0,3};\s{0,5}"
)
_WORD = re.compile(r"[A-Za-z]{4,20}")
_BLOCKS_LIMIT = 400
"""Blocks of one report. A message has tens of recipients; a list's server splits what has more."""


class Told(Struct, frozen=True, gc=False):
    """What a report tells of one recipient, in its own words."""

    original: str | None = None
    final: str | None = None
    action: str | None = None
    status: str | None = None
    text: str = ""
    comment: str = ""
    host: str | None = None


class DeliveryReport(Struct, frozen=True, gc=False):
    fields: Headers  # about the message as a whole
    recipients: list[Told]


def report_in(kind: str, text: str) -> DeliveryReport | None:
    """The report of a part, by its type or, where a gateway lost that, by its fields."""
    if kind in _KINDS:
        return read_report(text)
    is_one = kind != "message/disposition-notification" and _IN_TEXT.search(text[:WORDS_LIMIT])
    return read_report(_from_first_field(text)) if is_one else None


def before_report(text: str) -> str:
    """What stands in a text before the fields of a report."""
    found = _FIRST.search(text) if _IN_TEXT.search(text) else None
    return text[: found.start()] if found else text


def _from_first_field(text: str) -> str:
    """Without the sentences before it, and without its indentation."""
    found = _FIRST.search(text)
    if not found:
        return text
    lines = text[found.start() :].split("\n")
    indent = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[indent:] if not line[:indent].strip() else line for line in lines)


def read_report(text: str) -> DeliveryReport:
    whole: list[tuple[str, str]] = []
    people: list[dict[str, str]] = []
    for block in _BLANK.split(text, maxsplit=_BLOCKS_LIMIT)[:_BLOCKS_LIMIT]:
        fields = headers_of(block).fields
        if people and _is_of_another({name for name, _ in fields}, people[-1]):
            people.append({})
        for name, value in fields:
            if not people and name not in _OF_RECIPIENT:
                whole.append((name, value))
            elif not people or (name in _ONCE and name in people[-1]):
                people.append({name: value})
            else:
                people[-1].setdefault(name, value)
    return DeliveryReport(Headers(whole), [told for told in map(_told, people) if told.original or told.final])


def _is_of_another(block: set[str], last: dict[str, str]) -> bool:
    """Whether a block begins another recipient: it names one, and the last one is named and more is told of it."""
    return bool(_NAMES & block) and bool(_NAMES & last.keys()) and not last.keys() <= _NAMES


def _told(fields: dict[str, str]) -> Told:
    status = fields.get("status", "")
    diagnostic = fields.get("diagnostic-code", "")
    action = _WORD.search(without_comments(fields.get("action", "")))
    return Told(
        original=_recipient(fields.get("original-recipient", "")),
        final=_recipient(fields.get("final-recipient", "")),
        action=action[0].lower() if action else None,
        status=enhanced_in(status),
        text=untyped(diagnostic),
        comment=comment_in(status),
        host=_host(fields.get("remote-mta", "")),
    )


def untyped(value: str) -> str:
    """Without the type before a value: `smtp; 550 ...`."""
    found = _TYPE.match(value)
    return value[found.end() :].strip() if found else value.strip()


def _recipient(value: str) -> str | None:
    value = untyped(value)
    return address_in(value) if "@" in value else None


def _host(value: str) -> str | None:
    words = untyped(value).split()
    host = words[0].strip("<>[]().,;:").lower() if words else ""
    return host[:253] or None


def addresses_of(fields: Headers, name: str) -> Iterator[str]:
    """The addresses in all fields of that name."""
    return (found for value in fields.all(name) if (found := _recipient(value)))
