"""`python -m docs.live_view HOST:PORT FILE`: the live view of a worker, as it is now, as a picture (SVG)."""

import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from acquit.worker.screen import screen
from acquit.worker.top import Watcher

_BETWEEN_SECONDS = 5

_FONT = re.compile(r"@font-face \{.*?\}", re.DOTALL)
"""From afar: whoever looks has a monospace of their own."""


def draw(address: str, file: Path) -> None:
    """Two looks, a few seconds apart: rates are of what came between them."""
    watcher = Watcher(address)
    watcher.look()
    time.sleep(_BETWEEN_SECONDS)
    console = Console(record=True, width=100, file=sys.stderr, force_terminal=True)
    console.print(screen(watcher.look(), now=datetime.now(UTC).strftime("%H:%M:%S UTC")))
    file.write_text(_FONT.sub("", console.export_svg(title=f"acquit top {address}")))


if __name__ == "__main__":
    draw(sys.argv[1], Path(sys.argv[2]))
