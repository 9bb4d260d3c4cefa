"""Former days for a Prometheus that has run for seconds: each series goes back for weeks from what it is now.

Counters rise to their first value, faster by day than by night; shares and counts of gauges sway by the hour; states are as
they are, and alerts were up for a while some days ago.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.servers.prometheus import Prometheus

DAYS, STEP_SECONDS, FINE_SECONDS, FINE_DAYS = 15, 1800, 300, 1.1
_COUNTER = re.compile(r".*_(total|bucket|count|sum)")
_STATE = re.compile(r"acquit_(ready|waiting|route_verdict|suppression_list_ready|redis_evicts|build_info)|.*:limit|up")
_LEFT_OUT = re.compile(r"scrape_.*|ALERTS.*|.*timestamp_seconds|process_start_time_seconds")
Series = tuple[str, float]
"""Name with labels as Prometheus writes them, and a value."""


def add_former_days(to: Prometheus, *, until: float) -> None:
    """Every series that is there now, for the days until then. The server is stopped and started."""
    first = {_written(one["metric"]): float(one["value"][1]) for one in to.now('min_over_time({__name__=~".+"}[10m])')}
    now = [(one["metric"]["__name__"], one["metric"], float(one["value"][1])) for one in to.now('{__name__=~".+"}')]
    to.stop()
    text = to.folder / "former-days.txt"
    with text.open("w") as out:
        for name, metric, value in now:
            if _LEFT_OUT.fullmatch(name) or not math.isfinite(value):
                continue
            out.writelines(_lines(name, metric, first.get(_written({**metric, "__name__": ""}), value), until))
        out.write("# EOF\n")
    to.add(text)
    to.start()


def _lines(name: str, metric: Mapping[str, str], value: float, until: float) -> Iterator[str]:
    written = name + _written({**metric, "__name__": ""})
    for at in _times(until):
        back = (until - at) / 86_400
        if name.startswith("acquit_alert_") and not (0.2 < back < 0.4 or 2 < back < 3):
            continue
        yield f"{written} {_value(name, value, at, back):.10g} {at}\n"


def _times(until: float) -> Sequence[int]:
    last = int(until) // FINE_SECONDS * FINE_SECONDS
    fine = [at for at in range(last - int(FINE_DAYS * 86_400), last, FINE_SECONDS)]
    begin = fine[0] // STEP_SECONDS * STEP_SECONDS
    return [*range(begin - DAYS * 86_400, fine[0], STEP_SECONDS), *fine, last]


def _value(name: str, value: float, at: int, back: float) -> float:
    if _STATE.fullmatch(name):
        return value
    angle = 2 * math.pi * (at % 86_400) / 86_400
    if _COUNTER.fullmatch(name):  # its rate is 1 - cos(angle), never below zero
        return value * max(0.0, (DAYS + 2 - back) / (DAYS + 2) - math.sin(angle) / (2 * math.pi * (DAYS + 2)))
    return value * (0.95 + 0.05 * math.cos(angle))


def _written(labels: Mapping[str, str]) -> str:
    def escaped(text: str) -> str:
        return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

    return "{" + ",".join(f'{key}="{escaped(text)}"' for key, text in sorted(labels.items()) if key != "__name__") + "}"
