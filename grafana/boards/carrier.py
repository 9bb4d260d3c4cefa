"""One carrier, or some: its day hour by hour, what is expected of it, why messages fail there and how long they take."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana import look
from grafana.asking import CARRIER, CHANNEL, RATED, Ask, cohort, cohort_delivery, quantile
from grafana.frame import framed, link_to, of_row, of_series
from grafana.panels import Column, Panel, bars, buckets, lines, number, rows

_RATIO_1H = f"channel_carrier:acquit_delivery:ratio1h{{{CARRIER}}}"
_HOURS = f"channel_carrier_hour:acquit_cohort_delivery:ratio{{{CARRIER}}}"
_LATENCY = "acquit_receipt_latency_seconds"


def board() -> Dashboard:
    return framed(
        "acquit carrier",
        "Delivery of the chosen carriers by hour of the day, against what is expected and against former days; "
        "failures, latency.",
        {"Now": _now(), "By hour of day": _by_hour(), "Expected and actual": _expected(), "Failures": _failures(),
         "Latency": _latency()},
        variables=("channel", "carrier"),
        since="now-2d",
    )  # fmt: skip


def _now() -> list[Panel]:
    return [
        number(
            "Delivery, last hour",
            "Of the messages that ended within the last hour, those delivered; the worst of the chosen carriers.",
            Ask(f"min({_RATIO_1H})"),
            unit="percentunit", steps=look.DELIVERY, decimals=1, wide=6, empty="nothing ended",
        ),
        number(
            "Against yesterday",
            "How delivery of the last hour differs from that of the same hour yesterday, at the carrier that fell most.",
            Ask(f"min({_RATIO_1H} - {_RATIO_1H} offset 1d)"),
            unit="percentunit", steps=_FALL, decimals=1, wide=6, empty="nothing ended then, or now",
        ),
        number(
            "Against last week",
            "The same against the same hour of the same day of last week.",
            Ask(f"min({_RATIO_1H} - {_RATIO_1H} offset 1w)"),
            unit="percentunit", steps=_FALL, decimals=1, wide=6, empty="nothing ended then, or now",
        ),
        number(
            "Complaints, last day",
            "Complaints of the last day over that day's deliveries, at the carrier that has most. Mailbox providers "
            "act at 0.3 %.",
            Ask(f"max(channel_carrier:acquit_complaints:ratio1d{{{CARRIER}}}) or 0 * {_ended('')}"),
            unit="percentunit", steps={0: look.GOOD, 0.001: look.ODD, 0.003: look.WORSE}, decimals=2, wide=6,
            empty="nothing ended",
        ),
    ]  # fmt: skip


_FALL = {-0.10: look.BAD, -0.05: look.ODD, -0.02: look.GOOD}


def _by_hour() -> list[Panel]:
    return [
        bars(
            "Delivery by hour of submission",
            "Each hour of the day by its latest day; beside it, what the same hour had a day and a week ago. An hour "
            "that is bad "
            "every day is a habit of the carrier; one that is bad today alone is trouble.",
            Ask(cohort_delivery(by="hour"), "now", instant=True),
            Ask(cohort_delivery(by="hour", before="1d"), "yesterday", instant=True),
            Ask(cohort_delivery(by="hour", before="1w"), "a week ago", instant=True),
            of="hour", unit="percentunit", paint=look.DAYS, highest=1, empty="no outcome yet", wide=24,
        ),
        bars(
            "Messages by hour of submission and what became of them",
            "Of each hour's latest day: how many were delivered or read, failed, expired, were rejected, or wait for "
            "an outcome.",
            *(Ask(cohort(status, by="hour"), name, instant=True) for name, status in OUTCOMES.items()),
            of="hour", unit="short", paint=OUTCOME_COLOURS, stacked=True, empty="no messages", wide=24,
        ),
        rows(
            "The worst hours",
            "The ten hours of submission with the least delivery, of the chosen carriers, and how many messages had "
            "an outcome.",
            {
                "delivery": Ask(f"bottomk(10, {_HOURS})", instant=True),
                "messages": Ask(f"{cohort(RATED, by='channel, carrier, hour')} and bottomk(10, {_HOURS})", instant=True),
            },
            labels=("carrier", "channel", "hour"),
            columns=[Column("delivery", "percentunit", steps=look.DELIVERY), Column("messages", "short")],
            empty="no outcome yet", high=8,
            links=[link_to("acquit carrier", channel=of_row("channel"), carrier=of_row("carrier"))],
        ),
    ]  # fmt: skip


OUTCOMES = {
    "delivered": "delivered_network|delivered_handset|read", "failed": "failed", "expired": "expired",
    "rejected": "rejected", "not known": "unknown", "no outcome yet": "queued|sent|accepted|deferred",
}  # fmt: skip
OUTCOME_COLOURS = {"delivered": "green", "failed": "red", "expired": "yellow", "rejected": "orange",
                    "not known": "dark-purple", "no outcome yet": look.QUIET}  # fmt: skip


def _expected() -> list[Panel]:
    ratio = "channel_carrier:acquit_recent_{}:ratio{{" + CARRIER + "}}"
    return [
        lines(
            "Actual and expected delivery of the last hour's messages",
            "Of what was submitted in the last hour: delivered so far, and what should be by now, by what is usual at "
            "this age, "
            "hour and day of the week. The gap is what alerts on delivery are raised for.",
            Ask(ratio.format("delivery"), "{{channel}} {{carrier}}"),
            Ask(ratio.format("expected"), "{{channel}} {{carrier}} expected"),
            unit="percentunit", highest=1, empty="nothing was submitted in the last hour, or nothing is usual yet",
        ),
        lines(
            "Delivery as outcomes come, a day and a week ago",
            "Of the messages that ended within an hour, those delivered; all chosen carriers together.",
            Ask(_together(""), "now"), Ask(_together(" offset 1d"), "yesterday"), Ask(_together(" offset 1w"), "a week ago"),
            unit="percentunit", paint=look.DAYS, highest=1, empty="nothing ended",
        ),
        lines(
            "Messages that ended, and as many a day and a week ago",
            "Per hour, of the chosen carriers: less traffic than usual is a question to upstream, more failures one "
            "to the carrier.",
            Ask(_ended(""), "now"), Ask(_ended(" offset 1d"), "yesterday"), Ask(_ended(" offset 1w"), "a week ago"),
            unit="short", paint=look.DAYS, empty="nothing ended",
        ),
        lines(
            "Messages without an outcome",
            "Of the last 24 hours of submissions, those for which no final receipt came: receipts that stop coming "
            "look like this "
            "long before anything fails.",
            Ask(cohort(OUTCOMES["no outcome yet"], by="channel, carrier"), "{{channel}} {{carrier}}"),
            unit="short", empty="all have one",
        ),
    ]  # fmt: skip


def _ended(before: str) -> str:
    return f"sum(channel_carrier:acquit_ended:increase1h{{{CARRIER}}}{before})"


def _together(before: str) -> str:
    delivered = f'channel_carrier_outcome:acquit_ended:increase1h{{{CARRIER},outcome="delivered"}}{before}'
    return f"sum({delivered}) / ({_ended(before)} > 0)"


def _failures() -> list[Panel]:
    failures = f"acquit_failures_total{{{CARRIER}}}[$__rate_interval]"
    return [
        lines(
            "Failures by reason",
            "Failed receipts by category. One category that rises alone tells what is wrong: see the dashboard on failures.",
            Ask(f"sum by (category) (rate({failures}))", "{{category}}"),
            unit="cps", stacked=True, empty="no failure",
            links=[link_to("acquit failures", keep=("channel", "carrier"))],
        ),
        lines(
            "Failures by permanence",
            "Permanent ones say that the address is bad, transient ones that it may work later, none that it is not "
            "the address.",
            Ask(f"sum by (permanence) (rate({failures}))", "{{permanence}}"),
            unit="cps", paint=look.PERMANENCE, stacked=True, empty="no failure",
        ),
        lines(
            "Share of failures by carrier",
            "Receipts of failures over those of all outcomes, as they come.",
            Ask(f"1 - {_RATIO_1H}", "{{channel}} {{carrier}}"),
            unit="percentunit", steps=look.FAILURE, empty="nothing ended",
            links=[link_to("acquit carrier", channel=of_series("channel"), carrier=of_series("carrier"))],
        ),
        lines(
            "Statuses",
            "Every receipt that said something new, by its status.",
            Ask(f"sum by (status) (rate(acquit_receipts_total{{{CARRIER}}}[$__rate_interval]))", "{{status}}"),
            unit="cps", paint=look.STATUS, stacked=True, empty="no receipts",
        ),
    ]  # fmt: skip


def _latency() -> list[Panel]:
    return [
        lines(
            "Time to delivery",
            "From the submit to the receipt of delivery on the handset. Of the channel: latency is not counted by carrier.",
            *(Ask(quantile(part, _LATENCY, by="channel", of=f'{CHANNEL},status="delivered_handset"', window="1h"),
                  f"{{{{channel}}}} {name}") for name, part in (("median", 0.5), ("95 %", 0.95))),
            unit="s", empty="nothing delivered",
        ),
        lines(
            "Time to each step, 95 of 100",
            "From the submit to the first receipt of each status, of the channel.",
            Ask(quantile(0.95, _LATENCY, by="status", of=CHANNEL, window="1h"), "{{status}}"),
            unit="s", paint=look.STATUS, empty="no receipts",
        ),
        buckets(
            "Deliveries by how long they took",
            "Receipts of delivery on the handset by the time since the submit, of the channel. A second band above "
            "the first is a "
            "queue, or a route that retries.",
            _LATENCY, of=f'{CHANNEL},status="delivered_handset"', empty="nothing delivered", wide=24,
        ),
    ]  # fmt: skip
