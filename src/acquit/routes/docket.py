"""When the routes are judged, and what is said when a verdict changes: once a day, some hours after the day is over.

Answers come late, and a day without its answers looks like one that is forged. What is over is told by the tallies' own
hours, so that a worker who is behind judges later, and no log is judged twice. That all of the day is read by then is the
worker's to know (worker/low_water.py).
"""

from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from acquit.blocks import Blocks
from acquit.effects import Alert, AlertKind, RouteVerdict
from acquit.events import Verdict as VerdictEvent
from acquit.events import from_epoch_ms
from acquit.routes.days import DAY_SECONDS, Days
from acquit.routes.judge import judge
from acquit.routes.streams import Place
from acquit.routes.telling import shown
from acquit.routes.verdict import Judged, Standing
from acquit.rules.prices import NO_PRICES, Prices

AFTER_SECONDS = 6 * 3_600
_KIND: dict[str, AlertKind] = {"suspect": "route_suspect", "contradicted": "route_contradicted"}


def answered(day: int) -> int:
    """When answers to this day's messages have come, as far as they are waited for; in epoch seconds."""
    return (day + 1) * DAY_SECONDS + AFTER_SECONDS


class Said(Struct, array_like=True):
    """The last verdict on a place, and since which day its word is said."""

    verdict: RouteVerdict
    since: int
    is_by_price: bool = False


class Docket:
    """The verdicts of all places. `table` holds them by place."""

    def __init__(self, days: Days, prices: Prices = NO_PRICES) -> None:
        self.table: Blocks[Said] = Blocks(Said)
        self._days, self._prices = days, prices

    def due(self, judged: int, newest_hour: int) -> int | None:
        """The first day that is over and was not judged; `judged` is the last one that was, -1 before the first.

        `newest_hour` is that of the tallies, in epoch seconds.
        """
        days = [day for day in self._days.table.rows if judged < day and answered(day) <= newest_hour]
        return min(days) if days else None

    def weigh(self, day: int) -> Judged:
        """The verdicts of this day. It changes nothing, and takes its time: some milliseconds for each place."""
        standings = {_place(name): _standing(said) for _, name, said in self.table}
        return judge(self._days.evidence(day), day, standings, prices=self._prices)

    def say(self, judged: Judged, now_ms: int) -> list[Alert | VerdictEvent]:
        """Keep these verdicts, and say which are new."""
        before = {_place(name): said for _, name, said in self.table}
        told: list[Alert | VerdictEvent] = []
        for verdict in judged.verdicts:
            was, now = before.pop(verdict.place, None), shown(verdict)
            standing = judged.standing[verdict.place]
            self.table.put(0, _name(verdict.place), Said(now, standing.since, standing.is_by_price))
            told += _changes(was.verdict if was else None, now, now_ms)
        for place, said in before.items():  # nothing is known of them any more
            self.table.remove(0, _name(place))
            told += _changes(said.verdict, msgspec.structs.replace(said.verdict, verdict="clean"), now_ms)
        return told

    def verdicts(self) -> list[RouteVerdict]:
        return [said.verdict for _, _, said in self.table]


def _changes(before: RouteVerdict | None, now: RouteVerdict, now_ms: int) -> Sequence[Alert | VerdictEvent]:
    was = before.verdict if before is not None else "clean"
    if was == now.verdict:
        return []
    event = VerdictEvent(now.verdict, from_epoch_ms(now_ms), now.route, now.supplier, now.carrier)
    told: list[Alert | VerdictEvent] = [event]
    if was in _KIND:
        told.append(_alert(_KIND[was], "cleared", now, now_ms))
    if now.verdict in _KIND:
        told.append(_alert(_KIND[now.verdict], "raised", now, now_ms))
    return told


def _alert(kind: AlertKind, state: Literal["raised", "cleared"], verdict: RouteVerdict, now_ms: int) -> Alert:
    return Alert(
        kind=kind, state=state, channel=verdict.channel, carrier=verdict.carrier, route=verdict.route,
        at=from_epoch_ms(now_ms), sentence=verdict.sentence, messages=verdict.messages,
        ratio=verdict.believed_delivery, expected=verdict.reported_delivery, supplier=verdict.supplier, verdict=verdict,
    )  # fmt: skip


def _standing(said: Said) -> Standing:
    return Standing(said.verdict.verdict, said.verdict.nats, said.since, said.is_by_price)


def _name(place: Place) -> str:
    return msgspec.json.encode(place).decode()


def _place(name: str) -> Place:
    return Place(*msgspec.json.decode(name))
