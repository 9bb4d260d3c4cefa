"""A worker whose intake takes nothing of one topic while a file is there, as where it is far behind with that topic alone.

`HELD_BACK` names the topic, `HELD_BACK_WHILE` the file.
"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from acquit.__main__ import main
from acquit.worker.intake import Intake

EVERY_SECONDS = 0.1


def hold_back(topic: str, while_there: Path) -> None:
    take = Intake.take

    def is_held_back(tp: Any) -> bool:
        return bool(tp.topic == topic) and while_there.exists()

    async def wait_and_take(intake: Intake, tp: Any, records: Sequence[Any]) -> None:
        while is_held_back(tp):  # noqa: ASYNC110 - another process removes the file
            await asyncio.sleep(EVERY_SECONDS)
        await take(intake, tp, records)

    Intake.take = wait_and_take  # type: ignore[method-assign, assignment]  # the one thing that this launcher is for


if __name__ == "__main__":
    hold_back(os.environ["HELD_BACK"], Path(os.environ["HELD_BACK_WHILE"]))
    main()
