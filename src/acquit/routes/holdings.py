"""What the circuit breakers of all partitions hold, by route or carrier: one alert for each, up while anything is held."""

from typing import Literal

from msgspec import Struct

from acquit.blocks import Blocks
from acquit.effects import Alert, read_holding
from acquit.events import from_epoch_ms


class Part(Struct, array_like=True, frozen=True):
    """What one partition said last."""

    upto: int
    failures: int
    is_open: bool


class HeldPlace(Struct, array_like=True):
    """A route or carrier of which something is held, or would be, by partition."""

    channel: str
    route: str | None
    carrier: str | None
    parts: dict[int, Part]
    raised_ms: int = 0

    @property
    def failures(self) -> int:
        return sum(part.failures for part in self.parts.values())

    @property
    def is_held(self) -> bool:
        return any(part.failures or part.is_open for part in self.parts.values())


class Holdings:
    """The places of which anything is held, journaled with the sums."""

    def __init__(self) -> None:
        self.table: Blocks[HeldPlace] = Blocks(HeldPlace)

    def take(self, value: bytes) -> None:
        """Take a partition's word. Raises msgspec.MsgspecError."""
        said = read_holding(value)
        key = "/".join([said.channel, said.route or "", said.carrier or ""])
        place = self.table.get(0, key) or HeldPlace(said.channel, said.route, said.carrier, {})
        known = place.parts.get(said.partition)
        if known is None or known.upto <= said.upto:
            place.parts[said.partition] = Part(said.upto, said.failures, said.is_open)
            self.table.put(0, key, place)

    def judge(self, now_ms: int) -> list[Alert]:
        """What rises or clears now."""
        alerts = []
        for _, key, place in list(self.table):
            if place.is_held and not place.raised_ms:
                place.raised_ms = now_ms
                self.table.touch(0, key)
                alerts.append(_alert(place, "raised", now_ms))
            elif not place.is_held:
                self.table.remove(0, key)
                alerts += [_alert(place, "cleared", now_ms)] if place.raised_ms else []
        return alerts

    def raised(self) -> list[HeldPlace]:
        return [place for _, _, place in self.table if place.raised_ms]


def _alert(place: HeldPlace, state: Literal["raised", "cleared"], now_ms: int) -> Alert:
    kind, name = ("route", place.route) if place.route is not None else ("carrier", place.carrier)
    said = "fails so many people at once that they are not suppressed but held: acquit suppression held list"
    sentence = said if state == "raised" else "has nothing held any more"
    return Alert(
        kind="suppression_held",
        state=state,
        channel=place.channel,
        carrier=place.carrier,
        route=place.route,
        at=from_epoch_ms(now_ms),
        sentence=f"{place.channel} {kind} {name} {sentence}",
        messages=place.failures,
    )
