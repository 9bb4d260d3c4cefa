"""`acquit screen` asks the list in a real Redis."""

import csv
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from redis import Redis as Client

from acquit.__main__ import main
from acquit.suppression.keys import READY, entry_key, entry_value, hashed
from tests.servers.process import guarded
from tests.servers.redis import Redis

SINCE = datetime(2026, 1, 2, tzinfo=UTC)
ERASE_KEY = "k" * 64
DATABASE = 10  # all of it is ours


@pytest.fixture
def client(redis: Redis) -> Iterator[Client]:
    with Client(port=redis.port, db=DATABASE) as client:
        client.flushdb()
        client.set(READY, "run")
        yield client


@pytest.fixture
def contacts(tmp_path: Path) -> Path:
    path = tmp_path / "contacts.csv"
    path.write_text("email\n" + "".join(f"jo{number}@example.com\n" for number in range(12_000)))
    return path


def screen(redis: Redis, path: Path, *arguments: str, **environment: str) -> Result:
    settings = {"ACQUIT_REDIS_URL": f"redis://127.0.0.1:{redis.port}/{DATABASE}", **environment}
    return CliRunner().invoke(main, ["screen", str(path), "--force", *arguments], env=settings, catch_exceptions=False)


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def hold(client: Client, recipient: str, scope: str = "*") -> None:
    client.set(entry_key(recipient, scope), entry_value("stop", SINCE, "engagement:stop"))


def rejected(path: Path) -> dict[str, str]:
    with path.with_name(f"{path.name}.rejects").open(encoding="utf-8") as file:
        return {row["email"]: row["detail"] for row in csv.DictReader(file)}


def test_who_is_suppressed_is_rejected_and_why(redis: Redis, client: Client, contacts: Path) -> None:
    """In whichever of the batches."""
    for number in (0, 4_999, 5_000, 11_999):
        hold(client, f"email:jo{number}@example.com")
    hold(client, "sms:jo1@example.com")  # another channel
    done = screen(redis, contacts)
    assert done.exit_code == 1
    assert "@" not in done.output
    why = "stop, since 2026-01-02, by rule engagement:stop, scope *"
    assert rejected(contacts) == {f"jo{number}@example.com": why for number in (0, 4_999, 5_000, 11_999)}


def test_the_scopes_of_account_and_stream_are_asked(redis: Redis, client: Client, contacts: Path) -> None:
    hold(client, "email:jo1@example.com", "acct:acme")
    hold(client, "email:jo2@example.com", "*:news")
    hold(client, "email:jo3@example.com", "acct:acme:news")
    hold(client, "email:jo3@example.com", "*")
    screen(redis, contacts)
    assert set(rejected(contacts)) == {"jo3@example.com"}
    screen(redis, contacts, "--account", "acme", "--stream", "news")
    found = rejected(contacts)
    assert set(found) == {f"jo{number}@example.com" for number in (1, 2, 3)}
    assert "scope *;" in found["jo3@example.com"]
    assert found["jo3@example.com"].endswith("scope acct:acme:news")


def test_who_is_there_as_a_hash_is_found_with_the_key(redis: Redis, client: Client, contacts: Path) -> None:
    who = "email:jo7@example.com"
    hold(client, hashed(who, ERASE_KEY.encode()))
    assert screen(redis, contacts).exit_code == 0
    assert screen(redis, contacts, ACQUIT_ERASE_KEY=ERASE_KEY).exit_code == 1
    assert set(rejected(contacts)) == {"jo7@example.com"}


def test_a_list_that_is_not_ready_is_refused_and_nothing_written(redis: Redis, client: Client, contacts: Path) -> None:
    client.delete(READY)
    done = screen(redis, contacts)
    assert (done.exit_code, "not ready" in done.output) == (69, True)
    assert list(contacts.parent.iterdir()) == [contacts]
    assert screen(redis, contacts, "--no-list").exit_code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_leaves_no_file(tmp_path: Path, number: signal.Signals) -> None:
    """It waits for standard input at that moment."""
    names = ["--clean", str(tmp_path / "clean"), "--rejects", str(tmp_path / "rejects")]
    command = guarded([sys.executable, "-m", "acquit", "screen", "-", "--no-list", *names])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        process.stdin.write(b"jo@example.com\n" * 10_000)
        process.stdin.flush()
        wait_until(lambda: bool(list(tmp_path.iterdir())))
        process.send_signal(number)
        assert process.wait(20) == 130
    assert not list(tmp_path.iterdir())


def test_a_redis_that_is_away_is_said_and_nothing_written(own_redis: Redis, contacts: Path) -> None:
    own_redis.stop()
    done = screen(own_redis, contacts)
    assert (done.exit_code, "no answer from Redis" in done.output) == (69, True)
    assert list(contacts.parent.iterdir()) == [contacts]
