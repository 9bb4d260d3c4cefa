"""A world from a file, a few lines of TOML: how much is sent by whom, for how long, and what happens in it."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from acquit.errors import BadSettings
from acquit.simulate.world import laws
from acquit.simulate.world.laws import SUPPLIERS, Tier, draw_world
from acquit.simulate.world.staging import ALL_FRAUDS, ALL_TROUBLES, Staging, chosen, only, staged

MOST_DAYS = 28
TIERS: tuple[Tier, ...] = get_args(Tier)
_TEXTS = ("tier", "liars", "fraud", "trouble")
_NUMBERS: Mapping[str, tuple[float, float]] = {
    "days": (1, MOST_DAYS), "from_day": (0, MOST_DAYS), "seed": (0, 2**31), "probes_per_day": (0, 10_000),
    "dead_share": (0.0, 0.5),
}  # fmt: skip
_LISTS = ("suppliers", "carriers")
FIELDS = (*_TEXTS, *_NUMBERS, *_LISTS)


def _read(path: Path, said: Mapping[str, Any]) -> Staging:
    """The file's world; what is `said` besides, on the command line, goes before it. Raises BadSettings."""
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise BadSettings(path, int(line[1]) if line else None, None, str(error)) from None
    for field, value in written.items():
        problem = _problem(field, value)
        if problem:
            raise BadSettings(path, _line(text, field), field, problem)
    try:
        return made({**written, **said})
    except BadSettings as error:
        raise BadSettings(path, _line(text, error.field or ""), error.field, error.problem) from None


def world_of(name: str, said: Mapping[str, Any], *, start: datetime | None = None) -> Staging:
    """The world of this name, which is that of a tier, or the world that stands in this file. Raises BadSettings."""
    if start is not None and (start.weekday() or (start.hour, start.minute, start.second) != (0, 0, 0)):
        raise BadSettings("world", None, "start", "a world begins with a Monday, at midnight UTC")
    if name in TIERS:
        staging = made({"tier": name, **said})
    elif Path(name).is_file():
        staging = _read(Path(name), said)
    else:
        raise BadSettings("world", None, None, f"{name!r} is no file, and none of {', '.join(TIERS)}")
    return staging if start is None else replace(staging, start=start)


def made(fields: Mapping[str, Any]) -> Staging:
    """A world of these fields. Raises BadSettings."""
    for field, value in fields.items():
        problem = _problem(field, value)
        if problem:
            raise BadSettings("world", None, field, problem)
    world = draw_world(
        fields.get("seed", 1),
        tier=fields.get("tier", "median"),
        dead_share=float(fields.get("dead_share", 0.02)),
        probes_per_day=fields.get("probes_per_day", 0),
        days=fields.get("days", laws.DAYS),
    )
    world = only(world, suppliers=fields.get("suppliers", ()), carriers=fields.get("carriers", ()))
    from_day = fields.get("from_day", laws.WARM_UP_DAYS)
    if "fraud" in fields and from_day >= world.days:
        raise BadSettings("world", None, "fraud", f"begins with day {from_day}, and the world has {world.days}")
    if "trouble" in fields and world.days <= laws.WARM_UP_DAYS:
        raise BadSettings(
            "world", None, "trouble", f"begins with day {laws.WARM_UP_DAYS}, and the world has {world.days}"
        )
    return staged(
        world, fraud=fields.get("fraud", ""), trouble=fields.get("trouble", ""), from_day=from_day,
        tier=fields.get("liars"),
    )  # fmt: skip


def _problem(field: str, value: object) -> str:
    """What is wrong with it, or nothing."""
    if field not in FIELDS:
        return f"is no field of a world; fields are {', '.join(FIELDS)}"
    if field in _NUMBERS:
        return _problem_of_number(field, value)
    if field in _LISTS:
        known = SUPPLIERS if field == "suppliers" else tuple(sorted({carrier for _, carrier in draw_world(1).places}))
        is_good = isinstance(value, list | tuple) and bool(value) and all(one in known for one in value)
        return "" if is_good else f"must be a list of some of {', '.join(known)}"
    return _problem_of_text(field, value)


def _problem_of_number(field: str, value: object) -> str:
    low, high = _NUMBERS[field]
    is_good = isinstance(value, float if field == "dead_share" else int) and not isinstance(value, bool)
    return "" if is_good and low <= value <= high else f"must be a number from {low} to {high}"  # type: ignore[operator]


def _problem_of_text(field: str, value: object) -> str:
    if not isinstance(value, str):
        return "must be a text"
    if field in {"tier", "liars"}:
        return "" if value in TIERS else f"must be one of {', '.join(TIERS)}"
    try:
        chosen(ALL_FRAUDS, value, field) if field == "fraud" else chosen(ALL_TROUBLES, value, field)
    except BadSettings as error:
        return error.problem
    return ""


def _line(text: str, field: str) -> int | None:
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*{re.escape(field)}\s*=", line):
            return number
    return None
