"""Everything that is counted in a cell, by number: a message stands in some counters, and moves from these to others.

So a cell is a sparse table of integers, small in the journal, and a message joins or leaves it in one loop.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from acquit.columns import CONTRADICTIONS, EARLY_LIMIT, LATENCY_BOUNDS_MS, PROBED, SLOTS, STRATA
from acquit.events import CATEGORIES, PERMANENCES, STATUSES
from acquit.ledger.merge import ENGAGED

OUTCOMES = ("waiting", "delivered", "failed")
WAITING, DELIVERED, FAILED = range(3)
SEGMENTS_LIMIT = 10
"""Messages of more segments are counted with those of so many."""
_SLOTS = STRATA[:SLOTS]

_FIELDS: dict[str, Sequence[Any]] = {
    "submitted": ("",),
    "status": STATUSES,
    "failures": [f"{category}/{permanence}" for category in CATEGORIES for permanence in PERMANENCES],
    "delivered_in": range(len(LATENCY_BOUNDS_MS)),
    "converted_in": range(len(LATENCY_BOUNDS_MS)),
    "engaged": ENGAGED,
    "contradicted": CONTRADICTIONS,
    "delivered_by": STRATA,
    "converted_by": STRATA,
    "delivered_at": range(60),
    "early": range(EARLY_LIMIT + 1),
    "probed": PROBED,
    "segments": [f"{number}/{outcome}" for number in range(SEGMENTS_LIMIT + 1) for outcome in OUTCOMES],
    "waiting_by": _SLOTS,
    "failed_by": _SLOTS,
    "rejected_by": _SLOTS,
}
_PLACES = [(field, name) for field, names in _FIELDS.items() for name in names]
_OCTILES = (*(f"octile/{number}" for number in range(8)), *STRATA[SLOTS:])
_FIELDS_OF_3: dict[str, Sequence[Any]] = {
    **{field: names for field, names in _FIELDS.items() if field not in {"waiting_by", "failed_by", "rejected_by"}},
    "contradicted": CONTRADICTIONS[:7],
    "delivered_by": _OCTILES,
    "converted_by": _OCTILES,
}
_PLACES_OF_3 = [(field, name) for field, names in _FIELDS_OF_3.items() for name in names]


def _first(field: str) -> int:
    return next(number for number, (of, _) in enumerate(_PLACES) if of == field)


SUBMITTED, STATUS, FAILURES = _first("submitted"), _first("status"), _first("failures")
DELIVERED_IN, CONVERTED_IN = _first("delivered_in"), _first("converted_in")
ENGAGED_AS, CONTRADICTED = _first("engaged"), _first("contradicted")
DELIVERED_BY, CONVERTED_BY = _first("delivered_by"), _first("converted_by")
DELIVERED_AT, EARLY, PROBED_AS, SEGMENTS = _first("delivered_at"), _first("early"), _first("probed"), _first("segments")
WAITING_BY, FAILED_BY, REJECTED_BY = _first("waiting_by"), _first("failed_by"), _first("rejected_by")
CONTENTS = len(_PLACES)
"""From here on three counters for each kind of content, in the order in which the cell met them."""


_NUMBERS = {place: number for number, place in enumerate(_PLACES)}
_FROM_3 = {number: _NUMBERS[place] for number, place in enumerate(_PLACES_OF_3) if place in _NUMBERS}


def of_format_3(counts: Mapping[int, int]) -> dict[int, int]:
    """Counters as journals of format 3 numbered them. Their eighths of an hour are no slots: these are lost."""
    moved = {_FROM_3[number]: count for number, count in counts.items() if number in _FROM_3}
    contents = len(_PLACES_OF_3)
    return moved | {number - contents + CONTENTS: count for number, count in counts.items() if number >= contents}


def by_field(counts: Mapping[int, int], contents: Sequence[str]) -> dict[str, dict[Any, int]]:
    """The counters by their names, as the fields of a tally record hold them."""
    fields: dict[str, dict[Any, int]] = {}
    for number, count in counts.items():
        if not count:
            continue
        field, name = _PLACES[number] if number < CONTENTS else _content(number, contents)
        fields.setdefault(field, {})[name] = count
    return fields


def bits(first: int, chosen: int) -> Iterable[int]:
    """The counters that a bit set chooses."""
    place = 0
    while chosen >> place:
        if chosen >> place & 1:
            yield first + place
        place += 1


def _content(number: int, contents: Sequence[str]) -> tuple[str, str]:
    kind, outcome = divmod(number - CONTENTS, len(OUTCOMES))
    return "content", f"{contents[kind]}/{OUTCOMES[outcome]}"
