"""The dossier says what the verdict says, names nobody it should not, and accuses nobody."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from acquit.effects import Example, Tally
from acquit.routes.dossier import Dossier, Terms, dossier, page
from acquit.routes.dossier.markup import tag
from acquit.routes.dossier.words import TOO_LITTLE, odds, rests_on
from acquit.routes.reading import Tallied, judged_days, tallied
from acquit.routes.verdict import Beside, Judged, Priced, Verdict
from acquit.routes.wording import LEAST_NATS
from acquit.schemas import schema
from acquit.simulate.world.frauds import FRAUDS
from acquit.simulate.world.laws import draw_world
from acquit.simulate.world.tallies import draw_tallies
from tests.routes.tally_world import records

TERMS = Terms("1.2.3", "2026.11.4")
CARRIERS = {"23420", "23430"}
LIAR = ("elm", "23420")
HONEST = ("alder", "23420")
_ACCUSING = ("fraud", "fake", "forge", "liar", "lying", "cheat", "honest", "crimin", "guilty", "decei")
NASTY = "<script>alert(1)</script>\"' onload=x &amp; \u202eevil\x07"


@dataclass(frozen=True)
class Told:
    verdict: Verdict
    judged: Judged
    tallied: Tallied

    def dossier(self, terms: Terms = TERMS) -> Dossier:
        return dossier(self.verdict, self.judged, self.tallied, terms)


@cache
def the_tallies() -> tuple[Tally, ...]:
    """Nine days of two carriers; one route lies from the fifth on, in 30 % of its messages."""
    world = draw_world(3, probes_per_day=100, days=9)
    world = replace(world, routes=tuple(route for route in world.routes if route.carrier.mccmnc in CARRIERS))
    drawn = draw_tallies(world, fraud=FRAUDS["S2 uniform 30 %"], liars=[LIAR], from_day=4)
    return tuple(records(drawn, range(9)))


def told(tallies: tuple[Tally, ...], route: str, carrier: str) -> Told:
    read = tallied(tallies)
    *_, (_, judged) = judged_days(read.days)
    [verdict] = [one for one in judged.verdicts if (one.place.route, one.place.carrier) == (route, carrier)]
    return Told(verdict, judged, read)


@cache
def contradicted() -> Told:
    return told(the_tallies(), *LIAR)


@cache
def clean() -> Told:
    return told(the_tallies(), *HONEST)


def with_examples(case: Told, *examples: Example, kind: str = "known_dead_delivered") -> Told:
    first = next(iter(case.tallied.examples[case.verdict.place]))
    kept = {case.verdict.place: [replace(first, kind=kind, example=one) for one in examples]}
    return replace(case, tallied=replace(case.tallied, examples=kept))


def with_few_messages(part: int) -> tuple[Tally, ...]:
    return tuple(
        msgspec.structs.replace(
            one,
            submitted=one.submitted // part,
            status={status: number // part for status, number in one.status.items()},
            **{
                field: {name: number // part for name, number in getattr(one, field).items()}
                for field in ("delivered_in", "converted_in", "delivered_by", "converted_by", "probed", "contradicted")
            },
        )
        for one in the_tallies()
    )


class Elements(HTMLParser):
    """All tags and attributes of a page, and its text."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.said: list[str] = []
        self._inside: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._inside.append(tag)

    def handle_data(self, data: str) -> None:
        if self._inside[-1:] != ["style"]:
            self.said.append(data)

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split())


def text_of(case: Told, terms: Terms = TERMS) -> str:
    return Elements(page(case.dossier(terms))).text


def test_the_tests_have_a_route_of_each_kind() -> None:
    assert contradicted().verdict.word == "contradicted"
    assert clean().verdict.word == "clean"


def test_every_number_of_the_verdict_is_on_the_page() -> None:
    verdict, said = contradicted().verdict, text_of(contradicted())
    assert verdict.share is not None
    assert verdict.sentence in said
    assert all(limit in said for limit in verdict.limits)
    share = verdict.share
    assert f"{share.estimate:.1%} (95 %: {share.low:.1%} to {share.high:.1%})" in said
    assert f"{verdict.nats:.1f} nats" in said
    assert f"{verdict.messages:,}" in said
    assert f"{verdict.reported_delivery:.1%}" in said
    assert f"{verdict.believed_delivery:.1%}" in said
    for part in verdict.parts:
        assert f"{part.nats:.1f}" in said
        assert f"{part.found:,}" in said
        assert f"{part.of:,.0f}" in said


def test_every_number_of_the_verdict_is_in_the_json() -> None:
    verdict, made = contradicted().verdict, contradicted().dossier()
    found = made.finding
    assert (found.word, found.nats, found.share) == (verdict.word, verdict.nats, verdict.share)
    assert (found.reported_delivery, found.believed_delivery) == (verdict.reported_delivery, verdict.believed_delivery)
    assert {(one.name, one.found, one.of, one.nats) for one in made.parts} == {
        (one.name, one.found, one.of, one.nats) for one in verdict.parts
    }
    assert made.counts.submitted == verdict.messages


def test_the_first_day_of_the_word_is_said() -> None:
    assert str(contradicted().dossier().finding.since) in {"2026-09-11", "2026-09-12"}
    assert clean().dossier().finding.since is None


def test_contradicting_days_begin_when_the_route_began() -> None:
    days = contradicted().dossier().days
    shares = [day.known_dead_delivered / day.known_dead_tried for day in days]
    assert len(days) == 9
    assert max(shares[:4]) < 0.05 < min(shares[4:])


def test_answers_are_below_the_line_where_it_is_shaded() -> None:
    bins = [one for one in contradicted().dossier().latency if one.is_suspect and one.expected is not None]
    assert sum(one.answered for one in bins) < 0.85 * sum(one.expected or 0 for one in bins)


def test_the_curve_has_the_numbers_of_the_sentence() -> None:
    bins = [one for one in contradicted().dossier().latency if one.is_suspect and one.expected is not None]
    [told] = [part for part in contradicted().verdict.parts if part.name == "latency"]
    assert sum(one.answered for one in bins) == told.found
    assert sum(one.expected or 0 for one in bins) == pytest.approx(told.of, abs=0.05 * len(bins) + 0.05)


def test_answers_are_on_the_line_elsewhere() -> None:
    for case in (contradicted(), clean()):
        bins = [one for one in case.dossier().latency if not one.is_suspect and one.expected is not None]
        expected = sum(one.expected or 0 for one in bins)
        assert sum(one.answered for one in bins) == pytest.approx(expected, rel=0.05)


def test_nothing_is_shaded_on_a_clean_route() -> None:
    assert not any(one.is_suspect for one in clean().dossier().latency)


def test_clean_page_says_that_nothing_contradicts_and_asks_nothing() -> None:
    said = text_of(clean())
    assert "Nothing contradicts these receipts" in said
    assert "contradict the evidence" not in said
    assert clean().dossier().asks == []
    assert clean().dossier().attribution is None
    assert "Receipts in doubt" not in said


@pytest.mark.parametrize("case", [contradicted, clean])
def test_no_page_accuses_anybody(case: Any) -> None:
    said = text_of(case()).casefold()
    assert [word for word in _ACCUSING if word in said] == []


def test_contradicted_page_says_what_would_answer_it() -> None:
    said = text_of(contradicted())
    assert "Receipts contradict evidence" in said
    assert "What would answer this" in said
    assert "Which single receipt is not true" in said


def test_too_little_data_is_said() -> None:
    case = told(with_few_messages(3_000), *HONEST)
    assert case.verdict.messages < 200
    assert TOO_LITTLE in text_of(case)
    assert "Nothing contradicts these receipts" not in text_of(case)


def test_route_without_any_receipt_has_a_page() -> None:
    nothing = tuple(
        msgspec.structs.replace(one, status={}, delivered_in={}, converted_in={}, delivered_by={}, converted_by={},
                                probed={}, contradicted={}, examples={}) for one in with_few_messages(3_000)
    )  # fmt: skip
    said = text_of(told(nothing, *HONEST))
    assert "there are no latencies" in said
    assert "No single message contradicts itself" in said


def test_names_from_outside_are_text() -> None:
    example = Example(NASTY, NASTY, "+4477****0000", datetime(2026, 9, 14, tzinfo=UTC))
    case = with_examples(contradicted(), example)
    verdict = replace(case.verdict, sentence=NASTY, limits=[NASTY], signs=[NASTY])
    made = replace(dossier(verdict, case.judged, case.tallied, replace(TERMS, paid=1.0, currency=NASTY)), version=NASTY)
    made = replace(made, subject=replace(made.subject, route=NASTY, supplier=NASTY, carrier=NASTY, countries=[NASTY]))
    plain, nasty = Elements(page(contradicted().dossier())), Elements(page(made))
    assert nasty.tags <= plain.tags
    assert nasty.attributes <= plain.attributes
    assert "<script>alert(1)</script>\"' onload=x &amp; \N{REPLACEMENT CHARACTER}evil" in nasty.text


def test_attributes_and_children_are_escaped() -> None:
    assert tag("p", '<b>"', class_='"><i>') == '<p class="&quot;&gt;&lt;i&gt;">&lt;b&gt;&quot;</p>'
    assert tag("p", tag("b", "&"), None, ["x", 1]) == "<p><b>&amp;</b>x1</p>"


def test_page_needs_nothing_from_elsewhere() -> None:
    whole = page(contradicted().dossier())
    found = Elements(whole)
    assert not found.tags & {"script", "link", "img", "iframe", "object", "embed", "a", "form", "base", "use", "image"}
    assert not found.attributes & {"src", "href", "srcset", "action", "style", "xlink:href"}
    assert not [name for name in found.attributes if name.startswith("on")]
    assert not re.search(r"https?:|//|url\(|@import|javascript:", whole)
    assert "default-src &#x27;none&#x27;" in whole


@pytest.mark.parametrize(
    ("plain", "shown"), [("+33612345678", "+336****5678"), ("ann.lee@example.org", "a***@example.org")]
)
def test_no_plain_address_appears(plain: str, shown: str) -> None:
    case = with_examples(contradicted(), Example("p", "m1", plain, datetime(2026, 9, 14, tzinfo=UTC)))
    made = case.dossier()
    assert plain not in page(made)
    assert plain.encode() not in msgspec.json.encode(made)
    assert shown in page(made)


def test_no_run_of_digits_with_a_plus_is_on_the_page() -> None:
    assert not re.search(r"\+[0-9]{7,}", page(contradicted().dossier()))


def test_other_suppliers_are_not_named() -> None:
    others = {one.place.supplier for one in contradicted().judged.verdicts} - {LIAR[0]}
    made = contradicted().dossier()
    assert len(others) > 3
    assert made.peers.lines
    for said in (page(made), msgspec.json.encode(made).decode()):
        assert not [name for name in others if re.search(rf"\b{name}\b", said)]


def test_two_other_suppliers_are_too_few_to_be_set_beside() -> None:
    here = [one for one in the_tallies() if one.cell.carrier == "23420"]
    kept = {LIAR[0], *sorted({one.cell.supplier or "" for one in here} - {LIAR[0]})[:2]}
    made = told(tuple(one for one in here if one.cell.supplier in kept), *LIAR).dossier()
    assert made.peers.other_suppliers == 2
    assert made.peers.lines == []
    assert "Too few have enough messages" in page(made)


def test_who_rests_on_the_other_routes() -> None:
    found = contradicted().dossier().attribution
    assert found is not None
    assert found.who == contradicted().verdict.who == "supplier"
    assert (found.other_suppliers_showing, found.other_carriers_showing) == (0, 0)
    assert found.other_suppliers > 2
    assert found.sentence in text_of(contradicted())


def test_no_others_are_no_reason_for_who() -> None:
    said = rests_on("supplier", Beside(0, 0, 0, 0))
    assert "there is no other supplier on this carrier to compare with; this supplier has no other carrier" in said


def test_latencies_without_answers_are_not_called_evidence() -> None:
    silent = tuple(msgspec.structs.replace(one, converted_in={}, converted_by={}) for one in the_tallies())
    said = text_of(told(silent, *HONEST))
    assert "No answers are known, so latencies alone are shown" in said
    assert "answered of delivered" not in said


def test_of_what_proves_nothing_little_is_asked() -> None:
    verdict = replace(clean().verdict, word="suspect", signs=["fewer failures than its peers"])
    asked = dossier(verdict, clean().judged, clean().tallied, TERMS).asks
    assert len(asked) == 2
    assert asked[0].startswith("Whether anything changed")


def test_examples_are_at_least_three_with_times_to_the_millisecond() -> None:
    kinds = {kind.kind: kind for kind in contradicted().dossier().examples}
    shown = kinds["known_dead_delivered"].messages
    assert 3 <= len(shown) <= 5
    said = text_of(contradicted())
    for one in shown:
        assert one.message_id in said
        assert one.to in said
        assert one.delivered_at is not None
        for at in (one.submitted_at, one.delivered_at):
            assert f"{at:%Y-%m-%d} {at:%H:%M:%S}.{at.microsecond // 1000:03d}" in said
        assert one.after_seconds == (one.delivered_at - one.submitted_at).total_seconds()


def test_examples_are_of_the_latest_days_one_each() -> None:
    kinds = {kind.kind: kind for kind in contradicted().dossier().examples}
    days = {one.submitted_at.date().day for one in kinds["known_dead_delivered"].messages}
    assert days == {11, 12, 13, 14, 15}


def test_messages_to_own_numbers_are_kept_back() -> None:
    kinds = {kind.kind: kind for kind in contradicted().dossier().examples}
    assert kinds["dead_delivered"].held_back > 0
    assert kinds["dead_delivered"].messages == []
    assert kinds["dead_delivered"].counted > 0
    assert "are kept back" in text_of(contradicted())


def test_messages_to_own_numbers_are_listed_if_asked_for() -> None:
    made = contradicted().dossier(replace(TERMS, with_own_numbers=True))
    kinds = {kind.kind: kind for kind in made.examples}
    assert kinds["dead_delivered"].messages
    assert kinds["dead_delivered"].held_back == 0


def test_price_of_the_rules_is_shown_beside_the_median_of_others() -> None:
    case = contradicted()
    price = Priced(0.018, 0.03, 4, "EUR", "price 40 % under the median of 4 others")
    made = replace(case, verdict=replace(case.verdict, price=price)).dossier()
    assert made.price is not None
    assert "0.018 EUR a message was paid, 40% less than the median of 4 others, 0.03 EUR" in made.price.sentence
    assert replace(made, price=None) == case.dossier()


def test_price_is_shown_and_changes_nothing_else() -> None:
    without, made = (
        contradicted().dossier(),
        contradicted().dossier(replace(TERMS, paid=0.021, usual=0.035, currency="EUR")),
    )
    assert made.price is not None
    assert "0.021 EUR a message was paid, 40% less than the usual 0.035 EUR" in made.price.sentence
    assert made.price.sentence in Elements(page(made)).text
    assert replace(made, price=None) == without
    assert "EUR" not in page(without)


def test_json_reads_back_as_the_same_dossier() -> None:
    made = contradicted().dossier()
    assert page(msgspec.json.decode(msgspec.json.encode(made), type=Dossier)) == page(made)


def test_form_of_the_json_is_stable() -> None:
    """Who changes this raises FORMAT, if a reader of the former form would be wrong."""
    definitions = schema("dossier")["$defs"]
    assert list(definitions["Dossier"]["properties"]) == [
        "format", "version", "ruleset", "subject", "period", "finding", "attribution", "counts", "parts", "latency",
        "days", "peers", "dips", "examples", "price", "asks", "method", "unknowable",
    ]  # fmt: skip
    assert list(definitions["Finding"]["properties"]) == [
        "word", "headline", "sentence", "limits", "signs", "nats", "odds", "since", "share", "reported_delivery",
        "believed_delivery",
    ]  # fmt: skip
    assert list(definitions["Share"]["properties"]) == ["low", "estimate", "high", "kind"]
    assert list(definitions["LatencyBin"]["properties"]) == [
        "since_seconds", "until_seconds", "delivered", "answered", "expected", "is_suspect",
    ]  # fmt: skip
    assert list(definitions["Example"]["properties"]) == [
        "provider", "message_id", "to", "submitted_at", "delivered_at", "failed_at", "after_seconds",
    ]  # fmt: skip
    assert set(definitions["Dossier"]["required"]) == set(definitions["Dossier"]["properties"])


@pytest.mark.parametrize(
    ("nats", "said"),
    [
        (-3.0, "none"), (0.5, "none"), (2.303, "10 to 1"), (6.9, "990 to 1"), (10.0, "22,000 to 1"),
        (14.0, "over a million to 1"), (900.0, "over a million to 1"),
    ],
)  # fmt: skip
def test_nats_are_told_as_odds(nats: float, said: str) -> None:
    assert odds(nats) == said


def test_stratum_in_which_answers_are_missing_is_drawn() -> None:
    case = contradicted()
    parts = [replace(one, nats=LEAST_NATS + 1, where="slot/3 and later") if one.name == "slot" else one
             for one in case.verdict.parts]  # fmt: skip
    verdict = replace(case.verdict, parts=parts, signs=["fewer answers in sender/3"])
    made = dossier(verdict, case.judged, case.tallied, TERMS)
    assert [(dip.kind, dip.where, dip.can_confirm) for dip in made.dips] == [
        ("slot", "from minute 15 of the hour on", True), ("sender", "senders of class 3", False),
    ]  # fmt: skip
    assert [one.name for one in made.dips[0].strata] == [str(minute) for minute in range(0, 60, 5)]
    assert "from minute 15 of the hour on" in Elements(page(made)).text
    assert case.dossier().dips == []
