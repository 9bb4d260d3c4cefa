"""The domain that was meant, where one slip of the finger lies between it and a large one; else nothing.

Left alone is what may well be real: another first letter (ymail.com), and a country's ending (yahoo.ro).
"""

from acquit.rules.domains import Domains

_REMEMBERED = 65_536
_ENDINGS_MISTAKEN = {"co", "cm", "om"}
"""Countries' endings that are .com with a letter lost far more often than what they are."""


class Slips:
    """Remembers what it found: a list has few domains."""

    def __init__(self, domains: Domains) -> None:
        self.domains = domains
        self._found: dict[str, str] = {}

    def meant(self, domain: str) -> str:
        """The domain that is meant instead; empty if this one may be right."""
        found = self._found.get(domain)
        if found is None:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            found = self._found[domain] = self._meant(domain)
        return found

    def _meant(self, domain: str) -> str:
        if domain in self.domains.real:
            return ""
        rest, _, ending = domain.rpartition(".")
        if rest and ending in self.domains.endings:
            right = f"{rest}.{self.domains.endings[ending]}"
            return self._beside(right) or right
        return self._beside(domain)

    def _beside(self, domain: str) -> str:
        if domain in self.domains.real:
            return ""
        found = [large for large in self.domains.large if _is_slip_of(domain, large)]
        return found[0] if len(found) == 1 else ""


def _is_slip_of(domain: str, large: str) -> bool:
    place = slip_at(domain, large)
    if place is None or (place == 0 and domain[:2] != large[1::-1]):
        return False
    label = large.index(".")
    if place <= label:  # the dot itself, too
        return True
    ending = domain.rpartition(".")[2]
    return len(ending) > 2 or len(ending) < 2 or ending in _ENDINGS_MISTAKEN


def slip_at(word: str, right: str) -> int | None:
    """Where one letter is missing, too many, another, or two have changed places; None if it is not just that."""
    if word == right or abs(len(word) - len(right)) > 1:
        return None
    place = 0
    while word[place : place + 1] == right[place : place + 1]:
        place += 1
    if len(word) == len(right):
        tail = word[place + 1 :] == right[place + 1 :]
        swapped = word[place : place + 2] == right[place : place + 2][::-1] and word[place + 2 :] == right[place + 2 :]
        return place if tail or swapped else None
    longer, shorter = (word, right) if len(word) > len(right) else (right, word)
    return place if longer[place + 1 :] == shorter[place:] else None
