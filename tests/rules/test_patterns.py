"""Patterns: their file format, whose rule goes first, and that every shipped one decides its own example."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from acquit.errors import BadRules
from acquit.rules import load
from acquit.rules.patterns import PatternRule, Phrases, answer, hidden
from tests.builders import shipped_rules

RULES = shipped_rules()
RULE = """[[rule]]
id = "{id}"
phrases = ["{phrase}"]
category = "policy_rejected"
example = "550 {phrase}"
source = "ours"
"""
# What says something of the sender, the message or a system (mission row W1).
CLEARING = {
    "sender_reputation_blocked", "spam_filtered", "policy_rejected", "sender_auth_failed", "sender_not_authorized",
    "content_rejected", "malware_detected", "message_too_large", "message_invalid", "rate_limited", "routing_error",
    "network_or_system_error",
}  # fmt: skip


def decides(text: str, rules: tuple[PatternRule, ...] = RULES.patterns) -> str | None:
    said = answer(text)
    return next((rule.id for rule in rules if rule.fits(said)), None)


def own(tmp_path: Path, content: str, name: str = "mine.toml") -> Path:
    (tmp_path / "patterns").mkdir(exist_ok=True)
    (tmp_path / "patterns" / name).write_text(content, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("rule", RULES.patterns, ids=lambda rule: rule.id)
def test_example_is_taken_by_its_rule_and_by_none_before_it(rule: PatternRule) -> None:
    assert next(other.id for other in RULES.patterns if other.fits(rule.proof)) == rule.id


@pytest.mark.parametrize("rule", RULES.patterns, ids=lambda rule: rule.id)
def test_rule_has_a_source_and_says_why_where_it_condemns(rule: PatternRule) -> None:
    assert rule.source.strip()
    assert rule.permanence != "permanent" or rule.category not in CLEARING


def test_shipped_ids_are_each_of_one_rule() -> None:
    assert len({rule.id for rule in RULES.patterns}) == len(RULES.patterns)


def test_no_shipped_rule_is_hidden() -> None:
    assert list(hidden(RULES.patterns)) == []


@pytest.mark.parametrize("category", sorted(CLEARING))
def test_what_clears_the_address_never_condemns_it(category: str) -> None:
    assert {rule.permanence for rule in RULES.patterns if rule.category == category} <= {"none", "transient"}


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (RULE.format(id="a", phrase="...").replace("550 ...", "550 x"), "mine.toml:3: phrases: '...' is no phrase"),
        (
            RULE.format(id="a", phrase="go away").replace("550 go away", "other"),
            "mine.toml:5: example: is not what the rule takes",
        ),
        (RULE.format(id="a", phrase="x y") * 2, "mine.toml:8: id: stands twice"),
        (RULE.format(id="a", phrase="x y") + 'colour = "red"\n', "mine.toml:7: colour: is no field"),
        (RULE.format(id="a", phrase="x y") + 'enhanced = ["5-1"]\n', "mine.toml:7: enhanced: '5-1' is no beginning"),
        (RULE.format(id="a", phrase="x y") + 'reply = ["250"]\n', "mine.toml:7: reply: '250' is no beginning"),
        (RULE.format(id="a", phrase="x y") + "retry_after_seconds = 0\n", "mine.toml:7: retry_after_seconds: must be"),
        (RULE.format(id="a", phrase="x y") + 'permanence = "ever"\n', "mine.toml:7: permanence: 'ever' is none of"),
        (
            RULE.format(id="a", phrase="x y").replace("policy_rejected", "bad"),
            "mine.toml:4: category: 'bad' is none of",
        ),
        (RULE.format(id="a", phrase="x y").replace('source = "ours"', ""), "mine.toml:1: source: must be a text"),
        (RULE.format(id="a", phrase="x y").replace('phrases = ["x y"]', ""), "mine.toml:1: phrases: a rule without"),
        (RULE.format(id="a", phrase="x y").replace('["x y"]', "[7]"), "mine.toml:3: phrases: must be a list of texts"),
    ],
)
def test_wrong_rule_refuses_to_load_and_names_its_place(content: str, place: str, tmp_path: Path) -> None:
    with pytest.raises(BadRules) as refused:
        load(own(tmp_path, content))
    assert place in str(refused.value)


def test_own_rule_goes_before_the_shipped_ones(tmp_path: Path) -> None:
    rules = load(own(tmp_path, RULE.format(id="ours", phrase="user unknown"))).patterns
    assert decides("550 user unknown", rules) == "mine:pattern:ours"


def test_own_rule_of_a_shipped_id_takes_its_place(tmp_path: Path) -> None:
    rules = load(own(tmp_path, RULE.format(id="virus", phrase="bad thing"))).patterns
    assert [rule.id.partition(":")[2] for rule in rules] == [rule.id.partition(":")[2] for rule in RULES.patterns]
    assert decides("550 bad thing", rules) == "mine:pattern:virus"


def test_own_folder_takes_a_shipped_rule_out(tmp_path: Path) -> None:
    rules = load(own(tmp_path, '[[rule]]\nid = "virus"\nenabled = false\n')).patterns
    assert "text:pattern:virus" not in {rule.id for rule in rules}


@pytest.mark.parametrize(
    ("fields", "text", "host", "fits"),
    [
        ({"enhanced": ("5.7",)}, "550 5.7.1 x", None, True),
        ({"enhanced": ("5.7",)}, "550 5.71.1 x", None, False),
        ({"enhanced": ("5.7",)}, "550 x", None, False),
        ({"reply": ("5",)}, "550 x", None, True),
        ({"reply": ("55",)}, "450 x", None, False),
        ({"hosts": ("example.com",)}, "550 x", "mx.example.com", True),
        ({"hosts": ("example.com",)}, "550 x", "mx.badexample.com", False),
        ({"hosts": ("example.com",)}, "550 x", "MX.Example.COM. (192.0.2.1)", True),
        ({"hosts": ("example.com",)}, "550 x", None, False),
        ({"providers": ("dsn",)}, "550 x", None, False),
    ],
)
def test_rule_asks_for_all_of_its_conditions(
    fields: dict[str, tuple[str, ...]], text: str, host: str | None, fits: bool
) -> None:
    bare = replace(RULES.patterns[0], phrases=Phrases(), unless=Phrases(), enhanced=())
    assert replace(bare, **fields).fits(answer(text, hosts=(host,), provider="smtp")) is fits


@pytest.mark.parametrize(
    ("text", "beside", "code"),
    [
        ("550 5.7.1 blocked", "5.1.1", "5.7.1"),  # what the server writes goes before what is reported beside it
        ("550 user unknown", "5.1.1", "5.1.1"),
        ("550 5.0.0 user unknown", "5.1.1", "5.1.1"),  # a code that says nothing yields
        ("550 user unknown at 5.1.1.9 and 15.1.1", None, None),
        ("the end of 5.1.1.", None, "5.1.1"),
        ("550 user unknown", "Permanent/General", None),
        ("5.0.0", None, "5.0.0"),
    ],
)
def test_code_of_an_answer_is_the_one_that_says_most(text: str, beside: str | None, code: str | None) -> None:
    assert answer(text, enhanced=beside).enhanced == code
