"""The keys of the list, as every sender in any language builds them."""

from datetime import UTC, datetime

import pytest

from acquit.suppression.keys import entry_key, entry_value, part_key, position_key, scopes_that_apply


@pytest.mark.parametrize("scope", ["*", "*:marketing", "acct:acme", "acct:acme:marketing"])
def test_key_of_an_entry_holds_the_address_in_braces_and_the_scope(scope: str) -> None:
    assert entry_key("sms:+33612345678", scope) == f"sup:{{sms:+33612345678}}:{scope}"


def test_positions_are_kept_per_partition() -> None:
    assert (position_key(3), part_key(3)) == ("sup:meta:pos:3", "sup:meta:part:3")


@pytest.mark.parametrize(
    ("account", "stream", "scopes"),
    [
        (None, None, ["*"]),
        (None, "marketing", ["*", "*:marketing"]),
        ("acme", None, ["*", "acct:acme"]),
        ("acme", "marketing", ["*", "*:marketing", "acct:acme", "acct:acme:marketing"]),
    ],
)
def test_sender_asks_for_every_scope_that_applies(account: str | None, stream: str | None, scopes: list[str]) -> None:
    assert scopes_that_apply(account=account, stream=stream) == scopes


def test_value_tells_reason_since_and_rule() -> None:
    since = datetime(2026, 11, 22, 9, 0, 4, 999_000, UTC)
    assert entry_value("recipient_unknown", since, "unknown-number") == "recipient_unknown|1795338004|unknown-number"
