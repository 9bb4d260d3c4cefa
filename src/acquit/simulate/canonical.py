"""The plan as canonical events: submits and engagements for their topics, and all of it as NDJSON for `replay`."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from acquit.events import Engagement, Event, Receipt, Said, Submit, encode, from_epoch_ms
from acquit.simulate.arrival import by_arrival
from acquit.simulate.message import Deed, Message, Notice
from acquit.simulate.plan import plan
from acquit.simulate.scenario import Scenario

PROVIDER = "smpp"
ACCOUNT, SENDER = "acme", "ACME"
MINUTE_MS = 60_000


def write_ndjson(scenario: Scenario, out: str | Path | BinaryIO) -> int:
    """Submits, receipts and engagements by arrival, one a line; how many. What is malformed has no canonical form."""
    if isinstance(out, str | Path):
        with Path(out).open("wb") as stream:
            return write_ndjson(scenario, stream)
    lines = 0
    for lines, event in enumerate(by_arrival(plan(scenario), _events), 1):  # noqa: B007 - the last one is the answer
        out.write(encode(event) + b"\n")
    return lines


def submit(message: Message) -> Submit:
    return Submit(
        provider=PROVIDER,
        message_id=message.message_id,
        to=message.to,
        channel="sms",
        at=from_epoch_ms(message.at_ms),
        route=message.route.name,
        supplier=message.route.supplier,
        carrier=message.mccmnc,
        country=message.country,
        account=ACCOUNT,
        stream=message.stream,
        sender=SENDER,
        segments=1,
        content=message.stream,
    )


def engagement(message: Message, deed: Deed) -> Engagement:
    """A stop has neither account nor stream: it is meant for all of them."""
    return Engagement(
        provider=PROVIDER,
        to=message.to,
        channel="sms",
        at=from_epoch_ms(deed.at_ms),
        type=deed.type,
        message_id=message.message_id if deed.is_about else None,
    )


def receipt(message: Message, notice: Notice, *, received_ms: int) -> Receipt:
    """As the SMPP text tells it: times are cut to the minute, route and carrier are left to the submit."""
    fate = notice.fate
    return Receipt(
        provider=PROVIDER,
        channel="sms",
        at=from_epoch_ms(_to_minute(notice.done_ms)),
        status=fate.status,
        message_id=message.message_id,
        to=message.to,
        received_at=from_epoch_ms(received_ms),
        submitted_at=from_epoch_ms(_to_minute(message.at_ms)),
        category=fate.category,
        permanence=fate.permanence,
        action=fate.action,
        rule="simulate:plan",
        said=Said(status=fate.stat, code=None if fate.map_code is None else str(fate.map_code)),
    )


def _events(message: Message) -> Iterator[tuple[int, Event]]:
    yield message.arrival_ms, submit(message)
    for notice in message.notices:
        for arrival_ms in (notice.arrival_ms, notice.again_ms):
            if arrival_ms is not None:
                yield arrival_ms, receipt(message, notice, received_ms=arrival_ms)
    for deed in message.deeds:
        yield deed.arrival_ms, engagement(message, deed)


def _to_minute(time_ms: int) -> int:
    return time_ms - time_ms % MINUTE_MS
