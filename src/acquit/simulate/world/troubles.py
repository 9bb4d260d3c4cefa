"""Honest trouble that looks like fraud, or hides it: the twenty of the reference's section 4.1, and others.

None of these may be called a contradiction of receipts and evidence, whatever else is to be said of them.
"""

from dataclasses import dataclass
from typing import Literal

Where = Literal["route", "supplier", "carrier", "world"]


@dataclass(frozen=True)
class Trouble:
    """What goes otherwise, where it does, on days `from_day` to before `until_day`; by `hours` only within these of a day."""

    name: str
    where: Where
    days: int = 21  # from the end of the warm-up
    local_hours: tuple[int, ...] = ()  # () means all
    fails: float = 0.0  # so many messages more fail, with a system's error
    latency: float = 1.0  # factor
    conversion: float = 1.0  # factor on what is delivered
    senders: tuple[str, ...] = ()  # the factor is on these alone; () means all
    skew_seconds: float = 0.0  # done dates are off by this, at first; ...
    skew_drift_seconds: float = 0.0  # ... and by so much more at the end
    batch_seconds: float = 0.0  # receipts are sent, and dated, at multiples of this
    stall_seconds: float = 0.0  # receipts of so long are dated at its end
    pumped: float = 0.0  # so much traffic more that is delivered, and never answered
    pumped_prefixes: int = 0  # into the first so many ranges of the carrier; 0: all
    failure_rate: float | None = None  # in place of the route's
    is_silent: bool = False  # no receipts at all
    is_hand_off: bool = False  # receipts say that the carrier took it, and are declared so
    label_error: float = 1.0  # factor
    duplicates: float = 0.0  # so many receipts come again
    misrouted: float = 0.0  # ported numbers: so many more fail as unknown
    offline: float = 0.0  # of own handsets so many do not answer
    has_no_history: bool = False  # the supplier begins at the end of the warm-up
    grain_seconds: float = 0.0  # done dates are cut to this
    slope: float = 0.0  # who is reached late answers less: answers go with this power of the latency


TROUBLES: dict[str, Trouble] = {
    trouble.name: trouble
    for trouble in (
        Trouble("H1 carrier outage 3 h", "carrier", days=1, local_hours=(10, 11, 12), fails=0.8),
        Trouble("H2 slow SMSC", "carrier", latency=4.0, days=3),
        Trouble("H3 slow route", "route", latency=3.0),
        Trouble("H4 new content", "route", conversion=0.65),
        Trouble("H5 clock skew", "supplier", skew_seconds=-7.0, skew_drift_seconds=14.0),
        Trouble("H6 zone bug", "supplier", skew_seconds=3_600.0),
        Trouble("H6 zone bug, early", "supplier", skew_seconds=-14 * 3_600.0),
        Trouble("H7 batch receipts 60 s", "supplier", batch_seconds=60.0),
        Trouble("H7 batch receipts 5 min", "supplier", batch_seconds=300.0),
        Trouble("H8 feed stalled 20 min", "supplier", days=1, local_hours=(11,), stall_seconds=1_200.0),
        Trouble("H9 pumping, carrier-wide", "carrier", days=5, pumped=0.5),
        Trouble("H10 pumping on one route", "route", days=5, pumped=0.5),
        Trouble("H11 clean list", "route", failure_rate=0.004),
        Trouble("H12 dirty list", "route", failure_rate=0.15),
        Trouble("H13 receipts never sent", "carrier", is_silent=True),
        Trouble("H14 hand-off receipts, declared", "supplier", is_hand_off=True),
        Trouble("H15 numbers given anew", "carrier", label_error=5.0),
        Trouble("H16 duplicate storm", "supplier", duplicates=0.5),
        Trouble("H17 ported numbers misrouted", "route", misrouted=0.03, label_error=2.0),
        Trouble("H18 own handsets offline", "carrier", days=3, offline=0.8),
        Trouble("H19 summer time", "supplier", days=2, skew_seconds=-3_600.0),
        Trouble("H20 supplier without history", "supplier", has_no_history=True),
    )
}
UNLISTED: dict[str, Trouble] = {
    trouble.name: trouble
    for trouble in (
        Trouble("V1 one sender's new content", "route", conversion=0.4, senders=("SHOP24",)),
        Trouble("V2 pumping into one range at night", "route", local_hours=(0, 1, 2, 3), pumped=1.0, pumped_prefixes=1),
        Trouble("V3 done dates in minutes", "supplier", grain_seconds=60.0),
        Trouble("V4 done dates in seconds", "supplier", grain_seconds=1.0),
        Trouble("V5 batch receipts 10 s", "supplier", batch_seconds=10.0),
        Trouble("V6 slow route x2 for a day", "route", days=1, latency=2.0),
        Trouble("V7 slow mornings", "carrier", local_hours=(8, 9, 10), latency=6.0),
        Trouble("V8 batch receipts 15 min", "supplier", batch_seconds=900.0),
        Trouble("V9 skew of 40 s", "supplier", skew_seconds=40.0),
        Trouble("V10 slow handsets answer less", "route", slope=-0.05),
        Trouble("V11 slow handsets answer more", "route", slope=0.05),
    )
}
