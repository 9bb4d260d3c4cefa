"""What every dashboard has around its panels: uid, variables, links to the others, and where alerts began and ended."""

from collections.abc import Mapping, Sequence

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard

from grafana.asking import SOURCE
from grafana.panels import Panel

TAG = "acquit"
Sections = Mapping[str, Sequence[Panel]]
"""Panels by the title of their row."""

_VARIABLES: Mapping[str, tuple[str, str]] = {
    "channel": ("Channel", "label_values(acquit_receipts_total, channel)"),
    "carrier": ("Carrier", 'label_values(acquit_receipts_total{channel=~"$channel"}, carrier)'),
    "route": ("Route", "label_values(acquit_route_messages, route)"),
    "instance": ("Worker", "label_values(acquit_ready, instance)"),
}
"""By name: what it is called, and the question that lists its values."""


def framed(
    title: str, why: str, sections: Sections, *, variables: Sequence[str] = (), since: str = "now-24h"
) -> dashboard.Dashboard:
    """A dashboard, complete. Variables go along with every link; one that a dashboard has not is ignored there."""
    frame = build.Dashboard(title).uid(uid(title)).description(why).tags([TAG]).readonly()
    frame = frame.time(since, "now").refresh("1m").timezone("browser").tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
    frame = frame.with_variable(_source())
    for name in variables:
        frame = frame.with_variable(_variable(name))
    frame = frame.annotation(_alerts_of_acquit()).annotation(_alerts_of_prometheus())
    frame = frame.link(
        build.DashboardLink("acquit").type(dashboard.DashboardLinkType.DASHBOARDS).tags([TAG])
        .as_dropdown(False).include_vars(True).keep_time(True)
    )  # fmt: skip
    number = 0
    for name, panels in sections.items():
        number += 1
        frame = frame.with_row(build.Row(name).id(number))
        for panel in panels:
            number += 1
            frame = frame.with_panel(panel.id(number))
    return frame.build()


def uid(title: str) -> str:
    return f"{TAG}-{title.removeprefix('acquit ').lower().replace(' ', '-')}"


def link_to(title: str, words: str = "", *, keep: Sequence[str] = (), **variables: str) -> build.DashboardLink:
    """A data link to another dashboard, in the same time range; it keeps what is chosen here for the variables `keep`.

    Other variables take what Grafana fills in, of a series (`of_series`) or of a table's row (`of_row`).
    """
    kept = "".join(f"&${{{name}:queryparam}}" for name in ("datasource", *keep) if name not in variables)
    chosen = "".join(f"&var-{name}={value}" for name, value in variables.items())
    return build.DashboardLink(words or f"Show in {title}").url(f"/d/{uid(title)}?${{__url_time_range}}{kept}{chosen}")


def of_series(label: str) -> str:
    return f"${{__field.labels.{label}:percentencode}}"


def of_row(label: str) -> str:
    return f"${{__data.fields.{label}:percentencode}}"


OF_CELL = "${__value.raw:percentencode}"
"""The cell that was clicked: a matrix's rows have a name that no link can say."""


def _source() -> build.DatasourceVariable:
    return build.DatasourceVariable("datasource").label("Prometheus").type("prometheus")


def _variable(name: str) -> build.QueryVariable:
    label, query = _VARIABLES[name]
    return (
        build.QueryVariable(name).label(label).datasource(SOURCE)
        .query({"query": query, "refId": f"variable-{name}"}).definition(query)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(dashboard.VariableSort.NATURAL_ASC)
        .multi(True).include_all(True).all_value(".*")
        .current(dashboard.VariableOption(selected=True, text=["All"], value=["$__all"]))
    )  # fmt: skip


def _alerts_of_acquit() -> build.AnnotationQuery:
    """Each runs from where an alert starts to where it ends: Grafana joins the points of one series to a span."""
    return (
        build.AnnotationQuery().name("Alerts of acquit").datasource(SOURCE).enable(True).icon_color("red")
        .expr("max without (instance, job, pod) (acquit_alert_active) == 1").step("60s").title_format("{{kind}}")
        .text_format("{{channel}} {{carrier}} {{route}} {{supplier}} {{stream}}").tag_keys("kind,channel")
    )  # fmt: skip


def _alerts_of_prometheus() -> build.AnnotationQuery:
    return (
        build.AnnotationQuery().name("Alerts of Prometheus").datasource(SOURCE).enable(True).icon_color("orange")
        .expr('max without (instance, job, pod) (ALERTS{alertname=~"Acquit.+",alertstate="firing"})').step("60s")
        .title_format("{{alertname}}").text_format("{{channel}} {{carrier}} {{route}} {{severity}}")
        .tag_keys("alertname,severity")
    )  # fmt: skip
