"""What a command must be before it is sent: what the ledger would refuse is refused where it is asked for."""

from datetime import UTC, datetime, timedelta

import pytest

from acquit.errors import AcquitError, BadSettings
from acquit.worker.commands import Wish, command, erase
from acquit.worker.settings import Settings
from acquit.worker.topics import _kept_ms

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
WHO = "sms:+33612345678"


def test_command_names_the_canonical_recipient_who_and_why() -> None:
    asked = command("sms:0033612345678", Wish("restore", is_forced=True), by="ann", reason="called us", now=NOW)
    assert (asked.name, asked.to, asked.by, asked.reason, asked.force) == (
        "restore",
        "+33612345678",
        "ann",
        "called us",
        True,
    )


@pytest.mark.parametrize(
    ("wish", "reason", "why"),
    [
        (Wish("add", scope="all"), "why", "--scope"),
        (Wish("add", until=NOW), "why", "--until"),
        (Wish("port", ported_at=NOW + timedelta(days=2)), "why", "--at"),
        (Wish("add"), "", "actor and reason are needed"),
        (Wish("add"), "x" * 513, "actor and reason are needed"),
        (Wish("erase"), "33612345678 asked", "the reason holds the address"),
    ],
)
def test_what_the_ledger_would_refuse_is_refused_and_the_address_not_told(wish: Wish, reason: str, why: str) -> None:
    with pytest.raises(AcquitError, match=why) as raised:
        command(WHO, wish, by="ann", reason=reason, now=NOW)
    assert "33612345678" not in str(raised.value)


async def test_nobody_is_erased_without_a_key_and_nothing_is_sent() -> None:
    with pytest.raises(BadSettings, match="erase_key: is not set"):
        await erase(Settings(kafka_bootstrap="127.0.0.1:1"), WHO, by="ann", reason="asked", now=NOW)


@pytest.mark.parametrize(
    ("config", "kept"),
    [
        ({"cleanup.policy": "delete", "retention.ms": "10", "segment.ms": "7"}, 17),
        ({"cleanup.policy": "delete", "retention.ms": "-1", "segment.ms": "7"}, None),
        ({"cleanup.policy": "delete", "retention.ms": "10"}, None),  # the broker does not say
        ({"cleanup.policy": "compact", "max.compaction.lag.ms": "5", "delete.retention.ms": "6"}, 11),
        ({"cleanup.policy": "compact", "max.compaction.lag.ms": str(2**63 - 1), "delete.retention.ms": "6"}, None),
    ],
)
def test_address_is_gone_when_its_segment_is(config: dict[str, str], kept: int | None) -> None:
    assert _kept_ms(config) == kept
