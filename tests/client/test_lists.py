"""A client that would make a sender wait is refused before it is asked anything."""

from typing import Any

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from acquit.client import AsyncSuppressionList, SuppressionList, patience


@pytest.mark.parametrize(
    "options",
    [
        {},
        {**patience(), "socket_timeout": 1},
        {**patience(), "socket_timeout": None},
        {**patience(), "socket_connect_timeout": 1},
        {**patience(), "retry": Retry(NoBackoff(), 2)},
    ],
)
def test_client_that_could_wait_for_long_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"give it acquit.client.patience\(\)"):
        SuppressionList(Redis(**options))


def test_client_with_patience_is_taken() -> None:
    SuppressionList(Redis(**patience(0.5)), timeout_seconds=0.5)


@pytest.mark.parametrize("kind", [SuppressionList, AsyncSuppressionList])
def test_open_streams_are_names_and_not_letters(kind: Any) -> None:
    with pytest.raises(ValueError, match="open_streams must be a collection of names"):
        kind.from_url("redis://127.0.0.1:1", open_streams="otp")
