"""Why Twilio's messages fail: a code says what it says of the person and no more."""

import pytest

from acquit.events import FAILED, Report
from acquit.reasons import Reason, explain
from tests.builders import shipped_rules

RULES = shipped_rules()


def reason(code: str | None, status: str = "undelivered") -> Reason:
    return explain(Report("twilio", "sms", message_id="SM1", status=status, code=code), RULES)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("accepted", "queued"),
        ("scheduled", "queued"),
        ("queued", "queued"),
        ("sending", "queued"),
        ("sent", "sent"),
        ("delivered", "delivered_handset"),
        ("read", "read"),
        ("partially_delivered", "unknown"),
        ("undelivered", "failed"),
        ("failed", "rejected"),
        ("canceled", "cancelled"),
    ],
)
def test_every_word_of_the_callback_has_its_status(word: str, status: str) -> None:
    why = reason(None, word)
    assert (why.status, why.rule) == (status, f"twilio:status:{word}")


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("30003", ("recipient_unreachable", "transient", "retry_later")),  # a landline too, and so never permanent
        ("30004", ("recipient_barred", "transient", "other_channel")),
        ("30005", ("recipient_unknown", "permanent", "suppress")),
        ("30006", ("recipient_not_capable", "permanent", "other_channel")),
        ("30007", ("spam_filtered", "none", "fix_content")),
        ("30008", ("unknown", "transient", "review")),
        ("21211", ("invalid_address_format", "permanent", "fix_address")),
        ("21610", ("opted_out", "permanent", "suppress")),
        ("21612", ("routing_error", "none", "other_route")),
        ("21614", ("recipient_not_capable", "permanent", "other_channel")),
        ("30002", ("account_problem", "none", "review")),
        ("30034", ("sender_not_authorized", "none", "fix_sender")),
        ("30410", ("network_or_system_error", "transient", "retry_later")),
        ("63016", ("session_or_template_error", "none", "fix_content")),
        ("63024", ("recipient_not_capable", "permanent", "other_channel")),
        ("63032", ("frequency_capped", "none", "wait")),
        ("63033", ("recipient_barred", "transient", "other_channel")),
        ("63036", ("recipient_not_capable", "transient", "other_channel")),  # "at this time"
        ("63014", ("opted_out", "permanent", "suppress")),
        ("30011", ("recipient_not_capable", "transient", "fix_content")),  # no MMS: text messages arrive
        ("21214", ("recipient_not_capable", "transient", "review")),  # of a call
        ("21604", ("message_invalid", "none", "fix_content")),  # our request named nobody
    ],
)
def test_code_tells_the_cause(code: str, answer: tuple[str, ...]) -> None:
    why = reason(code)
    assert (why.category, why.permanence, why.action) == answer
    assert why.rule == f"twilio:code:{code}"


def test_failure_without_a_known_code_is_unknown_and_to_be_looked_at() -> None:
    why = reason("99999")
    assert (why.status, why.category, why.permanence, why.action) == ("failed", "unknown", "transient", "review")


def test_code_beside_a_delivery_changes_nothing() -> None:
    assert (reason("30003", "delivered").status, reason("30003", "delivered").category) == ("delivered_handset", None)


def test_own_cancellation_says_nothing_of_the_person() -> None:
    assert (reason(None, "canceled").permanence, reason(None, "canceled").action) == ("none", "none")


def test_every_code_leads_to_its_page_and_to_a_sentence_of_advice() -> None:
    for code, rows in RULES.codes["twilio"].items():
        for row in rows:
            assert row.source == f"https://www.twilio.com/docs/api/errors/{code}"
            assert row.advice.endswith(".")
            assert len(row.advice.split()) > 3
    for status in RULES.statuses["twilio"].values():
        assert status.status not in FAILED or status.advice.endswith(".")
