"""The event-level generator: the same world as single messages, hour by hour, each with its receipts and its aftermath.

Laws, frauds and troubles are those of `tallies.py`, drawn here message by message, so that the ledger has to find them. Only an
hour and what is still under way is in memory.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from acquit.events import EngagementType, epoch_ms
from acquit.simulate.world import laws
from acquit.simulate.world.campaigns import Campaigns
from acquit.simulate.world.laws import LOOKS, SENDERS, STREAMS, Look, Route
from acquit.simulate.world.numbers import Indexes, Numbers
from acquit.simulate.world.receipts import (
    KINDS,
    PROBE_DEAD,
    PROBE_LIVE,
    SYSTEM,
    UNKNOWN,
    Batch,
    Fates,
    Flags,
    fates,
)
from acquit.simulate.world.sent import Deed, Sent, Told
from acquit.simulate.world.staging import Staging
from acquit.simulate.world.truth import Truth

HOUR_MS = 3_600_000
DAY_SECONDS = 86_400.0
MESSAGES_EACH = 15
"""So often in all a number is written to that is known to be dead."""
HISTORY_MS = (300_000, 3_000_000)
"""So long before a hour in which a dead number is used first, two suppliers have said that nobody is there."""
COMPANIONS = 7
"""With each such failure so many deliveries: failures alone would be an outage to the circuit breaker."""
_ID = 2_654_435_761  # prime to 10**10 and to 2**128


def plan(staging: Staging, truth: Truth | None = None) -> Iterator[tuple[int, Sequence[Sent]]]:
    """For each hour of the world its start, in epoch milliseconds, and its messages, in no order."""
    return _Planner(staging, truth).hours()


class _Planner:
    def __init__(self, staging: Staging, truth: Truth | None) -> None:
        self._staging, self._truth = staging, truth
        self._world = world = staging.world
        self._rng = laws.generator(world.seed, "events")
        self._start_ms = epoch_ms(staging.start)
        self._ids = 0
        self._turns = np.zeros((len(world.routes), len(STREAMS)), np.int64)  # of a fraud that counts
        carriers = {route.carrier.mccmnc: route.carrier for route in world.routes}
        self._numbers = {name: Numbers(carrier, self._dead_numbers(name)) for name, carrier in carriers.items()}
        local = np.array([stream.hours for stream in STREAMS])
        self._hours = local / local.sum(axis=1, keepdims=True)

    def _dead_numbers(self, mccmnc: str) -> int:
        world = self._world
        per_hour = sum(route.per_hour for route in world.routes if route.carrier.mccmnc == mccmnc)
        return int(np.clip(per_hour * 24 * world.days * world.dead_share / MESSAGES_EACH, 20, 8_000))

    def hours(self) -> Iterator[tuple[int, list[Sent]]]:
        world = self._world
        for day in range(world.days):
            self._begin_day()
            for hour in range(day * 24, day * 24 + 24):
                sent: list[Sent] = []
                for row, route in enumerate(world.routes):
                    if self._staging.is_there(route, day):
                        self._route_hour(row, route, hour, sent)
                yield self._start_ms + hour * HOUR_MS, sent

    def _begin_day(self) -> None:
        """What is drawn once a day: how routes are answered, the campaigns, and when the probes go out."""
        rng, routes = self._rng, self._world.routes
        mean = np.array([[route.conversion[stream.name] for stream in STREAMS] for route in routes])
        wobble = np.array([stream.day_wobble for stream in STREAMS])
        self._conversion = np.clip(mean * (1 + wobble * rng.standard_normal(mean.shape)), 0.0005, 0.98)
        countries = dict.fromkeys(route.carrier.country.code for route in routes)
        self._campaigns = {country: Campaigns(rng) for country in countries}
        half = self._world.probes_per_day // 2
        weights = [self._by_stream_and_hour(route).reshape(-1) for route in routes]
        shape = (len(routes), 2, len(STREAMS), 24)
        drawn = [[rng.multinomial(half, weight) for _ in range(2)] for weight in weights]
        self._probes = np.array(drawn).reshape(shape)

    def _by_stream_and_hour(self, route: Route) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """How a day's messages are spread over streams and hours, UTC."""
        weight = np.array([stream.weight for stream in STREAMS])
        hours = np.roll(self._hours, -route.carrier.country.zone_hours, axis=1) * weight[:, None]
        return np.asarray(hours / hours.sum())

    def _route_hour(self, row: int, route: Route, hour: int, sent: list[Sent]) -> None:
        batch = self._drawn(row, route, hour)
        if not len(batch):
            return
        found = fates(self._staging, batch, self._in_turn(row, batch), self._rng)
        numbers = self._numbers[route.carrier.mccmnc]
        for place in range(len(batch)):
            sent.append(self._message(batch, found, place, numbers, sent))
        orphans = self._rng.random(self._rng.poisson(laws.ORPHANS * len(batch)))
        sent += [self._others(route, numbers, self._ms((hour + part) * 3_600)) for part in orphans]
        if self._truth is not None:
            submitted, reported = len(batch), (found.said < 0) & ~found.is_silent
            lies = (found.is_forged | found.is_relabelled) & reported
            counts = (submitted, int(found.is_delivered.sum()), int(reported.sum()), int(lies.sum()))
            self._truth.take(row, hour, counts)

    def _drawn(self, row: int, route: Route, hour: int) -> Batch:
        """The messages of an hour, before anything becomes of them."""
        rng, world, staging = self._rng, self._world, self._staging
        day = hour // 24
        week = (laws.WEEKEND if day % 7 >= 5 else 1.0) * 7 / (5 + 2 * laws.WEEKEND)
        weights = self._by_stream_and_hour(route)[:, hour % 24]
        ordinary = rng.poisson(route.per_hour * 24 * week * weights)
        trouble = staging.trouble if staging.suffers(route, hour) else None
        pumped = rng.poisson(trouble.pumped * (1 - world.dead_share) * ordinary) if trouble else 0 * ordinary
        dead, live = self._probes[row, :, :, hour % 24]
        parts = [ordinary, pumped, dead, live]
        stream = np.concatenate([np.repeat(np.arange(len(STREAMS)), part) for part in parts])
        part = np.repeat(np.arange(len(parts)), [int(one.sum()) for one in parts])
        size = len(stream)
        at = (hour + rng.random(size)) * 3_600
        sender = rng.choice(len(SENDERS), size, p=laws.SENDER_WEIGHTS)
        is_batched = np.array([one.is_batched for one in STREAMS])[stream]
        campaign = self._campaigns[route.carrier.country.code].draw(at - day * DAY_SECONDS, rng)
        is_dead = (part == 0) & (rng.random(size) < world.dead_share)
        number = self._recipients(route, part, is_dead, trouble.pumped_prefixes if trouble else 0)
        return Batch(
            route, hour, at, stream,
            sender=np.where(is_batched, campaign.sender, sender),
            size=np.where(is_batched, campaign.size, 0),
            campaign=campaign.number,
            position=np.where(is_batched, campaign.position, 1.0),
            answers=np.where(is_batched, campaign.answers, 1.0),
            number=number,
            prefix=self._numbers[route.carrier.mccmnc].prefix_of(number),
            is_dead=is_dead,
            is_pumped=part == 1,
            probe=np.maximum(part - 1, 0),
            conversion=self._conversion[row],
        )  # fmt: skip

    def _recipients(self, route: Route, part: Indexes, is_dead: Flags, pumped_prefixes: int) -> Indexes:
        rng, numbers = self._rng, self._numbers[route.carrier.mccmnc]
        found = numbers.people(len(part), rng)
        for chosen, drawn in (
            (is_dead, numbers.dead),
            (part == 1, lambda size, rng: numbers.people(size, rng, prefixes=pumped_prefixes)),
            (part == 1 + PROBE_DEAD, lambda size, rng: numbers.own(size, rng, is_dead=True)),
            (part == 1 + PROBE_LIVE, lambda size, rng: numbers.own(size, rng, is_dead=False)),
        ):
            if chosen.any():
                found[chosen] = drawn(int(chosen.sum()), rng)
        return found

    def _in_turn(self, row: int, batch: Batch) -> Flags:
        """Of a fraud that forges one of so many, the messages whose turn it is."""
        found = np.zeros(len(batch), np.bool_)
        fraud = self._staging.fraud
        if fraud is None or not fraud.every or not self._staging.lies(batch.route, batch.hour // 24):
            return found
        order = np.argsort(batch.at, kind="stable")
        for stream in range(len(STREAMS)):
            places = order[batch.stream[order] == stream]
            turn = self._turns[row, stream] + np.arange(len(places))
            found[places] = turn % fraud.every == fraud.every - 1
            self._turns[row, stream] += len(places)
        return found

    def _message(self, batch: Batch, found: Fates, place: int, numbers: Numbers, sent: list[Sent]) -> Sent:
        route, number, stream = batch.route, int(batch.number[place]), int(batch.stream[place])
        fraud = self._staging.fraud
        is_forged, converts, stops = bool(found.is_forged[place]), bool(found.converts[place]), bool(found.stops[place])
        if batch.is_dead[place]:
            if converts or stops:
                number = numbers.fresh()  # nobody who answers goes on being taken for dead
            if numbers.is_first_use(number):
                self._tell_history(route, numbers, number, batch.hour, sent)
        elif not batch.probe[place] and (stops or found.true_kind[place] == UNKNOWN):
            numbers.retire(number)
        size, probe = int(batch.size[place]), int(batch.probe[place])
        at_ms = self._ms(float(batch.at[place]))
        look = fraud.look if is_forged and fraud is not None and fraud.look is not None else route.supplier.look
        return Sent(
            message_id=self._id(look),
            to=numbers.written(number),
            carrier=route.carrier,
            look=look,
            at_ms=at_ms,
            told=[] if found.is_silent[place] else self._receipts(found, place),
            deeds=self._deeds(found, place, stream, is_probe=bool(probe), at_ms=at_ms),
            supplier=route.supplier,
            stream=STREAMS[stream].name,
            sender=SENDERS[int(batch.sender[place])],
            batch=(f"{route.carrier.country.code}-{batch.hour // 24}-{batch.campaign[place]}", size) if size else None,
            probe=_PROBES[probe],
        )

    def _receipts(self, found: Fates, place: int) -> list[Told]:
        said = int(found.said[place])
        dated_ms, arrival_ms = self._ms(float(found.dated[place])), self._ms(float(found.arrival[place]))
        if said >= 0:
            told = [Told(KINDS[said][0], dated_ms, arrival_ms, KINDS[said])]
        else:
            told = [Told("delivered_network" if found.is_hand_off else "delivered_handset", dated_ms, arrival_ms)]
            if found.fails_later[place]:
                later_ms = self._between(60_000, 1_800_000)
                told.append(Told("failed", dated_ms + later_ms, arrival_ms + later_ms, KINDS[SYSTEM]))
        for one in told:
            if self._rng.random() < found.duplicates:
                one.again_ms = one.arrival_ms + self._between(1_000, 60_000)
        return told

    def _deeds(self, found: Fates, place: int, stream: int, *, is_probe: bool, at_ms: int) -> list[Deed]:
        deeds = []
        of = STREAMS[stream]
        read_ms = at_ms + round(float(found.arrived[place]) * 1000)
        if found.converts[place]:
            kind: EngagementType = "arrived" if is_probe else of.engagement
            after = of.answer_median_seconds * np.exp(of.answer_sigma * self._rng.standard_normal())
            if is_probe or found.is_forged[place]:
                after = self._rng.uniform(0.5, 3.0)  # a handset of ours answers by itself, as a forger does
            deeds.append(Deed(kind, read_ms + round(1000 * float(after))))
        if found.stops[place]:
            deeds.append(Deed("stop", read_ms + self._between(60_000, 3_600_000)))
        if found.denies[place]:
            deeds.append(Deed("not_received", at_ms + self._between(300_000, 7_200_000)))
        return deeds

    def _tell_history(self, route: Route, numbers: Numbers, number: int, hour: int, sent: list[Sent]) -> None:
        """What two suppliers said of a number that is known to be dead, and of others at the same time."""
        start_ms = self._ms(hour * 3_600.0)
        for look in LOOKS:
            for companion in range(COMPANIONS + 1):
                at_ms = start_ms - self._between(*HISTORY_MS)
                one = self._others(route, numbers, at_ms, look)
                if companion == 0:
                    one.to = numbers.written(number)
                    one.told = [Told("failed", at_ms, at_ms + 50, KINDS[UNKNOWN])]
                sent.append(one)

    def _others(self, route: Route, numbers: Numbers, at_ms: int, look: Look | None = None) -> Sent:
        """A receipt of a message that we know nothing of."""
        look = look or route.supplier.look
        to = numbers.written(int(numbers.people(1, self._rng)[0]))
        return Sent(self._id(look), to, route.carrier, look, at_ms, [Told("delivered_handset", at_ms, at_ms + 50)], [])

    def _id(self, look: Look) -> str:
        self._ids += 1
        if look.id_is_number:
            return f"{self._ids * _ID % 10**10:010d}"
        text = f"{self._ids * _ID * _ID**3 % 2**128:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def _ms(self, seconds: float) -> int:
        return self._start_ms + int(seconds * 1000)

    def _between(self, low_ms: int, high_ms: int) -> int:
        return int(self._rng.integers(low_ms, high_ms))


_PROBES: tuple[Literal["dead", "live"] | None, ...] = (None, "dead", "live")
