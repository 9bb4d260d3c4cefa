"""The fast generator: what the ledger's tallies of a world would add up to, drawn as counts, without single messages.

A world's messages are drawn by route, stream and day, and split into parts that share a law: honest ones, forged ones, those
in an hour of trouble. Within a part the latency, the strata and the hour of a message are independent, so that their counts are
multinomials; the columns are those of `acquit.columns`, with the ledger's meaning.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from acquit import columns
from acquit.columns import LATENCY_BINS, PLACE, STRATUM_KINDS
from acquit.simulate.world import laws
from acquit.simulate.world.casting import rows_of
from acquit.simulate.world.clocks import Law, forged_law, handed_off_law, honest_law
from acquit.simulate.world.delays import Resampled
from acquit.simulate.world.frauds import Fraud
from acquit.simulate.world.laws import STREAMS, Place, Route, World
from acquit.simulate.world.troubles import Trouble

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
CONTENT_SPREAD = 0.3
"""Campaigns are answered more and less: SD of the log of the answers, from one hour, sender and size to another."""
_KINDS = ("octile", "batch", "sender", "prefix", "shape", "hour")


@dataclass(frozen=True)
class Drawn:
    """`counts`: by route of the world, stream, day and column. `forged`: of the receipts of delivery, those that are lies."""

    world: World
    counts: Counts
    forged: Counts


@dataclass
class _Part:
    """Messages that share a law, by cell: a cell is a route, stream and day, and stands in a flat array of all cells."""

    cells: NDArray[np.int64]
    live: Counts
    dead: Counts
    made: Sequence[Law]
    law: NDArray[np.int64]  # of each cell
    weights: dict[str, Floats]  # by kind of stratum, and by hour: cell, place
    conversion: Floats
    failures: Floats
    label_error: Floats
    silent: float = laws.SILENT
    misrouted: float = 0.0
    fails_more: float = 0.0
    relabelled: float = 0.0
    is_handset: bool = True
    probe: str | None = None


def draw_tallies(
    world: World, *, fraud: Fraud | None = None, liars: Sequence[Place] = (), from_day: int = laws.WARM_UP_DAYS,
    trouble: Trouble | None = None, troubled: Sequence[Place] = (),
) -> Drawn:  # fmt: skip
    """All of a world's tallies, with the truth. The same arguments give the same counts, always."""
    return _Generator(world, fraud, liars, from_day, trouble, troubled).drawn()


class _Generator:
    def __init__(
        self, world: World, fraud: Fraud | None, liars: Sequence[Place], from_day: int,
        trouble: Trouble | None, troubled: Sequence[Place],
    ) -> None:  # fmt: skip
        self.world, self.fraud, self.trouble, self.from_day = world, fraud, trouble, from_day
        self.rng = laws.generator(world.seed, "tallies")
        self.shape = (len(world.routes), len(STREAMS), world.days)
        size = int(np.prod(self.shape))
        self.counts = np.zeros((size, columns.WIDTH), np.int64)
        self.forged = np.zeros(size, np.int64)
        self.row, self.stream, self.day = np.unravel_index(np.arange(size), self.shape)
        self.lies = (
            rows_of(world, liars)[self.row] & (self.day >= from_day) if fraud is not None else np.zeros(size, np.bool_)
        )
        if fraud is not None and fraud.streams:
            self.lies &= np.isin(self.stream, [n for n, s in enumerate(STREAMS) if s.name in fraud.streams])
        self.in_trouble = np.zeros(size, np.bool_)
        if trouble is not None:
            until = laws.WARM_UP_DAYS + trouble.days
            self.in_trouble = rows_of(world, troubled)[self.row] & (self.day >= laws.WARM_UP_DAYS) & (self.day < until)

    def drawn(self) -> Drawn:
        messages = self._messages()
        self._conversion, self._forged_weights = self._conversions(), dict[str, Floats]()
        self._weights = self._all_weights()
        self._laws = [honest_law(route, None, self.rng) for route in self.world.routes]
        dead = self.rng.binomial(messages, self.world.dead_share)
        live = messages - dead
        forged_live, forged_dead = self._choose_forged(live, dead)
        self._honest(live - forged_live, dead - forged_dead)
        if self.fraud is not None:
            self._forge(forged_live, forged_dead)
        if self.world.probes_per_day:
            self._probe()
        shape = (*self.shape, columns.WIDTH)
        return Drawn(self.world, self.counts.reshape(shape), self.forged.reshape(self.shape))

    def _messages(self) -> Counts:
        per_hour = np.array([route.per_hour for route in self.world.routes])[self.row]
        weight = np.array([stream.weight for stream in STREAMS])[self.stream]
        week = np.where(self.day % 7 >= 5, laws.WEEKEND, 1.0) * 7 / (5 + 2 * laws.WEEKEND)
        messages: Counts = self.rng.poisson(per_hour * 24 * weight * week)
        if self.trouble is not None and self.trouble.has_no_history:
            suppliers = {self.world.routes[row].supplier.name for row in np.unique(self.row[self.in_trouble])}
            new = np.array([route.supplier.name in suppliers for route in self.world.routes])
            messages[new[self.row] & (self.day < laws.WARM_UP_DAYS)] = 0
        return messages

    def _conversions(self) -> Floats:
        rows = np.array([[route.conversion[stream.name] for stream in STREAMS] for route in self.world.routes])
        wobble = np.array([stream.day_wobble for stream in STREAMS])[self.stream]
        drawn = rows[self.row, self.stream] * (1 + wobble * self.rng.standard_normal(len(self.row)))
        return np.asarray(np.clip(drawn, 0.0005, 0.98))

    def _all_weights(self) -> dict[str, Floats]:
        """What is true of messages where nothing else is said."""
        routes = self.world.routes
        batch = np.array([_batch_weights(stream.is_batched) for stream in STREAMS])
        hours = np.array(
            [[np.roll(stream.hours, -route.carrier.country.zone_hours) for stream in STREAMS] for route in routes]
        )
        hours /= hours.sum(axis=2, keepdims=True)
        return {
            "octile": np.full((len(self.row), columns.OCTILES), 1 / columns.OCTILES),
            "batch": batch[self.stream],
            "sender": np.tile(_sender_weights(laws.SENDERS), (len(self.row), 1)),
            "prefix": np.array([_prefix_weights(route) for route in routes])[self.row],
            "shape": np.array([_shape_weights(route.supplier.look) for route in routes])[self.row],
            "hour": hours[self.row, self.stream],
        }

    def _choose_forged(self, live: Counts, dead: Counts) -> tuple[Counts, Counts]:
        fraud, zero = self.fraud, np.zeros_like(live)
        if fraud is None or not fraud.share:
            return zero, zero
        share = np.full(len(live), fraud.share)
        if fraud.ramp_days:
            share *= np.clip((self.day - self.from_day + 1) / fraud.ramp_days, 0, 1)
        self._chosen = self._conditions(fraud)
        for kind, chosen in self._chosen.items():
            share *= (self._weights[kind] * chosen).sum(axis=1)
        if fraud.campaign_head:
            share *= 1 - fraud.campaign_head
        share = np.where(self.lies, share, 0.0)
        forged = live // fraud.every * self.lies if fraud.every else self.rng.binomial(live, share)
        forged_dead = zero if fraud.is_dead_aware else self.rng.binomial(dead, share)
        for kind, chosen in self._chosen.items():  # what is left to the honest messages of the same cells
            left = self._weights[kind] * (1 - np.where(chosen > 0, fraud.share * chosen, 0.0))
            left /= np.maximum(left.sum(axis=1, keepdims=True), 1e-12)
            self._forged_weights[kind] = self._weights[kind] * chosen
            self._weights[kind] = np.where(self.lies[:, None], left, self._weights[kind])
        return forged, forged_dead

    def _conditions(self, fraud: Fraud) -> dict[str, Floats]:
        """By kind: which places a forged message can stand in."""
        chosen: dict[str, Floats] = {}
        if fraud.least_batch:
            least = np.array([0, *columns.BATCH_SIZES]) >= fraud.least_batch
            chosen["batch"] = np.tile(least.astype(float), (len(self.row), 1))
        if fraud.local_hours:
            chosen["hour"] = self._local_hours(fraud.local_hours)
        if fraud.real_first:
            late = np.arange(columns.OCTILES) >= fraud.real_first * columns.OCTILES
            chosen["octile"] = np.tile(late.astype(float), (len(self.row), 1))
        if fraud.senders:
            all_senders = _sender_weights(laws.SENDERS)
            part = _sender_weights(fraud.senders) * _weight_of(fraud.senders)
            chosen["sender"] = np.tile(_ratio(part, all_senders), (len(self.row), 1))
        if fraud.prefixes:
            rows = np.array(
                [
                    _ratio(_prefix_weights(r, fraud.prefixes) * fraud.prefixes / len(r.carrier.prefixes), whole)
                    for r, whole in ((route, _prefix_weights(route)) for route in self.world.routes)
                ]
            )
            chosen["prefix"] = rows[self.row]
        return chosen

    def _local_hours(self, hours: Sequence[int]) -> Floats:
        local = np.isin(np.arange(24), hours).astype(float)
        rows = np.array([np.roll(local, -route.carrier.country.zone_hours) for route in self.world.routes])
        return np.asarray(rows[self.row])

    def _honest(self, live: Counts, dead: Counts) -> None:
        """Trouble divides the honest messages into those that it touches, and the others."""
        calm = np.flatnonzero(~self.in_trouble)
        self._draw(self._part(calm, live[calm], dead[calm]))
        touched = np.flatnonzero(self.in_trouble)
        if self.trouble is None or not len(touched):
            return
        live, dead = live[touched], dead[touched]
        if self.trouble.local_hours:
            chosen = self._local_hours(self.trouble.local_hours)[touched]
            hour = self._weights["hour"][touched]
            share = np.clip((hour * chosen).sum(axis=1), 0, 1)
            hit_live, hit_dead = self.rng.binomial(live, share), self.rng.binomial(dead, share)
            rest = self._part(touched, live - hit_live, dead - hit_dead)
            rest.weights["hour"] = _normal(hour * (1 - chosen))
            self._draw(rest)
            self._suffer(touched, hit_live, hit_dead, _normal(hour * chosen))
        else:
            self._suffer(touched, live, dead, None)

    def _part(self, cells: NDArray[np.int64], live: Counts, dead: Counts) -> _Part:
        routes = self.world.routes
        return _Part(
            cells, live, dead, self._laws, self.row[cells],
            {kind: self._weights[kind][cells] for kind in _KINDS},
            self._conversion[cells],
            np.array([route.failures for route in routes])[self.row[cells]],
            np.array([route.label_error for route in routes])[self.row[cells]],
            relabelled=0.0,
        )  # fmt: skip

    def _suffer(self, cells: NDArray[np.int64], live: Counts, dead: Counts, hour: Floats | None) -> None:
        trouble = self.trouble
        assert trouble is not None
        part = self._part(cells, live, dead)
        if hour is not None:
            part.weights["hour"] = hour
        part.made, part.law = self._troubled_laws(trouble, cells)
        part.label_error = np.minimum(0.5, part.label_error * trouble.label_error)
        part.fails_more, part.misrouted = trouble.fails, trouble.misrouted
        part.is_handset = not trouble.is_hand_off
        if trouble.failure_rate is not None:
            part.failures = np.full(len(cells), trouble.failure_rate)
        if trouble.is_silent:
            part.silent = 1.0
        if not trouble.senders:
            part.conversion = part.conversion * trouble.conversion
            self._draw(part)
        else:
            self._draw_by_sender(part, trouble)
        if trouble.pumped:
            self._pump(part, trouble)

    def _draw_by_sender(self, part: _Part, trouble: Trouble) -> None:
        """One sender's messages are answered otherwise."""
        share = _weight_of(trouble.senders)
        live, dead = self.rng.binomial(part.live, share), self.rng.binomial(part.dead, share)
        others = tuple(sender for sender in laws.SENDERS if sender not in trouble.senders)
        for senders, so_many, so_dead, factor in (
            (trouble.senders, live, dead, trouble.conversion),
            (others, part.live - live, part.dead - dead, 1.0),
        ):
            weights = part.weights | {"sender": np.tile(_sender_weights(senders), (len(part.cells), 1))}
            self._draw(replace(part, live=so_many, dead=so_dead, weights=weights, conversion=part.conversion * factor))

    def _pump(self, part: _Part, trouble: Trouble) -> None:
        weights = dict(part.weights)
        if trouble.pumped_prefixes:
            rows = np.array([_prefix_weights(route, trouble.pumped_prefixes) for route in self.world.routes])
            weights["prefix"] = rows[self.row[part.cells]]
        live = self.rng.poisson(trouble.pumped * part.live)
        none = np.zeros(len(part.cells))
        self._draw(
            replace(part, live=live, dead=np.zeros_like(live), weights=weights, conversion=none, failures=none + 0.01)
        )

    def _troubled_laws(self, trouble: Trouble, cells: NDArray[np.int64]) -> tuple[list[Law], NDArray[np.int64]]:
        """A law for each route, or where a clock drifts for each route and day."""
        routes, rows = self.world.routes, self.row[cells]
        if trouble.is_hand_off:
            made = {int(row): handed_off_law(routes[row], self.rng) for row in np.unique(rows)}
            keys = rows
        elif trouble.skew_drift_seconds:
            days = self.day[cells] - laws.WARM_UP_DAYS
            keys = rows * self.world.days + days
            made = {
                int(key): honest_law(
                    routes[key // self.world.days], trouble, self.rng,
                    into_it=(key % self.world.days) / trouble.days,
                )
                for key in np.unique(keys)
            }  # fmt: skip
        else:
            made = {int(row): honest_law(routes[row], trouble, self.rng) for row in np.unique(rows)}
            keys = rows
        number = {key: place for place, key in enumerate(made)}
        return list(made.values()), np.array([number[int(key)] for key in keys])

    def _forge(self, live: Counts, dead: Counts) -> None:
        """Book the receipts of what was never sent."""
        fraud, cells = self.fraud, np.flatnonzero(self.lies)
        assert fraud is not None
        if not len(cells) or not fraud.share:
            return
        rows = np.unique(self.row[cells])
        made = [forged_law(self.world.routes[row], fraud.delay, None, self.rng) for row in rows]
        weights = {kind: self._weights[kind][cells] for kind in _KINDS}
        weights |= {kind: _normal(made_of[cells]) for kind, made_of in self._forged_weights.items()}
        if fraud.look is not None:
            weights["shape"] = np.tile(_shape_weights(fraud.look), (len(cells), 1))
        law = np.searchsorted(rows, self.row[cells])
        live, dead = live[cells], dead[cells]
        told, told_dead = self.rng.binomial(live, fraud.success), self.rng.binomial(dead, fraud.success)
        out = self.counts[cells]
        out[:, PLACE["submitted"]] += (live + dead)[:, None]
        out[:, PLACE["failed"]] += (live + dead - told - told_dead)[:, None]
        out[:, columns.probe("known_dead")] += dead
        out[:, columns.contradiction("known_dead_delivered")] += told_dead
        self._by_hour(out, "dead_hour", dead, weights["hour"])
        self._by_hour(out, "dead_delivered_hour", told_dead, weights["hour"])
        conversion = np.full(len(cells), fraud.faked_conversion)
        self._deliver(
            out, told + told_dead, made, law, weights, conversion, is_handset=True, is_left=False, cells=cells
        )
        denied = self.rng.binomial(live + dead, laws.NOT_RECEIVED["undelivered"])
        out[:, PLACE["not_received"]] += denied[:, None]
        out[:, columns.contradiction("denied")] += denied
        self.counts[cells] = out
        self.forged[cells] += told + told_dead

    def _draw(self, part: _Part) -> None:
        """Book messages that were really sent."""
        rng, cells = self.rng, part.cells
        out = self.counts[cells]
        messages = part.live + part.dead
        out[:, PLACE["submitted"]] += messages[:, None]
        silent_live, silent_dead = rng.binomial(part.live, part.silent), rng.binomial(part.dead, part.silent)
        live, dead = part.live - silent_live, part.dead - silent_dead
        unknown_share = laws.FAILURES["failed", "recipient_unknown", "permanent"]
        share = np.clip(part.failures + part.misrouted + part.fails_more, 0, 1)
        failed = rng.binomial(live, share)
        unknown = rng.binomial(failed, (part.failures * unknown_share + part.misrouted) / np.maximum(share, 1e-12))
        alive = rng.binomial(dead, part.label_error)
        failed_dead = dead - alive
        taken, taken_dead = self._relabel(part, failed, failed_dead) if part.is_handset else (failed, failed_dead)
        delivered = live - failed + alive
        out[:, PLACE["failed"]] += (failed - taken + failed_dead - taken_dead)[:, None]
        out[:, PLACE["unknown_recipient"]] += (
            rng.binomial(unknown, 1 - _share(taken, failed)) + failed_dead - taken_dead
        )[:, None]
        dead_column = columns.probe("known_dead" if part.probe is None else part.probe)
        out[:, dead_column] += part.dead
        hour = part.weights["hour"]
        dead_told = alive + taken_dead if part.is_handset else np.zeros_like(alive)
        if part.probe is None:
            out[:, columns.contradiction("known_dead_delivered")] += dead_told
            self._by_hour(out, "dead_hour", part.dead, hour)
            self._by_hour(out, "dead_delivered_hour", dead_told, hour)
        else:
            out[:, columns.contradiction("dead_delivered")] += dead_told
        waiting = silent_live + silent_dead
        out[:, PLACE["waiting"]] += waiting[:, None]
        denied = rng.binomial(delivered, laws.NOT_RECEIVED["delivered"])
        lost = rng.binomial(taken + taken_dead, laws.NOT_RECEIVED["undelivered"])
        missed = rng.binomial(failed - taken + failed_dead - taken_dead, laws.NOT_RECEIVED["undelivered"])
        out[:, PLACE["not_received"]] += (denied + lost + missed)[:, None]
        out[:, columns.contradiction("denied")] += denied + lost
        out[:, columns.contradiction("failed_after_delivery")] += rng.poisson(delivered * laws.FAILED_AFTER_DELIVERY)
        weights = part.weights
        self._deliver(
            out, delivered, part.made, part.law, weights, part.conversion, is_handset=part.is_handset, is_left=True,
            cells=cells,
        )  # fmt: skip
        lied = taken + taken_dead
        if lied.any():
            none = np.zeros(len(cells))
            self._deliver(
                out, lied, part.made, part.law, weights, none, is_handset=part.is_handset, is_left=True, cells=cells
            )
            if part.is_handset:
                self.forged[cells] += lied
        self.counts[cells] = out

    def _relabel(self, part: _Part, failed: Counts, failed_dead: Counts) -> tuple[Counts, Counts]:
        """Of the failures those that are told as deliveries."""
        if self.fraud is None or not self.fraud.relabelled:
            return np.zeros_like(failed), np.zeros_like(failed_dead)
        share = np.where(self.lies[part.cells], self.fraud.relabelled, 0.0)
        return self.rng.binomial(failed, share), self.rng.binomial(failed_dead, share)

    def _deliver(
        self, out: Counts, delivered: Counts, made: Sequence[Law], law: NDArray[np.int64], weights: dict[str, Floats],
        conversion: Floats, *, is_handset: bool, is_left: bool, cells: NDArray[np.int64],
    ) -> None:  # fmt: skip
        """Book receipts of delivery: their latency, strata, hour and second, and which of them were answered."""
        rng = self.rng
        out[:, PLACE["handset" if is_handset else "network"]] += delivered[:, None]
        bins = np.array([one.bins for one in made])
        in_bin = rng.multinomial(delivered, bins[law])
        left = np.array([one.left for one in made])[law, self.stream[cells]] if is_left else 1.0
        chance = np.minimum(conversion[:, None] * left, 0.99)
        if is_left:
            chance = np.where(conversion[:, None] > 0, 1 - (1 - chance) * (1 - laws.STOP_SHARE), 0.0)
        converted_in = rng.binomial(in_bin, np.broadcast_to(chance, in_bin.shape))
        out[:, PLACE["delivered_in"]] += in_bin[:, :LATENCY_BINS]
        out[:, PLACE["converted_in"]] += converted_in[:, :LATENCY_BINS]
        converted = converted_in.sum(axis=1)
        self._strata(out, delivered, converted, weights, cells)
        out[:, PLACE["delivered_at"]] += rng.multinomial(delivered, np.array([one.seconds for one in made])[law])
        before = in_bin[:, LATENCY_BINS]
        if before.any():
            early = np.array([one.early for one in made])[law]
            early = np.where(early.sum(axis=1, keepdims=True) > 0, early, 1 / early.shape[1])
            out[:, PLACE["early"]] += rng.multinomial(before, _normal(early))
            too_early = np.array([one.too_early for one in made])[law]
            out[:, columns.contradiction("delivered_before_submit")] += rng.binomial(before, too_early)

    def _strata(
        self, out: Counts, delivered: Counts, converted: Counts, weights: dict[str, Floats], cells: NDArray[np.int64]
    ) -> None:
        batched = np.array([stream.is_batched for stream in STREAMS])[self.stream[cells]]
        for kind in _KINDS:
            weight = weights[kind]
            answered = weight
            if kind in {"hour", "sender", "batch"}:
                content = np.exp(CONTENT_SPREAD * self.rng.standard_normal(weight.shape))
                answered = np.where(batched[:, None], _normal(weight * content), weight)
            yes = self.rng.multinomial(converted, answered)
            whole = yes + self.rng.multinomial(delivered - converted, weight)
            if kind == "hour":
                out[:, PLACE["delivered_hour"]] += whole
                out[:, PLACE["converted_hour"]] += yes
            else:
                part = STRATUM_KINDS[kind]
                first, last = PLACE["delivered_by"].start, PLACE["converted_by"].start
                out[:, first + part.start : first + part.stop] += whole
                out[:, last + part.start : last + part.stop] += yes

    def _by_hour(self, out: Counts, name: str, number: Counts, hour: Floats) -> None:
        out[:, PLACE[name]] += self.rng.multinomial(number, hour)

    def _probe(self) -> None:
        """Messages to numbers of our own: half to dead ones, half to handsets. They go with the first stream."""
        cells = np.flatnonzero(self.stream == 0)
        half = np.full(len(cells), self.world.probes_per_day // 2)
        none = np.zeros(len(cells))
        share, fraud = none, self.fraud
        if fraud is not None and not fraud.spares_probes:
            share = np.where(self.lies[cells], fraud.share, 0.0)
        forged_dead = self.rng.binomial(half, 0.0 if fraud is not None and fraud.is_dead_aware else share)
        forged_live = self.rng.binomial(half, share)
        part = self._part(cells, np.zeros_like(half), half - forged_dead)
        self._draw(replace(part, probe="dead", label_error=none + laws.PROBE_ERROR["dead"]))
        silent = none + laws.PROBE_ERROR["live"]
        if self.trouble is not None and self.trouble.offline:
            silent = np.where(self.in_trouble[cells], self.trouble.offline, silent)
        out = self.counts[cells]
        live = half - forged_live
        delivered = self.rng.binomial(live, 1 - laws.HONEST_FAILURES)
        out[:, columns.probe("dead")] += forged_dead
        out[:, columns.contradiction("dead_delivered")] += forged_dead
        out[:, columns.probe("live")] += half
        out[:, columns.probe("live_delivered")] += delivered + forged_live
        out[:, columns.contradiction("live_silent")] += self.rng.binomial(delivered, silent) + forged_live
        out[:, PLACE["submitted"]] += (half + forged_dead)[:, None]
        out[:, PLACE["failed"]] += (live - delivered)[:, None]
        told = delivered + forged_live + forged_dead
        deliver = partial(self._deliver, out, is_handset=True, cells=cells)
        laws_of_forged = [
            forged_law(r, fraud.delay if fraud else Resampled(), None, self.rng) for r in self.world.routes
        ]
        forged = forged_live + forged_dead
        deliver(told - forged, self._laws, self.row[cells], part.weights, 1 - silent, is_left=False)
        deliver(forged, laws_of_forged, self.row[cells], part.weights, none, is_left=False)
        self.counts[cells] = out
        self.forged[cells] += forged


def _normal(weights: Floats) -> Floats:
    return np.asarray(weights / np.maximum(weights.sum(axis=-1, keepdims=True), 1e-300))


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)


def _share(part: Counts, whole: Counts) -> Floats:
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)


def _batch_weights(is_batched: bool) -> Floats:  # noqa: FBT001 - one flag, one line
    names = list(columns.names_of("batch"))
    weights = np.zeros(len(names))
    if not is_batched:
        weights[0] = 1.0
        return weights
    for name, share in zip(laws.BATCH_CLASSES, laws.BATCH_CLASS_SHARES, strict=True):
        weights[names.index(name)] = share
    return weights


def _weight_of(senders: Sequence[str]) -> float:
    return sum(weight for name, weight in zip(laws.SENDERS, laws.SENDER_WEIGHTS, strict=True) if name in senders)


def _sender_weights(senders: Sequence[str]) -> Floats:
    weights = np.zeros(columns.SENDERS)
    for name, weight in zip(laws.SENDERS, laws.SENDER_WEIGHTS, strict=True):
        weights[crc32(name.encode()) % columns.SENDERS] += weight * (name in senders)
    return _normal(weights)


def _prefix_weights(route: Route, first: int | None = None) -> Floats:
    weights = np.zeros(columns.PREFIXES)
    for prefix in route.carrier.prefixes[:first]:
        weights[crc32(prefix.encode()) % columns.PREFIXES] += 1.0
    return _normal(weights)


def _shape_weights(look: laws.Look) -> Floats:
    weights = np.zeros(columns.SHAPES)
    said = f"{look.status}/{look.code}//{look.id_length}/{look.id_is_number}"
    weights[crc32(said.encode()) % columns.SHAPES] = 1.0
    return weights
