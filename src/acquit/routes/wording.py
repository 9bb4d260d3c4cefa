"""Verdicts in plain words: what was counted, how much of it is doubtful, who, and what could not be seen.

The words say that receipts contradict evidence. They never say fraud: that is for people to judge, and contracts.
"""

from collections.abc import Sequence

from acquit.events import VerdictWord
from acquit.routes.share import Share
from acquit.routes.streams import Place
from acquit.routes.verdict import Part, Who

_FOUND = {
    "known_dead": "{found:,} of {of:,.0f} messages to numbers known to receive nothing were told as delivered",
    "own_dead": "{found:,} of {of:,.0f} messages to numbers of ours that receive nothing were told as delivered",
    "own_live": "{found:,} of {of:,.0f} deliveries to handsets of ours never came",
    "latency": "receipts {where} after the submit were answered {found:,} times where {of:,.0f} answers were to be expected",
    "slot": "messages submitted {where} were answered {found:,} times where {of:,.0f} answers were to be expected",
    "shape": "receipts of one form ({where}) were answered {found:,} times where {of:,.0f} answers were to be expected",
    "dates": "{found:,} of {of:,.0f} deliveries are dated before their submit",
}
_WHO = {
    "supplier": "Other suppliers on this carrier do not show it: it is the supplier.",
    "operator": "Most suppliers on this carrier show it: it is the operator behind them.",
}
LEAST_NATS = 2.0
"""A part with less is not spoken of."""


def sentence(
    place: Place, word: VerdictWord, *, window_days: int, messages: int, parts: Sequence[Part], share: Share | None,
    who: Who | None, signs: Sequence[str],
) -> str:  # fmt: skip
    name = f"{place.route or 'this route'} on {place.carrier or 'an unknown carrier'}"
    if word == "clean":
        return f"{name}: nothing in the receipts contradicts the evidence."
    days = "one day" if window_days == 1 else f"{window_days} days"
    if word == "suspect":
        said = "; ".join([*signs, *_spoken(parts)]) or "some evidence, not enough"
        return f"{name}: something is odd, and proves nothing: {said}."
    said = "; ".join(_spoken(parts)) or "what came since does not clear what was found before"
    text = f"{name}: in {days} and {messages:,} messages receipts contradict the evidence: {said}."
    if share is not None:
        text += " " + _of(share)
    return text + (f" {_WHO[who]}" if who else "")


def limits(
    *, messages: int, answers: int, dead: int, probes: int, peers: int, is_latency_usable: bool, is_hand_off: bool,
) -> list[str]:  # fmt: skip
    """What could not be looked at."""
    found = []
    if messages < FEW:
        found.append(f"too little is known: of {messages:,} messages a share below {_least(messages)} leaves no trace")
    if not answers:
        found.append("no engagements: only contradictions can expose a receipt")
    if not dead + probes:
        found.append(
            "no messages to numbers that receive nothing: receipts with the usual latencies are checked by answers alone"
        )
    if peers < 3:
        few = ("no other supplier", "one other supplier", "two other suppliers")[peers]
        found.append(f"{few} on this carrier: there is no level to compare with")
    if messages and not is_latency_usable:
        found.append("receipts come in batches, or are dated by the minute: latencies say nothing")
    if is_hand_off:
        found.append("receipts say that the network took the message, not that a handset has it")
    return found


FEW = 2_000
"""Messages: of fewer, too little is known to say."""


def place_of(stratum: str) -> str:
    """`slot/2 and later` in words; templates of latency are words already."""
    name, _, rest = stratum.partition(" and later")
    kind, _, number = name.partition("/")
    if kind == "slot":
        first = int(number) * 5
        return (
            f"from minute {first:g} of the hour on"
            if name != stratum
            else f"minute {first:g} to {first + 5:g} of the hour"
        )
    if kind == "batch":
        return f"batches of {int(number):,} and more" if int(number) else "messages without a batch"
    return {
        "shape": f"form {number}",
        "sender": f"senders of class {number}",
        "prefix": f"ranges of class {number}",
    }.get(kind, stratum or "all") + rest


def _spoken(parts: Sequence[Part]) -> list[str]:
    strong = sorted((part for part in parts if part.nats >= LEAST_NATS), key=lambda part: -part.nats)
    return [_FOUND[part.name].format(found=part.found, of=part.of, where=place_of(part.where)) for part in strong]


def _of(share: Share) -> str:
    what = "of messages that did not arrive" if share.kind == "dropped" else "of messages that failed"
    return (
        f"About {share.estimate:.1%} of its receipts of delivery are {what} (95 %: {share.low:.1%} to {share.high:.1%}), "
        "as far as this evidence can tell."
    )


def _least(messages: int) -> str:
    """2.3 / f messages are sent before one forged one is among them with 90 %."""
    return f"{min(1.0, 2.3 / max(messages, 1)):.2%}"
