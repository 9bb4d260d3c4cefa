"""What partitions hold, added up: one alert for a route or carrier, from the first that is held to the last decision."""

from acquit.capped import Capped
from acquit.effects import Alert, Holding
from acquit.routes.cohorts import Sums
from acquit.worker.metrics import Metrics
from tests.builders import START_MS, Read

OF_ALL = {"supplier": "", "stream": ""}


def told(
    failures: int, *, partition: int = 0, upto: int = 1, is_open: bool = False, carrier: str | None = None
) -> Holding:
    return Holding(partition, upto, "sms", None if carrier else "aggr-a", carrier, failures, is_open)


def summed(*holdings: Holding) -> Sums:
    sums = Sums(Capped(10), zone="UTC")
    take(sums, *holdings)
    return sums


def take(sums: Sums, *holdings: Holding) -> None:
    for offset, holding in enumerate(holdings, sums.head.to + 1):
        assert sums.take_record(Read(offset, START_MS, holding.value, holding.key)) is None


def judged(sums: Sums) -> list[tuple[str, str | None, str | None, int]]:
    alerts = sums.judge(START_MS)
    assert {alert.kind for alert in alerts} <= {"suppression_held"}
    return [(alert.state, alert.route, alert.carrier, alert.messages) for alert in alerts]


def test_twelve_partitions_raise_one_alert() -> None:
    sums = summed(*(told(20, partition=number, is_open=True) for number in range(12)))
    assert judged(sums) == [("raised", "aggr-a", None, 240)]
    assert judged(sums) == []


def test_alert_is_up_until_all_is_decided_in_every_partition_and_clears_once() -> None:
    sums = summed(told(20, is_open=True), told(20, partition=1, is_open=True))
    judged(sums)
    take(sums, told(20, upto=2), told(0, partition=1, upto=2))
    assert judged(sums) == []
    take(sums, told(0, upto=3))
    assert judged(sums) == [("cleared", "aggr-a", None, 0)]
    assert judged(sums) == []
    assert len(sums.holdings.table) == 0


def test_alert_stays_up_while_more_would_be_held() -> None:
    sums = summed(told(20, is_open=True))
    judged(sums)
    take(sums, told(0, upto=2, is_open=True))
    assert judged(sums) == []


def test_what_is_held_and_decided_between_two_looks_raises_nothing() -> None:
    assert judged(summed(told(20), told(0, upto=2))) == []


def test_last_word_of_a_partition_counts_whatever_comes_late() -> None:
    sums = summed(told(5, upto=9), told(50, upto=3))
    assert judged(sums) == [("raised", "aggr-a", None, 5)]


def test_route_and_carrier_of_one_name_are_two() -> None:
    assert len(judged(summed(told(5), told(5, carrier="aggr-a")))) == 2


def test_sentence_says_where_to_look_and_names_nobody() -> None:
    [alert] = summed(told(5)).judge(START_MS)
    assert alert == Alert(
        "suppression_held", "raised", "sms", None, "aggr-a", alert.at,
        "sms route aggr-a fails so many people at once that they are not suppressed but held: acquit suppression held list",
        5,
    )  # fmt: skip


def test_gauges_show_what_is_held_and_that_it_is_over() -> None:
    metrics, sums = Metrics(Capped(10)), summed(told(5), told(7, partition=1), told(2, carrier="20801"))

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(name, {"channel": "sms", "carrier": "", "route": "", **labels})

    sums.judge(START_MS)
    metrics.show_held(sums.holdings.raised())
    assert value("acquit_suppression_held", route="aggr-a") == 12
    assert value("acquit_suppression_held", carrier="20801") == 2
    assert value("acquit_alert_active", kind="suppression_held", route="aggr-a", **OF_ALL) == 1
    take(sums, told(0, upto=2), told(0, partition=1, upto=2))
    sums.judge(START_MS)
    metrics.show_held(sums.holdings.raised())
    assert value("acquit_suppression_held", route="aggr-a") is None
    assert value("acquit_alert_active", kind="suppression_held", route="aggr-a", **OF_ALL) is None
    assert value("acquit_alert_active", kind="suppression_held", carrier="20801", **OF_ALL) == 1
