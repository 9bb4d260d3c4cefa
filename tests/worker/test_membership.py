"""A worker with a name ends when Kafka says, in any of its answers, that its place is gone."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.protocol.commit import OffsetCommitResponse_v2
from aiokafka.protocol.group import HeartbeatResponse_v1, JoinGroupResponse_v5, SyncGroupResponse_v3

from acquit.worker import membership
from acquit.worker.membership import end_when_taken

OF_A_GROUP = [
    pytest.param(lambda code: HeartbeatResponse_v1(0, code), id="heartbeat"),
    pytest.param(lambda code: JoinGroupResponse_v5(0, code, 1, "roundrobin", "a", "a", []), id="join"),
    pytest.param(lambda code: SyncGroupResponse_v3(0, code, b""), id="sync"),
    pytest.param(lambda code: OffsetCommitResponse_v2([("t", [(0, 0), (1, code)])]), id="commit"),
]


class Ended(Exception):
    """Stands for the end of the process."""


async def ask(answer: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    async def send(request: Any) -> Any:
        return answer

    def end(error: BaseException) -> None:
        raise Ended from error

    monkeypatch.setattr(membership, "end_unacknowledged", end)
    coordinator = SimpleNamespace(_send_req=send)
    end_when_taken(coordinator, "worker-1")
    return await coordinator._send_req("request")


@pytest.mark.parametrize("code", [25, 82], ids=["unknown-member", "fenced-instance"])
@pytest.mark.parametrize("answer", OF_A_GROUP)
async def test_worker_whose_place_is_gone_ends(answer: Any, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Ended):
        await ask(answer(code), monkeypatch)


@pytest.mark.parametrize("code", [0, 22, 27], ids=["none", "illegal-generation", "rebalance-in-progress"])
@pytest.mark.parametrize("answer", OF_A_GROUP)
async def test_worker_with_its_place_goes_on(answer: Any, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    given = answer(code)
    assert await ask(given, monkeypatch) is given
