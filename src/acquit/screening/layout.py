"""How a contact list is laid out: delimiter, header, and which column holds the addresses. Guessed, said, and never bent.

Text is bytes read as Latin-1, so that what is written again is what was there; `decoded` says what a field means.
"""

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from acquit.errors import AcquitError
from acquit.events import Channel

DELIMITERS = ",;\t|"
WHITE = " \t\r\n\f\v"
"""Not all that Python strips: some of it are bytes of letters here."""
SAMPLE_BYTES = 65_536
SAMPLE_ROWS = 500
_AGREEING, _HOLDING = 0.7, 0.5
"""So many of the rows must have the same number of fields; and so many of a column's fields look like addresses."""

Kind: TypeAlias = Literal["email", "number"]
_NAMES: dict[Kind, frozenset[str]] = {
    "email": frozenset(
        ("email", "emails", "mail", "emailaddress", "mailaddress", "adresseemail", "adressemail", "courriel", "correo",
         "correoelectronico", "emailadresse", "indirizzoemail", "eposta", "epost", "recipient", "address")
    ),
    "number": frozenset(
        ("phone", "phonenumber", "mobile", "mobilenumber", "mobilephone", "cell", "cellphone", "msisdn", "gsm", "tel",
         "telephone", "telefon", "telefono", "telefonnummer", "handy", "portable", "telephoneportable", "mobil",
         "numero", "number", "whatsapp", "whatsappnumber", "recipient", "address")
    ),
}  # fmt: skip
_PARTS: dict[Kind, tuple[str, ...]] = {
    "email": ("mail", "courriel"),
    "number": ("phone", "mobile", "telefon", "msisdn", "gsm", "whatsapp", "portable"),
}
_NUMBER = re.compile(r"\s*(?:(?:whatsapp|rcs|tel):)?[+(]?[0-9](?:[\s().\-/]*[0-9]){6,16}\s*")
_SURE_NUMBER = re.compile(r"\s*(?:\+|00?[1-9])[0-9\s().\-/]{6,20}\s*")


class BadList(AcquitError):
    """A list that cannot be read, or only if the user says how."""


class Layout(Struct, frozen=True):
    """`delimiter` is None for one address a line. `name` is the column's, where there is a header."""

    delimiter: str | None
    has_header: bool
    fields: int
    column: int
    name: str | None
    channel: Channel


def guess(sample: str, *, channel: Channel | None = None, column: str | None = None) -> Layout:
    """The layout, by the first rows. Raises BadList where more than one is as likely."""
    delimiter = _delimiter(sample)
    rows = _rows(sample, delimiter)
    if not rows:
        raise BadList("the list is empty")
    has_header = _is_header(rows[0], is_csv=delimiter is not None)
    names, values = (rows[0] if has_header else []), rows[1:] if has_header else rows
    fields = len(rows[0])
    kind = None if channel is None else _kind(channel)
    if column is not None:
        place = _named(column, names, fields)
        kind = kind or _kind_at(place, names, values)
    else:
        place, kind = _place(names, values, fields, kind)
    name = names[place] if names else None
    return Layout(delimiter, has_header, fields, place, name, channel or _channel(kind, name))


def decoded(field: str) -> tuple[str, bool]:
    """What a field means, and whether it is UTF-8; else it is taken for Latin-1."""
    if field.isascii():
        return field, True
    try:
        return field.encode("latin-1").decode(), True
    except UnicodeDecodeError:
        return field, False


def _delimiter(sample: str) -> str | None:
    best: tuple[float, int, str] | None = None
    for delimiter in DELIMITERS:
        widths = Counter(len(row) for row in _rows(sample, delimiter))
        if not widths:
            continue
        width, rows = widths.most_common(1)[0]
        share = rows / widths.total()
        if width > 1 and share >= _AGREEING and (best is None or (share, width) > best[:2]):
            best = share, width, delimiter
    return best[2] if best else None


def _rows(sample: str, delimiter: str | None) -> list[list[str]]:
    lines = [line for line in re.split(r"\r\n|\n|\r", sample) if line.strip(WHITE)][:SAMPLE_ROWS]
    if delimiter is None:
        return [[decoded(line.strip(WHITE))[0]] for line in lines]
    try:
        return [[decoded(field)[0] for field in row] for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return []


def _is_header(row: Sequence[str], *, is_csv: bool) -> bool:
    """In CSV a row without any address; where there is one column a word that names it, for it may be a bad address."""
    if any("@" in field or sum(letter.isdigit() for letter in field) > 6 for field in row):
        return False
    return is_csv or any(_folded(row[0]) in names for names in _NAMES.values())


def _named(column: str, names: Sequence[str], fields: int) -> int:
    found = [place for place, name in enumerate(names) if name.strip().casefold() == column.strip().casefold()]
    if len(found) == 1:
        return found[0]
    if not found and column.isdecimal() and 1 <= int(column) <= fields:
        return int(column) - 1
    raise BadList(
        f"--column {'names more than one column' if found else 'names no column'}: say its number, 1 to {fields}"
    )


def _place(names: Sequence[str], values: Sequence[Sequence[str]], fields: int, kind: Kind | None) -> tuple[int, Kind]:
    kinds: tuple[Kind, ...] = (kind,) if kind else ("email", "number")
    found = [(place, each) for each in kinds for place in _likeliest(names, values, fields, each)]
    if fields == 1 and not found:
        return 0, kind or "email"
    if not found:
        raise BadList(f"no column looks like one of {kind or 'address'}s: say --column, a name or a number from 1")
    if len(found) > 1:
        # A header without any address is what `names` holds: it can be shown.
        shown = " and ".join(f"{place + 1}{f' ({names[place].strip()})' if names else ''}" for place, _ in found)
        raise BadList(f"columns {shown} may hold the addresses: say --channel, or --column")
    return found[0]


def _likeliest(names: Sequence[str], values: Sequence[Sequence[str]], fields: int, kind: Kind) -> list[int]:
    """The columns that are as likely as none other: by their very name, by part of it, or by what they hold."""
    holding = {place: _share(place, values, kind) for place in range(fields)}
    plausible = [place for place, share in holding.items() if share is None or share >= _HOLDING]
    folded = {place: _folded(names[place]) for place in plausible if names}
    exact = [place for place, name in folded.items() if name in _NAMES[kind]]
    partly = [place for place, name in folded.items() if any(part in name for part in _PARTS[kind])]
    return exact or partly or [place for place in plausible if _is_sure(place, values, kind)]


def _share(place: int, values: Sequence[Sequence[str]], kind: Kind) -> float | None:
    """Which share of a column's fields looks so; None where they are all empty."""
    held = [row[place] for row in values if len(row) > place and row[place].strip()]
    return sum(_looks(field, kind) for field in held) / len(held) if held else None


def _looks(field: str, kind: Kind) -> bool:
    return "@" in field if kind == "email" else _NUMBER.fullmatch(field) is not None


def _is_sure(place: int, values: Sequence[Sequence[str]], kind: Kind) -> bool:
    """Without a name that says so, a number must look like nothing else: an id has many digits, too."""
    held = [row[place] for row in values if len(row) > place and row[place].strip()]
    if kind == "email":
        return bool(held)
    sure = sum(_SURE_NUMBER.fullmatch(field) is not None or len(re.sub(r"\D", "", field)) > 9 for field in held)
    return bool(held) and sure / len(held) >= _HOLDING


def _kind_at(place: int, names: Sequence[str], values: Sequence[Sequence[str]]) -> Kind:
    share = _share(place, values, "email")
    if share is not None:
        return "email" if share >= _share(place, values, "number") else "number"  # type: ignore[operator]  # neither is None
    return "email" if names and any(part in _folded(names[place]) for part in _PARTS["email"]) else "number"


def _kind(channel: Channel) -> Kind:
    return "email" if channel == "email" else "number"


def _channel(kind: Kind, name: str | None) -> Channel:
    if kind == "email":
        return "email"
    return "whatsapp" if name is not None and "whatsapp" in _folded(name) else "sms"


def _folded(name: str) -> str:
    """Without accents, case, spaces and marks."""
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", name).casefold())
