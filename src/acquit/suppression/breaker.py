"""The circuit breaker: when a provider says of everybody that nobody is there, it is the provider that is wrong.

Failures that would newly suppress more than `share` of a route's or carrier's recipients within `minutes` of log time are
held, not counted, with those of these minutes that had counted already, until staff releases or drops them.

- Each partition judges by what it sees, with the log's clock, by whole minutes: the running one and those before it. Its
  counts are journaled, and cutting the log elsewhere changes nothing; the order of arrival may, as it must.
- The share is of messages that ended in these minutes by a final receipt, delivered or not; they stand for recipients:
  whoever is sent several counts several times. One that fails after its delivery has ended twice.
- At least `least` people must be newly suppressed, so that three of five on a small route are no outage. With 12 partitions
  an outage is caught when it hits 12 times as many people, spread evenly: 240, and surely in every partition from about 400.
- A message without a route goes by its supplier's, else its provider's; and by what is known of it when its failure
  arrives. An outage is its route's or its carrier's, whichever fails the greater share, and what that explains is not held
  against the other: other routes' failures to the same carrier count as ever.
- A feed that tells failures alone is an outage to the breaker: it needs `share` 1, which never trips.
- What a person said (STOP, complaint, opt-out), what staff wrote or imports and what registries list is never held.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from acquit.blocks import Blocks
from acquit.effects import Cell, Holding
from acquit.events import Receipt
from acquit.suppression.facts import IMPORT, NEVER_LIFTED_BY_DELIVERY, Fact, HeldFact, shared

MINUTE = 60
PLACES_LIMIT = 1_000
"""Routes and carriers that are counted in a minute; what is beyond them never trips."""
_NO_OUTAGE = NEVER_LIFTED_BY_DELIVERY | {"do_not_contact_registry"}
Place: TypeAlias = str
"""`sms/route/NAME` or `sms/carrier/NAME`."""


class Limits(Struct, frozen=True):
    """When the breaker opens, and how long it keeps what nobody decides."""

    share: float = 0.2
    minutes: int = 10
    least: int = 20
    held_days: float = 7


DEFAULT_LIMITS = Limits()


class Outcome(Struct, array_like=True):
    """Of one minute and place: messages that ended, and people who were newly suppressed or would have been."""

    ended: int = 0
    new: int = 0


class Suspect(Struct, array_like=True, frozen=True):
    """A failure that changed the list in this minute, and whether it was what brought its person there."""

    fact: Fact
    is_new: bool


class Weighed(Struct, frozen=True):
    """For which place a failure is held, if it is; which it has opened, and what that explains of the minutes before."""

    held: Place | None = None
    opened: Place = ""
    taken: Mapping[str, Sequence[Fact]] = {}  # by recipient, the failure itself among them


class Breaker:
    """The breakers of one partition's routes and carriers. `open` is journaled whole: since when each of them is."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS, open_: dict[Place, int] | None = None) -> None:
        self.limits = limits
        self.open = {} if open_ is None else open_
        self.outcomes: Blocks[Outcome] = Blocks(Outcome)  # by minute and place
        self.suspects: Blocks[list[Suspect]] = Blocks(list[Suspect])  # by minute and recipient
        self._minute = 0  # its first second
        self._rows: dict[tuple[str, str, str | None, str | None], list[Outcome]] = {}  # of this minute and batch
        self._held: dict[Place, int] = {}
        self._told: set[Place] = set()  # of which it is to be told how much is held

    def advance(self, clock_ms: int) -> None:
        """A new minute has begun: forget the oldest, and close where little is wrong any more."""
        self._minute = clock_ms // 1000 // MINUTE * MINUTE
        self._rows.clear()
        for table in (self.outcomes, self.suspects):
            for minute in [minute for minute in table.rows if minute not in self._minutes]:
                table.drop(minute)
        for place in list(self.open):
            found = self._within(place)
            if not found.new or 2 * found.new < self.limits.share * found.ended:
                del self.open[place]
                self._told.add(place)

    def end(self, provider: str, of: Cell | Receipt) -> None:
        """A message ended. This is asked of every delivery: 0.2 microseconds."""
        key = (provider, of.channel, of.route or of.supplier, of.carrier)
        rows = self._rows.get(key)
        if rows is None:
            rows = self._counted(key)
        for row in rows:
            row.ended += 1

    def weigh(self, recipient: str, fact: Fact, *, is_new: bool, now_ms: int) -> Weighed:
        """A failure is about to change the list, and perhaps the last that it takes to open a breaker."""
        places = _places_of(fact)
        opened = [place for place in places if place in self.open]
        for place in (opened or places) if is_new else ():
            self._add(self._minute, place, 1)
        if opened:
            return Weighed(opened[0])
        known = self.suspects.get(self._minute, recipient) or []
        self.suspects.put(self._minute, recipient, [*known, Suspect(fact, is_new)])
        over = max(filter(self._is_over, places), key=self._share, default=None) if is_new else None
        if over is None:
            return Weighed()
        culprit = self._culprit(over)
        self.open[culprit] = now_ms
        self._told.add(culprit)
        return Weighed(culprit if culprit in places else None, culprit, self._take_back(culprit))

    def forget(self, recipient: str) -> None:
        """Nothing may stay under this name."""
        for minute in [minute for minute, rows in self.suspects.rows.items() if recipient in rows]:
            self.suspects.erase(minute, recipient)

    def book(self, before: Iterable[HeldFact], after: Iterable[HeldFact]) -> None:
        """What is held of a person is otherwise now."""
        for number, held in ((-1, before), (1, after)):
            for one in held:
                if not one.is_dropped:
                    self._held[one.place] = self._held.get(one.place, 0) + number
                    self._told.add(one.place)

    def take_holdings(self, *, partition: int, upto: int) -> list[Holding]:
        """How much is held, of each place where that changed since it was asked last."""
        told = [
            Holding(partition, upto, *parts(place), self._held.get(place, 0), place in self.open)
            for place in sorted(self._told)
        ]
        for place in self._told:
            if not self._held.get(place):
                self._held.pop(place, None)
        self._told.clear()
        return told

    def rest(self) -> None:
        """A batch ends: rows that are counted in again must be in the next delta, too."""
        self._rows.clear()

    def loaded(self, clock_ms: int, held: Iterable[HeldFact]) -> None:
        """The tables were filled from the journal: find the rest again."""
        self._minute = clock_ms // 1000 // MINUTE * MINUTE
        self._rows, self._held = {}, {}
        self.book([], held)
        self._told.clear()
        for suspects in self.suspects.rows.values():
            for recipient, found in suspects.items():
                suspects[recipient] = [Suspect(shared(suspect.fact), suspect.is_new) for suspect in found]

    def _take_back(self, place: Place) -> dict[str, list[Fact]]:
        """These failures count for no place any more but for the one that is open."""
        taken: dict[str, list[Fact]] = {}
        for minute, recipient, suspects in list(self.suspects):
            ours = [suspect for suspect in suspects if place in _places_of(suspect.fact)]
            if not ours:
                continue
            taken.setdefault(recipient, []).extend(suspect.fact for suspect in ours)
            for suspect in ours:
                others = [other for other in _places_of(suspect.fact) if other != place]
                self._excuse(others if suspect.is_new else [], minute)
            if len(ours) == len(suspects):
                self.suspects.remove(minute, recipient)
            else:
                self.suspects.put(minute, recipient, [suspect for suspect in suspects if suspect not in ours])
        return taken

    @property
    def _minutes(self) -> range:
        """By their first seconds: the running one, and those before it that count."""
        return range(self._minute - (self.limits.minutes - 1) * MINUTE, self._minute + MINUTE, MINUTE)

    def _within(self, place: Place) -> Outcome:
        found = Outcome()
        for minute in self._minutes:
            row = self.outcomes.get(minute, place)
            if row is not None:
                found.ended, found.new = found.ended + row.ended, found.new + row.new
        return found

    def _is_over(self, place: Place) -> bool:
        found, share = self._within(place), self.limits.share
        return share < 1 and found.new >= self.limits.least and found.new > share * found.ended

    def _share(self, place: Place) -> float:
        found = self._within(place)
        return found.new / max(1, found.ended)

    def _culprit(self, over: Place) -> Place:
        """The place itself, unless most of what failed there failed elsewhere, too, and more of that place fails.

        A carrier is over the limit when one of its routes is out, before that route has failed as many people by itself.
        """
        here = [
            _places_of(suspect.fact)
            for _, _, suspects in self.suspects
            for suspect in suspects
            if suspect.is_new and over in _places_of(suspect.fact)
        ]
        others = Counter(place for places in here for place in places if place != over)
        likely = sorted(place for place, number in others.items() if 2 * number > len(here))
        return max([over, *likely], key=self._share)

    def _excuse(self, places: Iterable[Place], minute: int) -> None:
        for place in places:
            self._add(minute, place, -1)

    def _add(self, minute: int, place: Place, number: int) -> None:
        row = self.outcomes.get(minute, place)
        if row is not None:  # else its places are too many
            row.new += number
            self.outcomes.touch(minute, place)

    def _counted(self, key: tuple[str, str, str | None, str | None]) -> list[Outcome]:
        """The rows that such messages are counted in."""
        provider, channel, route, carrier = key
        rows = []
        for place in _places(channel, route or provider, carrier):
            row = self.outcomes.get(self._minute, place)
            if row is None:
                if len(self.outcomes.rows.get(self._minute, ())) >= PLACES_LIMIT:
                    continue
                row = Outcome()
            self.outcomes.put(self._minute, place, row)
            rows.append(row)
        self._rows[key] = rows
        return rows


def is_breakable(fact: Fact) -> bool:
    """Whether it may be an outage's word. What a person said, a registry lists, or staff imports is none."""
    return fact.kind == "failure" and fact.provider != IMPORT and fact.category not in _NO_OUTAGE


def parts(place: Place) -> tuple[str, str | None, str | None]:
    """Channel, route and carrier."""
    channel, kind, name = place.split("/", 2)
    return (channel, name, None) if kind == "route" else (channel, None, name)


def is_of(place: Place, wanted: Mapping[str, str]) -> bool:
    """Whether it is the route or carrier that is meant; all are where neither is named."""
    _, route, carrier = parts(place)
    return not wanted or wanted == ({"route": route} if route is not None else {"carrier": carrier})


def _places_of(fact: Fact) -> list[Place]:
    return _places(fact.channel, fact.route or fact.supplier or fact.provider, fact.carrier)


def _places(channel: str, route: str, carrier: str | None) -> list[Place]:
    return [f"{channel}/route/{route}", *([f"{channel}/carrier/{carrier}"] if carrier else [])]
