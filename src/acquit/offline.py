"""The other shell around the core: `classify` and `replay`, on files, with the very functions that the worker runs."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
import orjson
from msgspec import Raw, Struct

from acquit.capped import Capped
from acquit.decode import DECODERS, Context
from acquit.effects import Suppression, Tally, printed
from acquit.envelope import payload_bytes
from acquit.errors import AcquitError, Undecodable
from acquit.events import (
    Engagement,
    Event,
    Ignored,
    Logged,
    Receipt,
    Reply,
    Report,
    Time,
    Verdict,
    encode,
    epoch_ms,
    shown,
)
from acquit.normalise import normalise_event
from acquit.partition import Partition
from acquit.pipeline import read
from acquit.routes.cohorts import Cohort, Sums
from acquit.rules import Rules

EVERY_CARRIER = 1_000_000


class Question(Struct, frozen=True):
    """A line of `acquit classify`."""

    provider: str
    payload: Raw
    id: Any = None
    context: Context = Context()
    received_at: Time | None = None


def classify(line: bytes, *, rules: Rules, now: datetime) -> dict[str, Any]:
    """One line in, one line out; what cannot be read is an answer too."""
    identity: Any = None
    events: list[Logged | Ignored | Undecodable] = []
    try:
        identity = _identity(line)
        events = _events(msgspec.json.decode(line, type=Question), rules=rules, now=now)
    except Undecodable as error:
        events = [error]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        problem = str(error) if isinstance(error, msgspec.ValidationError) else "is not JSON"
        events = [Undecodable("undecodable", f"the line {problem}")]
    return {
        "id": identity,
        "receipts": [shown(event) for event in events if isinstance(event, Receipt)],
        "engagements": [shown(event) for event in events if isinstance(event, Engagement)],
        "ignored": [event.kind for event in events if isinstance(event, Ignored)],
        "error": "; ".join(str(event) for event in events if isinstance(event, Undecodable)) or None,
    }


def _identity(line: bytes) -> Any:
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return fields.get("id") if isinstance(fields, dict) else None


def _events(question: Question, *, rules: Rules, now: datetime) -> list[Logged | Ignored | Undecodable]:
    if question.provider not in DECODERS:
        raise Undecodable("unknown_provider", f"decoders are {', '.join(sorted(DECODERS))}")
    body = payload_bytes(question.payload)
    if not body:
        raise Undecodable("empty", "the payload is empty")
    received_at = question.received_at or now
    return read(question.provider, body, question.context, received_at=received_at, origin=None, rules=rules)


class LogRecord(Struct):
    """A record of a log on its way through a replay; the fields that the core asks of Kafka's."""

    offset: int
    timestamp: int
    value: bytes | None
    topic: str = "acquit.events"
    partition: int = 0
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


def records_of(lines: Iterable[bytes]) -> Iterator[LogRecord]:
    """Canonical events, a line each, as a log in the order given. Raises AcquitError naming the line.

    A file has no clock to hold its times against: each event arrived when it says so, or when it happened.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            for event in DECODERS["canonical"](line, Context()):
                if isinstance(event, Undecodable):
                    raise event
                assert not isinstance(event, Report | Reply | Ignored), "canonical JSON is judged already"
                if isinstance(event, Verdict):
                    yield LogRecord(number, epoch_ms(event.at), encode(event))
                    continue
                arrived = _arrived(event)
                value = encode(normalise_event(event, received_at=arrived, src=None))
                yield LogRecord(number, epoch_ms(arrived), value)
        except Undecodable as error:
            raise AcquitError(f"line {number}: {error}") from None


def _arrived(event: Event) -> datetime:
    return (event.received_at or event.at) if isinstance(event, Receipt) else event.at


class Exported(Struct, frozen=True):
    """A line of an export of `acquit.events`, as `kcat -J` writes it."""

    partition: int
    offset: int
    ts: int
    payload: str | None = None
    key: str | None = None


def exported_records(lines: Iterable[bytes]) -> list[LogRecord]:
    """An exported log, each partition in the order of its offsets. Raises AcquitError naming the line."""
    records = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = msgspec.json.decode(line, type=Exported)
        except msgspec.DecodeError as error:
            raise AcquitError(f"line {number}: no exported record: {error}") from None
        value = None if found.payload is None else found.payload.encode()
        records.append(LogRecord(found.offset, found.ts, value, partition=found.partition))
    return sorted(records, key=lambda record: (record.partition, record.offset))


class Replay:
    """A log folded outside the worker: `fold` yields its effects in order, `summary` what it came to."""

    def __init__(self, *, rules: Rules, zone: str, window_hours: float, **others: Any) -> None:
        """`others` are what else Partition takes."""
        self.partitions: dict[int, Partition] = {}
        self._fields = {"rules": rules, "zone": zone, "window_hours": window_hours, **others}
        self._sums = Sums(Capped(EVERY_CARRIER), zone=zone, window_hours=window_hours, prices=rules.prices)

    def fold(self, records: Iterable[LogRecord]) -> Iterator[dict[str, Any]]:
        for record in records:
            for effect in self._partition(record.partition).fold([record]):
                if isinstance(effect, Suppression):
                    yield printed(effect)
                elif isinstance(effect, Tally):
                    self._sums.take(effect.key, effect.value)
                    yield from self._judged()

    def _judged(self) -> Iterator[dict[str, Any]]:
        """The verdicts of days that are over."""
        while (day := self._sums.due_day()) is not None:
            self._sums.say(day, self._sums.docket.weigh(day), now_ms=0)
            yield from map(printed, self._sums.docket.verdicts())

    def summary(self) -> dict[str, Any]:
        for partition in self.partitions.values():
            for tally in partition.flush():
                self._sums.take(tally.key, tally.value)
        counts = [partition.counts for partition in self.partitions.values()]
        return {
            "type": "summary",
            "events": sum(count.events for count in counts),
            "repeated": sum(count.repeated for count in counts),
            "read_again": sum(count.again for count in counts),
            "too_late": sum(count.too_late for count in counts),
            "unmatched": sum(count.unmatched for count in counts),
            "messages": sum(len(partition.messages.window) for partition in self.partitions.values()),
            "suppressed": sum(1 for _ in self.entries()),
            "routes": {
                route or "unknown": {"submitted": submitted, "unmatched": unmatched}
                for route, (submitted, unmatched) in sorted(self._sums.matched().items())
            },
            "cohorts": [_without_zeros(cohort) for cohort in self._sums.all_cohorts() if any(cohort.status.values())],
        }

    def entries(self) -> Iterator[Mapping[str, Any]]:
        """The list as it stands at the end."""
        for partition in self.partitions.values():
            for _, recipient, person in partition.people.table:
                for scope, entry in person.entries.items():
                    entry_fields = msgspec.to_builtins(entry)
                    yield {"type": "entry", "recipient": recipient, "scope": scope, **entry_fields}

    def _partition(self, number: int) -> Partition:
        found = self.partitions.get(number)
        if found is None:
            found = self.partitions[number] = Partition(number, tally_seconds=60, is_journaled=False, **self._fields)
        return found


def _without_zeros(cohort: Cohort) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(cohort)
    fields["status"] = {status: number for status, number in cohort.status.items() if number}
    return fields
