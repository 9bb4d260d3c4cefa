"""The live view on a terminal, 80 columns at least. Green delivers, yellow is doubtful, red needs somebody; grey is no data."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from acquit.worker.top import Carrier, View

BARS = " ▁▂▃▄▅▆▇█"
GOOD, DOUBTFUL = 0.9, 0.75
FLOOR = 0.5
"""The chart's bottom: below half, every bar is the lowest."""
HOURS = [f"{hour:02d}" for hour in range(24)]
ROWS = 8
SIDE_ROWS = 5
SHOWN_CODES = 4


def screen(view: View, *, told: Sequence[str] = (), height: int = 24, now: str = "", hint: str = "") -> RenderableType:
    """What to draw. `told` are lines of news, the latest last; they get what room is left."""
    if not view.is_there:
        return Text(f"acquit  {view.address}  no answer yet", style="yellow")
    rows = min(ROWS, max(3, height - 17))
    parts: list[RenderableType] = [
        _head(view, now),
        _numbers(view),
        Text(hint, style="dim", no_wrap=True),
        _delivery(view, rows),
        _unknown(view),
        _doubted(view),
        _sides(view),
    ]
    room = height - 8 - min(rows, max(1, len(view.carriers))) - SIDE_ROWS
    news = list(told)[-room:] if room > 0 else []
    return Group(*parts, *(_news(line) for line in news))


def _head(view: View, now: str) -> Text:
    state = Text(" ready ", style="black on green") if not view.not_ready else Text(" not ready ", style="white on red")
    text = Text.assemble(("acquit", "bold"), f"  {view.address}  ", state, f"  {now}")
    if view.not_ready:
        text.append(f"  {view.not_ready.splitlines()[0][:60]}", style="red")
    return text


def _numbers(view: View) -> Text:
    latency = "-" if view.latency_seconds is None else f"{view.latency_seconds * 1000:.0f} ms"
    lag_style = "green" if view.lag_seconds < 10 else "red"
    return Text.assemble(
        (f"{view.raw_per_second:,.0f}", "bold"), " records/s  ",
        (f"{view.events_per_second:,.0f}", "bold"), " events/s  lag ",
        (f"{view.lag_records:,}", lag_style), f"  to Redis {latency}  dead letters ",
        (f"{view.dead_letters}", "yellow" if view.dead_letters else ""),
    )  # fmt: skip


def _delivery(view: View, rows: int) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    table.add_column("delivery", width=18, no_wrap=True)
    table.add_column("messages", justify="right", width=8)
    table.add_column("all", justify="right", width=6)
    table.add_column("now", justify="right", width=6)
    table.add_column("by hour 00-23", width=24, no_wrap=True)
    table.add_column("", width=9, no_wrap=True)
    for carrier in view.carriers[:rows]:
        alert = Text("▼ ALERT", style="bold white on red") if carrier.is_alerting else Text()
        table.add_row(
            Text(f"{carrier.channel} {carrier.name}"[:18]), f"{carrier.final + carrier.waiting}",
            _ratio(carrier.overall), _ratio(carrier.recent), _chart(carrier), alert,
        )  # fmt: skip
    return table


def _sides(view: View) -> Table:
    """Why it failed, and who is suppressed, side by side; always as many lines, so that nothing jumps."""
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    table.add_column("why it failed", width=38, no_wrap=True)
    table.add_column("suppressed since the start", width=38, no_wrap=True)
    for row in range(SIDE_ROWS - 1):
        table.add_row(_counted(view.reasons, row), _counted(view.suppressed, row))
    return table


def _unknown(view: View) -> Text:
    """What providers say and no table knows, the most frequent first; an empty line if there is nothing."""
    codes = ", ".join(f"{code} ({number})" for code, number in view.unknown[:SHOWN_CODES])
    return Text(f"not in the tables: {codes}" if codes else "", style="yellow", no_wrap=True, overflow="ellipsis")


def _doubted(view: View) -> Text:
    """Routes whose receipts contradict evidence, or are suspect; an empty line if there are none."""
    text = Text(no_wrap=True, overflow="ellipsis")
    for number, one in enumerate(view.doubted):
        share = one.share and f" {one.share['estimate']:.0%} ({one.share['low']:.0%}-{one.share['high']:.0%})"
        style = "bold red" if one.word == "contradicted" else "yellow"
        text.append(", " if number else "routes: ")
        text.append(f"{one.route} on {one.carrier} {one.word}{share or ''}", style=style)
    return text


def _counted(counts: Sequence[tuple[str, int]], row: int) -> Text:
    if row >= len(counts):
        return Text()
    name, number = counts[row]
    return Text.assemble((f"{number:6d} ", "bold"), name[:30])


def _ratio(ratio: float | None) -> Text:
    return Text("-", style="dim") if ratio is None else Text(f"{ratio:.1%}", style=_colour(ratio))


def _chart(carrier: Carrier) -> Text:
    chart = Text()
    for hour in HOURS:
        delivered, final = carrier.hours.get(hour, (0, 0))
        if not final:
            chart.append("·", style="bright_black")
            continue
        ratio = delivered / final
        level = round(max(0.0, (ratio - FLOOR) / (1 - FLOOR)) * (len(BARS) - 2)) + 1
        chart.append(BARS[level], style=_colour(ratio))
    return chart


def _news(line: str) -> Text:
    return Text(line, no_wrap=True, overflow="ellipsis")


def _colour(ratio: float) -> str:
    return "green" if ratio >= GOOD else "yellow" if ratio >= DOUBTFUL else "red"
