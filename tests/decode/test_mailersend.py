"""The two forms of MailerSend's webhooks say the same."""

import json
from typing import Any

import pytest

from acquit.decode.context import Context
from acquit.decode.mailersend import decode
from acquit.events import Ignored, Report
from acquit.reasons import explain
from tests.builders import shipped_rules

TO = "jane@example.com"
NEW = {"message_id": "m1", "recipient": TO}


def read(name: str, data: dict[str, Any]) -> Any:
    [said] = decode(json.dumps({"type": name, "data": data}).encode(), Context())
    return said


@pytest.mark.parametrize(
    "data",
    [
        NEW,
        {"message_id": "m1", "email": TO},
        {"email": {"id": "e1", "message": {"id": "m1"}, "recipient": {"id": "r1", "email": TO}}},
        {**NEW, "meta": []},
        {**NEW, "meta": {}, "morph": None},
    ],
)
def test_message_and_recipient_are_found_in_either_form(data: dict[str, Any]) -> None:
    said = read("activity.delivered", data)
    assert isinstance(said, Report)
    assert (said.message_id, said.to) == ("m1", TO)


def test_activity_that_is_new_is_a_report() -> None:
    assert read("activity.teleported", NEW).status == "activity.teleported"


@pytest.mark.parametrize("name", ["email_single.verified", "bulk_email.completed", "activity.survey_opened"])
def test_what_is_no_news_of_a_message_is_ignored(name: str) -> None:
    assert read(name, {"email": [TO], "recipient": {"email": TO}}) == Ignored("mailersend", name)


@pytest.mark.parametrize("code", [550, "550"])
def test_code_may_be_a_number_or_a_text(code: object) -> None:
    assert read("activity.hard_bounced", {**NEW, "meta": {"bounce_code": code}}).code == "550"


@pytest.mark.parametrize(
    ("reason", "category"),
    [
        ("550 5.1.1 The mailbox does not exist", "recipient_unknown"),
        ("550 5.1.10 The domain has a null MX", "domain_unknown"),
        ("550 5.2.1 The mailbox is disabled", "recipient_inactive"),
        ("550 5.7.1 Rejected by policy", "policy_rejected"),
        ("550 Refused from 192.0.5.1.1", "policy_rejected"),
    ],
)
def test_hard_bounce_is_told_by_the_other_servers_reply(reason: str, category: str) -> None:
    said = read("activity.hard_bounced", {**NEW, "meta": {"bounce_code": "550", "bounce_reason": reason}})
    assert explain(said, shipped_rules()).category == category
