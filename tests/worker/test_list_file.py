"""The list as a file: each line is told apart, good ones become commands, bad ones say why and never whom."""

import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from acquit.effects import Evidence, SuppressionRecord
from acquit.errors import AcquitError
from acquit.events import LATEST, Command
from acquit.worker.list_file import COLUMNS, Asked, row_of
from acquit.worker.list_import import Rejected, Source, Taken, read
from acquit.worker.list_rows import csv_line
from tests.builders import shipped_rules

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@dataclass
class Listed:
    commands: list[Command]
    bad: list[Rejected]


def listed(text: str, **fields: Any) -> Listed:
    source = Source(Path("list"), shipped_rules().policy, Asked(by="ann", why="move", now=NOW, **fields))
    found = list(read(source, io.BytesIO(text.encode())))
    commands = [command for taken in found if isinstance(taken, Taken) for command in taken.commands]
    return Listed(commands, [bad for bad in found if isinstance(bad, Rejected)])


def test_csv_line_is_a_command_with_who_and_why() -> None:
    [command] = listed("channel,address,reason\nsms,0033 6 12 34 56 78,stop\n").commands
    assert (command.name, command.channel, command.to, command.hold) == ("import", "sms", "+33612345678", "stop")
    assert (command.by, command.reason, command.scope, command.at, command.until) == ("ann", "move", "*", NOW, None)


def test_json_line_is_the_same_command() -> None:
    line = json.dumps({"channel": "sms", "address": "+33612345678", "reason": "stop", "scope": None})
    assert (
        listed(f"{line}\n\n{line}").commands
        == listed("channel,address,reason\n" + "sms,33612345678,stop\n" * 2).commands
    )


def test_columns_come_in_any_order_and_with_a_byte_order_mark() -> None:
    found = listed("\ufeffReason,address,channel,scope,since\nlegal,Jo@Example.org,email,acct:a,2026-01-02T03:04:05Z\n")
    [command] = found.commands
    assert (command.to, command.scope, command.at) == (
        "jo@example.org",
        "acct:a",
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )


def test_lines_without_a_reason_take_the_one_that_is_given() -> None:
    assert listed("channel,address\nsms,+33612345678\n", hold="stop").commands[0].hold == "stop"


def test_forever_of_a_failure_is_the_end_of_time() -> None:
    text = "channel,address,reason,until\nsms,+33612345678,recipient_unknown,forever\n"
    assert listed(text).commands[0].until == LATEST


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("fax,+33612345678,*,stop,,", "CHANNEL is one of"),
        ("sms,12,*,stop,,", "is no possible phone number with its country"),
        ("email,nobody,*,stop,,", "is no mailbox"),
        ("sms,#AAAAAAAAAAAAAAAAAAAAAA,*,erased,,", "the address is a hash"),
        ("sms,+33612345678,*,,,", "reason must be a category, stop, manual or legal, and is missing"),
        ("sms,+33612345678,*,because,,", "reason must be a category, stop, manual or legal"),
        ("sms,+33612345678,all,stop,,", "scope must be"),
        ("sms,+33612345678,*:a b,stop,,", "scope must be"),
        ("sms,+33612345678,*,stop,yesterday,", "since must be a time"),
        ("sms,+33612345678,*,stop,2026-01-01T00:00:00,", "since must be a time"),  # without its zone
        ("sms,+33612345678,*,stop,1999-01-01T00:00:00Z,", "since must be after 2000"),
        ("sms,+33612345678,*,stop,2027-01-01T00:00:00Z,", "not in the future"),
        ("sms,+33612345678,*,stop,,2027-01-01T00:00:00Z", "stop never expires"),
        ("sms,+33612345678,*,complaint,,2027-01-01T00:00:00Z", "complaint never expires"),
        ("sms,+33612345678,*,manual,,2026-11-22T09:00:00Z", "until is over already"),
        ("sms,+33612345678,*,content_rejected,,", "the policy holds nobody on sms at once for content_rejected"),
        ("sms,+33612345678,*:news,recipient_unknown,,", "without until the policy says in which scope"),
        ("sms,+33612345678,*,stop,,,,", "has 8 fields, and the header 6"),
    ],
)
def test_bad_line_says_its_number_and_why_and_not_the_address(line: str, why: str) -> None:
    found = listed(f"{','.join(COLUMNS)}\nsms,+33698765432,*,stop,,\n{line}\n")
    [bad] = found.bad
    assert len(found.commands) == 1
    assert str(bad).startswith("line 3: ")
    assert why in bad.why
    assert "33612345678" not in bad.why
    assert "nobody" not in bad.why.replace("the policy holds nobody", "")


@pytest.mark.parametrize("text", ["", "address\n+336", "channel,address,name\n", "channel,address,channel\n"])
def test_header_that_is_wrong_is_refused_whole(text: str) -> None:
    with pytest.raises(AcquitError, match="column"):
        listed(text)


@pytest.mark.parametrize("text", ['{"channel": "sms"}', '{"channel": "sms", "address": 33612345678}', '{"channel"'])
def test_json_line_that_is_no_row_is_a_bad_line(text: str) -> None:
    assert [bad.line for bad in listed(text).bad] == [1]


def test_what_is_exported_is_read_again() -> None:
    evidence = Evidence(provider="p", at=NOW)
    entries = [
        ("sms:+33612345678", "*", SuppressionRecord("stop", NOW, "stop", evidence, 1)),
        ('email:"a,b"@example.org', "acct:a%20b:otp", SuppressionRecord("manual", NOW, "command", evidence, 1)),
        (
            "sms:+33612345679",
            "*",
            SuppressionRecord("recipient_unknown", NOW, "r", evidence, 1, NOW + timedelta(days=90)),
        ),
        ("sms:+33612345670", "*:news", SuppressionRecord("recipient_inactive", NOW, "r", evidence, 1)),
    ]
    text = csv_line(COLUMNS) + "".join(csv_line(list(row_of(*each).values())) for each in entries)
    found = listed(text)
    assert not found.bad
    assert [(f"{c.channel}:{c.to}", c.scope, c.hold, c.at) for c in found.commands] == [
        (recipient, scope, entry.reason, entry.since) for recipient, scope, entry in entries
    ]
    assert [c.until for c in found.commands] == [None, None, NOW + timedelta(days=90), LATEST]
