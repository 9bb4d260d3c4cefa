"""A worker whose ledger stands still while a file is there, each transaction sent and not ended; its loop and heartbeats go on.

`STUCK_WHILE` names the file; `<file>.stuck` is made when it stands still. With `STUCK_IS_DEAF` it does not hear that its
batch is abandoned, as a thread would not.
"""

import asyncio
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from acquit.__main__ import main
from acquit.worker import journal
from acquit.worker.sending import Outgoing, send_all

EVERY_SECONDS = 0.1


def stick(while_there: Path, *, is_deaf: bool) -> None:
    def is_stuck(records: Sequence[Outgoing]) -> bool:
        if not while_there.exists() or not any("journal.ledger" in record.topic for record in records):
            return False
        Path(f"{while_there}.stuck").touch()
        return True

    async def send_and_stick(producer: Any, outgoing: Iterable[Outgoing]) -> None:
        records = list(outgoing)
        await send_all(producer, records)
        while is_stuck(records):
            try:
                await asyncio.sleep(EVERY_SECONDS)
            except asyncio.CancelledError:
                if not is_deaf:
                    raise

    journal.send_all = send_and_stick  # type: ignore[attr-defined]  # not exported; the one thing that this launcher is for


if __name__ == "__main__":
    stick(Path(os.environ["STUCK_WHILE"]), is_deaf="STUCK_IS_DEAF" in os.environ)
    main()
