"""What was thought of each route, and when."""

from typing import Any

import pytest
from msgspec.structs import replace

from acquit.events import Verdict, VerdictWord, from_epoch_ms
from acquit.suppression import verdicts
from acquit.suppression.facts import Fact
from acquit.suppression.verdicts import Verdicts, is_contradicted, take

GREY = {"route": "grey", "supplier": "aggr", "carrier": "20801"}


def told(*changes: tuple[int, VerdictWord], **names: Any) -> Verdicts:
    found: Verdicts = {}
    for at_ms, word in changes:
        take(found, Verdict(word, from_epoch_ms(at_ms), **(names or {"route": "grey"})), at_ms)
    return found


def at(at_ms: int, **fields: str) -> Fact:
    return Fact(at_ms, "failure", "infobip", "m1", **{**GREY, **fields})  # type: ignore[arg-type]  # words alone


@pytest.mark.parametrize(
    ("at_ms", "expected"), [(99, False), (100, True), (199, True), (200, False), (299, False), (300, True)]
)
def test_verdict_counts_from_its_time_until_the_next(at_ms: int, expected: bool) -> None:
    changes: list[tuple[int, VerdictWord]] = [(100, "contradicted"), (200, "suspect"), (300, "contradicted")]
    assert is_contradicted(told(*changes), at(at_ms)) is expected
    assert is_contradicted(told(changes[0], changes[2], changes[1]), at(at_ms)) is expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"route": "grey"}, True),
        ({"supplier": "aggr"}, True),
        ({"route": "grey", "carrier": "20801"}, True),
        (GREY, True),
        ({"route": "grey", "carrier": "20810"}, False),
        ({"route": "white"}, False),
        ({"route": "grey", "supplier": "other"}, False),
        ({"carrier": "20801"}, False),  # a carrier alone is no route
        ({}, False),
    ],
)
def test_verdict_is_of_what_it_names(names: dict[str, Any], expected: bool) -> None:
    found: Verdicts = {}
    take(found, Verdict("contradicted", from_epoch_ms(100), **names), 100)
    assert is_contradicted(found, at(100)) is expected


def test_nothing_is_contradicted_that_names_no_route() -> None:
    assert not is_contradicted(told((100, "contradicted")), at(100, route="", supplier=""))


def test_only_routes_that_were_contradicted_are_remembered() -> None:
    assert told((100, "clean"), (200, "suspect")) == {}
    assert len(told((100, "contradicted"), (200, "clean"))) == 1


def test_verdict_says_whether_it_changed_anything() -> None:
    found: Verdicts = {}
    words: list[VerdictWord] = ["suspect", "contradicted", "contradicted", "clean", "suspect"]
    said = [Verdict(word, from_epoch_ms(n), route="grey") for n, word in enumerate(words, 1)]
    assert [take(found, one, n) for n, one in enumerate(said, 1)] == [False, True, False, True, False]


def test_routes_and_changes_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "ROUTES_LIMIT", 3)
    monkeypatch.setattr(verdicts, "CHANGES_LIMIT", 4)
    found: Verdicts = {}
    contradicted, clean = (Verdict(word, from_epoch_ms(0)) for word in ("contradicted", "clean"))
    for at_ms in range(1, 11):
        take(found, replace(contradicted if at_ms % 2 else clean, route="long"), at_ms)
    assert [len(changes) for changes in found.values()] == [4]
    for at_ms in range(11, 20):
        take(found, replace(clean, route="long"), at_ms)
    assert is_contradicted(found, at(9, route="long"))  # what is only said again pushes nothing out
    for number in range(5):
        take(found, replace(contradicted, route=f"r{number}"), 100 + number)
    assert len(found) == 3
    assert is_contradicted(found, at(200, route="r4"))
