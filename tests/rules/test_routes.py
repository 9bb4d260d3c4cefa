"""Route profiles: which fits, how message ids are made one, and what a wrong file says."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.errors import BadRules
from acquit.rules import load
from acquit.rules.routes import RouteProfile, Routes, route_profiles

HEX = '[[route]]\nid = "hex"\nroute = "r"\nsubmit_id = "hex"\nreceipt_id = "decimal"\nsource = "kannel msg-id-type 0x02"\n'


def profiles(folder: Path, text: str) -> Routes:
    path = folder / "routes.toml"
    path.write_text(text)
    return route_profiles([path], {"gsm-map"})


def one(folder: Path, text: str) -> RouteProfile:
    [profile] = profiles(folder, '[[route]]\nid = "r"\nroute = "r"\nsource = "s"\n' + text).profiles
    return profile


# submit response, receipt, the profile's lines: variants that public issues show (classification.md 2.1.1, rows 9, 10)
SAME = [
    ("39f99dd5", "0972660181", 'submit_id = "hex"\nreceipt_id = "decimal"'),  # jasmin #1034
    ("0972660181", "39F99DD5", 'submit_id = "decimal"\nreceipt_id = "hex"'),
    ("0x1A2B3C4D", "439041101", 'submit_id = "hex"\nreceipt_id = "decimal"'),
    ("00012345", "12345", "ignore_leading_zeros = true"),
    ("07EE36CBE3", "7ee36cbe3", "ignore_leading_zeros = true\nignore_case = true"),
    ("543CD34E00AA33", "XMS=543CD34E00AA33", 'id_prefixes = ["XMS="]'),
    ("ns:12345", "12345", 'id_prefixes = ["ns:"]'),
    ("59071138615259880630", "333C6D799286CDCB6", 'submit_id = "decimal"\nreceipt_id = "hex"'),  # over 2^64
]


@pytest.mark.parametrize(("submitted", "reported", "lines"), SAME)
def test_variants_of_an_id_become_one(submitted: str, reported: str, lines: str, tmp_path: Path) -> None:
    profile = one(tmp_path, lines)
    assert profile.id_in_submit(submitted) == profile.id_in_receipt(reported)


@pytest.mark.parametrize(
    ("submitted", "reported", "lines"),
    [
        ("39f99dd5", "0972660182", 'submit_id = "hex"\nreceipt_id = "decimal"'),
        ("ABC", "abc", "ignore_leading_zeros = true"),
        ("0012", "12", "ignore_case = true"),
        ("000", "0", "ignore_case = true"),
    ],
)
def test_other_ids_stay_apart(submitted: str, reported: str, lines: str, tmp_path: Path) -> None:
    profile = one(tmp_path, lines)
    assert profile.id_in_submit(submitted) != profile.id_in_receipt(reported)


@pytest.mark.parametrize("text", ["550e8400-e29b-41d4-a716-446655440000", "", "0000", "zz", "x" * 300, "XMS="])
def test_id_that_is_no_number_stays_as_it_is(text: str, tmp_path: Path) -> None:
    profile = one(tmp_path, 'submit_id = "hex"\nreceipt_id = "decimal"\nid_prefixes = ["XMS="]')
    assert profile.id_in_receipt(text) in {text, "0"}


@given(st.integers(0, 2**128))
def test_number_is_the_same_in_both_bases(number: int) -> None:
    hexadecimal = RouteProfile("p", "r", None, None, "handset", "hex", "decimal", (), False, False, None, None, "s")
    assert hexadecimal.id_in_submit(f"{number:X}") == hexadecimal.id_in_receipt(f"{number:020}")


def test_first_profile_that_fits_decides(tmp_path: Path) -> None:
    routes = profiles(
        tmp_path,
        '[[route]]\nid="a"\nroute="r"\nprovider="smpp"\nsource="s"\n'
        '[[route]]\nid="b"\nsupplier="acme"\nsource="s"\n[[route]]\nid="c"\nprovider="smpp"\nsource="s"\n',
    )
    found = [
        routes.profile("r", "acme", "smpp"), routes.profile("q", "acme", "smpp"), routes.profile(None, None, "smpp"),
        routes.profile("r", None, "twilio"),
    ]  # fmt: skip
    assert [profile.id if profile else None for profile in found] == ["a", "b", "c", None]


def test_own_profiles_come_before_shipped_ones_and_replace_their_ids(tmp_path: Path) -> None:
    shipped, own = tmp_path / "shipped.toml", tmp_path / "own.toml"
    shipped.write_text('[[route]]\nid="x"\nroute="x"\nsource="s"\n[[route]]\nid="y"\nroute="y"\nsource="s"\n')
    own.write_text('[[route]]\nid="z"\nroute="z"\nsource="s"\n[[route]]\nid="x"\nroute="w"\nsource="s"\n')
    found = route_profiles([shipped, own], ()).profiles
    assert [(profile.id, profile.route) for profile in found] == [("z", "z"), ("x", "w"), ("y", "y")]


@pytest.mark.parametrize(
    ("lines", "line", "field", "problem"),
    [
        ('delivered = "home"', 5, "delivered", "is none of"),
        ('submit_id = "octal"', 5, "submit_id", "is none of"),
        ('submit_id = "hex"', 5, "submit_id", "cannot be compared"),
        ('err_dictionary = "none-such"', 5, "err_dictionary", "there is no codes/none-such.csv"),
        ('zone = "Mars/Base"', 5, "zone", "no such time zone"),
        ('ignore_case = "yes"', 5, "ignore_case", "must be true or false"),
        ('id_prefixes = [""]', 5, "id_prefixes", "must be texts"),
        ('colour = "red"', 5, "colour", "is no field"),
    ],
)
def test_wrong_profile_names_file_line_and_field(
    lines: str, line: int, field: str, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(BadRules) as caught:
        one(tmp_path, lines)
    error = caught.value
    assert (error.file, error.line, error.field) == (str(tmp_path / "routes.toml"), line, field)
    assert problem in error.problem


def test_profile_of_every_message_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRules, match="every message"):
        profiles(tmp_path, '[[route]]\nid = "all"\nsource = "s"\n')


def test_profiles_of_a_folder_are_loaded_with_its_rules(tmp_path: Path) -> None:
    (tmp_path / "routes.toml").write_text(HEX)
    assert [profile.id for profile in load(tmp_path).routes.profiles] == ["hex"]


@pytest.mark.parametrize(
    "form",
    ["{message_id}@b.example", "b+{to}@b.example", "b-{message_id}-{to}@b.example", "{to}+{message_id}.x@b.example"],
)
def test_form_of_return_addresses_is_taken(form: str, tmp_path: Path) -> None:
    assert one(tmp_path, f'verp = "{form}"').verp == form


@pytest.mark.parametrize(
    "form",
    ["b@b.example", "{message_id}", "{message_id}{to}@b.example", "{to}-{to}@b.example", "{id}@b.example",
     "{message_id}@{to}", "a b{to}@b.example", "{to@b.example"],
)  # fmt: skip
def test_form_that_no_return_address_has_is_refused(form: str, tmp_path: Path) -> None:
    with pytest.raises(BadRules) as caught:
        one(tmp_path, f'verp = "{form}"')
    assert caught.value.field == "verp"
