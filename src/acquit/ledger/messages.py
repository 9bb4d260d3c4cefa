"""The messages of the window: each submit and receipt is booked into its message, each change into the totals.

Blocks are hours of submission. When an hour leaves the window its messages and its cells are closed together, and what
comes for it afterwards is counted as too late: a closed cell is never opened again.
"""

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from acquit.address import mask
from acquit.effects import Tally
from acquit.events import Engagement, Receipt, Submit, epoch_ms
from acquit.hours import Hours
from acquit.ledger import labels
from acquit.ledger.labels import Labels, Numbers
from acquit.ledger.latest import REPLY_HOURS, Latest
from acquit.ledger.merge import (
    CATEGORY_NUMBER,
    COMPLAINT,
    ENDED,
    ENGAGED_BIT,
    FIRST_AT,
    IS_BAD,
    NOT_KNOWN,
    NOTHING,
    PERMANENCE_NUMBER,
    SENT,
    STATUS_NUMBER,
    SUBMIT,
    SUBMITTED_AT,
    Message,
    take_bad,
    take_basis,
    take_good,
)
from acquit.ledger.standing import Counted, Group, counted, example, group_of, kinds_of
from acquit.ledger.totals import Running, Standing, Totals, hide, show
from acquit.ledger.window import Window, key_of
from acquit.rules.routes import Routes

MINUTE_MS = 60_000
FOR_EVER = 1 << 60
UNBOUNDED = 1 << 60
GROUPS_LIMIT = 20_000
"""Cells found by labels and hour: no more of them than this, for they are quickly found again."""
COLD_HOURS = 3
"""After so long nearly all that will be told of a message is told."""
CATEGORY_UNKNOWN = CATEGORY_NUMBER["unknown"]


class News(StrEnum):
    """What a receipt was to the ledger."""

    NEW = "new"
    REPEATED = "repeated"  # the provider said this already
    TOO_LATE = "too_late"  # its hour has left the window
    ALONE = "alone"  # a reply to no message that is remembered


class Booked(Struct, frozen=True, gc=False):
    """The answer to a receipt: whether it was news, how the message stands, and what it is counted under.

    Failures up to `delivered_ms` say nothing against the recipient: on e-mail it is the last delivery, elsewhere any
    delivery outweighs all failures; 0 if there was none.
    """

    news: News
    delivered_ms: int = 0
    running: Running | None = None
    labels: Labels | None = None  # of the submit, where there is one
    submitted_ms: int = 0  # 0: not known
    is_end: bool = False  # of its message, which the receipt says for the first time, or so late that nobody knows
    is_complaint: bool = False  # told for the first time


class Messages:
    """Every message of the window. `totals` is what they add up to, `numbers` the labels that they share."""

    def __init__(
        self, *, hours: Hours, window_hours: float, routes: Routes, max_messages: int = UNBOUNDED,
        reply_hours: float = REPLY_HOURS, is_known_dead: Callable[[str, int], bool] = lambda *_: False,
        is_erased: Callable[[str, str], bool] = lambda *_: False,
        is_journaled: bool = True,
    ) -> None:  # fmt: skip
        self.window = Window(window_hours * 3_600, is_journaled=is_journaled)
        self.totals = Totals()
        self.numbers = Numbers()
        self._hours = hours
        self._routes = routes
        self._window_ms = round(window_hours * 3_600_000)
        self.latest = Latest(min(reply_hours, window_hours) * 3_600, is_journaled=is_journaled)
        self._is_known_dead = is_known_dead
        self._is_erased = is_erased
        self._groups: dict[tuple[int, int, int], Group] = {}
        self._max_messages = max_messages
        self._horizon = 0  # hours that begin before it are closed
        self.forgotten = 0  # messages of hours that begin before it were forgotten, for there were too many
        self._closed = 0  # the later of both
        self._merged: dict[tuple[int, int], int] = {}  # of two numbers of labels

    def take_submit(self, submit: Submit, *, at_ms: int) -> News:
        place, is_email = self._open(submit), submit.channel == "email"
        message, ours = place.message, labels.of_submit(submit)
        if message.submit != NOTHING and (message.basis_ms, self._sorted(message.submit)) <= (
            at_ms,
            labels.order(ours),
        ):
            return News.REPEATED
        message.submit = self.numbers.number(ours)  # of the earliest submit, if a sender repeats itself
        take_good(message, SENT, at_ms, is_email=is_email)
        moved = take_basis(message, SUBMIT, at_ms)
        return self._book(place, moved=moved)

    def take_receipt(self, receipt: Receipt, *, at_ms: int) -> Booked:
        place, is_email = self._open(receipt), receipt.channel == "email"
        message = place.message
        moved = (
            take_basis(message, FIRST_AT, at_ms)
            if receipt.submitted_at is None
            else take_basis(message, SUBMITTED_AT, epoch_ms(receipt.submitted_at))
        )
        status = STATUS_NUMBER[receipt.status]
        before, told = message.reported, message.engaged
        message.reported |= 1 << status
        if IS_BAD[status]:
            category = CATEGORY_NUMBER[receipt.category] if receipt.category else CATEGORY_UNKNOWN
            bad = (at_ms, status, category, PERMANENCE_NUMBER[receipt.permanence])
            take_bad(message, bad, is_email=is_email)
        else:
            take_good(message, status, at_ms, is_email=is_email)
            if receipt.category == "complaint":  # a provider tells it so, of what it has delivered
                message.engaged |= COMPLAINT
        is_relabelled = self._take_labels(message, receipt)
        news = self._book(place, moved=moved, is_relabelled=is_relabelled)
        if news is News.TOO_LATE:
            return Booked(news, is_end=ENDED[status] != 0)
        is_end = ENDED[status] != 0 and not before & ENDED[status]
        return self._answer(
            News.REPEATED if before >> status & 1 else news, message, is_email=is_email, is_end=is_end,
            is_complaint=message.engaged != told,
        )  # fmt: skip

    def take_engagement(self, event: Engagement, *, at_ms: int) -> News:
        """Book what a person did into its message, of which nothing else may be known yet: it is counted when it is.

        Without a message id it is the latest message of this person.
        """
        place = self._open(event) if event.message_id is not None else self._answered(event, at_ms)
        if place is None:
            return News.ALONE
        message, bit = place.message, ENGAGED_BIT[event.type]
        if message.engaged & bit:
            return News.REPEATED
        message.engaged |= bit
        if message.basis == NOT_KNOWN and not 0 < message.basis_ms <= at_ms:
            message.basis_ms = at_ms
        return self._book(place, moved=message.basis == NOT_KNOWN)

    def advance(self, clock_ms: int, *, partition: int, upto: int) -> list[Tally]:
        """Close the hours that have left the window; returns the last totals of their cells, where they had not left."""
        horizon = self._horizon_at(clock_ms)
        if horizon <= self._horizon:
            return []
        self._horizon, self._closed = horizon, max(horizon, self.forgotten)
        self.window.drop_before(horizon)
        self.latest.advance(clock_ms)
        self.totals.pack_before(self._hours.start(clock_ms) - COLD_HOURS * 3_600)
        self._drop_labels()
        closing = [hour for hour in self.totals.table.rows if hour < horizon]
        if not closing:
            return []
        last = self.totals.take_pending(partition=partition, upto=upto)
        for hour in closing:
            self.totals.table.drop(hour)
        self._forget_groups(horizon)
        return last

    def shrink(self) -> int:
        """Keep to the budget of messages; returns how many were forgotten. Their cells stay, and count on without them."""
        number, until = self.window.shrink(self._max_messages)
        self.forgotten = max(self.forgotten, until)
        self._closed = max(self._horizon, self.forgotten)
        if number:
            self._drop_labels()
        return number

    def loaded(self, changed_cells: list[tuple[int, str]], *, clock_ms: int, forgotten: int) -> None:
        """The tables were filled from the journal: find the rest again."""
        self._horizon, self.forgotten = self._horizon_at(clock_ms), forgotten
        self._closed = max(self._horizon, forgotten)
        self.numbers.loaded(floor=self._floor, newest=self.window.newest)
        self.totals.loaded(changed_cells)

    def _horizon_at(self, clock_ms: int) -> int:
        """By the minute, for no more often is it looked."""
        return self._hours.start(max(0, clock_ms - clock_ms % MINUTE_MS - self._window_ms))

    @property
    def _floor(self) -> int:
        """The oldest block that messages may still be in."""
        return self.window.block_of(self._closed * 1000)

    def _drop_labels(self) -> None:
        """Forget the labels that only messages named which are gone, and what was found by their numbers."""
        if self.numbers.drop_before(self._floor):
            self._forget_groups(self._floor)
            self._merged.clear()

    def _forget_groups(self, before: int) -> None:
        self._groups = {key: group for key, group in self._groups.items() if key[2] >= before}

    def _open(self, event: Submit | Receipt | Engagement) -> "_Place":
        return self._found(event, key_of(event.provider, event.message_id, event.to))

    def _answered(self, event: Engagement, at_ms: int) -> "_Place | None":
        key = self.latest.message(event.channel, event.to, at_ms)
        place = None if key is None else self._found(event, key)
        return None if place is None or place.hour is None else place

    def _found(self, event: Submit | Receipt | Engagement, key: bytes) -> "_Place":
        """The message of an event, as it is and where it is counted. One whose hour is closed is not there any more."""
        found = self.window.find(key)
        hour = self._hours.start(found.basis_ms) if found else 0
        if found is None or hour < self._closed:
            message = Message(block=found.block if found else NOTHING)  # what is found there makes room
            return _Place(key, message, event, None, None)
        return _Place(key, found, event, found.counted or self._counted(event, found, hour), hour)

    def _book(self, place: "_Place", *, moved: bool, is_relabelled: bool = False) -> News:
        """Put the message where it belongs now, and its change into the totals."""
        message, event = place.message, place.event
        now = self._hours.start(message.basis_ms) if moved or place.hour is None else place.hour
        if now < self._closed:
            return self._forget(place)
        if moved:
            if place.hour is None:
                message.is_to_dead = self._is_known_dead(f"{event.channel}:{event.to}", message.basis_ms)
            if not self._is_erased(event.channel, event.to or ""):
                self.latest.learn(event.channel, event.to or "", place.key, message.basis_ms)
        self.window.keep(place.key, message)
        if moved or is_relabelled:
            block = self.window.block_of(message.basis_ms)
            self.numbers.name(message.submit, block)
            self.numbers.name(message.receipt, block)
        before, after = place.before, self._counted(event, message, now)
        message.counted = after
        self._move(place, before, after)
        return News.NEW

    def _move(self, place: "_Place", before: Counted | None, after: Counted | None) -> None:
        if before is not None and after is not None and before.group.running is after.group.running:
            self._restate(before, after)
        else:
            if before is not None:
                self._add(before, -1)
            if after is not None:
                self._add(after, 1)
        if (before is not None and before.contradicted) or (after is not None and after.contradicted):
            self._show(place, before, after)

    def _show(self, place: "_Place", before: Counted | None, after: Counted | None) -> None:
        """Messages that contradict themselves are examples for their supplier."""
        event, masked = place.event, mask(place.event.to or "")
        if event.message_id is None:
            return  # a reply that names no message: the example stays as it is
        groups = [one.group for one in (before, after) if one is not None and one.contradicted]
        shown = [group.running.examples for group in groups]
        if before is not None and before.contradicted:
            hide(before.group.running, kinds_of(before.contradicted), event.provider, event.message_id, masked)
        if after is not None and after.contradicted:
            one = example(place.message, event.provider, event.message_id, masked)
            show(after.group.running, kinds_of(after.contradicted), one)
        for group, was in zip(groups, shown, strict=True):
            if group.running.examples != was:
                self.totals.renamed(group.key, group.running)

    def _add(self, one: Counted, sign: int) -> None:
        group = one.group
        self.totals.add(group.key, group.running, (one.status, *group.submitted, *one.kinds, *one.rest), sign)

    def _restate(self, before: Counted, after: Counted) -> None:
        """In the same cell nearly all is as it was: most receipts move a message from one status to the next."""
        leaves: Standing = () if before.status == after.status else (before.status,)
        joins: Standing = () if before.status == after.status else (after.status,)
        if before.kinds != after.kinds or before.group.submitted != after.group.submitted:
            leaves += before.kinds + before.group.submitted
            joins += after.kinds + after.group.submitted
        if before.rest != after.rest:
            leaves, joins = leaves + before.rest, joins + after.rest
        if joins or leaves:
            self.totals.move(after.group.key, after.group.running, leaves, joins)

    def _forget(self, place: "_Place") -> News:
        """Its hour proves to be closed: what was counted for it elsewhere is taken back."""
        if place.hour is not None:
            self._move(place, place.before, None)
            self.window.give_up(place.key, place.message)
        return News.TOO_LATE

    def _answer(self, news: News, message: Message, *, is_email: bool, is_end: bool, is_complaint: bool) -> Booked:
        delivered_ms = message.delivered_ms if is_email or not message.delivered_ms else FOR_EVER
        submit = self.numbers[message.submit] if message.submit != NOTHING else None
        submitted_ms = message.basis_ms if message.basis > FIRST_AT else 0
        return Booked(news, delivered_ms, message.counted.group.running, submit, submitted_ms, is_end, is_complaint)

    def _sorted(self, number: int) -> tuple[str, ...]:
        return labels.order(self.numbers[number])

    def _take_labels(self, message: Message, receipt: Receipt) -> bool:
        ours = self.numbers.number(labels.of_receipt(receipt))
        if message.receipt == ours:
            return False
        if message.receipt != NOTHING:
            ours = self._merge(message.receipt, ours)
        message.receipt = ours
        return True

    def _merge(self, one: int, other: int) -> int:
        found = self._merged.get((one, other))
        if found is None:
            found = self.numbers.number(labels.merged(self.numbers[one], self.numbers[other]))
            self._merged[one, other] = found
        return found

    def _counted(self, event: Submit | Receipt | Engagement, message: Message, hour: int) -> Counted | None:
        """None for a message of which nothing is known but what its recipient did."""
        if message.good == message.bad == NOTHING:
            return None
        group = self._groups.get((message.submit, message.receipt, hour))
        if group is None:
            group = self._group(message, event.provider, hour)
        return counted(message, group, event.to or "", channel=event.channel)

    def _group(self, message: Message, provider: str, hour: int) -> Group:
        submit = self.numbers[message.submit] if message.submit != NOTHING else None
        receipt = self.numbers[message.receipt] if message.receipt != NOTHING else None
        cell = labels.cell(submit, receipt, hour)
        profile = self._routes.profile(cell.route, cell.supplier, provider)
        if len(self._groups) >= GROUPS_LIMIT:
            self._groups.clear()
        group = group_of(*self.totals.open(cell), submit, receipt, profile)
        self._groups[message.submit, message.receipt, hour] = group
        return group


class _Place(Struct, frozen=True, gc=False):
    """A message, the event at hand, and where it is counted before that; nowhere, if it is new."""

    key: bytes
    message: Message
    event: Submit | Receipt | Engagement
    before: Counted | None
    hour: int | None
