"""Verdicts in plain words: what was counted, how much of it is doubtful, who, and what could not be seen.

The words say that receipts contradict evidence. They never say fraud: that is for people to judge, and contracts.
"""

from collections.abc import Sequence

from acquit.routes.share import Share
from acquit.routes.verdict import Beside, Part, Verdict, Who

_FOUND = {
    "known_dead": "{found:,} of {of:,.0f} messages to numbers known to receive nothing were told as delivered",
    "own_dead": "{found:,} of {of:,.0f} messages to numbers of ours that receive nothing were told as delivered",
    "own_live": "{found:,} of {of:,.0f} deliveries to handsets of ours never came",
    "latency": "receipts {where} after the submit were answered {found:,} times where {of:,.0f} answers were to be expected",
    "slot": "messages submitted {where} were answered {found:,} times where {of:,.0f} answers were to be expected",
    "shape": "receipts of one form ({where}) were answered {found:,} times where {of:,.0f} answers were to be expected",
    "dates": "{found:,} of {of:,.0f} deliveries are dated before their submit",
}
LEAST_NATS = 2.0
"""A part with less is not spoken of."""


def sentence(verdict: Verdict) -> str:
    place, days = verdict.place, verdict.days
    name = f"{place.route or 'this route'} on {place.carrier or 'an unknown carrier'}"
    seen = f"in {'one day' if days == 1 else f'{days} days'} and {verdict.messages:,} messages"
    if verdict.word == "clean":
        return f"{name}: {seen} nothing in the receipts contradicts the evidence."
    if verdict.word == "suspect":
        said = "; ".join([*verdict.signs, *_spoken(verdict.parts)]) or "some evidence, not enough"
        return f"{name}: something is odd, and proves nothing: {said}."
    said = "; ".join(_spoken(verdict.parts)) or "what came since does not clear what was found before"
    sentences = [f"{name}: {seen} receipts contradict the evidence: {said}."]
    if verdict.share is not None:
        sentences.append(_of(verdict.share))
    if verdict.beside is not None:
        sentences.append(of_who(verdict.who, verdict.beside))
    if verdict.price is not None and verdict.price.sign:
        sentences.append(f"Beside this, and no evidence: {verdict.price.sign}.")
    return " ".join(sentences)


def of_who(who: Who | None, beside: Beside) -> str:
    """Who it is as far as others on the carrier show it, too: no more than that is known."""
    others, showing = beside.suppliers, beside.suppliers_showing
    if who is None:
        few = (
            "no other supplier" if not others else "one other supplier" if others == 1 else f"{others} other suppliers"
        )
        return f"With {few} on this carrier nobody can tell the supplier from the operator."
    if who == "operator" and showing > others / 2:
        return "Most other suppliers on this carrier show it, too: it is rather the operator behind them."
    if who == "operator":
        return "The suppliers on this carrier show it together, and alike: it is rather the operator behind them."
    if not showing:
        return "No other supplier on this carrier shows it: it is the supplier, or somebody behind it."
    if showing <= others / 2:
        return "Most other suppliers on this carrier do not show it: it is rather the supplier than the operator."
    elsewhere = ", but this supplier shows it on other carriers as well" if beside.carriers_showing else ""
    return f"Most other suppliers on this carrier show it, too{elsewhere}: supplier or operator, that is not certain."


def limits(
    *, messages: int, answers: int, dead: int, probes: int, peers: int, is_latency_usable: bool, is_hand_off: bool,
) -> list[str]:  # fmt: skip
    """What could not be looked at."""
    found = []
    if messages < FEW:
        found.append(
            f"too little is known: of {messages:,} messages a share below {least_share(messages):.2%} leaves no trace"
        )
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


def least_share(messages: int) -> float:
    """2.3 / f messages are sent before one of a share f is among them with 90 %: of smaller shares so many need show none."""
    return min(1.0, 2.3 / max(messages, 1))
