"""A worker with an `instance_id` whose place in the group is gone ends by itself, and never takes it back.

aiokafka 0.14 names the worker when it joins and syncs, and at a stop it does not leave the group, so its partitions wait.
But its heartbeats and commits are nameless: Kafka does not answer an older namesake that it is fenced, but that it knows no
such member, upon which aiokafka joins anew, and two workers of one name would push each other out for ever.
"""

import logging
from collections.abc import Iterator
from typing import Any

from acquit.worker.ending import end_unacknowledged

UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID = 25, 82
log = logging.getLogger(__name__)


class PlaceTakenError(Exception):
    """The group has no place any more for this worker under the member id that it was given."""


def end_when_taken(coordinator: Any, instance_id: str) -> None:
    """Look at all that Kafka answers this member of the group (aiokafka's GroupCoordinator), before it is acted upon."""
    send = coordinator._send_req  # noqa: SLF001 - all requests of a member go through it, and nothing else tells

    async def watched(request: Any) -> Any:
        response = await send(request)
        if {UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID}.intersection(_codes(response)):
            log.critical("another worker has taken the instance_id %r, or this one was silent for longer than its session",
                         instance_id)  # fmt: skip
            end_unacknowledged(PlaceTakenError())
        return response

    coordinator._send_req = watched  # noqa: SLF001


def _codes(response: Any) -> Iterator[int]:
    """Joining, syncing and heartbeats have one; a commit has one for each partition."""
    if hasattr(response, "error_code"):
        yield response.error_code
    for _, partitions in getattr(response, "topics", ()):
        yield from (place[-1] for place in partitions)
