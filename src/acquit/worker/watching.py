"""`acquit top`: the live view of any worker."""

import time
from datetime import UTC, datetime

from rich.console import Console
from rich.live import Live

from acquit.worker.screen import screen
from acquit.worker.top import Watcher

REFRESH_SECONDS = 1.0


def watch(address: str, *, once: bool) -> None:
    """Until Ctrl-C; or, where there is no terminal or it is asked for, one look."""
    console, watcher = Console(), Watcher(address)
    if once or not console.is_terminal:
        console.print(screen(watcher.look(), height=console.height))
        return
    try:
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                now = f"{datetime.now(UTC):%H:%M:%S} UTC   Ctrl-C ends"
                live.update(screen(watcher.look(), height=console.height, now=now), refresh=True)
                time.sleep(REFRESH_SECONDS)
    except KeyboardInterrupt:
        return
