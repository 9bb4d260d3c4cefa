"""Where a worker's time goes: `python -m bench.worker_profile`. Slower than without, and calls weigh more than they cost."""

import asyncio
import pstats
from pathlib import Path

from bench import shapes
from bench.stage import Stage, running_stage
from bench.throughput import RAW, WITHIN_SECONDS, folded
from bench.worker_process import running_worker

MESSAGES = 70_000
TOP = 15


def main() -> None:
    with running_stage() as stage:
        for shape in shapes.SHAPES:
            load = asyncio.run(shapes.prepare(stage.bootstrap, shape, f"raw-{shape.name}", MESSAGES))
            for agents in ("intake", "intake,ledger,sink,routes"):
                print(f"\n{shape.name}, {load.records:,} records, agents {agents}")
                _print_top(_profiled(stage, load, agents))


def _profiled(stage: Stage, load: shapes.Load, agents: str) -> Path:
    """Until all is read; a worker that is idle costs next to nothing in own time."""
    with stage.fresh("profiled") as name:
        file = stage.folder / f"{name}.profile"
        settings = stage.settings(name, load.topics) | {"agents": agents}
        with running_worker(settings, stage.folder, command=("-m", "bench.profiled_worker", str(file))) as worker:
            worker.until_ready()
            worker.until(lambda now: now.total(RAW) >= load.records, within_seconds=WITHIN_SECONDS)
            if "ledger" in agents:
                worker.until(lambda now: folded(now) >= load.records, within_seconds=WITHIN_SECONDS)
        return file


def _print_top(file: Path) -> None:
    stats = pstats.Stats(str(file))
    stats.strip_dirs().sort_stats("tottime").print_stats(TOP)


if __name__ == "__main__":
    main()
