"""What the pages show of a running acquit is so: their commands are typed on a real Kafka and Redis, page by page, in order.

The page speaks of the usual names and ports; here they are the stage's own.
"""

import json
import os
import shlex
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import redis as redis_py

from tests.console import FOR_READERS, Console, Said, commands, is_as_expected, program
from tests.documents import PAGES, Block, blocks
from tests.servers.process import executable
from tests.servers.redis import Redis
from tests.system.stage import ACQUIT, Stage, patiently

HOST = "127.0.0.1"
NEW = "acquit2"
"""The name under which a page begins anew."""
CHANGING = ("import", "add", "restore", "port", "erase", "create", "replay", "simulate", "release", "drop")
"""A command with such a word is typed once; a reader looks again at what only asks, until it shows."""
SHOWN_SECONDS = 60


class Desk:
    """A reader before a stage: the page's names are translated to it, and what it says is translated back."""

    def __init__(self, stage: Stage) -> None:
        self.stage = replace(stage, extra={"ACQUIT_RAW_TOPICS": f"{stage.name}.raw.sms=smpp"})
        self.console = Console(stage.folder, self.run)

    @property
    def names(self) -> dict[str, str]:
        """The page's to the stage's, the longer ones first."""
        worker = self.stage.workers[-1].port if self.stage.workers else 9464
        return {
            f"{HOST}:9092": self.stage.kafka.bootstrap,
            f"{HOST}:6379": self.stage.redis.url.removeprefix("redis://").partition("/")[0],
            f"{HOST}:9464": f"{HOST}:{worker}",
            "raw.sms": f"{self.stage.name}.raw.sms",
            NEW: f"{self.stage.name}2",
        }

    def type(self, text: str) -> str:
        for ours, theirs in self.names.items():
            text = text.replace(ours, theirs)
        if text.startswith("export "):
            self.console.type(text)
            self.stage.extra = {**self.stage.extra, **self.console.environ}
            return ""
        if text == "acquit worker &":
            worker = self.stage.start(**self.console.environ)
            assert patiently(worker.is_ready), worker.log.read_text()
            return ""
        if text == "kill %1":
            self.console.status = self.stage.workers[-1].stop()
            return ""
        return self._translated_back(self.console.type(text))

    def _translated_back(self, said: str) -> str:
        for ours, theirs in [*self.names.items(), ("acquit", self.stage.name)]:
            said = said.replace(theirs, ours)
        return said

    def run(self, words: list[str], given: bytes) -> Said:
        if words[0] == "acquit":
            environ = {**os.environ, **self.stage.environ, **self.console.environ}
            return program([*ACQUIT, *words[1:]], given, folder=self.console.folder, environ=environ)
        if words[0] == "curl":
            return _asked(words[-1])
        if words[0] == "redis-cli":
            words = [executable("redis-cli", "redis-tools"), "-u", self.stage.redis.url, *words[1:]]
        return program(words, given, folder=self.console.folder, environ=dict(os.environ))

    def read(self, block: Block) -> None:
        typed = list(commands(block))
        for number, command in enumerate(typed):
            printed = self._until_it_shows(command.text, command.expected)
            assert is_as_expected(printed, command.expected), f"{block.place}: {command.text}\n{printed}"
            is_asked = number + 1 < len(typed) and typed[number + 1].text == "echo $?"
            assert self.console.status == 0 or is_asked, f"{block.place}: {command.text}\n{printed}"

    def _until_it_shows(self, text: str, expected: str) -> str:
        words = text.split()
        is_asking = words[0] in {"acquit", "curl", "redis-cli"} and not {"&", *CHANGING}.intersection(words)
        deadline = time.monotonic() + SHOWN_SECONDS
        printed = self.type(text)
        while is_asking and not is_as_expected(printed, expected) and time.monotonic() < deadline:
            time.sleep(1)
            printed = self.type(text)
        return printed


def _asked(url: str) -> Said:
    try:
        with urlopen(url, timeout=5) as answer:
            return Said(0, answer.read())
    except HTTPError as error:
        return Said(0, error.read())
    except OSError as error:
        return Said(7, b"", str(error).encode())


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any((b.language, b.mark) == ("console", "servers") for b in blocks(page))],
    ids=lambda page: page.name,
)
def test_commands_of_the_page_print_what_stands_there(stage: Stage, page: Path) -> None:
    desk = Desk(stage)
    for block in blocks(page):
        if block.language in FOR_READERS and not block.mark.startswith("tests/"):
            desk.console.keep(block)
        elif (block.language, block.mark) == ("console", "servers"):
            desk.read(block)


@pytest.mark.parametrize(
    "block", [b for page in PAGES for b in blocks(page) if b.language == "redis"], ids=lambda block: block.place
)
def test_redis_takes_the_commands_of_the_page(own_redis: Redis, block: Block) -> None:
    with redis_py.Redis(port=own_redis.port) as client:
        for line in block.text.replace("\\\n", " ").splitlines():
            client.execute_command(*shlex.split(line, comments=True))


def test_prometheus_takes_the_expressions_of_the_pages(tmp_path: Path) -> None:
    found = [b for page in PAGES for b in blocks(page) if b.language == "promql"]
    rules = [{"record": f"docs:expression:n{number}", "expr": block.text} for number, block in enumerate(found)]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "docs", "rules": rules}]}))  # JSON is YAML
    done = subprocess.run(
        [executable("promtool", "prometheus"), "check", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, [*(block.place for block in found), done.stderr]
