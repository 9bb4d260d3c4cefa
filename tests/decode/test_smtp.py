"""SMTP replies: the class says what became of the message, where nothing else does."""

import json

import pytest

from acquit.decode import Context
from acquit.events import Report
from tests.decode.samples import decoded


def read(**fields: object) -> Report:
    said = decoded("smtp", json.dumps({"to": "ann@dest.example", **fields}).encode(), Context())
    assert isinstance(said, list)
    [report] = said
    assert isinstance(report, Report)
    return report


@pytest.mark.parametrize(
    ("response", "status", "code", "reply"),
    [
        ("550 5.1.1 no such person", "failed", "5.1.1", "550"),
        ("450 4.1.1 no such person", "delayed", "4.1.1", "450"),
        ("250 2.0.0 taken", "delivered", "2.0.0", None),
        ("5.2.2 full", "failed", "5.2.2", None),
        ("connection refused", "failed", None, None),
    ],
)
def test_reply_is_read(response: str, status: str, code: str | None, reply: str | None) -> None:
    report = read(response=response)
    assert (report.status, report.code, report.reply_code) == (status, code, reply)


def test_what_the_mta_says_became_of_it_goes_first() -> None:
    assert read(response="421 4.4.2 dead", status="failed").status == "failed"


def test_remote_host_is_given_or_read_from_the_words() -> None:
    assert read(response="550 no", remote_host="MX1.dest.example.").remote_host == "mx1.dest.example"
    assert read(response="host mx2.dest.example[192.0.2.1] said: 550 no").remote_host == "mx2.dest.example"


def test_message_id_is_without_its_brackets() -> None:
    assert read(response="550 no", message_id="<m1@sender.example>").message_id == "m1@sender.example"
