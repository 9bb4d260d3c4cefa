"""A world with what happens in it: who lies, who has trouble, from when to when. By name, as the command line has them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeVar

from acquit.errors import BadSettings
from acquit.simulate.world import frauds, laws, troubles
from acquit.simulate.world.casting import cast, with_volume
from acquit.simulate.world.frauds import Fraud
from acquit.simulate.world.laws import Place, Route, Tier, World
from acquit.simulate.world.troubles import Trouble

Cast = TypeVar("Cast", Fraud, Trouble)


def _named(table: Mapping[str, Cast]) -> dict[str, Cast]:
    """By a name that is easily typed: `s3-uniform-10`, `h1-carrier-outage-3-h`."""
    return {slug(name): one for name, one in table.items()}


def slug(name: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", name.lower()))


ALL_FRAUDS = _named({**frauds.FRAUDS, **frauds.UNLISTED})
ALL_TROUBLES = _named({**troubles.TROUBLES, **troubles.UNLISTED})


@dataclass(frozen=True)
class Staging:
    """A fraud lasts from `from_day` to the end, a trouble its own days. `start` is a Monday, midnight UTC."""

    world: World
    fraud: Fraud | None = None
    liars: tuple[Place, ...] = ()
    from_day: int = laws.WARM_UP_DAYS
    trouble: Trouble | None = None
    troubled: tuple[Place, ...] = ()
    start: datetime = laws.START

    @property
    def trouble_days(self) -> range:
        days = self.trouble.days if self.trouble else 0
        return range(laws.WARM_UP_DAYS, min(self.world.days, laws.WARM_UP_DAYS + days))

    def lies(self, route: Route, day: int) -> bool:
        return self.fraud is not None and day >= self.from_day and route.place in self.liars

    def suffers(self, route: Route, hour: int) -> bool:
        """Whether the trouble is there, in this hour since the start of the world."""
        if self.trouble is None or hour // 24 not in self.trouble_days or route.place not in self.troubled:
            return False
        local = (hour + route.carrier.country.zone_hours) % 24
        return not self.trouble.local_hours or local in self.trouble.local_hours

    def is_there(self, route: Route, day: int) -> bool:
        """A supplier without a history sends nothing in the days before."""
        if self.trouble is None or not self.trouble.has_no_history or day >= laws.WARM_UP_DAYS:
            return True
        return route.supplier.name not in {supplier for supplier, _ in self.troubled}

    @property
    def who(self) -> Literal["supplier", "operator"] | None:
        """Who lies: what all suppliers of a carrier have in common is the carrier."""
        return None if self.fraud is None else "operator" if self.fraud.scope == "carrier" else "supplier"


def staged(
    world: World, *, fraud: str = "", trouble: str = "", from_day: int = laws.WARM_UP_DAYS, tier: Tier | None = None
) -> Staging:
    """The cast of a world, drawn from its seed. `tier` is of the liars: they are found by how much they send."""
    if (fraud or trouble) and all(route.supplier.name == laws.MINUTE_GRAINED for route in world.routes):
        raise BadSettings("world", None, "suppliers", f"{laws.MINUTE_GRAINED} alone neither lies nor suffers")
    lying = chosen(ALL_FRAUDS, fraud, "fraud") if fraud else None
    suffering = chosen(ALL_TROUBLES, trouble, "trouble") if trouble else None
    liars = cast(world, lying.scope) if lying else ()
    troubled = cast(world, suffering.where, purpose="trouble") if suffering else ()
    if tier is not None:
        world = with_volume(world, liars, tier)
    return Staging(world, lying, liars, from_day, suffering, troubled)


def chosen(table: Mapping[str, Cast], name: str, kind: str) -> Cast:
    """The one of this name; its code, or what follows the code, is enough where only one has it."""
    asked = slug(name)
    exact = [key for key in table if asked in {key, key.partition("-")[2]}]
    found = exact or [key for key in table if f"-{asked}-" in f"-{key}-"]
    if len(found) != 1:
        problem = f"{name!r} may be any of {', '.join(found)}" if found else f"{name!r} is none of {', '.join(table)}"
        raise BadSettings("world", None, kind, problem)
    return table[found[0]]


def only(world: World, *, suppliers: Sequence[str] = (), carriers: Sequence[str] = ()) -> World:
    """A smaller world: these suppliers and carriers alone."""
    routes = tuple(
        route
        for route in world.routes
        if (not suppliers or route.supplier.name in suppliers) and (not carriers or route.carrier.mccmnc in carriers)
    )
    if not routes:
        raise BadSettings("world", None, "suppliers", "no route is left")
    return replace(world, routes=routes)
