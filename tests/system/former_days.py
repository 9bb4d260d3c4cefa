"""Former days for a Prometheus that has run for seconds: each series goes back for two weeks from what it is now.

Counters rise to their first value, faster by day than by night; shares and counts of gauges sway by the hour; states are as
they are, and alerts were up for a while some days ago.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from tests.servers.prometheus import Prometheus

DAYS, STEP_SECONDS, FINE_SECONDS, FINE_DAYS = 15, 1800, 300, 1.1
_COUNTER = re.compile(r".*_(total|bucket|count|sum)")
_STATE = re.compile(r"acquit_(ready|waiting|route_verdict|suppression_list_ready|redis_evicts|build_info)|.*:limit|up")
_LEFT_OUT = re.compile(r"scrape_.*|ALERTS.*|.*timestamp_seconds|process_start_time_seconds")


def add_former_days(to: Prometheus, *, until: float) -> None:
    """Every series that is there now, for the days until then. The server is stopped and started."""
    there = to.now('{__name__=~".+"}[10m]')
    to.stop()
    text = to.folder / "former-days.txt"
    with text.open("w") as out:
        for one in there:
            name, values = one["metric"]["__name__"], [float(value) for _, value in one["values"]]
            value = values[0 if _COUNTER.fullmatch(name) else -1]  # counters must not fall where former days end
            if not _LEFT_OUT.fullmatch(name) and math.isfinite(value):
                out.writelines(_lines(name, one["metric"], value, until))
        out.write("# EOF\n")
    to.add(text)
    to.start()


def _lines(name: str, metric: Mapping[str, str], value: float, until: float) -> Iterator[str]:
    written = name + _written(metric)
    for at in _times(until):
        back = (until - at) / 86_400
        if name.startswith("acquit_alert_") and not (0.2 < back < 0.4 or 2 < back < 3):
            continue
        yield f"{written} {_value(name, value, at, back):.10g} {at}\n"


def _times(until: float) -> Sequence[int]:
    last = int(until) // FINE_SECONDS * FINE_SECONDS
    fine = range(last - int(FINE_DAYS * 86_400), last, FINE_SECONDS)
    a_week_ago = range(last - 7 * 86_400 - 7_200, last - 7 * 86_400 + 7_200, FINE_SECONDS)
    begin = fine[0] // STEP_SECONDS * STEP_SECONDS
    coarse = range(begin - DAYS * 86_400, fine[0], STEP_SECONDS)
    return sorted({*coarse, *a_week_ago, *fine, last})


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
