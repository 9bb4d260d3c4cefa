"""Why it failed: the status word decides whether, the code refines why, and unknown is an answer."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from acquit.events import DELIVERED, Report
from acquit.reasons import explain
from acquit.rules import CodeRow, StatusRow, load
from acquit.rules import Rules as AllRules
from tests.builders import shipped_rules

RULES = shipped_rules()
UNDELIVERED = Report("smpp", "sms", message_id="m1", status="UNDELIV", code="1", codes="gsm-map")


def code_row(id_: str, *, words: str = "", **fields: object) -> CodeRow:
    row = CodeRow(
        id=id_,
        words=words,
        status=None,
        category="content_rejected",
        sub_reason=None,
        permanence="none",
        action="fix_content",
        advice="",
        source="",
    )
    return replace(row, **fields)


def knowing(*rows: CodeRow, code: str = "7") -> AllRules:
    """The shipped rules, and these rows of one code in a table of their own."""
    return replace(RULES, codes={**RULES.codes, "own": {code: rows}})


REFUSED = replace(UNDELIVERED, codes="own", code="7", text="Blocked: SPAM suspected")


@pytest.mark.parametrize(
    ("status", "code", "table", "answer"),
    [
        # status word, err, dictionary > status, category, sub reason, permanence, action, rule
        ("DELIVRD", None, None, ("delivered_handset", None, None, "none", "none", "smpp:status:DELIVRD")),
        ("ENROUTE", None, None, ("accepted", None, None, "none", "none", "smpp:status:ENROUTE")),
        ("EXPIRED", None, None, ("expired", "expired", None, "transient", "retry", "smpp:status:EXPIRED")),
        (
            "UNDELIV",
            None,
            None,
            ("failed", "unknown", "undeliverable", "transient", "review", "smpp:status:UNDELIV"),
        ),
        (
            "UNDELIV",
            "1",
            "gsm-map",
            ("failed", "recipient_unknown", "unknown_subscriber", "permanent", "suppress", "gsm-map:code:1"),
        ),
        (
            "UNDELIV",
            "27",
            "gsm-map",
            ("failed", "recipient_unreachable", "absent_subscriber", "transient", "retry_later", "gsm-map:code:27"),
        ),
        (
            "REJECTD",
            "13",
            "gsm-map",
            ("rejected", "recipient_barred", "call_barred", "transient", "other_channel", "gsm-map:code:13"),
        ),
        (
            "EXPIRED",
            "33",
            "gsm-map",
            (
                "expired",
                "recipient_storage_full",
                "message_waiting_list_full",
                "transient",
                "retry_later",
                "gsm-map:code:33",
            ),
        ),
        # the same number means another thing in another dictionary
        (
            "UNDELIV",
            "17",
            "huawei",
            (
                "failed",
                "recipient_storage_full",
                "memory_capacity_exceeded",
                "transient",
                "retry_later",
                "huawei:code:17",
            ),
        ),
        # and none without one
        (
            "UNDELIV",
            "1",
            None,
            ("failed", "unknown", "undeliverable", "transient", "review", "smpp:status:UNDELIV"),
        ),
    ],
)
def test_smpp_receipt_is_explained(
    status: str, code: str | None, table: str | None, answer: tuple[str | None, ...]
) -> None:
    reason = explain(replace(UNDELIVERED, status=status, code=code, codes=table), RULES)
    assert (
        reason.status,
        reason.category,
        reason.sub_reason,
        reason.permanence,
        reason.action,
        reason.rule,
    ) == answer


@pytest.mark.parametrize("word", ["undeliv", "UNDELIV", "Undeliv"])
def test_status_word_is_case_folded(word: str) -> None:
    assert explain(replace(UNDELIVERED, status=word), RULES).status == "failed"


def test_code_is_case_folded() -> None:
    report = replace(REFUSED, code="EC_Spam")
    assert explain(report, knowing(code_row("own:code:EC_SPAM"), code="ec_spam")).rule == "own:code:EC_SPAM"


@given(st.sampled_from(["DELIVRD", "DELIVERED", "2"]), st.sampled_from(sorted(RULES.codes["gsm-map"])))
def test_delivered_with_a_code_stays_delivered(word: str, code: str) -> None:
    reason = explain(replace(UNDELIVERED, status=word, code=code), RULES)
    assert (reason.status, reason.category, reason.permanence) == ("delivered_handset", None, "none")


@pytest.mark.parametrize(("word", "status"), [("ACCEPTD", "accepted"), ("ENROUTE", "accepted"), ("0", "queued")])
def test_code_says_nothing_of_a_message_on_its_way(word: str, status: str) -> None:
    reason = explain(replace(UNDELIVERED, status=word), RULES)
    assert (reason.status, reason.category) == (status, None)


def test_code_explains_where_the_status_is_unknown() -> None:
    reason = explain(replace(UNDELIVERED, status="BLORP"), RULES)
    assert (reason.status, reason.category, reason.rule) == ("unknown", "recipient_unknown", "gsm-map:code:1")


@pytest.mark.parametrize("status", ["BLORP", None, ""])
def test_unknown_word_without_a_known_code_is_unknown(status: str | None) -> None:
    reason = explain(replace(UNDELIVERED, status=status, code="999"), RULES)
    assert (reason.status, reason.category, reason.permanence, reason.action, reason.rule) == (
        "unknown",
        "unknown",
        "transient",
        "review",
        "smpp:unknown",
    )


def test_provider_without_a_table_is_unknown() -> None:
    reason = explain(replace(UNDELIVERED, provider="pigeon", codes=None), RULES)
    assert (reason.status, reason.rule) == ("unknown", "pigeon:unknown")


@pytest.mark.parametrize(
    ("code", "table"), [("999", "gsm-map"), ("1", "no-such-table"), (None, "gsm-map"), ("", "gsm-map")]
)
def test_unknown_code_keeps_the_status_and_what_its_word_tells(code: str | None, table: str) -> None:
    reason = explain(replace(UNDELIVERED, code=code, codes=table), RULES)
    assert (reason.status, reason.category, reason.rule) == ("failed", "unknown", "smpp:status:UNDELIV")


def test_failure_of_which_the_word_tells_no_cause_has_category_unknown() -> None:
    bare = StatusRow("own:status:LOST", "failed", None, None, "none", "none", "", "")
    reason = explain(
        Report("own", "sms", message_id="m1", status="lost"), replace(RULES, statuses={"own": {"lost": bare}})
    )
    assert (reason.status, reason.category, reason.permanence, reason.action, reason.rule) == (
        "failed",
        "unknown",
        "transient",
        "review",
        "own:status:LOST",
    )


def test_row_whose_words_the_text_holds_goes_before_the_plain_row() -> None:
    rules = knowing(code_row("own:code:7:spam", words="spam"), code_row("own:code:7"))
    assert explain(REFUSED, rules).rule == "own:code:7:spam"
    assert explain(replace(REFUSED, text="Blocked"), rules).rule == "own:code:7"
    assert explain(replace(REFUSED, text=None), rules).rule == "own:code:7"


def test_first_of_several_rows_with_words_decides() -> None:
    rules = knowing(code_row("first", words="blocked"), code_row("second", words="spam"))
    assert explain(REFUSED, rules).rule == "first"


def test_code_whose_words_are_not_in_the_text_explains_nothing() -> None:
    rules = knowing(code_row("own:code:7:virus", words="virus"))
    assert explain(REFUSED, rules).rule == "smpp:status:UNDELIV"


def test_code_may_know_the_status_better_than_the_word() -> None:
    rules = knowing(code_row("own:code:7", status="expired"))
    reason = explain(REFUSED, rules)
    assert (reason.status, reason.category, reason.rule) == ("expired", "content_rejected", "own:code:7")


def test_code_refines_a_deferral() -> None:
    rules = knowing(code_row("own:code:7", status="deferred", category="rate_limited"))
    reason = explain(REFUSED, rules)
    assert (reason.status, reason.category) == ("deferred", "rate_limited")


_WORDS = st.none() | st.text(max_size=8) | st.sampled_from(["DELIVRD", "UNDELIV", "EXPIRED", "1", "27", "gsm-map"])


@given(_WORDS, _WORDS, _WORDS, _WORDS, st.sampled_from(["smpp", "gsm-map", "pigeon"]))
def test_every_report_has_a_reason(
    status: str | None, code: str | None, table: str | None, text: str | None, provider: str
) -> None:
    reason = explain(Report(provider, "sms", message_id="m", status=status, code=code, codes=table, text=text), RULES)
    assert reason.rule
    assert reason.status in DELIVERED or reason.status in {"queued", "accepted"} or reason.category


@pytest.mark.parametrize("written", ["7", "007"])
@pytest.mark.parametrize("arrives", ["7", "07", "007"])
def test_number_is_found_whatever_its_zeros(written: str, arrives: str, tmp_path: Path) -> None:
    header = "code,words,status,category,sub_reason,permanence,action,advice,source\n"
    (tmp_path / "codes").mkdir()
    (tmp_path / "codes" / "own.csv").write_text(f"{header}{written},,,recipient_moved,,,,,our supplier\n")
    report = replace(UNDELIVERED, codes="own", code=arrives)
    assert explain(report, load(tmp_path)).category == "recipient_moved"
