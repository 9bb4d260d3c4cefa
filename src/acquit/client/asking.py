"""One call of a sender, without its input and output: which keys are asked for, and what their values mean.

A page is a command, which asks for the sign of trust together with the addresses: what another moment's sign says of them
is worth nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from acquit.address import canonical
from acquit.client.answers import Answer, Entry, judged
from acquit.client.cache import Cache
from acquit.errors import AcquitError, Undecodable
from acquit.events import CHANNELS
from acquit.suppression.keys import entry_key, hashed, read_value, scopes_that_apply

PAGE_KEYS = 1_000
"""Redis serves nobody else during a command: with so many keys, for about a millisecond."""
ROUND_KEYS = 10_000
"""So many go out at once, and have one time-out."""

Values = Sequence[bytes | str | None]
Recipients = Iterable[tuple[str, str]]
"""Channel and address of each."""


class Terms(Struct, frozen=True):
    """What a sender has chosen for good."""

    open_streams: frozenset[str] = frozenset()
    erase_key: bytes | None = None
    cache: Cache = Cache(0, 0)


class Page(Struct, frozen=True):
    """Recipients that are asked for by one command, with all their keys in a row."""

    recipients: list[str]
    keys: list[bytes]  # redis.asyncio takes half as long over bytes


class Asking:
    """The questions of one call: each recipient once, however often it was named. Raises AcquitError for a channel."""

    def __init__(self, terms: Terms, recipients: Recipients, *, account: str | None, stream: str | None) -> None:
        self._terms = terms
        self._scopes = tuple(scopes_that_apply(account=account, stream=stream))
        self._is_open = stream in terms.open_streams
        self._asked = [_canonical(channel, address) for channel, address in recipients]
        self._answers: dict[str, Answer] = {}

    def rounds(self, now: float) -> Iterator[list[Page]]:
        """What has to be asked, some pages at a time."""
        keys_each = len(self._scopes) * (1 if self._terms.erase_key is None else 2)
        for some in _cut(list(self._unknown(now)), ROUND_KEYS // keys_each):
            yield [self._page(part) for part in _cut(some, PAGE_KEYS // keys_each)]

    def take(self, pages: Sequence[Page], found: Sequence[tuple[bool, Values]], asked_at: float) -> None:
        """What was found of each page, and whether the list could be trusted then."""
        for page, (is_ready, values) in zip(pages, found, strict=True):
            free = judged((), is_ready=is_ready, is_open=self._is_open)
            for recipient, entries in self._found(page, values):
                answer = judged(entries, is_ready=is_ready, is_open=self._is_open) if entries else free
                self._answers[recipient] = answer
                if is_ready and self._terms.cache.is_used:
                    self._terms.cache.keep((recipient, self._scopes), entries, asked_at)

    def answers(self, error: Exception | None = None) -> list[Answer]:
        """In the order of the question. `error` is why some were not answered."""
        unanswered = Answer(self._is_open, (), "no_answer", type(error).__name__)
        return [
            Answer(may_send=False, trouble="no_address")
            if recipient is None
            else self._answers.get(recipient, unanswered)
            for recipient in self._asked
        ]

    def _unknown(self, now: float) -> Iterator[str]:
        for recipient in dict.fromkeys(self._asked):
            if recipient is None:
                continue
            entries = self._terms.cache.find((recipient, self._scopes), now) if self._terms.cache.is_used else None
            if entries is None:
                yield recipient
            else:
                self._answers[recipient] = judged(entries, is_ready=True, is_open=self._is_open)

    def _page(self, recipients: list[str]) -> Page:
        stems = [entry_key(name, "").encode() for recipient in recipients for name in self._names(recipient)]
        scopes = [scope.encode() for scope in self._scopes]
        return Page(recipients, [stem + scope for stem in stems for scope in scopes])

    def _names(self, recipient: str) -> tuple[str, ...]:
        """With the key of hashes who was erased is asked for as well, and whoever is hashed like all."""
        key = self._terms.erase_key
        return (recipient,) if key is None else (recipient, hashed(recipient, key))

    def _found(self, page: Page, values: Values) -> Iterator[tuple[str, Sequence[Entry]]]:
        each = len(values) // len(page.recipients)
        nothing = [None] * each
        for first, recipient in zip(range(0, len(values), each), page.recipients, strict=True):
            own = values[first : first + each]
            if own == nothing:  # nearly all
                yield recipient, ()
            else:
                places = [(name, scope) for name in self._names(recipient) for scope in self._scopes]
                yield (
                    recipient,
                    [
                        Entry(name, scope, *read_value(value))
                        for (name, scope), value in zip(places, own, strict=True)
                        if value is not None
                    ],
                )


def _canonical(channel: str, address: str) -> str | None:
    """None for what is no address: nobody can be reached there, and the list cannot know it."""
    if channel not in CHANNELS:
        raise AcquitError(f"channel must be one of {', '.join(CHANNELS)}")
    try:
        return f"{channel}:{canonical(channel, address)}"
    except Undecodable:
        return None


def _cut(items: list[Any], size: int) -> Iterator[list[Any]]:
    for first in range(0, len(items), size):
        yield items[first : first + size]
