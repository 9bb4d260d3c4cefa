"""What a message is counted under, as far as its submit and its receipts say. Each distinct set of labels has a number."""

from heapq import heappop, heappush
from typing import NamedTuple

from acquit.blocks import Blocks
from acquit.effects import Cell
from acquit.events import CHANNELS, DELIVERED, Channel, Receipt, Submit, epoch_ms
from acquit.ledger import strata
from acquit.ledger.merge import LABELS_LIMIT, NOTHING
from acquit.normalise import guess_carrier
from acquit.reasons.revising import WATCHED

_NO_LABELS = (None, None, None, False, None, None, None)


class Labels(NamedTuple):
    """As one submit, or all receipts of a message together, name them."""

    channel: Channel
    route: str | None
    supplier: str | None
    carrier: str | None
    carrier_is_guess: bool
    country: str | None
    account: str | None
    stream: str | None
    ported_ms: int | None = None  # of the number, where the submit says that it was ported lately
    provider: str = ""
    strata: tuple[int, ...] = ()  # of a submit its batch and sender, of the receipts how those of a delivery look
    segments: int | None = None
    content: str | None = None
    probe: str | None = None  # "dead", "live"


def of_submit(submit: Submit) -> Labels:
    guess = guess_carrier(submit.to) if submit.carrier is None else None
    # An old port excuses nothing any more, and its time would make labels of its own for every number that ever moved.
    is_watched = submit.ported_at is not None and submit.at - submit.ported_at <= WATCHED
    return Labels(
        submit.channel, submit.route, submit.supplier, submit.carrier or guess, guess is not None,
        submit.country, submit.account, submit.stream,
        epoch_ms(submit.ported_at) if submit.ported_at and is_watched else None, submit.provider,
        (strata.of_batch(submit.batch_size), strata.of_sender(submit.sender)), submit.segments, submit.content, submit.probe,
    )  # fmt: skip


def of_receipt(receipt: Receipt) -> Labels:
    return Labels(
        receipt.channel, receipt.route, receipt.supplier, receipt.carrier, receipt.carrier_is_guess,
        None, receipt.account, receipt.stream, None, receipt.provider,
        (strata.of_receipt(receipt),) if receipt.status in DELIVERED else (),
    )  # fmt: skip


def order(labels: Labels) -> tuple[str, ...]:
    """A key to sort labels by: of two submits at the same instant, one must come first."""
    return tuple(str(label) for label in labels)


def merged(one: Labels, other: Labels) -> Labels:
    """Two receipts of one message: what only one says counts; where they differ, the smaller word, whoever came first.

    A carrier that was said goes before one that was guessed.
    """
    surer = min(one, other, key=_surety)
    return Labels(
        channel=one.channel,
        route=_smaller(one.route, other.route),
        supplier=_smaller(one.supplier, other.supplier),
        carrier=surer.carrier,
        carrier_is_guess=surer.carrier_is_guess,
        country=_smaller(one.country, other.country),
        account=_smaller(one.account, other.account),
        stream=_smaller(one.stream, other.stream),
        provider=one.provider,
        strata=min(filter(None, (one.strata, other.strata)), default=()),
    )


def _smaller(one: str | None, other: str | None) -> str | None:
    return min((word for word in (one, other) if word is not None), default=None)


def _surety(labels: Labels) -> tuple[int, str]:
    return (2, "") if labels.carrier is None else (int(labels.carrier_is_guess), labels.carrier)


class Numbers:
    """Labels by number, so that a message keeps two small integers. A number is free again when no block names it.

    A row of `table` stands in the block of the newest messages that name its labels, and goes with that block; labels that
    nothing names yet stand at `floor`, the oldest block that is left. What is beyond the limit gets a number that says
    the channel and nothing else: never another's labels.
    """

    def __init__(self, *, limit: int = LABELS_LIMIT) -> None:
        self.table: Blocks[Labels] = Blocks(Labels)
        self.floor = 0
        self.unnamed = 0  # how often labels were beyond the limit
        self._limit = limit - len(CHANNELS)  # which need a number each
        self._number: dict[Labels, int] = {}
        self._labels: list[Labels | None] = []
        self._blocks: list[int] = []
        self._free: list[int] = []  # a heap: what is taken next must not depend on restarts

    def number(self, labels: Labels) -> int:
        number = self._number.get(labels)
        if number is None:
            number = self._new(labels)
        return number

    def name(self, number: int, block: int) -> None:
        """A message of this block names these labels."""
        if number != NOTHING and block > self._blocks[number]:
            self._move(number, block)

    def drop_before(self, floor: int) -> bool:
        """No message of the blocks before this one is left; returns whether any number is free for it."""
        self.floor = max(self.floor, floor)
        leaving = [block for block in self.table.rows if block < self.floor]
        for block in leaving:
            for key in self.table.drop(block):
                self._release(int(key))
        return bool(leaving)

    def __getitem__(self, number: int) -> Labels:
        labels = self._labels[number]
        assert labels is not None, "a number that is free"
        return labels

    def __contains__(self, number: int) -> bool:
        return 0 <= number < len(self._labels) and self._labels[number] is not None

    def __len__(self) -> int:
        return len(self._number)

    def loaded(self, *, floor: int, newest: int) -> None:
        """The table was filled from the journal: find the numbers again.

        `newest` is the newest block of messages: journals of before labels were dropped have them all in block 0.
        """
        self.floor = floor
        for key, labels in list(self.table.rows.get(0, {}).items()) if newest > 0 else ():
            self.table.remove(0, key)
            self.table.put(newest, key, labels)
        rows = {int(key): (block, labels) for block, key, labels in self.table}
        self._number = {labels: number for number, (_, labels) in rows.items()}
        known = [rows.get(number, (floor, None)) for number in range(max(rows, default=NOTHING) + 1)]
        self._blocks = [block for block, _ in known]
        self._labels = [labels for _, labels in known]
        self._free = [number for number, labels in enumerate(self._labels) if labels is None]

    def _new(self, labels: Labels) -> int:
        if len(self._number) >= self._limit:
            self.unnamed += 1
            labels = Labels(labels.channel, *_NO_LABELS)
            if labels in self._number:
                return self._number[labels]
        if self._free:
            number = heappop(self._free)
        else:
            number = len(self._labels)
            self._labels.append(None)
            self._blocks.append(self.floor)
        self._number[labels], self._labels[number], self._blocks[number] = number, labels, self.floor
        self.table.put(self.floor, str(number), labels)
        return number

    def _move(self, number: int, block: int) -> None:
        self.table.remove(self._blocks[number], str(number))
        self.table.put(block, str(number), self[number])
        self._blocks[number] = block

    def _release(self, number: int) -> None:
        del self._number[self[number]]
        self._labels[number] = None
        heappush(self._free, number)


def cell(submit: Labels | None, receipt: Labels | None, hour: int) -> Cell:
    """The cell of a message: the submit's word, except for the carrier, where the receipt knows better unless it guesses."""
    one = submit or receipt
    assert one is not None
    other = receipt or one
    said = receipt if receipt and receipt.carrier and not receipt.carrier_is_guess else one
    return Cell(
        channel=one.channel,
        carrier=said.carrier or other.carrier,
        country=one.country,
        route=one.route or other.route,
        supplier=one.supplier or other.supplier,
        stream=one.stream or other.stream,
        hour=hour,
    )
