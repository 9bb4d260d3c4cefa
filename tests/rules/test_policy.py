"""Which failures a row of the policy asks after."""

import pytest
from msgspec.structs import replace

from acquit.rules.policy import PolicyRule

RULE = PolicyRule(
    id="dead-number",
    categories=frozenset({"recipient_unknown", "recipient_inactive"}),
    permanence="permanent",
    channels=frozenset({"sms", "rcs"}),
    codes=frozenset({"ec_invalid", "404"}),
    scope="*",
    times=1,
    within_days=None,
    distinct_days=1,
    hold_days=(90.0,),
    source="here",
)


@pytest.mark.parametrize(
    ("channel", "category", "permanence", "code", "matches"),
    [
        ("sms", "recipient_unknown", "permanent", "404", True),
        ("rcs", "recipient_inactive", "permanent", "EC_Invalid", True),  # codes are case folded
        ("email", "recipient_unknown", "permanent", "404", False),
        ("sms", "recipient_moved", "permanent", "404", False),
        ("sms", "recipient_unknown", "transient", "404", False),
        ("sms", "recipient_unknown", "permanent", "405", False),
        ("sms", "recipient_unknown", "permanent", None, False),
    ],
)
def test_failure_matches_in_every_field(
    channel: str, category: str, permanence: str, code: str | None, matches: bool
) -> None:
    assert RULE.matches(channel, category, permanence, code) is matches


def test_rule_without_codes_takes_any_code_and_none() -> None:
    rule = replace(RULE, codes=frozenset())
    assert rule.matches("sms", "recipient_unknown", "permanent", "405")
    assert rule.matches("sms", "recipient_unknown", "permanent", None)


@pytest.mark.parametrize("permanence", ["permanent", "transient", "none"])
def test_rule_without_permanence_takes_any(permanence: str) -> None:
    assert replace(RULE, permanence=None).matches("sms", "recipient_unknown", permanence, "404")
