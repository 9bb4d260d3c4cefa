"""What a sender is told of one recipient: yes or no, and why."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

Trouble: TypeAlias = Literal["no_answer", "not_ready", "no_address"]
"""Why the list did not decide: Redis did not answer in time or refused; the list is not whole; there is no such address."""


class Entry(Struct, frozen=True):
    """One entry that forbids. `recipient` is the name that it stands under: the address, or the hash of who was erased."""

    recipient: str
    scope: str
    reason: str
    since: datetime | None  # None: the value is not one that acquit writes; any value forbids
    rule: str


class Answer(Struct, frozen=True):
    """Whether to send. With `trouble`, what the policy of the stream says, for the list said nothing that one may trust."""

    may_send: bool
    entries: Sequence[Entry] = ()
    trouble: Trouble | None = None
    error: str = ""  # the class of what Redis raised; never its words, for they may name an address


def judged(entries: Sequence[Entry], *, is_ready: bool, is_open: bool) -> Answer:
    """What an entry forbids stays forbidden, trusted list or not: it has hardly been written by mistake."""
    if is_ready:
        return Answer(not entries, entries)
    return Answer(is_open and not entries, entries, "not_ready")
