"""The path of a record on one screen: decode, normalise, explain; then join, count, judge. Nothing here does I/O.

`take_in` is the first half, stateless: a raw record to events for the recipient's log. `Partition.fold` is the second:
one partition of that log to effects. The worker and the offline commands run these same functions.
"""

from datetime import datetime

from acquit.decode import DECODERS, Context
from acquit.effects import Append, DeadLetter
from acquit.envelope import Record, Source, open_envelope
from acquit.errors import Undecodable
from acquit.events import Command, Event, Receipt, Reply, Report, Src, encode, key_of
from acquit.normalise import guess_carrier, normalise_event, normalise_reply, normalise_report
from acquit.reasons import explain, receipt
from acquit.reasons.keywords import heard
from acquit.rules import Rules


def take_in(record: Record, source: Source, *, rules: Rules, max_bytes: int) -> list[Append] | DeadLetter:
    """A raw record to the events that it holds, or, if any of them cannot be read, to one dead letter."""
    provider = source.provider
    try:
        opened = open_envelope(record, source, max_bytes=max_bytes)
        provider = opened.provider
        origin = (source.name(record.topic), record.partition, record.offset)
        events = read(
            opened.provider, opened.body, opened.context, received_at=opened.received_at, origin=origin, rules=rules
        )
        if not source.takes_commands:
            _refuse_commands(events)
        return [Append(key_of(event).encode(), encode(event)) for event in events]
    except Undecodable as error:
        return dead_letter(record, provider, error)


def read(
    provider: str,
    body: bytes,
    context: Context,
    *,
    received_at: datetime,
    origin: tuple[str, int, int] | None,
    rules: Rules,
) -> list[Event]:
    """A provider's payload to canonical events. Raises Undecodable."""
    events: list[Event] = []
    for index, decoded in enumerate(DECODERS[provider](body, context)):
        src: Src | None = None if origin is None else (*origin, index)
        if isinstance(decoded, Report):
            report = normalise_report(decoded, received_at=received_at)
            events.append(judge_report(report, received_at, src, rules))
        elif isinstance(decoded, Reply):
            events.append(heard(normalise_reply(decoded, received_at=received_at), rules, src))
        else:
            events.append(normalise_event(decoded, received_at=received_at, src=src))
    return events


def judge_report(report: Report, received_at: datetime, src: Src | None, rules: Rules) -> Receipt:
    """A normalised report to the receipt that it is in our words."""
    guess = guess_carrier(report.to) if report.carrier is None and report.to is not None else None
    reason = explain(report, rules)
    return receipt(report, reason, rules=rules, received_at=received_at, src=src, carrier_guess=guess)


def dead_letter(record: Record, provider: str, error: Undecodable) -> DeadLetter:
    """The record as it came; its own headers stay, ours say why and where from."""
    ours = {
        "acquit.errors.reason": error.reason,
        "acquit.errors.detail": error.detail,
        "acquit.errors.topic": record.topic,
        "acquit.errors.partition": str(record.partition),
        "acquit.errors.offset": str(record.offset),
        "acquit.errors.timestamp": str(record.timestamp),
    }
    headers = [header for header in record.headers if header[0] not in ours]
    headers += [(name, text.encode()) for name, text in ours.items()]
    return DeadLetter(record.key, record.value, headers, provider or "unknown", error.reason)


def _refuse_commands(events: list[Event]) -> None:
    """A command is taken from the topic of commands alone: whoever may write receipts may not lift an opt-out."""
    for event in events:
        if isinstance(event, Command):
            raise Undecodable("absurd_value", "$.kind: a command is read from the topic of commands only")
