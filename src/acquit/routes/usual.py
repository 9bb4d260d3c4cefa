"""What usually becomes of a flow's messages in this hour of the week: delivered, failed, rejected, converted.

All shares are of cohorts when they come of age (law.py), booked once. A carrier's level is the median of its last days, so
that neither an outage nor a holiday moves it; the hour of the week moves that by the median of the same hours of the last
weeks; a flow's own level counts as far as it has messages. Where nothing is known yet the shipped level stands, with a doubt
that is as wide as it should be.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from acquit.blocks import Blocks
from acquit.routes.flows import CONVERTED, DELIVERED, FAILED, REJECTED, WAITING, Flow

DAYS, WEEKS = 14, 5
KEPT_DAYS = 7 * WEEKS + 1
_HOUR, _DAY = 3_600, 86_400
LIKE_ITS_CARRIER = 500
"""Messages of its own that count for a flow as much as its carrier's level does."""
LIKE_ANY_HOUR = 2_000
"""And those of the same hours that count as much as the level of all."""
_SHIPPED = {"sms": (0.95, 0.03), "whatsapp": (0.93, 0.04), "rcs": (0.90, 0.05), "email": (0.95, 0.04)}
_SHIPPED_WEIGHT, _FLOWS_DIFFER = 4.0, 0.02
_FEW_HOURS = 3


class Usual(Struct, frozen=True):
    """Shares of the messages that reached the carrier; `rejected` of all, `converted` of the delivered ones.

    `doubt` is how far off `delivered` may be for want of history, `doubt_failed` the same of `failed`.
    """

    delivered: float
    failed: float
    doubt: float
    doubt_failed: float
    rejected: float = 0.0
    converted: float = 0.0
    messages: int = 0  # that this rests on


class Day(Struct, array_like=True):
    """A day of cohorts that came of age."""

    day: int
    messages: int = 0  # that reached the carrier
    delivered: int = 0
    failed: int = 0
    rejected: int = 0
    converted: int = 0

    def add(self, counts: Sequence[int]) -> None:
        self.messages += counts[WAITING] + counts[DELIVERED] + counts[FAILED]
        self.delivered += counts[DELIVERED]
        self.failed += counts[FAILED]
        self.rejected += counts[REJECTED]
        self.converted += counts[CONVERTED]


class Usuals:
    """The history, journaled: `days` by flow, `hours` by carrier in blocks of a day."""

    def __init__(self) -> None:
        self.days: Blocks[list[Day]] = Blocks(list[Day])
        self.hours: Blocks[dict[int, Day]] = Blocks(dict[int, Day])
        self._known: dict[Any, Usual] = {}
        self._hour = 0

    def loaded(self) -> None:
        self._known.clear()

    def book(self, flow: Flow, start: int, counts: Sequence[int]) -> None:
        """A cohort has come of age."""
        day, key = start // _DAY, flow.key
        days = self.days.get(0, key) or []
        if not days or days[-1].day < day:
            days = [*days[-DAYS + 1 :], Day(day)]
        one = next((one for one in days if one.day == day), None)
        if one is not None:
            one.add(counts)
        self.days.put(0, key, days)
        carrier = _carrier(flow.channel, flow.carrier)
        hours = self.hours.get(day * _DAY, carrier) or {}
        hours.setdefault(start // _HOUR, Day(day)).add(counts)
        self.hours.put(day * _DAY, carrier, hours)

    def forget_before(self, day: int) -> None:
        """What was not heard of since, and hours that are older than any week that counts."""
        for key in [key for key, days in self.days.rows.get(0, {}).items() if days[-1].day < day]:
            self.days.remove(0, key)
        for block in [block for block in self.hours.rows if block < day * _DAY]:
            self.hours.drop(block)

    def of(self, flow: Flow, start: int) -> Usual:
        """Of a cohort that starts now."""
        hour = start // _HOUR
        if hour != self._hour:
            self._hour = hour
            self._known.clear()
        known = self._known.get(flow)
        if known is None:
            known = self._known[flow] = self._flow(flow, hour)
        return known

    def _flow(self, flow: Flow, hour: int) -> Usual:
        carrier = (flow.channel, flow.carrier, "hour")
        level = self._known.get(carrier)
        if level is None:
            level = self._known[carrier] = self._carrier(flow.channel, flow.carrier, hour)
        days = self.days.get(0, flow.key) or []
        own = _level(days, flow.channel)
        weight = own.messages / (own.messages + LIKE_ITS_CARRIER)
        base = self._known.get((*carrier, "level")) or level
        delivered = level.delivered + weight * (own.delivered - base.delivered)
        failed = level.failed + weight * (own.failed - base.failed)
        known = own.messages + min(level.messages, LIKE_ITS_CARRIER)
        differs = _FLOWS_DIFFER**2 * (1 - weight) if level.messages > own.messages else 0.0
        return Usual(
            delivered=min(0.999, max(0.01, delivered)),
            failed=min(0.9, max(0.001, failed)),
            doubt=(_doubt(delivered, known) + differs) ** 0.5,
            doubt_failed=(_doubt(failed, known) + differs) ** 0.5,
            rejected=own.rejected,
            converted=own.converted,
            messages=own.messages,
        )

    def _carrier(self, channel: str, carrier: str, hour: int) -> Usual:
        name = _carrier(channel, carrier)
        blocks = [self.hours.get(block, name) for block in sorted(self.hours.rows)]
        hours = {hour: day for block in blocks if block for hour, day in block.items()}
        days: dict[int, Day] = {}
        for one in hours.values():
            day = days.setdefault(one.day, Day(one.day))
            day.messages, day.delivered = day.messages + one.messages, day.delivered + one.delivered
            day.failed += one.failed
        level = _level(sorted(days.values(), key=lambda one: one.day)[-DAYS:], channel)
        self._known[channel, carrier, "hour", "level"] = level
        same = [hours[hour - 168 * week] for week in range(1, WEEKS + 1) if hour - 168 * week in hours]
        if len(same) < _FEW_HOURS:
            same = [hours[hour - 24 * day] for day in range(1, 8) if hour - 24 * day in hours]
        if len(same) < _FEW_HOURS:
            return level
        number = sum(one.messages for one in same)
        weight = number / (number + LIKE_ANY_HOUR)
        return msgspec.structs.replace(
            level,
            delivered=level.delivered + weight * (_median(same, "delivered") - level.delivered),
            failed=level.failed + weight * (_median(same, "failed") - level.failed),
        )


def _carrier(channel: str, carrier: str) -> str:
    return msgspec.json.encode((channel, carrier)).decode()


def _level(days: Sequence[Day], channel: str) -> Usual:
    """The middle of these days, with the shipped level where they are few."""
    delivered, failed = _SHIPPED.get(channel, (0.9, 0.05))
    number = sum(day.messages for day in days)
    weight = number / (number + _SHIPPED_WEIGHT)
    all_of_them = number + sum(day.rejected for day in days)
    said = sum(day.delivered for day in days)
    return Usual(
        delivered=delivered + weight * (_median(days, "delivered") - delivered) if number else delivered,
        failed=failed + weight * (_median(days, "failed") - failed) if number else failed,
        doubt=0.0,
        doubt_failed=0.0,
        rejected=sum(day.rejected for day in days) / all_of_them if all_of_them else 0.0,
        converted=sum(day.converted for day in days) / said if said else 0.0,
        messages=number,
    )


def _median(days: Iterable[Day], field: str) -> float:
    """The middle message of all, by the share of its day."""
    shares = sorted((getattr(day, field) / day.messages, day.messages) for day in days if day.messages)
    half, so_far = sum(messages for _, messages in shares) / 2, 0
    for share, messages in shares:
        so_far += messages
        if so_far >= half:
            return float(share)
    return 0.0


def _doubt(share: float, messages: float) -> float:
    share = min(0.97, max(0.03, share))
    return share * (1 - share) / (messages + _SHIPPED_WEIGHT)
