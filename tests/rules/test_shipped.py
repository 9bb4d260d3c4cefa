"""The rows that are shipped: all load, each has a source, none contradicts another."""

import csv
import re
from pathlib import Path

import pytest

from acquit.decode import DECODERS
from acquit.events import CATEGORIES, CHANNELS, FAILED
from acquit.rules import VERSION
from acquit.rules.places import SHIPPED
from acquit.rules.policy import PolicyRule
from acquit.suppression.facts import FACTS_LIMIT
from tests.builders import shipped_rules
from tests.rules.suppressing import CHANNELS as CHANNELS_OF
from tests.rules.suppressing import LISTED, listed, rows_of, suppressing

RULES = shipped_rules()
TABLES = sorted([*SHIPPED.glob("codes/*.csv"), *SHIPPED.glob("statuses/*.csv")])


def test_version_is_that_of_the_shipped_ruleset() -> None:
    assert RULES.version == VERSION
    assert re.fullmatch(r"\d{4}\.\d{1,2}\.\d+", VERSION)


def test_every_category_has_its_row() -> None:
    assert tuple(sorted(RULES.categories)) == tuple(sorted(CATEGORIES))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_row_has_a_source(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert all(row["source"].strip() for row in rows)


def test_every_policy_rule_has_a_source() -> None:
    assert all(rule.source.strip() for rule in RULES.policy)


@pytest.mark.parametrize("provider", sorted(set(DECODERS) - {"canonical"}))
def test_every_provider_has_its_status_words(provider: str) -> None:
    assert RULES.statuses[provider]


@pytest.mark.parametrize("provider", sorted(RULES.statuses))
def test_every_status_word_belongs_to_a_decoder(provider: str) -> None:
    assert provider in DECODERS


@pytest.mark.parametrize("rule", RULES.policy, ids=lambda rule: rule.id)
def test_every_policy_rule_can_fire(rule: PolicyRule) -> None:
    known = {(row.category, row.permanence) for row in RULES.categories.values()}
    known |= {(row.category, row.permanence) for row in RULES.patterns}
    known |= {
        (row.category, row.permanence) for table in RULES.codes.values() for rows in table.values() for row in rows
    }
    for category in rule.categories:
        permanences = {permanence for name, permanence in known if name == category}
        assert rule.permanence is None or rule.permanence in permanences
    assert max(rule.times, rule.distinct_days) <= FACTS_LIMIT
    assert rule.within_days is None or rule.within_days > rule.distinct_days - 1


@pytest.mark.parametrize(
    "category", sorted(row.category for row in RULES.categories.values() if row.action == "suppress")
)
@pytest.mark.parametrize("channel", CHANNELS)
def test_category_that_says_suppress_is_held_by_the_policy(category: str, channel: str) -> None:
    permanence = RULES.categories[category].permanence
    assert any(rule.matches(channel, category, permanence, None) for rule in RULES.policy)


def test_no_transient_or_unjudged_failure_suppresses_at_once() -> None:
    for category, row in RULES.categories.items():
        if row.permanence != "permanent":
            for channel in CHANNELS:
                held = [r for r in RULES.policy if r.matches(channel, category, row.permanence, None) and r.times == 1]
                assert held == []


def test_rows_that_suppress_are_those_that_were_read() -> None:
    """On purpose? `python -m tests.rules.suppressing` writes the list anew; its diff says who is silenced, and who no more."""
    assert listed(suppressing(RULES)).splitlines() == LISTED.read_text(encoding="utf-8").splitlines()
    assert set(CHANNELS_OF) <= {*DECODERS, "enhanced", "reply"}


@pytest.mark.parametrize("table", sorted({*RULES.statuses, *RULES.codes}))
def test_row_that_advises_to_suppress_does(table: str) -> None:
    held = {line.split(" -> ")[0] for line in suppressing(RULES)}
    advised = [row for row in rows_of(RULES, table) if row.action == "suppress"]
    assert {row.id.replace(":", " ", 2) for row in advised} <= held


def test_failure_that_a_status_word_tells_has_a_category() -> None:
    for words in RULES.statuses.values():
        for word, row in words.items():
            assert row.status not in FAILED or row.category, word


def test_success_that_a_status_word_tells_has_no_advice_to_suppress() -> None:
    for words in RULES.statuses.values():
        for word, row in words.items():
            assert row.status in FAILED | {"unknown", "deferred"} or row.category in {None, "complaint"}, word


def test_vague_rows_are_rows_that_are_there() -> None:
    known = {row.id for table in {*RULES.statuses, *RULES.codes} for row in rows_of(RULES, table)}
    assert set(RULES.vague) <= known


def test_enhanced_codes_have_the_defaults_of_their_subjects() -> None:
    assert {f"x.{subject}" for subject in (0, 3, 4, 5, 6, 7)} <= set(RULES.codes["enhanced"])


@pytest.mark.parametrize("subject", ["x.3", "x.4", "x.5", "x.6", "x.7"])
def test_enhanced_code_of_a_system_or_a_policy_condemns_no_mailbox(subject: str) -> None:
    rows = [row for key, found in RULES.codes["enhanced"].items() if key.startswith(subject) for row in found]
    mailbox = {"recipient_unknown", "invalid_address_format"}
    assert not [row.id for row in rows if row.category in mailbox]
