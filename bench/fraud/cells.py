"""The cells of the benchmark: what is tried, at which volume, and one trial of it."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from acquit.simulate.world import frauds, troubles
from acquit.simulate.world.casting import cast, rows_of, with_volume
from acquit.simulate.world.laws import DAYS, MINUTE_GRAINED, WARM_UP_DAYS, Tier, draw_world
from acquit.simulate.world.tallies import draw_tallies
from bench.fraud.trial import Trial, run

REPORTED, TUNED = 7_000_000, 5_000
"""Seeds from here on are reported; those from there on may be looked at while thresholds are chosen."""
JUDGED_DAYS = 14
"""Of a fraud or a trouble: what is not found until then is told as not found."""
ALL_FRAUDS = {**frauds.FRAUDS, **frauds.UNLISTED}
ALL_TROUBLES = {**troubles.TROUBLES, **troubles.UNLISTED}
Kind = Literal["clean", "fraud", "trouble"]


@dataclass(frozen=True)
class Cell:
    kind: Kind
    name: str
    tier: Tier = "median"
    dead_share: float = 0.02
    probes_per_day: int = 0
    from_day: int = WARM_UP_DAYS
    variant: str = ""

    @property
    def file(self) -> str:
        words = [self.kind, self.name, self.tier, self.variant]
        return "-".join("".join(c if c.isalnum() else "_" for c in word) for word in words if word)


def all_cells() -> list[Cell]:
    tiers: tuple[Tier, ...] = ("median", "high", "low")
    found = [Cell("clean", "clean", tier) for tier in tiers]
    found += [Cell("fraud", name, tier) for tier in tiers for name in frauds.FRAUDS]
    found += [Cell("fraud", name) for name in frauds.UNLISTED]
    found += [Cell("trouble", name) for name in ALL_TROUBLES]
    found += [
        Cell("fraud", name, dead_share=0.002, variant="0.2 % to dead numbers")
        for name in ("S3 uniform 10 %", "S6 resampled 10 %", "S6 resampled 30 %", "S12 relabel 80 %")
    ]
    found += [
        Cell("fraud", name, dead_share=0.0, probes_per_day=100, variant="100 own probes a day")
        for name in ("S5 uniform 1 %", "S6 resampled 10 %", "S11 spares probes 10 %", "S12 relabel 80 %")
    ]
    found += [
        Cell("fraud", name, from_day=0, variant="from the first day")
        for name in ("S3 uniform 10 %", "S6 resampled 10 %", "S18 half of the suppliers 10 %")
    ]
    found += [
        Cell("fraud", name, variant="supplier-wide")
        for name in ("S2 uniform 30 %", "S5 uniform 1 %", "S6 resampled 5 %")
    ]
    found += [
        Cell("fraud", name, variant="on the minute-grained supplier")
        for name in ("S3 uniform 10 %", "S6 resampled 10 %")
    ]
    found += [Cell("trouble", name, probes_per_day=100, variant="100 own probes a day")
              for name in ("H15 numbers given anew", "H18 own handsets offline")]  # fmt: skip
    return found


SHORT = (
    Cell("clean", "clean"), Cell("fraud", "S3 uniform 10 %"), Cell("fraud", "S6 resampled 30 %"),
    Cell("fraud", "S12 relabel 80 %"), Cell("fraud", "S4 constant 2 %"), Cell("trouble", "H7 batch receipts 60 s"),
    Cell("trouble", "H15 numbers given anew"),
)  # fmt: skip
"""What a quick look takes, and the tests: floors that one world shows."""


def trial(cell: Cell, seed: int, *, until_day: int = DAYS) -> Trial:
    """One world of this cell. The same seed gives the same trial."""
    world = draw_world(seed, tier=cell.tier, dead_share=cell.dead_share, probes_per_day=cell.probes_per_day)
    nobody = np.zeros(len(world.routes), np.bool_)
    if cell.kind == "clean":
        return run(draw_tallies(world), nobody, nobody, until_day=until_day)
    if cell.kind == "trouble":
        trouble = ALL_TROUBLES[cell.name]
        places = cast(world, trouble.where, purpose="trouble")
        drawn = draw_tallies(world, trouble=trouble, troubled=places)
        return run(drawn, nobody, rows_of(world, places), until_day=min(until_day, WARM_UP_DAYS + JUDGED_DAYS))
    fraud = ALL_FRAUDS[cell.name]
    if cell.variant == "supplier-wide":
        fraud = replace(fraud, scope="supplier")
    places = cast(world, fraud.scope)
    if cell.variant == "on the minute-grained supplier":
        places = tuple(route.place for route in world.routes if route.supplier.name == MINUTE_GRAINED)[:1]
    world = with_volume(world, places, cell.tier)
    drawn = draw_tallies(world, fraud=fraud, liars=places, from_day=cell.from_day)
    until_day = min(until_day, cell.from_day + JUDGED_DAYS)
    return run(drawn, rows_of(world, places), nobody, from_day=cell.from_day, until_day=until_day)
