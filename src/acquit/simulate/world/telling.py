"""A world's messages told in the order of their arrival: as canonical events for `replay`, or as a provider's raw records.

Suppliers of one look write SMPP receipts, the others forms as Vonage's, so that a message's provider is one of these two.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from time import gmtime, strftime
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from acquit.events import Action, Category, Engagement, Permanence, Receipt, Said, Submit, encode, from_epoch_ms, key_of
from acquit.simulate.records import Record
from acquit.simulate.world.events import HISTORY_MS, plan
from acquit.simulate.world.sent import Deed, Sent, Told
from acquit.simulate.world.staging import Staging
from acquit.simulate.world.truth import Truth

T = TypeVar("T")
Arriving = Iterable[tuple[int, T]]
ACCOUNT = "acme"
SUBMIT_MS, DEED_MS = 3, 40
"""How long a submit and an engagement take to us."""
_ACTIONS: dict[str, Action] = {
    "recipient_unknown": "suppress", "recipient_unreachable": "retry_later", "expired": "retry",
    "recipient_barred": "other_channel", "network_or_system_error": "retry_later", "policy_rejected": "review",
}  # fmt: skip
# Meanings of GSM MAP (TS 29.002) and of Vonage's receipts, written here once more: truth shares no table with what it checks.
_SMPP: dict[str, tuple[str, str | None]] = {
    "recipient_unknown": ("UNDELIV", "030001"), "recipient_unreachable": ("UNDELIV", "030006"),
    "expired": ("EXPIRED", None), "recipient_barred": ("UNDELIV", "03000d"),
    "network_or_system_error": ("UNDELIV", "030022"), "policy_rejected": ("REJECTD", None),
}  # fmt: skip
_VONAGE: dict[str, tuple[str, str]] = {
    "recipient_unknown": ("failed", "3"), "recipient_unreachable": ("failed", "2"), "expired": ("expired", "1"),
    "recipient_barred": ("failed", "4"), "network_or_system_error": ("failed", "8"), "policy_rejected": ("rejected", "13"),
}  # fmt: skip


def lines(staging: Staging, truth: Truth | None = None) -> Iterator[bytes]:
    """Canonical events, a line each."""
    return (line + b"\n" for line in by_arrival(staging, _events, truth))


def records(staging: Staging, truth: Truth | None = None) -> Iterator[Record]:
    """Canonical submits and engagements, and raw receipts in their providers' words."""
    return by_arrival(staging, as_records, truth)


def by_arrival(staging: Staging, tell: Callable[[Sent], Arriving[T]], truth: Truth | None) -> Iterator[T]:
    """What `tell` says of each message, by arrival. What comes before its hour is history, and not long before it."""
    waiting: list[tuple[int, int, T]] = []
    places = count()
    for start_ms, sent in plan(staging, truth):
        while waiting and waiting[0][0] < start_ms - HISTORY_MS[1]:
            yield heapq.heappop(waiting)[2]
        for message in sent:
            for arrival_ms, told in tell(message):
                heapq.heappush(waiting, (arrival_ms, next(places), told))
    while waiting:
        yield heapq.heappop(waiting)[2]


def provider_of(message: Sent) -> str:
    return "smpp" if message.look.id_is_number else "vonage"


def submit(message: Sent) -> Submit:
    assert message.supplier is not None
    batch_id, batch_size = message.batch or (None, None)
    return Submit(
        provider=provider_of(message),
        message_id=message.message_id,
        to=message.to,
        channel="sms",
        at=from_epoch_ms(message.at_ms),
        route=message.supplier.name,
        supplier=message.supplier.name,
        carrier=message.carrier.mccmnc,
        country=message.carrier.country.code,
        account=ACCOUNT,
        stream=message.stream,
        sender=message.sender,
        segments=1,
        content=message.stream,
        batch_id=batch_id,
        batch_size=batch_size,
        probe=message.probe,
    )


def receipt(message: Sent, told: Told, *, received_ms: int) -> Receipt:
    """Route, carrier and supplier are left to the submit."""
    category: Category | None = None
    permanence: Permanence = "none"
    action: Action = "none"
    said = Said(status=message.look.status, code=message.look.code)
    if told.failure is not None:
        category, permanence = told.failure[1], told.failure[2]  # type: ignore[assignment]
        action = _ACTIONS[told.failure[1]]
        words = (_SMPP if message.look.id_is_number else _VONAGE)[told.failure[1]]
        said = Said(status=words[0], code=words[1])
    return Receipt(
        provider=provider_of(message),
        channel="sms",
        at=from_epoch_ms(told.dated_ms),
        status=told.status,
        message_id=message.message_id,
        to=message.to,
        received_at=from_epoch_ms(received_ms),
        category=category,
        permanence=permanence,
        action=action,
        rule="simulate:world",
        said=said,
    )


def engagement(message: Sent, deed: Deed) -> Engagement:
    return Engagement(
        provider=provider_of(message),
        to=message.to,
        channel="sms",
        at=from_epoch_ms(deed.at_ms),
        type=deed.type,
        message_id=message.message_id,
    )


def _events(message: Sent) -> Iterator[tuple[int, bytes]]:
    if message.supplier is not None:
        yield message.at_ms + SUBMIT_MS, encode(submit(message))
    for told in message.told:
        for arrival_ms in (told.arrival_ms, told.again_ms):
            if arrival_ms is not None:
                yield arrival_ms, encode(receipt(message, told, received_ms=arrival_ms))
    for deed in message.deeds:
        yield deed.at_ms + DEED_MS, encode(engagement(message, deed))


def as_records(message: Sent) -> Iterator[tuple[int, Record]]:
    """What comes of a message, each with when it arrives."""
    provider = provider_of(message)
    if message.supplier is not None:
        sent, at_ms = submit(message), message.at_ms + SUBMIT_MS
        yield at_ms, Record("submits", key_of(sent).encode(), encode(sent), "canonical", at_ms)
    for told in message.told:
        value = (_smpp if provider == "smpp" else _vonage)(message, told)
        for arrival_ms in (told.arrival_ms, told.again_ms):
            if arrival_ms is not None:
                yield arrival_ms, Record("raw", None, value, provider, arrival_ms)
    for deed in message.deeds:
        done, at_ms = engagement(message, deed), deed.at_ms + DEED_MS
        yield at_ms, Record("engagements", key_of(done).encode(), encode(done), "canonical", at_ms)


def _smpp(message: Sent, told: Told) -> bytes:
    """A deliver_sm as JSON. Dates have seconds, or for who dates by the minute, minutes."""
    grain = message.supplier.grain_seconds if message.supplier else 1.0
    form = "%y%m%d%H%M" if grain >= 60 else "%y%m%d%H%M%S"
    stat, error = (message.look.status, None) if told.failure is None else _SMPP[told.failure[1]]
    text = (
        f"id:{message.message_id} sub:001 dlvrd:{int(told.failure is None):03d}"
        f" submit date:{_date(message.at_ms // 1000, form)} done date:{_date(told.dated_ms // 1000, form)}"
        f" stat:{stat} err:{message.look.code} text:"
    )
    tlvs = {} if error is None else {"network_error_code": error}
    sender = message.sender or "ACME"
    return msgspec.json.encode(
        {"source_addr": message.to[1:], "destination_addr": sender, "short_message": text, "tlvs": tlvs}
    )


def _vonage(message: Sent, told: Told) -> bytes:
    status, code = (message.look.status, message.look.code) if told.failure is None else _VONAGE[told.failure[1]]
    pushed = datetime.fromtimestamp(told.dated_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    form = {"msisdn": message.to[1:], "to": message.sender or "ACME", "messageId": message.message_id, "status": status,
            "err-code": code, "message-timestamp": pushed}  # fmt: skip
    return urlencode(form).encode()


@lru_cache(maxsize=8_192)
def _date(seconds: int, form: str) -> str:
    return strftime(form, gmtime(seconds))
