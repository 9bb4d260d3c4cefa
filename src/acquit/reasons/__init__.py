"""Step 3: why it failed. The provider's words, looked up: code table, then status word, then unknown.

For mail, where these are vague, the other server's words and codes decide (mail.py).

The status word decides whether a message was delivered; a code only refines a failure, for some providers send
non-zero codes with delivered receipts (SMPP after Sinch's change of 2022-10-18). Unknown is an answer.
"""

from datetime import datetime

from acquit.events import (
    DELIVERED,
    FAILED,
    WORDS_LIMIT,
    Receipt,
    Report,
    Said,
    Src,
    Status,
)
from acquit.reasons.mail import worded
from acquit.reasons.reason import Reason, reason_of, unknown
from acquit.rules import CodeRow, Rules, StatusRow

__all__ = ["Reason", "explain", "receipt", "unknown_word"]

_NOT_ESCALATED = False  # that needs the submit: revising.py
_OPEN: frozenset[Status] = FAILED | {"deferred", "unknown"}
"""The statuses that a code may explain."""
_WORDED: frozenset[Status] = FAILED | {"deferred"}
"""And those that the other mail server's words may explain."""


def explain(report: Report, rules: Rules) -> Reason:
    """The reason for a report. Never fails: words that no table knows give status or category `unknown`."""
    said = _by_tables(report, rules)
    if (
        report.channel == "email"
        and said.status in _WORDED
        and (said.category == "unknown" or said.rule in rules.vague)
    ):
        return worded(report, said, rules)
    return said


def _by_tables(report: Report, rules: Rules) -> Reason:
    word, codes = rules.rows(report.provider, status=report.status, code=report.code, codes=report.codes)
    code = _told_apart(codes, report.text) if codes else None
    status: Status = word.status if word else "unknown"
    if code and code.status and status not in DELIVERED:
        status = code.status
    if code and (status in _OPEN or (code.status and status == code.status)) and not _is_vaguer(code, word):
        return reason_of(status, code.category, code)
    if word and (status not in FAILED or word.category):
        return reason_of(status, word.category, word)
    if word:
        return unknown(status, word.id, rules)
    return unknown(status, f"{report.provider}:unknown", rules)


def _is_vaguer(code: CodeRow, word: StatusRow | None) -> bool:
    """A code for "unknown error" beside a word that says more: expired is expired."""
    return (
        code.category == "unknown"
        and code.status is None
        and word is not None
        and word.category not in {None, "unknown"}
    )


def unknown_word(receipt: Receipt) -> str | None:
    """The code, or else the status word, that no table knows, where that hides why a message failed or what became of it.

    A code of zeros says nothing. Where nobody's rule decided (a canonical receipt of somebody else), `unknown` counts.
    """
    if receipt.status not in _OPEN:
        return None
    rule, said = receipt.rule or "", receipt.said
    if ":code:" in rule or ":pattern:" in rule or (not rule and receipt.category != "unknown"):
        return None
    if said.code and said.code.strip("0"):
        return said.code
    return f"status {said.status}" if said.status and rule.endswith(":unknown") else None


def receipt(report: Report, reason: Reason, *, rules: Rules, received_at: datetime, src: Src | None,
            carrier_guess: str | None) -> Receipt:  # fmt: skip
    """The report in our words, with the provider's beside them."""
    assert report.at is not None, "normalise gives every report a time"
    said = Said(_cut(report.status), _cut(report.code), _cut(report.text))
    wait = reason.retry_after_seconds if report.retry_after_seconds is None else report.retry_after_seconds
    return Receipt(  # by position, which is half as dear: in the order of the fields
        report.provider, report.channel, report.at, reason.status, report.message_id, report.to, received_at,
        report.submitted_at, report.route, report.carrier or carrier_guess, report.account, report.stream,
        report.supplier, report.carrier is None and carrier_guess is not None, reason.category, reason.sub_reason,
        reason.permanence, reason.action, wait, _NOT_ESCALATED, reason.rule, rules.version, said, src,
    )  # fmt: skip


def _cut(words: str | None) -> str | None:
    return (words if len(words) <= WORDS_LIMIT else words[:WORDS_LIMIT]) if words else None


def _told_apart(rows: tuple[CodeRow, ...], text: str | None) -> CodeRow | None:
    """Of the rows of one code, the first whose words are in the provider's text."""
    if not rows[0].words:
        return rows[0]
    said = (text or "").casefold()
    return next((row for row in rows if row.words in said), None)
