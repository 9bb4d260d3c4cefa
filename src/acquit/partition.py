"""The state of one partition of `acquit.events`, and the fold that brings it forward. A log always gives the same state.

Its only clock is the running maximum of its records' timestamps. Where one batch ends and the next begins is not to be
seen in anything that leaves, except for when totals leave, and totals may leave at any time.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias
from zlib import crc32

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from acquit.blocks import Blocks
from acquit.columns import LATENCY_BOUNDS_MS
from acquit.effects import Counted, DeadLetter, Effect, Listing, Suppression, Tally
from acquit.envelope import Record
from acquit.errors import BadSettings, Undecodable
from acquit.events import (
    DELIVERED,
    EARLIEST,
    FAILED,
    FINAL,
    LATEST,
    RATED,
    Command,
    Engagement,
    Event,
    Logged,
    Receipt,
    Src,
    Submit,
    Verdict,
    decode_logged,
    epoch_ms,
    from_epoch_ms,
)
from acquit.hours import Hours
from acquit.ledger.labels import Labels, of_submit
from acquit.ledger.latest import REPLY_HOURS
from acquit.ledger.merge import bin_of
from acquit.ledger.messages import MINUTE_MS, UNBOUNDED, Booked, Messages, News
from acquit.ledger.packed import PackedBlocks
from acquit.pipeline import dead_letter
from acquit.reasons import unknown_word
from acquit.reasons.revising import PORTED, graded, is_of_port
from acquit.rules import Rules
from acquit.suppression import verdicts
from acquit.suppression.breaker import DEFAULT_LIMITS, Breaker, Limits
from acquit.suppression.facts import IMPORT, NEVER_LIFTED_BY_DELIVERY, Fact, Joined, joined
from acquit.suppression.judge import ADDED
from acquit.suppression.keys import Hashing, is_hashed, key_mark, named
from acquit.suppression.people import People
from acquit.suppression.verdicts import Verdicts

_AHEAD_MS = 300_000
"""A provider's clock may be five minutes ahead; a time beyond that becomes the time of arrival."""
RENAMED_AT_ONCE = 20
"""With each record: some seconds of traffic rename a long list."""
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_LATEST_MS = epoch_ms(LATEST)
_NOTHING_TAKEN = (-1, -1, 0)
_TO_THE_HANDSET = frozenset({"delivered_handset", "read"})
_ALIVE = frozenset({"reply", "click", "conversion", "arrived"})
"""What only somebody does who received a message. STOP and START are facts of their own."""


Ended: TypeAlias = tuple[str, str | None, str | None, str | None, int | None, str]
"""Channel, carrier, country, content, segments, outcome."""
_OUTCOMES = {
    **dict.fromkeys(RATED, "failed"), **dict.fromkeys(DELIVERED, "delivered"), "rejected": "rejected",
}  # fmt: skip


class _OutOfTimeError(Exception):
    """An event of a time that intake would have refused: somebody else wrote it."""


class _NoEraseKeyError(Exception):
    """Somebody asks to be erased, and we cannot know them again after it: the command waits among the dead letters."""


class Head(Struct):
    """What is small enough to be journaled whole: how far the log is read, and what it showed there."""

    to: int = -1  # offset of the last record read
    timestamp_ms: int = 0  # of that record
    checksum: int = 0  # of that record's value
    clock_ms: int = 0
    lost: int = 0  # records that retention took before they were read
    flushed_ms: int = 0  # clock when totals left last
    forgotten: int = 0  # messages of hours that begin before it were forgotten for want of room
    seen: dict[str, dict[int, tuple[int, int, int]]] = {}  # topic, partition: offset, index, time of the last event
    verdicts: Verdicts = {}  # on the routes that were contradicted, and since when
    key_mark: str = ""  # of the erase_key under which people are hashed here
    breakers: dict[str, int] = {}  # the circuit breakers that are open, and since when


class Counts(Struct):
    """What happened since they were taken, for the counters of the worker and the summary of a replay."""

    receipts: dict[tuple[str, str | None, str], int] = {}  # channel, carrier, status
    failures: dict[tuple[str, str | None, str, str], int] = {}  # channel, carrier, category, permanence
    reached: dict[
        tuple[str, str], list[int]
    ] = {}  # channel, status: receipts by the bin of their time since the submit
    ended: dict[Ended, int] = {}  # messages, once each, and once more if they failed after their delivery
    engagements: dict[tuple[str, str], int] = {}  # channel, type
    complaints: dict[tuple[str, str | None], int] = {}  # channel, carrier
    unknown: dict[tuple[str, str], int] = {}  # provider, its code or status word that no table knows
    events: int = 0
    again: int = 0  # read twice by us: dropped by their origin
    repeated: int = 0  # sent twice by a provider
    too_late: int = 0
    forgotten: int = 0  # messages of the window, for there were too many
    unnamed: int = 0  # events whose labels were beyond the limit: counted under their channel alone
    unmatched: int = 0  # without a recipient, or without a message: joined to nothing


class Partition:
    """One partition's state. `tables` is what its journal keeps beside `head`."""

    def __init__(  # noqa: PLR0913 - the settings that it is made from, each by its name
        self, number: int, *, rules: Rules, zone: str, window_hours: float, tally_seconds: float,
        max_messages: int = UNBOUNDED, reply_hours: float = REPLY_HOURS, is_journaled: bool = True,
        may_flush: Callable[[], bool] = lambda: True,
        hashing: Hashing | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:  # fmt: skip
        """`may_flush` is asked when totals are due by the log's clock, which runs fast while a backlog is read."""
        self.number = number
        self.head = Head()
        self.counts = Counts()
        self.breaker = Breaker(limits, self.head.breakers)
        self.people = People(rules.policy, self.head.verdicts, self.breaker, hashing=hashing)
        self._key_mark = key_mark(hashing.key) if hashing else ""
        self._is_hashed = hashing is not None and hashing.is_for_all
        self.messages = Messages(
            hours=Hours(zone),
            window_hours=window_hours,
            routes=rules.routes,
            max_messages=max_messages,
            reply_hours=reply_hours,
            is_known_dead=self.people.is_known_dead,
            is_erased=self.people.is_erased,
            is_journaled=is_journaled,
        )
        self.tables: dict[str, Blocks[Any] | PackedBlocks] = {
            "labels": self.messages.numbers.table,
            "messages": self.messages.window,
            "latest": self.messages.latest.table,
            "cells": self.messages.totals.table,
            "people": self.people.table,
            "outcomes": self.breaker.outcomes,
            "suspects": self.breaker.suspects,
        }
        self._rules = rules
        self._tally_ms = round(tally_seconds * 1000)
        self._may_flush = may_flush
        self._counted = -1  # up to where all totals have left, as it was said last
        self._due_ms = 0  # when it is looked next whether hours close, and messages are too many

    def fold(self, records: Iterable[Record]) -> list[Effect]:
        """Read these records, which follow the last ones, and return what is to be done about them."""
        effects: list[Effect] = []
        last = None
        for record in records:
            last = record
            if record.timestamp > self.head.clock_ms:
                self.head.clock_ms = record.timestamp
                if record.timestamp >= self._due_ms or record.timestamp >= self.people.due_ms:
                    effects += self._advance(record.timestamp, record.offset)
            event = self._event(record, effects)
            if event is None:
                continue
            self.counts.events += 1
            at_ms = epoch_ms(event.at)
            if at_ms > self.head.clock_ms + _AHEAD_MS:
                at_ms = record.timestamp
            if isinstance(event, Verdict):
                effects += self._take_verdict(event, at_ms=at_ms, upto=record.offset)
                continue
            if event.src is not None and self._is_known(event.src, record.timestamp):
                self.counts.again += 1
                continue
            effects += self._take(event, at_ms=at_ms, upto=record.offset)
        if last is not None:
            self._mark(last)
            self.breaker.rest()
            effects += self.people.take_held(upto=self.head.to)
            effects += self.breaker.take_holdings(partition=self.number, upto=self.head.to)
            if self.head.clock_ms - self.head.flushed_ms >= self._tally_ms and self._may_flush():
                effects += self.flush()
        return effects

    def flush(self) -> list[Tally]:
        """The totals that changed and have not left yet."""
        self.head.flushed_ms = self.head.clock_ms
        return self.messages.totals.take_pending(partition=self.number, upto=self.head.to)

    def take_counted(self) -> list[Counted]:
        """That all totals have left, if none waits and this was not said yet."""
        if self.messages.totals.has_pending or self.head.to == self._counted:
            return []
        self._counted = self.head.to
        return [Counted(self.number, self.head.to)]

    def take_counts(self) -> Counts:
        counts, self.counts = self.counts, Counts()
        counts.unnamed, self.messages.numbers.unnamed = self.messages.numbers.unnamed, 0
        return counts

    def loaded(self, changed_cells: list[tuple[int, str]]) -> None:
        """The tables were filled from the journal: find the indexes again. Raises BadSettings."""
        if self.head.key_mark and self.head.key_mark != self._key_mark:
            raise BadSettings("settings", None, "erase_key", "is not the one under which people were erased: nobody would "
                              "know them again. Set it as it was")  # fmt: skip
        self.messages.loaded(changed_cells, clock_ms=self.head.clock_ms, forgotten=self.head.forgotten)
        self.people.verdicts = self.head.verdicts
        self.breaker.open = self.head.breakers
        self.people.loaded(self.head.clock_ms)
        self._due_ms = (self.head.clock_ms // MINUTE_MS + 1) * MINUTE_MS if self.head.clock_ms else 0

    def unsent(self) -> list[tuple[int, str, Any]]:
        """The cells whose totals are still to leave."""
        totals = self.messages.totals
        return [totals.table.whole(hour, key) for hour, key in totals.pending()]

    def _advance(self, clock_ms: int, offset: int) -> list[Effect]:
        """What time alone brings about, by the log's own clock, so that every replay does the same."""
        effects: list[Effect] = []
        if clock_ms >= self._due_ms:
            self.breaker.advance(clock_ms)
            self.counts.forgotten += self.messages.shrink()
            self.head.forgotten = self.messages.forgotten
            effects += self.messages.advance(clock_ms, partition=self.number, upto=offset - 1)
            self._due_ms = (clock_ms // MINUTE_MS + 1) * MINUTE_MS
        if clock_ms >= self.people.due_ms:
            effects += self.people.expire(now_ms=clock_ms, upto=offset)
        return effects

    def _rename(self, *, upto: int) -> list[Effect]:
        """The list is to be hashed, and was not when the journal was written: some at a time, so that no batch is large."""
        effects: list[Effect] = []
        for _ in range(RENAMED_AT_ONCE):
            if self.people.to_rename:
                effects += self.people.rename_one(now_ms=self.head.clock_ms, upto=upto)
        return effects

    def _event(self, record: Record, effects: list[Effect]) -> Logged | None:
        if self.people.to_rename:
            effects += self._rename(upto=record.offset)
        try:
            return self._read(record)
        except (*_UNREADABLE, _OutOfTimeError, _NoEraseKeyError) as error:
            effects.append(_refused(record, error))
            return None

    def _read(self, record: Record) -> Logged:
        event = decode_logged(record.value or b"")
        if not EARLIEST <= event.at < LATEST:
            raise _OutOfTimeError
        if isinstance(event, Command) and event.name == "erase" and not self._key_mark:
            raise _NoEraseKeyError
        if isinstance(event, Receipt) and event.submitted_at is not None:
            if not EARLIEST <= event.submitted_at < LATEST:
                raise _OutOfTimeError
            if epoch_ms(event.submitted_at) > self.head.clock_ms + _AHEAD_MS:
                return replace(event, submitted_at=from_epoch_ms(record.timestamp))
        return event

    def _is_known(self, src: Src, timestamp_ms: int) -> bool:
        topic, partition, offset, index = src
        marks = self.head.seen.get(topic)
        if marks is None:
            marks = self.head.seen[topic] = {}
        last = marks.get(partition, _NOTHING_TAKEN)
        if offset <= last[0] and (offset, index) <= last[:2]:
            return True
        marks[partition] = (offset, index, timestamp_ms)
        return False

    def _mark(self, record: Record) -> None:
        head = self.head
        if self._is_hashed:
            head.key_mark = self._key_mark
        head.to, head.timestamp_ms, head.checksum = record.offset, record.timestamp, crc32(record.value or b"")

    def _take(self, event: Event, *, at_ms: int, upto: int) -> Sequence[Suppression | Listing]:
        if isinstance(event, Receipt):
            return self._take_receipt(event, at_ms=at_ms, upto=upto)
        if isinstance(event, Submit):
            return self._take_submit(event, at_ms=at_ms, upto=upto)
        if isinstance(event, Engagement):
            return self._take_engagement(event, at_ms=at_ms, upto=upto)
        return self._take_command(event, at_ms=at_ms, upto=upto)

    def _take_submit(self, submit: Submit, *, at_ms: int, upto: int) -> list[Suppression]:
        if self.messages.take_submit(submit, at_ms=at_ms) is News.TOO_LATE:
            self.counts.too_late += 1
        recipient = self.people.name_of(f"{submit.channel}:{submit.to}")
        if not self.people.is_known(recipient):
            return []
        return self.people.learn(
            recipient, submit.provider, submit.message_id, _joined(of_submit(submit)),
            ported_ms=epoch_ms(submit.ported_at) if submit.ported_at else None,
            now_ms=self.head.clock_ms, upto=upto,
        )  # fmt: skip

    def _take_receipt(self, receipt: Receipt, *, at_ms: int, upto: int) -> list[Suppression]:
        if receipt.message_id is None or receipt.to is None:
            self.counts.unmatched += 1
            self._count(receipt, receipt.carrier)
            if receipt.to and receipt.status in FINAL:
                self.breaker.end(receipt.provider, receipt)
            return self._accuse(receipt, None, at_ms=at_ms, upto=upto) if receipt.to else []
        booked = self.messages.take_receipt(receipt, at_ms=at_ms)
        self._count_booked(receipt, booked, at_ms=at_ms)
        if booked.is_end:
            self.breaker.end(receipt.provider, booked.running.cell if booked.running else receipt)
        changes: list[Suppression] = []
        is_said = receipt.category in NEVER_LIFTED_BY_DELIVERY
        if is_said or (receipt.status in FAILED and at_ms > booked.delivered_ms):
            changes = self._accuse(receipt, booked.labels, at_ms=at_ms, upto=upto)
        recipient = self.people.name_of(f"{receipt.channel}:{receipt.to}")
        if (booked.delivered_ms or receipt.status in _TO_THE_HANDSET) and self.people.is_known(recipient):
            changes += self.people.acquit(
                recipient, receipt.provider, receipt.message_id, delivered_ms=booked.delivered_ms or at_ms,
                delivery=self._delivery(receipt, booked.labels, at_ms=at_ms), now_ms=self.head.clock_ms, upto=upto,
            )  # fmt: skip
        return changes

    def _accuse(self, receipt: Receipt, labels: Labels | None, *, at_ms: int, upto: int) -> list[Suppression]:
        """Hold the failure against the recipient, if any row of the policy asks after such failures."""
        category, code = receipt.category or "unknown", (receipt.said.code or "").casefold()
        ported_ms = labels.ported_ms if labels else None
        if receipt.sub_reason == PORTED or is_of_port(category, at_ms=at_ms, ported_ms=ported_ms):
            return []
        if not self.people.is_held(receipt.channel, category, receipt.permanence, code):
            return []
        fact = replace(
            _fact(receipt, "failure", labels, at_ms=at_ms),
            category=category, permanence=receipt.permanence, code=code, rule=receipt.rule or "",
        )  # fmt: skip
        recipient = self.people.name_of(f"{receipt.channel}:{receipt.to}")
        return self.people.accuse(recipient, fact, now_ms=self.head.clock_ms, upto=upto)

    def _delivery(self, receipt: Receipt, labels: Labels | None, *, at_ms: int) -> Fact | None:
        """That the message reached the handset, where the receipt says so and its route's profile lets it count."""
        if receipt.status not in _TO_THE_HANDSET:
            return None
        fact = _fact(receipt, "delivered", labels, at_ms=at_ms)
        profile = self._rules.routes.profile(fact.route or None, fact.supplier or None, receipt.provider)
        is_worth_it = profile is None or graded(receipt.status, profile) in _TO_THE_HANDSET
        return fact if is_worth_it else None

    def _take_verdict(self, verdict: Verdict, *, at_ms: int, upto: int) -> list[Suppression]:
        if not verdicts.take(self.head.verdicts, verdict, at_ms):
            return []
        return self.people.weigh_again(verdict, at_ms, now_ms=self.head.clock_ms, upto=upto)

    def _take_engagement(self, event: Engagement, *, at_ms: int, upto: int) -> list[Suppression]:
        news = self.messages.take_engagement(event, at_ms=at_ms)
        if news is News.TOO_LATE:
            self.counts.too_late += 1
        if news is not News.REPEATED:
            _add(self.counts.engagements, (event.channel, event.type))
            if event.type == "complaint":
                _add(self.counts.complaints, (event.channel, None))
        if event.type == "complaint":
            fact = Fact(at_ms, "failure", event.provider, event.message_id or "", category="complaint",
                        permanence="permanent", rule="engagement:complaint", channel=event.channel)  # fmt: skip
        elif event.type in {"stop", "start"}:
            fact = Fact(at_ms, event.type, event.provider, event.message_id or "", channel=event.channel,
                        scope=f"*:{named(event.only)}" if event.only else "*")  # fmt: skip
        elif event.type in _ALIVE:
            kind = "reply" if event.type == "reply" else "engaged"
            fact = Fact(at_ms, kind, event.provider, event.message_id or "", channel=event.channel)
        else:
            return []
        recipient = self.people.name_of(f"{event.channel}:{event.to}")
        return self.people.accuse(recipient, fact, now_ms=self.head.clock_ms, upto=upto)

    def _take_command(self, event: Command, *, at_ms: int, upto: int) -> Sequence[Suppression | Listing]:
        if event.name == "erase":
            return self._erase(event, at_ms=at_ms, upto=upto)
        asked = f"{event.channel}:{event.to}"
        recipient = asked if is_hashed(asked) else self.people.name_of(asked)
        if event.name == "release" or event.name == "drop":  # noqa: PLR1714 - mypy narrows by these alone
            wanted = {"route": event.route, "carrier": event.carrier}
            return self.people.decide(
                recipient, event.name, {kind: name for kind, name in wanted.items() if name},
                by=event.by, why=event.reason, now_ms=self.head.clock_ms, upto=upto,
            )  # fmt: skip
        fact = self._asked(event, at_ms=at_ms)
        if fact is None or (event.name == "import" and self._is_held_already(recipient, fact)):
            return []
        return self.people.accuse(recipient, fact, now_ms=self.head.clock_ms, upto=upto, why=event.reason)

    def _erase(self, event: Command, *, at_ms: int, upto: int) -> Sequence[Suppression | Listing]:
        self.head.key_mark = self._key_mark
        self.messages.latest.erase(event.channel, event.to)
        return self.people.erase(
            f"{event.channel}:{event.to}", by=event.by, at_ms=at_ms, now_ms=self.head.clock_ms, upto=upto,
            why=event.reason,
        )  # fmt: skip

    def _asked(self, event: Command, *, at_ms: int) -> Fact | None:
        """What a command says of its recipient; None where no row of the policy asks after such failures as it imports."""
        hold, until_ms = event.hold or "manual", epoch_ms(event.until) if event.until else 0
        fact = Fact(at_ms, event.name, "staff", "", category=hold, rule="command", channel=event.channel,
                    scope=event.scope, by=event.by, is_forced=event.force,
                    until_ms=until_ms if until_ms < _LATEST_MS else 0)  # fmt: skip
        match event.name:
            case "add" | "restore":
                return fact
            case "port" if event.ported_at is not None:
                return replace(fact, at_ms=epoch_ms(event.ported_at), category="")
            case "import" if hold in ADDED:
                return replace(fact, kind="add", provider=IMPORT, rule=IMPORT)
            case "import" if until_ms or self.people.is_held(event.channel, hold, "permanent", ""):
                return replace(
                    fact, kind="failure", provider=IMPORT, rule=IMPORT, permanence="permanent", until_ms=until_ms
                )
        return None

    def _is_held_already(self, recipient: str, fact: Fact) -> bool:
        """An import that is read again changes nothing."""
        if fact.kind == "failure" and not fact.until_ms:
            return self.people.holds(recipient, fact.category, None, 0)
        until_ms = None if fact.until_ms in {0, _LATEST_MS} else fact.until_ms
        return self.people.holds(recipient, fact.category, fact.scope, until_ms)

    def _count(self, receipt: Receipt, carrier: str | None) -> None:
        counts = self.counts
        key = (receipt.channel, carrier, receipt.status)
        counts.receipts[key] = counts.receipts.get(key, 0) + 1
        if receipt.status in FAILED:
            category = receipt.category or "unknown"
            failure = (receipt.channel, carrier, category, receipt.permanence)
            counts.failures[failure] = counts.failures.get(failure, 0) + 1
        word = unknown_word(receipt)
        if word is not None:
            unknown = (receipt.provider, word)
            counts.unknown[unknown] = counts.unknown.get(unknown, 0) + 1

    def _count_booked(self, receipt: Receipt, booked: Booked, *, at_ms: int) -> None:
        carrier = booked.running.cell.carrier if booked.running else receipt.carrier
        match booked.news:
            case News.NEW:
                self._count(receipt, carrier)
                if booked.submitted_ms:
                    self._count_latency(receipt, at_ms - booked.submitted_ms)
                if booked.is_end:
                    self._count_end(receipt, carrier, booked.labels)
            case News.REPEATED:
                self.counts.repeated += 1
            case News.TOO_LATE:
                self.counts.too_late += 1
        if booked.is_complaint:
            _add(self.counts.complaints, (receipt.channel, carrier))

    def _count_end(self, receipt: Receipt, carrier: str | None, sent: Labels | None) -> None:
        country, content, segments = (sent.country, sent.content, sent.segments) if sent else (None, None, None)
        _add(self.counts.ended, (receipt.channel, carrier, country, content, segments, _OUTCOMES[receipt.status]))

    def _count_latency(self, receipt: Receipt, after_ms: int) -> None:
        key = (receipt.channel, receipt.status)
        bins = self.counts.reached.get(key)
        if bins is None:
            bins = self.counts.reached[key] = [0] * len(LATENCY_BOUNDS_MS)
        bins[bin_of(after_ms)] += 1


def _add(counts: dict[Any, int], key: Any) -> None:
    counts[key] = counts.get(key, 0) + 1


def _fact(receipt: Receipt, kind: str, labels: Labels | None, *, at_ms: int) -> Fact:
    """What a receipt says of its recipient, joined with the submit where there is one."""
    fact = Fact(
        at_ms, kind, receipt.provider, receipt.message_id or "", channel=receipt.channel,
        account=receipt.account or "", stream=receipt.stream or "", route=receipt.route or "",
        supplier=receipt.supplier or "", carrier=receipt.carrier or "", carrier_is_guess=receipt.carrier_is_guess,
    )  # fmt: skip
    return fact if labels is None else joined(fact, fact.provider, fact.message_id, _joined(labels))


def _joined(labels: Labels) -> Joined:
    return Joined(
        labels.account or "", labels.stream or "", labels.route or "", labels.supplier or "", labels.carrier or "",
        carrier_is_guess=labels.carrier_is_guess,
    )  # fmt: skip


def _refused(record: Record, error: Exception) -> DeadLetter:
    """Nobody but intake writes to acquit.events; what somebody else wrote there is kept as well."""
    if isinstance(error, _NoEraseKeyError):
        return dead_letter(record, "acquit", Undecodable("absurd_value", "$.name: nobody is erased without erase_key"))
    return dead_letter(record, "acquit", Undecodable("undecodable", f"no canonical event: {type(error).__name__}"))
