"""The keys of the list, as every sender in any language builds them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from acquit.suppression.keys import (
    entry_key,
    entry_value,
    hashed,
    is_hashed,
    key_mark,
    part_key,
    position_key,
    read_value,
    scopes_that_apply,
)

PUBLISHED = json.loads((Path(__file__).parents[2] / "docs" / "addresses.json").read_text(encoding="utf-8"))
ERASE_KEY = PUBLISHED["hashes"]["erase_key"].encode()
HASHES = [(row["recipient"], row["name"]) for row in PUBLISHED["hashes"]["names"]]
"""The published contract: the first 16 bytes of HMAC-SHA256(key, UTF-8 of channel:address), base64url without padding."""


@pytest.mark.parametrize("scope", ["*", "*:marketing", "acct:acme", "acct:acme:marketing"])
def test_key_of_an_entry_holds_the_address_in_braces_and_the_scope(scope: str) -> None:
    assert entry_key("sms:+33612345678", scope) == f"sup:{{sms:+33612345678}}:{scope}"


def test_positions_are_kept_per_partition() -> None:
    assert (position_key(3), part_key(3)) == ("sup:meta:pos:3", "sup:meta:part:3")


@pytest.mark.parametrize("row", PUBLISHED["keys"])
def test_sender_asks_for_every_scope_that_applies(row: dict[str, Any]) -> None:
    scopes = scopes_that_apply(account=row["account"], stream=row["stream"])
    assert [entry_key(row["recipient"], scope) for scope in scopes] == row["keys"]


def test_value_tells_reason_since_and_rule() -> None:
    since = datetime(2026, 11, 22, 9, 0, 4, 999_000, UTC)
    assert entry_value("recipient_unknown", since, "unknown-number") == "recipient_unknown|1795338004|unknown-number"


@pytest.mark.parametrize("as_read", [str, str.encode])
def test_value_is_read_as_it_is_written(as_read: Callable[[str], str | bytes]) -> None:
    since = datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert read_value(as_read(entry_value("stop", since, "engagement|stop"))) == ("stop", since, "engagement|stop")


@pytest.mark.parametrize("value", [b"", b"1", b"by hand|yesterday|me", b"\xff|" + b"9" * 30, "stop|²|x".encode()])
def test_value_that_is_not_ours_is_read_without_a_time(value: bytes) -> None:
    assert read_value(value).since is None


@pytest.mark.parametrize(("recipient", "name"), HASHES)
def test_hash_is_that_of_the_published_vectors(recipient: str, name: str) -> None:
    assert len(ERASE_KEY) == 32
    assert hashed(recipient, ERASE_KEY) == name
    assert entry_key(name, "*") == f"sup:{{{name}}}:*"


def test_hash_is_told_from_an_address() -> None:
    assert all(is_hashed(name) and not is_hashed(recipient) for recipient, name in HASHES)
    assert not is_hashed("email:a:#b@example.com")


def test_another_key_gives_other_hashes_and_another_mark() -> None:
    other = b"x" * 32
    assert hashed("sms:+33612345678", ERASE_KEY) != hashed("sms:+33612345678", other)
    assert key_mark(ERASE_KEY) != key_mark(other)
