"""How delivery is now, by carrier and hour; what is wrong; and whether what is reported can be believed."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana import look
from grafana.asking import ALERTS, CARRIER, DELIVERED, OF_ALERTS, RATED, Ask, cohort, cohort_delivery, zero_while_up
from grafana.frame import OF_CELL, framed, link_to, of_row, of_series
from grafana.panels import Column, Panel, history, lines, matrix, number, rows, timeline

_RATIO_1H = f"channel_carrier:acquit_delivery:ratio1h{{{CARRIER}}}"
_TOLD = f"avg by (channel, carrier, route, as) (acquit_route_delivery_ratio{{{CARRIER}}})"


def board() -> Dashboard:
    return framed(
        "acquit overview",
        "Delivery of all carriers, what is wrong now, and whether receipts can be believed. Begin here.",
        {"Now": _now(), "Delivery": _delivery(), "Alerts": _alerts(), "Can it be believed": _believed()},
        variables=("channel", "carrier"),
    )


def _now() -> list[Panel]:
    return [
        number(
            "Delivery, last 24 h",
            "Of the messages submitted in the last 24 hours that have an outcome: delivered or read. What was "
            "rejected before it "
            "reached a carrier does not count.",
            Ask(f"{cohort(DELIVERED, by='')} / ({cohort(RATED, by='')} > 0)"),
            unit="percentunit", steps=look.DELIVERY, decimals=1, empty="no outcome yet",
            links=[link_to("acquit carrier", keep=("channel", "carrier"))],
        ),
        number(
            "Expected now",
            "Of what was submitted in the last hour: how much should be delivered by now, by what is usual at this "
            "age and hour.",
            Ask(f"sum({_recent('expected')}) / (sum({_recent('messages')}) > 0)"),
            unit="percentunit", steps=look.NO_MATTER, decimals=1, empty="nothing is usual yet",
        ),
        number(
            "Alerts up",
            "Alerts that acquit raised and that are not over: delivery, routes, complaints, held failures.",
            Ask(zero_while_up(f"count({ALERTS} == 1)")),
            unit="short", steps=look.NONE_IS_GOOD, empty="no worker tells",
        ),
        number(
            "Routes not believed",
            "Routes on carriers whose receipts the evidence contradicts.",
            Ask(zero_while_up(f"count(max by (channel, carrier, route) (acquit_route_verdict{{{CARRIER}}}) == 2)")),
            unit="short", steps=look.NONE_IS_GOOD, empty="no worker tells",
            links=[link_to("acquit routes", keep=("channel", "carrier"))],
        ),
        number(
            "List may be trusted",
            "Whether senders may rely on the suppression list in Redis now. If not, they must wait or ask otherwise.",
            Ask("max(acquit_suppression_list_ready)"),
            unit="none", steps=look.ONE_IS_GOOD, said=look.YES_IS_GOOD, empty="no worker tells",
            links=[link_to("acquit suppression", keep=("channel",))],
        ),
        number(
            "Oldest unread record",
            "How long the oldest record that no worker has read yet has waited. Everything here is late by as much.",
            Ask("max(acquit_consumer_lag_seconds)"),
            unit="s", steps=look.SECONDS_LATE, empty="no worker tells", links=[link_to("acquit worker")],
        ),
    ]  # fmt: skip


def _recent(what: str) -> str:
    return f"max by (channel, carrier) (acquit_recent_{what}{{{CARRIER}}})"


def _delivery() -> list[Panel]:
    return [
        matrix(
            "Delivery by carrier and hour of submission",
            "Of the messages submitted in this hour of the day, its latest one: delivered or read over all outcomes. "
            "The newest "
            "hours still change as receipts come.",
            Ask(f"max by (carrier, hour) ({cohort_delivery(by='carrier, hour')})", instant=True),
            row="carrier", column="hour", unit="percentunit", steps=look.DELIVERY, empty="no outcome yet",
            links=[link_to("acquit carrier", keep=("channel",), carrier=OF_CELL)],
        ),
        history(
            "Delivery by carrier as outcomes come",
            "Of the messages that ended within each hour, those delivered: it falls at once when a carrier fails, "
            "whatever hour "
            "the messages are of.",
            Ask(_RATIO_1H, "{{channel}} {{carrier}}"),
            unit="percentunit", steps=look.DELIVERY, step="1h", empty="nothing ended",
            links=[link_to("acquit carrier", channel=of_series("channel"), carrier=of_series("carrier"))],
        ),
        lines(
            "Receipts by status",
            "Receipts that said something new, per second. Nothing at all is as odd as failures.",
            Ask(f"sum by (status) (rate(acquit_receipts_total{{{CARRIER}}}[$__rate_interval]))", "{{status}}"),
            unit="cps", paint=look.STATUS, stacked=True, empty="no receipts",
        ),
        lines(
            "Messages that ended, and as many a day and a week ago",
            "Traffic of the last hour against the same hour of yesterday and of last week.",
            Ask(f"sum(channel_carrier:acquit_ended:increase1h{{{CARRIER}}})", "now"),
            Ask(f"sum(channel_carrier:acquit_ended:increase1h{{{CARRIER}}} offset 1d)", "yesterday"),
            Ask(f"sum(channel_carrier:acquit_ended:increase1h{{{CARRIER}}} offset 1w)", "a week ago"),
            unit="short", paint=look.DAYS, empty="nothing ended",
        ),
    ]  # fmt: skip


def _alerts() -> list[Panel]:
    return [
        timeline(
            "Alerts, from when to when",
            "Every alert of acquit: what it is, whom it is about (a name that is missing is all of them), and how "
            "long it was up.",
            Ask(ALERTS, "{{kind}} {{channel}} {{carrier}} {{route}} {{supplier}} {{stream}}"),
            said=look.UP, empty="no alert in this time",
            links=[
                link_to("acquit carrier", "This carrier", channel=of_series("channel"), carrier=of_series("carrier")),
                link_to("acquit carrier", "All carriers of this channel", channel=of_series("channel")),
            ],
        ),
        rows(
            "What the alerts up now rest on",
            "For each alert that is up: how many messages it rests on, what was seen when it was raised, and what was "
            "expected.",
            {
                "up": Ask(f"{ALERTS} == 1", instant=True),
                "messages": Ask(_of_alert("messages"), instant=True),
                "seen": Ask(_of_alert("ratio"), instant=True),
                "expected": Ask(_of_alert("expected_ratio"), instant=True),
            },
            labels=("kind", "channel", "carrier", "route", "supplier", "stream"),
            columns=[Column("up", "none", said=look.UP), Column("messages", "short"), Column("seen", "percentunit"),
                     Column("expected", "percentunit")],
            empty="no alert is up", high=7,
        ),
    ]  # fmt: skip


def _of_alert(what: str) -> str:
    return f"max without (instance, job, pod) (acquit_alert_{what}{{{OF_ALERTS}}})"


def _believed() -> list[Panel]:
    gap = f'max by (channel, carrier, route) (acquit_route_delivery_ratio{{{CARRIER},as="reported"}}) - '
    gap += f'max by (channel, carrier, route) (acquit_route_delivery_ratio{{{CARRIER},as="believed"}})'
    ratio = f"max by (channel, carrier, route) (acquit_route_delivery_ratio{{{CARRIER},as='%s'}})"
    return [
        lines(
            "Reported and believed delivery",
            "All routes together, each by its weight of messages: what receipts say, and what is left when those that the "
            "evidence contradicts are taken away. Judged once a day.",
            Ask(_weighed("reported"), "reported"), Ask(_weighed("believed"), "believed"),
            unit="percentunit", paint=look.TOLD, highest=1, empty="no route is judged yet",
        ),
        rows(
            "Routes by what is not believed",
            "Delivery by route as reported and as believed; the difference is what is paid for and did not arrive.",
            {
                "reported": Ask(ratio % "reported", instant=True),
                "believed": Ask(ratio % "believed", instant=True),
                "difference": Ask(gap, instant=True),
            },
            labels=("route", "channel", "carrier"),
            columns=[*(Column(name, "percentunit", steps=look.DELIVERY) for name in ("reported", "believed")),
                     Column("difference", "percentunit", steps=look.FORGED)],
            empty="no route is judged yet", sort="difference", wide=12, high=8,
            links=[link_to("acquit routes", keep=("channel",), carrier=of_row("carrier"), route=of_row("route"))],
        ),
    ]  # fmt: skip


def _weighed(told: str) -> str:
    """Of a route all carriers weigh the same: how many messages each has, no metric says."""
    ratio = f"avg by (route) (max by (channel, carrier, route) (acquit_route_delivery_ratio{{{CARRIER},as='{told}'}}))"
    messages = "sum by (route) (max by (route, known_by) (acquit_route_messages))"
    return f"sum({ratio} * on (route) {messages}) / sum({messages} and on (route) {ratio})"
