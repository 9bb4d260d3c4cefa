"""The plan as Kafka records: canonical submits and engagements, and receipts as an SMPP gateway writes them, raw."""

from collections.abc import Iterator
from functools import lru_cache
from time import gmtime, strftime
from typing import Literal

from msgspec import Struct
from msgspec.json import Encoder

from acquit.events import encode, key_of
from acquit.simulate.arrival import by_arrival
from acquit.simulate.canonical import MINUTE_MS, SENDER, engagement, submit
from acquit.simulate.message import Message, Notice
from acquit.simulate.plan import plan
from acquit.simulate.scenario import Scenario

Role = Literal["submits", "raw", "engagements"]


class Record(Struct, frozen=True, gc=False):
    """What a producer writes. `topic` is a role: the topic's name is the caller's business."""

    topic: Role
    key: bytes | None
    value: bytes
    provider: str
    timestamp_ms: int  # when it arrives


def simulate(scenario: Scenario) -> Iterator[Record]:
    """All records by arrival. Nothing is kept but what is still under way, so a million messages fit anywhere."""
    return by_arrival(plan(scenario), _records)


def _records(message: Message) -> Iterator[tuple[int, Record]]:
    sent = submit(message)
    key = key_of(sent).encode()
    yield message.arrival_ms, Record("submits", key, encode(sent), "canonical", message.arrival_ms)
    for notice in message.notices:
        value = _smpp(message, notice)
        yield notice.arrival_ms, Record("raw", None, value, "smpp", notice.arrival_ms)
        if notice.again_ms is not None:
            yield notice.again_ms, Record("raw", None, value, "smpp", notice.again_ms)
    for deed in message.deeds:
        value = encode(engagement(message, deed))
        yield deed.arrival_ms, Record("engagements", key, value, "canonical", deed.arrival_ms)
    for arrival_ms, junk in message.junk:
        yield arrival_ms, Record("raw", None, junk, "smpp", arrival_ms)


_encode_json = Encoder().encode


def _smpp(message: Message, notice: Notice) -> bytes:
    """A deliver_sm as JSON. The text is that of SMPP 3.4 appendix B; dates are UTC and end at the minute."""
    fate = notice.fate
    arrived = int(fate.status == "delivered_handset")
    text = (
        f"id:{message.message_id} sub:001 dlvrd:{arrived:03d} submit date:{_date(message.at_ms // MINUTE_MS)}"
        f" done date:{_date(notice.done_ms // MINUTE_MS)} stat:{fate.stat} err:{fate.map_code or 0:03d} text:"
    )
    # TLV 0x0423, three octets: network type 3 (GSM) and the MAP code.
    tlvs = {} if fate.map_code is None else {"network_error_code": f"03{fate.map_code:04x}"}
    return _encode_json(
        {"source_addr": message.to[1:], "destination_addr": SENDER, "short_message": text, "tlvs": tlvs}
    )


@lru_cache(maxsize=4096)
def _date(minute: int) -> str:
    return strftime("%y%m%d%H%M", gmtime(minute * 60))
