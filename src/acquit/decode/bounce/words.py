"""What a server's words hold for a program: the enhanced status, the reply code, and the host that said them."""

import re

_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
_REPLY = re.compile(
    r"(?<![\w.\-/@+])(?<!\d:)(?:#|\")?([45][0-5]\d)(?=[ \-:;,#\]]|$)(?! (?:bytes|KB|MB|hours|minutes|seconds|days))"
)
_PAIR = re.compile(r"(?<![\w.])([245])\d\d[ \-:]{1,3}\(?#?(\1\.\d{1,3}\.\d{1,3})(?!\.?\d)")
_HOST = r"((?:[A-Za-z0-9_-]{1,63}\.){1,8}[A-Za-z][A-Za-z0-9-]{1,24})"
_SAID_BY = re.compile(rf"(?i)\b(?:host:?|talking to|smtp server|remote server(?: at)?) {{0,2}}[<'\"]?{_HOST}")
_BEFORE_IP = re.compile(r"[\[(]\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}[\])]")
_HOST_BACKWARDS = re.compile(r"[\s.]{0,3}([A-Za-z0-9_.-]{4,253})")
_IS_HOST = re.compile(_HOST)
_SIGNED = re.compile(rf"\[{_HOST}(?: [^\[\]]{{0,80}})?\]\W{{0,3}}$")
TEXT_LIMIT = 2_000
"""Characters of a reason. What servers say in more of them is advice."""
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[^\W\d_]{3,}")
_NO_WORDS = frozenset(
    {"smtp", "dns", "rfc", "unix", "postfix", "error", "code", "failed", "failure", "the", "and", "for"}
)
_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,255}")


def folded(text: str, limit: int = TEXT_LIMIT) -> str:
    """On one line, without what one mail has of spaces and another has not."""
    return _SPACE.sub(" ", text[: 4 * limit]).strip()[:limit].rstrip()


def enhanced_in(text: str) -> str | None:
    """The enhanced status (RFC 3463): that beside a reply code of its class, else the first."""
    pair = _PAIR.search(text)
    if pair:
        return pair[2]
    found = _ENHANCED.search(text)
    return found[0] if found else None


def reply_in(text: str) -> str | None:
    """The reply code of RFC 5321 with which a server refused."""
    found = _REPLY.search(text)
    return found[1] if found else None


def is_vague(code: str) -> bool:
    """Whether the status says no more than that it failed: 5.0.0."""
    return code.split(".")[1:2] == ["0"]


def better_code(status: str | None, said: str | None) -> str | None:
    """Of the report's status and the code in the other server's words, the one that says more.

    The words go first, for many a mailer writes the status of its own for the reply. They do not where the class differs:
    what failed for good (5.4.7) quotes what was tried again and again (4.4.2).
    """
    if status is None or said is None:
        return status or said
    return said if not is_vague(said) and (is_vague(status) or said[0] == status[0]) else status


def host_in(text: str) -> str | None:
    """The server that said it, by name: the one before its address in brackets, the one that is called a host, or the one
    that signs (Outlook).
    """
    said = _SAID_BY.search(text)
    if said:
        return said[1].lower()
    for address in _BEFORE_IP.finditer(text):
        before = _HOST_BACKWARDS.match(text[max(0, address.start() - 256) : address.start()][::-1])
        name = before[1][::-1].strip(".") if before else ""
        if _IS_HOST.fullmatch(name):
            return name.lower()
    signed = _SIGNED.search(text)
    return signed[1].lower() if signed else None


def says_why(text: str) -> bool:
    """Whether there are words beyond codes, names of hosts and addresses."""
    words = _WORD.findall(_ADDRESS.sub(" ", text[:TEXT_LIMIT]).casefold())
    return sum(word not in _NO_WORDS for word in words) >= 2 or any(not word.isascii() for word in words)
