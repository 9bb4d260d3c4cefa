"""docs/senders.md says what is so: its code in other languages is run as it stands there, and its ACL line on a real Redis."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import redis as redis_py

from acquit.client import SuppressionList
from acquit.suppression.keys import READY
from tests.servers.kafka import COPY_DEPENDENCIES, ROOT
from tests.servers.process import executable
from tests.servers.redis import Redis
from tests.system.asked import FREE, STOP, WHO, fill

PAGE = (ROOT / "docs" / "senders.md").read_text()
MAINS = ROOT / "tests" / "senders"
VECTORS = json.loads((ROOT / "docs" / "addresses.json").read_text())["keys"]
FULL = [row for row in VECTORS if row["account"] and row["stream"]]
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>acquit</groupId><artifactId>sender</artifactId><version>1</version><dependencies><dependency>
<groupId>redis.clients</groupId><artifactId>jedis</artifactId><version>5.1.0</version></dependency></dependencies></project>"""


def code(language: str) -> str:
    """The page's only block of this language."""
    [block] = re.findall(rf"```{language}[^\n]*\n(.*?)```", PAGE, re.DOTALL)
    return str(block)


def go(folder: Path) -> list[str]:
    (folder / "sender.go").write_text(code("go"))
    shutil.copy(MAINS / "main.go", folder)
    return [executable("go", "golang-go"), "run", "."]


def java(folder: Path) -> list[str]:
    (folder / "Main.java").write_text(code("java") + (MAINS / "Main.java").read_text())
    both = (folder / "Main.java").read_text()
    imports = sorted(set(re.findall(r"^import .*;$", both, re.MULTILINE)))
    body = re.sub(r"^import .*;\n", "", both, flags=re.MULTILINE)
    sender, main = body.split("class Main", 1)
    (folder / "Main.java").write_text("\n".join([*imports, "class Main" + main, sender]))  # java runs the first class
    return [executable("java", "openjdk-17-jdk-headless"), "-Dfile.encoding=UTF-8", "-cp", "jars/*", "Main.java"]


def node(folder: Path) -> list[str]:
    (folder / "sender.mjs").write_text(code("js"))
    shutil.copy(MAINS / "main.mjs", folder)
    return [executable("node", "nodejs"), "main.mjs"]


def php(folder: Path) -> list[str]:
    (folder / "main.php").write_text("<?php\n" + code("php") + (MAINS / "main.php").read_text().removeprefix("<?php\n"))
    return [executable("php", "php-cli and php-redis"), "main.php"]


def fetch_go(folder: Path) -> None:
    program = executable("go", "golang-go")
    run([program, "mod", "init", "sender"], folder)
    run([program, "get", "github.com/redis/go-redis/v9@v9.0.5"], folder)


def fetch_java(folder: Path) -> None:
    (folder / "pom.xml").write_text(POM)
    run([executable("mvn", "maven"), "-q", "-B", COPY_DEPENDENCIES, f"-DoutputDirectory={folder / 'jars'}"], folder)


def fetch_node(folder: Path) -> None:
    (folder / "package.json").write_text('{"private": true}')
    run([executable("npm", "npm"), "install", "--no-audit", "--no-fund", "--silent", "redis@4.7.0"], folder)


def fetch_nothing(_: Path) -> None:
    """Debian has the driver: php-redis."""


LANGUAGES: Mapping[str, tuple[Callable[[Path], None], Callable[[Path], list[str]]]] = {
    "go": (fetch_go, go),
    "java": (fetch_java, java),
    "node": (fetch_node, node),
    "php": (fetch_nothing, php),
}
"""How to fetch each driver, once, and how to run the page's code with it. .ci/run installs all four."""


def run(command: list[str], folder: Path, lines: str = "") -> str:
    done = subprocess.run(
        command, cwd=folder, input=lines, capture_output=True, text=True, timeout=240, check=False, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(params=LANGUAGES)
def sender(request: pytest.FixtureRequest, own_redis: Redis, tmp_path: Path) -> Callable[[str], list[bool]]:
    """The page's code as a program: lines of recipient, account and stream to answers."""
    fetch, prepared = LANGUAGES[request.param]
    shutil.copytree(_fetched(request.param, fetch), tmp_path / "program", symlinks=True)
    command = prepared(tmp_path / "program")

    def ask(lines: str) -> list[bool]:
        said = run([*command, str(own_redis.port)], tmp_path / "program", lines)
        return [json.loads(line) for line in said.split()]

    return ask


@pytest.fixture
def writer(own_redis: Redis) -> Iterator[redis_py.Redis]:
    with redis_py.Redis(port=own_redis.port) as writer:
        yield writer


def _fetched(name: str, fetch: Callable[[Path], None]) -> Path:
    """A folder that exists only whole, as tests/servers/kafka.py has one for Kafka."""
    cache = Path(os.environ.get("TEST_CACHE") or ROOT / ".cache").resolve()
    fetched = cache / f"sender-{name}"
    if not fetched.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="fetch-", dir=cache) as folder:
            program = Path(folder) / "program"
            program.mkdir()
            fetch(program)
            program.rename(fetched)
    return fetched


def test_code_of_the_page_asks_for_every_scope_and_for_the_sign(
    sender: Callable[[str], list[bool]], writer: redis_py.Redis
) -> None:
    """A person for each key that there may be, who is held by that key alone, and one who is held by none."""
    writer.set(READY, "run")
    lines: list[str] = []
    wanted: list[bool] = []
    for row in FULL:
        for number in range(len(row["keys"]) + 1):
            recipient = f"sms:+336{len(lines):08d}"
            for key in row["keys"][number : number + 1]:
                writer.set(key.replace(row["recipient"], recipient), STOP)
            lines.append(f"{recipient}\t{row['account']}\t{row['stream']}")
            wanted.append(number == len(row["keys"]))
    assert sender("\n".join(lines)) == wanted
    writer.delete(READY)
    assert sender("\n".join(lines)) == [False] * len(lines)


def test_python_of_the_page_runs_as_it_stands_there(own_redis: Redis, writer: redis_py.Redis) -> None:
    fill(writer)
    writer.set("sup:{email:jo@example.com}:*:news", STOP)
    block = re.findall(r"```python[^\n]*\n(.*?)```", PAGE, re.DOTALL)[0]
    program = re.sub(r'"redis://[^"]*"', f'"{own_redis.url}"', block)
    assert program != block
    said = run([sys.executable, "-c", program + "print([answer.may_send for answer in answers])"], ROOT)
    assert said.splitlines() == ["*:news stop 2026-11-22 09:00:00+00:00 engagement:stop", "[False, True]"]


def test_sender_of_the_page_may_read_the_list_and_nothing_else(own_redis: Redis, writer: redis_py.Redis) -> None:
    fill(writer)
    writer.set("other", "secret")
    [line] = re.findall(r"^ACL SETUSER .*$", PAGE, re.MULTILINE)
    writer.execute_command(*line.split())  # type: ignore[no-untyped-call]
    with redis_py.Redis(port=own_redis.port, username="sender", password="PASSWORD", protocol=2) as own:
        key = f"sup:{{sms:{WHO}}}:*"
        assert (own.get(key), own.mget([READY, key])) == (STOP.encode(), [b"run", STOP.encode()])
        assert (own.exists(key), own.pttl(key)) == (1, -1)
        for refused in (
            ("SET", key, "x"), ("DEL", key), ("PEXPIRE", key, 1), ("GET", "other"), ("MGET", key, "other"), ("SCAN", 0),
            ("KEYS", "*"), ("FLUSHALL",), ("CONFIG", "GET", "*"), ("EVAL", "return 1", 0), ("ACL", "WHOAMI"), ("INFO",),
            ("SUBSCRIBE", "x"), ("RANDOMKEY",), ("DBSIZE",), ("MONITOR",),
        ):  # fmt: skip
            with pytest.raises(redis_py.exceptions.NoPermissionError):
                own.execute_command(*refused)
    suppressed = SuppressionList.from_url(f"redis://sender:PASSWORD@127.0.0.1:{own_redis.port}/0")
    answers = suppressed.check_many([("sms", WHO), ("sms", FREE)])
    assert [(answer.may_send, answer.trouble) for answer in answers] == [(False, None), (True, None)]
