"""Whose words a raw record holds: said by its header, by an envelope around the payload, or by the settings' map."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Protocol, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct

from acquit.decode import DECODERS, Context
from acquit.errors import Undecodable
from acquit.events import Time, from_epoch_ms

PROVIDER_HEADER = "provider"
_EARLIEST_MS, _TIMESTAMP_LIMIT_MS = 946_684_800_000, 4_102_444_800_000  # 2000, 2100
_AHEAD = timedelta(days=1)


class Record(Protocol):
    """A record of Kafka, as aiokafka hands it over."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class Source(Struct, frozen=True):
    """What the settings say of a source topic."""

    provider: str = ""  # "": each record says it itself
    takes_commands: bool = False
    epoch: int = 0  # raised when the topic was made anew, so that its offsets count as new ones

    def name(self, topic: str) -> str:
        return f"{topic}#{self.epoch}" if self.epoch else topic


Sources: TypeAlias = Mapping[str, Source]


class Opened(Struct, frozen=True):
    """A payload, and what is known beside it."""

    provider: str
    body: bytes
    context: Context
    received_at: datetime


class _Outline(Struct, frozen=True):
    """What makes a record an envelope: a provider's own body has these two at its top by no accident."""

    provider: str
    payload: Raw


class _Envelope(_Outline, frozen=True):
    received_at: Time | Annotated[float, Meta(ge=0, lt=_TIMESTAMP_LIMIT_MS)] | None = None
    context: Context = Context()


_OUTLINE = msgspec.json.Decoder(_Outline)
_ENVELOPE = msgspec.json.Decoder(_Envelope)
_TEXT = msgspec.json.Decoder(str)
_NOTHING_KNOWN = Context()


def open_envelope(record: Record, source: Source, *, max_bytes: int) -> Opened:
    """Raises Undecodable: empty, too_large, unmapped, unknown_provider."""
    value = record.value
    if not value:
        raise Undecodable("empty", "the record has no value")
    if len(value) > max_bytes:
        raise Undecodable("too_large", f"{len(value)} bytes, {max_bytes} are allowed")
    provider = _said_by_header(record) if record.headers else ""
    if not _EARLIEST_MS <= record.timestamp < _TIMESTAMP_LIMIT_MS:
        raise Undecodable("absurd_value", "the record's own timestamp is before 2000 or after 2100")
    received_at = from_epoch_ms(record.timestamp)
    if not provider and b'"payload"' in value:
        envelope = _envelope(value)
        if envelope:
            body, provider = payload_bytes(envelope.payload), envelope.provider
            return Opened(_known(provider), body, envelope.context, _arrival(envelope, received_at))
    return Opened(_known(provider or source.provider), value, _NOTHING_KNOWN, received_at)


def payload_bytes(payload: Raw) -> bytes:
    """A payload that is a JSON text stands for the bytes of that text; any other stands for itself."""
    raw = bytes(payload)
    try:
        return _TEXT.decode(raw).encode() if raw.startswith(b'"') else raw
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Undecodable("undecodable", "$.payload: is no UTF-8") from None


def _envelope(value: bytes) -> _Envelope | None:
    """None if it is no envelope. Raises Undecodable (wrong_type) for one whose context or time is not as it must be."""
    try:
        _OUTLINE.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    try:
        return _ENVELOPE.decode(value)
    except msgspec.ValidationError as error:
        where = str(error).rpartition(" - at ")[2].strip("`")
        raise Undecodable("wrong_type", f"the envelope's {where}") from None


def _arrival(envelope: _Envelope, recorded_at: datetime) -> datetime:
    """When the callback came: other times are measured by it, so it must be one that can be."""
    at = envelope.received_at
    if at is None:
        return recorded_at
    if isinstance(at, float):
        at = from_epoch_ms(at)
    if at < from_epoch_ms(_EARLIEST_MS) or at - recorded_at > _AHEAD:
        raise Undecodable("absurd_value", "$.received_at: before 2000 or more than a day ahead")
    return at.astimezone(UTC)


def _said_by_header(record: Record) -> str:
    return next(((v or b"").decode(errors="replace") for k, v in record.headers if k == PROVIDER_HEADER), "")


def _known(provider: str) -> str:
    if not provider:
        raise Undecodable("unmapped", "no header, envelope or setting names its provider")
    if provider not in DECODERS:
        raise Undecodable("unknown_provider", "no decoder has that name")
    return provider
