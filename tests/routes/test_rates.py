"""Limits on what the last days came to: silent below, raised above, cleared when they are kept again."""

from typing import Any

import pytest

from acquit.capped import Capped
from acquit.effects import Alert, Cell, Example, Tally
from acquit.routes.cohorts import Sums
from acquit.routes.rates import FLOORS
from tests.builders import DAY, HOUR, START_MS, when

NINE = START_MS // 1000


def tally(
    upto: int = 1, *, channel: str = "sms", carrier: str = "20801", supplier: str = "one", hour: int = NINE,
    stream: str = "otp", delivered: int = 0, failed: int = 0, rejected: int = 0, **fields: Any
) -> Tally:  # fmt: skip
    status: Any = {"delivered_handset": delivered, "failed": failed, "rejected": rejected}
    cell = Cell(channel, carrier, None, f"{supplier}-1", supplier, stream, hour)
    return Tally(0, upto, cell, delivered + failed + rejected, status, **fields)


class Days:
    """Sums that are asked every ten minutes."""

    def __init__(self, **fields: Any) -> None:
        self.sums, self.now_ms = Sums(Capped(50), zone="UTC", **fields), START_MS

    def told(self, *tallies: Tally) -> list[Alert]:
        for one in tallies:
            self.sums.take(one.key, one.value)
        self.now_ms += 600_000
        return self.sums.judge(self.now_ms)


def shown(alerts: list[Alert]) -> list[tuple[str, str, str | None, str | None]]:
    return [(alert.kind, alert.state, alert.carrier, alert.supplier) for alert in alerts]


@pytest.mark.parametrize(
    ("channel", "delivered", "is_low"),
    [("sms", 9_800, False), ("sms", 9_700, True), ("whatsapp", 9_000, False), ("whatsapp", 8_900, True),
     ("email", 8_500, False), ("email", 8_300, True), ("rcs", 100, False)],
)  # fmt: skip
def test_delivery_under_the_floor_of_its_channel_is_low(channel: str, delivered: int, *, is_low: bool) -> None:
    alerts = Days().told(tally(channel=channel, delivered=delivered, failed=10_000 - delivered))
    assert shown(alerts) == ([("delivery_low", "raised", "20801", None)] if is_low else [])
    assert [alert.expected for alert in alerts] == ([FLOORS[channel]] if is_low else [])  # type: ignore[index]


def test_floor_can_be_set_and_rejected_submits_are_no_failures_of_a_carrier() -> None:
    low = tally(delivered=900, failed=100)
    assert Days(floors={"sms": 0.5}).told(low) == []
    assert Days(floors={}).told(low) == []
    assert shown(Days(floors={"sms": 0.95}).told(low)) == [("delivery_low", "raised", "20801", None)]
    assert Days(floors={"sms": 0.95}).told(tally(delivered=990, failed=10, rejected=5_000)) == []


def test_few_messages_are_under_no_floor() -> None:
    assert Days().told(tally(delivered=100, failed=90)) == []


def test_while_a_backlog_is_read_no_limit_is_judged() -> None:
    """Receipts that are read before their submits stand under the carrier that their number's range was given to."""
    days = Days()
    days.now_ms += DAY * 1_000
    for hour in range(NINE, NINE + 6 * HOUR, HOUR):
        slots: Any = {"delivered_by": {"slot/0": 800}, "failed_by": {"slot/0": 200}}
        assert days.told(tally(hour=hour, delivered=800, failed=200, **slots)) == []
    assert [alert.kind for alert in days.told()] == ["delivery_low"]


def test_low_delivery_is_told_once_and_cleared_once_the_bad_day_is_over() -> None:
    days = Days()
    assert len(days.told(tally(delivered=800, failed=200))) == 1
    assert days.told(tally(2, delivered=801, failed=200)) == []
    [cleared] = days.told(tally(hour=NINE + DAY, delivered=1_000))
    assert (cleared.kind, cleared.state, cleared.ratio) == ("delivery_low", "cleared", 1.0)


@pytest.mark.parametrize(
    ("complaints", "kinds"),
    [(9, []), (40, ["complaints_high"]), (80, ["complaints_high", "complaints_excessive"])],
)
def test_complaints_over_a_tenth_and_three_tenths_of_a_percent_are_told(complaints: int, kinds: list[str]) -> None:
    alerts = Days().told(tally(channel="email", delivered=10_000, engaged={"complaint": complaints}))
    assert [(alert.kind, alert.supplier, alert.stream) for alert in alerts] == [(kind, "one", "otp") for kind in kinds]


def test_mails_that_bounce_for_good_are_told_and_those_that_do_not_are_not() -> None:
    one, other = ({f"recipient_unknown/{permanence}": 900} for permanence in ("permanent", "transient"))
    many: Any = {"channel": "email", "delivered": 9_100, "failed": 900}
    assert [alert.kind for alert in Days().told(tally(**many, failures=one))] == ["bounces_high"]
    assert Days().told(tally(**many, failures=other)) == []


# Q3 and Q4


def example(number: int) -> Example:
    return Example("p", f"m{number}", "+336****5678", when(number))


def test_failure_long_after_a_port_is_told_with_examples_that_a_supplier_can_look_up() -> None:
    days, found = Days(floors={}), [example(number) for number in range(3)]
    late = tally(
        delivered=99, failed=1, contradicted={"port_overdue": 3}, examples={"port_overdue": found, "denied": found}
    )
    [alert] = days.told(late)
    assert (alert.kind, alert.carrier, alert.route, alert.messages) == ("port_overdue", "20801", "one-1", 3)
    assert list(alert.examples) == found
    [cleared] = days.told(tally(hour=NINE + 4 * DAY, delivered=100))
    assert (cleared.kind, cleared.state) == ("port_overdue", "cleared")


def test_people_who_deny_a_delivery_at_several_operators_accuse_the_supplier() -> None:
    said: Any = {"delivered": 1_000, "engaged": {"not_received": 2}}
    alerts = Days().told(
        tally(**said), tally(carrier="20810", **said), tally(carrier="20810", supplier="two", delivered=9)
    )
    assert shown(alerts) == [("not_received", "raised", None, "one")]
    assert alerts[0].messages == 4


def test_people_who_deny_a_delivery_of_any_supplier_at_one_operator_accuse_the_operator() -> None:
    said: Any = {"delivered": 1_000, "engaged": {"not_received": 2}}
    assert shown(Days().told(tally(**said), tally(supplier="two", **said))) == [
        ("not_received", "raised", "20801", None)
    ]


@pytest.mark.parametrize(("denied", "delivered"), [(2, 100), (3, 100_000)])
def test_two_who_deny_a_delivery_or_three_of_very_many_are_none(denied: int, delivered: int) -> None:
    assert Days().told(tally(delivered=delivered, engaged={"not_received": denied})) == []


def test_alert_on_a_limit_outlives_a_restart_and_is_not_told_twice() -> None:
    days = Days()
    days.told(tally(delivered=800, failed=200))
    again = Sums(Capped(50), zone="UTC")
    again.head = days.sums.head
    for name, table in days.sums.tables.items():
        again.tables[name].apply([(block, key, row) for block, key, row in table])
    again.loaded([])
    days.sums = again
    assert [row.kind for row in again.raised()] == ["delivery_low"]
    assert days.told(tally(2, hour=NINE + HOUR, delivered=1)) == []
