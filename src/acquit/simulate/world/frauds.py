"""What liars do: the nineteen frauds of the reference's section 4.1, and others that are not on that list.

A forged message is never sent, unless it is relabelled: then it was sent and failed, and its failure is told as a delivery.
Judges are tuned on the first list alone, if at all; `UNLISTED` is what they are tried on besides.
"""

from dataclasses import dataclass, replace
from typing import Literal

from acquit.simulate.world.delays import (
    INSTANT,
    Bimodal,
    Constant,
    Delay,
    Gamma,
    LogNormal,
    Mode,
    Proportional,
    Resampled,
    Uniform,
)
from acquit.simulate.world.laws import FORGED_LOOK, Look

Scope = Literal["route", "supplier", "carrier", "half"]
"""Who lies: one route on one carrier, a supplier on all its carriers, a carrier to all suppliers, half of the suppliers."""

UNIFORM = Uniform(5.0, 15.0)
RESAMPLED = Resampled()


@dataclass(frozen=True)
class Fraud:
    """`share` is of the messages that `name`'s conditions choose, all of which must hold."""

    name: str
    share: float
    delay: Delay = UNIFORM
    scope: Scope = "route"
    streams: tuple[str, ...] = ()  # only these; () means all
    least_batch: int = 0  # only campaigns of at least so many
    local_hours: tuple[int, ...] = ()  # only these; () means all
    real_first: float = 0.0  # of each hour's messages so many, the first ones, are really sent
    senders: tuple[str, ...] = ()
    prefixes: int = 0  # only the first so many number ranges of each carrier; 0: all
    success: float = 1.0  # of forged receipts so many say delivered, the others fail with one code
    relabelled: float = 0.0  # of true failures so many are told as delivered
    is_dead_aware: bool = False  # numbers that are dead are looked up, and their failures told
    spares_probes: bool = False
    ramp_days: int = 0  # the share grows from nothing for so long
    every: int = 0  # quota: one of so many in turn, not at random
    campaign_head: float = 0.0  # of each campaign this first part is really sent: who looks sees the first ones
    faked_conversion: float = 0.0  # forged messages "convert" so often, at once
    look: Look | None = None  # of forged receipts, where it is not the supplier's

    @property
    def is_total(self) -> bool:
        return self.share >= 1.0


NIGHT = (22, 23, 0, 1, 2, 3, 4, 5)
FRAUDS: dict[str, Fraud] = {
    fraud.name: fraud
    for fraud in (
        Fraud("S1 all instant", 1.0, INSTANT),
        Fraud("S2 uniform 30 %", 0.30),
        Fraud("S3 uniform 10 %", 0.10, success=0.95),
        Fraud("S4 constant 2 %", 0.02, Constant(8.0)),
        Fraud("S5 uniform 1 %", 0.01),
        Fraud("S6 resampled 1 %", 0.01, RESAMPLED),
        Fraud("S6 resampled 5 %", 0.05, RESAMPLED),
        Fraud("S6 resampled 10 %", 0.10, RESAMPLED),
        Fraud("S6 resampled 30 %", 0.30, RESAMPLED),
        Fraud("S7 bulk only 20 %", 0.20, RESAMPLED, least_batch=5_000),
        Fraud("S8 after N 30 %", 0.30, RESAMPLED, real_first=0.25),
        Fraud("S9 night only 30 %", 0.30, RESAMPLED, local_hours=NIGHT),
        Fraud("S10 sender filter 30 %", 0.30, senders=("SHOP24", "PARCEL")),
        Fraud("S10 prefix filter 30 %", 0.30, prefixes=1),
        Fraud("S11 spares probes 10 %", 0.10, spares_probes=True),
        Fraud("S12 relabel 80 %", 0.0, relabelled=0.80),
        Fraud("S13 dead-aware uniform 5 %", 0.05, is_dead_aware=True),
        Fraud("S13 dead-aware resampled 10 %", 0.10, RESAMPLED, is_dead_aware=True),
        Fraud("S14 operator filter 25 %", 0.25, RESAMPLED, scope="carrier", streams=("marketing",)),
        Fraud("S15 ramp to 10 %", 0.10, ramp_days=21),
        Fraud("S16 quota 1 of 10", 0.10, every=10),
        Fraud("S17 late in the batch 20 %", 0.20, RESAMPLED, streams=("marketing",), campaign_head=0.2),
        Fraud("S18 half of the suppliers 10 %", 0.10, scope="half"),
        Fraud("S19 converting 10 %", 0.10, faked_conversion=0.6),
    )
}
UNLISTED: dict[str, Fraud] = {
    fraud.name: fraud
    for fraud in (
        Fraud("U1 log-normal 2 s 5 %", 0.05, LogNormal(2.0, 0.4), is_dead_aware=True),
        Fraud("U2 gamma 6 s 10 %", 0.10, Gamma(4.0, 1.5), is_dead_aware=True),
        Fraud("U3 bimodal 5 %", 0.05, Bimodal(Constant(3.0), Uniform(20.0, 40.0), 0.5), is_dead_aware=True),
        Fraud("U4 half the honest delay 10 %", 0.10, Proportional(0.5), is_dead_aware=True),
        Fraud("U5 the carrier's mode 10 %", 0.10, Mode(), is_dead_aware=True),
        Fraud("U6 uniform 0-60 s 3 %", 0.03, Uniform(0.0, 60.0), is_dead_aware=True),
        Fraud("U7 own look, resampled 3 %", 0.03, RESAMPLED, is_dead_aware=True, look=FORGED_LOOK),
        Fraud("U8 last quarter hours, resampled 40 %", 0.40, RESAMPLED, real_first=0.75, is_dead_aware=True),
        Fraud("U9 office hours 10 %", 0.10, Uniform(2.0, 6.0), local_hours=tuple(range(9, 18)), is_dead_aware=True),
        Fraud("U10 slow constant 30 s 1 %", 0.01, Constant(30.0, 1.0), is_dead_aware=True),
        Fraud("U11 relabel 30 %", 0.0, relabelled=0.30),
        Fraud("U12 supplier-wide uniform 2 %", 0.02, scope="supplier"),
    )
}


def supplier_wide(fraud: Fraud) -> Fraud:
    """The same, by the supplier on all of its carriers."""
    return replace(fraud, name=f"{fraud.name}, supplier-wide", scope="supplier")
