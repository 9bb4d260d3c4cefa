"""The phone numbers of a carrier: people who change their number, numbers known to be dead, and our own ones.

Numbers are counted, not kept: the nth stands for itself, so that only who changed a number takes memory.
"""

import numpy as np
from numpy.typing import NDArray

from acquit.simulate.world import laws
from acquit.simulate.world.laws import Carrier

Indexes = NDArray[np.int64]

OWN = 40
"""Dead numbers of ours on each carrier, and as many handsets."""
_GENERATIONS = 9  # of people who got a number in the place of one that went
_STRIDE = 7_368_787  # prime to 10, so that stepping by it meets every number of a range once
_DIGITS = {"FR": 6, "GB": 7, "BR": 8}  # behind the six characters of a prefix
_FIRST_DEAD = _GENERATIONS * laws.NUMBERS
_FIRST_OWN = _FIRST_DEAD + 10_000
_FIRST_FRESH = _FIRST_OWN + 10_000


class Numbers:
    """`dead` is how many numbers the senders know to be dead."""

    def __init__(self, carrier: Carrier, dead: int) -> None:
        self.carrier = carrier
        self._dead = dead
        self._generation = np.zeros(laws.NUMBERS, np.int64)
        self._is_told = np.zeros(dead, np.bool_)  # of dead numbers: the history that proves it has been written
        self._fresh = 0

    def people(self, size: int, rng: np.random.Generator, *, prefixes: int = 0) -> Indexes:
        """Anybody; or only people of the first so many ranges."""
        found = rng.integers(laws.NUMBERS, size=size)
        found = found + self._generation[found] * laws.NUMBERS
        width = len(self.carrier.prefixes)
        if prefixes:
            found = found - found % width + rng.integers(prefixes, size=size)
        return found

    def dead(self, size: int, rng: np.random.Generator) -> Indexes:
        return _FIRST_DEAD + rng.integers(self._dead, size=size)

    def own(self, size: int, rng: np.random.Generator, *, is_dead: bool) -> Indexes:
        return _FIRST_OWN + rng.integers(OWN, size=size) + (0 if is_dead else OWN)

    def fresh(self) -> int:
        """A number that nobody else has in this world."""
        self._fresh += 1
        return _FIRST_FRESH + self._fresh

    def retire(self, number: int) -> None:
        """Its owner is gone, or wants no more messages: somebody new takes this place among those who are written to."""
        if number < _FIRST_DEAD:
            place = number % laws.NUMBERS
            self._generation[place] = (number // laws.NUMBERS + 1) % _GENERATIONS

    def is_first_use(self, number: int) -> bool:
        """Of a number known to be dead: whether nothing was said of it yet."""
        place = number - _FIRST_DEAD
        if not 0 <= place < self._dead:
            return number >= _FIRST_FRESH
        was_told, self._is_told[place] = bool(self._is_told[place]), True
        return not was_told

    def prefix_of(self, numbers: Indexes) -> Indexes:
        """Which of the carrier's ranges they are in."""
        return numbers % len(self.carrier.prefixes)

    def written(self, number: int) -> str:
        """E.164."""
        width, digits = len(self.carrier.prefixes), _DIGITS[self.carrier.country.code]
        return f"{self.carrier.prefixes[number % width]}{number // width * _STRIDE % 10**digits:0{digits}d}"
