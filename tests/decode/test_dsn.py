"""Bounce mails as a whole: who failed, which message it was, what kind of mail it is; and the law on damaged ones."""

import base64
import json
import quopri
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquit.decode import Context
from acquit.decode.bounce.parts import BYTES_LIMIT
from acquit.errors import Undecodable
from acquit.events import Ignored, Receipt, Report, Submit, encode
from acquit.offline import Replay, records_of
from acquit.pipeline import read
from acquit.rules import load
from tests.builders import shipped_rules
from tests.decode.samples import ARRIVED, FOLDER, decoded, samples

RULES = shipped_rules()
MAILS = [sample for sample in samples() if sample.provider == "dsn"]
ONE_REPORT = [sample for sample in MAILS if "report" in json.loads(sample.expected.read_bytes())]


def body(case: str) -> bytes:
    return (FOLDER / "dsn" / f"{case}.eml").read_bytes()


def reports(mail: bytes, context: Context | None = None) -> list[Report]:
    said = decoded("dsn", mail, context or Context())
    assert isinstance(said, list), said
    return [one for one in said if isinstance(one, Report)]


def bounce(text: str, *, original: str = "", head: str = "") -> bytes:
    return (
        f"From: MAILER-DAEMON@mx.dest.example\nTo: bounces@sender.example\nSubject: Undelivered\n{head}"
        f'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\n{text}\n'
        f"--b\nContent-Type: message/rfc822\n\nFrom: news@sender.example\n{original}\nhello\n--b--\n"
    ).encode()


def test_recipient_of_alias_is_the_one_that_was_written_to() -> None:
    [report] = reports(body("report-of-alias"))
    assert report.to == "team@dest.example"


def test_member_of_a_list_is_no_list() -> None:
    [report] = reports(body("report-of-list-member"))
    assert report.to == "ann.lee@dest.example"


@pytest.mark.parametrize(
    "original",
    [
        "To: bob@dest.example\n",  # nobody on the way received it for bob: a blind copy
        "To: bob@dest.example, cid@dest.example\nReceived: by x for <bob@dest.example>; now\n",
        "Received: by x for <bob@dest.example>; now\n",
    ],
)
def test_address_is_not_taken_for_rewritten_without_evidence(original: str) -> None:
    [report] = reports(bounce("<ann@dest.example>: 550 no such person", original=original))
    assert report.to == "ann@dest.example"


def test_senders_address_is_nobody_who_failed() -> None:
    text = "Mail from <news@sender.example> to these people failed:\n<news@sender.example>\n<ann@dest.example>\n550 no"
    assert [report.to for report in reports(bounce(text))] == ["ann@dest.example"]


def test_mail_to_oneself_fails_for_oneself() -> None:
    assert [one.to for one in reports(bounce("<news@sender.example>: 550 mailbox full"))] == ["news@sender.example"]


def test_address_to_ask_for_help_is_nobody_who_failed() -> None:
    text = "For help contact\n<help@dest.example>.\n\n<ann@dest.example>: 550 no such person"
    text = text.replace("contact\n", "contact ")
    assert [report.to for report in reports(bounce(text))] == ["ann@dest.example"]


def test_id_of_the_message_is_nobody_who_failed() -> None:
    text = "It could not be delivered.\nMessage-ID: <m1@sender.example>\nReferences: <m0@sender.example>"
    assert [report.to for report in reports(bounce(text, original="To: ann@dest.example\n"))] == ["ann@dest.example"]


def test_link_in_a_reason_makes_nobody_less_of_a_recipient() -> None:
    text = "<ann@dest.example>: 550 no, see https://dest.example/help\n<bob@dest.example>: 550 no such person"
    assert [report.to for report in reports(bounce(text))] == ["ann@dest.example", "bob@dest.example"]


def test_signature_of_a_postmaster_is_nobody_who_failed() -> None:
    text = "<ann@dest.example>: 550 no such person\n\n--\npostmaster@dest.example"
    assert [report.to for report in reports(bounce(text))] == ["ann@dest.example"]


def test_postmaster_can_fail() -> None:
    original = "To: postmaster@dest.example\n"
    found = reports(bounce("<postmaster@dest.example>: 550 no such person", original=original))
    assert [report.to for report in found] == ["postmaster@dest.example"]
    assert [report.to for report in reports(bounce("<postmaster@dest.example>: 550 no"))] == ["postmaster@dest.example"]


def test_nobody_is_guessed_among_several() -> None:
    original = "To: ann@dest.example, bob@dest.example\nMessage-ID: <m1@sender.example>\n"
    [report] = reports(bounce("It could not be delivered.", original=original))
    assert (report.to, report.message_id) == (None, "m1@sender.example")


def test_to_of_a_quoted_message_is_nobody_who_failed() -> None:
    text = "Your mail\n\n  To:    friends@lists.example\n  Sent:  today\n\nfailed for\n\nann@dest.example on Sunday\n"
    found = reports(bounce(text, original="To: friends@lists.example\n"))
    assert [report.to for report in found] == ["ann@dest.example"]


def test_alias_and_what_it_stood_for_are_one_recipient() -> None:
    text = "ann.lee@inside.example\n    (expanded from: <ann@dest.example>)\n\n554 Too many hops, to ann@dest.example\n"
    assert [report.to for report in reports(bounce(text))] == ["ann@dest.example"]


def test_original_that_is_quoted_as_in_an_answer_is_known() -> None:
    text = (
        "There is no such person: ann@dest.example\n\nThe original message:\n======\n"
        ">Return-Path: <news@sender.example>\n>Received: by x for <bob@dest.example>; now\n>Message-ID: <m1@sender.example>\n"
    )
    mail = f"From: postmaster@dest.example\nSubject: FAILED MAIL\n\n{text}".encode()
    [report] = reports(mail)
    assert (report.to, report.message_id) == ("ann@dest.example", "m1@sender.example")


@pytest.mark.parametrize(
    "text", ["Hello bounces@sender.example,\nit failed.", "Ask ann@dest.example or bob@dest.example."]
)
def test_address_is_not_guessed_where_its_place_says_nothing(text: str) -> None:
    original = "To: cid@dest.example\nMessage-ID: <m1@sender.example>\n"
    assert [report.to for report in reports(bounce(text, original=original))] == ["cid@dest.example"]
    assert [report.to for report in reports(bounce(text, original="Message-ID: <m1@sender.example>\n"))] == [None]


def test_words_of_one_recipient_are_not_those_of_another() -> None:
    ann, bob = reports(body("qmail"))
    assert "who should that be" in (ann.text or "")
    assert "who should that be" not in (bob.text or "")


def test_reason_stands_in_the_session_above_the_line_that_sums_it_up() -> None:
    text = (
        "   ----- Transcript of session follows -----\nWhile talking to mx.dest.example:\n"
        ">>> MAIL From:<news@sender.example>\n<<< 501 no access from mail server [192.0.2.77], an open relay.\n"
        "554 <ann@dest.example>... Remote protocol error\nWhile talking to mx.other.example:\n"
        ">>> RCPT TO:<bob@other.example>\n<<< 550 no such person\n550 <bob@other.example>... User unknown\n"
    )
    ann, bob = reports(bounce(text))
    assert (ann.to, "open relay" in (ann.text or ""), "other.example" in (ann.text or "")) == (
        "ann@dest.example",
        True,
        False,
    )
    assert (bob.to, "open relay" in (bob.text or "")) == ("bob@other.example", False)


def test_loop_that_a_mailing_list_reports_is_a_bounce() -> None:
    original = "   From: news@sender.example\n   Message-ID: <m1@sender.example>\n   To: friends@lists.example\n"
    mail = (
        "From: friends-admin@lists.example\nTo: news@sender.example\nSubject: Loop Alert: Duplicated Message-ID\n\n"
        f"Duplicated Message-ID in <friends@lists.example>.\n\nOriginal mail as follows:\n\n{original}"
    )
    [report] = reports(mail.encode())
    assert (report.status, report.message_id) == ("failed", "m1@sender.example")


def test_text_is_short_folded_and_without_addresses() -> None:
    [report] = reports(bounce("<ann@dest.example>:\n  550\tno   such person\n" + "and so on\n" * 1_000))
    assert report.text is not None
    assert report.text.startswith("<a***@dest.example>: 550 no such person and so on")
    assert len(report.text) <= 2_000


@pytest.mark.parametrize("case", [sample.case for sample in MAILS])
def test_subject_and_body_of_the_original_never_pass(case: str) -> None:
    context = next(sample.context for sample in MAILS if sample.case == case)
    said = decoded("dsn", body(case), context)
    for one in said if isinstance(said, list) else [said]:
        assert not re.search(r"Your order|parcel|hiking|Bergen", getattr(one, "text", None) or "")


def test_quoted_words_of_the_message_never_pass() -> None:
    [report] = reports(
        bounce("<ann@dest.example>: 550 no such person\n\n> The code is 8080\n>>> RCPT TO:<ann@dest.example>")
    )
    assert report.text == "<a***@dest.example>: 550 no such person >>> RCPT TO:<a***@dest.example>"


def test_words_of_an_absent_person_are_not_read() -> None:
    [report] = reports(body("auto-reply"))
    assert (report.status, report.to, report.text) == ("auto-replied", "ann@dest.example", None)


def test_bounce_that_is_marked_as_an_answer_is_a_bounce() -> None:
    [report] = reports(body("exim-of-forward"))
    assert report.status == "failed"


@pytest.mark.parametrize(
    "subject",
    ["Out of Office: x", "Re: Automatic reply: x", "Abwesenheitsnotiz", "Réponse automatique : x", "Respuesta automática",
     "Risposta automatica", "自動返信: x", "Auto: x"],
)  # fmt: skip
def test_absence_is_known_by_its_subject_in_many_languages(subject: str) -> None:
    [report] = reports(f"From: ann@dest.example\nTo: news@sender.example\nSubject: {subject}\n\nx".encode())
    assert report.status == "auto-replied"


@pytest.mark.parametrize("subject", ["A question", "Re: autumn sale", "Autoteile", "Vacancy", "Awayday"])
def test_mail_of_a_person_is_ignored(subject: str) -> None:
    said = decoded("dsn", f"From: ann@dest.example\nSubject: {subject}\n\nWhen will it arrive?".encode(), Context())
    assert said == [Ignored("dsn", "other mail")]


@pytest.mark.parametrize(
    "received",
    ["by x; Sun, 22 Nov 2026 09:15:00 +0100 (CET)", "from y by x;\n Sun, 22 Nov 2026 08:15:00 GMT"],
)
def test_time_is_that_of_our_own_server(received: str) -> None:
    [report] = reports(
        b"Received: " + received.encode() + b"\nDate: Thu, 1 Jan 2099 00:00:00 +0000\n" + bounce("<a@b.example>: no")
    )
    assert report.at == datetime(2026, 11, 22, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "received", ["", "by x", "by x; yesterday", "by x; Sun, 99 Nov 2026 99:99:99", "by x; " + "9" * 100]
)
def test_time_that_is_none_is_left_to_the_record(received: str) -> None:
    [report] = reports(f"Received: {received}\n".encode() + bounce("<a@b.example>: no"))
    assert report.at is None


def test_receipt_finds_its_submit_under_the_submits_provider() -> None:
    [receipt] = read("dsn", body("message-id-by-header"), Context(message_id_header="x-shop-message", sent_by="shop-mta"),
                     received_at=ARRIVED, origin=None, rules=RULES)  # fmt: skip
    assert isinstance(receipt, Receipt)
    assert (receipt.provider, receipt.message_id) == ("shop-mta", "m-0042")
    assert receipt.rule == "enhanced:code:X.1.1"  # it is judged as the bounce that it is


@pytest.mark.parametrize(("sent_by", "messages"), [("shop-mta", 1), (None, 2)])
def test_bounce_joins_its_message(sent_by: str | None, messages: int) -> None:
    context = Context(message_id_header="X-Shop-Message", sent_by=sent_by)
    [receipt] = read(
        "dsn", body("message-id-by-header"), context, received_at=ARRIVED, origin=("raw", 0, 1), rules=RULES
    )
    assert isinstance(receipt, Receipt)
    submit = Submit(
        provider="shop-mta", message_id="m-0042", to="ann@dest.example", channel="email",
        at=datetime(2026, 11, 22, 8, 14, tzinfo=UTC),
    )  # fmt: skip
    replay = Replay(rules=RULES, zone="UTC", window_hours=72)
    list(replay.fold(records_of([encode(submit), encode(receipt)])))
    assert replay.summary()["messages"] == messages


def test_route_profile_says_how_a_bounce_finds_its_submit(tmp_path: Path) -> None:
    (tmp_path / "routes.toml").write_text(
        '[[route]]\nid = "mail"\nprovider = "dsn"\nmessage_id_header = "X-Shop-Message"\nsent_by = "shop-mta"\n'
        'source = "ours"\n'
    )
    [receipt] = read(
        "dsn", body("message-id-by-header"), Context(), received_at=ARRIVED, origin=None, rules=load(tmp_path)
    )
    assert isinstance(receipt, Receipt)
    assert (receipt.provider, receipt.message_id) == ("shop-mta", "m-0042")


@pytest.mark.parametrize(
    ("form", "address", "message_id", "to"),
    [
        ("bounces+{message_id}@sender.example", "bounces+m1@sender.example", "m1", None),
        ("b-{to}@sender.example", "B-ann=dest.example@Sender.Example", None, "ann@dest.example"),
        ("{message_id}--{to}@sender.example", "m-1--a=b=dest.example@sender.example", "m-1", "a=b@dest.example"),
        ("b+{to}+{message_id}@sender.example", "b+ann=dest.example+m1@sender.example", "m1", "ann@dest.example"),
        ("bounces+{message_id}@sender.example", "bounces+@sender.example", None, None),
        ("bounces+{message_id}@sender.example", "other+m1@sender.example", None, None),
        ("{message_id}--{to}@sender.example", "m1-ann@sender.example", None, None),
    ],
)
def test_return_address_names_message_and_recipient(
    form: str, address: str, message_id: str | None, to: str | None
) -> None:
    mail = bounce("<final@inside.example>: 550 no").replace(b"bounces@sender.example", address.encode())
    [report] = reports(mail, Context(verp=form))
    assert (report.message_id, report.to) == (message_id, to or "final@inside.example")


def test_ses_notification_by_mail_is_read_as_ses() -> None:
    sent = json.dumps({
        "notificationType": "Bounce",
        "bounce": {"bounceType": "Permanent", "bounceSubType": "NoEmail",
                   "bouncedRecipients": [{"emailAddress": "ann@dest.example"}]},
        "mail": {"messageId": "ses-1"},
    })  # fmt: skip
    folded_by_a_relay = f"{sent[:60]}!\n {sent[60:]}"
    mail = f"From: AWS <no-reply@sns.example>\nSubject: AWS Notification Message\n\n{folded_by_a_relay}\n\n--\nFooter\n"
    [report] = reports(mail.encode())
    assert (report.provider, report.to, report.message_id) == ("ses", "ann@dest.example", "ses-1")


def test_bad_mail_of_a_mailbox_file_costs_its_neighbours_nothing() -> None:
    line = b"From MAILER-DAEMON  Sun Nov 22 09:15:00 2026\n"
    nobody = b"From: MAILER-DAEMON@mx.dest.example\nSubject: Undelivered\n\nIt failed.\n\n"
    said = decoded("dsn", line + body("report") + b"\n" + line + nobody + line + body("qmail"), Context())
    assert isinstance(said, list)
    assert [type(one) for one in said] == [Report, Undecodable, Report, Report]


def _reencoded(mail: bytes) -> bytes:
    head, _, rest = mail.partition(b"\n\n")
    return head + b"\nContent-Transfer-Encoding: quoted-printable\n\n" + quopri.encodestring(rest)


def _zipped(mail: bytes) -> bytes:
    return mail.replace(b"\n\n", b"\n\nPK\x03\x04\xff\xfe\0\0", 1)


def _nested(mail: bytes) -> bytes:
    for _ in range(12):
        mail = b"From: gate@gate.example\nContent-Type: message/rfc822\n\n" + mail
    return mail


def _base64(mail: bytes) -> bytes:
    return b"From: MAILER-DAEMON@x\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(mail)


DAMAGES: tuple[Callable[[bytes], bytes], ...] = (
    _reencoded, _zipped, _nested, _base64,
    lambda mail: mail.replace(b"charset=", b"charset=hex;x="),
    lambda mail: mail.replace(b"utf-8", b"utf-16").replace(b"us-ascii", b"iso-2022-jp"),
    lambda mail: mail.replace(b" ", b"\0 \0"),
    lambda mail: b"X-Padding: x\n" * 10_000 + mail,
    lambda mail: mail.replace(b"\n", b"\r\n"),
    lambda mail: mail.replace(b"\n\n", b"\n"),
    lambda mail: mail.replace(b"boundary", b"bondary"),
    lambda mail: mail.decode("latin-1").encode("utf-16"),
    lambda mail: mail * (BYTES_LIMIT // len(mail) + 2),
    bytes.upper,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    sample=st.sampled_from(MAILS),
    damages=st.lists(st.sampled_from(DAMAGES), max_size=3),
    cuts=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    junk=st.binary(max_size=20),
)
def test_damaged_mail_is_read_or_undecodable(
    sample: Any, damages: list[Callable[[bytes], bytes]], cuts: tuple[float, float], junk: bytes
) -> None:
    mail = sample.body
    for damage in damages:
        mail = damage(mail)
    begin, end = sorted(round(cut * len(mail)) for cut in cuts)
    mail = mail[:begin] + junk + mail[end:]
    said = decoded("dsn", mail, sample.context)
    for one in said if isinstance(said, list) else []:
        assert not isinstance(one, Report) or len(one.text or "") <= 2_000


@settings(max_examples=100, deadline=None)
@given(sample=st.sampled_from(ONE_REPORT), at=st.floats(0.3, 1))
def test_cut_bounce_names_nobody_who_did_not_fail(sample: Any, at: float) -> None:
    """Neither who sent the message nor its id, which looks like an address."""
    cut = decoded("dsn", sample.body[: round(at * len(sample.body))], sample.context)
    senders = {"bounces@sender.example", "news@sender.example"}
    named = {one.to or "" for one in (cut if isinstance(cut, list) else []) if isinstance(one, Report)}
    assert not named & senders
    assert not any(name.startswith("order-4711") for name in named)
