"""What is true of a simulated world: who lies how much where and since when, what trouble there was, what really arrived."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquit.columns import PLACE
from acquit.simulate.world.laws import Route
from acquit.simulate.world.staging import Staging
from acquit.simulate.world.tallies import Drawn

COUNTED = ("submitted", "delivered", "reported", "forged")
"""`delivered` truly, on time or not; `reported` as delivered; of these `forged`, relabelled ones among them."""
DAY_HOURS = 24


class Truth:
    """Counts by route and hour of submission, while the plan is drawn. Its size does not depend on how much is sent."""

    def __init__(self, staging: Staging) -> None:
        self.staging = staging
        world = staging.world
        self.counts: NDArray[np.int64] = np.zeros((len(world.routes), world.days * DAY_HOURS, len(COUNTED)), np.int64)

    def take(self, row: int, hour: int, counts: tuple[int, int, int, int]) -> None:
        self.counts[row, hour] += counts

    def take_drawn(self, drawn: Drawn) -> None:
        """Of tallies. They do not tell who received a message without a receipt, nor in which hour of the day lies are."""
        reported = drawn.counts[..., PLACE["delivered_hour"]].sum(axis=1)
        submitted = drawn.counts[..., PLACE["submitted"]].sum(axis=(1, 3))
        forged = drawn.forged.sum(axis=1)
        parts = np.cumsum(reported, axis=2) / np.maximum(1, reported.sum(axis=2, keepdims=True))
        for place, whole in ((0, submitted), (2, None), (3, forged)):
            by_hour = reported if whole is None else _spread(whole, parts)
            self.counts[..., place] = by_hour.reshape(self.counts.shape[:2])
        self.counts[..., 1] = self.counts[..., 2] - self.counts[..., 3]

    def shown(self) -> dict[str, Any]:
        """As `acquit simulate --world --truth` writes it."""
        staging, world = self.staging, self.staging.world
        return {
            "seed": world.seed,
            "start": staging.start.isoformat(),
            "days": world.days,
            "lies": self._lies(),
            "troubles": self._troubles(),
            "routes": [
                {**_place(route), **dict(zip(COUNTED, (int(n) for n in self.counts[row].sum(axis=0)), strict=True))}
                for row, route in enumerate(world.routes)
            ],
            "carriers": self._by_carrier(),
            "who": staging.who,
        }

    def _lies(self) -> list[dict[str, Any]]:
        """For each place that lies: the share of what it said to be delivered since the lie began that is a lie."""
        staging, fraud, start, lies = self.staging, self.staging.fraud, self.staging.start, []
        for row, route in enumerate(staging.world.routes):
            if fraud is None or route.place not in staging.liars:
                continue
            _, _, reported, forged = self.counts[row, staging.from_day * DAY_HOURS :].sum(axis=0)
            days = self.counts[row].reshape(-1, DAY_HOURS, len(COUNTED)).sum(axis=1)
            lies.append(
                {
                    "fraud": fraud.name, "who": staging.who, **_place(route),
                    "from": _at(start, staging.from_day * DAY_HOURS), "until": _at(start, staging.world.days * DAY_HOURS),
                    "reported": int(reported), "forged": int(forged), "share": round(int(forged) / max(1, int(reported)), 6),
                    "by_day": [
                        {"day": _at(start, day * DAY_HOURS)[:10], "reported": int(days[day, 2]), "forged": int(days[day, 3])}
                        for day in range(staging.from_day, staging.world.days)
                    ],
                }
            )  # fmt: skip
        return lies

    def _troubles(self) -> list[dict[str, Any]]:
        staging, trouble, start = self.staging, self.staging.trouble, self.staging.start
        if trouble is None:
            return []
        return [
            {"trouble": trouble.name, **_place(route), "from": _at(start, first), "until": _at(start, last)}
            for route in staging.world.routes
            for first, last in _spans(staging, route)
        ]

    def _by_carrier(self) -> list[dict[str, Any]]:
        """Reported and true delivery of each carrier and hour."""
        carriers = sorted({route.carrier.mccmnc for route in self.staging.world.routes})
        shown, start = [], self.staging.start
        for carrier in carriers:
            rows = [r.carrier.mccmnc == carrier for r in self.staging.world.routes]
            for hour, counts in enumerate(self.counts[rows].sum(axis=0)):
                if counts[0]:
                    numbers = dict(zip(COUNTED, (int(n) for n in counts), strict=True))
                    shown.append({"carrier": carrier, "hour": _at(start, hour), **numbers})
        return shown


def _spread(whole: NDArray[np.int64], parts: NDArray[np.float64]) -> NDArray[np.int64]:
    """Days over their hours, so that the sums stay."""
    until = np.floor(whole[..., None] * parts + 1e-9).astype(np.int64)
    return np.asarray(until - np.concatenate([np.zeros_like(until[..., :1]), until[..., :-1]], axis=-1))


def _spans(staging: Staging, route: Route) -> list[tuple[int, int]]:
    """Hours from and until which the trouble is there without a break."""
    spans: list[tuple[int, int]] = []
    for hour in range(staging.world.days * DAY_HOURS):
        if staging.suffers(route, hour):
            is_next = bool(spans) and spans[-1][1] == hour
            spans[-1:] = [(spans[-1][0], hour + 1)] if is_next else [*spans[-1:], (hour, hour + 1)]
    return spans


def _place(route: Route) -> dict[str, str]:
    return {"route": route.supplier.name, "supplier": route.supplier.name, "carrier": route.carrier.mccmnc}


def _at(start: datetime, hour: int) -> str:
    return (start + timedelta(hours=hour)).isoformat()
