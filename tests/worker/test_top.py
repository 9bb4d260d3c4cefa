"""What `acquit top` reads from a worker's own metrics, and what the screen makes of it in 80 columns."""

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import generate_latest
from rich.console import Console

from acquit.capped import Capped
from acquit.effects import DeadLetter, RouteVerdict, ShareTold
from acquit.events import VerdictWord
from acquit.partition import Counts
from acquit.routes.cohorts import Cohort
from acquit.routes.raised import Raised, Subject
from acquit.worker import top
from acquit.worker.metrics import Metrics
from acquit.worker.screen import SHOWN_CODES, screen
from acquit.worker.top import View, Watcher


@pytest.fixture
def metrics(monkeypatch: pytest.MonkeyPatch) -> Metrics:
    """Of a worker, which the watcher asks without a network."""
    metrics = Metrics(Capped(10))

    def get(url: str, *, anyway: bool = False) -> str:
        return generate_latest(metrics.registry).decode() if url.endswith("/metrics") else "ready"

    monkeypatch.setattr(top, "_get", get)
    return metrics


def says(metrics: Metrics, unknown: Mapping[tuple[str, str], int]) -> None:
    metrics.folded(Counts(unknown=dict(unknown)), [])


def drawn(view: View, *, height: int = 24, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None, force_terminal=False)
    console.print(screen(view, height=height, told=[f"news {number}" for number in range(30)]))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_codes_that_no_table_knows_are_read_the_most_frequent_first(metrics: Metrics) -> None:
    says(metrics, {("twilio", "30999"): 2, ("smpp", "status LOST"): 7, ("ses", "+33612345678"): 1})
    assert Watcher("w:1").look().unknown == [("smpp status LOST", 7), ("twilio 30999", 2), ("ses other", 1)]


def test_worker_that_knows_every_code_says_nothing_of_them(metrics: Metrics) -> None:
    view = Watcher("w:1").look()
    assert view.unknown == []
    assert not [line for line in drawn(view) if "not in the tables" in line]


def test_counts_of_a_look_are_the_workers(metrics: Metrics) -> None:
    letter = DeadLetter(None, b"", [], "twilio", "empty")
    metrics.folded(Counts(failures={("sms", "20801", "expired", "transient"): 3}), [letter])
    metrics.refused("sendgrid", "absurd_value")
    metrics.show_cohorts([Cohort("sms", "20801", "09", {"delivered_handset": 3, "failed": 1, "sent": 2})])
    view = Watcher("w:1").look()
    assert (view.is_there, view.dead_letters, view.reasons) == (True, 2, [("expired", 3)])
    assert [(one.channel, one.name, one.overall, one.waiting) for one in view.carriers] == [("sms", "20801", 0.75, 2)]


def verdict(word: VerdictWord, share: ShareTold | None = None) -> RouteVerdict:
    place: Any = {"channel": "sms", "route": f"{word}-1", "supplier": word, "carrier": "20815", "day": "2026-11-20"}
    return RouteVerdict(
        **place, verdict=word, nats=9.0, window_days=1, evidence=[], messages=9, sentence="", share=share
    )


def test_routes_that_are_contradicted_or_suspect_are_named_with_their_share(metrics: Metrics) -> None:
    share = ShareTold(0.25, 0.321, 0.4, "dropped")
    metrics.show_verdicts([verdict("clean"), verdict("suspect"), verdict("contradicted", share)])
    line = "routes: contradicted-1 on 20815 contradicted 32% (25%-40%), suspect-1 on 20815"
    assert line in "".join(drawn(Watcher("w:1").look()))


def test_no_doubted_route_is_no_word(metrics: Metrics) -> None:
    metrics.show_verdicts([verdict("clean")])
    assert "routes:" not in "".join(drawn(Watcher("w:1").look()))


def test_worker_that_does_not_answer_is_a_view_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(url: str, *, anyway: bool = False) -> str:
        raise ConnectionRefusedError

    monkeypatch.setattr(top, "_get", get)
    view = Watcher("w:1").look()
    assert (view.is_there, drawn(view)) == (False, ["acquit  http://w:1  no answer yet"])


FEW = View("http://w:1", is_there=True, unknown=[("twilio 30999", 12), ("smpp status LOST", 3)])


def test_screen_names_the_codes_that_no_table_knows() -> None:
    assert "not in the tables: twilio 30999 (12), smpp status LOST (3)" in [line.rstrip() for line in drawn(FEW)]


def test_screen_names_a_few_codes_in_one_line_and_words_are_no_markup() -> None:
    many = replace(FEW, unknown=[(f"sendgrid [red]code {number}", 1_000_000) for number in range(200)])
    [line] = [line for line in drawn(many, width=300) if "not in the tables" in line]
    assert line.count("[red]code") == SHOWN_CODES


@pytest.mark.parametrize("height", [16, 24, 50])
def test_screen_fits_however_much_there_is_to_say(metrics: Metrics, height: int) -> None:
    carriers = [f"2080{number}" for number in range(9)]
    metrics.show_cohorts([Cohort("whatsapp", name, "09", {"read": 3, "failed": 9 * 10**5}) for name in carriers])
    metrics.show_alerts([Raised("delivery_drop", Subject("whatsapp", name), 1, 0.5, 9, 0.4, 0.9) for name in carriers])
    says(metrics, {("messagebird", f"status a long word indeed {number}"): 10**7 for number in range(50)})
    lines = drawn(Watcher("w:1").look(), height=height)
    assert len(lines) <= max(height, 17), "with so little room the first lines are what is wanted"
    assert max(map(len, lines)) <= 80
    assert any("not in the tables" in line for line in lines)
    assert len(lines) == len(drawn(replace(Watcher("w:1").look(), unknown=[]), height=height)), "nothing jumps"
