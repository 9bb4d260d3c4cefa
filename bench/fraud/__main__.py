"""`make fraud-bench`: every cell in its own file, so that a run goes on where it was stopped; one process per core."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a process is a core; before numpy is imported
os.environ.setdefault("OMP_NUM_THREADS", "1")

import click
import orjson

from bench.fraud import cost, named, report
from bench.fraud.cells import REPORTED, SHORT, TUNED, Cell, all_cells, trial

RESULTS = Path(".fraud-bench")


@click.command()
@click.option("--trials", default=40, show_default=True, help="Worlds for each cell.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Processes at once.")
@click.option("--only", default="", help="Only cells whose name contains this.")
@click.option("--short", is_flag=True, help="Two worlds of a few cells: a minute.")
@click.option("--tuning", is_flag=True, help="The seeds that thresholds are chosen on, in a directory of their own.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True)
@click.option("--write", type=click.Path(path_type=Path), help="Write the tables here, as docs/fraud-bench.md.")
def main(*, trials: int, jobs: int, only: str, short: bool, tuning: bool, results: Path, write: Path | None) -> None:
    """Judge simulated worlds with known liars and honest troubles, and print who was found, and who was wronged."""
    results = results / ("tuning" if tuning else "reported")
    results.mkdir(parents=True, exist_ok=True)
    trials = min(trials, 2) if short else trials
    cells = [cell for cell in (SHORT if short else all_cells()) if only in cell.file or only in cell.name]
    _run(cells, trials, jobs, results, TUNED if tuning else REPORTED)
    extras = {
        "cost": _kept(results / "cost.json", cost.measure),
        "s1": _kept(results / "s1.json", lambda: named.measure(trials)),
    }
    text = report.told({cell: _read(results / f"{cell.file}.json")[:trials] for cell in cells}, extras)
    print(text)
    if write:
        write.write_text(text)


def _run(cells: list[Cell], trials: int, jobs: int, results: Path, seeds: int) -> None:
    """All trials that are missing, a bundle of a cell at a time."""
    begun, done = time.monotonic(), 0
    with ProcessPoolExecutor(jobs) as pool:
        waiting = {
            pool.submit(_trials, cell, missing): cell for cell, missing in _missing(cells, trials, results, seeds)
        }
        for future in as_completed(waiting):
            cell = waiting[future]
            path = results / f"{cell.file}.json"
            known = {one["seed"]: one for one in [*_read(path), *future.result()]}
            part = path.with_suffix(".part")
            part.write_bytes(orjson.dumps([known[seed] for seed in sorted(known)]))
            part.replace(path)
            done += 1
            click.echo(f"{time.monotonic() - begun:6.0f} s  {done}/{len(waiting)}  {cell.file}", err=True)


def _missing(
    cells: list[Cell], trials: int, results: Path, seeds: int, bundle: int = 10
) -> Iterator[tuple[Cell, list[int]]]:
    """All cells' first bundle, then their second: whoever stops it early has as many worlds of each."""
    for first in range(0, trials, bundle):
        for cell in cells:
            known = {one["seed"] for one in _read(results / f"{cell.file}.json")}
            wanted = range(seeds + first, seeds + min(first + bundle, trials))
            if missing := [seed for seed in wanted if seed not in known]:
                yield cell, missing


def _trials(cell: Cell, seeds: list[int]) -> list[dict[str, Any]]:
    return [{"seed": seed, **asdict(trial(cell, seed))} for seed in seeds]


def _read(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    known: list[dict[str, Any]] = orjson.loads(path.read_bytes())
    return known


def _kept(path: Path, measure: Any) -> dict[str, Any]:
    if not path.exists():
        path.write_bytes(orjson.dumps(measure()))
    kept: dict[str, Any] = orjson.loads(path.read_bytes())
    return kept


if __name__ == "__main__":
    main()
