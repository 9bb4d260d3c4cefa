"""Bounces that say in sentences what failed: which of the addresses in them are the recipients, and what is said of each.

No product's sentences are known here. An address counts by where it stands: at the begin of its line or behind a colon, in
a RCPT TO, among those that the original was sent to. What is said of it stands from its line on up to the next one's.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from acquit.decode.bounce.addresses import Found, address_in, addresses_in
from acquit.decode.bounce.words import folded, says_why

_RECIPIENTS_LIMIT = 500
_PLACES_LIMIT, _PIECES_LIMIT = 50, 5
_LINE_LIMIT = 1_000
_NEXT_WORD = 12
_LEAD = re.compile(r"""[\s<>*\-•·"'(\[:=|]{0,40}(?:\d{3}[ \-]{1,3})?(?:#?\d\.\d{1,3}\.\d{1,3} )?[\s<"'(]{0,4}""")
_SENDER = re.compile(
    r"(?i)(?:mail from|\bfrom|sender|absender|expéditeur|remitente|mittente|remetente|差出人|"
    r"message-?id|in-reply-to|references)\W{0,4}$"
)
"""What stands behind these is no recipient: who sent it, and ids, which look like addresses."""
_RECIPIENT = re.compile(
    r"(?i)(?:rcpt to|\bto|recipients?|empfänger|destinataire|destinatari[oa]s?|address|adresse|dirección|indirizzo|endereço|"
    r"user|mailbox|宛先|收件人)[\s:\uff1a<\"'(=]{0,6}$"
)
_QUOTED_TO = re.compile(r"(?i)(?:to|cc|an|à|para|per|a|aan|til|do|宛先|收件人)\s{0,3}[:\uff1a]")
_QUOTED = re.compile(
    r"(?im)^[ \t>]{0,12}(?:subject|sent|date|betreff|gesendet|datum|objet|envoyé|asunto|enviado|oggetto|inviato|assunto|件名)"
    r"\s{0,3}[:\uff1a]"
)
"""A message's To that a bounce quotes says to whom it was written, and not for whom it failed: Exchange."""
_CONTACT = re.compile(r"(?i)contact|assist|mailto|https?:|help|support|kontakt|問い?合|連絡|联系")
_ROLES = re.compile(
    r"(?i)(?:postmaster|hostmaster|webmaster|abuse|support|help(?:desk)?|admin|administrator|info|noc)@"
)
"""Who is asked about a bounce more often than it is about them."""
_MACHINES = re.compile(r"(?i)(?:mailer-daemon|mail-daemon|no-?reply|bounces?)@")
_BEFORE_EXPANSION = re.compile(r"(?i)\((?:ultimately )?(?:generated|expanded) from:?\s{1,10}")
_IN_SESSION = re.compile(r"(?i)[ \t]{0,8}(?:[245]\d\d[ \-]|>>> rcpt)")
_SESSION = re.compile(r"(?i)[ \t]{0,8}(?:>>> (?!rcpt)|<<< |\.{0,3} ?while talking to )")
_SESSION_LIMIT = 10
"""Lines of a session above the line that names a recipient: `>>> RCPT`, or `554 <ann@example.org>... Service unavailable`."""
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_BOUND_TO = 3
"""What an address must score to be a recipient without doubt."""


class Failed(NamedTuple):
    """A recipient that the text names, what it was before it was expanded, and what is said of it."""

    to: str
    original: str | None
    text: str
    is_certain: bool  # by where it stands


class _Seen(NamedTuple):
    """An address at its place, and where the words about it may go to: the line of the next one that is another's."""

    key: str
    address: str
    start: int
    score: int
    end: int = 0


def failed_in(text: str, *, named: list[str], sent_to: list[str], senders: frozenset[str]) -> list[Failed]:
    """The recipients that failed. `named` are those that a header says; without it the text decides."""
    wanted = {address.casefold() for address in sent_to}
    seen = [
        _Seen(key, found.address, found.start, _score(text, key, found, wanted, senders))
        for found in addresses_in(text)
        if not _is_before_expansion(text, found.start) and (key := found.address.casefold())
    ]
    chosen = {address.casefold(): address for address in named}
    expanded = set(_expanded(text))
    if not named:
        for one in _likely(seen):
            chosen.setdefault(one.key, one.address)
        chosen = {key: address for key, address in chosen.items() if key not in expanded} or chosen
    places: dict[str, list[_Seen]] = {key: [] for key in chosen}
    for one in _bounded([one for one in seen if one.key in chosen], text):
        places[one.key].append(one)
    rest = _said_of_all(text, places) if len(chosen) > 1 else ""
    is_alone = len(chosen) == 1
    return [
        Failed(
            to=address,
            original=_before_expansion(text, places[key]),
            text=_said(text, places[key], rest, is_alone=is_alone),
            is_certain=any(one.score >= _BOUND_TO for one in places[key]),
        )
        for key, address in list(chosen.items())[:_RECIPIENTS_LIMIT]
    ]


def _likely(seen: list[_Seen]) -> list[_Seen]:
    """Those whose place leaves no doubt; without such, the only address that may be one. Among several nobody guesses."""
    certain = [one for one in seen if one.score >= _BOUND_TO]
    possible = [one for one in seen if one.score >= 0]
    return certain or (possible if len({one.key for one in possible}) == 1 else [])


def _bounded(seen: list[_Seen], text: str) -> list[_Seen]:
    """Each with its end."""
    bounded: list[_Seen] = []
    end, following = len(text), ""
    for place in range(len(seen) - 1, -1, -1):
        one = seen[place]
        if following and following != one.key:
            end = _begin(text, seen[place + 1].start)
        following = one.key
        bounded.append(one._replace(end=end if end > one.start else len(text)))
    return bounded[::-1]


def _score(text: str, key: str, found: Found, wanted: set[str], senders: frozenset[str]) -> int:
    line = text[max(_line_start(text, found.start), found.start - 120) : found.start]
    before = line.rstrip("<\"'")
    after = text[found.end : found.end + 120].partition("\n")[0]
    if _SENDER.search(before[-40:]) or (key in senders and key not in wanted):
        return -5
    if _MACHINES.match(key) and key not in wanted:
        return -5
    score = 4 if key in wanted else 0
    is_leading = bool(_LEAD.fullmatch(line[-60:]))
    if is_leading:
        score += 4
    elif _RECIPIENT.search(before[-40:]) or (
        before.rstrip(" <").endswith((":", "\uff1a")) and not after.strip(" >.\"'")
    ):
        score += 3
    around = (
        after[:_NEXT_WORD] if is_leading else f"{before} {after}"
    )  # behind a recipient comes a reason, often a link
    if _CONTACT.search(around) or (_ROLES.match(key) and key not in wanted):
        score -= 4
    if _QUOTED_TO.match(before.strip()) and _QUOTED.search(text[max(0, found.start - 300) : found.end + 300]):
        return min(score, 0)
    return score - 3 if key in senders else score


def _is_before_expansion(text: str, start: int) -> bool:
    before = text[max(0, start - 60) : start].rstrip("<\"'")
    return any(found.end() == len(before) for found in _BEFORE_EXPANSION.finditer(before))


def _expanded(text: str) -> Iterator[str]:
    """The addresses that aliases and forwards made others of: what failed is what they were made, and once."""
    for found in _BEFORE_EXPANSION.finditer(text):
        address = address_in(text[found.end() : found.end() + 330].partition("\n")[0])
        if address:
            yield address.casefold()


def _before_expansion(text: str, places: list[_Seen]) -> str | None:
    """The address that an alias or a forward made this one of: `(ultimately generated from ann@example.org)`."""
    for one in places[:_PIECES_LIMIT]:
        said = text[one.start : min(one.end, one.start + 1_000)]
        found = _BEFORE_EXPANSION.search(said)
        if found:
            return address_in(said[found.end() : found.end() + 330])
    return None


def _said(text: str, places: list[_Seen], rest: str, *, is_alone: bool) -> str:
    """The words about one recipient; all that is said, where what is said of it says nothing."""
    if is_alone:
        certain = [one for one in places if one.score >= _BOUND_TO] or places
        said = folded(text[_begin(text, certain[0].start) :]) if certain else ""
        return said if says_why(said) else folded(text)
    said = folded(" ".join(_pieces(text, places)))
    return said if says_why(said) else folded(f"{said} {rest}")


def _pieces(text: str, places: list[_Seen]) -> Iterator[str]:
    """From where it stands best, else from everywhere: from its line to the next one's, or the end of its paragraph."""
    best = max((one.score for one in places), default=0)
    read: list[range] = []
    is_said = False
    for one in sorted(places[:_PLACES_LIMIT], key=lambda one: (one.score < best, one.start)):
        if len(read) >= _PIECES_LIMIT or (one.score < best and is_said):
            return
        if any(one.start in lines for lines in read):
            continue
        start = _begin(text, one.start)
        piece = text[start : one.end]
        blank = _BLANK_LINE.search(piece)
        piece = piece[: blank.start()] if blank else piece
        read.append(range(start, start + len(piece)))
        is_said = is_said or says_why(piece)
        yield piece


def _said_of_all(text: str, places: dict[str, list[_Seen]]) -> str:
    """The paragraphs that name no recipient."""
    starts = sorted(one.start for seen in places.values() for one in seen)
    paragraphs, start = [], 0
    for blank in [*_BLANK_LINE.finditer(text), None]:
        end = blank.start() if blank else len(text)
        if bisect_left(starts, start) == bisect_left(starts, end):
            paragraphs.append(text[start:end])
        start = blank.end() if blank else end
    return "\n".join(paragraphs)


def _begin(text: str, place: int) -> int:
    """Where the words about an address begin: at its line; in a session above it, for there is the reason."""
    start = _line_start(text, place)
    if not _IN_SESSION.match(text, start):
        return start
    for _ in range(_SESSION_LIMIT):
        above = _line_start(text, start - 1) if start else 0
        if not start or not _SESSION.match(text, above):
            break
        start = above
    return start


def _line_start(text: str, place: int) -> int:
    return text.rfind("\n", max(0, place - _LINE_LIMIT), place) + 1 or max(0, place - _LINE_LIMIT)
