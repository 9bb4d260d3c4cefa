"""Who in a world lies, and who has trouble: a scope made into places, by the world's seed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from acquit.simulate.world.laws import MINUTE_GRAINED, TIER_PER_HOUR, Place, Route, Tier, World, generator

Scope = Literal["route", "supplier", "carrier", "half", "world"]


def cast(world: World, scope: Scope, *, purpose: str = "liar") -> tuple[Place, ...]:
    """The places of a scope: one route, one supplier, one carrier, half of the suppliers, or all.

    Never the supplier whose done dates have minutes: what its receipts can show is a case of its own.
    """
    rng = generator(world.seed, purpose)
    able = [route for route in world.routes if route.supplier.name != MINUTE_GRAINED]
    one = able[int(rng.integers(len(able)))]
    suppliers = sorted({route.supplier.name for route in able})
    liars = set(rng.choice(suppliers, len(suppliers) // 2 + 1, replace=False).tolist())
    return tuple(route.place for route in world.routes if _is_in(route, one, scope, liars))


def with_volume(world: World, places: Sequence[Place], tier: Tier) -> World:
    """The same world, these routes with exactly the tier's median of messages: so much does it take to find them."""
    median, _ = TIER_PER_HOUR[tier]
    routes = tuple(replace(r, per_hour=median) if r.place in places else r for r in world.routes)
    return replace(world, routes=routes)


def rows_of(world: World, places: Sequence[Place]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which of the world's routes these are."""
    return np.array([place in places for place in world.places])


def _is_in(route: Route, one: Route, scope: Scope, liars: set[str]) -> bool:
    match scope:
        case "route":
            return route.place == one.place
        case "supplier":
            return route.supplier.name == one.supplier.name
        case "carrier":
            return route.carrier.mccmnc == one.carrier.mccmnc
        case "half":
            return route.supplier.name in liars
        case "world":
            return True
