"""What in a message's own text raises filtering (mission row Q7). Only `acquit explain` asks, of a text given to it.

Indicators, no verdict: an honest message may show one, and carriers do not say what they look at.
"""

import re
from collections.abc import Iterator

from acquit.rules import Rules, fold

CAPITALS, LETTERS = 0.5, 12
"""More than this share of capitals in a text of at least so many letters."""
_EXCESS = re.compile(r"[!?]{2,}|[$€£]{2,}|(?:[!?][^!?]*){4,}")
_HOST = re.compile(r"(?i)(?<![\w.@-])(?:https?://)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?![\w@-])(?!\.\w)")
_WORD = re.compile(r"[^\W_]+")
# A name and a colon or bracket at the beginning, as in ACME: or [ACME]; or a dash and a name at the end.
_NAMED = re.compile(
    r"^\W{0,3}[^\W\d_][\w&'. -]{1,30}\s?[]:|\u2013\u2014]|\s[-\u2013\u2014]\s?[^\W\d_][\w&' ]{1,30}\s*$"
)
_SHORT_STOP = 5


def indicators(text: str, rules: Rules, *, sender: str | None = None) -> Iterator[str]:
    """A sentence for each indicator. `sender` is the name or number that the recipient sees."""
    letters = [letter for letter in text if letter.isalpha()]
    capitals = sum(letter.isupper() for letter in letters) / len(letters) if letters else 0.0
    if len(letters) >= LETTERS and capitals > CAPITALS:
        yield f"capitals: {capitals:.0%} of the letters"
    if _EXCESS.search(text):
        yield "punctuation: runs or many of ! and ?, or of currency signs"
    hosts = {host.casefold().removeprefix("www.") for host in _HOST.findall(text)}
    for domain in sorted(hosts & rules.content["shortener"]):
        yield f"shortener: {domain} hides where the link leads"
    folded = " ".join(["", *_WORD.findall(fold(text)), ""])
    lures = sorted(word for word in rules.content["lure"] if f" {fold(word)} " in folded)
    if lures:
        yield f"lure: {', '.join(lures)}"
    if not _is_identified(text, sender):
        yield "no identification: it does not say who writes"
    if not _has_opt_out(text, rules):
        yield "no opt-out line: it does not say how to end these messages"


def _is_identified(text: str, sender: str | None) -> bool:
    """A name that the recipient sees says who writes, and so does its mention in the text."""
    if sender is not None and any(letter.isalpha() for letter in sender):
        return True
    return bool(_NAMED.search(text))


def _has_opt_out(text: str, rules: Rules) -> bool:
    """A keyword that people would answer with. Short ones count in capitals alone: "end" is also a word."""
    words = re.findall(r"[^\W\d_]+", text)
    for word in words:
        if rules.keywords.get(fold(word)) == "stop" and (
            len(word) > _SHORT_STOP or word.isupper() or fold(word) == "stop"
        ):
            return True
    return False
