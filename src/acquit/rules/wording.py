"""Words as patterns compare them, and phrases that are looked for in them. No regular expressions: a phrase costs one search.

A phrase is words in any language: `mailbox full`. Case, accents, punctuation and line ends count for nothing, and words are
whole: `over*` is any word that begins so, `*postfach` one that ends so. `mailbox .. full` leaves room for some words between
its two parts. `{user|account} {unknown|not found}` is four phrases. Addresses are left out, but for a phrase that asks for
one: `550 @ user unknown`. Each Chinese and Japanese character is a word, for they write no spaces.
"""

import re
import unicodedata

from msgspec import Struct

TEXT_LIMIT = 2_000
"""A server's reason stands at the beginning of what it says."""
GAP = 40
"""What ` .. ` may stand for, in characters."""
ADDRESS = " @ "
_ALTERNATIVES = re.compile(r"\{([^{}]*)\}")
_NO_ADDRESS = r"\s<>()\"',;:"
_ADDRESS = re.compile(rf"(?<![^{_NO_ADDRESS}])[^@{_NO_ADDRESS}]*@[^{_NO_ADDRESS}]*")  # from its beginning: linear
_EAST_ASIAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_ASCII_WORD = re.compile(r"[a-z0-9]+|@")
_WORD = re.compile(rf"[@{_EAST_ASIAN}]|(?:(?![{_EAST_ASIAN}])[^\W_])+")


def folded(text: str, *, address: str = " ") -> str:
    """The words of a text with a space around each: ` no such user `; and something for each address."""
    text = text[:TEXT_LIMIT]
    if "@" in text:
        text = _ADDRESS.sub(address, text)
    if text.isascii():
        return f" {' '.join(_ASCII_WORD.findall(text.casefold()))} "
    letters = unicodedata.normalize("NFKD", text).casefold()
    return f" {' '.join(_WORD.findall(''.join(c for c in letters if not unicodedata.combining(c))))} "


class Phrase(Struct, frozen=True):
    """One part, or two with no more than GAP between them. A space at the end of a part is the end of a word."""

    first: str
    then: str = ""  # what follows behind the gap, if there is one
    key: str = ""  # a whole word of it, where it has one: a text without that word is not searched

    @property
    def asks_for_address(self) -> bool:
        return "@" in self.first or "@" in self.then

    @property
    def shown(self) -> str:
        """A text that is this phrase and nothing else."""
        return f" {self.first.strip()} {self.then.strip()} "

    def is_in(self, words: str) -> bool:
        """Linear in the words, whatever they are: every step passes the second part that was found too far away."""
        place = words.find(self.first)
        while place >= 0 and self.then:
            end = place + len(self.first)
            found = words.find(self.then, end - 1)
            if found < 0 or found - end <= GAP:
                return found >= 0
            place = words.find(self.first, max(place + 1, found - GAP - len(self.first)))
        return place >= 0


def spelt_out(written: str) -> list[str]:
    """The phrases that one with alternatives stands for."""
    found = _ALTERNATIVES.search(written)
    if found is None:
        return [written]
    before, behind = written[: found.start()], written[found.end() :]
    return [one for alternative in found[1].split("|") for one in spelt_out(before + alternative + behind)]


def phrase(written: str) -> Phrase | None:
    """The phrase of a rule; None where a part holds no word, or a * within, or there are more than two."""
    parts, whole = [], set[str]()
    for part in written.split(" .. "):
        words = folded(part, address=ADDRESS).strip()
        begins, ends = part.strip().startswith("*"), part.strip().endswith("*")
        parts.append(f"{'' if begins else ' '}{words}{'' if ends else ' '}")
        whole.update(words.split(" ")[1 if begins else 0 : -1 if ends else None])
        if not words or len(parts) > 2 or "*" in part.strip().removeprefix("*").removesuffix("*"):
            return None
    return Phrase(parts[0], parts[1] if parts[1:] else "", max(sorted(whole), key=len, default=""))
