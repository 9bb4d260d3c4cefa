"""The path of a record on one screen: decode, normalise, explain; then join, count, judge. Nothing here does I/O.

`take_in` is the first half, stateless: a raw record to events for the recipient's log. `Partition.fold` is the second:
one partition of that log to effects. The worker and the offline commands run these same functions.
"""

import re
from collections.abc import Collection, Container, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec.structs import replace

from acquit.decode import DECODERS, Context
from acquit.decode.fields import EVENTS_LIMIT
from acquit.effects import Append, DeadLetter, Header
from acquit.envelope import Record, Source, open_envelope
from acquit.errors import Undecodable
from acquit.events import (
    CHANNELS,
    Channel,
    Command,
    Engagement,
    EngagementType,
    Event,
    Ignored,
    Logged,
    Receipt,
    Reply,
    Report,
    Src,
    Verdict,
    encode,
    key_of,
)
from acquit.normalise import guess_carrier, normalise_event, normalise_reply, normalise_report
from acquit.reasons import explain, receipt
from acquit.reasons.keywords import heard
from acquit.reasons.revising import revise
from acquit.rules import Rules

Mail = TypeVar("Mail", Receipt, Engagement)
ONLY = "acquit.only"
"""Header of a dead letter whose record was taken in part: the places of the events that were not, and of how many.

`1,3/5`: of the five that the decoder yielded, counted from 0, the second and the fourth are still to be taken. Another
version's decoder may yield more or fewer of the same body. What was taken is held to yield as many as it did: so if all
that was refused stood together, what there is now between the taken ones before it and behind it is taken. If it stood
apart, nobody can tell, and the record is refused again, with the header that it has. What nobody of us wrote (junk,
places that there never were) is no such header, and the whole record is taken.
"""
ONLY_LIMIT = 1_000
"""Places in one such header, for it must fit beside the record. Of a body with more that cannot be read, nothing is taken."""
_ONLY = re.compile(rb"([0-9]{1,9}(?:,[0-9]{1,9}){0,%d})/([0-9]{1,9})" % (ONLY_LIMIT - 1))
# Whoever may write receipts may not lift an opt-out.
_NO_COMMANDS_HERE = "$.kind: a command is read from the topic of commands only"


def take_in(
    record: Record, source: Source, *, rules: Rules, max_bytes: int, opt_outs_across: Collection[Channel] = ()
) -> list[Append | DeadLetter | Ignored]:
    """A raw record to the events that it holds. What cannot be read of it is in one dead letter beside the others."""
    provider = source.provider
    try:
        opened = open_envelope(record, source, max_bytes=max_bytes)
        provider = opened.provider
        origin = (source.name(record.topic), record.partition, record.offset)
        found = read(
            opened.provider, opened.body, opened.context, received_at=opened.received_at, origin=origin, rules=rules
        )
        wanted = _wanted(record, len(found)) if record.headers else None
    except Undecodable as error:
        return [dead_letter(record, provider, error)]
    taken: list[Append | DeadLetter | Ignored] = []
    echoed: list[Event] = []
    refused: dict[int, Undecodable] = {}
    for place, event in enumerate(found):
        if wanted is not None and place not in wanted:
            continue
        if isinstance(event, Undecodable):
            refused[place] = event
        elif isinstance(event, Command | Verdict) and not source.takes_commands:
            refused[place] = Undecodable("absurd_value", _NO_COMMANDS_HERE)
        elif isinstance(event, Ignored):
            taken.append(event)
        else:
            partition = event.partition if isinstance(event, Command | Verdict) else None
            taken.append(Append(key_of(event).encode(), encode(event), partition))
            if not isinstance(event, Verdict) and event.channel in opt_outs_across:
                echoed += echoes(event, opt_outs_across)
    echoed.sort(key=lambda event: event.src or ())
    taken += [Append(key_of(event).encode(), encode(event)) for event in echoed]
    if refused:
        first = next(iter(refused.values()))
        if len(refused) > ONLY_LIMIT:
            return [dead_letter(record, provider, first)]
        only = f"{','.join(map(str, refused))}/{len(found)}" if len(refused) < len(found) else None
        taken.append(dead_letter(record, provider, first, only=only))
    return taken


def read(
    provider: str,
    body: bytes,
    context: Context,
    *,
    received_at: datetime,
    origin: tuple[str, int, int] | None,
    rules: Rules,
) -> list[Logged | Ignored | Undecodable]:
    """A provider's payload to canonical events, one for each that it holds. Raises Undecodable for all of it."""
    profile = rules.routes.profile(context.route, context.supplier, provider) if rules.routes.profiles else None
    if profile is not None:
        context = context.filled(profile)
    events: list[Logged | Ignored | Undecodable] = []
    for index, decoded in enumerate(DECODERS[provider](body, context)):
        if index >= EVENTS_LIMIT:  # arrays in arrays, each of which may hold so many
            raise Undecodable("absurd_value", f"$: holds more than {EVENTS_LIMIT} events")
        src: Src | None = None if origin is None else (*origin, index)
        try:
            if isinstance(decoded, Report):
                report = normalise_report(decoded, received_at=received_at, profile=profile)
                receipt = judge_report(report, received_at, src, rules)
                if profile is not None or context.ported_at is not None:
                    receipt = revise(receipt, profile=profile, ported_at=context.ported_at)
                events.append(_joined(receipt, context))
            elif isinstance(decoded, Reply):
                reply = normalise_reply(decoded, received_at=received_at, profile=profile)
                events.append(_joined(heard(reply, rules, src), context))
            elif isinstance(decoded, Ignored | Undecodable | Verdict):
                events.append(decoded)
            else:
                events.append(normalise_event(decoded, received_at=received_at, src=src, routes=rules.routes))
        except Undecodable as error:
            events.append(error)
    return events


def echoes(event: Event, channels: Collection[Channel]) -> Iterator[Engagement]:
    """What a person said on one channel, for the others on which it counts as well: a STOP, a START, an opt-out that a
    provider tells. Each channel's address has a log of its own, so it must be said in each.

    An echo is of no message. Its place is beyond those of all events of its record, after which it comes: where both are
    in one partition, the ledger would else take it, or what follows it, for a repeat.
    """
    said: EngagementType = "stop"
    if isinstance(event, Engagement) and event.type in {"stop", "start"}:
        said, only = event.type, event.only
    elif isinstance(event, Receipt) and event.category == "opted_out":
        only = None
    else:
        return
    if event.to is None:
        return
    for number, channel in enumerate(CHANNELS):
        if channel in channels and channel != event.channel:
            src = event.src and (*event.src[:3], event.src[3] + (number + 1) * EVENTS_LIMIT)
            yield Engagement(
                provider=event.provider, to=event.to, channel=channel, at=event.at, type=said, account=event.account,
                stream=event.stream, only=only, src=src,
            )  # fmt: skip


def _joined(event: Mail, context: Context) -> Mail:
    """Under the provider of its submit, where the route names it: mail comes back its own way, and must find its message."""
    return event if context.sent_by is None else replace(event, provider=context.sent_by)


def judge_report(report: Report, received_at: datetime, src: Src | None, rules: Rules) -> Receipt:
    """A normalised report to the receipt that it is in our words."""
    guess = guess_carrier(report.to) if report.carrier is None and report.to is not None else None
    reason = explain(report, rules)
    return receipt(report, reason, rules=rules, received_at=received_at, src=src, carrier_guess=guess)


def dead_letter(record: Record, provider: str, error: Undecodable, *, only: str | None = None) -> DeadLetter:
    """The record as it came; its own headers stay, ours say why and where from.

    `only` (see ONLY) names the events of the record that were refused, where the others were taken: a replay takes these
    alone. Without it the record waits as it did: a header that it has from an earlier refusal stays.
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
        ours[ONLY] = only
    headers = [header for header in record.headers if header[0] not in ours]
    headers += [(name, text.encode()) for name, text in ours.items()]
    return DeadLetter(record.key, record.value, headers, provider or "unknown", error.reason)


def only_of(headers: Sequence[Header]) -> tuple[tuple[int, ...], int] | None:
    """The places of the events that a dead letter still waits for, in order, and of how many; None: all that it holds."""
    said = next((value for name, value in headers if name == ONLY), None)
    form = _ONLY.fullmatch(said) if said is not None else None
    if form is None:
        return None
    places, number = tuple(int(place) for place in form[1].split(b",")), int(form[2])
    is_ours = list(places) == sorted(set(places)) and places[-1] < number and len(places) < number
    return (places, number) if is_ours else None


def _wanted(record: Record, found: int) -> Container[int] | None:
    """The places of the events that a replayed dead letter still waits for, of so many that there are now; None: all."""
    only = only_of(record.headers)
    if only is None:
        return None
    places, number = only
    if found == number:
        return frozenset(places)
    first, end = places[0], places[-1] + 1 + found - number
    if places[-1] - first + 1 != len(places) or end <= first:
        raise Undecodable("undecodable", f"{found} events, and {number} when some were taken: nobody knows which")
    return range(first, end)
