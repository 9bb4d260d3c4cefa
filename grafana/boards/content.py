"""Whether it is the message: delivery by length in segments, kind of content and country, and what people did with it."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana import look
from grafana.asking import CHANNEL, Ask
from grafana.frame import framed
from grafana.panels import Panel, bars, history, lines

_BY = {
    "segments": "length in segments", "content": "kind of content", "country": "country",
}  # fmt: skip
_WHY = {
    "segments": "Messages of many segments are filtered and lost more often; a channel without segments says `unknown` or 0.",
    "content": "What the submit says that the message is (otp, marketing and so on). One kind that fails alone is "
    "filtered: look "
    "at its wording with `acquit explain`, which names what raises filtering. The text itself is never kept.",
    "country": "The country that the submit names. One country that falls across carriers is a rule of that country, "
    "or a route.",
}  # fmt: skip


def board() -> Dashboard:
    return framed(
        "acquit content",
        "Delivery by what the message is: its length, its kind, its country; and whether people use what they receive.",
        {
            **{f"By {name}": _by(label, name) for label, name in _BY.items()},
            "What people do": _engagements(),
        },
        variables=("channel",),
        since="now-7d",
    )


def _by(label: str, name: str) -> list[Panel]:
    recorded = f"channel_{label}_outcome:acquit_ended:increase1h"
    now, yesterday = (_share(f"{recorded}{{{CHANNEL}}}{before}", label) for before in ("", " offset 1d"))
    counted = f"acquit_ended_by_{label}_total"
    return [
        bars(
            f"Delivery by {name}",
            f"Of the messages that ended in the time range that is shown, those delivered. {_WHY[label]}",
            Ask(_share(f"increase({counted}{{{CHANNEL}}}[$__range])", label), "delivered", instant=True),
            of=label, unit="percentunit", paint={"delivered": "green"}, highest=1, empty="nothing ended", wide=8,
        ),
        history(
            f"Delivery by {name}, over time",
            "When the trouble of one began, and when it ended.",
            Ask(now, f"{{{{{label}}}}}"),
            unit="percentunit", steps=look.DELIVERY, step="1h", empty="nothing ended", wide=16, high=8,
        ),
        lines(
            f"Messages by {name}",
            "Messages that ended, an hour: few make a ratio that says little.",
            Ask(f"sum by ({label}) ({recorded}{{{CHANNEL}}})", f"{{{{{label}}}}}"),
            unit="short", stacked=True, empty="nothing ended", wide=12, high=7,
        ),
        lines(
            f"Failure by {name}, against yesterday",
            "By how much the share of failures is above that of the same hour yesterday.",
            Ask(f"({yesterday}) - ({now})", f"{{{{{label}}}}}"),
            unit="percentunit", lowest=None, empty="nothing ended then, or now", wide=12, high=7,
        ),
    ]  # fmt: skip


def _share(of: str, label: str) -> str:
    delivered = of.replace("}", ',outcome="delivered"}')
    ended = of.replace("}", ',outcome!="rejected"}')
    delivered, ended = f"sum by ({label}) ({delivered})", f"sum by ({label}) ({ended})"
    return f"({delivered} or 0 * {ended}) / ({ended} > 0)"


def _engagements() -> list[Panel]:
    return [
        lines(
            "Engagements",
            "Replies, clicks, conversions, opens and reads, per hour, and those who say that nothing came.",
            Ask(f"sum by (type) (increase(acquit_engagements_total{{{CHANNEL}}}[1h]))", "{{type}}"),
            unit="short", stacked=True, empty="nobody did anything",
        ),
        lines(
            "Engagements over deliveries",
            "Engagements of a day over that day's deliveries. If it falls while receipts say that all is well, either "
            "it does not "
            "arrive, or the content is broken.",
            Ask(f"channel_type:acquit_engagements:ratio1d{{{CHANNEL}}}", "{{channel}} {{type}}"),
            unit="percentunit", empty="nobody did anything",
        ),
    ]  # fmt: skip
