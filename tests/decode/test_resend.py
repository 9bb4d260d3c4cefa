"""Resend names everybody whom a message went to: its event condemns one alone, or nobody."""

import json
from typing import Any

import pytest

from acquit.decode.context import Context
from acquit.decode.resend import decode
from acquit.events import Report

BOUNCE = {"type": "Permanent", "subType": "NoEmail", "message": "No such address."}


def bounced(**fields: Any) -> Report:
    data = {"email_id": "m1", "to": ["jane@example.com"], "bounce": BOUNCE, **fields}
    [said] = decode(json.dumps({"type": "email.bounced", "data": data}).encode(), Context())
    assert isinstance(said, Report)
    return said


@pytest.mark.parametrize("to", ["jane@example.com", ["jane@example.com"], ["Jane <jane@example.com>"]])
def test_one_recipient_is_meant(to: object) -> None:
    assert bounced(to=to, cc=[], bcc=None, headers=[]).to == "jane@example.com"


@pytest.mark.parametrize(
    "fields",
    [
        {"to": ["jane@example.com", "john@example.com"]},
        {"to": []},
        {"cc": ["john@example.com"]},
        {"bcc": ["john@example.com"]},
        {"headers": [{"name": "CC", "value": "john@example.com"}]},
    ],
)
def test_one_of_several_is_nobody(fields: dict[str, Any]) -> None:
    assert bounced(**fields).to is None


@pytest.mark.parametrize("headers", [None, {}, "none", [None, 17], [{"value": "Cc"}], [{"name": "Reply-To"}]])
def test_headers_of_any_form_are_no_copies(headers: object) -> None:
    assert bounced(headers=headers).to == "jane@example.com"


@pytest.mark.parametrize(
    ("diagnostic", "text"),
    [
        (["smtp; 550 5.1.1 <jane@example.com> unknown"], "smtp; 550 5.1.1 <j***@example.com> unknown"),
        (["smtp; 550 a", "smtp; 550 b"], "smtp; 550 a; smtp; 550 b"),
        ("smtp; 550 a", "smtp; 550 a"),
        ([], "No such address."),
        (None, "No such address."),
    ],
)
def test_reply_of_the_other_server_goes_before_the_words_of_resend(diagnostic: object, text: str) -> None:
    assert bounced(bounce={**BOUNCE, "diagnosticCode": diagnostic}).text == text
