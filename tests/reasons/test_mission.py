"""Mission rows C1, C2, K1, Q1, Q2, Q3 and Q7: a named test for each row of the pages of ClickSend, Klaviyo and Quo.

All go the whole way: the bytes that a provider posts, through `pipeline.read` to the receipt, and beside it what
`acquit explain` tells a person. Advice and causes are in our own words, so a test asks for the words that matter.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner

from acquit.__main__ import main
from acquit.decode import Context
from acquit.events import DELIVERED, FAILED, FINAL, Receipt
from acquit.explaining import told
from acquit.pipeline import read
from tests.builders import cells_of, entries_of, folded, shipped_rules

PHONE = "+12025550123"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
_LABEL = 12
"""What `explain` says stands after a label of so many characters."""


def receipt_of(provider: str, body: bytes) -> Receipt:
    [event] = read(provider, body, Context(), received_at=NOW, origin=None, rules=shipped_rules())
    assert isinstance(event, Receipt)
    return event


def shown(provider: str, body: bytes) -> dict[str, str]:
    """What a person reads, by its label."""
    return by_label(told(provider, body, Context(), rules=shipped_rules(), now=NOW))


def by_label(lines: Iterator[str] | list[str]) -> dict[str, str]:
    return {line[:_LABEL].strip(): line[_LABEL:] for line in lines}


def judged(receipt: Receipt) -> tuple[str | None, ...]:
    return receipt.status, receipt.category, receipt.permanence, receipt.action


def assert_says(text: str, *patterns: str) -> None:
    """Every pattern is in the text, whatever its case."""
    missing = [pattern for pattern in patterns if not re.search(pattern, text, re.IGNORECASE)]
    assert not missing, f"{text!r} does not say {missing}"


# What providers post


def clicksend(status: str, code: str, text: str, **fields: str) -> bytes:
    said = {"message_id": "m1", "status": status, "status_code": code, "status_text": text, "to": PHONE}
    return urlencode({**said, "timestamp": str(int(NOW.timestamp())), **fields}).encode()


def whatsapp(word: str, code: int | str | None = None) -> bytes:
    status: dict[str, Any] = {"id": "wamid.1", "status": word, "timestamp": "1795338000", "recipient_id": PHONE[1:]}
    if code is not None:
        status["errors"] = [{"code": int(code), "title": "(#) Message failed to send"}]
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "statuses": [status]}}
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}).encode()


def twilio(word: str, code: str | None = None) -> bytes:
    fields = {"MessageSid": "SM1", "MessageStatus": word, "To": PHONE, "AccountSid": "AC1"}
    return urlencode({**fields, "ErrorCode": code} if code else fields).encode()


def plivo(word: str, code: str | None = None) -> bytes:
    fields = {"MessageUUID": "u1", "Status": word, "To": PHONE, "From": "+12025550100"}
    return urlencode({**fields, "ErrorCode": code} if code else fields).encode()


def telnyx(word: str, code: str | None = None) -> bytes:
    payload: dict[str, Any] = {"id": "t1", "type": "SMS", "to": [{"phone_number": PHONE, "status": word}]}
    payload["errors"] = [{"code": code, "title": "Not delivered"}] if code else []
    return json.dumps({"data": {"event_type": "message.finalized", "payload": payload}}).encode()


def messagebird(word: str, code: str | None = None) -> bytes:
    fields = {"id": "b1", "recipient": PHONE[1:], "status": word, "statusDatetime": "2026-11-22T08:59:00+00:00"}
    return urlencode({**fields, "statusErrorCode": code} if code else fields).encode()


def smsmode(word: str, code: str | None = None) -> bytes:
    status = {"value": word, "detail": code}
    return json.dumps({"messageId": "s1", "type": "SMS", "recipient": {"to": PHONE[1:]}, "status": status}).encode()


def infobip(word: str, code: str | None = None) -> bytes:
    result = {"messageId": "i1", "to": PHONE[1:], "status": {"id": 1, "name": word}, "error": {"id": int(code or 0)}}
    return json.dumps({"results": [result]}).encode()


def vonage(word: str, code: str | None = None) -> bytes:
    fields = {"messageId": "v1", "msisdn": PHONE[1:], "to": "ACME", "status": word, "err-code": code or "0"}
    return urlencode(fields).encode()


def bandwidth(word: str, code: str | None = None) -> bytes:
    message = {"id": "w1", "time": "2026-11-22T08:59:00Z", "direction": "out", "to": [PHONE]}
    event: dict[str, Any] = {"type": word, "time": "2026-11-22T08:59:10Z", "to": PHONE, "message": message}
    return json.dumps([{**event, "errorCode": int(code)} if code else event]).encode()


POSTED = {
    "twilio": twilio, "plivo": plivo, "telnyx": telnyx, "messagebird": messagebird, "smsmode": smsmode,
    "infobip": infobip, "vonage": vonage, "bandwidth": bandwidth,
}  # fmt: skip


# C1: ClickSend's page of statuses


class Row(NamedTuple):
    number: int
    name: str
    french: tuple[str, str]  # status, description
    english: tuple[str, str]
    code: str
    answer: tuple[str | None, ...]  # status, category, permanence, action
    advice: tuple[str, ...]  # what the page says to do, by the words that matter
    error_code: str = ""  # the same row on the older, numbered page: what a receipt without a description holds


# fmt: off
C1 = [
    Row(1, "sent", ("Envoyé", "Message envoyé au réseau pour livraison"),
        ("Sent", "Message sent to the network for delivery"), "200",
        ("sent", None, "none", "none"), ("wait", "ask ClickSend if none has come")),
    Row(2, "delivered", ("Envoyé", "Message livré sur le combiné"),
        ("Sent", "Message delivered to the handset"), "201",
        ("delivered_handset", None, "none", "none"), ("nothing to do",)),
    Row(3, "queued", ("En file d'attente", "Le message est en file d'attente pour livraison"),
        ("Queued", "Message is queued for delivery"), "200",
        ("queued", None, "none", "none"), ("nothing to do", "if it stays", "connection", "support")),
    Row(4, "scheduled", ("Planifié", "La livraison du message est planifiée"),
        ("Scheduled", "Message is scheduled for delivery"), "200",
        ("queued", None, "none", "none"), ("nothing to do before", "hour that it was scheduled")),
    Row(5, "wait-approval",
        ("WaitApproval", "Le message est en attente d'approbation manuelle par le personnel de ClickSend"),
        ("WaitApproval", "Message is waiting manual approval from ClickSend staff"), "200",
        ("queued", None, "none", "wait"), ("wait", "support if it is still so")),
    Row(6, "cancelled-after-review",
        ("CancelledAfterReview",
         "Le message a été annulé par le personnel de ClickSend, car son contenu n'était pas conforme aux directives"),
        ("CancelledAfterReview",
         "The message was canceled by ClickSend staff as its content did not comply with guidelines"), "",
        ("cancelled", "content_rejected", "none", "fix_content"), ("ask them if they were mistaken",)),
    Row(7, "cancelled", ("Annulé", "Le message est annulé"),
        ("Cancelled", "Message is cancelled"), "301",
        ("cancelled", "unknown", "none", "review"), ("find out .* why", "send it again", "support")),
    Row(8, "unknown-failure", ("Échoué", "Échec inconnu"),
        ("Failed", "Unknown failure"), "301",
        ("failed", "unknown", "transient", "retry"), ("send it once more", "support if it fails again"), "7"),
    Row(9, "unknown-subscriber", ("Échoué", "Abonné inconnu ; le numéro est inactif ou invalide"),
        ("Failed", "Unknown subscriber. Number is inactive or invalid"), "301",
        ("failed", "recipient_unknown", "permanent", "suppress"), ("check that it is right", "in service"), "8"),
    Row(10, "unidentified-subscriber",
        ("Échoué", "Abonné non identifié ; numéro invalide ou problème de routage réseau"),
        ("Failed", "Unidentified Subscriber. Number is invalid or network routing issue."), "301",
        ("failed", "recipient_unknown", "transient", "retry_later"), ("check it", "support if it goes on"), "9"),
    Row(11, "illegal-subscriber", ("Échoué", "Abonné illégal ; rejet dû à un échec d'authentification ou de filtrage"),
        ("Failed", "Illegal Subscriber. Rejection due to failed authentication or filtering."), "301",
        ("failed", "recipient_inactive", "transient", "review"), ("whether the number takes texts", "support"), "10"),
    Row(12, "sms-not-supported",
        ("Échoué", "Rejet dû à un abonnement, un combiné ou un réseau ne prenant pas en charge les SMS"),
        ("Failed", "Rejection due to subscription, handset or network not supporting SMS."), "301",
        ("failed", "recipient_not_capable", "permanent", "other_channel"),
        ("reach the person", "ask whether it takes any"), "11"),
    Row(13, "absent-subscriber",
        ("Échoué", "Abonné absent ; téléphone hors de portée ou éteint pendant plus de 12 heures"),
        ("Failed", "Absent Subscriber. Phone is out of range or switched off."), "301",
        ("failed", "recipient_unreachable", "transient", "retry_later"),
        ("send again later", "usually comes back"), "12"),
    Row(14, "memory-exceeded",
        ("Échoué", "Capacité de mémoire dépassée ; l'appareil du destinataire manque d'espace pour les SMS"),
        ("Failed", "Memory Capacity Exceeded. Rejection due to subscriber handset not having the memory capacity"),
        "301", ("failed", "recipient_storage_full", "transient", "retry_later"),
        ("ask the person to delete some", "send again"), "13"),
    Row(15, "congestion", ("Échoué", "Rejeté en raison d'une congestion ou d'une erreur du réseau"),
        ("Failed", "Rejection due to recipient network error or congestion."), "301",
        ("failed", "network_or_system_error", "transient", "retry_later"),
        ("send again after some minutes", "support if it goes on"), "14"),
    Row(16, "rejected-by-network", ("Échoué", "Rejeté par le réseau du destinataire"),
        ("Failed", "Rejected by the recipient network."), "301",
        ("failed", "policy_rejected", "none", "review"), ("ask ClickSend", "restriction"), "15"),
    Row(17, "temporary-network-error", ("Échoué", "Erreur réseau temporaire ; ClickSend réessaiera automatiquement"),
        ("Failed", "Temporary network error - will be retried"), "300",
        ("deferred", "network_or_system_error", "transient", "wait"),
        ("tries again by itself", "wait", "only if it repeats"), "16"),
    Row(18, "network-timeout", ("Échoué", "Délai d'expiration du réseau lors de la livraison du message"),
        ("Failed", "Network timeout when delivering message"), "301",
        ("failed", "network_or_system_error", "transient", "retry"),
        ("send it again", "tell ClickSend if it keeps happening"), "17"),
    Row(19, "routing-error", ("Échoué", "Erreur de routage réseau"),
        ("Failed", "Network routing error"), "301",
        ("failed", "routing_error", "none", "retry_later"),
        ("check the number", "send again", "support .* if it goes on"), "18"),
    Row(20, "anti-spam", ("Échoué", "Rejet anti-spam par le réseau du destinataire"),
        ("Failed", "Anti-spam rejection by recipient network"), "301",
        ("failed", "spam_filtered", "none", "fix_content"), ("spam", "send a changed text"), "19"),
    Row(21, "receipt-expired", ("Échoué", "L'accusé de réception du message a expiré"),
        ("Failed", "Message delivery receipt expired"), "301",
        ("expired", "expired", "transient", "retry"), ("send it once more", "support if it repeats"), "20"),
]
# fmt: on
TEMPORARY, UNKNOWN_SUBSCRIBER, DELIVERED_ROW = C1[16], C1[8], C1[1]


def wordings(row: Row) -> Iterator[tuple[str, bytes]]:
    """The row as a receipt may hold it: in the words of either page, or as a number alone."""
    for language, (status, text) in (("fr", row.french), ("en", row.english)):
        yield language, clicksend(status, row.code, text)
    if row.error_code:
        yield "number", clicksend("Failed", row.code, "", error_code=row.error_code)


@pytest.mark.parametrize(
    ("row", "body"),
    [
        pytest.param(row, body, id=f"C1-row-{row.number:02}-{row.name}-{wording}")
        for row in C1
        for wording, body in wordings(row)
    ],
)
def test_row_of_clicksend(row: Row, body: bytes) -> None:
    receipt, lines = receipt_of("clicksend", body), shown("clicksend", body)
    assert judged(receipt) == row.answer
    assert receipt.said.code in {row.code or None, row.error_code}
    assert (lines["status"].split()[0], lines["permanence"], lines["action"]) == (receipt.status, *row.answer[2:])
    assert lines["category"].split()[0] == (receipt.category or "-")
    assert ("causes" in lines) == (receipt.category is not None)
    assert_says(lines["advice"], *row.advice)


def test_page_of_clicksend_has_21_rows() -> None:
    assert [row.number for row in C1] == list(range(1, 22))


@pytest.mark.parametrize("wording", ["french", "english"])
def test_rows_of_clicksend_that_share_a_code_are_told_apart_by_their_words(wording: str) -> None:
    bodies = [clicksend(getattr(row, wording)[0], row.code, getattr(row, wording)[1]) for row in C1]
    assert len({receipt_of("clicksend", body).rule for body in bodies}) == 21
    assert len({shown("clicksend", body)["advice"] for body in bodies}) == 21


# C2: 300 is no end, and nothing moves until the final receipt


def received(row: Row, *, at: int, to: str = PHONE) -> Receipt:
    """The row's receipt, so many seconds after NOW."""
    time = str(int(NOW.timestamp()) + at)
    return receipt_of("clicksend", clicksend(*_in_english(row), timestamp=time, to=to))


def _in_english(row: Row) -> tuple[str, str, str]:
    return row.english[0], row.code, row.english[1]


@pytest.mark.parametrize("to", [PHONE, ""], ids=["C2-300-moves-nothing", "C2-300-without-recipient-moves-nothing"])
def test_temporary_error_moves_no_counter_of_outcomes_and_leaves_no_history(to: str) -> None:
    state = folded(*(received(TEMPORARY, at=at, to=to) for at in range(5)))
    assert state.counts.failures == {}
    assert {status for _, _, status in state.counts.receipts} == {"deferred"}
    assert [failures for _, _, failures in cells_of(state.messages).values()] == ([{}] if to else [])
    assert entries_of(state) == {}
    assert list(state.people.table) == []


@pytest.mark.parametrize("wording", ["french", "english"], ids=["C2-300-is-not-final-fr", "C2-300-is-not-final-en"])
def test_temporary_error_is_not_final(wording: str) -> None:
    status, text = getattr(TEMPORARY, wording)
    receipt = receipt_of("clicksend", clicksend(status, "300", text))
    assert receipt.status not in FINAL | FAILED
    assert receipt.action == "wait"


@pytest.mark.parametrize("code", ["300"], ids=["C2-300-without-words-is-not-final"])
def test_temporary_error_is_told_by_its_code_alone(code: str) -> None:
    assert receipt_of("clicksend", clicksend("Failed", code, "")).status == "deferred"
    assert receipt_of("clicksend", clicksend("", code, "")).status == "deferred"


def test_failure_after_temporary_errors_counts_once() -> None:
    events = received(TEMPORARY, at=0), received(TEMPORARY, at=60), received(UNKNOWN_SUBSCRIBER, at=120)
    state = folded(*events)
    assert state.counts.failures == {("sms", None, "recipient_unknown", "permanent"): 1}
    assert list(entries_of(state)) == [(f"sms:{PHONE}", "*")]


def test_delivery_after_a_temporary_error_counts_as_delivered() -> None:
    state = folded(received(TEMPORARY, at=0), received(DELIVERED_ROW, at=60))
    assert state.counts.failures == {}
    assert [statuses for _, statuses, _ in cells_of(state.messages).values()] == [{"delivered_handset": 1}]


def test_temporary_error_that_arrives_after_the_failure_changes_nothing() -> None:
    first, last = received(TEMPORARY, at=0), received(UNKNOWN_SUBSCRIBER, at=60)
    early, late = folded(first, last), folded(last, first)
    assert early.counts.failures == late.counts.failures
    assert cells_of(early.messages) == cells_of(late.messages)
    assert entries_of(early) == entries_of(late)


# K1: Klaviyo's six codes of WhatsApp


class Code(NamedTuple):
    answer: tuple[str, ...]  # category, permanence, action
    causes: tuple[str, ...]  # in the causes or the advice
    advice: tuple[str, ...]


# fmt: off
K1 = {
    "131026": Code(
        ("recipient_not_capable", "permanent", "other_channel"),
        ("no account", "country prefix", "unaccepted terms"),
        ("check the number and its country prefix", "ask .* to update WhatsApp and accept its terms",
         "take out what stays invalid"),
    ),
    "131053": Code(
        ("message_invalid", "none", "fix_content"),
        ("media file could not be uploaded",),
        ("format", "compression", "8 bits, RGB or RGBA", r"H\.264 with AAC", "template's header a PDF"),
    ),
    "130472": Code(
        ("frequency_capped", "none", "wait"),
        ("experiment", "keeps marketing from this person"),
        ("another channel", "invite them to write", "24 hours after they reply"),
    ),
    "131049": Code(
        ("frequency_capped", "none", "wait"),
        ("too little engagement", "too many"),
        ("do not retry at once", "send less", "people who engage", "invites a reply"),
    ),
    "131050": Code(
        ("opted_out", "permanent", "suppress"),
        ("stopped our marketing messages",),
        ("never resend", "leave them out of campaigns", "opt in again on another channel"),
    ),
    "131000": Code(
        ("network_or_system_error", "transient", "retry_later"),
        ("without a known cause", "a fault at the provider"),
        ("send again later", "support .* if it goes on"),
    ),
}
# fmt: on


@pytest.mark.parametrize(("code", "row"), [pytest.param(code, row, id=f"K1-{code}") for code, row in K1.items()])
def test_code_of_whatsapp(code: str, row: Code) -> None:
    body = whatsapp("failed", code)
    receipt, lines = receipt_of("whatsapp", body), shown("whatsapp", body)
    assert judged(receipt) == ("failed", *row.answer)
    assert (receipt.rule, receipt.said.code) == (f"whatsapp:code:{code}", code)
    assert_says(f"{lines['causes']} {lines['advice']}", *row.causes)
    assert_says(lines["advice"], *row.advice)


# Q1: delivered, undelivered (the carrier says it failed), sent (it left us), failed (it could not be processed)

OURS = {"delivered": "delivered_handset", "undelivered": "failed", "sent": "sent", "failed": "rejected"}
"""The page's word, and ours. What never left the provider is rejected; what a carrier had and lost has failed."""
THEIRS = {
    "twilio": {"delivered": "delivered", "undelivered": "undelivered", "sent": "sent", "failed": "failed"},
    "plivo": {"delivered": "delivered", "undelivered": "undelivered", "sent": "sent", "failed": "failed"},
    "telnyx": {
        "delivered": "delivered", "undelivered": "delivery_failed", "sent": "sent", "failed": "sending_failed",
    },
    "messagebird": {
        "delivered": "delivered", "undelivered": "delivery_failed", "sent": "sent", "failed": "sending_failed",
    },
    "smsmode": {
        "delivered": "DELIVERED", "undelivered": "UNDELIVERED", "sent": "ENROUTE", "failed": "UNDELIVERABLE",
    },
    "infobip": {
        "delivered": "DELIVERED_TO_HANDSET", "undelivered": "UNDELIVERABLE_NOT_DELIVERED",
        "sent": "PENDING_ENROUTE", "failed": "UNDELIVERABLE_NOT_SENT",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("state", "provider", "word"),
    [
        pytest.param(state, provider, THEIRS[provider][state], id=f"Q1-{state}-{provider}")
        for state in OURS
        for provider in THEIRS
    ],
)
def test_state_of_quo(state: str, provider: str, word: str) -> None:
    body = POSTED[provider](word)
    receipt = receipt_of(provider, body)
    assert receipt.status == OURS[state]
    assert receipt.said.status == word
    assert shown(provider, body)["status"] == f"{OURS[state]} ({provider}: {word})"
    assert (receipt.status in FINAL) == (state != "sent")
    assert (receipt.status in FAILED) == (state in {"undelivered", "failed"})
    assert (receipt.status in DELIVERED) == (state == "delivered")


@pytest.mark.parametrize(
    "provider", [pytest.param(name, id=f"Q1-undelivered-and-failed-stay-apart-{name}") for name in THEIRS]
)
def test_undelivered_and_failed_are_counted_apart(provider: str) -> None:
    for state, counted in (("undelivered", "failed"), ("failed", "rejected")):
        words = THEIRS[provider]
        events = [receipt_of(provider, POSTED[provider](word)) for word in (words["sent"], words[state])]
        for order in (events, events[::-1]):
            [(_, statuses, _)] = cells_of(folded(*order).messages).values()
            assert statuses == {counted: 1}


@pytest.mark.parametrize(
    "code", [None, "30007", "21610", "99999"], ids=lambda code: f"Q1-code-{code}-does-not-mix-them"
)
def test_code_does_not_mix_undelivered_and_failed(code: str | None) -> None:
    assert receipt_of("twilio", twilio("undelivered", code)).status == "failed"
    assert receipt_of("twilio", twilio("failed", code)).status == "rejected"


@pytest.mark.parametrize(
    ("provider", "body"),
    [
        pytest.param("smsmode", urlencode({"numero": PHONE, "smsID": "1", "statut": "31"}).encode(), id="smsmode-31"),
        pytest.param("smsmode", urlencode({"numero": PHONE, "smsID": "1", "statut": "34"}).encode(), id="smsmode-34"),
        pytest.param(
            "vonage",
            json.dumps({"message_uuid": "1", "to": PHONE, "channel": "sms", "status": "undeliverable"}).encode(),
            id="vonage-undeliverable",
        ),
        pytest.param(
            "brevo",
            json.dumps({"event": "error", "email": "ann@example.org", "message-id": "<1@x>", "ts": 1795338000}).encode(),
            id="brevo-error",
        ),
        pytest.param(
            "ses",
            json.dumps({
                "eventType": "Rendering Failure", "failure": {"templateName": "t", "errorMessage": "e"},
                "mail": {"messageId": "1", "timestamp": "2026-11-22T08:59:00Z", "destination": ["ann@example.org"]},
            }).encode(),
            id="ses-rendering-failure",
        ),
    ],
)  # fmt: skip
def test_what_never_left_the_provider_is_rejected(provider: str, body: bytes) -> None:
    assert receipt_of(provider, body).status == "rejected"


def test_number_that_the_provider_refused_is_held_like_one_that_the_carrier_did() -> None:
    refused = receipt_of("smsmode", smsmode("UNDELIVERABLE", "INVALID_PHONE_NUMBER"))
    assert judged(refused) == ("rejected", "invalid_address_format", "permanent", "fix_address")
    assert list(entries_of(folded(refused))) == [(f"sms:{PHONE}", "*")]


# Q2: Quo's five errors, each with its causes and what to check


class Error(NamedTuple):
    category: str
    said: Mapping[str, tuple[str, str]]  # by provider: a status word and a code that say so
    causes: tuple[str, ...]
    checks: tuple[str, ...]


# fmt: off
Q2 = {
    "unknown-or-gone": Error(
        "recipient_unknown",
        {"twilio": ("undelivered", "30005"), "bandwidth": ("message-failed", "4720"), "vonage": ("failed", "3"),
         "infobip": ("UNDELIVERABLE_NOT_DELIVERED", "1")},
        ("disconnected", "typing error", "ported and the transfer is not complete"),
        ("in use", "typed right", "was it disconnected", "another way to reach the person"),
    ),
    "device-unavailable": Error(
        "recipient_unreachable",
        {"twilio": ("undelivered", "30003"), "plivo": ("undelivered", "80"), "vonage": ("failed", "2"),
         "bandwidth": ("message-failed", "4702"), "infobip": ("UNDELIVERABLE_NOT_DELIVERED", "27")},
        ("handset is off", "out of coverage", r"filtering by the operator \(rarer\)", "temporary fault of the network"),
        (),
    ),
    "destination-blocked": Error(
        "recipient_barred",
        {"twilio": ("undelivered", "30004"), "bandwidth": ("message-failed", "4753"), "vonage": ("failed", "4"),
         "infobip": ("UNDELIVERABLE_NOT_DELIVERED", "13")},
        ("nothing from unknown senders", "plan does not take such messages", "operator's spam filter",
         "recipient blocked the sender"),
        ("has the recipient blocked our number", "rules of business messaging", "would a call do",
         "add our number to those allowed"),
    ),
    "landline": Error(
        "recipient_not_capable",
        {"twilio": ("undelivered", "30006"), "telnyx": ("delivery_failed", "40001"), "plivo": ("undelivered", "50"),
         "infobip": ("UNDELIVERABLE_NOT_DELIVERED", "568")},
        ("landline", "operator cannot route", "service does not suit", "geographic restrictions"),
        ("take mobile messages", "would a call do", "messages to other countries"),
    ),
    "content-flagged": Error(
        "spam_filtered",
        {"twilio": ("undelivered", "30007"), "plivo": ("undelivered", "30"), "telnyx": ("delivery_failed", "40002"),
         "bandwidth": ("message-failed", "4770")},
        ("content set off spam filters", "policy of the operator", "high volume", "not registered for business"),
        ("looks like spam", "A2P 10DLC", "which business writes", "how to unsubscribe", "shortened links"),
    ),
}
# fmt: on


@pytest.mark.parametrize(
    ("error", "provider"),
    [
        pytest.param(error, provider, id=f"Q2-{name}-{provider}")
        for name, error in Q2.items()
        for provider in error.said
    ],
)
def test_error_of_quo(error: Error, provider: str) -> None:
    word, code = error.said[provider]
    body = POSTED[provider](word, code)
    receipt, lines = receipt_of(provider, body), shown(provider, body)
    assert (receipt.status, receipt.category, receipt.said.code) == ("failed", error.category, code)
    assert_says(lines["causes"], *error.causes)
    assert_says(lines.get("check", ""), *error.checks)
    assert lines["advice"].endswith(".")


# Q3: a number on the move, as a person asks about it


def asked(body: bytes, *arguments: str, provider: str = "clicksend") -> list[str]:
    done = CliRunner().invoke(main, ["explain", provider, *arguments], input=body, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


@pytest.mark.parametrize(
    ("since_port", "permanence", "action", "advice"),
    [
        pytest.param(timedelta(hours=-1), "permanent", "suppress", "stop sending", id="Q3-before-the-port"),
        pytest.param(timedelta(hours=23), "transient, for its number is being ported", "retry_later",
                     "wait until 48 hours after its port", id="Q3-0-24-hours"),
        pytest.param(timedelta(hours=47), "transient, for its number is being ported", "retry_later",
                     "wait until 48 hours after its port", id="Q3-24-48-hours"),
        pytest.param(timedelta(hours=49), "permanent", "suppress, and escalate: it fails 48 hours after a port",
                     "stop sending", id="Q3-beyond-48-hours"),
    ],
)  # fmt: skip
def test_port_is_told_to_who_asks(since_port: timedelta, permanence: str, action: str, advice: str) -> None:
    body = clicksend(*_in_english(UNKNOWN_SUBSCRIBER))
    lines = by_label(asked(body, "--ported-at", f"{NOW - since_port:%Y-%m-%dT%H:%M:%S}"))
    assert (lines["permanence"], lines["action"]) == (permanence, action)
    assert_says(lines["advice"], advice)
    assert_says(lines["causes"], "ported and the transfer is not complete")


# Q7: what in a text raises filtering, as a person asks about it

PLAIN = "Acme : votre colis arrive demain entre 9 h et 11 h. Répondez STOP pour vous désabonner"


def named(text: str, *arguments: str) -> list[str]:
    """What `explain --text` names, each by the word before its colon."""
    lines = asked(clicksend(*_in_english(C1[19])), "--text", text, *arguments)
    assert not any(text in line for line in lines), "the text was printed"
    return [line[_LABEL:].partition(":")[0] for line in lines if line.startswith("content ")]


@pytest.mark.parametrize(
    ("text", "indicator"),
    [
        pytest.param(PLAIN.upper(), "capitals", id="Q7-capitals"),
        pytest.param(f"{PLAIN}!!!", "punctuation", id="Q7-punctuation"),
        pytest.param(f"{PLAIN} https://bit.ly/3xYz", "shortener", id="Q7-shortener-bit.ly"),
        pytest.param(f"{PLAIN} tinyurl.com/3xYz", "shortener", id="Q7-shortener-tinyurl"),
        pytest.param(f"{PLAIN} C'est gratuit", "lure", id="Q7-word-gratuit"),
        pytest.param(f"{PLAIN} Vous êtes le gagnant", "lure", id="Q7-word-gagnant"),
        pytest.param(f"{PLAIN} Réclamez maintenant", "lure", id="Q7-word-reclamez-maintenant"),
        pytest.param(PLAIN.removeprefix("Acme : "), "no identification", id="Q7-no-identification"),
        pytest.param(PLAIN.partition(" Répondez")[0], "no opt-out line", id="Q7-no-opt-out-line"),
    ],
)
def test_indicator_of_filtering_is_named(text: str, indicator: str) -> None:
    assert named(text) == [indicator]


def test_text_as_the_page_wants_it_shows_no_indicator() -> None:
    assert named(PLAIN) == ["nothing that is known to raise filtering"]


def test_name_that_the_recipient_sees_identifies_the_sender() -> None:
    assert named(PLAIN.removeprefix("Acme : "), "--sender", "ACME") == ["nothing that is known to raise filtering"]
