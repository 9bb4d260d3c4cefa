"""The fast generator's counts as tally records, an hour each, as the ledger writes them: what `acquit routes judge` reads.

Counts are drawn by day. Deliveries and messages to dead numbers stand in their hours, all else is spread over the hours as
deliveries are: added up over a day, the records are exactly the counts.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from acquit.columns import CONTRADICTIONS, PLACE, PROBED, STRATA, STRATUM_KINDS
from acquit.effects import Cell, Tally
from acquit.events import epoch_ms
from acquit.simulate.world.laws import STREAMS, Route
from acquit.simulate.world.staging import Staging
from acquit.simulate.world.tallies import Drawn, draw_tallies

Counts = NDArray[np.int64]
HOURS = 24
_SLOTS = STRATUM_KINDS["slot"]
_KNOWN_DEAD, _DELIVERED = PROBED.index("known_dead"), CONTRADICTIONS.index("known_dead_delivered")
_MARGINS = (
    ("delivered_hour", PLACE["delivered_by"].start + _SLOTS.start, PLACE["delivered_by"].start + _SLOTS.stop),
    ("converted_hour", PLACE["converted_by"].start + _SLOTS.start, PLACE["converted_by"].start + _SLOTS.stop),
    ("dead_hour", PLACE["probed"].start + _KNOWN_DEAD, PLACE["probed"].start + _KNOWN_DEAD + 1),
    (
        "dead_delivered_hour",
        PLACE["contradicted"].start + _DELIVERED,
        PLACE["contradicted"].start + _DELIVERED + 1,
    ),
)
"""Columns whose sum in an hour is told by another column: that the judge reads from the former."""


def drawn_of(staging: Staging) -> Drawn:
    return draw_tallies(
        staging.world, fraud=staging.fraud, liars=staging.liars, from_day=staging.from_day,
        trouble=staging.trouble, troubled=staging.troubled,
    )  # fmt: skip


def tally_records(staging: Staging, drawn: Drawn) -> Iterator[Tally]:
    """By day, route and class, the hours in which anything was."""
    number = 0
    for day in range(staging.world.days):
        for row, route in enumerate(staging.world.routes):
            for place, stream in enumerate(STREAMS):
                for hour, counts in enumerate(by_hour(drawn.counts[row, place, day])):
                    if counts.any():
                        number += 1
                        start = epoch_ms(staging.start) // 1000 + (day * HOURS + hour) * 3_600
                        yield _tally(_cell(route, stream.name, start), counts, number)


def by_hour(counts: Counts) -> Counts:
    """A day's counts, an hour a row."""
    hours = counts[PLACE["delivered_hour"]]
    shape = np.cumsum(hours) / hours.sum() if hours.sum() else np.arange(1, HOURS + 1) / HOURS
    until = np.floor(counts[None, :] * shape[:, None] + 1e-9).astype(np.int64)
    made = until - np.vstack([np.zeros_like(until[:1]), until[:-1]])
    for name, first, last in _MARGINS:
        made[:, first:last] = _filled(counts[PLACE[name]], counts[first:last])
    return made


def _filled(rows: Counts, columns: Counts) -> Counts:
    """A table with these sums of rows and of columns, which have the same total: the overlaps of both, end to end."""
    row_ends, column_ends = np.cumsum(rows), np.cumsum(columns)
    ends = np.minimum(row_ends[:, None], column_ends[None, :])
    begins = np.maximum((row_ends - rows)[:, None], (column_ends - columns)[None, :])
    return np.asarray(np.maximum(0, ends - begins))


def _cell(route: Route, stream: str, start: int) -> Cell:
    supplier, carrier = route.supplier.name, route.carrier
    return Cell("sms", carrier.mccmnc, carrier.country.code, supplier, supplier, stream, start)


def _tally(cell: Cell, counts: Counts, upto: int) -> Tally:
    """What `routes.streams.vector` reads back."""
    of = _Reader(counts)
    unknown = of.one("unknown_recipient")
    failed = {"recipient_unknown/permanent": unknown, "recipient_unreachable/transient": of.one("failed") - unknown}
    status = {
        "sent": of.one("waiting"), "delivered_handset": of.one("handset"), "delivered_network": of.one("network"),
        "failed": of.one("failed"),
    }  # fmt: skip
    return Tally(
        partition=0,
        upto=upto,
        cell=cell,
        submitted=of.one("submitted"),
        status=_but_zeros(status),  # type: ignore[arg-type]
        failures=_but_zeros(failed),
        delivered_in=of.many("delivered_in"),
        converted_in=of.many("converted_in"),
        engaged=_but_zeros({"not_received": of.one("not_received")}),
        contradicted=of.many("contradicted", CONTRADICTIONS.__getitem__),
        delivered_by=of.many("delivered_by", STRATA.__getitem__),
        converted_by=of.many("converted_by", STRATA.__getitem__),
        delivered_at=of.many("delivered_at"),
        early=of.many("early"),
        probed=of.many("probed", PROBED.__getitem__),
    )


class _Reader:
    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def one(self, field: str) -> int:
        return int(self._counts[PLACE[field]][0])

    def many(self, field: str, name: Callable[[int], object] = int) -> dict:  # type: ignore[type-arg]
        counts = self._counts[PLACE[field]]
        return {name(place): int(counts[place]) for place in np.flatnonzero(counts).tolist()}


def _but_zeros(counts: dict[str, int]) -> dict[str, int]:
    return {name: number for name, number in counts.items() if number}
