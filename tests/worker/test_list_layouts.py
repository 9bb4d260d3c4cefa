"""How other systems write their lists: each as its provider shows it, read, and written so that it reads the same."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from acquit.effects import Evidence, SuppressionRecord
from acquit.events import Command
from acquit.worker.list_export import Export
from acquit.worker.list_file import Asked
from acquit.worker.list_import import Rejected, Source, Taken, read
from acquit.worker.list_layouts import LAYOUTS
from tests.builders import shipped_rules

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EPOCH = int(AT.timestamp())
JO = "jo@example.com"

# layout, what its provider writes, and what that holds: scope and reason
SAMPLES: list[tuple[str, str, list[tuple[str, str]]]] = [
    (
        "ses",  # aws sesv2 list-suppressed-destinations
        """{
    "NextToken": "x",
    "SuppressedDestinationSummaries": [
        {"EmailAddress": "jo@example.com", "Reason": "BOUNCE", "LastUpdateTime": "2026-01-02T03:04:05+00:00"},
        {"EmailAddress": "jo@example.com", "Reason": "COMPLAINT", "LastUpdateTime": 1767323045.123}
    ]
}""",
        [("*", "recipient_unknown"), ("*", "complaint")],
    ),
    ("ses", "jo@example.com,BOUNCE\njo@example.com,COMPLAINT\n", [("*", "recipient_unknown"), ("*", "complaint")]),
    ("ses", '{"emailAddress":"jo@example.com","reason":"COMPLAINT"}\n', [("*", "complaint")]),
    ("ses", "EmailAddress,Reason,LastUpdateTime\njo@example.com,COMPLAINT,2026-01-02T03:04:05Z\n", [("*", "complaint")]),
    (
        "sendgrid-bounces",
        json.dumps([{"created": EPOCH, "email": JO, "reason": "550 5.1.1 unknown", "status": "5.1.1"}]),
        [("*", "recipient_unknown")],
    ),
    ("sendgrid-bounces", f"status,reason,email,created\n5.1.1,no,{JO},{EPOCH}\n", [("*", "recipient_unknown")]),
    ("sendgrid-unsubscribes", f"email,created\n{JO},2026-01-02 03:04:05\n", [("*", "stop")]),
    (
        "sendgrid-group-unsubscribes",
        json.dumps([{"email": JO, "group_id": 123, "group_name": "News", "created_at": EPOCH}]),
        [("*:123", "stop")],
    ),
    ("sendgrid-spam-reports", json.dumps([{"created": EPOCH, "email": JO, "ip": "10.0.0.1"}]), [("*", "complaint")]),
    (
        "mailgun-bounces",
        json.dumps({"items": [{"address": JO, "code": "550", "error": "no", "created_at": "Fri, 02 Jan 2026 03:04:05 UTC"}],
                    "paging": {"next": "https://api.mailgun.net/v3"}}),
        [("*", "recipient_unknown")],
    ),
    ("mailgun-unsubscribes", f'address,tags,created_at\n{JO},*,"Fri, 02 Jan 2026 03:04:05 GMT"\n{JO},,\n', [("*", "stop")] * 2),
    (
        "mailgun-unsubscribes",
        json.dumps({"items": [{"address": JO, "tags": ["news", "a b"], "created_at": "Fri, 02 Jan 2026 03:04:05 GMT"}]}),
        [("*:news", "stop"), ("*:a%20b", "stop")],
    ),
    ("mailgun-complaints", f'address,created_at\n{JO},"Fri, 02 Jan 2026 04:04:05 +0100"\n', [("*", "complaint")]),
    (
        "postmark",
        json.dumps({"Suppressions": [
            {"EmailAddress": JO, "SuppressionReason": reason, "Origin": origin, "CreatedAt": "2026-01-01T22:04:05-05:00"}
            for reason, origin in (
                ("HardBounce", "Recipient"), ("SpamComplaint", "Recipient"), ("ManualSuppression", "Recipient"),
                ("ManualSuppression", "Customer"),
            )
        ]}),
        [("*", "recipient_unknown"), ("*", "complaint"), ("*", "stop"), ("*", "manual")],
    ),
    (
        "sparkpost",
        json.dumps({"results": [
            {"recipient": JO, "type": kind, "source": source, "description": "", "created": "2026-01-02T03:04:05+00:00"}
            for kind, source in (
                ("non_transactional", "List Unsubscribe"), ("transactional", "Unsubscribe Link"),
                ("non_transactional", "Bounce Rule"), ("non_transactional", "Spam Complaint"),
                ("transactional", "Manually Added"), ("transactional", "Compliance"),
            )
        ] + [{"recipient": JO, "type": "non_transactional", "source": "List Unsubscribe", "list_id": "news.example.com"}]}),
        [
            ("*:non_transactional", "stop"), ("*:transactional", "stop"), ("*", "recipient_unknown"),
            ("*", "complaint"), ("*:transactional", "manual"), ("*", "legal"), ("*:news.example.com", "stop"),
        ],
    ),
]  # fmt: skip


def found(layout: str, text: str, *, scope: str = "*") -> list[Taken | Rejected]:
    source = Source(Path("x"), shipped_rules().policy, Asked(by="ann", why="move", now=NOW, scope=scope), layout)
    return list(read(source, io.BytesIO(text.encode())))


def commands(layout: str, text: str, *, scope: str = "*") -> list[Command]:
    lines = found(layout, text, scope=scope)
    assert not [line for line in lines if isinstance(line, Rejected)]
    return [command for line in lines if isinstance(line, Taken) for command in line.commands]


@pytest.mark.parametrize(("layout", "text", "holds"), SAMPLES)
def test_list_of_a_provider_is_read(layout: str, text: str, holds: list[tuple[str, str]]) -> None:
    read = commands(layout, text)
    assert [(command.scope, command.hold) for command in read] == holds
    assert {(command.channel, command.to) for command in read} == {("email", JO)}
    assert all(
        abs((command.at - at).total_seconds()) < 1 for command in read for at in [AT if command.at != NOW else NOW]
    )


def test_every_layout_has_a_sample_and_a_source() -> None:
    assert {layout for layout, _, _ in SAMPLES} == set(LAYOUTS)
    assert all(layout.source.startswith("https://") for layout in LAYOUTS.values())


@pytest.mark.parametrize(
    ("layout", "text", "why"),
    [
        ("sendgrid-bounces", f"email,status\n{JO},4.2.2\n", "its status says a temporary failure"),
        ("sendgrid-unsubscribes", f"email,created\n{JO},yesterday\n", "created is no time"),
        ("sendgrid-group-unsubscribes", f"email,group_id\n{JO},\n", "group_id is missing"),
        ("ses", f"{JO},BECAUSE\n", "Reason must be one of BOUNCE, COMPLAINT"),
        ("postmark", json.dumps({"EmailAddress": JO, "SuppressionReason": "New", "Origin": "x"}), "must be one of"),
        ("sparkpost", json.dumps({"recipient": JO, "source": "List Unsubscribe"}), "type must be transactional or"),
        ("mailgun-complaints", "address\nno mailbox\n", "is no mailbox"),
        ("mailgun-complaints", json.dumps({"items": ["x"]}), "is no object"),
    ],
)
def test_row_that_says_nothing_is_rejected_without_its_address(layout: str, text: str, why: str) -> None:
    [bad] = found(layout, text)
    assert isinstance(bad, Rejected)
    assert why in bad.why
    assert "jo@" not in bad.why


def test_scope_is_of_rows_that_give_none() -> None:
    text = f"address,tags\n{JO},news\n{JO},\n"
    assert [command.scope for command in commands("mailgun-unsubscribes", text, scope="*:shop")] == ["*:news", "*:shop"]


def test_bounce_of_one_stream_holds_in_all_as_the_policy_says() -> None:
    rows = [
        {"EmailAddress": JO, "SuppressionReason": "HardBounce", "Origin": "Recipient"},
        {"EmailAddress": JO, "SuppressionReason": "ManualSuppression", "Origin": "Recipient"},
    ]
    read = commands("postmark", json.dumps({"Suppressions": rows}), scope="*:broadcast")
    assert [(command.hold, command.scope) for command in read] == [("recipient_unknown", "*"), ("stop", "*:broadcast")]


def entry(reason: str) -> SuppressionRecord:
    return SuppressionRecord(reason, AT, "r", Evidence("p", AT), 1)


@pytest.mark.parametrize("is_json", [False, True])
@pytest.mark.parametrize(
    ("layout", "scope", "reason", "read_again"),
    [
        ("ses", "*", "recipient_inactive", [("*", "recipient_unknown")]),
        ("ses", "*", "complaint", [("*", "complaint")]),
        ("ses", "*", "stop", []),
        ("ses", "*:news", "complaint", []),  # all or nothing there
        ("sendgrid-bounces", "*", "recipient_unknown", [("*", "recipient_unknown")]),
        ("sendgrid-bounces", "*", "stop", []),
        ("sendgrid-unsubscribes", "*", "opted_out", [("*", "stop")]),
        ("sendgrid-group-unsubscribes", "*:123", "stop", [("*:123", "stop")]),
        ("sendgrid-group-unsubscribes", "*:news", "stop", []),
        ("sendgrid-spam-reports", "*", "complaint", [("*", "complaint")]),
        ("mailgun-bounces", "*", "recipient_unknown", [("*", "recipient_unknown")]),
        ("mailgun-unsubscribes", "*", "stop", [("*", "stop")]),
        ("mailgun-unsubscribes", "*:news", "stop", [("*:news", "stop")]),
        ("mailgun-unsubscribes", "acct:acme", "stop", []),
        ("mailgun-complaints", "*", "complaint", [("*", "complaint")]),
        ("postmark", "*", "stop", [("*", "stop")]),
        ("postmark", "*", "manual", [("*", "manual")]),
        ("postmark", "*", "legal", []),
        ("sparkpost", "*:transactional", "stop", [("*:transactional", "stop")]),
        ("sparkpost", "*", "stop", [("*:transactional", "stop"), ("*:non_transactional", "stop")]),
        ("sparkpost", "*", "legal", [("*", "legal"), ("*", "legal")]),  # there it is two entries
        ("sparkpost", "*", "erased", []),
    ],
)
def test_what_is_written_in_a_layout_is_read_again(
    layout: str, scope: str, reason: str, read_again: list[tuple[str, str]], is_json: bool
) -> None:
    export = Export(layout, is_json=is_json)
    rows = list(export.rows(f"email:{JO}", scope, entry(reason)))
    assert export.left_out == (not read_again)
    header = b"" if is_json else ",".join(LAYOUTS[layout].columns).encode() + b"\n"
    text = (header + b"".join(map(export._line, rows))).decode()
    again = commands(layout, text) if rows else []
    assert [(command.scope, command.hold) for command in again] == read_again
    assert {command.at for command in again} <= {AT}


@pytest.mark.parametrize("recipient", ["sms:+33612345678", "email:#C889xFoucpKwXmoZgYnKXg"])
def test_who_is_no_mailbox_or_known_by_the_hash_alone_is_left_out_of_a_mail_providers_list(recipient: str) -> None:
    export = Export("ses", is_json=False)
    assert not list(export.rows(recipient, "*", entry("complaint")))
    assert export.left_out == 1
