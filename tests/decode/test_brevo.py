"""How wide an unsubscription at Brevo is, and which of its times is believed."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from acquit.decode.brevo import decode
from acquit.decode.context import Context
from acquit.events import Reply
from acquit.reasons import explain
from tests.builders import shipped_rules

EVENT = {"event": "delivered", "email": "jane@example.com", "message-id": "<m1@smtp-relay.mailin.fr>"}
LEFT = {"event": "unsubscribe", "email": "jane@example.com", "camp_id": 17}


def read(fields: dict[str, Any]) -> list[Any]:
    return list(decode(json.dumps(fields).encode(), Context()))


@pytest.mark.parametrize(
    ("lists", "streams"),
    [([3, 42], ["3", "42"]), (["3"], ["3"]), (3, ["3"]), ([], [None]), (None, [None])],
)
def test_stop_is_of_each_list_that_is_named(lists: object, streams: list[str | None]) -> None:
    said = read({**LEFT, "list_id": lists})
    assert all(isinstance(one, Reply) and one.says == "stop" for one in said)
    assert [one.only for one in said] == streams


def test_list_of_a_campaign_is_no_stream_of_a_click() -> None:
    [said] = read({**LEFT, "event": "click", "list_id": [3, 42]})
    assert (said.says, said.only) == ("click", None)


@pytest.mark.parametrize(
    "times",
    [
        {"ts_epoch": 1795251608000, "ts_event": 1795215608},
        {"ts_epoch": 1795251608, "ts_event": 1795215608},
        {"ts_epoch": 0, "ts_event": 1795251608},
        {"ts_event": 1795251608, "date": "2026-11-21 18:00:08"},
    ],
)
def test_time_is_the_one_in_utc(times: dict[str, Any]) -> None:
    [said] = read({**EVENT, **times})
    assert said.at == datetime(2026, 11, 21, 9, 0, 8, tzinfo=UTC)


def test_time_without_a_zone_is_none() -> None:
    [said] = read({**EVENT, "date": "2026-11-21 18:00:08"})
    assert said.at is None


@pytest.mark.parametrize(
    ("reason", "code", "category"),
    [
        ("RecipientError: 550 5.1.1 The email account does not exist", "5.1.1", "recipient_unknown"),
        ("550-5.1.1 no such user", "5.1.1", "recipient_unknown"),
        ("550 5.7.1 blocked, see 5.1.1", "5.7.1", "policy_rejected"),
        ("550 refused from 5.1.1.9 and 15.1.1", None, "policy_rejected"),
        ("", None, "unknown"),
    ],
)
def test_hard_bounce_is_told_by_the_enhanced_code_of_the_other_server(
    reason: str, code: str | None, category: str
) -> None:
    [said] = read({**EVENT, "event": "hard_bounce", "reason": reason})
    assert (said.code, explain(said, shipped_rules()).category) == (code, category)


@pytest.mark.parametrize("event", ["soft_bounce", "deferred", "error"])
def test_what_may_pass_condemns_nobody_whatever_the_other_server_says(event: str) -> None:
    [said] = read({**EVENT, "event": event, "reason": "550 5.1.1 no such user"})
    assert explain(said, shipped_rules()).permanence == "transient"
