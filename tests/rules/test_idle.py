"""Rows that can never apply are named, with their place."""

from pathlib import Path

import pytest

from acquit.decode import DECODERS
from acquit.rules import load
from acquit.rules.idle import idle
from tests.builders import shipped_rules

STATUSES = "word,status,category,sub_reason,permanence,action,advice,source\n"
CODES = "code,words,status,category,sub_reason,permanence,action,advice,source\n"
RULE = '[[rule]]\nid = "{}"\ncategories = ["{}"]\nchannels = ["sms"]\nscope = "*"\nhold_days = [1]\nsource = "s"\n'
PROFILE = '[[route]]\nid = "{}"\nprovider = "smpp"\n{}source = "s"\n'


PATTERN = """[[rule]]
id = "{}"
phrases = [{}]
category = "policy_rejected"
example = "550 please go away"
source = "s"
"""


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("statuses/twillio.csv", STATUSES + "x,sent,,,,,,s\n", "statuses/twillio.csv: no provider is called twillio"),
        ("codes/acme.csv", CODES + "1,,,unknown,,,,,s\n", "codes/acme.csv: no provider is called acme"),
        ("policy.tml", "", "policy.tml: is no file of the rules"),
        ("status/twilio.csv", "", "status/twilio.csv: is no file of the rules"),
        (
            "codes/twilio.csv",
            CODES + "7,gone,,unknown,,,,,s\n7,gone away,,unknown,,,,,s\n",
            "codes/twilio.csv:3: twilio:code:7:gone away is never reached",
        ),
        ("keywords.csv", f"word,type,language,source\n{'stop' * 11},stop,en,s\n", "is never heard"),
        (
            "policy.toml",
            RULE.format("mine", "do_not_contact_registry"),
            "policy.toml:1: mine never decides: do-not-contact-registry takes all",
        ),
        (
            "policy.toml",
            RULE.format("mine", "spam_filtered") + "within_days = 1\ndistinct_days = 3\n",
            "policy.toml:1: mine never holds: 1 days are no 3 days",
        ),
        (
            "routes.toml",
            PROFILE.format("a", "") + PROFILE.format("b", 'route = "r"\n'),
            "routes.toml:5: b never fits first: a is of all its messages",
        ),
        (
            "patterns/mine.toml",
            PATTERN.format("a", '"go away"') + PATTERN.format("b", '"please go away"'),
            "patterns/mine.toml:7: mine:pattern:b never decides: mine:pattern:a takes all its answers",
        ),
        (
            "patterns/mine.toml",
            PATTERN.format("a", '"go away"') + PATTERN.format("b", '"leave us", "please go away"'),
            "patterns/mine.toml:7: mine:pattern:b does not decide its own example: mine:pattern:a does",
        ),
        ("vague.csv", "row,at_most,source\nses:code:Nothing,,s\n", "vague.csv: there is no row ses:code:Nothing"),
    ],
)
def test_row_that_can_never_apply_is_named(name: str, content: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    found = list(idle(load(tmp_path), tmp_path, providers=DECODERS))
    assert [one for one in found if sentence in one], found


def test_row_that_applies_is_not_named(tmp_path: Path) -> None:
    (tmp_path / "codes").mkdir()
    (tmp_path / "codes" / "acme.csv").write_text(
        CODES + "7,gone away,,unknown,,,,,s\n7,gone,,unknown,,,,,s\n7,,,unknown,,,,,s\n"
    )
    (tmp_path / "routes.toml").write_text(PROFILE.format("a", 'err_dictionary = "acme"\n'))
    assert list(idle(load(tmp_path), tmp_path, providers=DECODERS)) == []


def test_all_shipped_rows_can_apply() -> None:
    assert list(idle(shipped_rules(), None, providers=DECODERS)) == []
