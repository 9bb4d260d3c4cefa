"""The path of a record on one screen: decode, normalise, explain; then join, count, judge. Nothing here does I/O.

`take_in` is the first half, stateless: a raw record to events for the recipient's log. `Partition.fold` is the second:
one partition of that log to effects. The worker and the offline commands run these same functions.
"""

from collections.abc import Iterable
from datetime import datetime

from acquit.decode import DECODERS, Context
from acquit.effects import Append, DeadLetter
from acquit.envelope import Record, Source, open_envelope
from acquit.errors import Undecodable
from acquit.events import Command, Event, Ignored, Receipt, Reply, Report, Src, encode, key_of
from acquit.normalise import guess_carrier, normalise_event, normalise_reply, normalise_report
from acquit.reasons import explain, receipt
from acquit.reasons.keywords import heard
from acquit.reasons.revising import revise
from acquit.rules import Rules

ONLY = "acquit.only"
"""Header of a dead letter whose record was taken in part: the places of the events that were not."""
# Whoever may write receipts may not lift an opt-out.
_NO_COMMANDS_HERE = "$.kind: a command is read from the topic of commands only"


def take_in(record: Record, source: Source, *, rules: Rules, max_bytes: int) -> list[Append | DeadLetter | Ignored]:
    """A raw record to the events that it holds. What cannot be read of it is in one dead letter beside the others."""
    provider = source.provider
    try:
        opened = open_envelope(record, source, max_bytes=max_bytes)
        provider = opened.provider
        origin = (source.name(record.topic), record.partition, record.offset)
        found = read(
            opened.provider, opened.body, opened.context, received_at=opened.received_at, origin=origin, rules=rules
        )
    except Undecodable as error:
        return [dead_letter(record, provider, error)]
    wanted = _wanted(record)
    taken: list[Append | DeadLetter | Ignored] = []
    refused: dict[int, Undecodable] = {}
    for place, event in enumerate(found):
        if wanted is not None and place not in wanted:
            continue
        if isinstance(event, Undecodable):
            refused[place] = event
        elif isinstance(event, Command) and not source.takes_commands:
            refused[place] = Undecodable("absurd_value", _NO_COMMANDS_HERE)
        elif isinstance(event, Ignored):
            taken.append(event)
        else:
            taken.append(Append(key_of(event).encode(), encode(event)))
    if refused:
        first = next(iter(refused.values()))
        taken.append(dead_letter(record, provider, first, only=refused if len(found) > 1 else None))
    return taken


def read(
    provider: str,
    body: bytes,
    context: Context,
    *,
    received_at: datetime,
    origin: tuple[str, int, int] | None,
    rules: Rules,
) -> list[Event | Ignored | Undecodable]:
    """A provider's payload to canonical events, one for each that it holds. Raises Undecodable for all of it."""
    profile = rules.routes.profile(context.route, context.supplier, provider) if rules.routes.profiles else None
    if profile is not None:
        context = context.filled(profile.err_dictionary, profile.zone)
    events: list[Event | Ignored | Undecodable] = []
    for index, decoded in enumerate(DECODERS[provider](body, context)):
        src: Src | None = None if origin is None else (*origin, index)
        try:
            if isinstance(decoded, Report):
                report = normalise_report(decoded, received_at=received_at, profile=profile)
                receipt = judge_report(report, received_at, src, rules)
                if profile is not None or context.ported_at is not None:
                    receipt = revise(receipt, profile=profile, ported_at=context.ported_at)
                events.append(receipt)
            elif isinstance(decoded, Reply):
                reply = normalise_reply(decoded, received_at=received_at, profile=profile)
                events.append(heard(reply, rules, src))
            elif isinstance(decoded, Ignored | Undecodable):
                events.append(decoded)
            else:
                events.append(normalise_event(decoded, received_at=received_at, src=src, routes=rules.routes))
        except Undecodable as error:
            events.append(error)
    return events


def judge_report(report: Report, received_at: datetime, src: Src | None, rules: Rules) -> Receipt:
    """A normalised report to the receipt that it is in our words."""
    guess = guess_carrier(report.to) if report.carrier is None and report.to is not None else None
    reason = explain(report, rules)
    return receipt(report, reason, rules=rules, received_at=received_at, src=src, carrier_guess=guess)


def dead_letter(record: Record, provider: str, error: Undecodable, *, only: Iterable[int] | None = None) -> DeadLetter:
    """The record as it came; its own headers stay, ours say why and where from.

    `only` names the events of the record that were refused, where the others were taken: a replay takes these alone.
    """
    ours = {
        "acquit.errors.reason": error.reason,
        "acquit.errors.detail": error.detail,
        "acquit.errors.topic": record.topic,
        "acquit.errors.partition": str(record.partition),
        "acquit.errors.offset": str(record.offset),
        "acquit.errors.timestamp": str(record.timestamp),
    }
    if only is not None:
        ours[ONLY] = ",".join(map(str, only))
    headers = [header for header in record.headers if header[0] not in ours]
    headers += [(name, text.encode()) for name, text in ours.items()]
    return DeadLetter(record.key, record.value, headers, provider or "unknown", error.reason)


def _wanted(record: Record) -> frozenset[int] | None:
    """The places of the events that a replayed dead letter still waits for; None: all of them."""
    said = next((value for name, value in record.headers if name == ONLY), None) if record.headers else None
    if said is None:
        return None
    places = said.decode(errors="replace").split(",")
    return frozenset(int(place) for place in places if place.isascii() and place.isdecimal())
