"""The labelled mails of samples/bounces: 272 that were written from public texts, and labelled before they were read.

They are what providers and mail servers write, in 21 languages. `expected.jsonl` has who failed, what it may be called
(`a|b`), and whether it is hard: the address or its domain is not there.
"""

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from acquit.decode import Context
from acquit.events import FAILED, Receipt
from acquit.pipeline import read
from bench.accuracy import HARD
from tests.builders import shipped_rules
from tests.decode.samples import ARRIVED, FOLDER

BOUNCES = FOLDER / "bounces"
WEAK = {
    "gmail-sender-no-domain.eml": "Google sends it with 4.0.0: a second one is waited for",
    "list-unavailable-mail-user.eml": "`unavailable` may pass",
    "list-rcpt-to-mailbox-unavailable.eml": "`unavailable` may pass",
}
"""Hard ones that are kept as weak evidence, and why."""


class Labelled(NamedTuple):
    mail: Path
    people: list[str]
    categories: list[set[str]]
    is_hard: list[bool]


def labelled() -> list[Labelled]:
    found: dict[str, Labelled] = {}
    for line in (BOUNCES / "expected.jsonl").read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        one = found.setdefault(said["mail"], Labelled(BOUNCES / "mails" / said["mail"], [], [], []))
        one.people.append(said["to"])
        one.categories.append(set(said["reason"].split("|")))
        one.is_hard.append(said["hard"])
    return list(found.values())


def receipts(mail: Path) -> list[Receipt]:
    events = read("dsn", mail.read_bytes(), Context(), received_at=ARRIVED, origin=None, rules=shipped_rules())
    return [event for event in events if isinstance(event, Receipt)]


@pytest.mark.parametrize("case", labelled(), ids=lambda case: case.mail.stem)
def test_mail_is_read_as_it_is_labelled(case: Labelled) -> None:
    found = receipts(case.mail)
    assert [one.to for one in found] == case.people
    assert {one.message_id for one in found} == {f"{case.mail.stem}@sender.example"}
    for one, categories in zip(found, case.categories, strict=True):
        assert one.category in categories
    hard = [one.status in FAILED and one.permanence == "permanent" and one.category in HARD for one in found]
    assert hard == ([False] if case.mail.name in WEAK else case.is_hard)


def test_every_mail_is_labelled() -> None:
    assert {case.mail.name for case in labelled()} == {path.name for path in (BOUNCES / "mails").iterdir()}
