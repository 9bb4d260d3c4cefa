"""The answer about one recipient in words, and what stands in Redis. Redis itself is in tests/system."""

from datetime import UTC, datetime

import pytest

from acquit.errors import AcquitError, Undecodable
from acquit.suppression.keys import entry_key
from acquit.worker.list_view import (
    _KEY,
    LATEST_MS,
    Check,
    ListedEntry,
    _expiry,
    canonical_recipient,
    explained,
)

SINCE = datetime(2026, 11, 22, 9, tzinfo=UTC)
UNTIL = datetime(2026, 12, 22, 9, tzinfo=UTC)
WHO = "sms:+33612345678"
STOP = ListedEntry(WHO, "*", "stop", SINCE, "engagement:stop", None)
HARD = ListedEntry(WHO, "acct:acme", "recipient_unknown", SINCE, "smpp:err:1", UNTIL)


@pytest.mark.parametrize(
    ("text", "recipient"),
    [
        (WHO, WHO),
        ("sms:0033 6 12 34 56 78", WHO),
        (" SMS :+33612345678", WHO),
        ("email:Jo@EXAMPLE.com", "email:jo@example.com"),
        ("whatsapp:whatsapp:+33612345678", "whatsapp:+33612345678"),
    ],
)
def test_a_recipient_is_made_canonical(text: str, recipient: str) -> None:
    assert canonical_recipient(text) == recipient


@pytest.mark.parametrize("text", ["+33612345678", "fax:+33612345678", "jo@example.com", "", ":"])
def test_a_recipient_without_a_channel_says_how_one_is_written_and_not_the_address(text: str) -> None:
    with pytest.raises(AcquitError, match=r"written CHANNEL:ADDRESS, .* sms, whatsapp, rcs, email") as raised:
        canonical_recipient(text)
    assert "33612345678" not in str(raised.value)


@pytest.mark.parametrize("text", ["sms:", "sms:12", "email:nobody"])
def test_an_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Undecodable):
        canonical_recipient(text)


@pytest.mark.parametrize("recipient", [WHO, "email:a}b{c@example.com", "email:}:x@example.com"])
@pytest.mark.parametrize("scope", ["*", "*:marketing", "acct:acme", "acct:a}:b:otp"])
def test_a_key_gives_back_recipient_and_scope(recipient: str, scope: str) -> None:
    place = _KEY.fullmatch(entry_key(recipient, scope))
    assert place is not None
    assert (place["recipient"], place["scope"]) == (recipient, scope)


@pytest.mark.parametrize(
    ("life_ms", "expires_at"),
    [
        (-1, None),
        (-2, SINCE),  # expired between the two questions
        (1_999, SINCE.replace(second=2)),
        (LATEST_MS, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_an_expiry_is_a_time(life_ms: int, expires_at: datetime | None) -> None:
    assert _expiry(int(SINCE.timestamp()) * 1000, life_ms) == expires_at


@pytest.mark.parametrize(
    ("check", "sentences"),
    [
        (Check(WHO, may_send=True, is_ready=True, entries=[]), "May send: nothing on the list forbids it."),
        (
            Check(WHO, may_send=False, is_ready=True, entries=[STOP, HARD]),
            (
                "Do not send: stop (scope *), since 2026-11-22 09:00:00 UTC, until somebody lifts it, "
                "by rule engagement:stop. "
                "Do not send: recipient_unknown (scope acct:acme), since 2026-11-22 09:00:00 UTC, "
                "until 2026-12-22 09:00:00 UTC, by rule smpp:err:1."
            ),
        ),
        (
            Check(WHO, may_send=False, is_ready=False, entries=[]),
            "Do not send yet. The list is not ready: do not trust this answer.",
        ),
        (
            Check(WHO, may_send=False, is_ready=False, entries=[ListedEntry(WHO, "*", "legal", None, "", None)]),
            "Do not send: legal (scope *), until somebody lifts it. The list is not ready: do not trust this answer.",
        ),
    ],
)
def test_the_answer_in_words(check: Check, sentences: str) -> None:
    assert explained(check) == sentences
