"""Canonical JSON: submits, receipts, engagements, commands and verdicts in acquit's own form, as `acquit.submits` carries them.

Times are RFC 3339 or epoch milliseconds. The strict fast path takes one event that is right; whatever it refuses is read
again slowly, so that arrays and epochs are understood and the complaint names the field.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson
from msgspec import Raw

from acquit import events
from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Shape, refuse_costly
from acquit.errors import Undecodable
from acquit.events import Logged, Receipt

_TIMES = ("at", "received_at", "submitted_at", "ported_at", "until")
_EPOCH_MS_LIMIT = 4_102_444_800_000  # the year 2100


_EVENTS = Shape(Raw)


def decode(body: bytes, context: Context) -> Iterable[Decoded]:
    try:
        return (_known(events.decode_logged(body)),)
    except msgspec.ValidationError:
        if body.lstrip()[:1] == b"[":
            return _EVENTS.each(body, context, _said)
        return (_known(_decode_slowly(body)),)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Undecodable("undecodable", "not JSON") from None


def _said(raw: Raw, _context: Context) -> Iterator[Logged]:
    yield _known(_decode_one(bytes(raw)))


def _decode_one(body: bytes) -> Logged:
    try:
        return events.decode_logged(body)
    except msgspec.ValidationError:
        return _decode_slowly(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # Raw had no look at the texts within
        raise Undecodable("undecodable", "not JSON") from None


def _known(event: Logged) -> Logged:
    if isinstance(event, Receipt) and event.to is None and event.message_id is None:
        raise Undecodable("missing_field", "$.message_id: a receipt names its message or its recipient")
    return event


def _decode_slowly(body: bytes) -> Logged:
    refuse_costly(body)
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Undecodable("undecodable", "not JSON") from None
    if not isinstance(fields, dict):
        raise Undecodable("wrong_type", "$: expected an object")
    for name in _TIMES:
        if name in fields:
            fields[name] = _time(name, fields[name])
    try:
        event: Logged = msgspec.convert(fields, Logged)
    except msgspec.ValidationError as error:
        raise _complaint(str(error)) from None
    return event


def _time(name: str, value: Any) -> Any:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return value
    if not 0 <= value < _EPOCH_MS_LIMIT:
        raise Undecodable("absurd_value", f"$.{name}: is no epoch in milliseconds before 2100")
    return datetime.fromtimestamp(value / 1000, UTC)


def _complaint(problem: str) -> Undecodable:
    """Msgspec's sentence, sorted into our closed list; the value itself is never in it, for it may be an address."""
    if "missing required field" in problem:
        return Undecodable("missing_field", problem)
    if "Invalid enum value" in problem or "Invalid value" in problem:
        where = problem.rpartition(" - at ")[2].strip("`") if " - at " in problem else "$.kind"
        return Undecodable("absurd_value", f"{where}: no word of its closed list")
    if (
        "matching regex" in problem
        or problem.startswith("Expected `str` of length")
        or " >= " in problem
        or " <= " in problem
    ):
        return Undecodable("absurd_value", problem)
    return Undecodable("wrong_type", problem)
