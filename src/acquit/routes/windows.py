"""The last cohorts of a flow against what was to be expected of them at their age, added up by windows.

Windows are of cohorts, newest first. What is expected carries its variance and how far it may be off for want of history, so
that parts can be added up: routes to a carrier, carriers to a supplier.
"""

from collections.abc import Iterable, Mapping

from acquit.routes.flows import CONVERTED, DELIVERED, FAILED, REJECTED, SLOT_SECONDS, WAITING
from acquit.routes.law import Curve
from acquit.routes.usual import Usual

WINDOWS = ((0, 1), (0, 2), (0, 3), (0, 6), (0, 12), (0, 24), (3, 12), (6, 18), (12, 24))
"""From and to which cohort: 5, 10, 15, 30, 60 and 120 minutes, and some in which nobody is young."""
LOOKED_AT = 24
_YOUNGEST_SECONDS = 25
"""Of a younger cohort there is nothing to say yet."""
(MESSAGES, DELIVERED_NOW, FAILED_NOW, REJECTED_NOW, CONVERTED_NOW, TO_DELIVER, TO_DELIVER_VARIANCE, TO_FAIL,
 TO_FAIL_VARIANCE, SLOW, SLOW_VARIANCE, TO_REJECT, TO_CONVERT) = range(13)  # fmt: skip
FIELDS = 13
Window = list[float]


def windows_of(
    cohorts: Mapping[int, list[int]], *, now: float, usual: Usual, curve: Curve, since: float
) -> list[Window] | None:
    """A window's sums for each of WINDOWS, of cohorts that begin at or after `since`; None if there is nothing."""
    newest = int(now) // SLOT_SECONDS * SLOT_SECONDS
    by_age: list[Window | None] = []
    for place in range(LOOKED_AT):
        start = newest - place * SLOT_SECONDS
        counts = cohorts.get(start)
        is_told = counts is not None and start >= since and now - start >= _YOUNGEST_SECONDS
        by_age.append(_cohort(counts, now - start, usual, curve) if is_told and counts else None)
    if not any(by_age):
        return None
    return [_doubted(_sum(by_age[first:last]), usual) for first, last in WINDOWS]


def _cohort(counts: list[int], age: float, usual: Usual, curve: Curve) -> Window:
    messages, point = counts[WAITING] + counts[DELIVERED] + counts[FAILED], curve.point(age)
    delivered, failed, slow = (
        usual.delivered * point.delivered,
        usual.failed * point.failed,
        usual.delivered * point.slow,
    )
    return [
        messages, counts[DELIVERED], counts[FAILED], counts[REJECTED], counts[CONVERTED],
        messages * delivered, point.spread_delivered * messages * delivered * (1 - delivered),
        messages * failed, point.spread_failed * messages * failed * (1 - failed),
        messages * slow, point.spread_delivered * messages * slow * (1 - slow),
        (messages + counts[REJECTED]) * usual.rejected,
        counts[DELIVERED] * usual.converted * point.converted,
    ]  # fmt: skip


def _sum(parts: Iterable[Window | None]) -> Window:
    told = [part for part in parts if part]
    return [sum(column) for column in zip(*told, strict=True)] if told else [0.0] * FIELDS


def _doubted(window: Window, usual: Usual) -> Window:
    """All messages of a flow share what is not known of its level."""
    delivered, slow = window[TO_DELIVER] / usual.delivered, window[SLOW] / usual.delivered
    window[TO_DELIVER_VARIANCE] += (usual.doubt * delivered) ** 2
    window[SLOW_VARIANCE] += (usual.doubt * slow) ** 2
    window[TO_FAIL_VARIANCE] += (usual.doubt_failed * window[TO_FAIL] / usual.failed) ** 2
    return window


def added(parts: Iterable[list[Window]]) -> list[Window]:
    """The windows of several flows, as of one."""
    return [[sum(column) for column in zip(*window, strict=True)] for window in zip(*parts, strict=True)]
