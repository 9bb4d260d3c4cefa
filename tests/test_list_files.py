"""`acquit suppression import` as it is typed, as far as it needs no server."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from acquit.__main__ import main

BY = ("--actor", "ann", "--reason", "moved")
TEXT = "channel,address\nsms,+33612345678\nsms,0612345678\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("list.csv").write_text(TEXT)
    return tmp_path


def imported(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["suppression", "import", *arguments, *BY], input=stdin)


@pytest.mark.parametrize(("file", "rejects"), [("list.csv", "list.csv.rejects"), ("-", "stdin.rejects")])
def test_dry_run_counts_tells_what_is_wrong_and_keeps_bad_lines_in_a_file(file: str, rejects: str) -> None:
    done = imported(file, "--held-for", "stop", "--dry-run", stdin=TEXT)
    assert done.exit_code == 0, done.output
    assert done.stdout == "would ask for 1 entries (stop 1), 1 bad lines\n"
    assert done.stderr == f"line 3: is no possible phone number with its country\nbad lines are in {rejects}\n"
    assert Path(rejects).read_text().splitlines() == [
        "line,why,text",
        '3,is no possible phone number with its country,"sms,0612345678"',
    ]
    assert Path(rejects).stat().st_mode & 0o077 == 0, "it holds addresses"


def test_bad_line_is_enough_for_nothing_to_be_imported() -> None:
    done = imported("list.csv", "--held-for", "stop", "--rejects", "bad.csv")
    assert (done.exit_code, Path("bad.csv").exists()) == (1, True)
    assert "nothing is imported: 1 entries (stop 1), 1 bad lines" in done.stderr


def test_file_of_rejects_is_there_only_if_there_are_any() -> None:
    Path("list.csv.rejects").write_text("of the run before")
    Path("list.csv").write_text(TEXT.replace("0612345678", "+33698765432"))
    assert imported("list.csv", "--held-for", "stop", "--dry-run").exit_code == 0
    assert not Path("list.csv.rejects").exists()


def test_many_bad_lines_are_not_all_told() -> None:
    Path("list.csv").write_text("channel,address\n" + "sms,12\n" * 1_000)
    done = imported("list.csv", "--held-for", "stop", "--dry-run")
    assert len(done.stderr.splitlines()) == 22
    assert "and 980 more" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("list.csv", "--layout", "mailchimp"), "there are acquit, ses, sendgrid-bounces"),
        (("list.csv", "--scope", "news"), "--scope must be"),
        (("list.csv", "--layout", "ses"), "no column EmailAddress"),
        (("nothing.csv",), "no such file"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_read(arguments: tuple[str, ...], why: str) -> None:
    done = imported(*arguments)
    assert done.exit_code != 0
    assert why in done.stderr
