"""How high the evidence against honest routes runs, part by part: the data that the factors of `weighing.FACTORS` rest on.

Clean worlds of the tuning seeds, which no reported trial uses. `python -m bench.fraud.calibrate` writes calibration.json.
"""

from pathlib import Path
from typing import Any

import click
import numpy as np
import orjson

from acquit.routes.streams import WINDOWS, grouped
from acquit.routes.templates import templates
from acquit.routes.weighing import FACTORS, PARTS, over_windows, weighed
from acquit.simulate.world.laws import DAYS, WARM_UP_DAYS, draw_world
from acquit.simulate.world.tallies import draw_tallies
from bench.fraud.cells import TUNED
from bench.fraud.trial import evidence_of

FILE = Path(__file__).with_name("calibration.json")
QUANTILE, MOST_NATS = 0.999, 6.9
FIRST_SEED = TUNED + 500


@click.command()
@click.option("--worlds", default=10, show_default=True)
@click.option("--every", default=3, show_default=True, help="Days between those looked at: windows overlap.")
def main(*, worlds: int, every: int) -> None:
    """Measure each part on honest routes, and write the factors that its 99.9 % quantile asks for."""
    found: dict[str, list[float]] = {name: [] for name in (*PARTS, "all windows")}
    laws = list(templates())
    for seed in range(FIRST_SEED, FIRST_SEED + worlds):
        drawn = draw_tallies(draw_world(seed, probes_per_day=100 * (seed % 2)))
        for day in range(WARM_UP_DAYS, DAYS, every):
            evidence = evidence_of(drawn, day)
            grouping = grouped(evidence.keys)
            trust = np.ones(len(grouping.places))
            each = [weighed(counts, grouping, trust, laws) for counts in evidence.windows.values()]
            for name in PARTS:
                found[name] += [float(nats) / FACTORS[name] for one in each for nats in one.parts[name]]
            found["all windows"] += over_windows([one.nats for one in each]).tolist()
    said = _said(found, worlds, every)
    FILE.write_bytes(orjson.dumps(said, option=orjson.OPT_INDENT_2) + b"\n")
    click.echo(FILE.read_text())


def _said(found: dict[str, list[float]], worlds: int, every: int) -> dict[str, Any]:
    return {
        "made_by": f"python -m bench.fraud.calibrate --worlds {worlds} --every {every}",
        "seeds": [FIRST_SEED, FIRST_SEED + worlds - 1],
        "windows_days": list(WINDOWS),
        "route_days": len(found["all windows"]),
        "parts": {name: _measured(np.array(nats)) for name, nats in found.items()},
    }


def _measured(nats: np.ndarray[tuple[int], np.dtype[np.float64]]) -> dict[str, float]:
    """`mean_bayes_factor` is at most one where a part is what it says. `factor` is what the quantile asks for."""
    high = float(np.quantile(nats, QUANTILE))
    return {
        "mean_bayes_factor": round(float(np.exp(np.minimum(nats, 50)).mean()), 4),
        "quantile_999": round(high, 3),
        "highest": round(float(nats.max()), 3),
        "factor": round(min(1.0, MOST_NATS / high), 3) if high > 0 else 1.0,
    }


if __name__ == "__main__":
    main()
