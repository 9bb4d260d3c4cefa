"""The end of a process that must not go on: at once, from any thread, with nothing acknowledged."""

import logging
import os
import sys
from typing import NoReturn

from aiokafka.errors import ProducerFenced

EXIT_UNACKNOWLEDGED = 75
"""EX_TEMPFAIL: what was under way is not acknowledged; start again."""

log = logging.getLogger(__name__)


def end_unacknowledged(error: BaseException) -> NoReturn:
    """End at once. The error's text may hold an address: only its kind and place are said."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else "?"
    if isinstance(error, ProducerFenced):
        log.critical("another worker owns a partition of this one by now")
    log.critical("ended with nothing acknowledged: %s at %s", type(error).__name__, place)
    logging.shutdown()
    sys.stderr.flush()
    os._exit(EXIT_UNACKNOWLEDGED)
