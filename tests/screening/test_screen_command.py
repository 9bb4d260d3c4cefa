"""`acquit screen` on files, without the suppression list: tests/system asks that."""

import csv
import gzip
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acquit.__main__ import main

LIST = (
    "id,email,city\n"
    "1,jo@example.com,Paris\n"
    '2,JO@Example.com,"Paris, 3"\n'
    "3,al@gmial.com,Nice\n"
    "4,bo,Nice\n"
    "5,cy@example.com,Brest\n"
)


def screen(path: Path | str, *arguments: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["screen", str(path), "--no-list", *arguments], input=given, catch_exceptions=False)


@pytest.fixture
def contacts(tmp_path: Path) -> Path:
    path = tmp_path / "contacts.csv"
    path.write_text(LIST)
    return path


def beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def rejects(path: Path, **options: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(beside(path, ".rejects").read_text(encoding="utf-8")), **options))


def test_clean_rows_stay_as_they_are_and_rejects_say_why(contacts: Path) -> None:
    done = screen(contacts)
    assert done.exit_code == 1
    assert beside(contacts, ".clean").read_text() == ("id,email,city\n1,jo@example.com,Paris\n5,cy@example.com,Brest\n")
    assert beside(contacts, ".rejects").read_text() == (
        "line,reason,detail,suggestion,id,email,city\n"
        '3,duplicate,stands on line 2 first,,2,JO@Example.com,"Paris, 3"\n'
        "4,misspelt_domain,looks like gmail.com,al@gmail.com,3,al@gmial.com,Nice\n"
        "5,not_an_address,has no @,,4,bo,Nice\n"
    )


def test_status_is_0_when_all_are_clean(contacts: Path) -> None:
    contacts.write_text("email\njo@example.com\n")
    assert screen(contacts).exit_code == 0


def test_the_clean_list_is_clean(contacts: Path) -> None:
    screen(contacts)
    clean = beside(contacts, ".clean")
    assert screen(clean).exit_code == 0
    assert beside(clean, ".clean").read_bytes() == clean.read_bytes()


def test_the_summary_counts_by_reason(contacts: Path) -> None:
    told = json.loads(screen(contacts, "--json").stdout)
    assert (told["rows"], told["clean"], told["suggestions"]) == (5, 2, 1)
    assert told["rejects"] == {"not_an_address": 1, "misspelt_domain": 1, "duplicate": 1}
    assert told["layout"]["name"] == "email"
    assert not told["is_list_asked"]


def test_the_summary_for_people_names_no_address(contacts: Path) -> None:
    done = screen(contacts)
    assert "column 2 of 3 (email), with a header, UTF-8; channel email" in done.output
    assert "suppression list was not asked" in done.output
    assert "@" not in done.output


def test_roles_are_kept_and_counted(contacts: Path) -> None:
    contacts.write_text("postmaster@example.com\njo@example.com\n")
    told = json.loads(screen(contacts, "--json").stdout)
    assert (told["clean"], told["warnings"]) == (2, {"role_address": 1})


def test_a_trusted_domain_is_not_misspelt(contacts: Path) -> None:
    contacts.write_text("jo@gmial.com\n")
    assert screen(contacts, "--trust-domain", "GMIAL.com").exit_code == 0


def test_what_is_there_is_not_replaced_unless_forced(contacts: Path) -> None:
    mine = beside(contacts, ".rejects")
    mine.write_text("mine")
    done = screen(contacts)
    assert (done.exit_code, mine.read_text()) == (2, "mine")
    assert not beside(contacts, ".clean").exists()
    assert screen(contacts, "--force").exit_code == 1
    assert mine.read_text() != "mine"


def test_the_list_itself_is_never_replaced(contacts: Path) -> None:
    done = screen(contacts, "--clean", str(contacts), "--force")
    assert (done.exit_code, contacts.read_text()) == (2, LIST)


def test_a_gzip_list_is_read_as_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv.gz"
    path.write_bytes(gzip.compress(LIST.encode()))
    assert screen(path).exit_code == 1
    assert len((tmp_path / "contacts.csv.clean").read_text().splitlines()) == 3


def test_a_gzip_list_cut_short_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv.gz"
    path.write_bytes(gzip.compress(os.urandom(200_000).hex().replace("0", "@x.fr\n").encode())[:100_000])
    done = screen(path)
    assert (done.exit_code, "broken" in done.output) == (2, True)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_standard_input_is_read_whole(tmp_path: Path) -> None:
    clean, bad = tmp_path / "clean", tmp_path / "bad"
    given = b"".join(b"jo%d@example.com\n" % number for number in range(20_000))
    done = screen("-", "--clean", str(clean), "--rejects", str(bad), given=given)
    assert (done.exit_code, clean.read_bytes()) == (0, given)


def test_standard_input_needs_names_for_both_files() -> None:
    assert screen("-", given=b"jo@example.com\n").exit_code == 2


def test_mark_line_ends_and_foreign_bytes_are_kept(contacts: Path) -> None:
    kept = b'\xef\xbb\xbfname;email\r\nJos\xe9;jo@example.com\r\n"a ""b""";al@example.com'
    contacts.write_bytes(kept)
    assert screen(contacts).exit_code == 0
    assert beside(contacts, ".clean").read_bytes() == kept
    assert beside(contacts, ".rejects").read_bytes() == b"\xef\xbb\xbfline;reason;detail;suggestion;name;email\r\n"


def test_latin1_addresses_are_read_and_said(contacts: Path) -> None:
    contacts.write_bytes("josé@example.com\n".encode("latin-1") + "JOSÉ@example.com\n".encode())
    done = screen(contacts)
    assert "Latin-1 in 1 row" in done.output
    (again,) = rejects(contacts)
    assert again["reason"] == "duplicate"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("email\njo@example.com\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04\0\0\0xlsx", "no text"),
        (b"", "empty"),
        (b"name,city\nJo,Paris\n", "no column"),
    ],
)
def test_what_cannot_be_read_is_refused_with_why(contacts: Path, content: bytes, said: str) -> None:
    contacts.write_bytes(content)
    done = screen(contacts)
    assert (done.exit_code, said in done.output) == (2, True)
    assert not beside(contacts, ".clean").exists()


def test_a_list_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert screen(tmp_path / "none.csv").exit_code == 2


def test_a_folder_that_is_not_there_is_said(contacts: Path, tmp_path: Path) -> None:
    assert screen(contacts, "--clean", str(tmp_path / "none" / "clean")).exit_code == 2


@pytest.mark.parametrize("arguments", [["--region", "XX"], ["--channel", "fax"], ["--account", "acme"]])
def test_wrong_arguments_are_refused(contacts: Path, arguments: list[str]) -> None:
    assert screen(contacts, *arguments).exit_code == 2


def test_numbers_of_a_region_are_one_with_those_that_name_it(contacts: Path) -> None:
    contacts.write_text("name,mobile\nJo,06 12 34 56 78\nJo,+33612345678\nAl,+336123\n")
    assert screen(contacts, "--region", "fr").exit_code == 1
    assert [(row["line"], row["reason"]) for row in rejects(contacts)] == [("3", "duplicate"), ("4", "not_a_number")]


def test_a_bare_address_with_a_comma_is_quoted_among_the_rejects(contacts: Path) -> None:
    contacts.write_text("a@example.com\nb@example.com\nc@example.com\njo@gmail,com\n")
    screen(contacts)
    (row,) = rejects(contacts)
    assert (row["row"], row["suggestion"]) == ("jo@gmail,com", "jo@gmail.com")


_FIELD = st.text('ab@.,;" \u00e9', max_size=12) | st.sampled_from(
    ["jo@example.com", "JO@example.com ", "al@gmial.com", "bo@example.com"]
)


@given(st.lists(_FIELD, min_size=1, max_size=30), st.sampled_from(["\n", "\r\n"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_is_in_one_of_the_files_once_and_in_order(tmp_path: Path, fields: list[str], end: str) -> None:
    path = tmp_path / "list.csv"
    written = [f'{number};"{field.replace(chr(34), chr(34) * 2)}"' for number, field in enumerate(fields)]
    path.write_bytes(end.join(["id;email", "x;jo@example.org", *written, ""]).encode())
    assert screen(path, "--column", "email", "--channel", "email", "--force").exit_code in {0, 1}
    clean = beside(path, ".clean").read_bytes().decode().split(end)[1:-1]
    kept = [int(row.partition(";")[0]) for row in clean[1:]]
    bad = [int(row["id"]) for row in rejects(path, delimiter=";")]
    assert kept == sorted(kept)
    assert bad == sorted(bad)
    assert sorted([*kept, *bad]) == list(range(len(fields)))
    assert clean[1:] == [written[number] for number in kept]
    again = beside(path, ".clean")
    assert screen(again, "--column", "email", "--channel", "email", "--force").exit_code == 0
