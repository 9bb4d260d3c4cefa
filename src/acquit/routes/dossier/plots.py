"""The dossier's plots, as inline SVG of a given width. Colours are classes of the page's style."""

from collections.abc import Callable, Sequence
from itertools import groupby
from math import ceil, log10

from acquit.routes.dossier.content import DayCounts, Dip, LatencyBin, PeerLine
from acquit.routes.dossier.markup import Markup, tag

_TICKS = ((0.1, "0.1 s"), (1.0, "1 s"), (10.0, "10 s"), (60.0, "1 min"), (600.0, "10 min"), (3_600.0, "1 h"),
          (86_400.0, "1 d"))  # fmt: skip
_LEFT, _RIGHT = 46.0, 8.0
_LETTER = 6.3
"""About as wide is a letter."""
LEAST_DELIVERED = 20
"""In a bin, for its rate to be shown."""
_Z = 1.96


def latency(bins: Sequence[LatencyBin], width: int) -> Markup:
    """Above, deliveries and of these the answered ones by latency; below, the rate of answers, and the one to be expected.

    Without any answers there is nothing to show below.
    """
    step = (width - _LEFT - _RIGHT) / len(bins)
    top, upper, gap, lower = 22.0, 120.0, 42.0, 140.0
    has_answers = any(one.answered for one in bins)
    base = top + upper + (gap + lower if has_answers else 0)
    most = max((one.delivered for one in bins), default=1) or 1
    count = _scale(0, most, top + upper, top)
    parts: list[object] = [_region(bins, step, top, base), *_axis(count, most, width, _thousands)]
    title = "deliveries, and of these answered (dark)" if has_answers else "deliveries"
    parts.append(_text(0, 12, title, class_="title"))
    for number, one in enumerate(bins):
        x = _LEFT + number * step
        parts += [
            _bar(x, step, count(0), count(one.delivered), "all"),
            _bar(x, step, count(0), count(one.answered), "part"),
        ]
    if has_answers:
        parts.append(_text(0, top + upper + gap - 10, "answered of delivered; line: to be expected", class_="title"))
        parts += _rates(bins, step, width, (base, top + upper + gap))
    for x, label in _time_ticks(bins, step, width):
        parts.append(tag("line", x1=x, x2=x, y1=base, y2=base + 4, class_="axis"))
        parts.append(_text(x, base + 17, label, text_anchor="middle"))
    parts.append(_text(width - _RIGHT, base + 31, "from submit to delivery, by the receipt", text_anchor="end"))
    return _svg(width, base + 34, "Deliveries and answers by latency", parts)


def _rates(bins: Sequence[LatencyBin], step: float, width: int, between: tuple[float, float]) -> list[object]:
    """Points with their intervals, and the line that they should follow."""
    shown = [
        (_LEFT + (number + 0.5) * step, one) for number, one in enumerate(bins) if one.delivered >= LEAST_DELIVERED
    ]
    rates = [one.answered / one.delivered for _, one in shown]
    hoped = [one.expected / one.delivered for _, one in shown if one.expected is not None]
    most = _nice(max([*rates, *hoped, 0.01]) * 1.05)
    rate = _scale(0, most, *between)
    parts: list[object] = list(_axis(rate, most, width, _share))
    line: list[str] = []
    last = -step
    for x, one in shown:
        if one.expected is None or x - last > 1.5 * step:
            parts.append(_line_of(line))
            line = []
        if one.expected is not None:
            line.append(f"{x:.1f},{rate(one.expected / one.delivered):.1f}")
            last = x
    parts.append(_line_of(line))
    return [*parts, *(_dot(x, one.answered, one.delivered, rate, most) for x, one in shown)]


def contradictions(
    days: Sequence[DayCounts], width: int, title: str, tried: Callable[[DayCounts], int],
    found: Callable[[DayCounts], int],
) -> Markup:  # fmt: skip
    """By day: tried, and of these those that contradict."""
    top, tall = 22.0, 78.0
    most = max((tried(day) for day in days), default=1) or 1
    scale, step = _scale(0, most, top + tall, top), (width - _LEFT - _RIGHT) / max(len(days), 1)
    parts: list[object] = [_text(0, 12, title, class_="title"), *_axis(scale, most, width, _thousands)]
    every = ceil(len(days) * 44 / (width - _LEFT - _RIGHT))
    is_roomy = step > _LETTER * len(f"{max((found(day) for day in days), default=0):,}")
    for number, day in enumerate(days):
        x = _LEFT + number * step
        parts.append(_bar(x, step, scale(0), scale(tried(day)), "all"))
        parts.append(_bar(x, step, scale(0), scale(found(day)), "hot"))
        if is_roomy and found(day):
            y = max(scale(found(day)) - 3, top + 9)
            parts.append(_text(x + step / 2, y, f"{found(day):,}", text_anchor="middle", class_="value"))
        if (len(days) - 1 - number) % every == 0:
            label = f"{day.day:%d %b}"
            middle = min(x + step / 2, width - len(label) * _LETTER / 2)
            parts.append(_text(middle, top + tall + 15, label, text_anchor="middle"))
    return _svg(width, top + tall + 22, title, parts)


def peers(lines: Sequence[PeerLine], width: int) -> Markup:
    """Each line by its ratio to the middle of the others: others small and hollow, this route large with its interval."""
    tall, top = 44.0, 4.0
    ratios = [
        value / line.middle for line in lines for value in (*line.others, line.low, line.high, line.rate) if value > 0
    ]
    reach = max(1.25, *(max(ratio, 1 / ratio) for ratio in ratios), 1.25)
    reach = min(reach, 32.0)
    left, right = 12.0, width - 12.0
    base = top + tall * len(lines)

    def x_of(ratio: float) -> float:
        held = min(max(ratio, 1 / reach), reach)
        return left + (right - left) * (log10(held) / log10(reach) + 1) / 2

    parts: list[object] = [tag("line", x1=x_of(1), x2=x_of(1), y1=top, y2=base, class_="axis")]
    for number, line in enumerate(lines):
        y = top + tall * number + 34
        what = "answered" if line.measure == "answers" else "failed"
        parts.append(_text(0, y - 20, f"{line.stream or 'all'}: {what}", class_="title"))
        said = f"{_percent(line.rate)}; others' middle {_percent(line.middle)}"
        parts.append(_text(width, y - 20, said, text_anchor="end"))
        parts.append(tag("line", x1=left, x2=right, y1=y, y2=y, class_="grid"))
        parts += [tag("circle", cx=x_of(one / line.middle), cy=y, r=4.5, class_="other") for one in line.others]
        low, high = x_of(line.low / line.middle), x_of(line.high / line.middle)
        parts.append(tag("line", x1=low, x2=high, y1=y, y2=y, class_="whisker"))
        parts.append(tag("circle", cx=x_of(line.rate / line.middle), cy=y, r=6, class_="own"))
    parts += [_text(x_of(one), base + 18, f"x {one:g}", text_anchor="middle") for one in _ratio_ticks(x_of, reach)]
    return _svg(width, base + 24, "This route beside other suppliers of the carrier", parts)


def _ratio_ticks(x_of: Callable[[float], float], reach: float) -> list[float]:
    """Round ratios from 1 outwards, as many as there is room for."""
    shown = [1.0]
    for one in (0.5, 2.0, 0.8, 1.25, 0.7, 1.5, 0.2, 5.0, 0.1, 10.0, 0.3, 3.0, 0.9, 1.1):
        if 1 / reach <= one <= reach and all(abs(x_of(one) - x_of(other)) > 46 for other in shown):
            shown.append(one)
    return shown


def strata(dip: Dip, width: int) -> Markup:
    """Answers by part, as a share of those at the route's own level."""
    top, tall = 22.0, 110.0
    shown = [one for one in dip.strata if one.expected >= 1]
    ratios = [one.answered / one.expected for one in shown]
    most = _nice(max([1.2, *ratios]))
    scale, step = _scale(0, most, top + tall, top), (width - _LEFT - _RIGHT) / max(len(shown), 1)
    parts: list[object] = [_text(0, 12, "answers, where 100 % is the route's own level", class_="title")]
    parts += _axis(scale, most, width, _share)
    for number, (one, ratio) in enumerate(zip(shown, ratios, strict=True)):
        x = _LEFT + number * step
        kind = "hot" if ratio < 0.5 + 0.5 * min(1.0, *ratios) + 1e-9 and ratio < 0.97 else "all"
        parts.append(_bar(x, step, scale(0), scale(ratio), kind))
        parts.append(_text(x + step / 2, top + tall + 15, one.name, text_anchor="middle"))
    parts.append(tag("line", x1=_LEFT, x2=width - _RIGHT, y1=scale(1), y2=scale(1), class_="expected"))
    return _svg(width, top + tall + 22, dip.title, parts)


def _svg(width: int, height: float, title: str, parts: object) -> Markup:
    return tag(
        "svg",
        tag("title", title),
        parts,
        viewBox=f"0 0 {width} {height:.0f}",
        role="img",
        width=width,
        height=f"{height:.0f}",
    )


def _scale(low: float, high: float, from_y: float, to_y: float) -> Callable[[float], float]:
    return lambda value: from_y + (value - low) / (high - low) * (to_y - from_y)


def _axis(
    scale: Callable[[float], float], most: float, width: int, label: Callable[[float], str]
) -> list[Markup]:  # fmt: skip
    """Five lines at most, with their values."""
    every = _step(most)
    if label is _thousands:
        every = max(1.0, every)
    return [
        part
        for value in (every * number for number in range(int(most / every + 1e-9) + 1))
        for part in (
            tag("line", x1=_LEFT, x2=width - _RIGHT, y1=f"{scale(value):.1f}", y2=f"{scale(value):.1f}",
                class_="grid" if value else "axis"),
            _text(_LEFT - 6, scale(value) + 4, label(value), text_anchor="end"),
        )
    ]  # fmt: skip


def _step(span: float) -> float:
    """1, 2 or 5 times a power of ten, so that at most four fit."""
    power = 10.0 ** int(log10(span) - 2)
    return next(
        step for step in (power * factor * up for up in (1, 10, 100, 1000) for factor in (1, 2, 5)) if span / step <= 4
    )


def _nice(value: float) -> float:
    """The next value that an axis ends with."""
    step = _step(value)
    return min(ceil(value / step - 1e-9) * step, max(1.0, value))


def _bar(x: float, step: float, base: float, top: float, kind: str) -> Markup | None:
    if base - top <= 0:
        return None
    gap = min(1.0, step / 6)
    return tag(
        "rect", x=f"{x + gap:.1f}", y=f"{min(top, base - 0.8):.1f}", width=f"{max(step - 2 * gap, 1):.1f}",
        height=f"{max(base - top, 0.8):.1f}", class_=kind,
    )  # fmt: skip


def _dot(x: float, part: int, whole: int, scale: Callable[[float], float], top: float) -> list[Markup]:
    """A rate with its interval, which ends at the top of the axis."""
    share = part / whole
    size = _Z**2 / whole
    middle = (share + size / 2) / (1 + size)
    reach = _Z * (share * (1 - share) / whole + size / whole / 4) ** 0.5 / (1 + size)
    low, high = scale(max(0.0, middle - reach)), max(scale(middle + reach), scale(top))
    return [
        tag("line", x1=f"{x:.1f}", x2=f"{x:.1f}", y1=f"{low:.1f}", y2=f"{high:.1f}", class_="whisker"),
        tag("circle", cx=f"{x:.1f}", cy=f"{scale(share):.1f}", r=2.6, class_="own"),
    ]


def _region(bins: Sequence[LatencyBin], step: float, top: float, base: float) -> list[Markup]:
    """Neighbours are one rectangle."""
    found: list[Markup] = []
    for is_in, numbers in groupby(range(len(bins)), key=lambda number: bins[number].is_suspect):
        inside = list(numbers)
        if is_in:
            x, wide = f"{_LEFT + inside[0] * step:.1f}", f"{len(inside) * step:.1f}"
            found.append(tag("rect", x=x, y=top, width=wide, height=base - top, class_="region"))
    return found


def _line_of(points: list[str]) -> Markup | None:
    return tag("polyline", points=" ".join(points), class_="expected") if len(points) > 1 else None


def _time_ticks(
    bins: Sequence[LatencyBin], step: float, width: int
) -> list[tuple[float, str]]:  # fmt: skip
    """Where round times lie among bins that are even in their logarithm."""
    found = []
    last = -100.0
    for seconds, label in _TICKS:
        for number, one in enumerate(bins):
            if one.until_seconds is not None and one.since_seconds <= seconds < one.until_seconds:
                low = max(one.since_seconds, one.until_seconds / 1.25)
                x = _LEFT + number * step + step * log10(seconds / low) / log10(one.until_seconds / low)
                if x - last > 40 and x < width - 12:
                    found.append((round(x, 1), label))
                    last = x
    return found


def _text(x: float, y: float, text: str, **attributes: object) -> Markup:
    return tag("text", text, x=f"{x:.1f}", y=f"{y:.1f}", **attributes)


def _percent(value: float) -> str:
    return f"{value:.2%}" if value < 0.1 else f"{value:.1%}"


def _share(value: float) -> str:
    return f"{100 * value:.3g}%"


def _thousands(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"
