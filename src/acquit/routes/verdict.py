"""What is said of a route on a carrier: clean, suspect or contradicted, how sure, how much, who, and for how long.

A verdict says that receipts contradict evidence; it never says who meant what. It rises at once where the evidence is
overwhelming, or when two days in a row say it, and falls when a week says nothing and the share can only be small.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from msgspec import Struct

from acquit.events import VerdictWord
from acquit.routes.share import Share
from acquit.routes.streams import Place

RAISED_AT_ONCE, RAISED_IN_TWO_DAYS = 6.9, 5.3
HONEST_ODDS = 0.10
"""The mean Bayes factor of honest routes (bench/fraud/calibration.json), so that at most 0.10 / e^5.3, one in two thousand of
them, have 5.3 nats on any day: Markov's bound. None in simulated worlds has 1 nat.
"""
SUSPECT_NATS = 4.0
CLEARED_NATS, CLEARED_SHARE = 2.0, 0.01
Who = Literal["supplier", "operator"]


@dataclass(frozen=True)
class Part:
    """One kind of evidence: its nats in the window, and what was counted."""

    name: str
    nats: float
    found: int  # what contradicts, or answers that came
    of: float  # tried, or answers expected
    where: str = ""  # the template or stratum that shows it


class Beside(NamedTuple):
    """Other suppliers on the carrier of a place, other carriers of its supplier, and those of them that show it, too."""

    suppliers: int
    suppliers_showing: int
    carriers: int
    carriers_showing: int


class Priced(NamedTuple):
    """What a message costs, and the middle of what so many other suppliers ask there."""

    paid: float
    median: float
    others: int
    currency: str
    sign: str  # if it is far off


@dataclass(frozen=True)
class Verdict:
    place: Place
    day: int
    word: VerdictWord
    nats: float  # over all windows
    window_days: int  # that shows it best, or, of a clean one, the longest; all counts are of it
    days: int  # of these, from the first that has messages
    parts: Sequence[Part]
    share: Share | None  # of receipts of delivery; None: nothing to estimate
    who: Who | None
    beside: Beside | None  # what `who` rests on; None: nothing contradicts
    signs: Sequence[str]  # why it is suspect: they prove nothing
    limits: Sequence[str]  # what could not be looked at, and how much could hide
    messages: int
    reported_delivery: float | None  # of final messages
    believed_delivery: float | None  # reported x (1 - share)
    sentence: str = ""  # the verdict in words (wording.py)
    is_new: bool = False  # its word is another than the day before
    price: Priced | None = None
    is_by_price: bool = False  # but for its price it were clean


class Standing(Struct, array_like=True):
    """What is remembered of a place from day to day."""

    word: VerdictWord = "clean"
    nats: float = 0.0
    since: int = -1  # the day when this word was first said
    is_by_price: bool = False  # suspect for its price alone, which takes nothing from its trust


@dataclass(frozen=True)
class Thresholds:
    at_once: float = RAISED_AT_ONCE
    in_two_days: float = RAISED_IN_TWO_DAYS
    suspect: float = SUSPECT_NATS
    cleared: float = CLEARED_NATS
    cleared_share: float = CLEARED_SHARE


DEFAULT_THRESHOLDS = Thresholds()
Standings = Mapping[Place, Standing]


@dataclass(frozen=True)
class Judged:
    """All verdicts of a day, and what is to be remembered. `trust`: by window, how much a place said of what is normal."""

    verdicts: Sequence[Verdict]
    standing: Standings = field(default_factory=dict)
    trust: Mapping[int, Mapping[Place, float]] = field(default_factory=dict)


def decided(
    before: Standing, nats: float, *, week_nats: float, highest_share: float, has_signs: bool, thresholds: Thresholds
) -> VerdictWord:
    """The word of today."""
    raised = nats >= thresholds.at_once or min(nats, before.nats) >= thresholds.in_two_days
    if raised:
        return "contradicted"
    is_over = week_nats < thresholds.cleared and highest_share < thresholds.cleared_share
    if before.word == "contradicted" and not is_over:
        return "contradicted"
    return "suspect" if has_signs or nats >= thresholds.suspect else "clean"
