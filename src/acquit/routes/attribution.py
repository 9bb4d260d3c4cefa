"""Who: the supplier, or the operator behind all suppliers of a carrier. Read from the table of suppliers and carriers.

A hot row of the table is a supplier, a hot column an operator. One hot cell in a column of clean ones is a supplier who
does it on one carrier: an operator would do it to all.
"""

import numpy as np

from acquit.routes.streams import Floats, Grouping, Ints
from acquit.routes.verdict import Beside, Who

HOT_NATS = 3.0
"""Evidence, 20 to 1, with which a place shows something."""
MOST = 0.6
"""Of the others: so many show it, too, if it is not the place's own."""
LEAST_PEERS = 2
"""Other suppliers on the carrier, to say who."""


def operator_is_hot(
    nats: Floats, operator_nats: Floats, grouping: Grouping
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """By place: whether most other suppliers of its carrier show it, too, and more than its own supplier does elsewhere."""
    hot = (nats >= HOT_NATS).astype(float)
    column = _share_of_others(hot, grouping.place_carrier, grouping.place_supplier, least=2)
    row = _share_of_others(hot, grouping.place_supplier, grouping.place_carrier, least=1)
    return np.asarray(((column >= MOST) & (column > row)) | ((operator_nats >= HOT_NATS) & (row < MOST)))


def who(*, is_operator: bool, peers: int) -> Who | None:
    """With no more than one other supplier on the carrier nobody can say."""
    if is_operator:
        return "operator"
    return "supplier" if peers >= LEAST_PEERS else None


def beside(place: int, nats: Floats, grouping: Grouping) -> Beside:
    """Of the place with this number."""
    hot = nats >= HOT_NATS
    counts = []
    for group, own in (
        (grouping.place_carrier, grouping.place_supplier), (grouping.place_supplier, grouping.place_carrier),
    ):  # fmt: skip
        others = (group == group[place]) & (own != own[place])
        counts += [len(np.unique(own[others])), len(np.unique(own[others & hot]))]
    return Beside(*counts)


def _share_of_others(hot: Floats, group: Ints, own: Ints, *, least: int) -> Floats:
    """Of the places of the same group that are not the place's own, so many are hot; 0 where there are too few."""
    out = np.zeros(len(hot))
    for place in range(len(hot)):
        others = (group == group[place]) & (own != own[place])
        if others.sum() >= least:
            out[place] = hot[others].mean()
    return out
