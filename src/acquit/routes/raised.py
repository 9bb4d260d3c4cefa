"""An alert while it is up, and for some hours after: whom it is about, since when, and its words."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from msgspec import Struct

from acquit.effects import Alert, AlertKind, Example
from acquit.events import from_epoch_ms


class Subject(NamedTuple):
    """Whom an alert is about; empty is all of them."""

    channel: str
    carrier: str = ""
    supplier: str = ""
    route: str = ""
    stream: str = ""

    def covers(self, other: "tuple[str, ...]") -> bool:
        """Another subject, or a flow: whatever has these five first."""
        return self.channel == other[0] and all(
            not ours or ours == theirs for ours, theirs in zip(self[1:], other[1:5], strict=True)
        )


class Raised(Struct, array_like=True):
    """A row of the journal."""

    kind: AlertKind
    subject: Subject
    raised_ms: int
    share: float
    messages: int
    ratio: float
    expected: float
    calm_ms: int = 0  # since when it has looked well again
    cleared_ms: int = 0
    categories: Sequence[str] = ()
    examples: Sequence[Example] = ()

    @property
    def is_up(self) -> bool:
        return not self.cleared_ms

    @property
    def key(self) -> str:
        return "/".join([self.kind, *self.subject])

    def alert(self, state: Literal["raised", "cleared"], now_ms: int) -> Alert:
        whom = self.subject
        return Alert(
            kind=self.kind, state=state, channel=whom.channel, carrier=whom.carrier or None, route=whom.route or None,
            at=from_epoch_ms(now_ms), sentence=self._sentence(state), messages=self.messages, ratio=round(self.ratio, 4),
            expected=round(self.expected, 4), supplier=whom.supplier or None, stream=whom.stream or None,
            since=from_epoch_ms(self.raised_ms), categories=self.categories, examples=self.examples,
        )  # fmt: skip

    def _sentence(self, state: str) -> str:
        whom = self.subject
        names = " ".join(
            f"{label}{name}"
            for label, name in (
                ("", whom.carrier),
                ("by ", whom.supplier),
                ("route ", whom.route),
                ("for ", whom.stream),
            )
            if name
        )
        place = "unknown" if self.expected <= 0 else f"{self.expected:.1%}"
        said = _SAID[self.kind][state == "cleared"].format(now=f"{self.ratio:.1%}", usual=place, messages=self.messages)
        why = f"; more {', '.join(self.categories)}" if self.categories and state == "raised" else ""
        return f"{whom.channel} {names}: {said}{why}"


_SAID: dict[str, tuple[str, str]] = {
    "delivery_drop": ("delivery fell to {now}, expected {usual}", "delivery is back at {now}, expected {usual}"),
    "receipts_stalled": (
        "no receipt of any kind comes any more: delivered {now} so far, expected {usual}",
        "receipts come again: delivered {now} so far, expected {usual}",
    ),
    "latency_up": (
        "delivery is slow, and nothing seems lost: {now} so far, expected {usual}",
        "delivery is as fast as usual: {now} so far, expected {usual}",
    ),
    "submit_rejects": ("{now} of the submits are rejected, expected {usual}", "{now} of the submits are rejected again"),
    "engagement_drop": (
        "{now} of what was delivered is used, expected {usual}", "{now} of what was delivered is used, expected {usual}",
    ),
    "delivery_low": ("delivery of the last day is {now}, under {usual}", "delivery of the last day is {now}, over {usual}"),
    "port_overdue": (
        "{messages} messages failed later than 48 hours after their number was ported: take it to the supplier",
        "no failures of ported numbers any more",
    ),
    "not_received": (
        "{messages} recipients say that they did not receive what was delivered",
        "nobody says any more that they did not receive what was delivered",
    ),
    "complaints_high": ("{now} of the recipients complain, over {usual}", "{now} of the recipients complain, under {usual}"),
    "complaints_excessive": (
        "{now} of the recipients complain, over {usual}: mailbox providers block that",
        "{now} of the recipients complain, under {usual}",
    ),
    "bounces_high": ("{now} of the mails bounce for good, over {usual}", "{now} of the mails bounce for good, under {usual}"),
}  # fmt: skip
