"""The keys of the list in Redis, as every sender builds them, and the value that stands there.

Who was erased is there under a keyed hash: a sender that is given the `erase_key` asks for both names. The test vectors in
docs/addresses.json are the published contract.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote

READY = "sup:meta:ready"
"""There while the whole list can be trusted: no key, no trust."""


HASH_BYTES = 16
_KEY_MARK = "acquit:erase-key"
_EPOCH = re.compile(r"[0-9]{1,11}")


class Value(NamedTuple):
    """What an entry says. `since` is None where it is not of our form."""

    reason: str
    since: datetime | None
    rule: str


class Hashing(NamedTuple):
    """The key under which people are hashed: those who were erased, or all."""

    key: bytes
    is_for_all: bool = False


def hashed(recipient: str, erase_key: bytes) -> str:
    """`channel:#hash`: the first 128 bits of HMAC-SHA256 of `channel:address`, base64url without padding.

    Without the key nobody can try all numbers for the one that gives it.
    """
    digest = hmac.digest(erase_key, recipient.encode(), "sha256")[:HASH_BYTES]
    return f"{recipient.partition(':')[0]}:#{urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def is_hashed(recipient: str) -> bool:
    """No canonical number begins so, and a mailbox has an @."""
    return ":#" in recipient and "@" not in recipient


def key_mark(erase_key: bytes) -> str:
    """What tells one erase_key from another, and nothing of either."""
    return hashed(_KEY_MARK, erase_key).partition("#")[2]


def entry_key(recipient: str, scope: str) -> str:
    """`sup:{channel:address}:scope`; the braces keep all scopes of an address in one slot of a cluster."""
    return f"sup:{{{recipient}}}:{scope}"


SCOPE = re.compile(r"(\*|acct:[A-Za-z0-9_.~%-]+)(:[A-Za-z0-9_.~%-]+)?")
SCOPES = "*, *:STREAM, acct:ID or acct:ID:STREAM, names percent-encoded but for letters, digits and _.-~"


def position_key(partition: int) -> str:
    """How far this partition of the truth is projected."""
    return f"sup:meta:pos:{partition}"


def part_key(partition: int) -> str:
    """There while this partition is projected to its end."""
    return f"sup:meta:part:{partition}"


def scopes_that_apply(*, account: str | None = None, stream: str | None = None) -> list[str]:
    """The scopes that a sender asks for, four at most."""
    owners = ["*"] if account is None else ["*", f"acct:{named(account)}"]
    return [scope for owner in owners for scope in ([owner] if stream is None else [owner, f"{owner}:{named(stream)}"])]


def named(name: str) -> str:
    """A name of an account, stream or list as it stands in a scope: letters, digits and _.-~, the rest percent-encoded."""
    return quote(name, safe="")


def entry_value(reason: str, since: datetime, rule: str) -> str:
    """`reason|since|rule`, since in epoch seconds."""
    return f"{reason}|{int(since.timestamp())}|{rule}"


def read_value(value: bytes | str) -> Value:
    """Any value forbids, so one that is not ours is taken as it is."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    reason, _, rest = text.partition("|")
    since, _, rule = rest.partition("|")
    at = datetime.fromtimestamp(int(since), UTC) if _EPOCH.fullmatch(since) else None
    return Value(reason, at, rule)
