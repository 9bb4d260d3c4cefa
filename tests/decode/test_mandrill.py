"""What Mandrill's events give away and what they do not, and which of their words is the code."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from acquit.decode.context import Context
from acquit.decode.fields import Decoded
from acquit.decode.mandrill import decode
from acquit.events import Ignored, Reply, Report
from tests.builders import shipped_rules

RULES = shipped_rules()


def said(event: str, more: dict[str, Any] | None = None, **msg: Any) -> Decoded:
    events = [{"event": event, "msg": {"_id": "m1", "email": "jane@example.com", **msg}, **(more or {})}]
    [one] = decode(urlencode({"mandrill_events": json.dumps(events)}).encode(), Context())
    return one


def report(event: str, **msg: Any) -> Report:
    one = said(event, **msg)
    assert isinstance(one, Report)
    return one


@pytest.mark.parametrize(
    ("number", "word", "code"),
    [
        (10, "bad_mailbox", "hard_bounce/10"),
        ("10", None, "hard_bounce/10"),
        (None, "bad_mailbox", "hard_bounce/bad_mailbox"),
        ("", "general", "hard_bounce/general"),
        (None, "550 5.1.1 no such user jane@example.com", None),
        (None, None, None),
    ],
)
def test_code_of_a_bounce_is_its_number_else_its_word(
    number: int | str | None, word: str | None, code: str | None
) -> None:
    assert report("hard_bounce", bgtools_code=number, bounce_description=word).code == code


@pytest.mark.parametrize("reject", [{"reason": "unsub"}, "unsub"])
def test_code_of_a_reject_is_its_reason(reject: object) -> None:
    assert report("reject", reject=reject).code == "unsub"


def test_soft_bounce_never_condemns_an_address() -> None:
    rows = [row for code, found in RULES.codes["mandrill"].items() if code.startswith("soft_bounce/") for row in found]
    assert {row.category for row in rows if row.permanence == "permanent"} == {"opted_out"}


def test_text_is_the_last_reply_of_the_other_server() -> None:
    attempts = [{"diag": "451 4.7.1 Greylisted"}, {"diag": "421 4.3.0 <jane@example.com> later"}, {"diag": None}]
    assert report("deferral", smtp_events=attempts).text == "421 4.3.0 <j***@example.com> later"


@pytest.mark.parametrize("event", ["send", "click", "open", "hard_bounce", "spam", "unsub"])
def test_subject_link_address_and_browser_never_pass(event: str) -> None:
    more = {"url": "https://example.net/s3cret", "ip": "203.0.113.9", "user_agent": "s3cret"}
    clicks = [{"ts": 1795338800, "url": "https://example.net/s3cret", "ip": "203.0.113.9"}]
    shown = repr(said(event, more, subject="s3cret", clicks=clicks, metadata={"a": "s3cret"}, tags=["s3cret"]))
    assert "s3cret" not in shown
    assert "203.0.113.9" not in shown


@pytest.mark.parametrize(("subaccount", "stream"), [("newsletter", "newsletter"), (None, None), ("", None)])
def test_unsubscribe_from_a_subaccount_is_no_wider(subaccount: str | None, stream: str | None) -> None:
    reply = said("unsub", subaccount=subaccount)
    assert isinstance(reply, Reply)
    assert (reply.says, reply.only) == ("stop", stream)


@pytest.mark.parametrize(
    ("headers", "is_automatic"),
    [({"auto-submitted": "auto-generated"}, True), ({"Auto-Submitted": "no"}, False), ({}, False), ([], False)],
)
def test_automatic_reply_is_nobodys(headers: object, is_automatic: bool) -> None:
    one = said("inbound", headers=headers, text="stop", from_email="jane@example.com")
    assert isinstance(one, Ignored if is_automatic else Reply)
