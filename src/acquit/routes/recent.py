"""Delivery of the last hour beside what is usual: how much of what was submitted is delivered, and should be by now."""

from collections.abc import Mapping
from typing import NamedTuple

from acquit.routes.flows import Flow
from acquit.routes.windows import DELIVERED_NOW, MESSAGES, TO_DELIVER, WINDOWS, Window

HOUR = WINDOWS.index((0, 12))


class Recent(NamedTuple):
    """Of messages that reached their carrier."""

    messages: float
    delivered: float
    expected: float


def recent(windows: Mapping[Flow, list[Window]]) -> dict[tuple[str, str], Recent]:
    """By channel and carrier."""
    found: dict[tuple[str, str], Recent] = {}
    for flow, parts in windows.items():
        hour, place = parts[HOUR], (flow.channel, flow.carrier)
        before = found.get(place, Recent(0.0, 0.0, 0.0))
        found[place] = Recent(
            before.messages + hour[MESSAGES], before.delivered + hour[DELIVERED_NOW], before.expected + hour[TO_DELIVER]
        )
    return found
