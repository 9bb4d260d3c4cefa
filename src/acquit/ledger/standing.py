"""What a message counts as: the counters of its cell that it stands in, and what contradicts itself in it."""

from datetime import timedelta

from msgspec import Struct

from acquit.columns import CONTRADICTIONS, EARLY_LIMIT, PROBED, SLOTS
from acquit.effects import Example
from acquit.events import CATEGORIES, PERMANENCES, STATUSES, Channel, from_epoch_ms
from acquit.ledger import counters, strata
from acquit.ledger.counters import bits
from acquit.ledger.labels import Labels
from acquit.ledger.merge import (
    CONVERTED,
    HANDSET,
    IS_BAD,
    IS_DELIVERED,
    NOTHING,
    PORT_OVERDUE,
    STATUS_NUMBER,
    SUBMIT,
    Message,
    contradictions,
    latency_bin,
)
from acquit.ledger.strata import SLOT_MS
from acquit.ledger.totals import Running, Standing
from acquit.reasons.revising import graded, is_overdue, permanence_of
from acquit.rules.routes import RouteProfile

QUARTER_MS = 900_000
_SLOTTED = {"rejected": counters.REJECTED_BY, "cancelled": NOTHING, "unknown": counters.FAILED_BY}
_SLOTS = tuple(
    _SLOTTED.get(status, counters.FAILED_BY if IS_BAD[number] else counters.WAITING_BY)
    for number, status in enumerate(STATUSES)
)
"""By status, the first counter of the slots of what is not delivered. What was rejected never reached its carrier, and what
we cancelled is nobody's failure.
"""
_IN_SLOT: tuple[tuple[Standing, ...], ...] = tuple(
    tuple(() if first == NOTHING else (first + slot,) for slot in range(SLOTS)) for first in _SLOTS
)
_PERMANENCES: tuple[str, ...] = PERMANENCES


class Group(Struct, gc=False):
    """What messages with the same labels and hour have in common: their cell, and what else they are counted under."""

    key: str  # of the cell
    running: Running
    submitted: Standing
    profile: RouteProfile | None
    ported_ms: int | None
    probe: str | None
    is_special: bool  # a profile, or a probe: what a message counts as needs a closer look
    strata: tuple[int, ...]
    delivered: Standing  # the counters of these strata
    kinds: tuple[Standing, Standing, Standing]  # while waiting, delivered, failed


class Counted(Struct, frozen=True, gc=False):
    """Where a message is counted, and as what: by its status, its kinds, and what else is true of it."""

    group: Group
    status: int
    kinds: Standing
    rest: Standing = ()
    contradicted: int = 0


def group_of(
    key: str, running: Running, submit: Labels | None, receipt: Labels | None, profile: RouteProfile | None
) -> Group:
    """Of the cell under this key, for messages with these labels."""
    one = submit or receipt
    assert one is not None
    parts = one.strata + (receipt.strata if submit and receipt else ())
    waiting, delivered, failed = (_kinds(running, one, outcome) for outcome in range(len(counters.OUTCOMES)))
    return Group(
        key=key,
        running=running,
        submitted=(counters.SUBMITTED,) if submit else (),
        profile=profile,
        ported_ms=one.ported_ms,
        probe=one.probe,
        is_special=profile is not None or one.probe is not None,
        strata=parts,
        delivered=tuple(counters.DELIVERED_BY + part for part in parts),
        kinds=(waiting, delivered, failed),
    )


def counted(message: Message, group: Group, to: str, *, channel: Channel) -> Counted:
    """What was reported of a message, as its route's profile and a port of its number make it."""
    if message.bad == NOTHING and not (message.engaged or message.is_to_dead or group.is_special):
        if not message.delivered_ms:
            slot = _IN_SLOT[message.good][message.basis_ms // SLOT_MS % SLOTS]  # a call would cost as much again
            return Counted(group, counters.STATUS + message.good, group.kinds[counters.WAITING], slot)
        if message.delivered_ms >= message.basis_ms:
            rest = _delivery(message, group, to, channel)
            return Counted(group, counters.STATUS + message.good, group.kinds[counters.DELIVERED], rest)
    return _counted(message, group, to, channel)


def _counted(message: Message, group: Group, to: str, channel: Channel) -> Counted:
    """The whole rule, of which the above is what is true of nearly all."""
    is_email = channel == "email"
    status = message.status(is_email=is_email)
    if group.profile is not None and not IS_BAD[status]:
        status = STATUS_NUMBER[graded(STATUSES[status], group.profile)]
    contradicted = contradictions(message, status, group.probe, is_email=is_email)
    rest: list[int] = []
    if not IS_DELIVERED[status]:
        rest += _IN_SLOT[status][strata.of_time(message.basis_ms)]
    if IS_BAD[status]:
        rest.append(_failure(message, group.ported_ms))
        contradicted |= _overdue(message, group.ported_ms)
    elif IS_DELIVERED[status]:
        if group.probe is not None:
            rest.append(counters.DELIVERED_BY + strata.of_time(message.basis_ms))
        else:
            rest += _delivery(message, group, to, channel)
            if message.engaged & CONVERTED:
                rest += _conversion(message, group, to, channel)
    if message.engaged:
        rest += bits(counters.ENGAGED_AS, message.engaged)
    if contradicted:
        rest += bits(counters.CONTRADICTED, contradicted)
    if message.is_to_dead or group.probe:
        rest += _probed(group.probe, status)
    return Counted(group, counters.STATUS + status, group.kinds[_outcome(status)], tuple(rest), contradicted)


def kinds_of(contradicted: int) -> list[str]:
    return [CONTRADICTIONS[place] for place in bits(0, contradicted)]


def example(message: Message, provider: str, message_id: str, masked: str) -> Example:
    return Example(
        provider, message_id, masked, from_epoch_ms(message.basis_ms),
        from_epoch_ms(message.delivered_ms) if message.delivered_ms else None,
        from_epoch_ms(message.bad_ms) if message.bad != NOTHING else None,
    )  # fmt: skip


def _kinds(running: Running, labels: Labels, outcome: int) -> Standing:
    """The counters of its segments and content."""
    found = []
    if labels.segments is not None:
        segments = min(labels.segments, counters.SEGMENTS_LIMIT)
        found.append(counters.SEGMENTS + segments * len(counters.OUTCOMES) + outcome)
    if labels.content is not None:
        if labels.content not in running.contents:
            running.contents, running.has_names = (*running.contents, labels.content), True
        found.append(counters.CONTENTS + running.contents.index(labels.content) * len(counters.OUTCOMES) + outcome)
    return tuple(found)


def _outcome(status: int) -> int:
    return counters.FAILED if IS_BAD[status] else counters.DELIVERED if IS_DELIVERED[status] else counters.WAITING


def _failure(message: Message, ported_ms: int | None) -> int:
    permanence = message.permanence
    if ported_ms is not None:
        category, said = CATEGORIES[message.category], PERMANENCES[permanence]
        permanence = _PERMANENCES.index(permanence_of(category, said, at_ms=message.bad_ms, ported_ms=ported_ms))
    return counters.FAILURES + message.category * len(PERMANENCES) + permanence


def _overdue(message: Message, ported_ms: int | None) -> int:
    if ported_ms is None:
        return 0
    since = timedelta(milliseconds=message.bad_ms - ported_ms)
    return PORT_OVERDUE if is_overdue(CATEGORIES[message.category], since=since) else 0


def _delivery(message: Message, group: Group, to: str, channel: Channel) -> Standing:
    """Its latency, and its strata."""
    found = (
        *group.delivered,
        counters.DELIVERED_BY + message.basis_ms // SLOT_MS % SLOTS,
        counters.DELIVERED_BY + strata.of_recipient(channel, to),
        counters.DELIVERED_AT + message.delivered_ms // 1000 % 60,
    )
    place = latency_bin(message)
    if place != NOTHING:
        return (*found, counters.DELIVERED_IN + place)
    if message.basis != SUBMIT:
        return found
    quarters = round((message.basis_ms - message.delivered_ms) / QUARTER_MS)
    return (*found, counters.EARLY + min(quarters, EARLY_LIMIT))


def _conversion(message: Message, group: Group, to: str, channel: Channel) -> list[int]:
    """The same once more, of a message that its recipient has used."""
    parts = (*group.strata, strata.of_time(message.basis_ms), strata.of_recipient(channel, to))
    found, place = [counters.CONVERTED_BY + part for part in parts], latency_bin(message)
    return found if place == NOTHING else [*found, counters.CONVERTED_IN + place]


def _probed(probe: str | None, status: int) -> list[int]:
    """Our own numbers are counted as what they are: they answer always or never, as no recipient does."""
    known_dead, dead, live, live_delivered = range(counters.PROBED_AS, counters.PROBED_AS + len(PROBED))
    found = [known_dead] if probe is None else []
    if probe == "dead":
        found.append(dead)
    elif probe == "live":
        found.append(live)
        if status in HANDSET:
            found.append(live_delivered)
    return found
