"""Why WhatsApp messages fail, beyond the six codes of mission row K1 (test_mission.py)."""

import csv

import pytest

from acquit.events import FAILED, Report
from acquit.reasons import Reason, explain
from acquit.rules.places import SHIPPED
from tests.builders import shipped_rules

RULES = shipped_rules()


def reason(code: str | None, status: str = "failed") -> Reason:
    return explain(Report("whatsapp", "whatsapp", message_id="wamid.1", status=status, code=code), RULES)


def judged(code: str) -> tuple[str, str | None, str, str]:
    """Status, category, permanence and action; and the row says in a sentence what to do."""
    [row] = RULES.codes["whatsapp"][code]
    assert row.advice.endswith(".")
    assert len(row.advice.split()) > 3
    why = reason(code)
    assert why.rule == f"whatsapp:code:{code}"
    return why.status, why.category, why.permanence, why.action


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("131047", ("failed", "session_or_template_error", "none", "fix_content")),
        ("131048", ("failed", "sender_reputation_blocked", "none", "fix_sender")),
        ("131056", ("failed", "frequency_capped", "none", "retry_later")),  # minutes, not a day
        ("130429", ("failed", "rate_limited", "none", "retry_later")),
        ("131042", ("failed", "account_problem", "none", "review")),
        ("130497", ("failed", "policy_rejected", "none", "review")),
        ("133010", ("failed", "account_problem", "none", "review")),  # our own number, not the person's
        ("132015", ("failed", "session_or_template_error", "none", "fix_content")),
        ("0", ("failed", "account_problem", "none", "review")),
    ],
)
def test_other_codes_are_judged_by_what_they_say_of_the_person(code: str, answer: tuple[str, ...]) -> None:
    assert judged(code) == answer


@pytest.mark.parametrize(("old", "new"), [("1026", "131026"), ("472", "130472"), ("470", "131047"), ("471", "131048")])
def test_on_premises_code_means_what_its_successor_means(old: str, new: str) -> None:
    assert judged(old) == judged(new)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("sent", "sent"),
        ("delivered", "delivered_handset"),
        ("read", "read"),
        ("played", "read"),
        ("failed", "failed"),
        ("deleted", "sent"),  # the person deleted it: no news of its delivery
        ("warning", "sent"),
    ],
)
def test_every_word_of_the_webhook_has_its_status(word: str, status: str) -> None:
    why = reason(None, word)
    assert (why.status, why.rule) == (status, f"whatsapp:status:{word}")


def test_failure_without_a_known_code_is_unknown_and_to_be_looked_at() -> None:
    why = reason("999999")
    assert (why.status, why.category, why.permanence, why.action) == ("failed", "unknown", "transient", "review")


def test_code_beside_a_delivery_changes_nothing() -> None:
    assert (reason("131026", "delivered").status, reason("131026", "delivered").category) == ("delivered_handset", None)


def test_every_advice_is_a_sentence_and_every_failure_has_one() -> None:
    for rows in RULES.codes["whatsapp"].values():
        assert all(row.advice.endswith(".") for row in rows)
    for status in RULES.statuses["whatsapp"].values():
        assert status.status not in FAILED or status.advice.endswith(".")


def test_only_what_concerns_the_person_is_permanent() -> None:
    with (SHIPPED / "codes" / "whatsapp.csv").open(encoding="utf-8", newline="") as file:
        codes = [row["code"] for row in csv.DictReader(file)]
    permanent = {code for code in codes if reason(code).permanence == "permanent"}
    assert permanent == {"131026", "131050", "1026", "1013", "1006"}
