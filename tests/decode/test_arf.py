"""Feedback reports: who complained, and what is no complaint."""

import pytest

from acquit.decode import Context
from acquit.errors import Undecodable
from acquit.events import Ignored, Receipt, Reply, Report
from acquit.pipeline import read
from tests.builders import shipped_rules
from tests.decode.samples import ARRIVED, FOLDER, decoded

RULES = shipped_rules()


def body(case: str) -> bytes:
    return (FOLDER / "arf" / f"{case}.eml").read_bytes()


@pytest.mark.parametrize(
    ("kind", "category"),
    [("abuse", "complaint"), ("fraud", "complaint"), ("virus", "complaint"), ("other", "complaint"),
     ("not-spam", None), ("auth-failure", None), ("dmarc", None)],
)  # fmt: skip
def test_nobody_complains_by_a_report_on_authentication_or_of_wanted_mail(kind: str, category: str | None) -> None:
    mail = body("abuse").replace(b"Feedback-Type: abuse", b"Feedback-Type: " + kind.encode())
    [receipt] = read("arf", mail, Context(), received_at=ARRIVED, origin=None, rules=RULES)
    assert isinstance(receipt, Receipt)
    assert receipt.category == category


def test_opt_out_is_a_stop() -> None:
    [reply] = decoded("arf", body("opt-out"), Context())  # type: ignore[misc]  # no Undecodable
    assert isinstance(reply, Reply)
    assert (reply.says, reply.to) == ("stop", "ann@dest.example")


def test_opt_out_of_nobody_is_no_stop_of_everybody() -> None:
    mail = body("opt-out").replace(b"Removal-Recipient: ann@dest.example\n", b"")
    mail = mail.replace(b"ann@dest.example", b"redacted@dest.example")
    assert decoded("arf", mail, Context()) == [Ignored("arf", "opt-out")]


def test_bounce_mailbox_reads_a_complaint_as_arf_does() -> None:
    assert decoded("dsn", body("abuse"), Context()) == decoded("arf", body("abuse"), Context())


def test_bad_mail_of_a_mailbox_file_costs_its_neighbours_nothing() -> None:
    line = b"From feedback  Sun Nov 22 09:15:00 2026\n"
    other = b"From: ann@dest.example\nSubject: hello\n\nNo report.\n\n"
    said = decoded("arf", line + body("abuse") + b"\n" + line + other + line + body("fraud"), Context())
    assert isinstance(said, list)
    assert [type(one) for one in said] == [Report, Undecodable, Report]


def test_of_a_message_to_several_nobody_complained_unless_it_is_said() -> None:
    mail = body("abuse-recipient-of-original").replace(b"To: ann@dest.example", b"To: a@dest.example, b@dest.example")
    mail = mail.replace(b"for <ann@dest.example>", b"")
    [report] = decoded("arf", mail, Context())  # type: ignore[misc]  # no Undecodable
    assert isinstance(report, Report)
    assert (report.to, report.message_id) == (None, "order-4711@sender.example")
