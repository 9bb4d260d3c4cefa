"""The truth of a scenario, read from its plan alone: no record is looked at, and nothing of acquit's judgement."""

from collections import Counter
from typing import NamedTuple

from msgspec import Struct

from acquit.events import Channel, Status
from acquit.simulate.message import Message
from acquit.simulate.plan import HOUR_MS, plan
from acquit.simulate.scenario import Scenario


class Cell(NamedTuple):
    """Where a message counts, once, by its submit; `hour` is the UTC hour of day, "00" to "23"."""

    channel: Channel
    route: str
    carrier: str
    hour: str
    status: Status


class Truth(Struct, frozen=True):
    """What a right program must have found when all is read."""

    cells: dict[Cell, int]
    suppressed: dict[str, str]  # "sms:+336…": the reason that its key in scope `*` shows
    malformed: list[bytes]  # by arrival
    counts: dict[str, int]  # see COUNTS

    @property
    def totals(self) -> dict[tuple[str, str, Status], int]:
        """By carrier, hour and final status, over all routes."""
        sums: Counter[tuple[str, str, Status]] = Counter()
        for cell, messages in self.cells.items():
            sums[cell.carrier, cell.hour, cell.status] += messages
        return dict(sums)

    def shown(self) -> dict[str, object]:
        """As `acquit simulate --truth` writes it."""
        cells = [{**cell._asdict(), "messages": number} for cell, number in sorted(self.cells.items())]
        return {"counts": self.counts, "suppressed": self.suppressed, "cells": cells}


COUNTS = (
    "messages",
    "receipts",  # good raw records, without their duplicates
    "duplicates",  # raw records that repeat an earlier one
    "malformed",
    "out_of_order",  # messages
    "contradictions",  # messages with a failure after their delivery
    "engagements",
    "stops",
    "starts",
    "permanent_failures",
)


def truth_of(scenario: Scenario) -> Truth:
    cells: Counter[Cell] = Counter()
    counts = dict.fromkeys(COUNTS, 0)
    failed: dict[str, str] = {}
    stopped: dict[str, str] = {}
    junk: list[tuple[int, bytes]] = []
    for message in plan(scenario):
        cells[_cell(message)] += 1
        _count(message, counts)
        _judge(message, failed=failed, stopped=stopped)
        junk.extend(message.junk)
    junk.sort(key=lambda arrived: arrived[0])  # stable: at the same millisecond the plan's order, as in `by_arrival`
    # A stop outranks a failure and outlives it.
    return Truth(dict(cells), {**failed, **stopped}, [value for _, value in junk], counts)


def _cell(message: Message) -> Cell:
    hour = message.at_ms // HOUR_MS % 24
    return Cell("sms", message.route.name, message.mccmnc, f"{hour:02d}", message.status)


def _judge(message: Message, *, failed: dict[str, str], stopped: dict[str, str]) -> None:
    """A number fails for good once at most, a start comes an hour after its own stop: no order of messages matters."""
    address = f"sms:{message.to}"
    if message.fate is not None and message.fate.condemns:
        assert message.fate.category is not None
        failed[address] = message.fate.category
    for deed in message.deeds:
        if deed.type == "stop":
            stopped[address] = "stop"
        elif deed.type == "start":
            stopped.pop(address, None)


def _count(message: Message, counts: dict[str, int]) -> None:
    counts["messages"] += 1
    counts["receipts"] += len(message.notices)
    counts["duplicates"] += sum(notice.again_ms is not None for notice in message.notices)
    counts["malformed"] += len(message.junk)
    counts["out_of_order"] += message.is_out_of_order
    counts["contradictions"] += message.is_contradicted
    counts["engagements"] += len(message.deeds)
    counts["stops"] += _done(message, "stop")
    counts["starts"] += _done(message, "start")
    counts["permanent_failures"] += message.fate is not None and message.fate.condemns


def _done(message: Message, kind: str) -> int:
    return sum(deed.type == kind for deed in message.deeds)
