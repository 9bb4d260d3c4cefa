"""The last verdict on each route and carrier as metrics, made when they are asked for."""

from collections.abc import Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from acquit.capped import Capped
from acquit.effects import RouteVerdict

WORDS = ("clean", "suspect", "contradicted")
_PLACE = ("channel", "carrier", "route")


class Verdicts(Collector):
    """What is thought of the routes now. Where names are too many, the worst of those that share a label is shown."""

    def __init__(self, carriers: Capped, routes: Capped) -> None:
        self._carriers, self._routes = carriers, routes
        self._shown: dict[tuple[str, str, str], RouteVerdict] = {}

    def show(self, verdicts: Sequence[RouteVerdict]) -> None:
        self._shown = {self._labels(one): one for one in sorted(verdicts, key=lambda one: WORDS.index(one.verdict))}

    @property
    def raised(self) -> set[tuple[str, ...]]:
        """The labels of the alerts that are up: kind, channel, carrier, route, and neither supplier nor stream."""
        return {
            (f"route_{one.verdict}", *labels, "", "") for labels, one in self._shown.items() if one.verdict != "clean"
        }

    def collect(self) -> Iterator[GaugeMetricFamily]:
        word = GaugeMetricFamily(
            "acquit_route_verdict",
            "What is thought of a route's receipts: 0 clean, 1 suspect, 2 contradicted",
            labels=_PLACE,
        )
        nats = GaugeMetricFamily(
            "acquit_route_evidence_nats", "How strongly evidence contradicts a route's receipts", labels=_PLACE
        )
        share = GaugeMetricFamily(
            "acquit_route_forged_share", "Of a contradicted route's receipts of delivery, with its 95 % interval",
            labels=(*_PLACE, "bound"),
        )  # fmt: skip
        delivery = GaugeMetricFamily(
            "acquit_route_delivery_ratio", "Delivery of a route, as it is reported and as it is believed",
            labels=(*_PLACE, "as"),
        )  # fmt: skip
        for labels, one in self._shown.items():
            word.add_metric(labels, WORDS.index(one.verdict))
            nats.add_metric(labels, one.nats)
            if one.share is not None:
                for bound in ("low", "estimate", "high"):
                    share.add_metric((*labels, bound), getattr(one.share, bound))
            for kind, ratio in (("reported", one.reported_delivery), ("believed", one.believed_delivery)):
                if ratio is not None:
                    delivery.add_metric((*labels, kind), ratio)
        yield from (word, nats, share, delivery)

    def _labels(self, verdict: RouteVerdict) -> tuple[str, str, str]:
        carrier = "" if verdict.carrier is None else self._carriers.label(verdict.carrier)
        route = "" if verdict.route is None else self._routes.label(verdict.route)
        return verdict.channel, carrier, route
