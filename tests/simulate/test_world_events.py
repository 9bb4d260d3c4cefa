"""A world as single messages: seeded, in the order of arrival, with a truth that the ledger finds; every fraud and trouble."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise, takewhile
from typing import Any

import msgspec
import numpy as np
import pytest

from acquit import events
from acquit.columns import contradiction, probe
from acquit.decode import Context
from acquit.events import Engagement, Receipt, Submit, epoch_ms, from_epoch_ms
from acquit.pipeline import read
from acquit.simulate.world import telling
from acquit.simulate.world.events import HISTORY_MS, HOUR_MS, plan
from acquit.simulate.world.laws import START, World, draw_world
from acquit.simulate.world.sent import Sent
from acquit.simulate.world.staging import ALL_FRAUDS, ALL_TROUBLES, Staging, only, staged
from acquit.simulate.world.truth import Truth
from tests.builders import shipped_rules
from tests.simulate.worlds import CARRIER, counted, small, stage, tallies_of, without_warm_up

__all__ = ["without_warm_up"]
REPORTED, FORGED = 2, 3


def told(staging: Staging) -> list[events.Event]:
    return [events.decode(line) for line in telling.lines(staging)]


def truth_of(staging: Staging) -> Truth:
    truth = Truth(staging)
    for _ in plan(staging, truth):
        pass
    return truth


def messages(staging: Staging) -> Iterator[Sent]:
    for _, sent in plan(staging):
        yield from (message for message in sent if message.supplier is not None)


def receipts(found: Sequence[events.Event]) -> list[Receipt]:
    return [event for event in found if isinstance(event, Receipt)]


def submits(found: Sequence[events.Event]) -> dict[str, Submit]:
    return {event.message_id: event for event in found if isinstance(event, Submit)}


def delivery(message: Sent) -> int | None:
    """When its first receipt says that it was delivered."""
    return next((one.dated_ms for one in message.told if one.failure is None), None)


# One plan


def test_seed_gives_the_same_bytes_again_and_another_seed_others() -> None:
    def digest(seed: int) -> str:
        staging = stage(small(per_hour=40, probes=10), "uniform-10", seed=seed)
        return hashlib.blake2b(b"".join(telling.lines(staging))).hexdigest()

    assert digest(1) == digest(1) != digest(2)


def test_records_come_by_arrival() -> None:
    times = [record.timestamp_ms for record in telling.records(stage(small(per_hour=40)))]
    assert len(times) > 3_000
    assert all(one <= other for one, other in pairwise(times))


def test_messages_of_later_hours_are_not_drawn_before_they_are_due() -> None:
    staging = stage(small(per_hour=40, days=2))
    truth = Truth(staging)
    noon_ms = epoch_ms(START) + 12 * HOUR_MS
    records = telling.records(staging, truth)
    assert sum(1 for _ in takewhile(lambda record: record.timestamp_ms < noon_ms, records)) > 1_000
    drawn = truth.counts[:, :, 0].sum(axis=0)
    assert drawn[:12].all()
    assert not drawn[14:].any()


def test_ledger_finds_the_truth_message_by_message() -> None:
    """Whatever was submitted and reported as delivered stands in its hour and carrier, and nowhere else."""
    staging = stage(small(), "uniform-10")
    truth = Truth(staging)
    found = tallies_of(telling.lines(staging, truth))
    by_hour: Counter[tuple[int, int]] = Counter()
    for tally in found:
        if tally.cell.supplier is not None:
            hour = (tally.cell.hour - epoch_ms(START) // 1000) // 3_600
            by_hour[hour, 0] += tally.submitted
            by_hour[hour, 2] += tally.status.get("delivered_handset", 0)
    assert dict(+by_hour) == {
        (hour, column): int(truth.counts[:, hour, column].sum())
        for hour in range(24)
        for column in (0, 2)
        if truth.counts[:, hour, column].any()
    }


def test_raw_receipts_are_read_as_the_canonical_ones_say() -> None:
    staging = stage(small(per_hour=100))
    said = {(one.message_id, one.status, one.category, one.permanence) for one in receipts(told(staging))}
    rules, raw = shipped_rules(), set()
    for record in telling.records(staging):
        if record.topic == "raw":
            now = from_epoch_ms(record.timestamp_ms)
            [one] = read(record.provider, record.value, Context(), received_at=now, origin=None, rules=rules)
            assert isinstance(one, Receipt)
            assert one.received_at is not None
            assert abs(one.received_at - one.at) < timedelta(minutes=2)
            raw.add((one.message_id, one.status, one.category, one.permanence))
    assert raw == said
    assert {status for _, status, _, _ in said} == {"delivered_handset", "failed", "expired", "rejected"}


def test_numbers_can_be_dialled_and_stand_in_their_carriers_ranges() -> None:
    for message in messages(Staging(draw_world(3, tier="low", days=1, probes_per_day=4))):
        assert message.to[:6] in message.carrier.prefixes
        assert len(message.to) == {"FR": 12, "GB": 13, "BR": 14}[message.carrier.country.code]


def test_who_says_stop_is_written_to_no_more() -> None:
    found = told(stage(small(per_hour=500)))
    stopped = {event.to: event.at for event in found if isinstance(event, Engagement) and event.type == "stop"}
    sent = submits(found).values()
    assert len(stopped) > 30
    assert not [one for one in sent if one.to in stopped and one.at > stopped[one.to]]


# Disorder of honest feeds


def test_receipts_are_lost_repeated_alone_and_contradicted_as_often_as_the_laws_say() -> None:
    found = told(stage(small(per_hour=1_000, dead_share=0.0)))
    sent = submits(found)
    by_message: dict[str | None, list[Receipt]] = defaultdict(list)
    for one in receipts(found):
        by_message[one.message_id].append(one)
    alone = by_message.keys() - sent.keys()
    repeated = sum(len(ones) - len({one.status for one in ones}) for ones in by_message.values())
    both = sum({one.status for one in ones} >= {"delivered_handset", "failed"} for ones in by_message.values())
    lost = sum(key not in by_message for key in sent)
    number = len(sent)
    for count, share in ((len(alone), 1e-4), (repeated, 1e-3), (both, 2e-4 * 0.94), (lost, 3e-3)):
        assert abs(count - number * share) < 5 * np.sqrt(number * share), (count, number * share)


def test_minute_grained_supplier_dates_its_receipts_by_the_minute() -> None:
    grains: dict[str, set[int]] = defaultdict(set)
    for message in messages(stage(small(per_hour=40))):
        assert message.supplier is not None
        grains[message.supplier.name].update(one.dated_ms % 60_000 for one in message.told if one.failure is None)
    assert grains["maple"] == {0}
    assert len(grains["alder"]) > 100


@pytest.mark.usefixtures("without_warm_up")
@pytest.mark.parametrize(("trouble", "seconds"), [("batch-receipts-60-s", 60), ("batch-receipts-5-min", 300)])
def test_batched_receipts_are_dated_and_come_by_the_batch(trouble: str, seconds: int) -> None:
    told = [
        one
        for message in messages(stage(small(per_hour=60), trouble=trouble))
        for one in message.told
        if message.supplier is not None and message.supplier.name == "alder" and one.failure is None
    ]
    assert len(told) > 500
    assert {one.dated_ms % (seconds * 1000) for one in told} == {0}
    assert all(0 < one.arrival_ms - one.dated_ms < 100 for one in told)


@pytest.mark.usefixtures("without_warm_up")
def test_nothing_comes_from_a_stalled_feed_until_it_goes_on() -> None:
    staging = stage(small(per_hour=600), trouble="stalled")
    start_ms = epoch_ms(START) + 10 * HOUR_MS  # 11 o'clock in France
    come = [
        one.arrival_ms - start_ms
        for message in messages(staging)
        for one in message.told[:1]
        if message.supplier is not None and message.supplier.name == "alder"
    ]
    assert not [ms for ms in come if 100 < ms < 1_200_000]
    assert sum(1_200_000 <= ms < 1_200_100 for ms in come) > 100


@pytest.mark.usefixtures("without_warm_up")
def test_clock_of_a_supplier_drifts_and_its_receipts_come_in_time() -> None:
    staging = stage(small(per_hour=15, days=21), trouble="clock-skew")
    off = defaultdict(list)
    for message in messages(staging):
        for one in message.told[:1]:
            if message.supplier is not None and message.supplier.name == "alder":
                off[(message.at_ms - epoch_ms(START)) // HOUR_MS // 24].append((one.dated_ms - one.arrival_ms) / 1000)
    assert np.mean(off[0]) == pytest.approx(-6.7, abs=0.2)
    assert np.mean(off[20]) == pytest.approx(6.6, abs=0.2)


# Liars


@pytest.mark.parametrize("name", ALL_FRAUDS)
def test_liars_alone_lie_and_only_since_the_day_that_the_truth_names(name: str) -> None:
    world = several(days=2)
    staging = staged(world, fraud=name, from_day=1)
    truth = truth_of(staging)
    forged = truth.counts[..., FORGED]
    lying = np.array([place in staging.liars for place in world.places])
    assert not forged[~lying].any()
    assert not forged[:, :24].any()
    assert forged[lying, 24:].sum() > 0 or "ramp" in name
    [*told_of] = truth.shown()["lies"]
    assert {(one["supplier"], one["carrier"]) for one in told_of} == set(staging.liars)
    assert {one["who"] for one in told_of} == {"operator" if name.startswith("s14") else "supplier"}


def several(*, days: int) -> World:
    """Some suppliers on two carriers, so that every scope of a cast is another one."""
    whole = draw_world(2, tier="low", days=days)
    world = only(whole, suppliers=("alder", "birch", "elm", "maple"), carriers=(CARRIER, "23410"))
    return replace(world, routes=tuple(replace(route, per_hour=20.0) for route in world.routes))


def share(staging: Staging, hours: slice = slice(None)) -> float:
    """Of what the liars reported as delivered so much is a lie."""
    counts = truth_of(staging).counts
    lying = np.array([place in staging.liars for place in staging.world.places])
    return float(counts[lying, hours, FORGED].sum() / counts[lying, hours, REPORTED].sum())


def test_night_liar_is_honest_by_day() -> None:
    staging = stage(small(), "night-only")
    assert share(staging, slice(5, 21)) == 0  # 6 to 22 o'clock in France
    assert share(staging, slice(21, 24)) > 0.25


def test_ramp_grows_from_day_to_day() -> None:
    counts = truth_of(stage(small(per_hour=80, days=22), "ramp")).counts[0].reshape(22, 24, -1).sum(axis=1)
    lied = counts[:, FORGED] / counts[:, REPORTED]
    assert lied[:3].mean() < 0.02
    assert lied[9:12].mean() == pytest.approx(0.05, abs=0.015)
    assert lied[19:].mean() == pytest.approx(0.10, abs=0.015)


def test_quota_takes_every_tenth_of_a_class() -> None:
    staging = stage(small(), "quota")
    counts = truth_of(staging).counts[0].sum(axis=0)
    assert abs(counts[FORGED] - counts[0] / 10) <= 3  # three classes


def probed(fraud: str) -> tuple[int, int, int]:
    """Probes to own dead numbers of the liar, those that it calls delivered, and silent handsets."""
    staging = stage(small(per_hour=20, probes=2_000, dead_share=0.0), fraud)
    counts = counted(staging.world, tallies_of(telling.lines(staging)))[0]
    return (
        int(counts[probe("dead")]),
        int(counts[contradiction("dead_delivered")]),
        int(counts[contradiction("live_silent")]),
    )


def test_probes_meet_a_liar_that_does_not_know_them() -> None:
    dead, delivered, silent = probed("uniform-30")
    assert dead == 1_000
    assert delivered == pytest.approx(300, abs=75)
    assert silent == pytest.approx(300 + 0.7 * 0.95 * 0.02 * 1_000, abs=75)


def test_probes_never_meet_a_liar_that_knows_them() -> None:
    dead, delivered, silent = probed("spares-probes")
    assert dead == 1_000
    assert delivered <= 6
    assert silent <= 45


def test_liar_that_looks_dead_numbers_up_tells_their_failures() -> None:
    world = small(per_hour=60, dead_share=0.2)
    for name, low, high in (("resampled-10", 0.07, 0.14), ("dead-aware-resampled-10", 0.0, 0.02)):
        counts = counted(world, tallies_of(telling.lines(stage(world, name))))[0]
        told_delivered = counts[contradiction("known_dead_delivered")] / counts[probe("known_dead")]
        assert low <= told_delivered <= high, name


def test_first_part_of_each_campaign_is_sent_and_lies_are_marketing_alone() -> None:
    counts = truth_of(stage(small(per_hour=500), "late-in-the-batch")).counts[0].sum(axis=0)
    assert counts[FORGED] / counts[0] == pytest.approx(0.20 * 0.80 * 0.35, rel=0.15)


# Trouble


@pytest.mark.usefixtures("without_warm_up")
@pytest.mark.parametrize("name", ALL_TROUBLES)
def test_trouble_is_where_and_when_the_truth_says_and_nobody_lies(name: str) -> None:
    world = several(days=1)
    staging = staged(world, trouble=name, from_day=0)
    truth = truth_of(staging)
    assert not truth.counts[..., FORGED].any()
    spans: list[dict[str, Any]] = truth.shown()["troubles"]
    assert {(one["supplier"], one["carrier"]) for one in spans} == set(staging.troubled)
    hours = ALL_TROUBLES[name].local_hours
    assert all(one["from"][11:13] == "00" or hours for one in spans)


@pytest.mark.usefixtures("without_warm_up")
def test_hand_off_receipts_say_that_the_carrier_took_it_whatever_then_became_of_it() -> None:
    found = {one.told[0].status for one in messages(stage(small(per_hour=100), trouble="hand-off")) if one.told
             and one.supplier is not None and one.supplier.name == "alder"}  # fmt: skip
    assert found == {"delivered_network"}


@pytest.mark.usefixtures("without_warm_up")
def test_outage_shows_as_failures_of_its_hours() -> None:
    counts = truth_of(stage(small(per_hour=400), trouble="outage")).counts[0]
    rate = counts[:, REPORTED] / counts[:, 0]
    assert rate[9:12].max() < 0.25
    assert np.delete(rate, [9, 10, 11]).min() > 0.75


def history(found: Sequence[events.Event], numbers: set[str | None]) -> dict[str | None, set[str]]:
    known: dict[str | None, set[str]] = defaultdict(set)
    for one in receipts(found):
        if one.to in numbers and one.category == "recipient_unknown":
            known[one.to].add(one.provider)
    return known


def test_dead_numbers_have_a_history_of_two_suppliers_before_they_are_written_to() -> None:
    """Without one the ledger could not know them; and it comes before their first message, not long before."""
    staging = stage(small())
    found = told(staging)
    sent = submits(found)
    first = {one.to: one.at for one in reversed(sent.values())}
    before = [one for one in receipts(found) if one.message_id not in sent and one.category == "recipient_unknown"]
    assert len(before) > 50
    assert {len(providers) for providers in history(before, {one.to for one in before}).values()} == {2}
    longest = timedelta(milliseconds=HISTORY_MS[1] + HOUR_MS)
    assert all(timedelta(0) < first[str(one.to)] - one.at < longest for one in before)


def test_world_of_other_start_is_the_same_world_then() -> None:
    later = START + timedelta(days=70)
    world: World = small(per_hour=20)
    here, there = Staging(world), Staging(world, start=later)
    assert [one.to for one in messages(here)] == [one.to for one in messages(there)]
    assert {msgspec.structs.asdict(one)["at_ms"] for one in messages(there)} == {
        one.at_ms + 70 * 24 * HOUR_MS for one in messages(here)
    }
