"""What a message counts as: the counters of its cell that it stands in, and what contradicts itself in it."""

from msgspec import Struct

from acquit.effects import Example
from acquit.events import CATEGORIES, PERMANENCES, STATUSES, Channel, from_epoch_ms
from acquit.ledger import counters, strata
from acquit.ledger.counters import bits
from acquit.ledger.labels import Labels
from acquit.ledger.merge import (
    CONTRADICTIONS,
    CONVERTED,
    HANDSET,
    IS_BAD,
    IS_DELIVERED,
    NOTHING,
    STATUS_NUMBER,
    SUBMIT,
    Message,
    contradictions,
    latency_bin,
)
from acquit.ledger.totals import Running, Standing
from acquit.reasons.revising import graded, permanence_of
from acquit.rules.routes import RouteProfile

QUARTER_MS = 900_000
_PERMANENCES: tuple[str, ...] = PERMANENCES


class Group(Struct, gc=False):
    """What messages with the same labels and hour have in common: their cell, and what else they are counted under."""

    key: str  # of the cell
    running: Running
    is_submitted: bool
    profile: RouteProfile | None
    ported_ms: int | None
    probe: str | None
    is_special: bool  # a profile, or a probe: what a message counts as needs a closer look
    strata: tuple[int, ...]
    delivered: Standing  # the counters of these strata
    kinds: tuple[Standing, Standing, Standing]  # while waiting, delivered, failed
    waiting: dict[int, Standing]  # of messages of which nothing else is known, by status


class Counted(Struct, frozen=True, gc=False):
    """Where a message is counted, and as what."""

    group: Group
    standing: Standing
    contradicted: int


def group_of(
    key: str, running: Running, submit: Labels | None, receipt: Labels | None, profile: RouteProfile | None
) -> Group:
    """Of the cell under this key, for messages with these labels."""
    is_submitted = submit is not None
    one = submit or receipt
    assert one is not None
    others = receipt.strata if receipt and is_submitted else ()
    first = (counters.SUBMITTED,) if is_submitted else ()
    kinds = tuple((*first, *_kinds(running, one, outcome)) for outcome in range(len(counters.OUTCOMES)))
    strata_ = (*one.strata, *others)
    delivered = tuple(counters.DELIVERED_BY + part for part in strata_)
    is_special = profile is not None or one.probe is not None
    return Group(
        key, running, is_submitted, profile, one.ported_ms, one.probe, is_special, strata_, delivered, kinds, {}  # type: ignore[arg-type]
    )  # fmt: skip


def counted(message: Message, group: Group, to: str, *, channel: Channel) -> Counted:
    """What was reported of a message, as its route's profile and a port of its number make it."""
    if message.bad == NOTHING and not (message.engaged or message.is_to_dead or group.is_special):
        if not message.delivered_ms:
            return Counted(group, group.waiting.get(message.good) or _waiting(group, message.good), 0)
        if message.delivered_ms >= message.basis_ms:
            return Counted(group, _delivered(message, group, to, channel), 0)
    return _counted(message, group, to, channel)


def _counted(message: Message, group: Group, to: str, channel: Channel) -> Counted:
    """The whole rule, of which the above is what is true of nearly all."""
    is_email = channel == "email"
    status = message.status(is_email=is_email)
    if group.profile is not None and not IS_BAD[status]:
        status = STATUS_NUMBER[graded(STATUSES[status], group.profile)]
    contradicted = contradictions(message, status, group.probe, is_email=is_email)
    standing = [counters.STATUS + status, *group.kinds[_outcome(status)]]
    if IS_BAD[status]:
        standing.append(_failure(message, group.ported_ms))
    elif IS_DELIVERED[status]:
        standing += _delivery(message, group, to, channel)
        if message.engaged & CONVERTED:
            standing += _conversion(message, group, to, channel)
    if message.engaged:
        standing += bits(counters.ENGAGED_AS, message.engaged)
    if contradicted:
        standing += bits(counters.CONTRADICTED, contradicted)
    if message.is_to_dead or group.probe:
        standing += _probed(message, group.probe, status)
    return Counted(group, tuple(standing), contradicted)


def kinds_of(contradicted: int) -> list[str]:
    return [CONTRADICTIONS[place] for place in bits(0, contradicted)]


def example(message: Message, provider: str, message_id: str, masked: str) -> Example:
    return Example(
        provider, message_id, masked, from_epoch_ms(message.basis_ms),
        from_epoch_ms(message.delivered_ms) if message.delivered_ms else None,
        from_epoch_ms(message.bad_ms) if message.bad != NOTHING else None,
    )  # fmt: skip


def _waiting(group: Group, status: int) -> Standing:
    group.waiting[status] = (counters.STATUS + status, *group.kinds[counters.WAITING])
    return group.waiting[status]


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


def _delivered(message: Message, group: Group, to: str, channel: Channel) -> Standing:
    return (counters.STATUS + message.good, *group.kinds[counters.DELIVERED], *_delivery(message, group, to, channel))


def _delivery(message: Message, group: Group, to: str, channel: Channel) -> Standing:
    """Its latency, and its strata."""
    found = (
        *group.delivered,
        counters.DELIVERED_BY + strata.of_time(message.basis_ms),
        counters.DELIVERED_BY + strata.of_recipient(channel, to),
        counters.DELIVERED_AT + message.delivered_ms // 1000 % 60,
    )
    place = latency_bin(message)
    if place != NOTHING:
        return (*found, counters.DELIVERED_IN + place)
    if message.basis != SUBMIT:
        return found
    quarters = round((message.basis_ms - message.delivered_ms) / QUARTER_MS)
    return (*found, counters.EARLY + min(quarters, counters.EARLY_LIMIT))


def _conversion(message: Message, group: Group, to: str, channel: Channel) -> list[int]:
    """The same once more, of a message that its recipient has used."""
    parts = (*group.strata, strata.of_time(message.basis_ms), strata.of_recipient(channel, to))
    found, place = [counters.CONVERTED_BY + part for part in parts], latency_bin(message)
    return found if place == NOTHING else [*found, counters.CONVERTED_IN + place]


def _probed(message: Message, probe: str | None, status: int) -> list[int]:
    known_dead, dead, live, live_delivered = range(counters.PROBED_AS, counters.PROBED_AS + len(counters.PROBED))
    found = [known_dead] if message.is_to_dead else []
    if probe == "dead":
        found.append(dead)
    elif probe == "live":
        found.append(live)
        if status in HANDSET:
            found.append(live_delivered)
    return found
