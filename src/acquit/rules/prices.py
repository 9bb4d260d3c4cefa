"""The format of `prices.csv`: what a message costs. A price says how closely to look at a route; it is no evidence.

    channel,supplier,route,country,carrier,price,currency,source
    sms,acme,,FR,,0.045,EUR,price list of 2026-03
    sms,acme,acme-cheap,FR,20801,0.021,EUR,contract of 2026-05

The first is of acme in France, the second of one route on one carrier. `supplier` is as messages name it, or the route where
they name none. What is empty of route and carrier is any; the row that says more decides, the carrier before the route. All
prices of a channel in a country are in one currency: whoever has others converts them. Nothing is shipped.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from statistics import median

from msgspec import Struct

from acquit.events import CHANNELS, Channel
from acquit.rules.csv_rows import Line, lines_of

LEAST_OTHERS = 3
"""Other suppliers with a price: the middle of fewer says little, and gives away what one of them asks."""
_COLUMNS = ("channel", "supplier", "route", "country", "carrier", "price", "currency", "source")


class Price(Struct, frozen=True):
    """Of one message. A carrier is MCC and MNC, as messages name it; `place` is file and line."""

    channel: Channel
    supplier: str
    route: str | None
    country: str
    carrier: str | None
    amount: float
    currency: str
    source: str
    place: str = ""


class Prices:
    """All prices."""

    def __init__(self, rows: Sequence[Price]) -> None:
        self.rows = rows
        self._by_country: dict[tuple[str, str], list[Price]] = {}
        for row in rows:
            self._by_country.setdefault((row.channel, row.country), []).append(row)

    def of(self, channel: str, supplier: str, route: str, country: str, carrier: str) -> Price | None:
        """What a message costs by this route."""
        fit = [price for price in self._there(channel, country, carrier) if price.supplier == supplier]
        return max((price for price in fit if price.route in {None, route}), key=_detail, default=None)

    def of_others(self, channel: str, supplier: str, country: str, carrier: str) -> Mapping[str, float]:
        """By other supplier: what it asks there, the middle one of its routes."""
        asked: dict[str, list[Price]] = {}
        for price in self._there(channel, country, carrier):
            if price.supplier != supplier:
                asked.setdefault(price.supplier, []).append(price)
        return {name: median(_decided(prices)) for name, prices in asked.items()}

    def _there(self, channel: str, country: str, carrier: str) -> Sequence[Price]:
        return [price for price in self._by_country.get((channel, country), ()) if price.carrier in {None, carrier}]


NO_PRICES = Prices(())


def price_list(paths: Collection[Path]) -> Prices:
    """The prices of these files. Raises BadRules."""
    found: list[Price] = []
    currencies: dict[tuple[str, str], Price] = {}
    for path in paths:
        seen: set[str] = set()
        for line in lines_of(path, _COLUMNS):
            price = _price(line)
            line.once(seen, "\n".join(line.fields[name] for name in _COLUMNS[:5]), "supplier")
            first = currencies.setdefault((price.channel, price.country), price)
            if price.currency != first.currency:
                raise line.wrong(
                    "currency", f"{price.currency} cannot be compared with the {first.currency} of {first.place}"
                )
            found.append(price)
    return Prices(found)


def _price(line: Line) -> Price:
    return Price(
        channel=line.one_of("channel", CHANNELS),
        supplier=line.text("supplier"),
        route=line.optional("route"),
        country=_matching(line, "country", "[A-Z]{2}", "two capital letters, as ISO 3166 has them"),
        carrier=_matching(line, "carrier", r"\d{5,6}", "MCC and MNC: five or six digits")
        if line.has("carrier")
        else None,
        amount=_amount(line),
        currency=_matching(line, "currency", "[A-Z]{3}", "three capital letters, as ISO 4217 has them"),
        source=line.text("source"),
        place=line.place,
    )


def _matching(line: Line, field: str, form: str, said: str) -> str:
    if not re.fullmatch(form, line.text(field), re.ASCII):
        raise line.wrong(field, f"must be {said}")
    return line.text(field)


def _amount(line: Line) -> float:
    amount = float(_matching(line, "price", r"\d{1,9}(\.\d{1,9})?", "a number above zero, with a point: 0.045"))
    if not amount:
        raise line.wrong("price", "must be above zero")
    return amount


def _decided(prices: Sequence[Price]) -> list[float]:
    """Of a supplier: for each of its routes the price that says more."""
    by_route: dict[str | None, Price] = {}
    for price in prices:
        known = by_route.get(price.route)
        by_route[price.route] = price if known is None else max(known, price, key=_detail)
    return [price.amount for price in by_route.values()]


def _detail(price: Price) -> tuple[bool, bool]:
    return price.carrier is not None, price.route is not None
