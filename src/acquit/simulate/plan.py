"""The plan of all that happens: messages in the order of their submits, each with its fate, receipts and aftermath.

Truth, records and canonical events are three readings of this one plan. Nothing in a plan arrives before its submit.
"""

from collections.abc import Iterator
from itertools import accumulate
from random import Random

from acquit.events import EngagementType, epoch_ms
from acquit.simulate.fates import ACCEPTED, DELIVERED, ENROUTE, EXPIRED, FAILURES, PREFIXES, TRANSIENT_CODES, Fate
from acquit.simulate.malformed import malformed
from acquit.simulate.message import Deed, Message, Notice
from acquit.simulate.recipients import Recipient, Recipients
from acquit.simulate.scenario import Scenario

HOUR_MS = 3_600_000
VALIDITY_MS = 2 * HOUR_MS
"""After this long the SMSC gives up: EXPIRED."""


def plan(scenario: Scenario) -> Iterator[Message]:
    """The same scenario gives the same plan, always."""
    return _Planner(scenario).messages()


class _Planner:
    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._rng = Random(scenario.seed)  # noqa: S311 - seeded on purpose: the same traffic again, no secret
        self._run = 0xA000_0000 | self._rng.getrandbits(30)  # begins with a letter: no id can be taken for a decimal
        self._recipients = Recipients(scenario, self._rng)
        self._route_weights = list(accumulate(route.weight for route in scenario.routes))
        self._junk_count = 0

    def messages(self) -> Iterator[Message]:
        scenario, random = self._scenario, self._rng.random
        start_ms = epoch_ms(scenario.start)
        step_ms = scenario.span_hours * HOUR_MS / max(1, scenario.messages)
        for number in range(scenario.messages):
            yield self._message(number, at_ms=start_ms + int((number + random()) * step_ms))

    def _message(self, number: int, *, at_ms: int) -> Message:
        rng, scenario = self._rng, self._scenario
        place, recipient = self._recipients.draw()
        fate = self._fate(recipient)
        message = Message(
            message_id=f"{self._run:08x}{number:08x}",
            to=recipient.to,
            mccmnc=recipient.carrier.mccmnc,
            country=recipient.carrier.country,
            route=rng.choices(scenario.routes, cum_weights=self._route_weights)[0],
            stream=scenario.streams[int(rng.random() * len(scenario.streams))],
            at_ms=at_ms,
            arrival_ms=at_ms + self._between(2, 40),
            fate=fate,
            notices=[],
            deeds=[],
            junk=[],
        )
        if fate is not None:
            self._tell(message, fate, recipient)
        if fate is DELIVERED:
            self._react(message, recipient)
        elif fate is not None and fate.condemns:
            self._recipients.retire(place)
        return message

    def _fate(self, recipient: Recipient) -> Fate | None:
        random, scenario = self._rng.random, self._scenario
        luck = random()
        if luck < scenario.silent_share:
            return None
        if luck < scenario.silent_share + scenario.pending_share:
            return ACCEPTED if random() < 0.5 else ENROUTE
        if random() < recipient.carrier.failure_rate:
            return self._rng.choices(_FAILURES, cum_weights=_FAILURE_WEIGHTS)[0]
        return DELIVERED

    def _tell(self, message: Message, fate: Fate, recipient: Recipient) -> None:
        """All receipts of a message, with what goes wrong on their way."""
        random, scenario = self._rng.random, self._scenario
        message.notices.extend(self._told(message, fate, recipient))
        if random() < scenario.out_of_order_share:
            self._reorder(message)
        for notice in message.notices:
            if random() < scenario.duplicated_share:
                notice.again_ms = notice.arrival_ms + self._retry_ms()
            if random() < scenario.malformed_share:
                message.junk.append((notice.arrival_ms + self._between(0, 1_000), malformed(self._junk_count)))
                self._junk_count += 1

    def _retry_ms(self) -> int:
        """A provider that got no answer asks again soon; one whose answer was an error, hours later."""
        late = self._scenario.retried_late_share
        if late and self._rng.random() < late:  # no draw without it: a seed's traffic stays what it was
            return self._between(HOUR_MS, 8 * HOUR_MS)
        return self._between(1_000, 60_000)

    def _told(self, message: Message, fate: Fate, recipient: Recipient) -> Iterator[Notice]:
        done_ms = message.at_ms + self._between(100, 1_500)
        if fate.status == "accepted":
            yield self._notice(fate, done_ms)
            return
        is_contradicted = fate is DELIVERED and self._rng.random() < self._scenario.contradicted_share
        before = self._rng.choices(_PREFIXES, cum_weights=_PREFIX_WEIGHTS)[0]
        for early in before[:1] if is_contradicted else before:  # never more than three receipts
            yield self._notice(early, done_ms)
            done_ms += self._between(50, 1_000)
        done_ms += self._delay_ms(fate)
        if fate.condemns:  # nothing arrives after it
            done_ms = max(done_ms, recipient.delivered_ms + 1)
        elif fate is DELIVERED:
            recipient.delivered_ms = max(done_ms, recipient.delivered_ms)
        yield self._notice(fate, done_ms)
        if is_contradicted:
            message.is_contradicted = True
            late_ms = done_ms + self._between(60_000, 1_800_000)
            yield self._notice(self._rng.choice(TRANSIENT_CODES), late_ms)

    def _notice(self, fate: Fate, done_ms: int) -> Notice:
        return Notice(fate, done_ms, done_ms + self._between(30, 500))

    def _delay_ms(self, fate: Fate) -> int:
        """Most handsets answer in seconds, a few after ten minutes."""
        if fate is EXPIRED:
            return VALIDITY_MS
        return 800 + int(self._rng.random() ** 6 * 600_000)

    def _reorder(self, message: Message) -> None:
        """The first receipt is told last; or, half the time and where there is but one, the submit after it."""
        message.is_out_of_order = True
        first, last = message.notices[0], message.notices[-1]
        if first is last or self._rng.random() < 0.5:
            message.arrival_ms = first.arrival_ms + self._between(100, 5_000)
        else:
            first.arrival_ms = last.arrival_ms + self._between(100, 5_000)

    def _react(self, message: Message, recipient: Recipient) -> None:
        rng, scenario = self._rng, self._scenario
        delivered_ms = next(notice.done_ms for notice in message.notices if notice.fate is DELIVERED)
        if rng.random() < scenario.reply_share:
            message.deeds.append(self._deed("reply", delivered_ms, is_about=True))
        if message.stream == "marketing" and rng.random() < scenario.click_share:
            message.deeds.append(self._deed("click", delivered_ms, is_about=True))
        if message.stream != "marketing" and rng.random() < scenario.conversion_share:
            message.deeds.append(self._deed("conversion", delivered_ms, is_about=True))
        if recipient.will_stop:
            recipient.will_stop = False
            message.deeds.append(self._deed("stop", delivered_ms, is_about=False))
            if recipient.will_start:
                message.deeds.append(self._deed("start", delivered_ms + HOUR_MS, is_about=False))

    def _deed(self, kind: EngagementType, after_ms: int, *, is_about: bool) -> Deed:
        at_ms = after_ms + self._between(2_000, 300_000)
        return Deed(kind, at_ms, at_ms + self._between(20, 500), is_about)

    def _between(self, low_ms: int, high_ms: int) -> int:
        return low_ms + int(self._rng.random() * (high_ms - low_ms))


_FAILURES, _FAILURE_WEIGHTS = tuple(FAILURES), list(accumulate(FAILURES.values()))
_PREFIXES, _PREFIX_WEIGHTS = tuple(PREFIXES), list(accumulate(PREFIXES.values()))
