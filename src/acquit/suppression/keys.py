"""The keys of the list in Redis, as every sender builds them, and the value that stands there."""

from datetime import datetime
from urllib.parse import quote

READY = "sup:meta:ready"
"""There while the whole list can be trusted: no key, no trust."""


def entry_key(recipient: str, scope: str) -> str:
    """`sup:{channel:address}:scope`; the braces keep all scopes of an address in one slot of a cluster."""
    return f"sup:{{{recipient}}}:{scope}"


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
