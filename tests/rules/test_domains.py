"""The table of mailbox domains."""

from pathlib import Path

import pytest

from acquit.errors import BadRules
from acquit.rules.domains import load_domains

HEAD = "domain,kind,meant,source\n"


def test_shipped_domains_are_known_as_real() -> None:
    domains = load_domains(["mine.example"])
    assert domains.real == {*domains.large, *domains.loose, "mine.example"}
    assert len(domains.large) > 20


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("gmail.com,huge,,Google", "domains.csv:2: kind"),
        ("gmail.com,large,,", "domains.csv:2: source"),
        ("gmail.com,large,hotmail.com,Google", "domains.csv:2: meant"),
        ("con,ending,,IANA", "domains.csv:2: meant"),
    ],
)
def test_a_row_with_an_error_names_line_and_field(tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "domains.csv"
    path.write_text(f"{HEAD}{row}\n")
    with pytest.raises(BadRules, match=said):
        load_domains(path=path)


def test_other_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "domains.csv"
    path.write_text("domain,kind\n")
    with pytest.raises(BadRules, match="columns"):
        load_domains(path=path)
