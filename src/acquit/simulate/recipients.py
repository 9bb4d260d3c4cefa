"""The people who are written to: a pool of numbers, in which a new one takes the place of what fails for good."""

from itertools import accumulate
from random import Random

from msgspec import Struct

from acquit.simulate.scenario import Carrier, Scenario

_STRIDE = 7_368_787  # prime to 10, so that stepping by it meets every number of a range once


class Recipient(Struct):
    to: str
    carrier: Carrier
    will_stop: bool
    will_start: bool
    delivered_ms: int = 0  # when the last of their messages arrived


class Recipients:
    """Senders ask the list: a number that failed for good is never drawn again, so it fails for good once only."""

    def __init__(self, scenario: Scenario, rng: Random) -> None:
        self._scenario, self._rng = scenario, rng
        size = max(1, round(scenario.messages / scenario.messages_per_recipient))
        self._pool: list[Recipient | None] = [None] * size
        self._weights = list(accumulate(carrier.weight for carrier in scenario.carriers))
        self._next = {carrier: rng.randrange(10**carrier.digits) for carrier in scenario.carriers}

    def draw(self) -> tuple[int, Recipient]:
        """Somebody, and the place to retire them from."""
        place = int(self._rng.random() * len(self._pool))
        recipient = self._pool[place]
        if recipient is None:
            recipient = self._pool[place] = self._newcomer()
        return place, recipient

    def retire(self, place: int) -> None:
        self._pool[place] = None

    def _newcomer(self) -> Recipient:
        rng, scenario = self._rng, self._scenario
        carrier = rng.choices(scenario.carriers, cum_weights=self._weights)[0]
        will_stop = rng.random() < scenario.stop_share
        will_start = will_stop and rng.random() < scenario.start_share
        return Recipient(self._unused_number(carrier), carrier, will_stop, will_start)

    def _unused_number(self, carrier: Carrier) -> str:
        number = self._next[carrier]
        self._next[carrier] = (number + _STRIDE) % 10**carrier.digits
        return f"{carrier.prefix}{number:0{carrier.digits}d}"
