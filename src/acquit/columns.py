"""What the counters of a tally are called, and where each stands in the vector of numbers that the judge of routes adds up.

All names that the ledger counts by and others read live here: latency bins, strata, contradictions, probes.
"""

from collections.abc import Sequence

LATENCY_BOUNDS_MS = [round(50 * 1.25**place) for place in range(68)]
"""Upper bounds of the latency bins but the last: 50 ms, then each a quarter more, to beyond 43 hours."""
LATENCY_BINS = len(LATENCY_BOUNDS_MS)
CONTRADICTIONS = (
    "failed_after_delivery", "delivered_before_submit", "engaged_undelivered", "denied", "known_dead_delivered",
    "dead_delivered", "live_silent", "port_overdue",
)  # fmt: skip
"""What cannot all be true of a message, or is not likely to be: it failed after its delivery; it was delivered before it was
submitted; its recipient used what failed; the recipient denies what was delivered; it was delivered to a number that is
known to receive nothing, or that we own for that purpose; it was delivered to a handset of ours that did not see it (yet);
it failed for its number's sake although the number moved to its operator more than 48 hours before.
"""
PROBED = ("known_dead", "dead", "live", "live_delivered")
EARLY_LIMIT = 60
"""Quarter hours that a delivery may lie before its submit: clocks of other zones are up to 15 hours off."""
SLOTS, SENDERS, PREFIXES, SHAPES = 12, 16, 16, 16
BATCH_SIZES = (1, 500, 5_000, 10_000, 50_000)
"""Lower bounds of the classes of batches. Panels that cut campaigns offer 5,000 and 10,000."""
STRATA = (
    *(f"slot/{number}" for number in range(SLOTS)),  # five minutes of the hour of submission
    *(f"batch/{least}" for least in (0, *BATCH_SIZES)),
    *(f"sender/{number}" for number in range(SENDERS)),  # 16 classes by checksum, as are the next two
    *(f"prefix/{number}" for number in range(PREFIXES)),
    *(f"shape/{number}" for number in range(SHAPES)),
)
STRATUM_KINDS = {
    kind: slice(places[0], places[-1] + 1)
    for kind in ("slot", "batch", "sender", "prefix", "shape")
    if (places := [place for place, name in enumerate(STRATA) if name.startswith(kind + "/")])
}
"""Where the strata of a kind stand in STRATA."""

_FIELDS: dict[str, int] = {
    "submitted": 1,
    "waiting": 1,  # sent, and no final word
    "handset": 1,  # delivered to the handset, or read
    "network": 1,  # delivered to the network, as the route's profile has it
    "failed": 1,
    "unknown_recipient": 1,  # of these, for ever
    "delivered_in": LATENCY_BINS,
    "converted_in": LATENCY_BINS,
    "delivered_by": len(STRATA),
    "converted_by": len(STRATA),
    "delivered_hour": 24,  # by hour of the day of submission, UTC
    "converted_hour": 24,
    "delivered_at": 60,
    "early": EARLY_LIMIT + 1,
    "contradicted": len(CONTRADICTIONS),
    "probed": len(PROBED),
    "dead_hour": 24,  # messages to known dead numbers by hour of the day, and those said to be delivered
    "dead_delivered_hour": 24,
    "not_received": 1,
}


def _places() -> dict[str, slice]:
    places, end = {}, 0
    for name, width in _FIELDS.items():
        places[name] = slice(end, end + width)
        end += width
    return places


PLACE: dict[str, slice] = _places()
"""Where a field stands in a vector of `WIDTH` numbers. All of them add: over hours, partitions, routes, days."""
WIDTH = sum(_FIELDS.values())


def contradiction(name: str) -> int:
    start: int = PLACE["contradicted"].start
    return start + CONTRADICTIONS.index(name)


def probe(name: str) -> int:
    start: int = PLACE["probed"].start
    return start + PROBED.index(name)


def names_of(kind: str) -> Sequence[str]:
    """The strata of a kind."""
    return STRATA[STRATUM_KINDS[kind]]
