"""Mission row W1: each cause of a bounce is told from mails, in several languages, and only the address's own condemns it.

All go the whole way: the bytes of a bounce mail as Postfix writes it, through `pipeline.read` to the receipt.
"""

# ruff: noqa: RUF001 -- words in other alphabets

from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from acquit.decode import Context
from acquit.events import Category, Receipt
from acquit.pipeline import read
from tests.builders import shipped_rules

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
TO = "ann@dest.example"
MAIL = """\
Return-Path: <>
From: MAILER-DAEMON@mx.sender.example (Mail Delivery System)
To: bounces@sender.example
Subject: Undelivered Mail Returned to Sender
Date: Sun, 22 Nov 2026 08:59:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

This is the mail system at host mx.sender.example.

<{to}>: host mx.dest.example[192.0.2.25] said: {reply}

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.sender.example

Final-Recipient: rfc822; {to}
Action: failed
Status: {status}
Remote-MTA: dns; mx.dest.example
Diagnostic-Code: smtp; {reply}

--b
Content-Type: message/rfc822

Message-ID: <m1@sender.example>
To: {to}
Subject: hello

--b--
"""


def receipt_of(reply: str) -> Receipt:
    status = next((word for word in reply.split() if word.count(".") == 2 and word[0] in "45"), "5.0.0")
    body = MAIL.format(to=TO, reply=reply, status=status).encode()
    [event] = read("dsn", body, Context(), received_at=NOW, origin=None, rules=shipped_rules())
    assert isinstance(event, Receipt)
    return event


class Cause(NamedTuple):
    """What Kwiga's page names, what it is for us, whether it is hard, and how servers say it."""

    categories: set[Category]
    is_hard: bool
    replies: dict[str, str]


# fmt: off
CAUSES = {
    "no-such-address": Cause({"recipient_unknown"}, is_hard=True, replies={
        "en": "550 5.1.1 <ann@dest.example>: Recipient address rejected: User unknown in virtual mailbox table",
        "en-4xx": "450 4.1.1 <ann@dest.example>: Recipient address rejected: User unknown",
        "en-no-code": "550 No such person at this address",
        "fr": "550 5.1.1 Adresse du destinataire inconnue",
        "de": "550 Der Empfänger ist auf diesem Server nicht bekannt",
        "es": "550 El usuario indicado no existe en este servidor",
        "pt": "550 O destinatário não foi encontrado",
        "it": "550 La casella indicata è inesistente",
        "ja": "550 宛先のメールアドレスは存在しません",
        "ru": "550 Такой пользователь не найден",
        "nl": "550 Deze gebruiker is onbekend",
        "pl": "550 Ten użytkownik nie istnieje",
        "zh": "550 收件人不存在",
        "tr": "550 Kullanıcı bulunamadı",
    }),
    "no-such-domain": Cause({"domain_unknown"}, is_hard=True, replies={
        "en": "550 5.1.2 Host or domain name not found. Name service error for name=dest.example type=A: Host not found",
        "en-null-mx": "556 5.1.10 Recipient address has null MX",
        "fr": "550 Le domaine indiqué est inconnu",
        "de": "550 Die Domain existiert nicht",
        "es": "550 El dominio de destino no existe",
        "pt": "550 O domínio não existe",
        "it": "550 Il dominio è inesistente",
        "ja": "550 ドメインが見つかりません",
        "ru": "550 Домен не найден",
    }),
    "sender-blocked": Cause({"sender_reputation_blocked"}, is_hard=False, replies={
        "en": "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
        "en-as-if-unknown": "550 5.1.1 Recipient rejected, your IP is on our blacklist",
        "fr": "550 5.7.1 Votre adresse IP est sur liste noire",
        "de": "550 5.7.1 Ihre IP-Adresse ist gesperrt",
        "es": "550 5.7.1 Su servidor figura en una lista negra",
        "pt": "550 5.7.1 Seu IP está em uma lista negra",
        "it": "550 5.7.1 Il vostro indirizzo IP è bloccato",
        "ja": "550 5.7.1 送信元IPアドレスがブラックリストに登録されています",
    }),
    "server-rejects": Cause({"policy_rejected", "sender_not_authorized"}, is_hard=False, replies={
        "en": "554 5.7.1 Message rejected under local policy",
        "en-relay": "554 5.7.1 <ann@dest.example>: Relay access denied",
        "en-sender": "550 5.1.8 Sender address rejected: Domain not found",
        "en-as-if-unknown": "550 5.1.1 Access denied by policy",
        "fr": "550 5.7.1 Message refusé",
        "de": "550 5.7.1 Nachricht abgelehnt",
        "es": "550 5.7.1 Mensaje rechazado",
        "pt": "550 5.7.1 Mensagem recusada",
        "it": "550 5.7.1 Messaggio rifiutato",
        "ja": "550 5.7.1 受信を拒否しました",
    }),
    "mailbox-full": Cause({"recipient_storage_full"}, is_hard=False, replies={
        "en": "552 5.2.2 The email account that you tried to reach is over quota",
        "en-as-if-unknown": "550 5.1.1 Mailbox is full",
        "fr": "552 La boîte du destinataire est pleine",
        "de": "552 Das Postfach des Empfängers ist voll",
        "es": "552 El buzón del destinatario está lleno",
        "pt": "552 A caixa postal está cheia",
        "it": "552 La casella del destinatario è piena",
        "ja": "552 メールボックスがいっぱいです",
        "ru": "552 Почтовый ящик переполнен",
        "zh": "552 邮箱已满",
    }),
    "server-trouble": Cause({"network_or_system_error"}, is_hard=False, replies={
        "en": "451 4.3.0 Temporary local problem, please try later",
        "en-5xx": "550 Internal server error",
        "en-connection": "connect to mx.dest.example[192.0.2.25]:25: Connection timed out",
        "fr": "451 Erreur temporaire, veuillez réessayer plus tard",
        "de": "451 Vorübergehender Fehler, bitte später erneut versuchen",
        "es": "451 Error temporal, inténtelo más tarde",
        "pt": "451 Erro temporário, tente novamente",
        "it": "451 Errore temporaneo, riprovare più tardi",
        "ja": "451 システムエラーが発生しました",
    }),
    "too-large": Cause({"message_too_large"}, is_hard=False, replies={
        "en": "552 5.3.4 Message size exceeds fixed maximum message size (10485760)",
        "en-as-if-unknown": "550 5.1.1 message too large for this recipient",
        "fr": "552 Le message est trop volumineux",
        "de": "552 Die Nachricht ist zu groß",
        "es": "552 El mensaje es demasiado grande",
        "pt": "552 A mensagem é muito grande",
        "it": "552 Il messaggio è troppo grande",
        "ja": "552 メールのサイズが大きすぎます",
    }),
    "spam-filter": Cause({"spam_filtered"}, is_hard=False, replies={
        "en": "550 5.7.1 This message was classified as SPAM",
        "en-as-if-unknown": "550 5.1.1 rejected, looks like spam",
        "fr": "550 Message considéré comme indésirable",
        "de": "550 Die Nachricht wurde als unerwünschte Werbung eingestuft",
        "es": "550 Mensaje clasificado como correo no deseado",
        "pt": "550 Mensagem classificada como lixo eletrônico",
        "it": "550 Messaggio classificato come posta indesiderata",
        "ja": "550 迷惑メールと判定されました",
        "zh": "550 垃圾邮件",
    }),
    "dns-trouble": Cause({"network_or_system_error"}, is_hard=False, replies={
        "en": "450 4.4.3 Name service error for name=dest.example type=MX: Host not found, try again",
        "en-servfail": "451 4.4.3 DNS lookup of dest.example: SERVFAIL",
        "en-sendmail": "451 4.4.3 Name server: dest.example.: host name lookup failure",
        "fr": "451 Erreur DNS temporaire",
        "de": "451 Die DNS-Anfrage fehlgeschlagen, bitte später erneut versuchen",
        "es": "451 Error temporal de DNS",
        "pt": "451 Erro temporário de DNS",
        "it": "451 Errore DNS temporaneo",
    }),
}
# fmt: on


@pytest.mark.parametrize(
    ("cause", "reply"),
    [
        pytest.param(cause, reply, id=f"W1-{name}-{language}")
        for name, cause in CAUSES.items()
        for language, reply in cause.replies.items()
    ],
)
def test_cause_is_told_from_the_mail(cause: Cause, reply: str) -> None:
    receipt = receipt_of(reply)
    assert receipt.category in cause.categories
    assert (receipt.permanence == "permanent") is cause.is_hard


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(reply, id=f"W1-{name}-{language}-suppresses-nobody")
        for name, cause in CAUSES.items()
        if not cause.is_hard
        for language, reply in cause.replies.items()
    ],
)
def test_cause_that_is_not_the_addresss_own_suppresses_nobody_at_once(reply: str) -> None:
    receipt = receipt_of(reply)
    met = [
        rule.id
        for rule in shipped_rules().policy
        if rule.matches("email", receipt.category or "", receipt.permanence, receipt.said.code, receipt.rule or "")
        and not rule.is_counting
    ]
    assert met == []


@pytest.mark.parametrize(
    "reply",
    [
        "421 4.4.2 mx.dest.example Error: timeout exceeded, connection closed due to inactivity",
        "delivery temporarily suspended: connect to mx.dest.example[192.0.2.25]:25: Connection timed out",
        "delivery temporarily suspended: unknown mail transport error",
        "451 4.3.2 System not in service, please try later",
        "550 Service is out of service for maintenance",
        "454 TLS currently disabled",
        "550 5.7.1 Your mailing account has been suspended",
        "550 Mail from this domain has been suspended",
        "554 5.7.1 Mail service for domain sender.example is suspended",
        "550 The mail server of the recipient is retired for the weekend",
        "450 4.2.1 mailbox temporarily locked",
        "550 this message has expired and was discontinued",
        "554 attachment name is not valid",
        "550 invalid address in header To",
        "550 Reply-To address does not exist",
        "550 Return address invalid",
        "550 mail route for recipient not found",
        "550 The server is no longer available",
        "550 5.1.1 Recipient rejected by policy",
        "550 5.7.1 unknown host in HELO",
    ],
)
def test_word_of_an_address_that_is_said_of_something_else_condemns_nobody(reply: str) -> None:
    assert receipt_of(reply).permanence != "permanent"


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.2.1 This mailbox has been blocked due to inactivity",
        "550 User suspended",
        "550 User hangup",
        "550 5.2.1 Mailbox frozen",
        "550 5.2.1 Recipient is inactive",
        "550 Account is not active",
    ],
)
def test_mailbox_that_is_out_of_use_is_inactive(reply: str) -> None:
    receipt = receipt_of(reply)
    assert (receipt.category, receipt.permanence) == ("recipient_inactive", "permanent")


@pytest.mark.parametrize("name", CAUSES)
def test_cause_is_told_in_five_languages_at_least(name: str) -> None:
    assert len({language[:2] for language in CAUSES[name].replies}) >= 5
