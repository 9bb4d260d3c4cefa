"""Draws two panels as SVG from what a Prometheus answers: `python -m grafana.drawing URL TIME`. No screenshots of Grafana."""

import json
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from grafana import look
from grafana.build import pages

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
PLAIN_COLOURS = {"red": "#e02f44", "orange": "#ff780a", "yellow": "#fade2a", "green": "#56a64b", "blue": "#3274d9",
                 "light-purple": "#b877d9", look.QUIET: look.QUIET}  # fmt: skip
CELL, HIGH, LEFT, TOP = 44, 26, 150, 40


def draw(url: str, at: str) -> Iterator[tuple[str, str]]:
    """Names and texts of the files."""
    panels = {panel["title"]: panel for text in pages().values() for panel in json.loads(text)["panels"]}
    matrix = panels["Delivery by carrier and hour of submission"]
    yield "carriers-by-hour.svg", _matrix(matrix["title"], _answer(url, at, matrix["targets"][0]["expr"]))
    hours = panels["Delivery by hour of submission"]
    days = {target["legendFormat"]: _answer(url, at, target["expr"]) for target in hours["targets"]}
    yield "day-and-week-before.svg", _bars(hours["title"], days)


def _answer(url: str, at: str, expr: str) -> list[dict[str, Any]]:
    for name in ("channel", "carrier"):
        expr = expr.replace(f"${name}", ".*")
    asked = urllib.parse.urlencode({"query": expr, "time": at})
    with urllib.request.urlopen(f"{url}/api/v1/query?{asked}") as answer:  # noqa: S310  # the address is the caller's own
        found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
    return found


def _matrix(title: str, series: Sequence[dict[str, Any]]) -> str:
    cells = {(one["metric"]["carrier"], one["metric"]["hour"]): float(one["value"][1]) for one in series}
    carriers, hours = sorted({carrier for carrier, _ in cells}), sorted({hour for _, hour in cells})
    drawn = [_text(LEFT + CELL * (x + 0.5), TOP - 6, hour, "middle") for x, hour in enumerate(hours)]
    for y, carrier in enumerate(carriers):
        drawn.append(_text(LEFT - 8, TOP + HIGH * (y + 0.7), carrier, "end"))
        for x, hour in enumerate(hours):
            ratio = cells.get((carrier, hour))
            if ratio is not None:
                drawn.append(_box(LEFT + CELL * x, TOP + HIGH * y, CELL - 2, HIGH - 2, _colour(ratio)))
                drawn.append(_text(LEFT + CELL * (x + 0.48), TOP + HIGH * (y + 0.66), f"{ratio:.0%}", "middle"))
    return _page(title, drawn, wide=LEFT + CELL * len(hours) + 10, high=TOP + HIGH * len(carriers) + 10)


def _bars(title: str, days: Mapping[str, Sequence[dict[str, Any]]]) -> str:
    hours = sorted({one["metric"]["hour"] for series in days.values() for one in series})
    high, each = 200, (CELL - 8) / len(days)
    drawn = [_text(54, TOP + high * (1 - part) + 4, f"{part:.0%}", "end") for part in (0, 0.5, 1)]
    drawn += [_box(60, TOP + high * (1 - part), CELL * len(hours), 1, "#dddddd") for part in (0, 0.5, 1)]
    for number, (name, series) in enumerate(days.items()):
        colour = PLAIN_COLOURS[look.DAYS[name]]
        drawn += [
            _box(70 + 130 * number, TOP + high + 34, 12, 12, colour),
            _text(88 + 130 * number, TOP + high + 45, name, "start"),
        ]
        for one in series:
            ratio, place = float(one["value"][1]), hours.index(one["metric"]["hour"])
            x = 64 + CELL * place + each * number
            drawn.append(_box(x, TOP + high * (1 - ratio), each - 1, high * ratio, colour))
    drawn += [_text(60 + CELL * (place + 0.5), TOP + high + 18, hour, "middle") for place, hour in enumerate(hours)]
    return _page(title, drawn, wide=70 + CELL * len(hours), high=TOP + high + 60)


def _colour(ratio: float) -> str:
    passed = [colour for least, colour in look.DELIVERY.items() if ratio >= least]
    return PLAIN_COLOURS[passed[-1] if passed else look.WORSE]


def _box(x: float, y: float, wide: float, high: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="{colour}"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _page(title: str, drawn: Sequence[str], *, wide: int, high: int) -> str:
    inside = "\n".join([f'<rect width="{wide}" height="{high}" fill="white"/>', _text(10, 18, title, "start"), *drawn])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="12">\n'
        f"{inside}\n</svg>\n"
    )


if __name__ == "__main__":
    for name, text in draw(*sys.argv[1:]):
        (PICTURES / name).write_text(text)
