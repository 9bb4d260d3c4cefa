"""What judging costs: five thousand routes on carriers, three streams each, one pass on one core."""

import resource
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from acquit import columns
from acquit.routes.judge import judge
from acquit.routes.streams import WINDOWS, Evidence, Key
from acquit.simulate.world.laws import STREAMS, draw_world
from acquit.simulate.world.tallies import draw_tallies

PLACES = 5_000
TARGET_SECONDS, TARGET_MB = 60.0, 1_000.0


def measure() -> dict[str, Any]:
    """Worlds side by side, each with carriers of its own, until there are enough places."""
    keys: list[Key] = []
    windows: dict[int, list[np.ndarray[tuple[int, ...], np.dtype[np.int64]]]] = {length: [] for length in WINDOWS}
    seed = 0
    while len(keys) < PLACES * len(STREAMS):
        drawn = draw_tallies(draw_world(seed))
        keys += _keys(drawn.world.routes, seed)
        for length in WINDOWS:
            counts = drawn.counts[:, :, -length:].sum(axis=2)
            windows[length].append(counts.reshape(-1, columns.WIDTH))
        seed += 1
    rows = PLACES * len(STREAMS)
    evidence = Evidence(keys[:rows], {length: np.concatenate(parts)[:rows] for length, parts in windows.items()})
    del windows, drawn
    begun = time.process_time()
    found = judge(evidence, 27, {})
    seconds = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    return {"places": len(found.verdicts), "rows": rows, "seconds": seconds, "peak_mb": peak}


def _keys(routes: Sequence[Any], seed: int) -> list[Key]:
    return [
        Key(
            "sms", route.supplier.name, route.supplier.name, f"{route.carrier.mccmnc}-{seed}",
            route.carrier.country.code, stream.name,
        )
        for route in routes
        for stream in STREAMS
    ]  # fmt: skip


if __name__ == "__main__":
    print(measure())
