"""`acquit classify`: a line for a line, and what of a line cannot be read, or is no news, stands in its answer."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from acquit.__main__ import main
from acquit.offline import classify
from acquit.rules import load

NOW = datetime(2026, 11, 22, 9, 0, 5, tzinfo=UTC)
RULES = load()
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
        (line(DELIVERED, "pigeon"), "unknown_provider: decoders are aws_sms, "),
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
