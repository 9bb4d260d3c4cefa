"""The pages that people read: README.md and docs/*.md, their blocks, links and headings, and the forms of commands in them.

A block says by the words after its fence, which no reader sees, what holds it to the truth:

    console                 `$ command` and what it prints, run in make test; ... stands for what changes
    console servers         the same on a real Kafka and Redis, tests/system/test_docs_commands.py
    toml|csv|json PATH      a file of that name beside the commands of the page
    python                  runs by itself, its asserts with it
    ini                     can be parsed
    redis                   commands that a real Redis takes, in the same system test
    promql                  expressions that promtool takes, there, too
    usage                   forms of commands: each command and option is there
    sh                      for programs that no test has (docker): a shell can read it, and what it names of ours is there
    text                    a picture; no line of it is a command
    LANGUAGE tests/....py   the test that runs it
"""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from acquit.__main__ import main
from acquit.worker.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "bench" / "RESULTS.md",
)
_FENCE = re.compile(r"^```(?P<words>[^\n`]*)\n(?P<text>.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`([^`\n]+(?:\n[^`\n]+)?)`(?!`)")
_LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
_OPTION = re.compile(r"--[a-z][a-z-]*")


class Block(NamedTuple):
    page: Path
    line: int
    language: str
    mark: str  # the words after it
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for fence in _FENCE.finditer(text):
        language, _, mark = fence["words"].strip().partition(" ")
        found.append(Block(page, text.count("\n", 0, fence.start()) + 1, language, mark.strip(), fence["text"]))
    return found


def prose(page: Path) -> str:
    """The page without its blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    return _LINK.findall(_INLINE.sub("", prose(page)))


def anchors(page: Path) -> set[str]:
    """What a link may name behind #, as GitHub makes it of headings."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#{1,6} +(.+?) *$", prose(page), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").casefold()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
    return {f"{slug}-{n}" if n else slug for slug, number in found.items() for n in range(number + 1)}


def inline_code(page: Path) -> list[str]:
    return [" ".join(code.split()) for code in _INLINE.findall(prose(page))]


def faults_of_form(form: str) -> Iterator[str]:
    """What of a command's form (`acquit suppression rebuild --check`) is not there."""
    words = _words(form)
    command: click.Command = main
    names = ["acquit"]
    while isinstance(command, click.Group) and len(words) > len(names):
        chosen = [known for one in words[len(names)].split("|") if (known := command.commands.get(one)) is not None]
        if len(chosen) < len(words[len(names)].split("|")):
            break
        names.append(words[len(names)])
        command = chosen[0]
    if isinstance(command, click.Group) and len(words) > len(names) and not words[len(names)].startswith(("-", "[")):
        yield f"{form}: {' '.join(names)} has no command {words[len(names)]}"
        return
    known_options = {name for one in (main, command) for known in one.params for name in known.opts} | {"--help"}
    for option in _OPTION.findall(" ".join(words)):
        if option not in known_options:
            yield f"{form}: {' '.join(names)} has no option {option}"


def _words(form: str) -> list[str]:
    """Of the command alone: without a comment, and without what it is piped into."""
    lexer = shlex.shlex(form, posix=True, punctuation_chars="|><")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in lexer:
        if word == "|":
            break
        words.append(word)
    return words


def faults_of_shell(block: Block) -> Iterator[str]:
    """What is wrong with a script of which no test can run all: its form, our commands in it, our files."""
    read = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
    yield from read.stderr.splitlines()
    for line in block.text.splitlines():
        for form in re.findall(r"(?:^|[\s/])(acquit [a-z][a-z-]*(?![\w/.])[^;&|#]*)", line):
            yield from faults_of_form(form)
        for word in line.partition(" #")[0].split():
            is_ours = re.fullmatch(
                r"(?:\./)?(deploy|docs|grafana|src|tests|bench)/[\w./-]+|requirements[\w-]*\.lock", word
            )
            if is_ours and not (ROOT / word).exists():
                yield f"{word}: no such file"


def unknown_settings(text: str) -> set[str]:
    """What is written as a setting of the environment, and is none."""
    return {name for name in re.findall(r"ACQUIT_([A-Z_]+)\b", text) if name not in {"SETTINGS", "X"}} - {
        name.upper() for name in Settings.model_fields
    }
