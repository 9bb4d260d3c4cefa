"""Truth adds up, keeps to the scenario's shares, and owes nothing to the program that it judges."""

import ast
import io
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

import acquit.simulate
from acquit import events
from acquit.events import Event, Receipt, Submit
from acquit.simulate import Scenario, Truth, simulate, truth_of, write_ndjson
from acquit.simulate.fates import FAILURES

SCENARIO = Scenario(seed=3, messages=50_000, start=datetime(2026, 11, 22, 6, tzinfo=UTC))
ALLOWED = {"acquit.events", "acquit.errors"}


@pytest.fixture(scope="module")
def truth() -> Truth:
    return truth_of(SCENARIO)


@pytest.fixture(scope="module")
def told() -> list[Event]:
    """The scenario as NDJSON, read again."""
    out = io.BytesIO()
    lines = write_ndjson(SCENARIO, out)
    decoded = [events.decode(line) for line in out.getvalue().splitlines()]
    assert len(decoded) == lines
    return decoded


def share_of(truth: Truth, *statuses: str) -> float:
    return sum(n for cell, n in truth.cells.items() if cell.status in statuses) / SCENARIO.messages


def test_every_message_counts_once(truth: Truth) -> None:
    assert sum(truth.totals.values()) == sum(truth.cells.values()) == truth.counts["messages"] == SCENARIO.messages


def test_hours_are_those_of_the_span(truth: Truth) -> None:
    assert {cell.hour for cell in truth.cells} == {f"{hour:02d}" for hour in range(6, 18)}


@pytest.mark.parametrize(
    ("part", "whole", "share"),
    [
        ("duplicates", "receipts", SCENARIO.duplicated_share),
        ("malformed", "receipts", SCENARIO.malformed_share),
        ("out_of_order", "messages", SCENARIO.out_of_order_share * (1 - SCENARIO.silent_share)),
        ("starts", "stops", SCENARIO.start_share),
    ],
)
def test_troubles_keep_to_their_shares(truth: Truth, part: str, whole: str, share: float) -> None:
    assert truth.counts[part] / truth.counts[whole] == pytest.approx(share, rel=0.2)


def test_statuses_keep_to_their_shares(truth: Truth) -> None:
    assert share_of(truth, "sent") == pytest.approx(SCENARIO.silent_share, rel=0.15)
    assert share_of(truth, "accepted") == pytest.approx(SCENARIO.pending_share, rel=0.2)
    assert share_of(truth, "failed", "expired", "rejected") == pytest.approx(0.076 * 0.97, rel=0.1)  # weighted rates


def test_few_enough_fail_for_good_to_trip_no_guard(truth: Truth) -> None:
    assert sum(FAILURES.values()) == 100
    assert 0.01 < truth.counts["permanent_failures"] / SCENARIO.messages < 0.05


def test_nothing_arrives_at_a_number_after_it_failed_for_good(told: list[Event]) -> None:
    receipts = [event for event in told if isinstance(event, Receipt)]
    failed = {receipt.to: receipt.at for receipt in receipts if receipt.permanence == "permanent"}
    arrived = [receipt for receipt in receipts if receipt.status == "delivered_handset" and receipt.to in failed]
    assert arrived
    assert all(receipt.at <= failed[receipt.to] for receipt in arrived)  # told to the minute


def test_every_reason_is_on_the_list(truth: Truth) -> None:
    assert set(truth.suppressed.values()) == {"recipient_unknown", "recipient_inactive", "stop"}


def test_a_stop_outranks_a_failure() -> None:
    truth = truth_of(replace(SCENARIO, messages=5_000, stop_share=1.0, start_share=0.0))
    stops = sum(reason == "stop" for reason in truth.suppressed.values())
    assert stops == truth.counts["stops"]
    assert stops < len(truth.suppressed) < stops + truth.counts["permanent_failures"]  # some did both


def test_a_start_lifts_the_stop_only() -> None:
    truth = truth_of(replace(SCENARIO, messages=5_000, stop_share=1.0, start_share=1.0))
    assert truth.counts["starts"] == truth.counts["stops"] > 0
    assert set(truth.suppressed.values()) == {"recipient_unknown", "recipient_inactive"}
    assert len(truth.suppressed) == truth.counts["permanent_failures"]


def test_truth_repeats_itself(truth: Truth) -> None:
    assert truth_of(SCENARIO) == truth


def test_no_messages_is_a_scenario_too() -> None:
    nothing = replace(SCENARIO, messages=0)
    assert list(simulate(nothing)) == []
    assert truth_of(nothing).totals == {}


def test_ndjson_is_the_same_traffic_in_canonical_form(told: list[Event], truth: Truth) -> None:
    counted = sum(isinstance(event, Receipt) for event in told)
    assert counted == truth.counts["receipts"] + truth.counts["duplicates"]
    assert sum(isinstance(event, Submit) for event in told) == SCENARIO.messages
    assert len(told) - counted - SCENARIO.messages == truth.counts["engagements"]
    failed = {f"sms:{e.to}" for e in told if isinstance(e, Receipt) and e.permanence == "permanent"}
    assert len(failed) == truth.counts["permanent_failures"]
    assert failed <= set(truth.suppressed)


def test_ndjson_comes_in_the_order_of_arrival(told: list[Event]) -> None:
    received = [event.received_at for event in told if isinstance(event, Receipt) and event.received_at]
    assert received == sorted(received)
    # A submit has no time of arrival of its own; some are made to come late.
    assert sum(isinstance(a, Submit) and b.at < a.at for a, b in pairwise(told)) > 0


def test_ndjson_to_a_path_is_the_same_bytes(tmp_path: Path) -> None:
    few = replace(SCENARIO, messages=500)
    out = io.BytesIO()
    write_ndjson(few, out)
    write_ndjson(few, tmp_path / "events.ndjson")
    assert (tmp_path / "events.ndjson").read_bytes() == out.getvalue()


def test_truth_is_independent_of_what_it_checks() -> None:
    for module in Path(acquit.simulate.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            ours = {name for name in names if name.split(".")[0] == "acquit" and name.split(".")[1] != "simulate"}
            assert ours <= ALLOWED, module
