"""While records lie untaken, a fetch waits a moment only."""

from types import SimpleNamespace

from acquit.worker.record_batches import PRESSED_FETCH_MS, _keep_fetches_short

LONGEST_MS = 1_500


def test_a_fetch_beside_untaken_records_waits_a_moment_and_one_of_all_partitions_its_whole_time() -> None:
    waits: list[int] = []
    fetcher: SimpleNamespace
    fetcher = SimpleNamespace(
        _fetch_max_wait_ms=LONGEST_MS,
        _records={},
        _get_actions_per_node=lambda _: waits.append(fetcher._fetch_max_wait_ms),
    )
    _keep_fetches_short(fetcher)
    for records in ({}, {"busy": ["a record"]}, {}):
        fetcher._records = records
        fetcher._get_actions_per_node(None)
    assert waits == [LONGEST_MS, PRESSED_FETCH_MS, LONGEST_MS]
