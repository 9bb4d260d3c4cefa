"""Exact through one fault after the other: three workers and more, killed, stopped, paused and added, and the broker away."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.system import compared
from tests.system.chaos import Chaos
from tests.system.stage import Stage, patiently, scenario, truth

SHORT, FULL = 20_000, 500_000
LOAD_SECONDS = {SHORT: 40, FULL: 360}
GAP_SECONDS = {SHORT: (0.5, 4.0), FULL: (2.0, 12.0)}  # where they follow too closely, nothing but rebalances goes on
PATIENCE_SECONDS = {SHORT: 60.0, FULL: 240.0}
RECORDS_A_MESSAGE = 2.75
SEEDS = [int(seed) for seed in os.environ.get("CHAOS_SEEDS", "1").split(",")]
"""A failing run names its seed; CHAOS_SEEDS=7,8 runs these."""
COUNTS = [
    pytest.param(SHORT, id="short"),
    pytest.param(FULL, id="full", marks=[pytest.mark.soak, pytest.mark.timeout(1_500)]),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("messages", COUNTS)
def test_any_faults_at_any_moments_change_nothing(stage: Stage, messages: int, seed: int) -> None:
    traffic = replace(scenario(messages, seed=seed), duplicated_share=0.03, retried_late_share=0.3)
    wanted = truth(traffic)
    stage.create_topics()
    chaos = Chaos(stage, seed, gap_seconds=GAP_SECONDS[messages])
    with ThreadPoolExecutor(max_workers=1) as pool:
        rate = RECORDS_A_MESSAGE * messages / LOAD_SECONDS[messages]
        fed = pool.submit(stage.feed, traffic, per_second=rate)
        chaos.begin()
        chaos.last_until(fed)
    totals = {place: number for place, number in wanted.totals.items() if number}
    patiently(
        lambda: stage.entries() == wanted.suppressed and stage.totals() == totals,
        seconds=PATIENCE_SECONDS[messages],
        pause=1.0,
    )
    caught_up = chaos.seconds()
    log = compared.check(stage, traffic, wanted)
    stage.check_gauges(wanted)
    assert chaos.all_are_ready()
    assert patiently(lambda: stage.redis_value("sup:meta:ready") is not None)
    print(  # noqa: T201 - the figures, shown with -s
        f"seed {seed}: {chaos.faults} faults, {log.summary['events']} events, {log.summary['read_again']} of them again, "
        f"{len(stage.dead_letters())} dead letters; all was done after {caught_up:.0f} s, compared after "
        f"{chaos.seconds():.0f} s"
    )
