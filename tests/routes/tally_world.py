"""Tally records of a simulated world, as the ledger would send them, with examples of what contradicts."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from acquit import columns
from acquit.address import mask
from acquit.columns import CONTRADICTIONS, PLACE, PROBED, STRATA
from acquit.effects import Cell, Example, Tally
from acquit.simulate.world.laws import START, STREAMS, Route
from acquit.simulate.world.tallies import Drawn

_DAY_SECONDS = 86_400


def records(drawn: Drawn, days: Sequence[int]) -> Iterator[Tally]:
    """A record for each route, stream and day, whose hour is the day's first: hours of the day are lost."""
    for row, route in enumerate(drawn.world.routes):
        for number, stream in enumerate(STREAMS):
            for day in days:
                yield record(drawn.counts[row, number, day], route, stream.name, day)


def record(counts: Any, route: Route, stream: str, day: int) -> Tally:
    contradicted = _named(counts, "contradicted", CONTRADICTIONS)
    return Tally(
        partition=0,
        upto=day,
        cell=Cell(
            "sms", route.carrier.mccmnc, route.carrier.country.code, route.supplier.name, route.supplier.name, stream,
            int(START.timestamp()) + day * _DAY_SECONDS,
        ),
        submitted=_one(counts, "submitted"),
        status={
            "delivered_handset": _one(counts, "handset"),
            "delivered_network": _one(counts, "network"),
            "failed": _one(counts, "failed"),
            "sent": _one(counts, "waiting"),
        },
        failures={"recipient_unknown/permanent": _one(counts, "unknown_recipient")},
        delivered_in=_some(counts, "delivered_in"),
        converted_in=_some(counts, "converted_in"),
        engaged={"not_received": _one(counts, "not_received")},
        contradicted=contradicted,
        examples={kind: _examples(kind, number, route, day) for kind, number in contradicted.items() if number},
        delivered_by=_named(counts, "delivered_by", STRATA),
        converted_by=_named(counts, "converted_by", STRATA),
        delivered_at=_some(counts, "delivered_at"),
        early=_some(counts, "early"),
        probed=_named(counts, "probed", PROBED),
    )  # fmt: skip


def _one(counts: Any, field: str) -> int:
    return int(counts[PLACE[field]].sum())


def _some(counts: Any, field: str) -> dict[int, int]:
    return {place: int(number) for place, number in enumerate(counts[PLACE[field]]) if number}


def _named(counts: Any, field: str, names: Sequence[str]) -> dict[str, int]:
    return {names[place]: number for place, number in _some(counts, field).items()}


def _examples(kind: str, number: int, route: Route, day: int) -> list[Example]:
    rng = np.random.default_rng(day * 100 + columns.CONTRADICTIONS.index(kind))
    found = []
    for _ in range(min(number, 5)):
        at = START + timedelta(days=day, seconds=float(rng.uniform(0, 86_000)))
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        after = timedelta(milliseconds=int(rng.uniform(5_000, 15_000)))
        if kind == "delivered_before_submit":
            after = -timedelta(seconds=int(rng.uniform(90, 900)))
        failed = at + after + timedelta(seconds=7) if kind in {"failed_after_delivery", "engaged_undelivered"} else None
        to = mask(f"{route.carrier.prefixes[0]}{int(rng.integers(10**6, 10**7))}")
        delivered = None if kind == "engaged_undelivered" else at + after
        found.append(Example("infobip", f"{int(rng.integers(10**15, 10**16))}", to, at, delivered, failed))
    return sorted(found, key=lambda one: one.at)
