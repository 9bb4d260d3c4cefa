"""Mission rows C1 and C2: the 21 rows of ClickSend's page of statuses, in the words of both its languages."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from acquit.decode.clicksend import decode
from acquit.decode.context import Context
from acquit.events import FINAL, Receipt, Report
from acquit.normalise import normalise_report
from acquit.pipeline import judge_report
from acquit.reasons import explain
from tests.builders import entries_of, folded, shipped_rules

PHONE = "+12025550123"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


class Row(NamedTuple):
    number: int
    french: tuple[str, str]  # status, description
    english: tuple[str, str]
    status_code: str
    answer: tuple[str | None, ...]  # status, category, permanence, action
    advice: str  # some words of it


# fmt: off
ROWS = [
    Row(1, ("Envoyé", "Message envoyé au réseau pour livraison"),
        ("Sent", "Message sent to the network for delivery"), "200",
        ("sent", None, "none", "none"), "wait for the receipt"),
    Row(2, ("Envoyé", "Message livré sur le combiné"),
        ("Sent", "Message delivered to the handset"), "201",
        ("delivered_handset", None, "none", "none"), "nothing to do"),
    Row(3, ("En file d'attente", "Le message est en file d'attente pour livraison"),
        ("Queued", "Message is queued for delivery"), "200",
        ("queued", None, "none", "none"), "waits its turn"),
    Row(4, ("Planifié", "La livraison du message est planifiée"),
        ("Scheduled", "Message is scheduled for delivery"), "200",
        ("queued", None, "none", "none"), "scheduled"),
    Row(5, ("WaitApproval", "Le message est en attente d'approbation manuelle par le personnel de ClickSend"),
        ("WaitApproval", "Message is waiting manual approval from ClickSend staff"), "200",
        ("queued", None, "none", "wait"), "approve it first"),
    Row(6, ("CancelledAfterReview",
            "Le message a été annulé par le personnel de ClickSend, car son contenu n'était pas conforme aux directives"),
        ("CancelledAfterReview",
         "The message was canceled by ClickSend staff as its content did not comply with guidelines"), "",
        ("cancelled", "content_rejected", "none", "fix_content"), "change the wording"),
    Row(7, ("Annulé", "Le message est annulé"),
        ("Cancelled", "Message is cancelled"), "301",
        ("cancelled", "unknown", "none", "review"), "find out who"),
    Row(8, ("Échoué", "Échec inconnu"),
        ("Failed", "Unknown failure"), "301",
        ("failed", "unknown", "transient", "retry"), "support if it fails again"),
    Row(9, ("Échoué", "Abonné inconnu ; le numéro est inactif ou invalide"),
        ("Failed", "Unknown subscriber. Number is inactive or invalid"), "301",
        ("failed", "recipient_unknown", "permanent", "suppress"), "typing error"),
    Row(10, ("Échoué", "Abonné non identifié ; numéro invalide ou problème de routage réseau"),
        ("Failed", "Unidentified Subscriber. Number is invalid or network routing issue."), "301",
        ("failed", "recipient_unknown", "transient", "retry_later"), "check it, and send again later"),
    Row(11, ("Échoué", "Abonné illégal ; rejet dû à un échec d'authentification ou de filtrage"),
        ("Failed", "Illegal Subscriber. Rejection due to failed authentication or filtering."), "301",
        ("failed", "recipient_inactive", "transient", "review"), "takes texts"),
    Row(12, ("Échoué", "Rejet dû à un abonnement, un combiné ou un réseau ne prenant pas en charge les SMS"),
        ("Failed", "Rejection due to subscription, handset or network not supporting SMS."), "301",
        ("failed", "recipient_not_capable", "permanent", "other_channel"), "another channel"),
    Row(13, ("Échoué", "Abonné absent ; téléphone hors de portée ou éteint pendant plus de 12 heures"),
        ("Failed", "Absent Subscriber. Phone is out of range or switched off."), "301",
        ("failed", "recipient_unreachable", "transient", "retry_later"), "usually comes back"),
    Row(14, ("Échoué", "Capacité de mémoire dépassée ; l'appareil du destinataire manque d'espace pour les SMS"),
        ("Failed", "Memory Capacity Exceeded. Rejection due to subscriber handset not having the memory capacity"),
        "301", ("failed", "recipient_storage_full", "transient", "retry_later"), "delete some"),
    Row(15, ("Échoué", "Rejeté en raison d'une congestion ou d'une erreur du réseau"),
        ("Failed", "Rejection due to recipient network error or congestion."), "301",
        ("failed", "network_or_system_error", "transient", "retry_later"), "after some minutes"),
    Row(16, ("Échoué", "Rejeté par le réseau du destinataire"),
        ("Failed", "Rejected by the recipient network."), "301",
        ("failed", "policy_rejected", "none", "review"), "which restriction"),
    Row(17, ("Échoué", "Erreur réseau temporaire ; ClickSend réessaiera automatiquement"),
        ("Failed", "Temporary network error - will be retried"), "300",
        ("deferred", "network_or_system_error", "transient", "wait"), "tries again by itself"),
    Row(18, ("Échoué", "Délai d'expiration du réseau lors de la livraison du message"),
        ("Failed", "Network timeout when delivering message"), "301",
        ("failed", "network_or_system_error", "transient", "retry"), "did not answer in time"),
    Row(19, ("Échoué", "Erreur de routage réseau"),
        ("Failed", "Network routing error"), "301",
        ("failed", "routing_error", "none", "other_route"), "another route"),
    Row(20, ("Échoué", "Rejet anti-spam par le réseau du destinataire"),
        ("Failed", "Anti-spam rejection by recipient network"), "301",
        ("failed", "spam_filtered", "none", "fix_content"), "send a changed text"),
    Row(21, ("Échoué", "L'accusé de réception du message a expiré"),
        ("Failed", "Message delivery receipt expired"), "301",
        ("expired", "expired", "transient", "retry"), "may have arrived all the same"),
]
# fmt: on
# The numbers of the older page, which receipts still carry as error_code, by the rows of the newer one.
ERROR_CODES = {row.number: str(row.number - 1) for row in ROWS if row.number >= 8}


def _named() -> Iterator[Any]:
    for row in ROWS:
        for language, (status, text) in (("fr", row.french), ("en", row.english)):
            yield pytest.param(row, status, text, id=f"{row.number:02}-{status}-{language}")


def posted(status: str, status_code: str, text: str, **fields: str) -> Report:
    said = {"message_id": "m1", "status": status, "status_code": status_code, "status_text": text, **fields}
    [report] = decode(urlencode(said).encode(), Context())
    assert isinstance(report, Report)
    return report


def advice_of(rule: str) -> str:
    rules = shipped_rules()
    known: dict[str, str] = {row.id: row.advice for row in rules.statuses["clicksend"].values()}
    known |= {row.id: row.advice for rows in rules.codes["clicksend"].values() for row in rows}
    return known[rule]


def test_the_page_has_21_rows() -> None:
    assert [row.number for row in ROWS] == list(range(1, 22))


@pytest.mark.parametrize(("row", "status", "text"), list(_named()))
def test_row_of_the_page_is_explained(row: Row, status: str, text: str) -> None:
    reason = explain(posted(status, row.status_code, text), shipped_rules())
    assert (reason.status, reason.category, reason.permanence, reason.action) == row.answer


@pytest.mark.parametrize(("row", "status", "text"), list(_named()))
def test_row_of_the_page_has_its_own_advice(row: Row, status: str, text: str) -> None:
    advice = advice_of(explain(posted(status, row.status_code, text), shipped_rules()).rule)
    assert row.advice in advice
    assert advice.endswith(".")
    assert len(advice.split()) >= 6


@pytest.mark.parametrize("language", ["french", "english"])
def test_no_two_rows_share_their_advice(language: str) -> None:
    reports = (posted(getattr(row, language)[0], row.status_code, getattr(row, language)[1]) for row in ROWS)
    assert len({advice_of(explain(report, shipped_rules()).rule) for report in reports}) == 21


@pytest.mark.parametrize("row", [row for row in ROWS if row.number in ERROR_CODES], ids=lambda row: f"{row.number:02}")
def test_error_code_tells_what_a_missing_description_would(row: Row) -> None:
    report = posted("Failed", row.status_code, "", error_code=ERROR_CODES[row.number])
    reason = explain(report, shipped_rules())
    assert (reason.status, reason.category, reason.permanence, reason.action) == row.answer


@pytest.mark.parametrize(
    ("status_code", "status"), [("200", "sent"), ("201", "delivered_handset"), ("300", "deferred"), ("301", "failed")]
)
def test_receipt_without_a_word_is_told_by_its_code(status_code: str, status: str) -> None:
    assert explain(posted("", status_code, ""), shipped_rules()).status == status


def test_301_of_unknown_words_is_an_unknown_failure() -> None:
    reason = explain(posted("Failed", "301", "The pigeon was tired"), shipped_rules())
    assert (reason.status, reason.category, reason.action) == ("failed", "unknown", "retry")


def test_description_of_a_failure_outweighs_a_word_of_success() -> None:
    assert explain(posted("Sent", "301", "Unknown subscriber"), shipped_rules()).status == "failed"


# C2: 300 is no end


def judged(row: int, *, at: int, to: str = PHONE) -> Receipt:
    """A row's receipt as intake makes it, so many seconds after NOW."""
    (word, text), code = ROWS[row - 1].english, ROWS[row - 1].status_code
    report = posted(word, code, text, timestamp=str(int(NOW.timestamp()) + at), to=to)
    return judge_report(normalise_report(report, received_at=NOW), NOW, None, shipped_rules())


@pytest.mark.parametrize("to", [PHONE, ""], ids=["with-recipient", "without"])
def test_temporary_error_moves_no_counter_of_failures(to: str) -> None:
    state = folded(*(judged(17, at=at, to=to) for at in range(5)))
    assert state.counts.failures == {}
    assert entries_of(state) == {}
    assert {status for _, _, status in state.counts.receipts} == {"deferred"}


def test_temporary_error_is_not_final() -> None:
    assert judged(17, at=0).status not in FINAL


def test_failure_after_a_temporary_error_counts_once() -> None:
    state = folded(judged(17, at=0), judged(17, at=60), judged(9, at=120))
    assert state.counts.failures == {("sms", None, "recipient_unknown", "permanent"): 1}
    assert list(entries_of(state)) == [(f"sms:{PHONE}", "*")]


def test_delivery_after_a_temporary_error_counts_as_delivered() -> None:
    state = folded(judged(17, at=0), judged(2, at=60))
    assert state.counts.failures == {}
    assert state.counts.receipts == {("sms", None, "deferred"): 1, ("sms", None, "delivered_handset"): 1}


def test_temporary_error_that_arrives_after_the_failure_changes_nothing() -> None:
    early, late = (
        folded(*events) for events in ([judged(17, at=0), judged(9, at=60)], [judged(9, at=60), judged(17, at=0)])
    )
    assert early.counts.failures == late.counts.failures
    assert entries_of(early) == entries_of(late)
