"""The canonical form of an address, the same for everybody who asks, and the masked form, the only one that is shown.

Numbers are E.164 with `+`. Mailboxes: NFC, lower case, the domain in its ASCII form. The test vectors in
docs/addresses.json are the published contract.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import idna
import phonenumbers

from acquit.errors import Undecodable
from acquit.events import Channel


def _either(codes: Iterable[str]) -> str:
    """A pattern of these codes that looks at each digit once."""
    tails: dict[str, list[str]] = {}
    for code in codes:
        tails.setdefault(code[0], []).append(code[1:])
    ends = "".join(digit for digit, rests in tails.items() if rests == [""])
    longer = [digit + _either(rests) for digit, rests in tails.items() if rests != [""]]
    return f"(?:{'|'.join([f'[{ends}]'] * bool(ends) + longer)})"


# A country's code and no 0 behind it: what is written so is canonical at a glance. A 0 may belong to the number (Italy) or be
# the trunk's (France), which phonenumbers knows.
_KNOWN = rf"{_either(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))}[1-9][0-9]*"
_E164 = re.compile(rf"(?=\+[0-9]{{7,15}}\Z)\+{_KNOWN}")
_BARE = re.compile(rf"(?=[0-9]{{7,15}}\Z){_KNOWN}")
_WRITTEN = re.compile(r"\(?\s*[+\uff0b]?[\d\s()./\u2010-\u2015\u2212-]*")
_FLOAT = re.compile(r"\+?\d{6,}\.0+")  # of a spreadsheet: its last 0 would make it somebody else's number
# The canonical form of nearly all mailboxes, known at a glance; the long way below gives the same for them.
_PLAIN_MAILBOX = re.compile(r"[a-z0-9._+-]+@[a-z0-9](?:[a-z0-9-]*\.)*[a-z0-9-]*[a-z0-9]")
_SPECIAL = re.compile(r"[@;,:<>()\[\]\\\"]")  # RFC 5322, 3.2.3: none of these stands in a local part without quotes
_ADDRESS_LIMIT = 254  # RFC 5321 4.5.3.1.3: a path of 256 octets less its brackets
_REMEMBERED = 4_096
_NUMBER_LIMIT = 64  # with all that people put between and around fifteen digits


def canonical(channel: Channel, address: str) -> str:
    """The canonical form. Raises Undecodable (absurd_value), whose detail never holds the address."""
    if channel == "email":
        return _mailbox(address)
    if _E164.fullmatch(address):
        return address
    if _BARE.fullmatch(address):  # most providers leave the + out
        return "+" + address
    return _number(address)


def mask(address: str) -> str:
    """`+336****5678` or `j***@example.com`: enough to recognise what one knows already."""
    if "@" in address:
        local, _, domain = address.rpartition("@")
        return f"{local[:1]}***@{domain}"
    return f"{address[:4]}****{address[-4:]}" if len(address) > 10 else "****"


def _number(text: str) -> str:
    number = _parsed(text) if len(text) <= _NUMBER_LIMIT else None  # phonenumbers looks long at 250 of them
    if number is None:
        raise Undecodable("absurd_value", "$.to: is no possible phone number with its country")
    return number


@lru_cache(maxsize=_REMEMBERED)
def _parsed(text: str) -> str | None:
    """The number, if it is one. It takes phonenumbers 40 microseconds, and a number is written the same way each time."""
    text = text.strip().removeprefix("whatsapp:").removeprefix("rcs:").removeprefix("tel:").strip()
    if not _WRITTEN.fullmatch(text) or _FLOAT.fullmatch(text):  # phonenumbers finds numbers in any text
        return None
    if text.startswith("00"):
        text = "+" + text[2:]
    elif text[:1].isdigit() and text[:1] != "0":
        text = "+" + text
    if "+" not in text and "\uff0b" not in text:  # without a country there is nothing to parse it by
        return None
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    found = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    # Behind a trunk's zero there may stand another one: what is canonical must stay as it is.
    return found if found == text or _E164.fullmatch(found) else _parsed(found)


def _mailbox(text: str) -> str:
    if len(text) > _ADDRESS_LIMIT:
        text = text.strip()
        if len(text) > _ADDRESS_LIMIT:  # what follows takes its time over long texts, normalize even the square of it
            raise Undecodable("absurd_value", "$.to: is no mailbox")
    if _PLAIN_MAILBOX.fullmatch(text):
        return text
    local, at, domain = unicodedata.normalize("NFC", text.strip()).rpartition("@")
    if not at or not local or len(text.split()) != 1 or (_SPECIAL.search(local) and not _is_quoted(local)):
        raise Undecodable("absurd_value", "$.to: is no mailbox")
    if not domain.isascii():
        encoded = _in_ascii(domain)
        if encoded is None:
            raise Undecodable("absurd_value", "$.to: its domain is no domain name")
        domain = encoded
    # lower(), not casefold(): straße@ and strasse@ are two people; some letters compose only once they are lower
    address = f"{unicodedata.normalize('NFC', local.lower())}@{domain.lower().rstrip('.')}"
    if len(address) > _ADDRESS_LIMIT or address.endswith("@") or "@." in address:
        raise Undecodable("absurd_value", "$.to: is no mailbox")
    return address


def _is_quoted(local: str) -> bool:
    return len(local) > 2 and local[0] == local[-1] == '"'


@lru_cache(maxsize=_REMEMBERED)
def _in_ascii(domain: str) -> str | None:
    """The domain's ASCII form, if it has one. It takes idna some microseconds for each letter."""
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return None
