"""The messages of the window: each submit and receipt is booked into its message, each change into the totals.

Blocks are hours of submission. When an hour leaves the window its messages and its cells are closed together, and what
comes for it afterwards is counted as too late: a closed cell is never opened again.
"""

from enum import StrEnum
from typing import NamedTuple

from acquit.blocks import Blocks
from acquit.effects import Cell, Tally
from acquit.events import CATEGORIES, PERMANENCES, STATUSES, Receipt, Submit, epoch_ms
from acquit.hours import Hours
from acquit.ledger import labels
from acquit.ledger.labels import Labels, Numbers
from acquit.ledger.merge import (
    CATEGORY_NUMBER,
    IS_BAD,
    NOTHING,
    PERMANENCE_NUMBER,
    SENT,
    STATUS_NUMBER,
    Message,
    take_bad,
    take_basis,
    take_good,
)
from acquit.ledger.totals import Running, Standing, Totals
from acquit.reasons.revising import graded, permanence_of
from acquit.rules.routes import Routes

FIRST_AT, SUBMITTED_AT, SUBMIT = 1, 2, 3
FOR_EVER = 1 << 60
CATEGORY_UNKNOWN = CATEGORY_NUMBER["unknown"]
_PERMANENCES: tuple[str, ...] = PERMANENCES


class News(StrEnum):
    """What a receipt was to the ledger."""

    NEW = "new"
    REPEATED = "repeated"  # the provider said this already
    TOO_LATE = "too_late"  # its hour has left the window


class Booked(NamedTuple):
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

    def __init__(self, *, hours: Hours, window_hours: float, routes: Routes) -> None:
        self.table: Blocks[Message] = Blocks(Message)
        self.totals = Totals()
        self.numbers = Numbers()
        self._hours = hours
        self._routes = routes
        self._window_ms = round(window_hours * 3_600_000)
        self._hour_of: dict[str, int] = {}
        self._cells: dict[tuple[int, int, int], tuple[str, Running]] = {}
        self._horizon = 0  # hours that begin before it are closed

    def take_submit(self, submit: Submit, *, at_ms: int) -> Booked:
        key = _key(submit)
        message, before, hour = self._open(key, is_email=submit.channel == "email")
        ours = labels.of_submit(submit)
        if message.submit != NOTHING and (message.basis_ms, self._sorted(message.submit)) <= (
            at_ms,
            labels.order(ours),
        ):
            return self._answer(News.REPEATED, message, before, is_email=submit.channel == "email")
        message.submit = self.numbers.number(ours)  # of the earliest submit, if a sender repeats itself
        take_good(message, SENT, at_ms)
        moved = take_basis(message, SUBMIT, at_ms)
        return self._book(key, message, before, hour, moved=moved, is_email=submit.channel == "email")

    def take_receipt(self, receipt: Receipt, *, at_ms: int) -> Booked:
        is_email = receipt.channel == "email"
        key = _key(receipt)
        message, before, hour = self._open(key, is_email=is_email)
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
            take_bad(message, bad, is_email=is_email)
        else:
            take_good(message, status, at_ms)
        self._take_labels(message, receipt)
        booked = self._book(key, message, before, hour, moved=moved, is_email=is_email)
        return booked._replace(news=News.REPEATED) if is_repeated and booked.news is News.NEW else booked

    def advance(self, clock_ms: int, *, partition: int, upto: int) -> list[Tally]:
        """Close the hours that have left the window; returns the last totals of their cells, where they had not left."""
        horizon = self._horizon_at(clock_ms)
        if horizon <= self._horizon:
            return []
        self._horizon = horizon
        closing = [hour for hour in {*self.table.rows, *self.totals.table.rows} if hour < horizon]
        if not closing:
            return []
        last = self.totals.take_pending(partition=partition, upto=upto)
        for hour in closing:
            for key in self.table.drop(hour):
                self._hour_of.pop(key, None)
            self.totals.table.drop(hour)
        self._cells = {key: value for key, value in self._cells.items() if key[2] >= horizon}
        return last

    def loaded(self, changed_cells: list[tuple[int, str]], *, clock_ms: int) -> None:
        """The tables were filled from the journal: find the rest again."""
        self._horizon = self._horizon_at(clock_ms)
        self.numbers.loaded()
        self._hour_of = {key: hour for hour, key, _ in self.table}
        self.totals.loaded(changed_cells)

    def _horizon_at(self, clock_ms: int) -> int:
        return self._hours.start(max(0, clock_ms - self._window_ms))

    def _open(self, key: str, *, is_email: bool) -> tuple[Message, "_Place | None", int | None]:
        hour = self._hour_of.get(key)
        if hour is None:
            return Message(), None, None
        message = self.table.rows[hour][key]
        return message, self._place(key, message, hour, is_email=is_email), hour

    def _book(
        self, key: str, message: Message, before: "_Place | None", hour: int | None, *, moved: bool, is_email: bool
    ) -> Booked:
        """Put the message where it belongs now, and its change into the totals."""
        now = self._hours.start(message.basis_ms) if moved or hour is None else hour
        if now < self._horizon:
            return self._forget(key, before, hour)
        if now == hour:
            self.table.touch(now, key)
        else:
            if hour is not None:
                self.table.remove(hour, key)
            self.table.put(now, key, message)
            self._hour_of[key] = now
        after = self._place(key, message, now, is_email=is_email)
        if before is None:
            self.totals.add(after.key, after.running, after.standing, 1)
        elif before.key != after.key or before.standing != after.standing:
            self.totals.add(before.key, before.running, before.standing, -1)
            self.totals.add(after.key, after.running, after.standing, 1)
        return self._answer(News.NEW, message, after, is_email=is_email)

    def _forget(self, key: str, before: "_Place | None", hour: int | None) -> Booked:
        """Its hour proves to be closed: what was counted for it elsewhere is taken back."""
        if before is not None and hour is not None:
            self.totals.add(before.key, before.running, before.standing, -1)
            self.table.remove(hour, key)
            del self._hour_of[key]
        return Booked(News.TOO_LATE, delivered_ms=0, running=None, labels=None)

    def _answer(self, news: News, message: Message, place: "_Place | None", *, is_email: bool) -> Booked:
        delivered_ms = message.delivered_ms if is_email or not message.delivered_ms else FOR_EVER
        return Booked(
            news,
            delivered_ms=delivered_ms,
            running=place.running if place else None,
            labels=self.numbers[message.submit] if message.submit != NOTHING else None,
        )

    def _sorted(self, number: int) -> tuple[str, ...]:
        return labels.order(self.numbers[number])

    def _take_labels(self, message: Message, receipt: Receipt) -> None:
        ours = self.numbers.number(labels.of_receipt(receipt))
        if message.receipt == NOTHING:
            message.receipt = ours
        elif message.receipt != ours:
            merged = labels.merged(self.numbers[message.receipt], self.numbers[ours])
            message.receipt = self.numbers.number(merged)

    def _place(self, key: str, message: Message, hour: int, *, is_email: bool) -> "_Place":
        found = self._cells.get((message.submit, message.receipt, hour))
        if found is None:
            submit = self.numbers[message.submit] if message.submit != NOTHING else None
            receipt = self.numbers[message.receipt] if message.receipt != NOTHING else None
            found = self.totals.open(labels.cell(submit, receipt, hour))
            self._cells[message.submit, message.receipt, hour] = found
        return _Place(found[0], found[1], self._standing(key, message, found[1].cell, is_email=is_email))

    def _standing(self, key: str, message: Message, cell: Cell, *, is_email: bool) -> Standing:
        """What the message counts as: what was reported, as its route's profile and a port of its number make it."""
        status, is_submitted = message.status(is_email=is_email), message.submit != NOTHING
        if IS_BAD[status]:
            permanence = message.permanence
            ported_ms = self.numbers[message.submit].ported_ms if is_submitted else None
            if ported_ms is not None:
                permanence = _while_porting(message, ported_ms)
            return status, message.category, permanence, is_submitted
        if self._routes.profiles:
            provider = key.partition("/")[0]
            profile = self._routes.profile(cell.route, cell.supplier, provider)
            status = STATUS_NUMBER[graded(STATUSES[status], profile)] if profile else status
        return status, NOTHING, NOTHING, is_submitted


def _while_porting(message: Message, ported_ms: int) -> int:
    """The permanence of the message's failure, as a number in the order of PERMANENCES."""
    category, permanence = CATEGORIES[message.category], PERMANENCES[message.permanence]
    return _PERMANENCES.index(permanence_of(category, permanence, at_ms=message.bad_ms, ported_ms=ported_ms))


def _key(event: Submit | Receipt) -> str:
    """A message is provider, id and recipient: one mail, batch or group message to several people is as many messages."""
    return f"{event.provider}/{event.message_id}/{event.to}"


class _Place(NamedTuple):
    """Where a message is counted: the cell's key, its running totals, and as what."""

    key: str
    running: Running
    standing: Standing
