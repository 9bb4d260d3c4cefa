"""The format of `routes.toml`: what is known of a route or a supplier, and no receipt says by itself.

    [[route]]
    id = "acme-fr"               # names the profile in the receipts that it changed
    route = "acme-fr"            # which messages: by route, supplier, provider; what is not given is any
    delivered = "network"        # what their "delivered" is worth: "handset" (the default) or "network"
    submit_id = "hex"            # how the submit response writes a message id, and how receipts do:
    receipt_id = "decimal"       #   "text" (the default), "decimal" or "hex"
    id_prefixes = ["XMS="]       # what either may write before it
    ignore_case = true
    ignore_leading_zeros = true
    err_dictionary = "gsm-map"   # what the envelope's context does not say: the code table of `err`, the zone of dates
    zone = "Europe/Paris"
    message_id_header = "X-Acme-Id"                          # of bounced mails: the header with the id of the submit,
    verp = "bounces+{message_id}-{to}@bounces.example.org"   #   or the form of our return addresses, with either or both;
    sent_by = "acme-mta"                                     #   and the provider of the submit, which then is theirs, too
    source = "supplier's letter of 2026-03-02"

The first profile of the file that fits decides. An operator's file replaces profiles by id, and its own come first.
"""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from acquit.rules.toml_rows import Row, rows_of

Base = Literal["text", "decimal", "hex"]
_BASES: tuple[Base, ...] = ("text", "decimal", "hex")
_GRADES: tuple[Literal["handset", "network"], ...] = ("handset", "network")
_FIELDS = {
    "id", "route", "supplier", "provider", "delivered", "submit_id", "receipt_id", "id_prefixes", "ignore_case",
    "ignore_leading_zeros", "err_dictionary", "zone", "message_id_header", "verp", "sent_by", "source",
}  # fmt: skip
VERP_FORM = r"^[^{}@\s]*(?:\{message_id\}(?:[^{}@\s]+\{to\})?|\{to\}(?:[^{}@\s]+\{message_id\})?)[^{}@\s]*@[^{}@\s]+$"
"""A return address that holds `{message_id}`, `{to}` (whose @ is written `=`) or both, with something between them that the
first does not hold."""


class RouteProfile(Struct, frozen=True):
    """What is known of the messages of a route, supplier or provider."""

    id: str
    route: str | None
    supplier: str | None
    provider: str | None
    delivered: Literal["handset", "network"]
    submit_id: Base
    receipt_id: Base
    id_prefixes: tuple[str, ...]
    ignore_case: bool
    ignore_leading_zeros: bool
    err_dictionary: str | None
    zone: str | None
    source: str
    place: str = ""  # file and line
    message_id_header: str | None = None
    verp: str | None = None
    sent_by: str | None = None

    def is_of(self, route: str | None, supplier: str | None, provider: str) -> bool:
        return self.route in {None, route} and self.supplier in {None, supplier} and self.provider in {None, provider}

    def id_in_submit(self, message_id: str) -> str:
        """The one form of an id that the submit response gave."""
        return self._one_form(message_id, self.submit_id)

    def id_in_receipt(self, message_id: str) -> str:
        """The one form of an id that a receipt names."""
        return self._one_form(message_id, self.receipt_id)

    def _one_form(self, message_id: str, base: Base) -> str:
        """Digits in the base of the submit response; what is no number of its base stays as it is, for nobody guesses."""
        bare = next((message_id.removeprefix(p) for p in self.id_prefixes if message_id.startswith(p)), message_id)
        if self.submit_id != self.receipt_id:
            return _number(bare, base, self.submit_id) or message_id
        bare = bare.casefold() if self.ignore_case else bare
        return (bare.lstrip("0") if self.ignore_leading_zeros else bare) or message_id


def _number(text: str, base: Base, wanted: Base) -> str | None:
    """`39F99DD5` in hex is `972660181` in decimal. A text that must be compared with a number is one in decimal."""
    digits = text.removeprefix("0x").removeprefix("0X")
    if not digits.isascii() or not digits.isalnum() or len(digits) > 40:
        return None
    try:
        number = int(digits, 16 if base == "hex" else 10)
    except ValueError:
        return None
    return f"{number:x}" if wanted == "hex" else str(number)


class Routes:
    """All profiles, and the one that fits a message."""

    def __init__(self, profiles: tuple[RouteProfile, ...]) -> None:
        self.profiles = profiles
        self._found: dict[tuple[str | None, str | None, str], RouteProfile | None] = {}

    def profile(self, route: str | None, supplier: str | None, provider: str) -> RouteProfile | None:
        if not self.profiles:
            return None
        key = (route, supplier, provider)
        if key not in self._found:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            self._found[key] = next((profile for profile in self.profiles if profile.is_of(*key)), None)
        return self._found[key]


_REMEMBERED = 10_000
"""Routes are few; a sender that makes one up for every message costs no memory."""


def route_profiles(paths: list[Path], code_tables: Collection[str]) -> Routes:
    """The profiles of all files, those of the last file first. Raises BadRules."""
    profiles: dict[str, RouteProfile] = {}
    for path in paths:
        seen: set[str] = set()
        rows = rows_of(path, "route", _FIELDS)
        own = {row.once(seen, "id"): _profile(row, code_tables) for row in rows}
        profiles = {**own, **{key: profile for key, profile in profiles.items() if key not in own}}
    return Routes(tuple(profiles.values()))


def _profile(row: Row, code_tables: Collection[str]) -> RouteProfile:
    profile = RouteProfile(
        id=row.text("id"),
        route=row.optional("route"),
        supplier=row.optional("supplier"),
        provider=row.optional("provider"),
        delivered=row.one_of("delivered", row.values.get("delivered", "handset"), _GRADES),
        submit_id=row.one_of("submit_id", row.values.get("submit_id", "text"), _BASES),
        receipt_id=row.one_of("receipt_id", row.values.get("receipt_id", "text"), _BASES),
        id_prefixes=tuple(_prefixes(row)),
        ignore_case=row.yes("ignore_case"),
        ignore_leading_zeros=row.yes("ignore_leading_zeros"),
        err_dictionary=row.optional("err_dictionary"),
        zone=row.optional("zone"),
        message_id_header=row.optional("message_id_header"),
        verp=row.optional("verp"),
        sent_by=row.optional("sent_by"),
        source=row.text("source"),
        place=row.place,
    )
    if profile.route is profile.supplier is profile.provider is None:
        raise row.wrong("id", "names neither a route, nor a supplier, nor a provider: it would be of every message")
    if "text" in {profile.submit_id, profile.receipt_id} and profile.submit_id != profile.receipt_id:
        raise row.wrong("submit_id", "a text and a number cannot be compared: say decimal or hex for both, or neither")
    if profile.err_dictionary is not None and profile.err_dictionary not in code_tables:
        raise row.wrong("err_dictionary", f"there is no codes/{profile.err_dictionary}.csv")
    if profile.verp is not None and not re.fullmatch(VERP_FORM, profile.verp):
        raise row.wrong("verp", "must be an address with {message_id}, {to} or both, and something between them")
    try:
        ZoneInfo(profile.zone or "UTC")
    except (LookupError, ValueError, OSError):
        raise row.wrong("zone", "no such time zone") from None
    return profile


def _prefixes(row: Row) -> list[str]:
    prefixes = [] if "id_prefixes" not in row.values else row.many("id_prefixes")
    if not all(isinstance(prefix, str) and prefix for prefix in prefixes):
        raise row.wrong("id_prefixes", "must be texts that are not empty")
    return [str(prefix) for prefix in prefixes]
