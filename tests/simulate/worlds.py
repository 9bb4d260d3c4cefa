"""Small worlds for tests, and the real ledger's tallies of their events."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from acquit.columns import WIDTH
from acquit.effects import Tally
from acquit.offline import records_of
from acquit.partition import Partition
from acquit.routes.streams import vector
from acquit.simulate.world import laws
from acquit.simulate.world.laws import World, draw_world
from acquit.simulate.world.staging import ALL_FRAUDS, ALL_TROUBLES, Staging, chosen, only
from tests.builders import shipped_rules

CARRIER = "20820"
Counts = NDArray[np.int64]


def small(*, per_hour: float = 250.0, days: int = 1, probes: int = 0, dead_share: float = 0.05) -> World:
    """Two routes of one carrier. The second supplier's done dates have minutes."""
    world = only(
        draw_world(5, tier="low", days=days, probes_per_day=probes, dead_share=dead_share),
        suppliers=("alder", "maple"),
        carriers=(CARRIER,),
    )
    assert len(world.routes) == 2
    return replace(world, routes=tuple(replace(route, per_hour=per_hour) for route in world.routes))


def stage(world: World, fraud: str = "", trouble: str = "", *, seed: int = 1) -> Staging:
    """The first route lies, or suffers, from the first day on; trouble needs `without_warm_up`."""
    first = world.places[:1]
    return Staging(
        replace(world, seed=seed),
        chosen(ALL_FRAUDS, fraud, "fraud") if fraud else None,
        first if fraud else (),
        0,
        chosen(ALL_TROUBLES, trouble, "trouble") if trouble else None,
        first if trouble else (),
    )


@pytest.fixture
def without_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trouble begins at once: a week less to fold."""
    monkeypatch.setattr(laws, "WARM_UP_DAYS", 0)


def tallies_of(lines: Iterable[bytes]) -> list[Tally]:
    """The last running total of each cell."""
    state = Partition(0, rules=shipped_rules(), zone="UTC", window_hours=100, tally_seconds=3_600, is_journaled=False)
    last: dict[bytes, Tally] = {}
    for record in records_of(lines):
        last.update((effect.key, effect) for effect in state.fold([record]) if isinstance(effect, Tally))
    return list((last | {tally.key: tally for tally in state.flush()}).values())


def counted(world: World, tallies: Iterable[Tally]) -> Counts:
    """By route of the world and column."""
    rows = {place: row for row, place in enumerate(world.places)}
    counts = np.zeros((len(rows), WIDTH), np.int64)
    for tally in tallies:
        place = (tally.cell.supplier, tally.cell.carrier)
        if place in rows:  # what others sent has no supplier
            counts[rows[place]] += vector(tally)
    return counts
