"""The dossier's own sentences. They say what was counted and what would answer it; they accuse nobody."""

import math
from collections.abc import Mapping

from acquit.events import VerdictWord
from acquit.routes.verdict import (
    CLEARED_NATS,
    CLEARED_SHARE,
    HONEST_ODDS,
    RAISED_AT_ONCE,
    RAISED_IN_TWO_DAYS,
    Beside,
    Part,
    Verdict,
    Who,
)
from acquit.routes.wording import LEAST_NATS, least_share, place_of

HEADLINES: Mapping[VerdictWord, str] = {
    "contradicted": "Receipts contradict evidence",
    "suspect": "Something is odd, and proves nothing",
    "clean": "Nothing contradicts these receipts",
}
TOO_LITTLE = "Too little is known to say"

TITLES = {
    "known_dead": "Numbers known to receive nothing",
    "own_dead": "Numbers of ours that receive nothing",
    "own_live": "Handsets of ours",
    "latency": "Answers by latency",
    "slot": "Answers by five minutes of the hour",
    "shape": "Answers by form of the receipt",
    "dates": "Dates of delivery",
}
_COUNTED = {
    "known_dead": "{found:,} of {of:,.0f} messages to them were told as delivered",
    "own_dead": "{found:,} of {of:,.0f} messages to them were told as delivered",
    "own_live": "{found:,} of {of:,.0f} messages told as delivered did not come",
    "latency": "{where}: {found:,} answers came, {of:,.0f} were to be expected",
    "slot": "{where}: {found:,} answers came, {of:,.0f} were to be expected",
    "shape": "{where}: {found:,} answers came, {of:,.0f} were to be expected",
    "dates": "{found:,} of {of:,.0f} deliveries are dated before their submit",
}
KINDS = {
    "known_dead_delivered": (
        "Delivered to a number that is known to receive nothing",
        """In the thirty days before, two suppliers that do not depend on each other had reported this number as unknown for
        good. A single such message can be to a number that was given to somebody new.""",
    ),
    "delivered_before_submit": (
        "Dated before the message was submitted",
        """The date of delivery is more than a minute before we handed the message over. A clock or a zone that is wrong does
        this, too: then nearly all receipts are off by the same.""",
    ),
    "failed_after_delivery": (
        "Failed after it had been delivered",
        "There is a receipt of delivery and one of failure for the same message.",
    ),
    "denied": (
        "Delivered, and the recipient says that nothing came",
        "People are mistaken at times: single messages mean little.",
    ),
    "engaged_undelivered": (
        "Reported as failed, and its recipient used it",
        "Somebody replied to, clicked in or typed a code from a message that is said to have failed.",
    ),
    "dead_delivered": (
        "Delivered to a number of ours that receives nothing",
        "We own these numbers, and nothing is behind them.",
    ),
    "live_silent": (
        "Delivered to a handset of ours that did not get it",
        "We own these handsets, and they tell us what arrives. One that is off for a day looks the same.",
    ),
}
"""By kind of contradiction, the most telling first: what it is, and what it can mean."""
OF_OURS = frozenset({"dead_delivered", "live_silent"})
"""Whoever knows our numbers can treat them otherwise than everybody's."""
STRATA = {
    "slot": "Five minutes of the hour of submission, by the first one",
    "shape": "Forms of the receipt",
    "hour": "Hours of the day (UTC)",
    "sender": "Senders, in 16 classes",
    "prefix": "Number ranges, in 16 classes",
    "batch": "Sizes of the batch",
}


def counted(part: Part) -> str:
    return _COUNTED[part.name].format(found=part.found, of=part.of, where=place_of(part.where))


def odds(nats: float) -> str:
    """`27 to 1`: how much likelier the counts are if a part of the receipts is not true than if all are."""
    if nats < math.log(2):
        return "none"
    if nats > math.log(1e6):
        return "over a million to 1"
    ratio = math.exp(nats)
    digits = max(0, int(math.log10(ratio)) - 1)
    return f"{round(ratio, -digits):,.0f} to 1"


def rests_on(who: Who, beside: Beside) -> str:
    suppliers, carriers = (
        "there is no other supplier on this carrier to compare with",
        "this supplier has no other carrier",
    )
    if beside.suppliers:
        suppliers = f"of {_counted(beside.suppliers, 'supplier')} on this carrier, {_showing(beside.suppliers_showing)}"
    if beside.carriers:
        carriers = f"of {_counted(beside.carriers, 'carrier')} of this supplier, {_showing(beside.carriers_showing)}"
    return f"That it is the {who} rests on this: {suppliers}; {carriers}."


def _counted(number: int, noun: str) -> str:
    return f"{number} other {noun}" if number == 1 else f"{number} other {noun}s"


def _showing(number: int) -> str:
    return f"{number or 'none'} {'shows' if number < 2 else 'show'} it"


def of_price(paid: float, usual: float | None, currency: str, of_what: str) -> str:
    """`of_what`: what the usual price is."""
    said = f"{paid:g} {currency} a message was paid"
    if usual:
        change = paid / usual - 1
        side = "less than" if change < 0 else "more than"
        said += f", {abs(change):.0%} {side} {of_what} {usual:g} {currency}" if change else f", {of_what} {usual:g}"
    return (
        f"{said}. A price says how closely to look. It is no evidence: no number on this page has it in it, and a fair price "
        "would change none."
    )


def asks(verdict: Verdict, *, has_examples: bool) -> list[str]:
    """What would answer the findings. Of a route with nothing to answer nothing is asked."""
    if verdict.word == "clean":
        return []
    strong = {part.name for part in verdict.parts if part.nats >= LEAST_NATS}
    is_firm = bool(strong) or verdict.word == "contradicted"
    asked = {
        "change": not is_firm,
        "receipts": is_firm and has_examples,
        "operator": verdict.who == "operator",
        "handover": is_firm and verdict.who != "operator",
        "dead": bool(strong & {"known_dead", "own_dead"}),
        "latency": "latency" in strong,
        "part": bool(strong & {"slot", "shape"}),
        "dates": "dates" in strong,
        "else": True,
    }
    return [" ".join(_ASKS[name].split()) for name, is_asked in asked.items() if is_asked]


_ASKS = {
    "change": "Whether anything changed in these days: partners, filters, content, the way in which receipts are made.",
    "receipts": """For each message id listed above: the receipt as you received it (raw, with every field), the name of the
        system that issued it, and the times at which you received it and passed it on.""",
    "operator": "What the operator says of these messages: its own delivery records, and whether a filter answered for it.",
    "handover": "For the same messages: the handover to the operator or the next supplier, with its message id and time.",
    "dead": """For deliveries to unassigned numbers: the operator's answer to the routing query at that time, or who holds the
        number now.""",
    "latency": """Where in your systems receipts with the latencies of the shaded part come from, and whether they are receipts
        of a handset or of a hand-over.""",
    "part": "What differs for the part of the messages that is named: a limit, a rule, another partner.",
    "dates": "The clock and the time zone of your dates of delivery.",
    "else": "Any other explanation. What is shown here are counts, and counts can have causes that we do not see.",
}


def method(verdict: Verdict, days: int) -> list[str]:
    """How it was computed, in plain words. `days`: so many were looked at."""
    shows = (
        "the longest of them"
        if verdict.word == "clean"
        else f"the one of {_days(verdict.window_days)}, which shows it best"
    )
    return _paragraphs(
        _METHOD.format(
            shows=shows, days=_days(days), at_once=RAISED_AT_ONCE, twice=RAISED_IN_TWO_DAYS, cleared=CLEARED_NATS,
            share=CLEARED_SHARE, bound=round(math.exp(RAISED_IN_TWO_DAYS) / HONEST_ODDS, -2),
        )
    )  # fmt: skip


def unknowable(verdict: Verdict) -> list[str]:
    """What these numbers cannot say, for anybody."""
    found = _paragraphs(
        _UNKNOWABLE.format(messages=verdict.messages, least=f"{100 * least_share(verdict.messages):.2g} %")
    )
    if verdict.word == "clean":
        found.append("That nothing contradicts is not a proof that every receipt is true.")
    return found


_METHOD = """
    Every message was handed over with an id, and every receipt was joined to its message. What recipients did was joined as
    well: replies, clicks, codes typed in. All of that is called an answer here.

    Numbers that receive nothing: a message to one of them cannot be delivered, so a receipt of delivery contradicts. Some of
    these numbers are wrongly on the list, or were given to somebody new. How many is estimated by itself, and allowed for.

    Answers by latency: nobody answers what did not arrive. Where receipts of certain latencies lack answers, compared with
    receipts of other latencies of the same route, these receipts do not stand for arrivals. The route's own level, its
    audience and its content cancel, for both sides of the comparison have them.

    Answers by part: the same comparison between parts of the hour, and between forms of the receipt, which have nothing to do
    with what people do with a message.

    Evidence is counted in nats, the natural logarithm of odds: how much likelier these counts are if a part of the receipts is
    not true than if all are. 2.3 nats are 10 to 1, 6.9 are 1,000 to 1. Each kind is weighed so that routes whose receipts are
    all true have even odds or less on average.

    Windows of 1, 3, 7 and 28 days were weighed together; the counts are of {shows}. In all, {days} were looked at.

    The word is raised at {at_once:g} nats, or at {twice:g} on two days in a row: of routes whose receipts are all true at most
    one in {bound:,.0f} has as much on any day, by simulated traffic. It falls when a week shows less than {cleared:g} nats and
    the share can only be below {share:.0%}.

    The share is of receipts of delivery. Its interval is made to hold the true value in 95 of 100 such cases.

    Levels beside other suppliers, single hours, senders and number ranges may make a route odd. They never make it
    contradicted: new content and other audiences look the same.
"""
_UNKNOWABLE = """
    Which single receipt is not true: counts speak of many. Only a message that contradicts something by itself is named.

    Who meant what: a wrong setting, a partner further down, a filter of the operator leave the same traces.

    Receipts without an arrival that have the latencies of the others and spare the numbers known to receive nothing: they
    leave no trace in these counts.

    The exact share: such receipts that look like all others are not counted, so that the share may be higher.

    Receipts of a hand-over, which say that the network took the message, look like receipts without an arrival. If the contract
    is about these, they are no contradiction.

    Small shares: among {messages:,} messages a share below {least} need not leave a single trace.
"""


def _paragraphs(text: str) -> list[str]:
    return [" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n")]


def _days(number: int) -> str:
    return "one day" if number == 1 else f"{number} days"
