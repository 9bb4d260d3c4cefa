"""`prices.csv`: read row by row, refused with file, line and field."""

from pathlib import Path

import pytest

from acquit.errors import BadRules
from acquit.rules import load
from acquit.rules.idle import idle
from acquit.rules.prices import Prices

HEADER = "channel,supplier,route,country,carrier,price,currency,source\n"
LIST = """sms,acme,,FR,,0.04,EUR,s
sms,acme,,FR,20801,0.03,EUR,s
sms,acme,cheap,FR,,0.02,EUR,s
sms,acme,cheap,FR,20801,0.01,EUR,s
sms,oak,,FR,,0.05,EUR,s
sms,elm,elm-a,FR,,0.03,EUR,s
sms,elm,elm-b,FR,,0.07,EUR,s
sms,elm,elm-b,FR,20801,0.09,EUR,s
whatsapp,oak,,FR,,9,EUR,s
sms,oak,,US,,0.01,USD,s
"""


def prices(folder: Path, rows: str = LIST) -> Prices:
    (folder / "prices.csv").write_text(HEADER + rows)
    return load(folder).prices


@pytest.mark.parametrize(
    ("route", "carrier", "amount"),
    [("other", "20810", 0.04), ("other", "20801", 0.03), ("cheap", "20810", 0.02), ("cheap", "20801", 0.01)],
)
def test_row_that_says_more_decides(tmp_path: Path, route: str, carrier: str, amount: float) -> None:
    found = prices(tmp_path).of("sms", "acme", route, "FR", carrier)
    assert found is not None
    assert found.amount == amount


def test_supplier_of_several_routes_asks_the_middle_of_them(tmp_path: Path) -> None:
    found = prices(tmp_path).of_others("sms", "acme", "FR", "20810")
    assert found == {"oak": 0.05, "elm": pytest.approx(0.05)}
    assert prices(tmp_path).of_others("sms", "acme", "FR", "20801")["elm"] == pytest.approx(0.06)


def test_channels_and_countries_are_not_compared(tmp_path: Path) -> None:
    assert prices(tmp_path).of("sms", "oak", "oak", "DE", "26201") is None
    assert prices(tmp_path).of_others("whatsapp", "acme", "FR", "20801") == {"oak": 9.0}


def test_without_a_file_there_are_no_prices(tmp_path: Path) -> None:
    assert not load().prices.rows
    assert not load(tmp_path).prices.rows


@pytest.mark.parametrize(
    ("row", "field", "problem"),
    [
        ("fax,acme,,FR,,0.04,EUR,s", "channel", "'fax' is none of"),
        ("sms,,,FR,,0.04,EUR,s", "supplier", "is empty"),
        ("sms,acme,,France,,0.04,EUR,s", "country", "two capital letters"),
        ("sms,acme,,FR,Orange,0.04,EUR,s", "carrier", "MCC and MNC"),
        ("sms,acme,,FR,,-0.04,EUR,s", "price", "a number above zero"),
        ("sms,acme,,FR,,nan,EUR,s", "price", "a number above zero"),
        ('sms,acme,,FR,,"0,04",EUR,s', "price", "with a point"),
        ("sms,acme,,FR,,0,EUR,s", "price", "above zero"),
        ("sms,acme,,FR,,,EUR,s", "price", "is empty"),
        ("sms,acme,,FR,,0.04,euro,s", "currency", "three capital letters"),
        ("sms,acme,,FR,,0.04,EUR,", "source", "is empty"),
        ("sms,oak,,FR,,0.06,EUR,s", "supplier", "stands twice"),
        ("sms,acme,,FR,,0.04,USD,s", "currency", "USD cannot be compared with the EUR of"),
    ],
)
def test_bad_row_is_refused_with_its_place(tmp_path: Path, row: str, field: str, problem: str) -> None:
    with pytest.raises(BadRules, match=problem) as caught:
        prices(tmp_path, f"sms,oak,,FR,,0.05,EUR,s\n{row}\n")
    assert (caught.value.file, caught.value.line, caught.value.field) == (str(tmp_path / "prices.csv"), 3, field)


def test_price_that_is_compared_with_nothing_is_named(tmp_path: Path) -> None:
    rules_of = f"{tmp_path / 'prices.csv'}:2: is compared with nothing: of other suppliers"
    prices(tmp_path, "".join(f"sms,{name},,FR,,0.05,EUR,s\n" for name in ("a", "b", "c")))
    assert any(rules_of in said for said in idle(load(tmp_path), tmp_path, providers=()))
    prices(tmp_path, "".join(f"sms,{name},,FR,,0.05,EUR,s\n" for name in ("a", "b", "c", "d")))
    assert not [said for said in idle(load(tmp_path), tmp_path, providers=()) if "prices.csv" in said]
