"""What is learned from cohorts as they come of age: their law, what is usual, and how long a feed is silent at times."""

from collections.abc import Callable

from acquit.blocks import Blocks
from acquit.routes.flows import CONVERTED, DELIVERED, FAILED, SLOT_SECONDS, Flow, Flows
from acquit.routes.kinds import Kinds
from acquit.routes.law import AGES_SECONDS, OF_AGE_SECONDS, Curve, Law, curve_of, law_key, new_law
from acquit.routes.usual import KEPT_DAYS, Usual, Usuals

TICK_SECONDS = 15
_PLACES = {age: place for place, age in enumerate(AGES_SECONDS)}
KNOWN_COHORTS = 50
"""A law of so many changes little within an hour."""
GAPS_KEPT, USUAL_GAP = 8, 3
"""Of the last silences the third longest is usual: neither an outage nor two make it longer."""
TELLING = 3.0
"""A silence in which so many receipts were expected is one."""
Trail = dict[int, tuple[int, ...]]
"""By place of the age: messages, delivered, failed, converted then."""


def expected_since(cohorts: dict[int, list[int]], clock: int, last: float, usual: Usual, curve: Curve) -> float:
    """How many receipts should have come since then."""
    gap, expected = clock - last, 0.0
    if gap < TICK_SECONDS:
        return 0.0
    newest = clock // SLOT_SECONDS * SLOT_SECONDS
    for start in range(newest, int(last) - 2 * SLOT_SECONDS, -SLOT_SECONDS):
        counts, age = cohorts.get(start), clock - start
        if counts is None or age <= 0:
            continue
        messages, before = sum(counts[: FAILED + 1]), max(0.0, age - gap)
        then = messages * min(1.0, before / min(age, SLOT_SECONDS))
        for share, values in ((usual.delivered, curve.delivered), (usual.failed, curve.failed)):
            expected += share * (messages * curve.at(values, age) - then * curve.at(values, before))
    return expected


class Learning:
    """Laws and what is usual, kept up to date. What is on its way to that is lost with a restart, and nothing else."""

    def __init__(self) -> None:
        self.usuals = Usuals()
        self.laws: Blocks[Law] = Blocks(Law)
        self.booked: Blocks[int] = Blocks(int)
        self.kinds = Kinds(self.laws)
        self._trails: dict[tuple[Flow, int], Trail] = {}
        self._ended: dict[Flow, int] = {}
        self._last: dict[Flow, int] = {}
        self._curves: dict[str, Curve] = {}
        self._keys: dict[Flow, str] = {}
        self._hour = 0

    def loaded(self) -> None:
        self._trails.clear()
        self._ended.clear()
        self._last.clear()
        self._curves.clear()
        self.usuals.loaded()
        self.kinds.clear()

    def curve(self, flow: Flow) -> Curve:
        key = self._keys.get(flow)
        if key is None:
            key = self._keys[flow] = law_key(flow)
        curve = self._curves.get(key)
        if curve is None:
            curve = self._curves[key] = curve_of(self.laws.get(0, key))
        return curve

    def last(self, flow: Flow) -> int:
        """When a receipt came last, as far as it was seen."""
        return self._last.get(flow, 0)

    def usual_gap(self, flow: Flow) -> float:
        law = self.laws.get(0, law_key(flow))
        gaps = sorted(law.gaps) if law else []
        return gaps[-USUAL_GAP] if len(gaps) >= USUAL_GAP else 0.0

    def learn(self, flows: Flows, clock: int, is_troubled: Callable[[Flow, int], bool]) -> None:
        """Look at every cohort at the ages of the law, and book those that are of age."""
        booked = self.booked.get(0, "to") or 0
        if clock // 3_600 != self._hour:
            self._hour = clock // 3_600
            self._curves.clear()
            self._keys.clear()
            self._forget(clock // 86_400 - KEPT_DAYS)
        until = (clock - OF_AGE_SECONDS) // SLOT_SECONDS * SLOT_SECONDS
        for flow, cohorts in flows:
            self._listen(flow, cohorts, flows.ended[flow], clock)
            for start, counts in cohorts.items():
                age = (clock - start) // TICK_SECONDS * TICK_SECONDS
                place = _PLACES.get(age)
                if place is not None:
                    seen = (sum(counts[: FAILED + 1]), counts[DELIVERED], counts[FAILED], counts[CONVERTED])
                    self._trails.setdefault((flow, start), {})[place] = seen
                if booked < start <= until and not is_troubled(flow, start):
                    self._book(flow, start, counts)
        self.kinds.note(flows, clock, lambda flow: not is_troubled(flow, clock))
        if until > booked:
            self.booked.put(0, "to", until)
            self._trails = {key: trail for key, trail in self._trails.items() if key[1] > until}

    def _forget(self, day: int) -> None:
        self.usuals.forget_before(day)
        for key in [key for key, law in self.laws.rows.get(0, {}).items() if 0 < law.day < day]:
            self.laws.remove(0, key)
        self._ended = {flow: ended for flow, ended in self._ended.items() if self._last.get(flow, 0) // 86_400 >= day}

    def _listen(self, flow: Flow, cohorts: dict[int, list[int]], ended: int, clock: int) -> None:
        before, last = self._ended.get(flow), self._last.setdefault(flow, clock)
        if ended == before:
            return
        self._ended[flow], self._last[flow] = ended, clock
        if before is None or clock - last <= 2 * TICK_SECONDS:
            return
        expected = expected_since(cohorts, clock, last, self.usuals.of(flow, clock), self.curve(flow))
        if expected >= TELLING:
            key = law_key(flow)
            law = self.laws.get(0, key) or new_law()
            law.gaps = [*law.gaps, float(clock - last)][-GAPS_KEPT:]
            self.laws.put(0, key, law)

    def _book(self, flow: Flow, start: int, counts: list[int]) -> None:
        if not any(counts):
            return
        trail, key = self._trails.get((flow, start), {}), law_key(flow)
        usual, curve = self.usuals.of(flow, start), self.curve(flow)
        self.usuals.book(flow, start, counts)
        if len(AGES_SECONDS) - 1 not in trail:
            return  # not seen from its beginning to its end
        law = self.laws.get(0, key) or new_law()
        law.fade(start // 86_400)
        for place, (messages, delivered, failed, converted) in trail.items():
            law.add(place, (messages, delivered, failed, converted), usual, curve)
        self.laws.put(0, key, law)
        if law.cohorts[-1] < KNOWN_COHORTS:
            self._curves.pop(key, None)
