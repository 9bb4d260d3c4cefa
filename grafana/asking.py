"""What panels ask Prometheus: the filters and the sums that many of them share, and one query with its series' names."""

from dataclasses import dataclass

from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
CHANNEL = 'channel=~"$channel"'
CARRIER = f'{CHANNEL},carrier=~"$carrier"'
ROUTE = f'{CARRIER},route=~"$route"'
OR_ALL = 'channel=~"$channel",carrier=~"$carrier|",route=~"$route|"'
"""What is held of a whole carrier has no route, and the other way round."""
DELIVERED = "delivered_network|delivered_handset|read"
RATED = f"{DELIVERED}|failed|expired|unknown"
"""What ends a message, but what was rejected before it reached the carrier. A test holds both against `acquit.events`."""

OF_ALERTS = f'{CHANNEL},carrier=~"$carrier|"'
"""An alert whose carrier is empty is about all of them."""
ALERTS = f"max without (instance, job, pod) (acquit_alert_active{{{OF_ALERTS}}})"


@dataclass(frozen=True)
class Ask:
    """One query: over the time range unless `instant`; its series are called as `legend` says, by their labels."""

    expr: str
    legend: str = ""
    instant: bool = False

    def target(self, number: int, *, as_table: bool = False, as_buckets: bool = False) -> prometheus.Dataquery:
        query = prometheus.Dataquery().datasource(SOURCE).expr(self.expr).ref_id(chr(ord("A") + number))
        query = query.legend_format(self.legend or "__auto")
        query = query.instant() if self.instant else query.range()
        if as_table:
            return query.format(PromQueryFormat.TABLE)
        return query.format(PromQueryFormat.HEATMAP if as_buckets else PromQueryFormat.TIME_SERIES)


def cohort(status: str, *, by: str, of: str = CARRIER, before: str = "") -> str:
    """Messages by what became of them, by hour of submission. One worker tells; while it changes, two may."""
    shift = f" offset {before}" if before else ""
    one = f'max by (channel, carrier, hour, status) (acquit_cohort_messages{{{of},status=~"{status}"}}{shift})'
    return f"sum by ({by}) ({one})" if by else f"sum({one})"


def cohort_delivery(*, by: str, of: str = CARRIER, before: str = "") -> str:
    delivered = cohort(DELIVERED, by=by, of=of, before=before)
    # Where nothing was delivered there is no series of it, and zero is the truth.
    rated = cohort(RATED, by=by, of=of, before=before)
    return f"({delivered} or 0 * {rated}) / ({rated} > 0)"


def quantile(share: float, metric: str, *, by: str = "", of: str = "", window: str = "$__rate_interval") -> str:
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) (rate({metric}_bucket{{{of}}}[{window}])))"


def zero_while_up(expr: str) -> str:
    """Nothing counts as zero only while a worker is there to count: without one it is not known."""
    return f"{expr} or 0 * max(acquit_ready)"
