"""A `console` block as a reader would type it: commands, what goes from one to the next, and what they print."""

import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.documents import Block

FOR_READERS = ("toml", "csv", "json")
"""Blocks of these that name a file are that file."""


class Said(NamedTuple):
    """What one command said."""

    status: int
    output: bytes
    errors: bytes = b""


Run = Callable[[list[str], bytes], Said]


class Command(NamedTuple):
    text: str
    expected: str


def commands(block: Block) -> Iterator[Command]:
    """Each `$ command`, with its further lines (behind a backslash, or after `> `), and the lines that it prints."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        typed = [lines.pop(0)]
        while lines and (typed[-1].endswith("\\") or lines[0].startswith("> ")):
            line = lines.pop(0)
            if typed[-1].endswith("\\"):
                typed[-1] = typed[-1][:-1] + line.removeprefix("> ").lstrip()
            else:
                typed.append(line.removeprefix("> "))
        yield Command("\n".join(typed), "\n".join(lines).rstrip())


def is_as_expected(printed: str, expected: str) -> bool:
    """... is whatever there is: within a line, or, alone on it, any number of lines."""
    pattern = ""
    for line in expected.splitlines():
        inside = "[^\\n]*".join(map(re.escape, line.rstrip().split("...")))
        pattern += "(?:[^\\n]*\\n)*" if line.strip() == "..." else inside + "\\n"
    lines = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
    return re.fullmatch(pattern, lines) is not None


class Console:
    """One reader: files, variables and the last status stay from block to block. `run` runs a single program."""

    def __init__(self, folder: Path, run: Run) -> None:
        self.folder = folder
        self.environ: dict[str, str] = {}
        self.status = 0
        self._run = run

    def keep(self, block: Block) -> None:
        path = self.folder / block.mark
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")

    def type(self, text: str) -> str:
        """What a line prints."""
        if text == "echo $?":
            last, self.status = self.status, 0
            return str(last)
        words = shlex.split(text, comments=True)
        if words[0] == "export":
            self.environ |= {name: value for name, _, value in (word.partition("=") for word in words[1:])}
            return ""
        flowing, errors = b"", b""
        for stage in _stages(text):
            said = self._stage(stage, flowing)
            flowing, errors, self.status = said.output, errors + said.errors, said.status
        return (flowing + errors).decode()

    def _stage(self, words: list[str], given: bytes) -> Said:
        """One program, with < and > taken out."""
        to: Path | None = None
        left: list[str] = []
        rest = iter(words)
        for word in rest:
            if word == "<":
                given = (self.folder / next(rest)).read_bytes()
            elif word == ">":
                to = self.folder / next(rest)
            else:
                left.append(word)
        said = self._run(left, given)
        if to is None:
            return said
        to.write_bytes(said.output)
        return said._replace(output=b"")


def program(words: list[str], given: bytes, *, folder: Path, environ: dict[str, str]) -> Said:
    """A program of the system, such as head."""
    done = subprocess.run(words, input=given, cwd=folder, env=environ, capture_output=True, timeout=120, check=False)
    return Said(done.returncode, done.stdout, done.stderr)


def _stages(text: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars="|<>&")
    lexer.whitespace_split = True
    stage: list[str] = []
    for word in lexer:
        if word == "|":
            yield stage
            stage = []
        else:
            stage.append(word)
    yield stage
