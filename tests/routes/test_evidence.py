"""What a unit's windows say, straight from their sums."""

from acquit.routes.evidence import failing
from acquit.routes.windows import (
    DELIVERED_NOW,
    FAILED_NOW,
    FIELDS,
    MESSAGES,
    TO_DELIVER,
    TO_DELIVER_VARIANCE,
    TO_FAIL,
    TO_FAIL_VARIANCE,
    WINDOWS,
    Window,
)


def windows(delivered: float, failed: float) -> list[Window]:
    """A thousand messages in every window, of which 700 should be delivered by now, and 30 should have failed."""
    one = [0.0] * FIELDS
    one[MESSAGES], one[DELIVERED_NOW], one[FAILED_NOW] = 1_000, delivered, failed
    one[TO_DELIVER], one[TO_DELIVER_VARIANCE], one[TO_FAIL], one[TO_FAIL_VARIANCE] = 700, 210, 30, 30
    return [one] * len(WINDOWS)


def test_more_failures_than_usual_are_a_drop() -> None:
    finding = failing(windows(delivered=560, failed=170), lambda _: 0.0)
    assert finding is not None
    assert finding.kind == "delivery_drop"


def test_failures_that_come_sooner_with_the_deliveries_are_none() -> None:
    assert failing(windows(delivered=830, failed=170), lambda _: 0.0) is None
