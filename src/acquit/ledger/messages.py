"""The messages of the window: each submit and receipt is booked into its message, each change into the totals.

Blocks are hours of submission. When an hour leaves the window its messages and its cells are closed together, and what
comes for it afterwards is counted as too late: a closed cell is never opened again.
"""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from acquit.effects import Cell, Tally
from acquit.events import CATEGORIES, PERMANENCES, STATUSES, Engagement, Receipt, Submit, epoch_ms
from acquit.hours import Hours
from acquit.ledger import labels
from acquit.ledger.labels import Labels, Numbers
from acquit.ledger.merge import (
    CATEGORY_NUMBER,
    ENGAGED_BIT,
    IS_BAD,
    NOTHING,
    PERMANENCE_NUMBER,
    SENT,
    STATUS_NUMBER,
    Message,
    contradictions,
    latency_bin,
    take_bad,
    take_basis,
    take_good,
)
from acquit.ledger.totals import Running, Standing, Totals
from acquit.ledger.window import Window, key_of
from acquit.reasons.revising import graded, permanence_of
from acquit.rules.routes import Routes

NOT_KNOWN, FIRST_AT, SUBMITTED_AT, SUBMIT = range(4)
FOR_EVER = 1 << 60
UNBOUNDED = 1 << 60
CATEGORY_UNKNOWN = CATEGORY_NUMBER["unknown"]
_PERMANENCES: tuple[str, ...] = PERMANENCES


class News(StrEnum):
    """What a receipt was to the ledger."""

    NEW = "new"
    REPEATED = "repeated"  # the provider said this already
    TOO_LATE = "too_late"  # its hour has left the window


class Booked(Struct, frozen=True, gc=False):
    """The answer to a receipt: whether it was news, how the message stands, and what it is counted under.

    Failures up to `delivered_ms` say nothing against the recipient: on e-mail it is the last delivery, elsewhere any
    delivery outweighs all failures; 0 if there was none.
    """

    news: News
    delivered_ms: int
    running: Running | None
    labels: Labels | None  # of the submit, where there is one


class Messages:
    """Every message of the window. `totals` is what they add up to, `numbers` the labels that they share."""

    def __init__(
        self, *, hours: Hours, window_hours: float, routes: Routes, max_messages: int = UNBOUNDED,
        is_journaled: bool = True,
    ) -> None:  # fmt: skip
        self.window = Window(window_hours * 3_600, is_journaled=is_journaled)
        self.totals = Totals()
        self.numbers = Numbers()
        self._hours = hours
        self._routes = routes
        self._window_ms = round(window_hours * 3_600_000)
        self._cells: dict[tuple[int, int, int], tuple[str, Running]] = {}
        self._max_messages = max_messages
        self._horizon = 0  # hours that begin before it are closed
        self.forgotten = 0  # messages of hours that begin before it were forgotten, for there were too many

    def take_submit(self, submit: Submit, *, at_ms: int) -> Booked:
        place = self._open(submit)
        message, ours = place.message, labels.of_submit(submit)
        if message.submit != NOTHING and (message.basis_ms, self._sorted(message.submit)) <= (
            at_ms,
            labels.order(ours),
        ):
            return self._answer(News.REPEATED, place, place.before)
        message.submit = self.numbers.number(ours)  # of the earliest submit, if a sender repeats itself
        take_good(message, SENT, at_ms, is_email=place.is_email)
        moved = take_basis(message, SUBMIT, at_ms)
        return self._book(place, moved=moved)

    def take_receipt(self, receipt: Receipt, *, at_ms: int) -> Booked:
        place = self._open(receipt)
        message = place.message
        moved = (
            take_basis(message, FIRST_AT, at_ms)
            if receipt.submitted_at is None
            else take_basis(message, SUBMITTED_AT, epoch_ms(receipt.submitted_at))
        )
        status = STATUS_NUMBER[receipt.status]
        is_repeated = bool(message.reported >> status & 1)
        message.reported |= 1 << status
        if IS_BAD[status]:
            category = CATEGORY_NUMBER[receipt.category] if receipt.category else CATEGORY_UNKNOWN
            bad = (at_ms, status, category, PERMANENCE_NUMBER[receipt.permanence])
            take_bad(message, bad, is_email=place.is_email)
        else:
            take_good(message, status, at_ms, is_email=place.is_email)
        self._take_labels(message, receipt)
        booked = self._book(place, moved=moved)
        return replace(booked, news=News.REPEATED) if is_repeated and booked.news is News.NEW else booked

    def take_engagement(self, event: Engagement, *, at_ms: int) -> News:
        """Book what a person did into its message, of which nothing else may be known yet: it is counted when it is."""
        place = self._open(event)
        message, bit = place.message, ENGAGED_BIT[event.type]
        if message.engaged & bit:
            return News.REPEATED
        message.engaged |= bit
        if message.basis == NOT_KNOWN and not 0 < message.basis_ms <= at_ms:
            message.basis_ms = at_ms
        return self._book(place, moved=message.basis == NOT_KNOWN).news

    def advance(self, clock_ms: int, *, partition: int, upto: int) -> list[Tally]:
        """Close the hours that have left the window; returns the last totals of their cells, where they had not left."""
        horizon = self._horizon_at(clock_ms)
        if horizon <= self._horizon:
            return []
        self._horizon = horizon
        self.window.drop_before(horizon)
        self._drop_labels()
        closing = [hour for hour in self.totals.table.rows if hour < horizon]
        if not closing:
            return []
        last = self.totals.take_pending(partition=partition, upto=upto)
        for hour in closing:
            self.totals.table.drop(hour)
        self._forget_cells(horizon)
        return last

    def shrink(self) -> int:
        """Keep to the budget of messages; returns how many were forgotten. Their cells stay, and count on without them."""
        number, until = self.window.shrink(self._max_messages)
        self.forgotten = max(self.forgotten, until)
        if number:
            self._drop_labels()
        return number

    def loaded(self, changed_cells: list[tuple[int, str]], *, clock_ms: int, forgotten: int) -> None:
        """The tables were filled from the journal: find the rest again."""
        self._horizon, self.forgotten = self._horizon_at(clock_ms), forgotten
        self.numbers.loaded(floor=self._floor, newest=self.window.newest)
        self.totals.loaded(changed_cells)

    def _horizon_at(self, clock_ms: int) -> int:
        return self._hours.start(max(0, clock_ms - self._window_ms))

    @property
    def _floor(self) -> int:
        """The oldest block that messages may still be in."""
        return self.window.block_of(max(self._horizon, self.forgotten) * 1000)

    def _drop_labels(self) -> None:
        """Forget the labels that only messages named which are gone, and what was found by their numbers."""
        if self.numbers.drop_before(self._floor):
            self._forget_cells(self._floor)

    def _forget_cells(self, before: int) -> None:
        self._cells = {key: value for key, value in self._cells.items() if key[2] >= before}

    def _open(self, event: Submit | Receipt | Engagement) -> "_Place":
        """The message of an event, as it is and where it is counted. One whose hour is closed is not there any more."""
        key, is_email = key_of(event.provider, event.message_id, event.to), event.channel == "email"
        found = self.window.find(key)
        hour = self._hours.start(found.basis_ms) if found else 0
        if found is None or hour < max(self._horizon, self.forgotten):
            message = Message(block=found.block if found else NOTHING)  # what is found there makes room
            return _Place(key, message, event.provider, is_email, None, None)
        counted = self._counted(event.provider, found, hour, is_email=is_email)
        return _Place(key, found, event.provider, is_email, counted, hour)

    def _book(self, place: "_Place", *, moved: bool) -> Booked:
        """Put the message where it belongs now, and its change into the totals."""
        message, before, hour = place.message, place.before, place.hour
        now = self._hours.start(message.basis_ms) if moved or hour is None else hour
        if now < max(self._horizon, self.forgotten):
            return self._forget(place)
        self.window.put(place.key, message)
        block = self.window.block_of(message.basis_ms)
        self.numbers.name(message.submit, block)
        self.numbers.name(message.receipt, block)
        after = self._counted(place.provider, message, now, is_email=place.is_email)
        if before is None or after is None or before.key != after.key or before.standing != after.standing:
            self._move(before, after)
        return self._answer(News.NEW, place, after)

    def _move(self, before: "_Counted | None", after: "_Counted | None") -> None:
        if before is not None:
            self.totals.add(before.key, before.running, before.standing, -1)
        if after is not None:
            self.totals.add(after.key, after.running, after.standing, 1)

    def _forget(self, place: "_Place") -> Booked:
        """Its hour proves to be closed: what was counted for it elsewhere is taken back."""
        if place.hour is not None:
            self._move(place.before, None)
            self.window.remove(place.key, place.message)
        return Booked(News.TOO_LATE, 0, None, None)

    def _answer(self, news: News, place: "_Place", counted: "_Counted | None") -> Booked:
        message = place.message
        delivered_ms = message.delivered_ms if place.is_email or not message.delivered_ms else FOR_EVER
        submit = self.numbers[message.submit] if message.submit != NOTHING else None
        return Booked(news, delivered_ms, counted.running if counted else None, submit)

    def _sorted(self, number: int) -> tuple[str, ...]:
        return labels.order(self.numbers[number])

    def _take_labels(self, message: Message, receipt: Receipt) -> None:
        ours = self.numbers.number(labels.of_receipt(receipt))
        if message.receipt == NOTHING:
            message.receipt = ours
        elif message.receipt != ours:
            merged = labels.merged(self.numbers[message.receipt], self.numbers[ours])
            message.receipt = self.numbers.number(merged)

    def _counted(self, provider: str, message: Message, hour: int, *, is_email: bool) -> "_Counted | None":
        """None for a message of which nothing is known but what its recipient did."""
        if message.good == message.bad == NOTHING:
            return None
        found = self._cells.get((message.submit, message.receipt, hour))
        if found is None:
            submit = self.numbers[message.submit] if message.submit != NOTHING else None
            receipt = self.numbers[message.receipt] if message.receipt != NOTHING else None
            found = self.totals.open(labels.cell(submit, receipt, hour))
            self._cells[message.submit, message.receipt, hour] = found
        return _Counted(found[0], found[1], self._standing(provider, message, found[1].cell, is_email=is_email))

    def _standing(self, provider: str, message: Message, cell: Cell, *, is_email: bool) -> Standing:
        """What the message counts as: what was reported, as its route's profile and a port of its number make it."""
        status, is_submitted = message.status(is_email=is_email), message.submit != NOTHING
        rest = (latency_bin(message), message.engaged, contradictions(message, status, is_email=is_email))
        if IS_BAD[status]:
            permanence = message.permanence
            ported_ms = self.numbers[message.submit].ported_ms if is_submitted else None
            if ported_ms is not None:
                permanence = _while_porting(message, ported_ms)
            return status, message.category, permanence, is_submitted, *rest
        if self._routes.profiles:
            profile = self._routes.profile(cell.route, cell.supplier, provider)
            status = STATUS_NUMBER[graded(STATUSES[status], profile)] if profile else status
        return status, NOTHING, NOTHING, is_submitted, *rest


def _while_porting(message: Message, ported_ms: int) -> int:
    """The permanence of the message's failure, as a number in the order of PERMANENCES."""
    category, permanence = CATEGORIES[message.category], PERMANENCES[message.permanence]
    return _PERMANENCES.index(permanence_of(category, permanence, at_ms=message.bad_ms, ported_ms=ported_ms))


class _Counted(Struct, frozen=True, gc=False):
    """Where a message is counted: the cell's key, its running totals, and as what."""

    key: str
    running: Running
    standing: Standing


class _Place(Struct, frozen=True, gc=False):
    """A message, and where it is counted before the event at hand; nowhere, if it is new."""

    key: bytes
    message: Message
    provider: str
    is_email: bool
    before: _Counted | None
    hour: int | None
