"""Why messages fail: categories and whether they are for good, codes that no table knows, and what to do about each."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from acquit.rules import load
from grafana import look
from grafana.asking import CARRIER, Ask, zero_while_up
from grafana.frame import OF_CELL, framed, link_to
from grafana.panels import Column, Panel, lines, matrix, note, number, rows

_FAILED = f"acquit_failures_total{{{CARRIER}}}"

_ALL_IN_RANGE = f"sum(increase({_FAILED}[$__range]))"


def board() -> Dashboard:
    return framed(
        "acquit failures",
        "Failed receipts by reason, permanence and carrier; words of providers that no table knows; and what to do.",
        {
            "Now": _now(),
            "Reasons": _reasons(),
            "By carrier": _by_carrier(),
            "Not known": _unknown(),
            "What to do": _advice(),
        },
        variables=("channel", "carrier"),
    )


def _now() -> list[Panel]:
    return [
        number(
            "Failures in this time",
            "Receipts of failures in the time range that is shown.",
            Ask(zero_while_up(f"sum(increase({_FAILED}[$__range]))"), instant=True),
            unit="short", decimals=0, wide=6, empty="no worker tells",
        ),
        number(
            "For good",
            "Of these failures, the permanent ones: they say that the address is bad, and most put it on the list.",
            Ask(_part('permanence="permanent"'), instant=True),
            unit="percentunit", decimals=1, wide=6, empty="no failure",
        ),
        number(
            "Reason not known",
            "Of these failures, those whose words no table explains. They are counted as transient and suppress nobody.",
            Ask(_part('category="unknown"'), instant=True),
            unit="percentunit", steps={0: look.GOOD, 0.01: look.ODD, 0.05: look.WORSE}, decimals=1, wide=6, empty="no failure",
        ),
        number(
            "Complaints in this time",
            "Complaints that a provider or a person told, in the time range that is shown.",
            Ask(zero_while_up(f"sum(increase(acquit_complaints_total{{{CARRIER}}}[$__range]))"), instant=True),
            unit="short", decimals=0, wide=6, empty="no worker tells",
        ),
    ]  # fmt: skip


def _part(of: str) -> str:
    part = f"sum(increase(acquit_failures_total{{{CARRIER},{of}}}[$__range]))"
    return f"({part} or 0 * {_ALL_IN_RANGE}) / ({_ALL_IN_RANGE} > 0)"


def _reasons() -> list[Panel]:
    return [
        lines(
            "Failures by category",
            "Failed receipts by why they failed. What each means, and what to do, stands below.",
            Ask(f"sum by (category) (rate({_FAILED}[$__rate_interval]))", "{{category}}"),
            unit="cps", stacked=True, empty="no failure",
        ),
        lines(
            "Failures by permanence",
            "Permanent: the address is bad. Transient: it may work later. None: it is not about the address.",
            Ask(f"sum by (permanence) (rate({_FAILED}[$__rate_interval]))", "{{permanence}}"),
            unit="cps", paint=look.PERMANENCE, stacked=True, empty="no failure",
        ),
        lines(
            "Failures an hour, and a day and a week ago",
            "All failures of the last hour against the same hour of yesterday and of last week.",
            *(Ask(f"sum(channel_carrier_category:acquit_failures:increase1h{{{CARRIER}}}{before})", name)
              for name, before in (("now", ""), ("yesterday", " offset 1d"), ("a week ago", " offset 1w"))),
            unit="short", paint=look.DAYS, empty="no failure",
        ),
        lines(
            "What rose most since yesterday",
            "By category: failures of the last hour less those of the same hour yesterday, the five that rose most.",
            Ask(f"topk(5, {_by_category('')} - ({_by_category(' offset 1d')} or 0 * {_by_category('')}))", "{{category}}"),
            unit="short", lowest=None, empty="no failure",
        ),
    ]  # fmt: skip


def _by_category(before: str) -> str:
    return f"sum by (category) (channel_carrier_category:acquit_failures:increase1h{{{CARRIER}}}{before})"


def _by_carrier() -> list[Panel]:
    return [
        matrix(
            "Failures by carrier and category",
            "Failed receipts in the time range that is shown. A column that is full is the sender's or the content's "
            "doing, a row "
            "that is full the carrier's.",
            Ask(f"sum by (carrier, category) (increase({_FAILED}[$__range])) > 0", instant=True),
            row="carrier", column="category", unit="short", steps={0: look.GOOD, 10: look.ODD, 100: look.BAD, 1000: look.WORSE},
            empty="no failure",
            links=[link_to("acquit carrier", keep=("channel",), carrier=OF_CELL)],
        ),
        lines(
            "Share of failures by carrier",
            "Of the messages that ended within an hour, those that failed.",
            Ask(f"1 - channel_carrier:acquit_delivery:ratio1h{{{CARRIER}}}", "{{channel}} {{carrier}}"),
            unit="percentunit", steps=look.FAILURE, empty="nothing ended", wide=24,
        ),
    ]  # fmt: skip


def _unknown() -> list[Panel]:
    return [
        rows(
            "Codes that no table knows",
            "Words and codes of providers that no row of the rules explains, in the time range that is shown. Each "
            "calls for a row: "
            "`acquit explain PROVIDER CODE` says what is known; a folder of your own rules takes new rows.",
            {"receipts": Ask("sum by (provider, code) (increase(acquit_unknown_codes_total[$__range])) > 0", instant=True)},
            labels=("provider", "code"), columns=[Column("receipts", "short")], empty="all codes are known", sort="receipts",
            wide=12, high=8,
        ),
        lines(
            "Share of receipts with an unknown code",
            "Of all receipts of an hour. Above the line somebody is told: a provider has new codes.",
            Ask("acquit:acquit_unknown_codes:ratio1h", "unknown codes"), Ask("acquit:unknown_codes:limit", "limit"),
            unit="percentunit", paint={"unknown codes": "orange", "limit": look.QUIET}, empty="no receipts",
        ),
    ]  # fmt: skip


def _advice() -> list[Panel]:
    return [
        note(
            "Each category, and what to do",
            "From the same table that `acquit explain` reads. A provider's code may have advice of its own there.",
            _advice_table(), high=24,
        )
    ]  # fmt: skip


def _advice_table() -> str:
    rows_of = [
        f"| `{name}` | {one.permanence} | {one.action} | {one.advice} |" for name, one in load().categories.items()
    ]
    return "\n".join(["| category | permanence | action | what to do |", "|---|---|---|---|", *rows_of])
