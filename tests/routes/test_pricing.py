"""Prices are a reason to look: they make a clean route suspect, and move nothing that is measured."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from acquit.routes.judge import judge
from acquit.routes.pricing import priced
from acquit.routes.streams import Place
from acquit.routes.verdict import Judged, Standings, Verdict
from acquit.rules.prices import NO_PRICES, Price, Prices
from acquit.simulate.world.frauds import FRAUDS
from acquit.simulate.world.tallies import Drawn
from tests.routes.judged import DAYS, drawn, evidence, place_of

PLACE = Place("sms", "acme", "acme", "20801")


def asked(prices: Mapping[str, float], country: str = "FR") -> Prices:
    return Prices([Price("sms", name, None, country, None, amount, "EUR", "s") for name, amount in prices.items()])


@pytest.mark.parametrize(
    ("amount", "sign"),
    [
        (0.06, "price 40 % under the median of 4 others"),
        (0.07, "price 30 % under the median of 4 others"),
        (0.071, ""),
        (0.149, ""),
        (0.15, "price 50 % over the median of 4 others"),
    ],
)
def test_price_far_from_the_median_of_others_is_a_sign(amount: float, sign: str) -> None:
    found = priced(PLACE, {"FR"}, asked({"acme": amount, "a": 0.09, "b": 0.1, "c": 0.1, "d": 0.5}))
    assert found is not None
    assert (found.paid, found.median, found.others, found.sign) == (amount, 0.1, 4, sign)


@pytest.mark.parametrize(
    "prices",
    [
        {"acme": 0.01, "a": 0.1, "b": 0.1},  # fewer than three others
        {"a": 0.1, "b": 0.1, "c": 0.1},  # its own is not known
    ],
)
def test_nothing_is_said_where_too_little_is_known(prices: Mapping[str, float]) -> None:
    assert priced(PLACE, {"FR"}, asked(prices)) is None
    assert priced(PLACE, {"DE"}, asked({"acme": 0.01, "a": 0.1, "b": 0.1, "c": 0.1})) is None


def places(made: Drawn) -> list[Place]:
    return [place_of(made, number) for number in range(len(made.world.routes))]


def day_after_day(prices: Prices) -> tuple[list[Judged], frozenset[int]]:
    made, liars = drawn(FRAUDS["S2 uniform 30 %"])
    found: list[Judged] = []
    before: Standings = {}
    for day in range(DAYS - 2, DAYS):
        found.append(judge(evidence(made, day), day, before, prices=prices))
        before = found[-1].standing
    return found, liars


def cheap(*suppliers: str) -> Prices:
    """These take a third of what all others do, in every country of the world."""
    world = drawn(FRAUDS["S2 uniform 30 %"])[0].world
    names = {route.supplier.name for route in world.routes}
    countries = {route.carrier.country.code for route in world.routes}
    rows = [asked({name: 0.01 if name in suppliers else 0.03 for name in names}, country).rows for country in countries]
    return Prices([row for some in rows for row in some])


def without_price(verdict: Verdict) -> Verdict:
    """What is measured of a place."""
    return replace(verdict, word="clean", signs=(), sentence="", is_new=False, price=None, is_by_price=False, window_days=0,
                   days=0, parts=(), messages=0, reported_delivery=None, believed_delivery=None)  # fmt: skip


def test_price_makes_clean_routes_suspect_and_moves_nothing_that_is_measured() -> None:
    made, liars = drawn(FRAUDS["S2 uniform 30 %"])
    supplier = min({place.supplier for place in places(made)} - {place_of(made, number).supplier for number in liars})
    bare, _ = day_after_day(NO_PRICES)
    told, _ = day_after_day(cheap(supplier))
    touched = 0
    for without, known in zip(bare, told, strict=True):
        assert without.trust == known.trust
        for one, other in zip(without.verdicts, known.verdicts, strict=True):
            assert without_price(one) == without_price(other)
            if other.place.supplier == supplier:
                touched += 1
                assert (one.word, other.word) in {("clean", "suspect"), ("suspect", "suspect")}
                assert "something is odd, and proves nothing: " in other.sentence
                assert "price 67 % under the median of " in other.sentence
                assert other.signs[-1].startswith("price 67 % under")
            else:
                assert (one.word, one.sentence, one.signs) == (other.word, other.sentence, other.signs)
    assert touched > 2


def test_price_beside_evidence_is_said_and_adds_nothing() -> None:
    made, liars = drawn(FRAUDS["S2 uniform 30 %"])
    [number] = liars
    bare, _ = day_after_day(NO_PRICES)
    told, _ = day_after_day(cheap(place_of(made, number).supplier))
    one, other = bare[-1].verdicts[number], told[-1].verdicts[number]
    assert one.word == other.word == "contradicted"
    assert (one.nats, one.share, one.who, one.parts) == (other.nats, other.share, other.who, other.parts)
    assert other.sentence.startswith(one.sentence)
    assert "Beside this, and no evidence: price 67 % under the median of " in other.sentence


def test_prices_like_others_change_no_word() -> None:
    bare, _ = day_after_day(NO_PRICES)
    told, _ = day_after_day(cheap())
    for one, other in zip(bare[-1].verdicts, told[-1].verdicts, strict=True):
        assert other.price is not None
        assert replace(other, price=None) == one
