"""One status out of many reports."""

from itertools import permutations

import pytest

from acquit.events import Receipt, Status
from tests.builders import MAIL, PHONE, cells_of, folded, receipt, status_of


def told(*statuses: Status, to: str | None = None) -> list[Receipt]:
    """Reports a second apart, in the order of their times."""
    return [receipt(status, at=second, to=to or PHONE) for second, status in enumerate(statuses)]


@pytest.mark.parametrize(
    ("statuses", "merged"),
    [
        (["queued", "sent"], "sent"),
        (["sent", "accepted"], "accepted"),
        (["accepted", "deferred"], "deferred"),  # the network has it and tries on
        (["deferred", "accepted"], "deferred"),
        (["deferred", "unknown"], "unknown"),
        (["unknown", "accepted"], "unknown"),
        (["unknown", "delivered_network"], "delivered_network"),
        (["delivered_network", "unknown"], "delivered_network"),
        (["accepted", "delivered_network"], "delivered_network"),  # is not handset delivery
        (["delivered_network", "delivered_handset"], "delivered_handset"),
        (["delivered_handset", "delivered_network"], "delivered_handset"),
        (["delivered_handset", "read"], "read"),
        (["read", "delivered_handset"], "read"),
        (["delivered_handset", "failed"], "delivered_handset"),  # a failure after the delivery moves nothing
        (["delivered_network", "expired"], "delivered_network"),
        (["failed", "delivered_handset"], "delivered_handset"),  # delivery outranks failure, whatever comes last
        (["rejected", "read"], "read"),
        (["accepted", "failed"], "failed"),
        (["failed", "accepted"], "failed"),
        (["failed", "unknown"], "failed"),  # `unknown` is below failures
        (["unknown", "expired"], "expired"),
        (["failed", "expired"], "failed"),  # of failures the first stays
        (["expired", "failed"], "expired"),
        (["sent", "cancelled"], "cancelled"),
        (["cancelled", "delivered_handset"], "delivered_handset"),
    ],
)
def test_status_of_a_phone_message_in_any_order_of_arrival(statuses: list[Status], merged: Status) -> None:
    for order in permutations(told(*statuses)):
        assert status_of(folded(*order)) == merged


@pytest.mark.parametrize(
    ("statuses", "merged"),
    [
        (["delivered_handset", "failed"], "failed"),  # relays accept first and bounce afterwards
        (["delivered_network", "rejected"], "rejected"),
        (["failed", "delivered_handset"], "delivered_handset"),
        (["failed", "delivered_handset", "rejected"], "rejected"),
        (["failed", "rejected"], "rejected"),  # of bounces the last stays
        (["accepted", "failed"], "failed"),
        (["failed", "accepted"], "failed"),
        (["failed", "unknown"], "failed"),
    ],
)
def test_status_of_a_mail_in_any_order_of_arrival(statuses: list[Status], merged: Status) -> None:
    for order in permutations(told(*statuses, to=MAIL)):
        assert status_of(folded(*order), is_email=True) == merged


def test_bounce_at_the_moment_of_the_delivery_is_not_later() -> None:
    both = [receipt("delivered_handset", to=MAIL, at=5), receipt("failed", to=MAIL, at=5)]
    for order in permutations(both):
        assert status_of(folded(*order), is_email=True) == "delivered_handset"


def test_of_equal_failures_at_the_same_time_the_same_one_stays_in_any_order() -> None:
    both = [
        receipt("failed", category="recipient_unknown", permanence="permanent"),
        receipt("failed", category="network_or_system_error", permanence="transient"),
    ]
    kept = {repr([row for _, _, row in folded(*order).messages.window]) for order in permutations(both)}
    assert len(kept) == 1


def test_of_equal_failures_the_first_stays_and_on_mail_the_last() -> None:
    reasons = ["recipient_unknown", "recipient_inactive", "recipient_moved"]
    for to, kept in ((PHONE, "recipient_unknown/permanent"), (MAIL, "recipient_moved/permanent")):
        told = [
            receipt("failed", at=at, to=to, category=category, permanence="permanent")
            for at, category in enumerate(reasons)
        ]
        for order in permutations(told):
            assert [failures for _, _, failures in cells_of(folded(*order).messages).values()] == [{kept: 1}]
