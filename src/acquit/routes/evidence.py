"""What a unit's windows say: a drop, a feed that stands still, slowness, rejects, or nothing.

A unit is a carrier, a supplier, a route at a carrier: anything whose flows were added up. Each finding says how surprising
it is, in nats, and how large, as a share of what was expected; both must reach what the window asks for. Short windows ask
for much, and see an outage in a minute; long ones see a drop of a few percent.
"""

from collections.abc import Callable
from math import sqrt

from msgspec import Struct

from acquit.effects import AlertKind
from acquit.routes.flows import SLOT_SECONDS
from acquit.routes.tails import surprise
from acquit.routes.windows import (
    CONVERTED_NOW,
    DELIVERED_NOW,
    FAILED_NOW,
    MESSAGES,
    REJECTED_NOW,
    SLOW,
    SLOW_VARIANCE,
    TO_CONVERT,
    TO_DELIVER,
    TO_DELIVER_VARIANCE,
    TO_FAIL,
    TO_FAIL_VARIANCE,
    TO_REJECT,
    WINDOWS,
    Window,
)

WOBBLE = 0.01
"""By so much of what is expected delivery moves without a meaning: a large carrier does not page for 0.3 %."""


class Bar(Struct, frozen=True):
    """What a window asks for. `nats` where only chance moves delivery; half of it where that moves by `WOBBLE`, too."""

    nats: float
    share: float
    expected: float = 10.0


FAILING = {
    (0, 1): Bar(13, 0.30), (0, 2): Bar(12.5, 0.20), (0, 3): Bar(11, 0.08), (0, 6): Bar(10.5, 0.05), (0, 12): Bar(10, 0.03),
    (0, 24): Bar(10, 0.025),
}  # fmt: skip
LOST = {
    (0, 2): Bar(10, 0.25), (0, 3): Bar(9, 0.10), (0, 6): Bar(7, 0.06), (0, 12): Bar(7, 0.04), (3, 12): Bar(7, 0.04),
    (6, 18): Bar(7, 0.03), (12, 24): Bar(7, 0.03),
}  # fmt: skip
SLOWED = {(0, 3): Bar(12, 0.10), (0, 6): Bar(12, 0.06)}
REJECTED = {(0, 3): Bar(14, 0.10), (0, 12): Bar(14, 0.05)}
UNUSED = {(6, 18): Bar(14, 0.30, 30), (0, 24): Bar(14, 0.30, 30)}
_WOBBLED = 0.6
ONE_REASON, REASON_NATS = Bar(3.0, 0.03, 20), 10.0
_LIKELY = 2.0
"""Below so many standard deviations no tail is worth its time."""


class Finding(Struct, frozen=True):
    """`share` is how much of what was expected is missing, or how many more were rejected of all."""

    kind: AlertKind
    nats: float
    share: float
    window: int  # place in WINDOWS
    messages: int
    ratio: float
    expected: float
    is_sure: bool = True  # whose it is


def failing_nats(windows: list[Window], window: int) -> tuple[float, float]:
    """How surprising the failures of one window are, and how many there are too many."""
    one = windows[window]
    variance = one[TO_FAIL_VARIANCE] + (WOBBLE * one[TO_DELIVER]) ** 2
    return _surprise(one[FAILED_NOW], one[TO_FAIL], variance), one[FAILED_NOW] - one[TO_FAIL]


def missing_nats(windows: list[Window], window: int) -> tuple[float, float]:
    """The same of what is neither delivered nor failed and should be, even if all were slow."""
    one = windows[window]
    failed_too = max(0.0, one[FAILED_NOW] - one[TO_FAIL])
    missing = one[MESSAGES] - one[DELIVERED_NOW] - failed_too
    usual = one[MESSAGES] - one[SLOW]
    nats = _surprise(missing, usual, one[SLOW_VARIANCE] + (WOBBLE * one[SLOW]) ** 2)
    return nats, missing - usual


def slow_measure(windows: list[Window], place: int) -> tuple[float, float, float]:
    """How surprising it is what is not there yet, how much of it, and of how much."""
    one = windows[place]
    missing = one[MESSAGES] - one[DELIVERED_NOW] - max(0.0, one[FAILED_NOW] - one[TO_FAIL])
    usual = one[MESSAGES] - one[TO_DELIVER]
    nats = _surprise(missing, usual, one[TO_DELIVER_VARIANCE] + (WOBBLE * one[TO_DELIVER]) ** 2)
    return nats, missing - usual, one[TO_DELIVER]


def reject_measure(windows: list[Window], place: int) -> tuple[float, float, float]:
    one = windows[place]
    sent, usual = one[MESSAGES] + one[REJECTED_NOW], one[TO_REJECT]
    return _surprise(one[REJECTED_NOW], usual, 2 * usual + (WOBBLE * sent) ** 2), one[REJECTED_NOW] - usual, sent


def unused_measure(windows: list[Window], place: int) -> tuple[float, float, float]:
    """Conversions vary more than deliveries: twice as much, and by a tenth without a meaning."""
    one = windows[place]
    delivered, usual = one[DELIVERED_NOW], one[TO_CONVERT]
    if not delivered:
        return 0.0, 0.0, 0.0
    spread = 2 * usual * (1 - usual / delivered) + (0.1 * usual) ** 2
    return _surprise(delivered - one[CONVERTED_NOW], delivered - usual, spread), usual - one[CONVERTED_NOW], usual


def failing(windows: list[Window], reasons: Callable[[int], float]) -> Finding | None:
    """More failures than usual; fewer are enough where most are for one reason, and it is not usually theirs.

    `reasons` says how surprising these are, over so many seconds.
    """
    found = None
    for place, bar in _bars(FAILING):
        one = windows[place]
        nats, excess = failing_nats(windows, place)
        if one[TO_DELIVER] < bar.expected or not nats or excess < bar.share * one[TO_DELIVER]:
            continue
        if one[DELIVERED_NOW] > one[TO_DELIVER]:
            continue  # more of everything is there than at this age: it came sooner, and nothing is lost
        by_chance = _surprise(one[FAILED_NOW], one[TO_FAIL], one[TO_FAIL_VARIANCE])
        is_clear = by_chance >= bar.nats and nats >= bar.nats * _WOBBLED
        if not is_clear and by_chance >= ONE_REASON.nats and excess >= ONE_REASON.share * one[TO_DELIVER]:
            is_clear = reasons(SLOT_SECONDS * (WINDOWS[place][1] - WINDOWS[place][0])) >= REASON_NATS
        if is_clear:
            share = excess / one[TO_DELIVER]
            found = _best(found, _finding("delivery_drop", windows, place, by_chance, share))
    return found


def lost(windows: list[Window]) -> Finding | None:
    """Messages of which nothing comes, and that cannot just be slow."""
    found = None
    for place, bar in _bars(LOST):
        one = windows[place]
        if one[SLOW] < bar.expected:
            continue
        nats, excess = missing_nats(windows, place)
        if nats >= bar.nats and excess >= bar.share * one[SLOW]:
            found = _best(found, _finding("delivery_drop", windows, place, nats, excess / one[SLOW]))
    return found


def slowed(windows: list[Window]) -> Finding | None:
    """Less is delivered than usual, and what is missing may still come."""
    return _first("latency_up", windows, SLOWED, slow_measure, (DELIVERED_NOW, TO_DELIVER))


def rejects(windows: list[Window]) -> Finding | None:
    """What the supplier did not take: it never reached the carrier."""
    return _first("submit_rejects", windows, REJECTED, reject_measure, (REJECTED_NOW, TO_REJECT))


def unused(windows: list[Window]) -> Finding | None:
    """Delivered as ever, they say, but recipients do not use what they should have."""
    return _first("engagement_drop", windows, UNUSED, unused_measure, (CONVERTED_NOW, TO_CONVERT))


def _first(
    kind: AlertKind, windows: list[Window], bars: dict[tuple[int, int], Bar],
    measure: Callable[[list[Window], int], tuple[float, float, float]], shown: tuple[int, int],
) -> Finding | None:  # fmt: skip
    for place, bar in _bars(bars):
        nats, excess, of = measure(windows, place)
        if of >= bar.expected and nats >= bar.nats and excess / of >= bar.share:
            one = windows[place]
            messages = max(1.0, one[DELIVERED_NOW] if kind == "engagement_drop" else one[MESSAGES] + one[REJECTED_NOW])
            now, usual = (one[field] / messages for field in shown)
            return Finding(kind, nats, excess / of, place, round(messages), now, usual)
    return None


def _finding(kind: AlertKind, windows: list[Window], place: int, nats: float, share: float) -> Finding:
    one = windows[place]
    messages = max(one[MESSAGES], 1)
    return Finding(
        kind, nats, share, place, round(one[MESSAGES]), one[DELIVERED_NOW] / messages, one[TO_DELIVER] / messages
    )


def _surprise(count: float, mean: float, variance: float) -> float:
    if count <= mean or count - mean < _LIKELY * sqrt(max(variance, 0.0)):
        return 0.0
    return surprise(count, max(mean, 1e-6), max(variance, 1e-6))


def _best(one: Finding | None, other: Finding | None) -> Finding | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda finding: finding.nats)


_PLACES = {window: place for place, window in enumerate(WINDOWS)}


def _bars(bars: dict[tuple[int, int], Bar]) -> list[tuple[int, Bar]]:
    return [(_PLACES[window], bar) for window, bar in bars.items()]
