"""A dossier as one HTML page that stands alone: no script, no link, nothing from elsewhere."""

from collections.abc import Callable, Sequence
from datetime import datetime

from acquit.routes.dossier import plots
from acquit.routes.dossier.content import DayCounts, Dip, Dossier, Example, ExampleKind
from acquit.routes.dossier.markup import Markup, tag, trusted
from acquit.routes.dossier.style import STYLE
from acquit.routes.dossier.words import TOO_LITTLE

WIDE, NARROW = 760, 350
"""Pixels that plots are drawn for: a screen or a page, and a phone."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_DAYS: Sequence[tuple[str, Callable[[DayCounts], int], Callable[[DayCounts], int]]] = (
    (
        "Numbers known to receive nothing",
        lambda day: day.known_dead_tried, lambda day: day.known_dead_delivered,
    ),
    (
        "Numbers of ours that receive nothing",
        lambda day: day.own_dead_tried, lambda day: day.own_dead_delivered,
    ),
    (
        "Handsets of ours that got nothing",
        lambda day: day.own_live_delivered, lambda day: day.own_live_silent,
    ),
)  # fmt: skip


def page(dossier: Dossier) -> str:
    subject = dossier.subject
    name = (
        f"Delivery receipts of {subject.route or 'a route without a name'} on {subject.carrier or 'an unknown carrier'}"
    )
    inside = tag(
        "main",
        _head(dossier, name),
        _evidence(dossier),
        _latency(dossier),
        _days(dossier),
        _peers(dossier),
        [_dip(dip) for dip in dossier.dips],
        _examples(dossier.examples),
        _listed("What would answer this", dossier.asks),
        _listed("How it was computed", dossier.method),
        _listed("What these numbers cannot say", dossier.unknowable),
        _price(dossier),
        _foot(dossier),
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", name),
        tag("style", trusted(STYLE)),
    )
    return "<!doctype html>\n" + tag("html", head, tag("body", inside), lang="en") + "\n"


def _head(dossier: Dossier, name: str) -> list[Markup]:
    subject, period, finding = dossier.subject, dossier.period, dossier.finding
    countries = ", ".join(subject.countries)
    mood = "unknown" if finding.headline == TOO_LITTLE else finding.word
    of = [f"supplier {subject.supplier}", subject.channel, countries, f"as of {period.last:%d %B %Y} (UTC)"]
    return [
        tag("h1", name),
        tag("p", " · ".join(part for part in of if part), class_="of"),
        tag(
            "div",
            tag("p", finding.headline, class_="word"),
            tag("p", finding.sentence),
            tag("p", dossier.attribution.sentence) if dossier.attribution else None,
            class_=f"lead {mood}",
        ),
        tag("div", _facts(dossier), _limits(finding.limits), class_="beside"),
    ]


def _facts(dossier: Dossier) -> Markup:
    finding, counts, period = dossier.finding, dossier.counts, dossier.period
    share = finding.share
    known = (period.last - period.window_first).days + 1
    days = f"{known} days to {period.last:%d %b %Y}" if known > 1 else f"{period.last:%d %b %Y}, one day"
    rows = [
        ("Counts are of", days),
        ("Messages", f"{counts.submitted:,}"),
        ("Told as delivered", f"{counts.handset + counts.network:,}"),
        ("Answered", f"{counts.answered:,}"),
        ("Delivery, reported", _rate(finding.reported_delivery)),
        ("Delivery, believed", _rate(finding.believed_delivery)),
        (
            "Receipts in doubt",
            f"{share.estimate:.1%} (95 %: {share.low:.1%} to {share.high:.1%})" if share else None,
        ),
        ("Evidence", f"{finding.nats:.1f} nats, {finding.odds}" if finding.odds != "none" else "none"),
        ("Since", f"{finding.since:%d %b %Y}" if finding.since else None),
    ]
    return tag("dl", [tag("div", tag("dt", name), tag("dd", said)) for name, said in rows if said])


def _rate(value: float | None) -> str | None:
    return None if value is None else f"{value:.1%}"


def _limits(limits: Sequence[str]) -> Markup:
    said = (
        tag("ul", [tag("li", limit) for limit in limits])
        if limits
        else tag(
            "p", "Everything that can be looked at was there: answers, numbers that receive nothing, other suppliers."
        )
    )
    more = tag("p", "What such numbers cannot say for anybody stands at the end.")
    return tag("aside", tag("h3", "What could not be looked at"), said, more, class_="limits")


def _evidence(dossier: Dossier) -> list[Markup]:
    rows = [
        tag(
            "tr",
            tag("td", part.title, data_label="Looked at"),
            tag("td", part.counted, data_label="Counted"),
            tag("td", f"{part.nats:.1f}", class_="number", data_label="Nats"),
            tag("td", part.odds, class_="number", data_label="Odds"),
        )
        for part in dossier.parts
        if part.of
    ]
    if not rows:
        return [tag("h2", "What was counted"), tag("p", "There was nothing to count.")]
    head = tag("tr", tag("th", "Looked at"), tag("th", "Counted"), tag("th", "Nats", class_="number"),
               tag("th", "Odds", class_="number"))  # fmt: skip
    signs = dossier.finding.signs
    odd = tag("p", "Odd as well, though it proves nothing: ", "; ".join(signs), ".") if signs else None
    note = (
        "Odds: how much likelier the counts are if a part of the receipts is not true than if all are. Where all "
        "receipts are true there are none, or a few to 1."
    )
    table = tag("div", tag("table", tag("thead", head), tag("tbody", rows), class_="stacked"), class_="scroll")
    return [
        part for part in (tag("h2", "What was counted"), table, tag("p", note, class_="note"), odd) if part is not None
    ]


def _figure(plot: Callable[[int], object], key: object, *caption: object) -> Markup:
    drawn = [tag("div", plot(WIDE), class_="wide"), tag("div", plot(NARROW), class_="narrow")]
    return tag("figure", key, drawn, tag("figcaption", caption))


def _key(*entries: tuple[str, str]) -> Markup:
    return tag("p", [tag("span", tag("i", class_=kind), said) for kind, said in entries], class_="key")


def _latency(dossier: Dossier) -> list[Markup]:
    if not any(one.delivered for one in dossier.latency):
        return [tag("h2", "Latency"), tag("p", "No delivery can be set beside its submit, so there are no latencies.")]
    if not any(one.answered for one in dossier.latency):
        said = "No answers are known, so latencies alone are shown. They say little: routes differ in them for many reasons."
        return [
            tag("h2", "Latency of what was delivered"),
            _figure(lambda width: plots.latency(dossier.latency, width), None, said),
        ]
    is_suspect = any(one.is_suspect for one in dossier.latency)
    entries = [
        ("all", "delivered"),
        ("part", "answered"),
        ("own dot", "rate of answers, 95 %"),
        ("expected bar", "to be expected"),
    ]
    if is_suspect:
        entries.append(("region", "where answers are missing"))
    here = (
        "Here they lie below it in the shaded part." if is_suspect else "Here no part stands out enough to be shaded."
    )
    figure = _figure(
        lambda width: plots.latency(dossier.latency, width),
        _key(*entries),
        tag("b", "Where all receipts are true: "),
        "the points follow the line at every latency, within their bars. Messages that come late may be answered less, and the "
        "line has that in it. ",
        here,
        " The line is this route's own curve and the shape of other suppliers' together.",
    )
    return [tag("h2", "Latency of what was delivered, and of what was answered"), figure]


def _days(dossier: Dossier) -> list[Markup]:
    shown = [row for row in _DAYS if any(row[1](day) for day in dossier.days)]
    if not shown:
        said = "No message went to a number that is known to receive nothing, or to one of ours: nothing to show here."
        return [tag("h2", "Contradictions over time"), tag("p", said)]
    figure = _figure(
        lambda width: [plots.contradictions(dossier.days, width, *row) for row in shown],
        _key(("all", "tried"), ("hot", "told as delivered, and cannot be, or did not come")),
        tag("b", "Where all receipts are true: "),
        "the dark part is hardly to be seen, for hardly any message to such a number can arrive. A few can: numbers are given "
        "to somebody new, and handsets are off.",
    )
    return [tag("h2", "Contradictions over time"), figure]


def _peers(dossier: Dossier) -> list[Markup]:
    title, peers = tag("h2", "Beside other suppliers of this carrier"), dossier.peers
    if not peers.lines:
        said = (
            f"Other suppliers on this carrier: {peers.other_suppliers}. Too few have enough messages of the same kind."
        )
        return [title, tag("p", said)]
    figure = _figure(
        lambda width: plots.peers(peers.lines, width),
        _key(("own dot", "this route, 95 %"), ("other dot", "another supplier")),
        tag("b", "Where all receipts are true: "),
        "its point lies among the others, on either side of the middle. This alone proves nothing, whatever it shows: other "
        "content and other audiences are answered otherwise. Of seven days, on a logarithmic scale.",
    )
    return [title, figure]


def _dip(dip: Dip) -> list[Markup]:
    weight = (
        "What people do does not depend on this, so a dip here counts as evidence."
        if dip.can_confirm
        else "Other content or another audience does this, too: a dip here proves nothing."
    )
    figure = _figure(
        lambda width: plots.strata(dip, width),
        None,
        tag("b", "Where all receipts are true: "),
        f"all bars end near the line. {weight} Named: {dip.where}.",
    )
    return [tag("h2", f"Answers by part: {dip.title[0].lower()}{dip.title[1:]}"), figure]


def _examples(kinds: Sequence[ExampleKind]) -> list[object]:
    title = tag("h2", "Examples")
    if not kinds:
        return [title, tag("p", "No single message contradicts itself, or its number.")]
    note = (
        "Single messages that do not fit; every route has some. Times are UTC, as exact as they were told to us. Recipients "
        "are masked; the message id finds them."
    )
    return [title, tag("p", note, class_="note"), [_kind(kind) for kind in kinds]]


def _kind(kind: ExampleKind) -> list[Markup | None]:
    shown = len(kind.messages)
    held = (
        tag("p", f"{kind.held_back:,} examples are kept back: they would tell which numbers are ours.", class_="note")
        if kind.held_back
        else None
    )
    rows = [[(name, said) for name, said in _cells(example)] for example in kind.messages]
    used = [name for name, _ in rows[0] if any(dict(row)[name] is not None for row in rows)] if rows else []
    body = [tag("tr", [tag("td", said or "-", data_label=name) for name, said in row if name in used]) for row in rows]
    head = tag("thead", tag("tr", [tag("th", name) for name in used]))
    table = tag("table", head, tag("tbody", body), class_="stacked examples") if rows else None
    of = f"{kind.counted:,} in the period" + (f", {shown} shown. " if rows else ". ")
    return [tag("h3", kind.title), tag("p", of, kind.meaning), held, table]


def _cells(example: Example) -> list[tuple[str, object]]:
    """What is None in all messages of a kind is no column."""
    return [
        ("Message id", _code(example.message_id)),
        ("Provider", example.provider),
        ("Recipient", _code(example.to)),
        ("Submitted", _time(example.submitted_at)),
        ("Delivered", _time(example.delivered_at)),
        (
            "After",
            None if example.after_seconds is None else tag("span", f"{example.after_seconds:,.3f} s", class_="time"),
        ),
        ("Failed", _time(example.failed_at)),
    ]


def _code(text: str) -> Markup:
    """In one line, if it is no longer than most ids."""
    return tag("code", text, class_="time" if len(text) <= 24 else None)


def _time(at: datetime | None) -> object:
    """Date over time, so that a table of three of them fits a page."""
    if at is None:
        return None
    said = [tag("span", f"{at:%Y-%m-%d}", class_="time"), " "]
    return tag("span", said, tag("span", f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}", class_="time"))


def _listed(title: str, sentences: Sequence[str]) -> list[Markup]:
    return [tag("h2", title), tag("ul", [tag("li", sentence) for sentence in sentences])] if sentences else []


def _price(dossier: Dossier) -> list[Markup]:
    return [tag("h2", "Price"), tag("p", dossier.price.sentence)] if dossier.price else []


def _foot(dossier: Dossier) -> Markup:
    period = dossier.period
    made = (
        f"Looked at: {period.first} to {period.last} (UTC). Made by acquit {dossier.version}, rules {dossier.ruleset}"
    )
    said = (
        "from counts of messages and of what became of them. The same content is in the JSON that belongs to this page. It "
        "says whether receipts and evidence agree, and nothing about anybody's intent."
    )
    return tag("footer", f"{made}, {said}")
