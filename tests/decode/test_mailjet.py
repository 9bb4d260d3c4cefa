"""What Mailjet's flags mean in each form that JSON has for them."""

import json
from typing import Any

import pytest

from acquit.decode.context import Context
from acquit.decode.mailjet import decode
from acquit.events import Reply, Report

BOUNCE = {"event": "bounce", "MessageID": 17, "email": "jane@example.com", "error": "user unknown"}
UNSUB = {"event": "unsub", "MessageID": 17, "email": "jane@example.com"}


def read(fields: dict[str, Any]) -> Any:
    [said] = decode(json.dumps(fields).encode(), Context(stream="news"))
    return said


@pytest.mark.parametrize("flag", [True, 1, "true", "1"])
def test_hard_bounce_has_the_plain_error(flag: object) -> None:
    said = read({**BOUNCE, "hard_bounce": flag})
    assert isinstance(said, Report)
    assert (said.status, said.code) == ("bounce:hard_bounce", "user unknown")


@pytest.mark.parametrize("flag", [False, 0, "false", "", None])
def test_bounce_that_is_not_said_to_be_hard_is_soft(flag: object) -> None:
    said = read({**BOUNCE, "hard_bounce": flag})
    assert (said.status, said.code) == ("bounce", "soft/user unknown")


@pytest.mark.parametrize(("list_id", "only"), [(1042, "1042"), ("1042", "1042"), (0, None), ("", None)])
def test_stop_is_of_the_list_that_is_named(list_id: object, only: str | None) -> None:
    said = read({**UNSUB, "mj_list_id": list_id})
    assert isinstance(said, Reply)
    assert (said.says, said.only) == ("stop", only)


def test_message_id_keeps_every_digit() -> None:
    assert read({**BOUNCE, "MessageID": 13792286917004337}).message_id == "13792286917004337"
