"""What a route costs beside other suppliers of its carrier: a price that is far off is a reason to look, and proves nothing.

Nothing that is measured has a price in it: not the evidence, not a share, not the trust that a route has as a peer.
"""

from collections.abc import Collection
from statistics import median

from acquit.routes.streams import Place
from acquit.routes.verdict import Priced
from acquit.rules.prices import LEAST_OTHERS, Prices

TOO_LOW, TOO_HIGH = 0.7, 1.5
"""Of the middle of other suppliers. What a carrier asks is most of any price, so that prices of one carrier lie close; how
close is chosen here, and not measured."""


def priced(place: Place, countries: Collection[str], prices: Prices) -> Priced | None:
    """None, if its price is not known, or too few others' are."""
    for country in sorted(countries):
        own = prices.of(place.channel, place.supplier, place.route, country, place.carrier)
        others = prices.of_others(place.channel, place.supplier, country, place.carrier)
        if own is not None and len(others) >= LEAST_OTHERS:
            middle = median(others.values())
            return Priced(
                own.amount, middle, len(others), own.currency, _sign(round(own.amount / middle, 4), len(others))
            )
    return None


def _sign(ratio: float, others: int) -> str:
    """Empty for a price like others'."""
    if TOO_LOW < ratio < TOO_HIGH:
        return ""
    return f"price {abs(1 - ratio):.0%} {'under' if ratio < 1 else 'over'} the median of {others} others".replace(
        "%", " %"
    )
