"""The parts of a provider's payload, read with care: what is missing or of another type is named, never quoted.

A body holds one event or several: JSON objects of a known shape (`Shape`), or flat fields, as JSON or as a form (`Flat`).
Each event is read by itself, and one that cannot be read is yielded as Undecodable in its place: it costs its neighbours
nothing. Whatever is raised is Undecodable, whose detail holds the field's path and no value.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec
from msgspec import Raw

from acquit.decode.context import Context
from acquit.errors import Undecodable
from acquit.events import WORDS_LIMIT, Ignored, Logged, Reply, Report, from_epoch_ms

Decoded: TypeAlias = Report | Reply | Logged | Ignored | Undecodable
T = TypeVar("T")
Tell: TypeAlias = Callable[[T, Context], Iterable[Decoded]]
"""What one event of a body says."""

EVENTS_LIMIT = 5_000
"""Events in one body. Providers send hundreds at most; a body of a million empty objects is an attack or a fault."""
FIELDS_LIMIT = 1_000
ESCAPES_LIMIT = 150_000
"""Percent signs in one form; no message has so many. A form that may be of two charsets is read twice, and is about an SMS:
it may hold a fifth of them."""
MAILBOXES_LIMIT = 16
"""Addresses in another server's words; what comes after them is cut."""
_MS_FROM = 100_000_000_000  # the year 5138 in seconds, 1973 in milliseconds
_EPOCH_MS_LIMIT = 4_102_444_800_000  # 2100
_LARGE = 10_000
"""Bytes of JSON from which on it is looked at before it is read."""
_COMMAS, _BRACKETS = 1 / 8, 1 / 10
"""Their shares of large JSON. Beyond them it is arrays of next to nothing, at a quarter of a microsecond each."""
_DIGITS = 1_000
"""Digits in a row of large JSON: Python reads and writes such a number in the square of its length."""
_AS_ZERO = bytes.maketrans(b"123456789", b"0" * 9)
_RAWS: msgspec.json.Decoder[list[Raw]] = msgspec.json.Decoder(list[Raw])
_NUMBER = re.compile(r"[0-9]{1,16}(?:\.[0-9]{1,9})?")
_LOOSE_PERCENT = re.compile("%(?![0-9a-fA-F]{2})")
_LOCAL_PART_BACKWARDS = re.compile(r"""(?:"[^"]*"|[^\s<>,;]+)""")


class Shape(Generic[T]):
    """JSON events of one shape: one as the whole body, or an array of them, whichever the provider sends today."""

    def __init__(self, event: type[T]) -> None:
        # Python's float reads what is far from 1 in a hundredth of msgspec's time
        self._one: msgspec.json.Decoder[T] = msgspec.json.Decoder(event, float_hook=float)

    def one(self, body: bytes | Raw) -> T:
        try:
            return self._one.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _refusal(error) from None

    def each(self, body: bytes, context: Context, tell: Tell[T]) -> Iterator[Decoded]:
        """What the events of a body say."""
        refuse_costly(body)
        if body[:1] != b"{" and body.lstrip()[:1] == b"[":
            events = read(_RAWS, body)
            return self.each_of(events, context, tell)
        return iter(tell(self.one(body), context))

    def each_of(self, events: Sequence[Raw], context: Context, tell: Tell[T], path: str = "$") -> Iterator[Decoded]:
        """What the events of an array say that stands at this path."""
        for place, event in enumerate(_bounded(events, path)):
            try:
                for said in tell(self.one(event), context):
                    yield _placed(said, f"{path}[{place}]") if isinstance(said, Undecodable) else said
            except Undecodable as error:
                yield _placed(error, f"{path}[{place}]")


class Flat:
    """Events of flat fields: a form, a query string, a JSON object or an array of these.

    `charset` is that of a form that is no UTF-8, where the provider sends such.
    """

    def __init__(self, charset: str | None = None) -> None:
        self._json: Shape[dict[str, Any]] = Shape(dict[str, Any])
        self._charset = charset

    def each(self, body: bytes, context: Context, tell: Tell[Mapping[str, Any]]) -> Iterator[Decoded]:
        body = body.strip()
        if body[:1] in {b"{", b"["}:
            return self._json.each(body, context, tell)
        return iter(tell(_form(body, self._charset), context))


def read(decoder: "msgspec.json.Decoder[T]", body: bytes | Raw) -> T:
    """The payload as what the decoder is for."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refusal(error) from None


def refuse_costly(body: bytes) -> None:
    """Raises Undecodable for large JSON that no provider writes and that takes long to read."""
    if len(body) <= _LARGE:
        return
    brackets = body.count(b"[") + body.count(b"{")
    if body.count(b",") > len(body) * _COMMAS or brackets > len(body) * _BRACKETS:
        raise Undecodable("undecodable", "hardly anything but commas and brackets")
    if b"0" * _DIGITS in body.translate(_AS_ZERO):
        raise Undecodable("undecodable", f"{_DIGITS} digits in a row")


def given(value: T | None, name: str) -> T:
    """The value of a field that must be there."""
    if value is None or value == "":
        raise Undecodable("missing_field", f"$.{name}: is missing or empty")
    return value


def required(fields: Mapping[str, Any], *names: str) -> str:
    """The first of these flat fields that holds something."""
    for name in names:
        value = optional(fields, name)
        if value is not None:
            return value
    raise Undecodable("missing_field", f"$.{names[0]}: is missing or empty")


def optional(fields: Mapping[str, Any], name: str) -> str | None:
    """The flat field as a string, whole numbers too; None if it is absent, null or empty."""
    value = fields.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Undecodable("wrong_type", f"$.{name}: expected a string")


def moment(value: str | float | None, name: str, zone: tzinfo | None = None) -> datetime | None:
    """A time in UTC: ISO 8601 in any of its forms, or an epoch in seconds or milliseconds, as a number or a text.

    `zone` is that of a time that names none, UTC if not said. None where there is no time: null, empty or zero.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str) and (not value[:1].isdigit() or not _NUMBER.fullmatch(value)):
        return _iso(value, name, zone)
    epoch = float(value) if isinstance(value, str) else value  # an integer may be too large for a float
    milliseconds = epoch if epoch >= _MS_FROM else epoch * 1000
    if not 0 <= milliseconds < _EPOCH_MS_LIMIT:
        raise Undecodable("absurd_value", f"$.{name}: is no epoch before 2100")
    return from_epoch_ms(milliseconds) if milliseconds else None


def _iso(text: str, name: str, zone: tzinfo | None) -> datetime | None:
    try:
        time = datetime.fromisoformat(text.strip())
        if time.tzinfo is None:
            time = time.replace(tzinfo=zone or UTC)
        return time if time.tzinfo is UTC else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Undecodable("absurd_value", f"$.{name}: is no time of a known form") from None


def masked(text: str | None) -> str | None:
    """Another server's words, in which every address keeps its first letter and its domain alone."""
    if not text:
        return None
    *before, last = text[:WORDS_LIMIT].split("@", MAILBOXES_LIMIT)
    if "@" in last:  # cut before the local part of the next one
        last = ""
    return "@".join([*map(_without_local_part, before), last])


def _without_local_part(words: str) -> str:
    """The words before an @, of whose last one the first letter stays. Read from its end, where it is found at once."""
    found = _LOCAL_PART_BACKWARDS.match(words[::-1])
    token = found[0][::-1] if found else ""
    if token.endswith('"'):  # "ann smith"@example.org
        return f"{words[: len(words) - len(token)]}***"
    name = token.lstrip("'\"(")
    return f"{words[: len(words) - len(name)]}{name[:1]}***"


def _form(body: bytes, charset: str | None = None) -> dict[str, Any]:
    limit = ESCAPES_LIMIT if charset is None else ESCAPES_LIMIT // 5
    if body.count(b"%") > limit:
        raise Undecodable("undecodable", f"neither JSON nor a form of {limit} percent signs at most")
    for known in ("utf-8", charset):
        with suppress(ValueError):  # of another charset, as it stands or behind its percent signs; or too many fields
            if known is not None:
                return _pairs(body, known)
    raise Undecodable("undecodable", f"neither JSON nor a form in UTF-8 of {FIELDS_LIMIT} fields at most")


def _pairs(body: bytes, charset: str) -> dict[str, Any]:
    """As urllib's parse_qsl reads them, at half its cost. Of a field that comes twice the first counts."""
    if body.count(b"&") >= FIELDS_LIMIT:
        raise ValueError("too many fields")
    fields: dict[str, Any] = {}
    for pair in body.decode(charset).split("&"):
        name, _, value = pair.partition("=")
        if name:
            fields.setdefault(_unquoted(name, charset), _unquoted(value, charset))
    return fields


def _unquoted(text: str, charset: str) -> str:
    """As urllib's unquote_plus reads it, at a tenth of its cost: Python's own escapes are read by C."""
    if "%" not in text:
        return text.replace("+", " ")
    try:
        octets = _octets(text, charset)
    except ValueError:
        octets = _octets(_LOOSE_PERCENT.sub("%25", text), charset)
    return octets.decode(charset)


def _octets(text: str, charset: str) -> bytes:
    escaped = text.replace("\\", "%5C").replace("%", "\\x").replace("+", " ")
    return escaped.encode(charset).decode("unicode_escape").encode("latin-1")


def _bounded(events: Sequence[T], path: str) -> Sequence[T]:
    if len(events) > EVENTS_LIMIT:
        raise Undecodable("absurd_value", f"{path}: holds more than {EVENTS_LIMIT} events")
    return events


def _placed(error: Undecodable, path: str) -> Undecodable:
    """The error of one event, with its place in the body before the field's own path."""
    return Undecodable(error.reason, path + error.detail.removeprefix("$") if error.detail.startswith("$") else
                       f"{path}: {error.detail}")  # fmt: skip


def _refusal(error: Exception) -> Undecodable:
    """Msgspec's sentence, sorted into our closed list. It names types and paths; values only of enumerations."""
    problem = str(error)
    if not isinstance(error, msgspec.ValidationError):
        return Undecodable("undecodable", "not JSON")
    if "missing required field" in problem:
        return Undecodable("missing_field", problem)
    if " of length " in problem:
        return Undecodable("absurd_value", problem)
    return Undecodable("wrong_type", problem)
