"""Worlds for the tests of the judge: small, seeded, with one route that lies."""

from functools import lru_cache

import numpy as np

from acquit import columns
from acquit.routes.judge import judge
from acquit.routes.streams import Evidence, Key, Place
from acquit.routes.verdict import Standings, Verdict
from acquit.simulate.world.casting import cast, rows_of, with_volume
from acquit.simulate.world.frauds import Fraud
from acquit.simulate.world.laws import STREAMS, World, draw_world
from acquit.simulate.world.tallies import Drawn, draw_tallies
from acquit.simulate.world.troubles import Trouble

SEED, DAYS = 77, 14


@lru_cache(maxsize=8)
def a_world(*, dead_share: float = 0.02, probes: int = 0) -> World:
    return draw_world(SEED, dead_share=dead_share, probes_per_day=probes, days=DAYS)


@lru_cache(maxsize=32)
def drawn(
    fraud: Fraud | None = None, trouble: Trouble | None = None, *, dead_share: float = 0.02, probes: int = 0
) -> tuple[Drawn, frozenset[int]]:
    """Tallies, and the numbers of the places that lie, or have trouble."""
    world = a_world(dead_share=dead_share, probes=probes)
    if fraud is not None:
        places = cast(world, fraud.scope)
        made = draw_tallies(with_volume(world, places, "median"), fraud=fraud, liars=places)
    else:
        places = cast(world, trouble.where, purpose="trouble") if trouble else ()
        made = draw_tallies(world, trouble=trouble, troubled=places)
    assert bool(places) == bool(fraud or trouble), "what is said of them is said of somebody"
    return made, frozenset(np.flatnonzero(rows_of(world, places)).tolist())


def evidence(made: Drawn, day: int, lengths: tuple[int, ...] = (1, 3, 7)) -> Evidence:
    keys = [
        Key("sms", r.supplier.name, r.supplier.name, r.carrier.mccmnc, r.carrier.country.code, stream.name)
        for r in made.world.routes
        for stream in STREAMS
    ]
    return Evidence(
        keys,
        {
            length: made.counts[:, :, max(0, day - length + 1) : day + 1].sum(axis=2).reshape(-1, columns.WIDTH)
            for length in lengths
        },
    )


def verdicts(made: Drawn, days: range) -> list[Verdict]:
    """Of the last of these days."""
    standing: Standings = {}
    found: list[Verdict] = []
    for day in days:
        judged = judge(evidence(made, day), day, standing)
        standing, found = judged.standing, list(judged.verdicts)
    return found


def place_of(made: Drawn, number: int) -> Place:
    supplier, carrier = made.world.places[number]
    return Place("sms", supplier, supplier, carrier)
