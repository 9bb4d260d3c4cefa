"""The whole path on the embedded broker and Valkey, as a newcomer's machine has them: no server to install."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.embedded import running_embedded_kafka, running_embedded_redis
from tests.system.stage import Stage, patiently, scenario, truth


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with running_embedded_kafka() as kafka, running_embedded_redis() as redis:
        stage = Stage(kafka, redis, tmp_path, "quick", extra={"ACQUIT_FENCING": "false"})
        stage.create_topics()
        yield stage
        stage.end()


def test_receipts_become_redis_keys_and_numbers_per_carrier_and_hour(stage: Stage) -> None:
    traffic = scenario(1_000)
    stage.feed(traffic)
    worker = stage.start()
    assert patiently(lambda: stage.entries() == truth(traffic).suppressed, seconds=40)
    stage.check_gauges(truth(traffic))
    assert patiently(worker.is_ready)
    recipient = next(iter(truth(traffic).suppressed))
    assert patiently(lambda: stage.run("suppression", "check", recipient).returncode == 1, seconds=20), "do not send"
    assert stage.run("suppression", "check", "sms:+33600000000").returncode == 0, "send"
    assert worker.stop() == 0
