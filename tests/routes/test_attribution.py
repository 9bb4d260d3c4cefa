"""Who: the supplier, the operator behind all suppliers of a carrier, or nobody can say. Over worlds of several seeds."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from acquit.routes.judge import judge
from acquit.routes.verdict import Beside, Verdict, Who
from acquit.routes.wording import of_who
from acquit.simulate.world.casting import cast, rows_of
from acquit.simulate.world.frauds import FRAUDS, Fraud
from acquit.simulate.world.laws import Route, World, draw_world
from acquit.simulate.world.tallies import draw_tallies
from tests.routes.judged import DAYS, evidence

CARRIERS = 4
SEEDS = (1, 2, 3)


def small(seed: int) -> World:
    """Four carriers, with all their suppliers."""
    world = draw_world(seed, days=DAYS)
    names = sorted({route.carrier.mccmnc for route in world.routes})[:CARRIERS]
    return replace(world, routes=tuple(route for route in world.routes if route.carrier.mccmnc in names))


def told(world: World, fraud: Fraud, is_here: Callable[[Route], bool] = lambda _: True) -> tuple[Verdict, ...]:
    """What is said of the liars, when only these routes are there."""
    liars = cast(world, fraud.scope)
    world = replace(world, routes=tuple(route for route in world.routes if is_here(route)))
    drawn = draw_tallies(world, fraud=fraud, liars=liars)
    found = judge(evidence(drawn, DAYS - 1), DAYS - 1, {}).verdicts
    return tuple(found[number] for number in np.flatnonzero(rows_of(world, liars)).tolist())


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["S2 uniform 30 %", "S6 resampled 30 %", "S12 relabel 80 %"])
def test_what_all_suppliers_of_a_carrier_show_is_the_operator(name: str, seed: int) -> None:
    found = told(small(seed), replace(FRAUDS[name], scope="carrier"))
    assert len(found) > 2
    for verdict in found:
        assert (verdict.word, verdict.who) == ("contradicted", "operator")
        assert verdict.beside is not None
        assert verdict.beside.suppliers_showing == verdict.beside.suppliers == len(found) - 1
        assert "Most other suppliers on this carrier show it, too: it is rather the operator" in verdict.sentence


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["S3 uniform 10 %", "S6 resampled 30 %", "S12 relabel 80 %"])
def test_what_one_supplier_shows_on_all_its_carriers_is_the_supplier(name: str, seed: int) -> None:
    found = told(small(seed), replace(FRAUDS[name], scope="supplier"))
    assert len(found) > 1
    for verdict in found:
        assert (verdict.word, verdict.who) == ("contradicted", "supplier")
        assert verdict.beside is not None
        assert verdict.beside.suppliers_showing == 0
        assert verdict.beside.carriers_showing == verdict.beside.carriers == len(found) - 1
        assert "No other supplier on this carrier shows it: it is the supplier" in verdict.sentence


@pytest.mark.parametrize("seed", SEEDS)
def test_filter_of_an_operator_is_never_laid_on_a_supplier(seed: int) -> None:
    found = told(small(seed), FRAUDS["S14 operator filter 25 %"])
    assert all(verdict.word != "clean" for verdict in found)
    assert {verdict.who for verdict in found} <= {"operator", None}


@pytest.mark.parametrize("others", [0, 1])
def test_with_at_most_one_other_supplier_nobody_is_named(others: int) -> None:
    world = small(1)
    [(supplier, carrier)] = cast(world, "route")
    beside = sorted({r.supplier.name for r in world.routes if r.carrier.mccmnc == carrier} - {supplier})[:others]
    [verdict] = told(
        world,
        FRAUDS["S2 uniform 30 %"],
        lambda route: route.carrier.mccmnc != carrier or route.supplier.name in {supplier, *beside},
    )
    assert (verdict.word, verdict.who) == ("contradicted", None)
    assert verdict.beside is not None
    assert verdict.beside.suppliers == others
    assert verdict.sentence.endswith("nobody can tell the supplier from the operator.")


@pytest.mark.parametrize(
    ("who", "beside", "said"),
    [
        (None, Beside(0, 0, 3, 0), "no other supplier on this carrier nobody can tell"),
        (None, Beside(1, 1, 3, 0), "one other supplier on this carrier nobody can tell"),
        (
            "operator",
            Beside(5, 3, 3, 0),
            "Most other suppliers on this carrier show it, too: it is rather the operator",
        ),
        ("operator", Beside(5, 2, 3, 0), "together, and alike: it is rather the operator"),
        ("supplier", Beside(5, 0, 3, 3), "No other supplier on this carrier shows it: it is the supplier"),
        (
            "supplier",
            Beside(5, 2, 3, 3),
            "Most other suppliers on this carrier do not show it: it is rather the supplier",
        ),
        ("supplier", Beside(5, 3, 3, 3), "but this supplier shows it on other carriers as well: supplier or operator"),
        ("supplier", Beside(7, 4, 3, 0), "show it, too: supplier or operator, that is not certain"),
    ],
)
def test_no_more_is_said_than_others_show(who: Who | None, beside: Beside, said: str) -> None:
    assert said in of_who(who, beside)
