"""What a message is counted under, as far as its submit and its receipts say. Each distinct set of labels has a number."""

from typing import NamedTuple

from acquit.blocks import Blocks
from acquit.effects import Cell
from acquit.events import Channel, Receipt, Submit, epoch_ms
from acquit.normalise import guess_carrier


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


def of_submit(submit: Submit) -> Labels:
    guess = guess_carrier(submit.to) if submit.carrier is None else None
    return Labels(
        submit.channel, submit.route, submit.supplier, submit.carrier or guess, guess is not None,
        submit.country, submit.account, submit.stream,
        epoch_ms(submit.ported_at) if submit.ported_at else None,
    )  # fmt: skip


def of_receipt(receipt: Receipt) -> Labels:
    return Labels(
        receipt.channel, receipt.route, receipt.supplier, receipt.carrier, receipt.carrier_is_guess,
        None, receipt.account, receipt.stream,
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
    )


def _smaller(one: str | None, other: str | None) -> str | None:
    return min((word for word in (one, other) if word is not None), default=None)


def _surety(labels: Labels) -> tuple[int, str]:
    return (2, "") if labels.carrier is None else (int(labels.carrier_is_guess), labels.carrier)


class Numbers:
    """Labels by number, so that a message keeps two small integers."""

    def __init__(self) -> None:
        self.table: Blocks[Labels] = Blocks(Labels)
        self._number: dict[Labels, int] = {}
        self._labels: list[Labels] = []

    def number(self, labels: Labels) -> int:
        number = self._number.get(labels)
        if number is None:
            number = self._number[labels] = len(self._labels)
            self._labels.append(labels)
            self.table.put(0, str(number), labels)
        return number

    def __getitem__(self, number: int) -> Labels:
        return self._labels[number]

    def loaded(self) -> None:
        """The table was filled from the journal: find the numbers again."""
        rows = sorted((int(key), labels) for _, key, labels in self.table)
        self._labels = [labels for _, labels in rows]
        self._number = {labels: number for number, labels in rows}


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
