"""`acquit classify`: a line for a line, and what of a line cannot be read, or is no news, stands in its answer."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from acquit.__main__ import main
from acquit.offline import classify
from tests.builders import shipped_rules

NOW = datetime(2026, 11, 22, 9, 0, 5, tzinfo=UTC)
RULES = shipped_rules()
DELIVERED = {"event": "delivered", "email": "ann@example.org", "timestamp": 1_795_338_000}
CLICK, NEWS = {**DELIVERED, "event": "click"}, {**DELIVERED, "event": "account_update"}
NO_TIME, NO_EVENT = {**DELIVERED, "timestamp": "soon"}, {"email": "ann@example.org"}


def line(payload: Any, provider: str = "sendgrid", **fields: Any) -> bytes:
    return json.dumps({"id": 7, "provider": provider, "payload": payload, **fields}).encode()


def answer(asked: bytes) -> dict[str, Any]:
    """The answer as it is printed."""
    return classify(asked, rules=RULES, now=NOW)


def counted(asked: bytes) -> tuple[int, int, list[str], str | None]:
    found = answer(asked)
    assert list(found) == ["id", "receipts", "engagements", "ignored", "error"]
    return len(found["receipts"]), len(found["engagements"]), found["ignored"], found["error"]


def test_body_of_several_events_has_one_answer() -> None:
    assert counted(line([DELIVERED, NO_TIME, CLICK, NEWS, NO_EVENT, DELIVERED])) == (
        2, 1, ["account_update"],
        "absurd_value: $[1].timestamp: is no time of a known form; missing_field: $[4].event: is missing or empty",
    )  # fmt: skip


@pytest.mark.parametrize("payload", [NEWS, [NEWS], json.dumps(NEWS)])
def test_what_is_no_news_is_no_error(payload: Any) -> None:
    assert counted(line(payload)) == (0, 0, ["account_update"], None)


def test_array_without_events_says_nothing() -> None:
    assert counted(line([])) == (0, 0, [], None)


def test_only_event_of_an_array_that_cannot_be_read_is_an_error() -> None:
    assert counted(line([NO_TIME])) == (0, 0, [], "absurd_value: $[0].timestamp: is no time of a known form")


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (b"", "undecodable: the line is not JSON"),
        (b"\n", "undecodable: the line is not JSON"),
        (b"{", "undecodable: the line is not JSON"),
        (b"\xff", "undecodable: the line is not JSON"),
        (b'{"a":' + b"[" * 100_000, "undecodable: the line is not JSON"),
        (b"[]", "undecodable: the line Expected `object`, got `array`"),
        (b"{}", "undecodable: the line Object missing required field `provider`"),
        (line("", "sendgrid"), "empty: the payload is empty"),
        (line(None, "sendgrid"), "missing_field: $.event: is missing or empty"),
        (line(DELIVERED, "pigeon"), "unknown_provider: decoders are arf, aws_sms, "),
        (line(DELIVERED, context={"channel": "fax"}), "undecodable: the line Invalid enum value 'fax'"),
        (line(DELIVERED, received_at="2026-11-22T09:00:00"), "undecodable: the line "),
    ],
)
def test_line_that_cannot_be_read_is_an_answer_too(asked: bytes, error: str) -> None:
    receipts, engagements, ignored, said = counted(asked)
    assert (receipts, engagements, ignored) == (0, 0, [])
    assert said is not None
    assert said.startswith(error), said


def test_id_comes_back_even_if_the_rest_cannot_be_read() -> None:
    assert answer(b'{"id": {"a": [1, null]}, "payload": 3}')["id"] == {"a": [1, None]}
    assert answer(b'{"id": 7}')["id"] == 7


def test_error_never_tells_an_address() -> None:
    told = [
        {**DELIVERED, "email": ["ann@example.org"]},
        {**DELIVERED, "event": {"to": "ann@example.org"}},
        "ann@example.org",
    ]
    assert "ann@" not in (answer(line(told))["error"] or "")


def test_command_answers_a_line_for_a_line(tmp_path: Path) -> None:
    asked = [line([DELIVERED, NO_TIME, NEWS]), b"{", line(CLICK), b"", line([NEWS])]
    (tmp_path / "asked").write_bytes(b"\n".join(asked) + b"\n")
    done = CliRunner().invoke(main, ["classify", str(tmp_path / "asked")])
    assert done.exit_code == 0
    found = [json.loads(one) for one in done.stdout.splitlines()]
    assert [one["id"] for one in found] == [7, None, 7, None, 7]
    assert [one["ignored"] for one in found] == [["account_update"], [], [], [], ["account_update"]]
    assert [bool(one["error"]) for one in found] == [True, True, False, True, False]
    assert [receipt["status"] for receipt in found[0]["receipts"]] == ["delivered_handset"]


def test_check_prints_the_policy_with_an_operators_rows_in_the_place_of_ours(tmp_path: Path) -> None:
    ours = '[[rule]]\nid = "{}"\ncategories = ["complaint"]\nchannels = ["email"]\n'
    ours += 'scope = "acct"\nhold_days = ["forever"]\nsource = "s"\n'
    (tmp_path / "policy.toml").write_text(ours.format("complaint") + ours.format("mine"))
    done = CliRunner().invoke(main, ["check", str(tmp_path)], catch_exceptions=False)
    told = [line.removeprefix("policy ") for line in done.output.splitlines() if line.startswith("policy ")]
    assert [line.partition(":")[0] for line in told] == [*(rule.id for rule in RULES.policy), "mine"]
    assert told[1] == (
        "complaint: complaint on email: suppressed at once in scope acct, for ever; lifted by a forced restore alone"
    )
    assert "mine never decides: complaint takes all" in done.output


def test_explain_tells_every_row_that_a_failure_may_meet() -> None:
    status = {"id": "w", "status": "failed", "timestamp": "1795338000", "recipient_id": "12025550123",
              "errors": [{"code": 131049, "title": "t"}]}  # fmt: skip
    value = {"messaging_product": "whatsapp", "statuses": [status]}
    body = {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}],
    }
    done = CliRunner().invoke(main, ["explain", "whatsapp"], input=json.dumps(body).encode(), catch_exceptions=False)
    [told] = [line for line in done.output.splitlines() if line.startswith("policy")]
    assert told == (
        "policy      whatsapp-held-back-thrice: suppressed after 3 times in scope *:marketing, for ever, not for 24 hours "
        "after a reply where the code was 130472 or 472; lifted by restore; else whatsapp-held-back: suppressed at once "
        "in scope *:marketing, 16 days; lifted by restore"
    )


def test_explain_says_why_a_rule_of_wording_means_what_it_means() -> None:
    body = json.dumps({"to": "ann@dest.example", "response": "450 4.1.1 user unknown"}).encode()
    done = CliRunner().invoke(main, ["explain", "smtp"], input=body, catch_exceptions=False)
    [told] = [line for line in done.output.splitlines() if line.startswith("because")]
    assert told.startswith("because     wording beats class: `450 4.1.1 user unknown` is as hard.")


def test_explain_of_a_code_gives_no_reason_of_a_wording() -> None:
    body = json.dumps({"to": "ann@dest.example", "response": "550 5.1.1"}).encode()
    done = CliRunner().invoke(main, ["explain", "smtp"], input=body, catch_exceptions=False)
    assert "decided by  enhanced:code:X.1.1" in done.output
    assert "because" not in done.output
