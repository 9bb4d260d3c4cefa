"""The report in our words, with the provider's beside them."""

from datetime import UTC, datetime

from msgspec.structs import replace

from acquit.events import WORDS_LIMIT, Receipt, Report, Said
from acquit.reasons import explain, receipt
from tests.builders import shipped_rules

RULES = shipped_rules()
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
REPORT = Report(
    provider="smpp",
    channel="sms",
    message_id="m1",
    to="+33612345678",
    at=NOW,
    submitted_at=NOW,
    status="UNDELIV",
    code="1",
    text="UNKNOWN SUBSCRIBER",
    codes="gsm-map",
    route="aggr-a",
    carrier="20801",
    account="acme",
    stream="otp",
    supplier="aggr",
    retry_after_seconds=60,
)


def made(report: Report, *, carrier_guess: str | None = None) -> Receipt:
    reason = explain(report, RULES)
    return receipt(report, reason, rules=RULES, received_at=NOW, src=("raw", 0, 7, 0), carrier_guess=carrier_guess)


def test_receipt_holds_both_their_words_and_ours() -> None:
    assert made(REPORT) == Receipt(
        provider="smpp",
        channel="sms",
        at=NOW,
        status="failed",
        message_id="m1",
        to="+33612345678",
        received_at=NOW,
        submitted_at=NOW,
        route="aggr-a",
        carrier="20801",
        account="acme",
        stream="otp",
        supplier="aggr",
        category="recipient_unknown",
        sub_reason="unknown_subscriber",
        permanence="permanent",
        action="suppress",
        retry_after_seconds=60,
        rule="gsm-map:code:1",
        ruleset=RULES.version,
        said=Said("UNDELIV", "1", "UNKNOWN SUBSCRIBER"),
        src=("raw", 0, 7, 0),
    )


def test_carrier_that_nobody_told_is_a_guess() -> None:
    guessed = made(replace(REPORT, carrier=None), carrier_guess="SFR")
    told = made(REPORT, carrier_guess="SFR")
    unknown = made(replace(REPORT, carrier=None))
    assert (guessed.carrier, guessed.carrier_is_guess) == ("SFR", True)
    assert (told.carrier, told.carrier_is_guess) == ("20801", False)
    assert (unknown.carrier, unknown.carrier_is_guess) == (None, False)


def test_words_without_end_are_cut() -> None:
    long = "x" * (WORDS_LIMIT + 1)
    said = made(replace(REPORT, status=long, code=long, text=long)).said
    assert (said.status, said.code, said.text) == ("x" * WORDS_LIMIT,) * 3


def test_empty_words_are_none() -> None:
    assert made(replace(REPORT, status="", code="", text="")).said == Said()
