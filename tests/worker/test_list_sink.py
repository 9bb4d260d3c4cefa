"""The sink's word on whether senders may trust the list."""

from typing import Any

from redis.exceptions import ConnectionError as NotThereError

from acquit.capped import Capped
from acquit.worker.list_sink import ListSink
from acquit.worker.metrics import Metrics
from acquit.worker.waiting import Waits


class _Away:
    """A Redis that is not there."""

    async def server(self) -> Any:
        raise NotThereError

    async def let_go(self) -> None:
        """Nothing is held."""


async def test_list_that_was_ready_is_shown_as_not_ready_when_redis_is_away() -> None:
    metrics, waits = Metrics(Capped(10)), Waits()
    nothing: Any = None
    sink = ListSink(nothing, nothing, partitions=1, ends_are_known=True, metrics=metrics, waits=waits)
    sink._there = _Away()  # type: ignore[assignment]
    metrics.list_ready.set(1)
    await sink.renew({})
    assert metrics.registry.get_sample_value("acquit_suppression_list_ready") == 0
    assert "Redis" in waits.reasons
