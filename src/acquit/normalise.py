"""Step 2: one form for everything. Canonical addresses, UTC, times that can be, a carrier, and where it came from.

What the provider wrote wrong in a way that is known is put right here; what cannot be true is refused as Undecodable.
"""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace
from phonenumbers.carrierdata import CARRIER_DATA

from acquit.address import canonical
from acquit.errors import Undecodable
from acquit.events import EARLIEST, LATEST, Command, Engagement, Event, Receipt, Reply, Report, Src, Submit
from acquit.rules.routes import RouteProfile, Routes

_AHEAD = timedelta(days=1)
"""No wrong zone is further ahead than this; a time beyond it is no time."""

_TEXT_LIMIT = 512
"""What an event's names and ids may hold (events.Text)."""


def normalise_report(report: Report, *, received_at: datetime, profile: RouteProfile | None = None) -> Report:
    """The report with a canonical recipient, times in UTC, and the message's id as the submit response wrote it.

    Without a time of its own it gets the record's.
    """
    message_id = report.message_id
    if report.to is None and message_id is None:
        raise Undecodable("missing_field", "$: names neither a message nor a recipient")
    if message_id is not None and not 0 < len(message_id) <= _TEXT_LIMIT:
        raise Undecodable("absurd_value", f"$.message_id: is empty or longer than {_TEXT_LIMIT} characters")
    to = None if report.to is None else canonical(report.channel, report.to)
    at = received_at if report.at is None else _utc(report.at, "at", received_at)
    submitted_at = None if report.submitted_at is None else _utc(report.submitted_at, "submitted_at", received_at)
    if profile is not None and message_id is not None:
        message_id = profile.id_in_receipt(message_id)
    if report.carrier is not None and len(report.carrier) > _TEXT_LIMIT:
        report = replace(report, carrier=report.carrier[:_TEXT_LIMIT])
    if to is report.to and at is report.at and submitted_at is report.submitted_at and message_id is report.message_id:
        return report
    return replace(report, message_id=message_id, to=to, at=at, submitted_at=submitted_at)


def normalise_reply(reply: Reply, *, received_at: datetime, profile: RouteProfile | None = None) -> Reply:
    """The reply with its writer's canonical address, and its time in UTC or, without one, the record's.

    An id that cannot be one is left out, for a STOP counts without it.
    """
    at = received_at if reply.at is None else _utc(reply.at, "at", received_at)
    message_id = reply.message_id if reply.message_id and len(reply.message_id) <= _TEXT_LIMIT else None
    message_id = profile.id_in_receipt(message_id) if profile and message_id else message_id
    return replace(reply, to=canonical(reply.channel, reply.to), at=at, message_id=message_id)


def normalise_event(event: Event, *, received_at: datetime, src: Src | None, routes: Routes | None = None) -> Event:
    """An event that is canonical already: its address, its times, its message's id and its origin made certain."""
    if routes is not None and routes.profiles:
        event = _with_one_form_of_id(event, routes)
    to = event.to if event.to is None or _names_by_hash(event) else canonical(event.channel, event.to)
    at = _utc(event.at, "at", received_at)
    if isinstance(event, Command) and event.until is not None and not event.at < event.until <= LATEST:
        raise Undecodable("absurd_value", "$.until: is not after $.at, or after 2100")
    if isinstance(event, Command) and event.name == "port" and event.ported_at is None:
        raise Undecodable("missing_field", "$.ported_at: a port is at some time")
    if isinstance(event, Command) and event.ported_at is not None:
        _utc(event.ported_at, "ported_at", received_at)
    if not isinstance(event, Receipt):
        return replace(event, to=to, at=at, src=src)
    submitted_at = None if event.submitted_at is None else _utc(event.submitted_at, "submitted_at", received_at)
    if event.carrier is None and to is not None:
        guess = guess_carrier(to)
        return replace(
            event, to=to, at=at, src=src, submitted_at=submitted_at, received_at=event.received_at or received_at,
            carrier=guess, carrier_is_guess=guess is not None,
        )  # fmt: skip
    return replace(
        event, to=to, at=at, src=src, submitted_at=submitted_at, received_at=event.received_at or received_at
    )


def _names_by_hash(event: Event) -> bool:
    """Who is known by a hash alone is named by it; staff may still decide on what is held of them."""
    return isinstance(event, Command) and event.partition is not None and event.name in {"release", "drop"}


def _with_one_form_of_id(event: Event, routes: Routes) -> Event:
    """Engagements name no route: a profile of their provider alone fits them."""
    if isinstance(event, Command) or event.message_id is None:
        return event
    if isinstance(event, Engagement):
        profile = routes.profile(None, None, event.provider)
        return replace(event, message_id=profile.id_in_receipt(event.message_id)) if profile else event
    profile = routes.profile(event.route, event.supplier, event.provider)
    if profile is None:
        return event
    is_submit = isinstance(event, Submit)
    one_form = profile.id_in_submit(event.message_id) if is_submit else profile.id_in_receipt(event.message_id)
    return replace(event, message_id=one_form)


def guess_carrier(to: str) -> str | None:
    """The carrier that the number's range was given to. A guess: numbers are ported.

    The longest known prefix, as phonenumbers.carrier.name_for_number finds it, without its 30 microseconds a number.
    """
    for length in _PREFIX_LENGTHS.get(to[1:_BEGIN], ()) if to[0] == "+" else ():
        names = CARRIER_DATA.get(to[1 : length + 1])
        if names is not None:
            return names.get("en") or next(iter(names.values()))
    return None


def _prefix_lengths() -> dict[str, tuple[int, ...]]:
    """How long the known prefixes are that begin with the same digits, the longest first."""
    lengths: dict[str, set[int]] = {}
    for prefix in CARRIER_DATA:
        lengths.setdefault(prefix[: _BEGIN - 1], set()).add(len(prefix))
    return {begin: tuple(sorted(found, reverse=True)) for begin, found in lengths.items()}


_BEGIN = 4  # the plus and three digits; no prefix is shorter
_PREFIX_LENGTHS = _prefix_lengths()


def _utc(time: datetime, field: str, received_at: datetime) -> datetime:
    if time < EARLIEST or time - received_at > _AHEAD:
        raise Undecodable("absurd_value", f"$.{field}: before 2000 or more than a day ahead")
    return time if time.tzinfo is UTC else time.astimezone(UTC)
