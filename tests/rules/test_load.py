"""A rule file that cannot be trusted is refused with its file, line and field; an operator's rows replace ours."""

from pathlib import Path

import pytest

from acquit.errors import BadRules
from acquit.rules import VERSION, load
from tests.builders import shipped_rules

CATEGORIES = "category,permanence,action,causes,checks,advice\n"
STATUSES = "word,status,category,sub_reason,permanence,action,advice,source\n"
CODES = "code,words,status,category,sub_reason,permanence,action,advice,source\n"
RULE = """[[rule]]
id = "mine"
categories = ["recipient_unknown"]
channels = ["sms"]
scope = "*"
hold_days = [1]
source = "ours"
"""
SAID = RULE.replace("recipient_unknown", "opted_out").replace("[1]", '["forever"]')


def written(folder: Path, file: str, content: str | bytes) -> Path:
    path = folder / file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


WRONG: list[tuple[str, str | bytes, int | None, str | None, str]] = [
    # any CSV file
    ("codes/x.csv", "", 1, None, "the columns must be code,words"),
    ("codes/x.csv", "code,status\n", 1, None, "the columns must be code,words"),
    ("statuses/x.csv", CODES, 1, None, "the columns must be word,status"),
    (
        "categories.csv",
        "category,permanence,advice,action\n",
        1,
        None,
        "the columns must be category,permanence,action",
    ),
    ("codes/x.csv", CODES + "1,,,expired,,,,,s\n2,,,expired,,,,,s,\n", 3, None, "has 10 fields, not 9"),
    ("codes/x.csv", CODES + "1,,,expired\n", 2, None, "has 4 fields, not 9"),
    ("codes/x.csv", CODES + "\n\n1,,,expired\n", 4, None, "has 4 fields, not 9"),  # empty lines count as lines
    ("codes/x.csv", CODES + '1,"a"b,,expired,,,,,s\n', 2, None, "expected after"),
    ("codes/x.csv", CODES + '1,"a,,expired,,,,,s\n', 2, None, "unexpected end"),
    ("codes/x.csv", (CODES + "1,,,expired,,,,,s\n2,é,,expired,,,,,s\n").encode("latin-1"), 3, None, "is not UTF-8"),
    # codes
    ("codes/x.csv", CODES + "1,,,gone,,,,,s\n", 2, "category", "'gone' is none of"),
    ("codes/x.csv", CODES + "1,,,,,,,,s\n", 2, "category", "'' is none of"),
    ("codes/x.csv", CODES + "1,,lost,expired,,,,,s\n", 2, "status", "'lost' is none of"),
    ("codes/x.csv", CODES + "1,,,expired,,always,,,s\n", 2, "permanence", "'always' is none of"),
    ("codes/x.csv", CODES + "1,,,expired,,,panic,,s\n", 2, "action", "'panic' is none of"),
    ("codes/x.csv", CODES + ",,,expired,,,,,s\n", 2, "code", "is empty"),
    ("codes/x.csv", CODES + " ,,,expired,,,,,s\n", 2, "code", "is empty"),
    ("codes/x.csv", CODES + "1,,,expired,,,,,\n", 2, "source", "is empty"),
    ("codes/x.csv", CODES + "a,,,expired,,,,,s\nA,,,unknown,,,,,s\n", 3, "code", "stands twice"),
    ("codes/x.csv", CODES + "1,Spam,,expired,,,,,s\n1,spam,,unknown,,,,,s\n", 3, "code", "stands twice"),
    # status words
    ("statuses/x.csv", STATUSES + "gone,lost,,,,,,s\n", 2, "status", "'lost' is none of"),
    ("statuses/x.csv", STATUSES + "gone,,,,,,,s\n", 2, "status", "'' is none of"),
    ("statuses/x.csv", STATUSES + "gone,failed,gone,,,,,s\n", 2, "category", "'gone' is none of"),
    ("statuses/x.csv", STATUSES + "gone,failed,,,always,,,s\n", 2, "permanence", "'always' is none of"),
    ("statuses/x.csv", STATUSES + "gone,failed,,,,panic,,s\n", 2, "action", "'panic' is none of"),
    ("statuses/x.csv", STATUSES + ",failed,,,,,,s\n", 2, "word", "is empty"),
    ("statuses/x.csv", STATUSES + "gone,failed,,,,,,\n", 2, "source", "is empty"),
    ("statuses/x.csv", STATUSES + "gone,failed,,,,,,s\nGone,failed,,,,,,s\n", 3, "word", "stands twice"),
    # categories
    ("categories.csv", CATEGORIES + "gone,none,none,why,,Do.\n", 2, "category", "'gone' is none of"),
    ("categories.csv", CATEGORIES + "expired,,none,why,,Do.\n", 2, "permanence", "'' is none of"),
    ("categories.csv", CATEGORIES + "expired,none,,why,,Do.\n", 2, "action", "'' is none of"),
    ("categories.csv", CATEGORIES + "expired,none,none,why,,\n", 2, "advice", "is empty"),
    (
        "categories.csv",
        CATEGORIES + "expired,none,none,why,,Do.\nexpired,transient,retry,why,,Do.\n",
        3,
        "category",
        "stands twice",
    ),
    # policy
    ("policy.toml", RULE + "times = \n", 8, None, "Invalid value"),
    ("policy.toml", RULE + 'id = "again"\n', 8, None, "Cannot overwrite a value"),
    ("policy.toml", RULE + '[other]\nx = "y"\n', 1, "other", "only [[rule]] tables"),
    ("policy.toml", 'rule = [{id = "x"}]\n', 1, None, "only [[rule]] tables"),
    ("policy.toml", RULE + "\ncolour = 3\n", 9, "colour", "is no field of [[rule]]"),
    ("policy.toml", RULE + RULE, 9, "id", "stands twice"),
    ("policy.toml", RULE.replace('"mine"', "5"), 2, "id", "must be a text"),
    ("policy.toml", RULE.replace('"mine"', '""'), 2, "id", "must be a text"),
    ("policy.toml", RULE.replace('id = "mine"', ""), 1, "id", "must be a text"),
    ("policy.toml", RULE.replace('["recipient_unknown"]', '"recipient_unknown"'), 3, "categories", "must be a list"),
    ("policy.toml", RULE.replace('"recipient_unknown"', '"gone"'), 3, "categories", "'gone' is none of"),
    ("policy.toml", RULE.replace('"recipient_unknown"', ""), 3, "categories", "must be a list"),
    ("policy.toml", RULE.replace('"sms"', '"fax"'), 4, "channels", "'fax' is none of"),
    ("policy.toml", RULE + 'permanence = "always"\n', 8, "permanence", "'always' is none of"),
    ("policy.toml", RULE.replace('"*"', '"me"'), 5, "scope", "must be"),
    ("policy.toml", RULE.replace('"*"', '"*:"'), 5, "scope", "must be"),
    ("policy.toml", RULE.replace('"*"', '"acct:a b"'), 5, "scope", "must be"),
    ("policy.toml", RULE.replace("[1]", "[]"), 6, "hold_days", "must be a list"),
    ("policy.toml", RULE.replace("[1]", "[1, 0]"), 6, "hold_days", "must be a number of days"),
    ("policy.toml", RULE.replace("[1]", '["never"]'), 6, "hold_days", "must be a number of days"),
    ("policy.toml", RULE.replace("[1]", "[true]"), 6, "hold_days", "must be a number of days"),
    ("policy.toml", RULE.replace("[1]", "[nan]"), 6, "hold_days", "must be a number of days"),
    ("policy.toml", RULE.replace("[1]", "[36501]"), 6, "hold_days", "must be a number of days"),
    ("policy.toml", RULE + "within_days = -1\n", 8, "within_days", "must be a number of days"),
    ("policy.toml", RULE + "times = 0\n", 8, "times", "must be a whole number"),
    ("policy.toml", RULE + "times = 65\n", 8, "times", "must be a whole number"),  # 64 facts are kept: it never fires
    ("policy.toml", RULE + "times = 2.0\n", 8, "times", "must be a whole number"),
    ("policy.toml", RULE + "distinct_days = true\n", 8, "distinct_days", "must be a whole number"),
    ("policy.toml", RULE.replace('"ours"', '""'), 7, "source", "must be a text"),
    ("policy.toml", RULE + "codes = 5\n", 8, "codes", "must be a list"),
    ("policy.toml", RULE + 'halves = ["gone"]\n', 8, "halves", "'gone' is none of"),
    ("policy.toml", RULE + 'lifted_by = ["luck"]\n', 8, "lifted_by", "'luck' is none of delivery, start, restore"),
    ("policy.toml", RULE + 'lifted_by = "start"\n', 8, "lifted_by", "must be a list"),
    ("policy.toml", RULE + "reply_hours = -1\n", 8, "reply_hours", "must be a number of hours"),
    ("policy.toml", RULE + "reply_hours = true\n", 8, "reply_hours", "must be a number of hours"),
    ("policy.toml", RULE.replace("recipient_unknown", "complaint"), 6, "hold_days", "never expire"),
    ("policy.toml", SAID + 'lifted_by = ["delivery"]\n', 8, "lifted_by", "a delivery lifts no opt-out"),
    ("policy.toml", SAID + "times = 2\n", 8, "times", "must be 1"),
    ("policy.toml", SAID.replace('"opted_out"', '"opted_out", "complaint"'), 1, "lifted_by", "must be said"),
    ("policy.toml", RULE + 'codes = "550"\n', 8, "codes", "must be a list"),  # else its letters are codes
    ("policy.toml", RULE + 'enabled = "no"\n', 8, "enabled", "must be"),  # else the rule stays
    ("policy.toml", RULE.encode() + b"# caf\xe9\n", 8, None, "is not UTF-8"),
]


@pytest.mark.parametrize(("file", "content", "line", "field", "problem"), WRONG)
def test_error_names_file_line_and_field(
    file: str, content: str | bytes, line: int | None, field: str | None, problem: str, tmp_path: Path
) -> None:
    path = written(tmp_path, file, content)
    with pytest.raises(BadRules) as caught:
        load(tmp_path)
    error = caught.value
    assert (error.file, error.line, error.field) == (str(path), line, field)
    assert problem in error.problem
    assert str(error).startswith(f"{path}:{line}: ")


def test_error_at_the_end_of_a_file_names_at_least_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "policy.toml", '[[rule]]\nid = "mine')
    with pytest.raises(BadRules, match="end of document") as caught:
        load(tmp_path)
    assert caught.value.file == str(path)


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_folder_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadRules, match="no such folder"):
        load(tmp_path / name)


@pytest.mark.parametrize("content", ["", "# nothing yet\n"])
def test_policy_without_a_rule_changes_nothing(content: str, tmp_path: Path) -> None:
    written(tmp_path, "policy.toml", content)
    assert load(tmp_path).policy == shipped_rules().policy


def test_empty_folder_changes_nothing_but_says_that_it_is_there(tmp_path: Path) -> None:
    ours, shipped = load(tmp_path), shipped_rules()
    assert (ours.categories, ours.statuses, ours.codes, ours.policy) == (
        shipped.categories,
        shipped.statuses,
        shipped.codes,
        shipped.policy,
    )
    assert ours.version.startswith(f"{VERSION}+")


def test_own_code_replaces_that_row_alone(tmp_path: Path) -> None:
    written(tmp_path, "codes/gsm-map.csv", CODES + "1,,,recipient_moved,,,,,our supplier\n")
    ours, shipped = load(tmp_path).codes["gsm-map"], shipped_rules().codes["gsm-map"]
    assert [row.category for row in ours["1"]] == ["recipient_moved"]
    assert {code: rows for code, rows in ours.items() if code != "1"} == {
        code: rows for code, rows in shipped.items() if code != "1"
    }


def test_own_row_with_words_stands_beside_the_plain_one(tmp_path: Path) -> None:
    written(tmp_path, "codes/gsm-map.csv", CODES + "1,Ported,,recipient_moved,,,,,our supplier\n")
    rows = load(tmp_path).codes["gsm-map"]["1"]
    assert [(row.words, row.category) for row in rows] == [("ported", "recipient_moved"), ("", "recipient_unknown")]


def test_rows_with_words_come_before_the_plain_row_in_any_order_of_the_file(tmp_path: Path) -> None:
    rows = "1,,,unknown,,,,,s\n1,b,,expired,,,,,s\n1,a,,complaint,,,,,s\n"
    written(tmp_path, "codes/x.csv", CODES + rows)
    assert [row.words for row in load(tmp_path).codes["x"]["1"]] == ["b", "a", ""]


def test_spaces_do_not_make_two_rows_one(tmp_path: Path) -> None:
    written(tmp_path, "codes/x.csv", CODES + "a,b c,,expired,,,,,s\na b,c,,unknown,,,,,s\n")
    assert set(load(tmp_path).codes["x"]) == {"a", "a b"}


def test_own_status_word_replaces_that_row_alone(tmp_path: Path) -> None:
    written(tmp_path, "statuses/smpp.csv", STATUSES + "delivrd,delivered_network,,,,,,our supplier\n")
    ours, shipped = load(tmp_path).statuses["smpp"], shipped_rules().statuses["smpp"]
    assert ours["delivrd"].status == "delivered_network"
    assert ours["expired"] == shipped["expired"]
    assert len(ours) == len(shipped)


def test_own_table_is_a_new_table(tmp_path: Path) -> None:
    written(tmp_path, "codes/carrier-x.csv", CODES + "007,,,spam_filtered,,,,,their mail of May\n")
    [row] = load(tmp_path).codes["carrier-x"]["7"]
    assert (row.id, row.category, row.action) == ("carrier-x:code:007", "spam_filtered", "fix_content")


def test_own_row_replaces_that_of_its_number_whatever_its_zeros(tmp_path: Path) -> None:
    written(tmp_path, "codes/gsm-map.csv", CODES + "001,,,recipient_moved,,,,,our supplier\n")
    [row] = load(tmp_path).codes["gsm-map"]["1"]
    assert (row.id, row.category) == ("gsm-map:code:001", "recipient_moved")


def test_number_that_differs_in_its_zeros_alone_stands_twice(tmp_path: Path) -> None:
    written(tmp_path, "codes/x.csv", CODES + "1,,,expired,,,,,s\n001,,,unknown,,,,,s\n")
    with pytest.raises(BadRules, match="stands twice"):
        load(tmp_path)


def test_zeros_of_what_is_no_number_are_part_of_the_code(tmp_path: Path) -> None:
    written(tmp_path, "codes/x.csv", CODES + "00B,,,expired,,,,,s\n0b,,,unknown,,,,,s\n000,,,unknown,,,,,s\n")
    assert set(load(tmp_path).codes["x"]) == {"00b", "0b", "0"}


def test_row_takes_what_it_leaves_out_from_its_category(tmp_path: Path) -> None:
    rows = "1,,,recipient_inactive,,,,,s\n2,,,recipient_inactive,dormant,transient,retry,Wait.,s\n"
    written(tmp_path, "codes/x.csv", CODES + rows)
    [[plain], [full]] = load(tmp_path).codes["x"].values()
    default = shipped_rules().categories["recipient_inactive"]
    assert (plain.permanence, plain.action, plain.advice) == (default.permanence, default.action, default.advice)
    assert (full.permanence, full.action, full.advice, full.sub_reason) == ("transient", "retry", "Wait.", "dormant")


def test_own_category_row_is_what_all_rows_take_their_defaults_from(tmp_path: Path) -> None:
    written(tmp_path, "categories.csv", CATEGORIES + "recipient_unknown,transient,review,why,,Ask first.\n")
    [row] = load(tmp_path).codes["gsm-map"]["1"]
    assert (row.permanence, row.action) == ("transient", "review")


def test_own_policy_rule_replaces_that_of_its_id_where_it_stood(tmp_path: Path) -> None:
    written(tmp_path, "policy.toml", RULE.replace('"mine"', '"unknown-number"'))
    ours, shipped = load(tmp_path).policy, shipped_rules().policy
    assert [rule.id for rule in ours] == [rule.id for rule in shipped]
    assert [rule.hold_days for rule in ours if rule.id == "unknown-number"] == [(1.0,)]


def test_own_policy_rule_of_a_new_id_comes_last(tmp_path: Path) -> None:
    written(tmp_path, "policy.toml", RULE)
    assert [rule.id for rule in load(tmp_path).policy] == [*(rule.id for rule in shipped_rules().policy), "mine"]


def test_disabled_policy_rule_is_gone(tmp_path: Path) -> None:
    written(tmp_path, "policy.toml", '[[rule]]\nid = "unknown-number"\nenabled = false\n')
    shipped = [rule.id for rule in shipped_rules().policy]
    assert [rule.id for rule in load(tmp_path).policy] == [id_ for id_ in shipped if id_ != "unknown-number"]


def test_enabled_policy_rule_is_there(tmp_path: Path) -> None:
    written(tmp_path, "policy.toml", RULE + "enabled = true\n")
    assert load(tmp_path).policy[-1].id == "mine"


def test_version_changes_with_the_operators_rows(tmp_path: Path) -> None:
    versions = {shipped_rules().version, load(tmp_path).version}
    for content in (RULE, RULE + "times = 2\n", RULE + "times = 3\n"):
        written(tmp_path, "policy.toml", content)
        versions.add(load(tmp_path).version)
    written(tmp_path, "codes/x.csv", CODES)
    versions.add(load(tmp_path).version)
    assert len(versions) == 6


def test_version_is_the_same_for_the_same_rows(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        written(tmp_path / name, "policy.toml", RULE)
    assert load(tmp_path / "a").version == load(tmp_path / "b").version


def test_file_that_is_no_rule_file_does_not_change_the_version(tmp_path: Path) -> None:
    before = load(tmp_path).version
    written(tmp_path, "README.md", "ours")
    assert load(tmp_path).version == before
