"""What becomes of the messages of a route in an hour: which are forged, fail or arrive, when, and what is said of it.

All is drawn at once for the messages of an hour, as arrays; `events.py` makes single messages of it.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from acquit.simulate.world import laws
from acquit.simulate.world.delays import Proportional, Resampled, drawn
from acquit.simulate.world.frauds import Fraud
from acquit.simulate.world.laws import CORE_MEDIAN_SECONDS, FAILURES, STREAMS, Route, decay, honest_latency
from acquit.simulate.world.sent import Failure
from acquit.simulate.world.staging import Staging

Floats = NDArray[np.float64]
Indexes = NDArray[np.int64]
Flags = NDArray[np.bool_]
HOUR_SECONDS = 3_600.0
KINDS = cast("tuple[Failure, ...]", tuple(FAILURES))
UNKNOWN = KINDS.index(("failed", "recipient_unknown", "permanent"))
SYSTEM, UNREACHABLE = (KINDS.index(kind) for kind in (laws.OUTAGE_FAILURE, laws.FORGED_FAILURE))
EXPIRED = KINDS.index(("expired", "expired", "transient"))
_KIND_WEIGHTS = np.array(list(FAILURES.values()))
_BUT_UNKNOWN = np.where(np.arange(len(KINDS)) == UNKNOWN, 0.0, _KIND_WEIGHTS)
PROBE_NONE, PROBE_DEAD, PROBE_LIVE = range(3)


@dataclass
class Batch:
    """Messages of one route that were submitted in one hour. `at` is in seconds since the start of the world."""

    route: Route
    hour: int
    at: Floats
    stream: Indexes
    sender: Indexes
    size: Indexes  # of the campaign; 0 without one
    campaign: Indexes
    position: Floats  # in the campaign
    answers: Floats  # factor of the campaign's content
    number: Indexes  # of the recipient, as the carrier counts them
    prefix: Indexes
    is_dead: Flags  # known to be so
    is_pumped: Flags
    probe: Indexes
    conversion: Floats  # of each stream today

    def __len__(self) -> int:
        return len(self.at)


@dataclass
class Fates:
    """What becomes of them. `done` and `arrival` are of the final receipt, where there is one, `read` of the answer."""

    is_forged: Flags  # never sent
    is_relabelled: Flags
    is_delivered: Flags  # truly
    is_silent: Flags
    said: Indexes  # kind of failure, or -1 where it is said to be delivered
    true_kind: Indexes  # of failure, or -1
    dated: Floats
    arrival: Floats
    fails_later: Flags
    converts: Flags
    stops: Flags
    denies: Flags
    arrived: Floats  # true latency, or what the forger says
    is_hand_off: bool
    duplicates: float


def fates(staging: Staging, batch: Batch, quota: Flags, rng: np.random.Generator) -> Fates:
    """`quota`: the messages whose turn it is, of a fraud that counts."""
    trouble = staging.trouble if staging.suffers(batch.route, batch.hour) else None
    size, route, fraud = len(batch), batch.route, staging.fraud
    is_forged = forged(staging, batch, quota, rng)
    is_silent = (rng.random(size) < (1.0 if trouble and trouble.is_silent else laws.SILENT)) & ~is_forged
    true_kind = _failures(staging, batch, rng)
    true_kind[is_forged] = -1
    fails = true_kind >= 0
    is_relabelled = np.zeros(size, np.bool_)
    if fraud is not None and fraud.relabelled and staging.lies(route, batch.hour // 24):
        able = fails & ~is_silent & ~((batch.probe > 0) & fraud.spares_probes)
        is_relabelled = able & (rng.random(size) < fraud.relabelled)
    is_hand_off = trouble is not None and trouble.is_hand_off
    said = np.where(is_relabelled | is_hand_off, -1, true_kind)
    if fraud is not None and fraud.success < 1.0:
        said[is_forged & (rng.random(size) >= fraud.success)] = UNREACHABLE
    is_delivered = ~fails & ~is_forged
    latency, after = _latencies(staging, batch, is_forged, is_hand_off=is_hand_off, rng=rng)
    after[(said == EXPIRED) & ~is_forged] = laws.VALIDITY_SECONDS
    dated, arrival = _clocked(staging, batch, batch.at + after, rng)
    lucky = rng.random(size)
    return Fates(
        is_forged, is_relabelled, is_delivered, is_silent, said, true_kind, dated, arrival,
        fails_later=is_delivered & ~is_silent & (rng.random(size) < laws.FAILED_AFTER_DELIVERY),
        converts=_answers(staging, batch, is_delivered, is_forged & (said < 0), latency, rng),
        stops=is_delivered & ~batch.is_pumped & (batch.probe == 0) & (rng.random(size) < laws.STOP_SHARE),
        denies=(lucky < np.where(is_delivered, laws.NOT_RECEIVED["delivered"], laws.NOT_RECEIVED["undelivered"]))
        & (batch.probe == 0),
        arrived=latency,
        is_hand_off=is_hand_off,
        duplicates=max(laws.DUPLICATES, trouble.duplicates if trouble else 0.0),
    )  # fmt: skip


def forged(staging: Staging, batch: Batch, quota: Flags, rng: np.random.Generator) -> Flags:
    """Which messages are never sent: a part of those that meet all of the fraud's conditions."""
    fraud, size = staging.fraud, len(batch)
    day = batch.hour // 24
    if fraud is None or not fraud.share or not staging.lies(batch.route, day):
        return np.zeros(size, np.bool_)
    share = fraud.share * (min(1.0, (day - staging.from_day + 1) / fraud.ramp_days) if fraud.ramp_days else 1.0)
    chosen = quota.copy() if fraud.every else rng.random(size) < share
    return chosen & _meets(fraud, batch) & ~batch.is_pumped


def _meets(fraud: Fraud, batch: Batch) -> Flags:
    """Which messages are such as the fraud is after."""
    chosen = np.ones(len(batch), np.bool_)
    if fraud.streams:
        chosen &= np.isin(batch.stream, [n for n, stream in enumerate(STREAMS) if stream.name in fraud.streams])
    if fraud.least_batch:
        chosen &= batch.size >= fraud.least_batch
    if fraud.local_hours:
        local = (batch.hour + batch.route.carrier.country.zone_hours) % 24
        chosen &= local in fraud.local_hours
    if fraud.real_first:
        chosen &= batch.at % HOUR_SECONDS >= fraud.real_first * HOUR_SECONDS
    if fraud.senders:
        chosen &= np.isin(batch.sender, [n for n, name in enumerate(laws.SENDERS) if name in fraud.senders])
    if fraud.prefixes:
        chosen &= batch.prefix < fraud.prefixes
    if fraud.campaign_head:
        chosen &= batch.position >= fraud.campaign_head
    if fraud.is_dead_aware:
        chosen &= ~batch.is_dead & (batch.probe != PROBE_DEAD)
    if fraud.spares_probes:
        chosen &= batch.probe == PROBE_NONE
    return chosen


def _failures(staging: Staging, batch: Batch, rng: np.random.Generator) -> Indexes:
    """Of each message, sent as it should be, the kind of its failure, or -1."""
    size, route = len(batch), batch.route
    trouble = staging.trouble if staging.suffers(route, batch.hour) else None
    rate = np.full(size, route.failures if not trouble or trouble.failure_rate is None else trouble.failure_rate)
    rate[batch.is_pumped] = _PUMPED_FAILURES
    rate[batch.probe == PROBE_LIVE] = laws.HONEST_FAILURES
    misrouted = trouble.misrouted if trouble else 0.0
    more = trouble.fails if trouble else 0.0
    kinds = rng.choice(len(KINDS), size, p=_KIND_WEIGHTS / _KIND_WEIGHTS.sum())
    own = rng.choice(len(KINDS), size, p=_BUT_UNKNOWN / _BUT_UNKNOWN.sum())
    kinds = np.where(batch.probe == PROBE_LIVE, own, kinds)
    luck = rng.random(size)
    found = np.where(luck < rate + misrouted + more, SYSTEM, -1)
    found = np.where(luck < rate + misrouted, UNKNOWN, found)
    found = np.where(luck < rate, kinds, found)
    error = min(0.5, route.label_error * (trouble.label_error if trouble else 1.0))
    alive = rng.random(size) < np.where(batch.probe == PROBE_DEAD, laws.PROBE_ERROR["dead"], error)
    return np.where(batch.is_dead | (batch.probe == PROBE_DEAD), np.where(alive, -1, UNKNOWN), found)


_PUMPED_FAILURES = 0.01


def _latencies(
    staging: Staging, batch: Batch, is_forged: Flags, *, is_hand_off: bool, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """How long each takes, and how long after its submit the receipt is sent."""
    size, route = len(batch), batch.route
    trouble = staging.trouble if staging.suffers(route, batch.hour) else None
    latency = honest_latency(route, size, rng) * (trouble.latency if trouble else 1.0)
    transport = rng.uniform(*laws.TRANSPORT_SECONDS, size)
    told = rng.uniform(0.2, 1.0, size) if is_hand_off else latency
    after = told + route.supplier.hop_seconds + transport
    if is_forged.any():
        fraud = staging.fraud
        assert fraud is not None
        delay = drawn(fraud.delay, honest_latency(route, size, rng), route.mode_seconds, rng)
        hop = route.supplier.hop_seconds if isinstance(fraud.delay, Resampled | Proportional) else 0.0  # copied with it
        latency, after = np.where(is_forged, delay, latency), np.where(is_forged, delay + hop + transport, after)
    return latency, after


def _clocked(staging: Staging, batch: Batch, done: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """What the receipts say of when they were sent, and when they come: the feed's and the clock's of the supplier."""
    route, trouble = batch.route, staging.trouble
    grain = route.supplier.grain_seconds
    if trouble is not None and trouble.stall_seconds:  # of a feed: whatever receipt is in it
        hours = (done // HOUR_SECONDS).astype(np.int64)
        stalled = np.isin(hours, [hour for hour in np.unique(hours) if staging.suffers(route, int(hour))])
        done = np.where(stalled, np.maximum(done, hours * HOUR_SECONDS + trouble.stall_seconds), done)
    dated = done
    if trouble is not None and staging.suffers(route, batch.hour):
        if trouble.batch_seconds:
            done = np.ceil(done / trouble.batch_seconds) * trouble.batch_seconds
        days = batch.at / HOUR_SECONDS / 24 - laws.WARM_UP_DAYS
        dated = done + trouble.skew_seconds + trouble.skew_drift_seconds * days / trouble.days
        grain = max(grain, trouble.grain_seconds)
    return np.floor(dated / grain) * grain, done + rng.uniform(0.005, 0.06, len(done))


def _answers(
    staging: Staging, batch: Batch, is_delivered: Flags, is_forged: Flags, latency: Floats, rng: np.random.Generator
) -> Flags:
    """Who converts; of our own handsets, who sees the message. What a forger pretends is among it."""
    trouble, fraud = staging.trouble if staging.suffers(batch.route, batch.hour) else None, staging.fraud
    chance = batch.conversion[batch.stream] * batch.answers
    for row, stream in enumerate(STREAMS):
        chance *= np.where(batch.stream == row, decay(stream, batch.route, latency), 1.0)
    if trouble is not None and trouble.conversion != 1.0:
        senders = [n for n, name in enumerate(laws.SENDERS) if not trouble.senders or name in trouble.senders]
        chance *= np.where(np.isin(batch.sender, senders), trouble.conversion, 1.0)
    if trouble is not None and trouble.slope:
        chance *= (np.clip(latency, 0.5, 3_600.0) / CORE_MEDIAN_SECONDS) ** trouble.slope
    offline = trouble.offline if trouble and trouble.offline else laws.PROBE_ERROR["live"]
    chance[batch.probe == PROBE_LIVE] = 1.0 - offline
    chance[batch.is_pumped | (batch.probe == PROBE_DEAD)] = 0.0
    luck = rng.random(len(batch))
    pretended = fraud.faked_conversion if fraud else 0.0
    answers: Flags = (is_delivered & (luck < chance)) | (is_forged & (batch.probe == 0) & (luck < pretended))
    return answers
