"""What a worker says of itself is so at the moment when somebody asks, though its loop stands still, or has not begun."""

from acquit.worker.health import Health


def value(health: Health, name: str, **labels: str) -> float | None:
    return health.metrics.registry.get_sample_value(name, labels)


def test_server_that_is_away_at_the_start_is_shown_before_any_loop_turns() -> None:
    health = Health(max_carriers=10, stall_seconds=60)
    assert value(health, "acquit_waiting", server="Redis") == 0
    health.waits.begin("Redis", "ConnectionError")
    assert value(health, "acquit_waiting", server="Redis") == 1
    assert value(health, "acquit_waiting", server="Kafka") == 0
    health.waits.end("Redis")
    assert value(health, "acquit_waiting", server="Redis") == 0


def test_worker_is_ready_as_soon_as_nothing_is_missing_and_not_longer() -> None:
    health = Health(max_carriers=10, stall_seconds=60)
    assert value(health, "acquit_ready") == 0
    health.is_assigned = True
    assert value(health, "acquit_ready") == 1
    health.waits.begin("topics", "one is missing")
    assert value(health, "acquit_ready") == 0


def test_process_shows_its_memory_and_processor_time() -> None:
    health = Health(max_carriers=10, stall_seconds=60)
    assert value(health, "process_resident_memory_bytes")
    assert value(health, "process_cpu_seconds_total")
