"""Mail addresses in running text and in header fields, found from their @ outwards, so that no text takes long."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_ADDRESSES_LIMIT = 1_000
_LOCAL_LIMIT, _DOMAIN_LIMIT = 64, 255
_LOCAL_BACKWARDS = re.compile(r"""[^\s<>()\[\]"',;:\\|@{}\x00-\x1f\u3000-\u303f\uff00-\uffef]{1,64}""")
_DOMAIN = re.compile(r"(?!-)[\w-]{1,63}(?:\.[\w-]{1,63}){0,10}|\[[0-9A-Fa-f.:]{3,45}\]")
_LOOSE = ".-"
"""What may stand before a local part in text and is no begin of one."""


class Found(NamedTuple):
    address: str
    start: int
    end: int


def addresses_in(text: str) -> Iterator[Found]:
    """Each address, and where in the text it stands."""
    place = -1
    for _ in range(_ADDRESSES_LIMIT):
        place = text.find("@", place + 1)
        if place < 0:
            return
        local = _local_before(text, place)
        domain = _DOMAIN.match(text, place + 1) if local else None
        if local and domain:
            end = domain.end() if domain[0].startswith("[") else place + 1 + len(domain[0].rstrip("-_"))
            yield Found(f"{local}@{text[place + 1 : end]}", place - len(local), end)


def address_in(text: str) -> str | None:
    """The first address; None where there is none."""
    found = next(addresses_in(text), None)
    return found.address if found else None


def _local_before(text: str, at: int) -> str:
    if text[at - 1 : at] == '"':
        start = text.rfind('"', max(0, at - 1 - _LOCAL_LIMIT), at - 1)
        quoted = text[start:at] if start >= 0 else ""
        return quoted if len(quoted) > 2 and "\n" not in quoted and "@" not in quoted else ""
    found = _LOCAL_BACKWARDS.match(text[max(0, at - _LOCAL_LIMIT) : at][::-1])
    local = found[0][::-1].lstrip(_LOOSE) if found else ""
    return local.removeprefix("mailto:")
