"""Traffic of four providers as it happens, second by second, with a story in it: `acquit demo`, `acquit simulate --live`.

Payloads are written as the providers write them, by hand: Twilio forms, WhatsApp Cloud webhooks, SES notifications over
SNS, SMPP receipts. In every `CYCLE` of seconds one carrier falls and recovers. The days before have a story, too: of three
suppliers on one carrier one forges receipts.
"""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from urllib.parse import urlencode

import orjson

from acquit.simulate.records import Record
from acquit.simulate.world.laws import draw_world
from acquit.simulate.world.staging import only, staged
from acquit.simulate.world.telling import records

CYCLE = 75
FALLING = range(14, 30)
FALLING_CARRIER = "20810"
LYING_SEED, LYING_SUPPLIERS, LYING_CARRIER = 7, ("birch", "elm", "fir"), "20815"
LYING_HOURS = 29
"""One day is enough to find a route that forges 30 %. It is judged once something comes that is later than 06:00 of the next
day, and all of these are earlier.
"""
PROVIDERS = ("smpp", "twilio", "whatsapp", "ses")


@dataclass(frozen=True)
class Line:
    """A provider's traffic on a route and carrier."""

    provider: str
    channel: str
    route: str
    carrier: str
    country: str
    prefix: str
    delivery: float
    per_second: float
    delay_seconds: tuple[float, float] = (1.5, 6.0)


LINES = (
    Line("smpp", "sms", "direct-1", "20801", "FR", "+3361", 0.95, 9),
    Line("smpp", "sms", "aggr-a", FALLING_CARRIER, "FR", "+3362", 0.94, 12),
    Line("smpp", "sms", "aggr-b", "26202", "DE", "+49172", 0.93, 4),
    Line("twilio", "sms", "twilio", "23410", "GB", "+4477", 0.96, 9),
    Line("whatsapp", "whatsapp", "cloud", "whatsapp", "FR", "+3375", 0.97, 8),
    Line("ses", "email", "ses-eu", "gmail.com", "FR", "@gmail.com", 0.98, 8),
)
SMPP_FAILURES = (
    "030006",
    "030006",
    "030022",
    "03000d",
    "030001",
)  # GSM: absent, absent, system failure, barred, unknown
TWILIO_FAILURES = ("30003", "30003", "30003", "30008", "30008", "30007", "30007", "30005")
WHATSAPP_FAILURES = ("131049", "131049", "131000", "131000", "130472", "131026")
SES_BOUNCES = (("Transient", "MailboxFull", "4.2.2"), ("Transient", "General", "4.4.7"))


@dataclass
class Live:
    """The traffic of one seed. `until` yields what arrives up to a moment, in the order of arrival."""

    seed: int
    start: datetime
    chance: random.Random = field(init=False, repr=False)
    _coming: list[tuple[int, int, Record]] = field(init=False, repr=False, default_factory=list)
    _number: int = field(init=False, default=0)
    _second: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - seeded on purpose

    def until(self, now: datetime) -> Iterator[Record]:
        """What has arrived by now and was not yielded before."""
        while self._second <= (now - self.start).total_seconds():
            self._plan_second(self._second)
            self._second += 1
        now_ms = _ms(now)
        while self._coming and self._coming[0][0] <= now_ms:
            yield heapq.heappop(self._coming)[2]

    def _plan_second(self, second: int) -> None:
        at_ms = _ms(self.start) + second * 1000
        for line in LINES:
            for _ in range(_count(self.chance, line.per_second)):
                self._plan_message(line, at_ms + self.chance.randrange(1000), second)
        for told in STORY.get(second % CYCLE, ()):
            told(self, at_ms)

    def _plan_message(self, line: Line, at_ms: int, second: int) -> None:
        message_id, to = self.message_id(), self.address(line)
        self.put(at_ms, _submit(line, message_id, to, at_ms))
        is_falling = line.carrier == FALLING_CARRIER and second % CYCLE in FALLING
        is_delivered = self.chance.random() < (0.35 if is_falling else line.delivery)
        done_ms = at_ms + round(self.chance.uniform(*line.delay_seconds) * 1000)
        self.put(done_ms, _outcome(self.chance, line, message_id, to, done_ms, is_delivered=is_delivered))

    def message_id(self) -> str:
        self._number += 1
        return f"{self.seed:x}-{self._number:08x}"

    def address(self, line: Line) -> str:
        digits = f"{self.chance.randrange(10**8):08d}"
        return f"user{digits}{line.prefix}" if line.channel == "email" else f"{line.prefix}{digits}"[:13]

    def put(self, at_ms: int, record: Record) -> None:
        self._number += 1
        heapq.heappush(self._coming, (at_ms, self._number, record))


def forged_days(now: datetime) -> Iterator[Record]:
    """Traffic of the day before yesterday (UTC) and some hours, in which one of three suppliers forges its receipts."""
    world = draw_world(LYING_SEED, tier="low", days=2)
    small = only(world, suppliers=LYING_SUPPLIERS, carriers=(LYING_CARRIER,))
    start = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
    until_ms = _ms(start + timedelta(hours=LYING_HOURS))
    told = records(replace(staged(small, fraud="s2-uniform-30", from_day=0), start=start))
    return takewhile(lambda record: record.timestamp_ms < until_ms, told)


def _hard_bounce(live: Live, at_ms: int) -> None:
    line = LINES[5]
    message_id, to = live.message_id(), f"nobody{live.chance.randrange(1000)}@gmail.com"
    live.put(at_ms, _submit(line, message_id, to, at_ms))
    live.put(at_ms + 900, _raw("ses", _ses_bounce(message_id, to, at_ms, ("Permanent", "NoEmail", "5.1.1")), at_ms))


def _stop_reply(live: Live, at_ms: int) -> None:
    form = {"SmsSid": "SM" + live.message_id(), "SmsStatus": "received", "Body": "Stop",
            "From": live.address(LINES[3]), "To": "+447700900000"}  # fmt: skip
    live.put(at_ms, _raw("twilio", urlencode(form).encode(), at_ms))


def _marketing_opt_out(live: Live, at_ms: int) -> None:
    line = LINES[4]
    message_id, to = live.message_id(), live.address(line)
    live.put(at_ms, _submit(line, message_id, to, at_ms))
    live.put(at_ms + 900, _raw("whatsapp", _whatsapp(message_id, to, at_ms, "failed", "131050"), at_ms))


STORY = {
    4: (_hard_bounce,), 8: (_stop_reply,), 12: (_marketing_opt_out,), 50: (_hard_bounce,), 60: (_stop_reply,),
}  # fmt: skip


def _count(chance: random.Random, mean: float) -> int:
    whole = int(mean)
    return whole + (chance.random() < mean - whole) + chance.choice((-1, 0, 0, 1) if whole else (0,))


def _ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _submit(line: Line, message_id: str, to: str, at_ms: int) -> Record:
    fields = {
        "kind": "submit", "provider": line.provider, "message_id": message_id, "to": to, "channel": line.channel,
        "at": _iso(at_ms), "route": line.route, "supplier": line.route, "carrier": line.carrier,
        "country": line.country, "stream": "marketing",
    }  # fmt: skip
    return Record("submits", f"{line.channel}:{to}".encode(), orjson.dumps(fields), "canonical", at_ms)


def _raw(provider: str, value: bytes, at_ms: int) -> Record:
    return Record("raw", None, value, provider, at_ms)


def _outcome(chance: random.Random, line: Line, message_id: str, to: str, at_ms: int, *, is_delivered: bool) -> Record:
    match line.provider:
        case "smpp":
            value = _smpp(message_id, to, at_ms, None if is_delivered else chance.choice(SMPP_FAILURES))
        case "twilio":
            value = _twilio(message_id, to, None if is_delivered else chance.choice(TWILIO_FAILURES))
        case "whatsapp":
            code = None if is_delivered else chance.choice(WHATSAPP_FAILURES)
            value = _whatsapp(message_id, to, at_ms, "delivered" if is_delivered else "failed", code)
        case _:
            bounce = chance.choice(SES_BOUNCES)
            value = _ses_delivery(message_id, to, at_ms) if is_delivered else _ses_bounce(message_id, to, at_ms, bounce)
    return _raw(line.provider, value, at_ms)


def _smpp(message_id: str, to: str, at_ms: int, failure: str | None) -> bytes:
    done = datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%y%m%d%H%M")
    stat = "UNDELIV" if failure else "DELIVRD"
    dates = f"submit date:{done} done date:{done}"
    text = f"id:{message_id} sub:001 dlvrd:{0 if failure else 1:03d} {dates} stat:{stat} err:000 text:"
    tlvs = {"network_error_code": failure} if failure else {}
    return orjson.dumps({"source_addr": to[1:], "destination_addr": "ACME", "short_message": text, "tlvs": tlvs})


def _twilio(message_id: str, to: str, failure: str | None) -> bytes:
    form = {"MessageSid": message_id, "MessageStatus": "undelivered" if failure else "delivered", "To": to,
            "From": "+447700900000", "AccountSid": "AC0", "ApiVersion": "2010-04-01"}  # fmt: skip
    return urlencode(form | ({"ErrorCode": failure} if failure else {})).encode()


def _whatsapp(message_id: str, to: str, at_ms: int, status: str, failure: str | None) -> bytes:
    errors = [{"code": int(failure), "title": "Message undeliverable"}] if failure else []
    told = {"id": message_id, "recipient_id": to[1:], "status": status, "timestamp": str(at_ms // 1000)}
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": "1"},
             "statuses": [told | ({"errors": errors} if errors else {})]}  # fmt: skip
    change = {"field": "messages", "value": value}
    return orjson.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]})


def _ses_delivery(message_id: str, to: str, at_ms: int) -> bytes:
    delivery = {"timestamp": _iso(at_ms), "recipients": [to], "smtpResponse": "250 OK"}
    return _ses(message_id, to, at_ms, {"notificationType": "Delivery", "delivery": delivery})


def _ses_bounce(message_id: str, to: str, at_ms: int, kind: tuple[str, str, str]) -> bytes:
    bounce_type, subtype, status = kind
    recipient = {"emailAddress": to, "action": "failed", "status": status, "diagnosticCode": f"smtp; 550 {status}"}
    bounce = {"bounceType": bounce_type, "bounceSubType": subtype, "timestamp": _iso(at_ms), "feedbackId": "1",
              "bouncedRecipients": [recipient]}  # fmt: skip
    return _ses(message_id, to, at_ms, {"notificationType": "Bounce", "bounce": bounce})


def _ses(message_id: str, to: str, at_ms: int, told: dict[str, object]) -> bytes:
    mail = {"messageId": message_id, "timestamp": _iso(at_ms), "source": "news@example.com", "destination": [to]}
    return orjson.dumps({"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:eu-west-1:1:ses",
                         "Timestamp": _iso(at_ms), "Message": orjson.dumps({**told, "mail": mail}).decode()})  # fmt: skip
