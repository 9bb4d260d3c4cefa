"""What the pages say is so: links lead somewhere, and blocks run as they stand. Those made from the code: test_docs.py."""

import configparser
import json
import os
import re
import tomllib
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from acquit.__main__ import main
from acquit.routes.verdict import CLEARED_NATS, CLEARED_SHARE, RAISED_AT_ONCE, RAISED_IN_TWO_DAYS, SUSPECT_NATS
from acquit.worker.settings import Settings
from docs.generate import SETTINGS
from tests.console import FOR_READERS, Console, Said, commands, is_as_expected, program
from tests.documents import (
    PAGES,
    ROOT,
    Block,
    anchors,
    blocks,
    faults_of_form,
    faults_of_shell,
    inline_code,
    links,
    prose,
    unknown_settings,
)

BLOCKS = [block for page in PAGES for block in blocks(page)]
SERVERS = "servers"
ON_SERVERS = {"redis", "promql"}  # tests/system/test_docs_commands.py
LISTED = {("README.md", "acquit  http://"): "tests/system/test_demo.py"}
"""By their beginning, blocks that have no mark, and the test of what they show."""


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_every_setting_is_documented() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (.+) \|$", SETTINGS.read_text(), re.MULTILINE))
    assert rows.keys() == Settings.model_fields.keys()
    assert all(len(meaning) > 10 for meaning in rows.values())


def test_analysts_page_has_the_thresholds_that_count() -> None:
    page = (ROOT / "docs" / "analysts.md").read_text()
    raised = f"`contradicted` is said at {RAISED_AT_ONCE:g} nats, or {RAISED_IN_TWO_DAYS:g} on two days in a row"
    assert raised in page
    falls = (
        f"falls when a week shows less than {CLEARED_NATS:g} and the share can only be under {CLEARED_SHARE * 100:g} %"
    )
    assert falls in " ".join(page.split())
    assert f"`suspect` is said at {SUSPECT_NATS:g}" in page


def test_operators_page_has_the_figures_of_the_last_bench() -> None:
    results, page = ((ROOT / path).read_text() for path in ("bench/RESULTS.md", "docs/operators.md"))
    [row] = re.findall(r"^\| acquit \| [\d,]+, \*\*([\d,]+)\*\*, [\d,]+ \| ([\d.]+) \| (\d+) \|", results, re.MULTILINE)
    [machine] = re.findall(
        r"^(\S+), (\d CPUs that Kafka shares), .*; ([\d,]+ events) of (\d+ bytes)", results, re.MULTILINE
    )
    speed, cpu, memory = row
    for figure in (f"{speed} events/s", f"{cpu} CPU seconds a million", f"{memory} MB", *machine):
        assert figure in page, f"{figure} is in bench/RESULTS.md"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files_and_headings_that_are_there(page: Path) -> None:
    broken = []
    for link in links(page):
        if re.match(r"(https?|mailto):", link):
            continue
        path, _, heading = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (heading and target.suffix == ".md" and heading not in anchors(target)):
            broken.append(link)
    assert not broken


def test_index_has_every_page() -> None:
    index = ROOT / "docs" / "README.md"
    missing = {name_of(page) for page in (ROOT / "docs").glob("*.md")} - {f"docs/{link}" for link in links(index)}
    assert missing <= {"docs/README.md"}, "add a line for it to docs/README.md"


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_block_says_what_holds_it_to_the_truth(block: Block) -> None:
    """The marks are in tests/documents.py. A block without one is a promise that nobody keeps."""
    if not block.language:
        known = [test for (page, begin), test in LISTED.items()
                 if page == name_of(block.page) and block.text.startswith(begin)]  # fmt: skip
        assert known, "say after the fence what it is: tests/documents.py has the marks"
        assert (ROOT / known[0]).exists()
    elif block.mark.startswith("tests/"):
        assert block.page.name in (ROOT / block.mark).read_text(), f"{block.mark} does not speak of {block.page.name}"
    elif block.language == "console":
        assert block.mark in {"", SERVERS}
        assert block.text.startswith("$ ")
    elif block.language in {"usage", "text", "sh"} | ON_SERVERS:
        assert not block.mark
    elif block.language in FOR_READERS:
        assert block.mark, "say after the fence what the file is called"
    else:
        assert block.language in {"python", "ini"}, f"say after {block.language} which test runs it"


def parsed(block: Block) -> None:
    if block.language == "toml":
        tomllib.loads(block.text)
    elif block.language == "json":
        json.loads(block.text)
    else:
        configparser.ConfigParser(strict=False, interpolation=None).read_string(block.text)


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if block.language in {"toml", "json", "ini"}], ids=lambda block: block.place
)
def test_block_can_be_parsed(block: Block) -> None:
    parsed(block)


def test_shell_can_read_what_no_test_can_run() -> None:
    faults = {block.place: list(faults_of_shell(block)) for block in BLOCKS if block.language == "sh"}
    assert not any(faults.values()), faults


@pytest.mark.parametrize(
    ("text", "is_wrong"),
    [
        (
            "docker run acquit:1 check  # any\nhelm upgrade acquit --wait docs/held.md\n/opt/bin/acquit topics create\n",
            False,
        ),
        ("if true\n", True),
        ("/opt/bin/acquit topics crate && true\n", True),
        ("install deploy/no-such.service /etc\n", True),
    ],
)
def test_what_is_wrong_with_a_script_is_seen(text: str, *, is_wrong: bool) -> None:
    assert bool(list(faults_of_shell(Block(ROOT, 1, "sh", "", text)))) is is_wrong


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language == "text"], ids=lambda block: block.place)
def test_picture_has_no_command_that_nothing_runs(block: Block) -> None:
    assert not re.findall(r"^\s*(?:\$ |acquit [a-z]|make [a-z]|redis-cli |curl ).*", block.text, re.MULTILINE)


def test_commands_and_options_that_pages_name_are_there() -> None:
    forms = [(block.place, line) for block in BLOCKS if block.language == "usage" for line in block.text.splitlines()]
    forms += [(name_of(page), code) for page in PAGES for code in inline_code(page)]
    assert len(forms) > 100
    faults = [f"{place}: {fault}" for place, form in forms
              if re.match(r"acquit(?: [a-z-]|$)", form) for fault in faults_of_form(form)]  # fmt: skip
    assert not faults


def test_form_of_a_command_that_is_not_there_is_seen() -> None:
    assert list(faults_of_form("acquit suppression rebuild --check | head --lines 3")) == []
    assert list(faults_of_form("acquit suppression held list|release|drop --route NAME")) == []
    assert len(list(faults_of_form("acquit supression list"))) == 1
    assert len(list(faults_of_form("acquit suppression rebuild --chek"))) == 1


def test_settings_that_pages_name_are_there() -> None:
    unknown = {name_of(page): unknown_settings(page.read_text()) for page in PAGES if page.name != "CHANGELOG.md"}
    assert not any(unknown.values()), unknown


def test_make_targets_that_pages_name_are_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {word for page in PAGES for code in inline_code(page) for word in re.findall(r"^make ([a-z-]+)$", code)}
    assert named <= targets


def test_text_outside_of_blocks_has_no_fence_left() -> None:
    assert not [name_of(page) for page in PAGES if "```" in prose(page)]


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(b.language in {"console", "python"} and not b.mark for b in blocks(page))],
    ids=name_of,
)
def test_commands_of_the_page_print_what_stands_there(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order of the page, in a folder where the reader's clone of acquit is, and nothing else."""
    for entry in ROOT.iterdir():
        if not entry.name.startswith("."):
            (tmp_path / entry.name).symlink_to(entry)
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("ACQUIT_")]:
        monkeypatch.delenv(name)
    console = Console(tmp_path, lambda words, given: without_servers(words, given, console=console))
    for block in blocks(page):
        if block.language in FOR_READERS and not block.mark.startswith("tests/"):
            console.keep(block)
        elif (block.language, block.mark) == ("console", ""):
            read(console, block)
        elif (block.language, block.mark) == ("python", ""):
            exec(compile(block.text, block.place, "exec"), {})


def without_servers(words: list[str], given: bytes, *, console: Console) -> Said:
    if words[0] != "acquit":
        return program(words, given, folder=console.folder, environ=dict(os.environ))
    done = CliRunner().invoke(main, words[1:], input=given, env=console.environ, catch_exceptions=False)
    return Said(done.exit_code, done.stdout_bytes, done.stderr_bytes)


def read(console: Console, block: Block) -> None:
    typed = list(commands(block))
    for number, command in enumerate(typed):
        printed = console.type(command.text)
        assert is_as_expected(printed, command.expected), f"{block.place}: {command.text}\n{printed}"
        is_asked = number + 1 < len(typed) and typed[number + 1].text == "echo $?"
        assert console.status == 0 or is_asked, f"{block.place}: {command.text} ended with {console.status}: {printed}"


@pytest.mark.parametrize(
    ("printed", "expected", "same"),
    [
        ("one\ntwo\n", "one\ntwo", True),
        ("one\ntwo\n", "one", False),
        ("one\ntwo\n", "one\n...", True),
        ("one\n", "one\n...", True),
        ("at 12:01 two of 3\n", "at ... two of 3", True),
        ("at 12:01\ntwo of 3\n", "at ... two of 3", False),
        ("", "", True),
        ("one\n", "", False),
        ("a.c\n", "a.c", True),
        ("abc\n", "a.c", False),
    ],
)
def test_dots_stand_for_what_changes_and_for_nothing_else(printed: str, expected: str, *, same: bool) -> None:
    assert is_as_expected(printed, expected) is same


def test_lines_after_a_backslash_or_a_prompt_belong_to_the_command() -> None:
    block = Block(ROOT, 1, "console", "", "$ echo a \\\n    b | cat\na b\n$ printf 'x\n> y'\nx\ny\n")
    console = Console(ROOT, partial(program, folder=ROOT, environ=dict(os.environ)))
    assert [console.type(command.text) for command in commands(block)] == ["a b\n", "x\ny"]
    read(console, block)
    with pytest.raises(AssertionError):
        read(console, block._replace(text="$ echo a\nb\n"))
    with pytest.raises(AssertionError):
        read(console, block._replace(text="$ ls nothing-of-this-name\n..."))
