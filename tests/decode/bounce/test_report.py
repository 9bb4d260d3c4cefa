"""Delivery reports, well formed and not; codes, hosts and addresses in a server's words."""

import pytest

from acquit.decode.bounce.addresses import addresses_in
from acquit.decode.bounce.report import read_report
from acquit.decode.bounce.words import better_code, enhanced_in, host_in, reply_in, says_why

ANN = ["Final-Recipient: rfc822; ann@dest.example", "Action: failed", "Status: 5.1.1"]
BOB = ["Final-Recipient: rfc822; bob@dest.example", "Action: delayed", "Status: 4.4.1"]
HEAD = ["Reporting-MTA: dns; mx.dest.example"]


def people(*lines: str) -> list[tuple[str | None, str | None, str | None]]:
    return [
        (told.original or told.final, told.action, told.status) for told in read_report("\n".join(lines)).recipients
    ]


BOTH = [("ann@dest.example", "failed", "5.1.1"), ("bob@dest.example", "delayed", "4.4.1")]


@pytest.mark.parametrize(
    "lines",
    [
        [*HEAD, "", *ANN, "", *BOB],
        [*HEAD, *ANN, *BOB],
        [*ANN, "", "", *BOB],
        ["", *HEAD, "", *(line for field in (*ANN, *BOB) for line in (field, ""))],
        [*HEAD, "", *ANN[::-1], "", *BOB[::-1]],
        [*HEAD, "", ANN[1], ANN[0], ANN[2], BOB[1], BOB[0], BOB[2]],
    ],
    ids=["as it should be", "no empty line", "no head", "empty lines everywhere", "backwards", "action first"],
)
def test_recipients_are_told_apart_however_they_are_set(lines: list[str]) -> None:
    assert people(*lines) == BOTH


def test_original_recipient_goes_with_the_final_one_that_follows() -> None:
    lines = [*HEAD, "", *ANN, "", "Original-Recipient: rfc822; robert@dest.example", *BOB]
    assert people(*lines) == [BOTH[0], ("robert@dest.example", "delayed", "4.4.1")]


@pytest.mark.parametrize(
    ("recipient", "address"),
    [
        ("rfc822;ann@dest.example", "ann@dest.example"),
        ("RFC822; <ann@dest.example>", "ann@dest.example"),
        ("ann@dest.example", "ann@dest.example"),
        ("utf-8; jörg@dest.example", "jörg@dest.example"),
        ('rfc822; "ann lee"@dest.example', '"ann lee"@dest.example'),
        ("x400; /G=ann/S=lee/O=dest/", None),
        ("rfc822; ann", None),
    ],
)
def test_recipient_is_an_address_or_none(recipient: str, address: str | None) -> None:
    found = read_report(f"Final-Recipient: {recipient}\nAction: failed").recipients
    assert [told.final for told in found] == ([address] if address else [])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("550 5.1.1 no", "5.1.1"),
        ("550-5.7.26 no", "5.7.26"),
        ("no mailbox (#5.1.1)", "5.1.1"),
        ("552 (#5.2.2)", "5.2.2"),
        ("from 5.1.1.2: 550 no", None),
        ("version 5.5.2657.72", None),
        ("on 2.12.2026 at 4.30", None),
        ("quoted 4.4.2 by 554 5.4.7 expired", "5.4.7"),
    ],
)
def test_enhanced_status_is_read_from_words(text: str, code: str | None) -> None:
    assert enhanced_in(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("550 no", "550"),
        ("said: 552-no", "552"),
        ("ERROR_CODE :550, no", "550"),
        ("554", "554"),
        ("to 192.0.2.5:550 failed", None),
        ("550 bytes were sent", None),
        ("250 taken", None),
        ("id 4550 550x", None),
    ],
)
def test_reply_code_is_read_from_words(text: str, code: str | None) -> None:
    assert reply_in(text) == code


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        ("5.0.0", "5.2.2", "5.2.2"),
        ("5.1.1", "5.2.2", "5.2.2"),
        ("5.4.7", "4.4.2", "5.4.7"),
        ("5.1.1", "5.0.0", "5.1.1"),
        (None, "5.1.1", "5.1.1"),
        ("5.1.1", None, "5.1.1"),
        (None, None, None),
    ],
)
def test_code_that_says_more_is_taken(status: str | None, said: str | None, code: str | None) -> None:
    assert better_code(status, said) == code


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("host mail.dest.example[192.0.2.25] said: 550", "mail.dest.example"),
        ("... while talking to Mail.Dest.example.:", "mail.dest.example"),
        ("rejected by mx1.dest.example. [192.0.2.25].", "mx1.dest.example"),
        ("SMTP Server <mx.dest.example> rejected", "mx.dest.example"),
        ("Access denied [AB1.mail.protection.outlook.example]", "ab1.mail.protection.outlook.example"),
        ("192.0.2.25 does not like recipient", None),
        ("550 host not found", None),
    ],
)
def test_host_is_read_from_words(text: str, host: str | None) -> None:
    assert host_in(text) == host


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        ("550 5.1.1", False),
        ("smtp; 550 <ann.lee@dest.example>", False),
        ("550 no such user", True),
        ("宛先が不明です", True),
        ("", False),
    ],
)
def test_code_alone_says_no_reason(text: str, is_said: bool) -> None:
    assert says_why(text) is is_said


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("<ann@dest.example>:", ["ann@dest.example"]),
        ("宛先\uff1aann@dest.example。", ["ann@dest.example"]),
        ('"ann lee"@dest.example', ['"ann lee"@dest.example']),
        ("to=<ann+x=y@dest.example>,", ["ann+x=y@dest.example"]),
        ("ann@dest.example.", ["ann@dest.example"]),
        ("ann@[192.0.2.1] bob@", ["ann@[192.0.2.1]"]),
        ("@ @@ a@@b", []),
    ],
)
def test_addresses_are_found_in_words(text: str, addresses: list[str]) -> None:
    assert [found.address for found in addresses_in(text)] == addresses
