"""The kinds of panel that dashboards are made of. Each says why it is there, its unit, and what it means to be empty."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from grafana_foundation_sdk.builders import (
    barchart,
    bargauge,
    stat,
    statetimeline,
    statushistory,
    table,
    text,
    timeseries,
)
from grafana_foundation_sdk.builders import (
    common as parts,
)
from grafana_foundation_sdk.builders import (
    dashboard as build,
)
from grafana_foundation_sdk.builders import (
    heatmap as heat,
)
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue, FieldColorModeId
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.text import TextMode

from grafana import look
from grafana.asking import SOURCE, Ask
from grafana.look import Steps

Kind = TypeVar(
    "Kind", barchart.Panel, bargauge.Panel, heat.Panel, stat.Panel, statetimeline.Panel, statushistory.Panel,
    table.Panel, timeseries.Panel,
)  # fmt: skip
Panel = (
    barchart.Panel | bargauge.Panel | heat.Panel | stat.Panel | statetimeline.Panel | statushistory.Panel
    | table.Panel | text.Panel | timeseries.Panel
)  # fmt: skip
Words = Mapping[int, tuple[str, str]]


def _made(panel: Kind, title: str, why: str, *, unit: str, empty: str, wide: int, high: int) -> Kind:
    return panel.title(title).description(why).datasource(SOURCE).unit(unit).no_value(empty).span(wide).height(high)


def _legend() -> parts.VizLegendOptions:
    return (
        parts.VizLegendOptions()
        .show_legend(True)
        .display_mode(common.LegendDisplayMode.LIST)
        .placement(common.LegendPlacement.BOTTOM)
    )


def _tooltip() -> parts.VizTooltipOptions:
    return parts.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING)


def lines(
    title: str, why: str, *asks: Ask, unit: str, empty: str, wide: int = 12, high: int = 8,
    paint: Mapping[str, str] | None = None, steps: Steps | None = None, stacked: bool = False, lowest: float | None = 0,
    highest: float | None = None, links: Sequence[build.DashboardLink] = (),
) -> timeseries.Panel:  # fmt: skip
    """Numbers over time. Stacked ones are counts that add up: bars from nothing."""
    panel = _made(timeseries.Panel(), title, why, unit=unit, empty=empty, wide=wide, high=high)
    panel = panel.legend(_legend()).tooltip(_tooltip()).line_width(1).show_points(common.VisibilityMode.NEVER)
    panel = panel.color_scheme(look.coloured_by(FieldColorModeId.PALETTE_CLASSIC_BY_NAME)).data_links(list(links))
    if stacked:
        panel = panel.draw_style(common.GraphDrawStyle.BARS).fill_opacity(80).line_width(0)
        panel = panel.stacking(parts.StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
    else:
        panel = panel.fill_opacity(8).span_nulls(False)
    if steps is not None:
        panel = panel.thresholds(look.thresholds(steps))
        panel = panel.thresholds_style(parts.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED))
    if lowest is not None:
        panel = panel.min(lowest)
    if highest is not None:
        panel = panel.max(highest)
    for name, colour in (paint or {}).items():
        panel = panel.override_by_name(name, [look.painted(colour)])
    return panel.targets([ask.target(number) for number, ask in enumerate(asks)])


def number(
    title: str, why: str, ask: Ask, *, unit: str, empty: str, steps: Steps = look.NO_MATTER, said: Words | None = None,
    wide: int = 4, high: int = 4, decimals: int | None = None, links: Sequence[build.DashboardLink] = (),
) -> stat.Panel:  # fmt: skip
    """One number, now, with its course behind it."""
    panel = _made(stat.Panel(), title, why, unit=unit, empty=empty, wide=wide, high=high)
    panel = panel.thresholds(look.thresholds(steps)).color_scheme(look.coloured_by(FieldColorModeId.THRESHOLDS))
    panel = panel.color_mode(common.BigValueColorMode.VALUE).graph_mode(common.BigValueGraphMode.AREA)
    panel = panel.reduce_options(parts.ReduceDataOptions().calcs(["lastNotNull"])).data_links(list(links))
    if said:
        panel = panel.mappings(look.words(said)).graph_mode(common.BigValueGraphMode.NONE)
    if decimals is not None:
        panel = panel.decimals(decimals)
    return panel.targets([ask.target(0)])


def bars(
    title: str, why: str, *asks: Ask, of: str, unit: str, empty: str, paint: Mapping[str, str] | None = None,
    stacked: bool = False, highest: float | None = None, wide: int = 12, high: int = 8,
) -> barchart.Panel:  # fmt: skip
    """Instant numbers side by side: one group for each value of the label `of`, one bar for each query."""
    panel = _made(barchart.Panel(), title, why, unit=unit, empty=empty, wide=wide, high=high)
    panel = panel.x_field(of).legend(_legend()).tooltip(_tooltip()).fill_opacity(80).line_width(0).min(0)
    panel = panel.color_scheme(look.coloured_by(FieldColorModeId.PALETTE_CLASSIC_BY_NAME)).x_tick_label_spacing(100)
    panel = panel.show_value(common.VisibilityMode.NEVER)
    if stacked:
        panel = panel.stacking(common.StackingMode.NORMAL)
    if highest is not None:
        panel = panel.max(highest)
    for name, colour in (paint or {}).items():
        panel = panel.override_by_name(name, [look.painted(colour)])
    names = {f"Value #{chr(ord('A') + index)}": ask.legend for index, ask in enumerate(asks)}
    if len(asks) == 1:
        names = {"Value": asks[0].legend}
    panel = panel.transformations([
        DataTransformerConfig(id_val="merge", options={}),
        DataTransformerConfig(id_val="sortBy", options={"fields": {}, "sort": [{"field": of}]}),
        DataTransformerConfig(id_val="organize", options={"excludeByName": {"Time": True}, "renameByName": names}),
    ])  # fmt: skip
    return panel.targets([ask.target(index, as_table=True) for index, ask in enumerate(asks)])


def matrix(
    title: str, why: str, ask: Ask, *, row: str, column: str, unit: str, empty: str, steps: Steps, wide: int = 24,
    high: int = 9, links: Sequence[build.DashboardLink] = (),
) -> table.Panel:  # fmt: skip
    """A cell for each pair of two labels, coloured by its number."""
    panel = _made(table.Panel(), title, why, unit=unit, empty=empty, wide=wide, high=high)
    panel = panel.thresholds(look.thresholds(steps)).color_scheme(look.coloured_by(FieldColorModeId.THRESHOLDS))
    panel = panel.cell_options(
        common.TableColoredBackgroundCellOptions(mode=common.TableCellBackgroundDisplayMode.BASIC)
    )
    corner = f"{row}\\{column}"
    panel = panel.align(common.FieldTextAlignment.CENTER).min_width(46).decimals(0)
    panel = panel.override_by_name(corner, [
        DynamicConfigValue(id_val="custom.cellOptions", value={"type": "auto"}),
        DynamicConfigValue(id_val="custom.minWidth", value=120),
        DynamicConfigValue(id_val="links", value=[link.build().to_json() for link in links]),
    ])  # fmt: skip
    panel = panel.transformations([
        # Columns come in the order in which their names are met.
        DataTransformerConfig(id_val="sortBy", options={"fields": {}, "sort": [{"field": column}]}),
        DataTransformerConfig(
            id_val="groupingToMatrix",
            options={"columnField": column, "rowField": row, "valueField": "Value", "emptyValue": "null"},
        ),
    ])  # fmt: skip
    panel = panel.sort_by([parts.TableSortByFieldState().display_name(corner)])
    return panel.targets([ask.target(0, as_table=True)])


class Column:
    """A column of a table: what it is called, and how its numbers are shown."""

    def __init__(self, name: str, unit: str = "", *, steps: Steps | None = None, said: Words | None = None) -> None:
        self.name, self.unit, self.steps, self.said = name, unit, steps, said

    def shown_as(self) -> list[DynamicConfigValue]:
        found = []
        if self.unit:
            found.append(DynamicConfigValue(id_val="unit", value=self.unit))
        if self.steps is not None or self.said is not None:
            found.append(DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-text"}))
        if self.steps is not None:
            steps = look.thresholds(self.steps).build().to_json()
            found.append(DynamicConfigValue(id_val="thresholds", value=steps))
        if self.said is not None:
            mappings = [one.to_json() for one in look.words(self.said)]
            found.append(DynamicConfigValue(id_val="mappings", value=mappings))
        return found


def rows(
    title: str, why: str, asks: Mapping[str, Ask], *, labels: Sequence[str], columns: Sequence[Column], empty: str,
    unit: str = "short", sort: str = "", wide: int = 24, high: int = 9, links: Sequence[build.DashboardLink] = (),
) -> table.Panel:  # fmt: skip
    """A line for each set of labels; each query, by the name of its column, is one number of it."""
    panel = _made(table.Panel(), title, why, unit=unit, empty=empty, wide=wide, high=high)
    panel = panel.thresholds(look.thresholds(look.NO_MATTER)).filterable(True)
    panel = panel.color_scheme(look.coloured_by(FieldColorModeId.THRESHOLDS))
    for column in columns:
        panel = panel.override_by_name(column.name, column.shown_as())
    if links:
        shown = [link.build().to_json() for link in links]
        panel = panel.override_by_name(labels[0], [DynamicConfigValue(id_val="links", value=shown)])
    values = {"Value": next(iter(asks))}
    if len(asks) > 1:
        values = {f"Value #{chr(ord('A') + index)}": name for index, name in enumerate(asks)}
    order = {name: index for index, name in enumerate([*labels, *values])}
    panel = panel.transformations([
        DataTransformerConfig(id_val="merge", options={}),
        DataTransformerConfig(
            id_val="organize",
            options={"excludeByName": {"Time": True}, "indexByName": order, "renameByName": values},
        ),
    ])  # fmt: skip
    if sort:
        panel = panel.sort_by([parts.TableSortByFieldState().display_name(sort).desc(True)])
    return panel.targets([ask.target(index, as_table=True) for index, ask in enumerate(asks.values())])


def history(
    title: str, why: str, ask: Ask, *, unit: str, empty: str, steps: Steps, step: str, wide: int = 24, high: int = 9,
    links: Sequence[build.DashboardLink] = (),
) -> statushistory.Panel:  # fmt: skip
    """A coloured cell for each series and step of time."""
    panel = _made(statushistory.Panel(), title, why, unit=unit, empty=empty, wide=wide, high=high)
    panel = panel.thresholds(look.thresholds(steps)).color_scheme(look.coloured_by(FieldColorModeId.THRESHOLDS))
    panel = panel.show_value(common.VisibilityMode.AUTO).row_height(0.9).col_width(0.95).fill_opacity(85)
    panel = panel.interval(step).decimals(0).legend(_legend()).data_links(list(links))
    return panel.targets([ask.target(0)])


def timeline(
    title: str, why: str, ask: Ask, *, said: Words, empty: str, wide: int = 24, high: int = 7,
    links: Sequence[build.DashboardLink] = (),
) -> statetimeline.Panel:  # fmt: skip
    """Which state each series was in, from when to when."""
    panel = _made(statetimeline.Panel(), title, why, unit="none", empty=empty, wide=wide, high=high)
    panel = panel.mappings(look.words(said)).color_scheme(look.coloured_by(FieldColorModeId.THRESHOLDS))
    panel = panel.thresholds(look.thresholds(look.NO_MATTER)).merge_values(True).row_height(0.9)
    panel = panel.show_value(common.VisibilityMode.AUTO).fill_opacity(85).legend(_legend()).data_links(list(links))
    return panel.targets([ask.target(0)])


def buckets(title: str, why: str, metric: str, *, of: str, empty: str, wide: int = 12, high: int = 8) -> heat.Panel:
    """A histogram over time: how many fell into which bucket of seconds."""
    panel = _made(heat.Panel(), title, why, unit="short", empty=empty, wide=wide, high=high)
    panel = panel.calculate(False).color(
        heat.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Oranges").steps(64).exponent(0.5)
    )
    panel = panel.y_axis(heat.YAxisConfig().unit("s"))
    ask = Ask(f"sum by (le) (increase({metric}_bucket{{{of}}}[$__rate_interval]))", "{{le}}")
    return panel.targets([ask.target(0, as_buckets=True)])


def note(title: str, why: str, content: str, *, wide: int = 24, high: int = 6) -> text.Panel:
    """Words that stand beside the numbers."""
    panel = text.Panel().title(title).description(why).span(wide).height(high).datasource(SOURCE)
    return panel.mode(TextMode.MARKDOWN).content(content)
