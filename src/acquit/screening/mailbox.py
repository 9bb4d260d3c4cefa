"""Whether a text is a mailbox that mail can be sent to, and if not, which one is meant.

Stricter than `acquit.address`, which reads what providers say of mail that was sent already.
"""

import re

from acquit.address import canonical
from acquit.errors import Undecodable
from acquit.screening.slips import Slips
from acquit.screening.verdicts import Reject, Verdict

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})"
_MAILBOX = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_DOMAIN}")  # RFC 5321 4.1.2, less what nobody has
_LOOSE = re.compile(rf"(?:{_ATOM}|\.)+@{_DOMAIN}")
_QUOTED = re.compile(rf'"[^"\\\s@]+"@{_DOMAIN}')
_LOCAL_BYTES = 64  # RFC 5321 4.5.3.1.1
_FOREIGN = re.compile(r"[^\x00-\x7f]")

_NAMED = re.compile(r"[^<>@]*<([^<>]+)>[\s,;.]*")  # Jo <jo@example.com>
_SPELT_AT = re.compile(r"(?i)\s*[(\[]\s*at\s*[)\]]\s*|\s+at\s+")
_TWICE_AT = re.compile(r"@(?:\s*@)+")
_DOTS = re.compile(r"\s*[.,]+\s*")
_AROUND = " \t,;:.<>\"'()[]"
ROLES = frozenset({"abuse", "postmaster", "hostmaster", "webmaster", "noreply", "no-reply", "mailer-daemon", "spam"})
"""Nobody subscribes with these (RFC 2142): they are counted, no more."""


def read_mailbox(text: str, slips: Slips) -> Verdict:
    try:
        address = canonical("email", text)
    except Undecodable:
        address = ""
    if not _is_mailbox(address, slips) or text.rstrip().endswith("."):
        return Reject("not_an_address", _why_not(text), _repaired(text, slips))
    local, _, domain = address.rpartition("@")
    if meant := slips.meant(domain):
        return Reject("misspelt_domain", f"looks like {meant}", f"{local}@{meant}")
    return address


def is_role(address: str) -> bool:
    return address.partition("@")[0] in ROLES


def _is_mailbox(address: str, slips: Slips) -> bool:
    if len(address) <= _LOCAL_BYTES and _MAILBOX.fullmatch(address):
        return True
    local, _, domain = address.rpartition("@")
    if len(local.encode()) > _LOCAL_BYTES or not local.isprintable():
        return False
    plain = f"{_FOREIGN.sub('x', local)}@{domain}"  # RFC 6531: any letter
    if domain in slips.domains.loose:
        return _LOOSE.fullmatch(plain) is not None
    return (_MAILBOX.fullmatch(plain) or _QUOTED.fullmatch(plain)) is not None


def _why_not(text: str) -> str:
    stripped = text.strip()
    ats = stripped.count("@")
    faults = {
        "is empty": not stripped,
        "has no @": ats == 0,
        "has more than one @": ats > 1,
        "has characters that cannot be seen": not stripped.isprintable(),
        "has a space inside": len(stripped.split()) > 1,
        "ends in a dot": stripped.endswith("."),
    }
    return next((fault for fault, is_so in faults.items() if is_so), "is no mailbox")


def _repaired(text: str, slips: Slips) -> str:
    """The mailbox that is meant; empty unless there is hardly another."""
    tried = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    if named := _NAMED.fullmatch(tried):
        tried = named[1]
    if tried[:7].lower() == "mailto:":
        tried = tried[7:]
    tried = tried.strip(_AROUND)
    if "@" not in tried:
        tried = _SPELT_AT.sub("@", tried)
    local, at, domain = _TWICE_AT.sub("@", tried).rpartition("@")
    domain = _DOTS.sub(".", domain.lower()).strip()
    if not at:
        local, domain = _parted(domain, slips)
    domain = slips.meant(domain) or domain
    try:
        address = canonical("email", f"{local.strip()}@{domain}")
    except Undecodable:
        return ""
    return address if "@" not in local and _is_mailbox(address, slips) else ""


def _parted(text: str, slips: Slips) -> tuple[str, str]:
    """Where the @ is missing before a large domain."""
    if text.startswith("www.") or "/" in text:
        return "", ""
    found = max((domain for domain in slips.domains.large if text.endswith(domain)), key=len, default="")
    return text[: len(text) - len(found)].rstrip(".") if found else "", found
