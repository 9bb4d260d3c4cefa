"""Alerts by plain comparison: a carrier's last quarter of an hour against its last day, WhatsApp against 90 %.

The counts are what the running totals said at moments in time, so a window's outcome is the difference of two of them.
Time is an argument: what must fire without traffic is judged by the clock of whoever asks.
"""

from typing import Literal

from msgspec import Struct

from acquit.effects import Alert
from acquit.events import from_epoch_ms


class Thresholds(Struct, frozen=True):
    """When an alert is raised, and when it is cleared again."""

    recent_seconds: float = 900
    baseline_seconds: float = 86_400
    messages: int = 100  # final ones in the recent window, and in the baseline, or nothing is said
    drop: float = 0.10  # below the baseline by so much: raised
    recovered: float = 0.05  # within so much of it: cleared
    whatsapp_ratio: float = 0.90  # Klaviyo: delivery under 90 % calls for action
    cuts: int = 20  # how finely the recent window is cut, and the baseline before it


DEFAULT_THRESHOLDS = Thresholds()


class Sample(Struct, array_like=True):
    """What all totals of a carrier said at a moment."""

    at_ms: int
    delivered: int
    final: int


class Series(Struct, array_like=True):
    """A carrier's moments of the baseline window, oldest first, and its alert, if one is up: raised when, against what."""

    channel: str
    carrier: str
    samples: list[Sample]
    raised_ms: int = 0
    baseline: float = 0.0


class Outcome(Struct, frozen=True):
    """Delivered and final messages of a window."""

    delivered: int
    final: int

    @property
    def ratio(self) -> float:
        return self.delivered / self.final if self.final else 0.0


def observe(series: Series, delivered: int, final: int, now_ms: int, thresholds: Thresholds) -> bool:
    """Note what the totals say now, if the last note is old enough; forget what has left the baseline."""
    recent_ms, baseline_ms = thresholds.recent_seconds * 1000, thresholds.baseline_seconds * 1000
    if series.samples and now_ms - series.samples[-1].at_ms < recent_ms / thresholds.cuts:
        return False
    series.samples.append(Sample(now_ms, delivered, final))
    series.samples = _thinned(series.samples, now_ms - recent_ms, baseline_ms / thresholds.cuts)
    while len(series.samples) > 2 and series.samples[1].at_ms <= now_ms - baseline_ms:
        series.samples.pop(0)
    return True


def _thinned(samples: list[Sample], recent_ms: float, gap_ms: float) -> list[Sample]:
    """All of the recent window and the one before it; of what is older, one a gap."""
    kept: list[Sample] = []
    for number, sample in enumerate(samples):
        is_needed = number + 1 == len(samples) or samples[number + 1].at_ms > recent_ms
        if is_needed or not kept or sample.at_ms - kept[-1].at_ms >= gap_ms:
            kept.append(sample)
    return kept


def judge(series: Series, now_ms: int, thresholds: Thresholds) -> Alert | None:
    """An alert that rises or clears now."""
    recent, before = _windows(series, now_ms, thresholds)
    if recent.final < thresholds.messages:
        return None
    is_whatsapp = series.channel == "whatsapp"
    if series.raised_ms:
        floor = series.baseline - thresholds.recovered
        if recent.ratio < (min(floor, thresholds.whatsapp_ratio) if is_whatsapp else floor):
            return None
        series.raised_ms = 0
        return _alert(series, "cleared", now_ms, recent, series.baseline)
    expected = before.ratio if before.final >= thresholds.messages else None
    if expected is not None and recent.ratio < expected - thresholds.drop:
        series.raised_ms, series.baseline = now_ms, expected
    elif is_whatsapp and recent.ratio < thresholds.whatsapp_ratio:
        series.raised_ms, series.baseline = now_ms, thresholds.whatsapp_ratio + thresholds.recovered
    else:
        return None
    return _alert(series, "raised", now_ms, recent, series.baseline)


def _windows(series: Series, now_ms: int, thresholds: Thresholds) -> tuple[Outcome, Outcome]:
    """The recent window, and the baseline before it."""
    if not series.samples:
        return Outcome(0, 0), Outcome(0, 0)
    edge = _at(series, now_ms - thresholds.recent_seconds * 1000)
    first, last = series.samples[0], series.samples[-1]
    recent = Outcome(max(0, last.delivered - edge.delivered), max(0, last.final - edge.final))
    return recent, Outcome(max(0, edge.delivered - first.delivered), max(0, edge.final - first.final))


def _at(series: Series, at_ms: float) -> Sample:
    """The last sample that is not younger; the first one if all are."""
    return next((sample for sample in reversed(series.samples) if sample.at_ms <= at_ms), series.samples[0])


def _alert(series: Series, state: Literal["raised", "cleared"], now_ms: int, recent: Outcome, expected: float) -> Alert:
    verb = "fell to" if state == "raised" else "is back at"
    return Alert(
        kind="delivery_drop",
        state=state,
        channel=series.channel,
        carrier=series.carrier,
        route=None,
        at=from_epoch_ms(now_ms),
        sentence=f"{series.channel} {series.carrier}: delivery {verb} {recent.ratio:.1%}, expected {expected:.1%}",
        messages=recent.final,
        ratio=round(recent.ratio, 4),
        expected=round(expected, 4),
    )
