"""`python -m docs.live_view HOST:PORT FILE`: the live view of a worker, as it is now, as a picture (SVG)."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from acquit.worker.screen import screen
from acquit.worker.top import Watcher


def draw(address: str, file: Path) -> None:
    """Two looks, a few seconds apart: rates are of what came between them."""
    watcher = Watcher(address)
    watcher.look()
    with Console(record=True, width=100, file=sys.stderr) as console:
        console.input("Enter to look again ")
        console.print(screen(watcher.look(), now=datetime.now(UTC).strftime("%H:%M:%S UTC")))
        console.save_svg(str(file), title=f"acquit top {address}")


if __name__ == "__main__":
    draw(sys.argv[1], Path(sys.argv[2]))
