"""What intake sends of a batch, and what it counts: once, when the broker has it. Kafka itself is in tests/system."""

import json
from typing import Any

import pytest
from aiokafka import TopicPartition
from prometheus_client import generate_latest

from acquit.capped import Capped
from acquit.envelope import Source
from acquit.events import decode
from acquit.pipeline import ONLY
from acquit.worker import intake as intakes
from acquit.worker.intake import Intake
from acquit.worker.metrics import Metrics
from acquit.worker.perform import Performer
from acquit.worker.settings import Settings
from acquit.worker.waiting import Waits
from tests.builders import START_MS, FakeProducer, Read, shipped_rules

TP = TopicPartition("raw.mail", 0)
AT = START_MS // 1000


class Broker:
    """Gives producers, of which the first few fail: the broker is gone, or the last answer was lost."""

    def __init__(self, *, failures: int = 0) -> None:
        self.failures = failures
        self.given: list[Producer] = []

    def producer(self, **_options: Any) -> "Producer":
        self.given.append(Producer(refuses=len(self.given) < self.failures))
        return self.given[-1]


class Producer(FakeProducer):
    """With the ends of a life."""

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        """Nothing to do."""


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(Capped(10))


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    async def no_pause(_seconds: float) -> None:
        """Tests do not wait."""

    broker = Broker()
    monkeypatch.setattr(intakes, "AIOKafkaProducer", broker.producer)
    monkeypatch.setattr(intakes, "pause", no_pause)
    return broker


def intake(metrics: Metrics) -> Intake:
    settings = Settings(raw_topics={"raw.mail": "sendgrid"})
    performer = Performer(settings, {settings.topic("events"): 4, settings.topic("dead-letters"): 4})
    return Intake(
        settings, rules=shipped_rules(), sources={"raw.mail": Source("sendgrid")}, performer=performer,
        metrics=metrics, waits=Waits(), options={},
    )  # fmt: skip


def mails(*events: str, offset: int = 0) -> Read:
    """An array of SendGrid's events, all of one mail; the last of each word may be `!`: its time is none."""
    told = [
        {
            "event": event.rstrip("!"),
            "email": "ann@example.org",
            "sg_message_id": "m",
            "timestamp": "soon" if "!" in event else AT,
        }
        for event in events
    ]
    return Read(offset, START_MS, json.dumps(told).encode(), topic="raw.mail")


def counted(metrics: Metrics) -> dict[str, float]:
    """All series that are not zero."""
    lines = [line.rpartition(" ") for line in generate_latest(metrics.registry).decode().splitlines()]
    return {name.removeprefix("acquit_"): float(value) for name, _, value in lines if name[0] != "#" and float(value)}


@pytest.mark.parametrize("failures", [0, 1, 3])
async def test_batch_is_counted_once_however_often_it_was_sent(broker: Broker, metrics: Metrics, failures: int) -> None:
    broker.failures = failures
    await intake(metrics).take(TP, [mails("delivered", "account_update", "click!"), mails("account_update", offset=1)])
    assert len(broker.given) == failures + 1
    assert counted(metrics) == {
        'raw_records_total{topic="raw.mail"}': 2,
        'ignored_events_total{kind="account_update",provider="sendgrid"}': 2,
        'dead_letters_total{provider="sendgrid",reason="absurd_value"}': 1,
    }


async def test_batch_that_the_broker_refuses_for_good_is_not_counted(
    broker: Broker, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.failures = 1
    monkeypatch.setattr(intakes, "is_passing", lambda _error: False)
    with pytest.raises(ConnectionError):
        await intake(metrics).take(TP, [mails("account_update", "click!")])
    assert counted(metrics) == {}


async def test_events_leave_in_their_order_and_what_is_refused_beside_them(broker: Broker, metrics: Metrics) -> None:
    record = mails("delivered", "click!", "open", "account_update")
    await intake(metrics).take(TP, [record])
    [producer] = broker.given
    events = [decode(sent.value) for sent in producer.sent if sent.topic == "acquit.events" and sent.value]
    [letter] = [sent for sent in producer.sent if sent.topic == "acquit.dead-letters"]
    assert [event.src for event in events] == [("raw.mail", 0, 0, 0), ("raw.mail", 0, 0, 2)]
    assert (letter.value, letter.key, dict(letter.headers)[ONLY]) == (record.value, record.key, b"1/4")


async def test_replayed_letter_counts_nothing_that_was_counted(broker: Broker, metrics: Metrics) -> None:
    record = mails("account_update", "click!", "account_update")
    record.headers = [(ONLY, b"1/3")]
    await intake(metrics).take(TP, [record])
    assert not [name for name in counted(metrics) if name.startswith("ignored")]
    assert [sent.topic for sent in broker.given[0].sent] == ["acquit.dead-letters"]


async def test_body_without_events_is_a_raw_record_and_no_more(broker: Broker, metrics: Metrics) -> None:
    await intake(metrics).take(TP, [mails()])
    assert counted(metrics) == {'raw_records_total{topic="raw.mail"}': 1}
