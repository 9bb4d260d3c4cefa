"""Whether a route tells the truth: the verdict, how strong the evidence is, how much is forged, and where the dossier is."""

from collections.abc import Sequence

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana import look
from grafana.asking import ROUTE, Ask, zero_while_up
from grafana.frame import framed, link_to, of_row, of_series
from grafana.panels import Column, Panel, lines, note, number, rows, timeline

_PLACE = "channel, carrier, route"
_NAME = "{{route}} {{channel}} {{carrier}}"


def board() -> Dashboard:
    return framed(
        "acquit routes",
        "Whether the receipts of each route can be believed. Judged once a day; a verdict rests on counts, never on a guess.",
        {"Now": _now(), "Verdicts": _verdicts(), "Evidence": _evidence(), "What is known of messages": _known(),
         "The dossier": _dossier()},
        variables=("channel", "carrier", "route"),
        since="now-14d",
    )  # fmt: skip


def _of(metric: str, more: str = "") -> str:
    return f"max by ({_PLACE}) ({metric}{{{ROUTE}{more}}})"


def _now() -> list[Panel]:
    words: Sequence[tuple[int, str, look.Steps, str]] = (
        (2, "contradicted", look.NONE_IS_GOOD, "Routes on carriers whose receipts cannot all be true."),
        (1, "suspect", look.SOME_IS_ODD, "Evidence that is not enough yet, and too much to be quiet about."),
        (0, "clean", look.NO_MATTER, "Routes on carriers with nothing against them that counts."),
    )
    return [
        *(
            number(
                f"Routes that are {word}", why, Ask(zero_while_up(f"count({_of('acquit_route_verdict')} == {value})")),
                unit="short", steps=steps, wide=6, empty="no worker tells",
            )
            for value, word, steps, why in words
        ),
        number(
            "Verdicts not shown",
            "Routes on carriers beyond the number that metrics show: clean ones with few messages. `acquit routes "
            "list` has all.",
            Ask("max(acquit_routes_unshown)"),
            unit="short", wide=6, empty="no worker tells",
        ),
    ]  # fmt: skip


def _verdicts() -> list[Panel]:
    ask = {
        "verdict": _of("acquit_route_verdict"),
        "evidence": _of("acquit_route_evidence_nats"),
        "forged, least": _of("acquit_route_forged_share", ',bound="low"'),
        "forged": _of("acquit_route_forged_share", ',bound="estimate"'),
        "forged, most": _of("acquit_route_forged_share", ',bound="high"'),
        "reported": _of("acquit_route_delivery_ratio", ',as="reported"'),
        "believed": _of("acquit_route_delivery_ratio", ',as="believed"'),
    }
    return [
        rows(
            "The last verdict on each route and carrier",
            "Evidence is the logarithm (base e) of how much likelier the counts are if receipts are forged than if "
            "they are honest. "
            "Forged is the share of receipts of delivery, with its 95 % interval; believed is delivery without them.",
            {name: Ask(expr, instant=True) for name, expr in ask.items()},
            labels=("route", "channel", "carrier"),
            columns=[
                Column("verdict", "none", said=look.VERDICTS), Column("evidence", "suffix: nats"),
                *(Column(name, "percentunit", steps=look.FORGED) for name in ("forged, least", "forged", "forged, most")),
                *(Column(name, "percentunit", steps=look.DELIVERY) for name in ("reported", "believed")),
            ],
            empty="no route is judged yet: it takes submits, a week of them for small routes", sort="evidence",
            links=[link_to("acquit routes", keep=("channel",), route=of_row("route"), carrier=of_row("carrier"))],
        ),
        timeline(
            "Verdicts, from when to when",
            "How long each route was thought to be clean, suspect or contradicted.",
            Ask(_of("acquit_route_verdict"), _NAME),
            said=look.VERDICTS, empty="no route is judged yet",
            links=[link_to("acquit carrier", channel=of_series("channel"), carrier=of_series("carrier"))],
        ),
    ]  # fmt: skip


def _evidence() -> list[Panel]:
    return [
        lines(
            "Evidence against receipts",
            "In nats, by route and carrier. It may be below zero: then the counts speak for the route.",
            Ask(_of("acquit_route_evidence_nats"), _NAME),
            unit="suffix: nats", lowest=None, empty="no route is judged yet",
        ),
        lines(
            "Share of forged receipts of delivery",
            "Of contradicted routes: the estimate, and the 95 % interval around it. Choose one route to read it.",
            Ask(f"max by ({_PLACE}, bound) (acquit_route_forged_share{{{ROUTE}}})", "{{route}} {{carrier}} {{bound}}"),
            unit="percentunit", empty="no route is contradicted",
        ),
        lines(
            "Reported delivery",
            "What the receipts of each route say. A route that is better than all others is no proof, and a reason to look.",
            Ask(_of("acquit_route_delivery_ratio", ',as="reported"'), _NAME),
            unit="percentunit", highest=1, empty="no route is judged yet",
        ),
        lines(
            "Believed delivery",
            "The same without what is forged, by estimate. Choose routes by this.",
            Ask(_of("acquit_route_delivery_ratio", ',as="believed"'), _NAME),
            unit="percentunit", highest=1, empty="no route is judged yet",
        ),
    ]  # fmt: skip


def _known() -> list[Panel]:
    of = '{route=~"$route"}'
    return [
        lines(
            "Messages of the newest day, by what is known of them",
            "Messages that a submit told of, and those that receipts alone know. Without submits missing receipts "
            "cannot be counted.",
            Ask(f"sum by (known_by) (max by (route, known_by) (acquit_route_messages{of}))", "{{known_by}}"),
            unit="short", paint={"submit": "blue", "receipts": "orange"}, stacked=True, empty="no messages",
        ),
        lines(
            "Share that receipts alone know, by route",
            "Above the line a supplier names messages otherwise in its receipts than in its submit response.",
            Ask(f"route:acquit_route_unmatched:ratio{of}", "{{route}}"), Ask("acquit:route_unmatched:limit", "limit"),
            unit="percentunit", paint={"limit": look.QUIET}, highest=1, empty="no messages",
        ),
    ]  # fmt: skip


def _dossier() -> list[Panel]:
    return [
        note(
            "How to get the dossier on a route",
            "What is sent to a supplier: the evidence, its counts, examples with exact times, and plots.",
            """A verdict comes with a dossier: what was counted, why it contradicts the receipts, at least three "
            "examples with exact
times and masked addresses, and plots. Write it, and send it to the supplier:

```
acquit routes list                                             # the verdicts on all routes
acquit routes evidence ROUTE --carrier CARRIER --html dossier.html --json dossier.json
```

While a route is contradicted, its receipts of delivery prove nothing: believe the column *believed*, and move traffic away.
""",
            high=7,
        )
    ]
