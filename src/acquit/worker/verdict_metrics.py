"""The last verdict on each route and carrier as metrics, made when they are asked for."""

from collections.abc import Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from acquit.capped import Capped
from acquit.effects import RouteVerdict
from acquit.worker.alert_metrics import Shown
from acquit.worker.collectors import gauge_family
from acquit.worker.metric_names import SHOWN_PLACES

WORDS = ("clean", "suspect", "contradicted")


class Verdicts(Collector):
    """What is thought of the routes now. Where names are too many, the worst of those that share a label is shown; where
    places are too many, the worst ones, and then those of the most messages.
    """

    def __init__(self, carriers: Capped, routes: Capped) -> None:
        self._carriers, self._routes = carriers, routes
        self._shown: dict[tuple[str, str, str], RouteVerdict] = {}
        self._unshown = 0

    def show(self, verdicts: Sequence[RouteVerdict]) -> None:
        known: dict[tuple[str, str, str], RouteVerdict] = {}
        for one in sorted(verdicts, key=lambda one: (-WORDS.index(one.verdict), -one.messages)):
            known.setdefault(self._labels(one), one)
        self._shown = dict(list(known.items())[:SHOWN_PLACES])
        self._unshown = len(known) - len(self._shown)

    @property
    def raised(self) -> list[Shown]:
        """The alerts that are up, the contradicted routes first; they name neither supplier nor stream."""
        return [
            Shown((f"route_{one.verdict}", *labels, "", ""), one.messages)
            for labels, one in self._shown.items()
            if one.verdict != "clean"
        ]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        word, nats = gauge_family("acquit_route_verdict"), gauge_family("acquit_route_evidence_nats")
        share, delivery = gauge_family("acquit_route_forged_share"), gauge_family("acquit_route_delivery_ratio")
        for labels, one in self._shown.items():
            word.add_metric(labels, WORDS.index(one.verdict))
            nats.add_metric(labels, one.nats)
            if one.share is not None:
                for bound in ("low", "estimate", "high"):
                    share.add_metric((*labels, bound), getattr(one.share, bound))
            for kind, ratio in (("reported", one.reported_delivery), ("believed", one.believed_delivery)):
                if ratio is not None:
                    delivery.add_metric((*labels, kind), ratio)
        unshown = gauge_family("acquit_routes_unshown")
        unshown.add_metric((), self._unshown)
        yield from (word, nats, share, delivery, unshown)

    def _labels(self, verdict: RouteVerdict) -> tuple[str, str, str]:
        carrier = "" if verdict.carrier is None else self._carriers.label(verdict.carrier)
        route = "" if verdict.route is None else self._routes.label(verdict.route)
        return verdict.channel, carrier, route
