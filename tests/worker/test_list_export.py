"""Which entries an export takes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from acquit.effects import Evidence, SuppressionRecord
from acquit.errors import Undecodable
from acquit.worker.list_export import Wanted, domain_of

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
ENTRY = SuppressionRecord("stop", AT, "r", Evidence("p", AT), 1)


@pytest.mark.parametrize(
    ("wanted", "is_taken"),
    [
        ({}, True),
        ({"channel": "email"}, True),
        ({"channel": "sms"}, False),
        ({"reasons": frozenset({"stop", "legal"})}, True),
        ({"reasons": frozenset({"legal"})}, False),
        ({"scope": "*:news"}, True),
        ({"scope": "*"}, False),
        ({"since": AT}, True),
        ({"since": AT + timedelta(seconds=1)}, False),
        ({"before": AT}, False),
        ({"before": AT + timedelta(seconds=1)}, True),
        ({"domain": "example.com"}, True),
        ({"domain": "ample.com"}, False),
    ],
)
def test_entry_is_taken_where_all_that_is_wanted_is_so(wanted: dict[str, Any], is_taken: bool) -> None:
    assert Wanted(**wanted).takes("email:jo@example.com", "*:news", ENTRY) is is_taken


def test_domain_is_made_canonical() -> None:
    assert domain_of("Bücher.Example.") == "xn--bcher-kva.example"
    with pytest.raises(Undecodable):
        domain_of("no domain")
