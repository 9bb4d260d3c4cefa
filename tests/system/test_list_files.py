"""Lists that come in and go out, as people type it, on a real Kafka: killed halfway, and in another system's layout."""

import csv
import io
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
import redis as redis_py

from acquit.worker.list_import import progress_file
from tests.system.stage import ACQUIT, Stage, patiently

SOAK_SECONDS = 900
BY = ("--actor", "ann", "--reason", "moved")


@pytest.fixture
def running(stage: Stage) -> Stage:
    stage.create_topics()
    worker = stage.start()
    assert patiently(worker.is_ready)
    return stage


@pytest.mark.parametrize("rows", [60_000, pytest.param(1_000_000, marks=pytest.mark.soak)])
def test_import_killed_halfway_and_run_again_leaves_the_list_right(running: Stage, rows: int) -> None:
    file = running.folder / "list.csv"
    wanted = {f"+336{number:08d}": ("stop", "complaint")[number % 2] for number in range(rows)}
    file.write_text("".join(["channel,address,reason\n", *(f"sms,{to},{reason}\n" for to, reason in wanted.items())]))
    killed_at = kill_halfway(running, file, rows)
    assert rows // 2 <= killed_at < rows
    done = typed(running, "import", str(file), *BY)
    said = int(done.stdout.split()[2])
    assert said <= rows + 1 - killed_at, "it began anew"  # the header is a line, too
    assert not progress_file(file).exists()
    assert patiently(lambda: kept_running(running) and keys_in_redis(running) >= rows, seconds=SOAK_SECONDS)
    assert exported(running) == wanted
    commands = [record.value for record in running.records(running.settings.topic("commands"))]
    assert len(set(commands)) == rows, "what came twice was not the same"
    assert len({json.loads(command)["at"] for command in commands}) == 1


def test_list_comes_and_goes_in_another_systems_layout(running: Stage) -> None:
    file = running.folder / "bounces.json"
    bounces = [{"email": f"jo{n}@Example.com", "status": "5.1.1", "created": int(time.time()) - n} for n in range(50)]
    file.write_text(json.dumps([*bounces, {"email": "no mailbox"}, {"email": "a@b.example", "status": "4.2.2"}]))
    layout = ("--layout", "sendgrid-bounces")
    dry = running.run("suppression", "import", str(file), *BY, *layout, "--dry-run")
    assert dry.stdout == "would ask for 50 entries (recipient_unknown 50), 2 bad lines\n"
    assert "line 52: its status says a temporary failure" in dry.stderr
    assert "@" not in dry.stderr
    [_, first, second] = csv.reader(Path(f"{file}.rejects").read_text().splitlines())
    assert (first[0], json.loads(first[2]), second[0]) == ("51", {"email": "no mailbox"}, "52")
    assert running.run("suppression", "import", str(file), *BY, *layout).returncode == 1
    assert running.run("suppression", "import", str(file), *BY, *layout, "--skip-bad").returncode == 0
    assert patiently(lambda: len(exported(running)) == 50)
    out = running.run("suppression", "export", "--layout", "mailgun-bounces", "--domain", "example.com", "--json")
    assert {json.loads(line)["address"] for line in out.stdout.splitlines()} == {
        f"jo{n}@example.com" for n in range(50)
    }
    assert running.run("suppression", "export", "--json", "--reason", "stop").stdout == ""
    left = running.run("suppression", "export", "--layout", "sendgrid-unsubscribes")
    assert (left.stdout, left.stderr) == (
        "created,email\n",
        "left out: 50 entries that sendgrid-unsubscribes cannot say\n",
    )


def kill_halfway(stage: Stage, file: Path, rows: int) -> int:
    """How many lines the broker had then, as far as is known."""
    environ = {**os.environ, **stage.environ}
    with subprocess.Popen([*ACQUIT, "suppression", "import", str(file), *BY], env=environ) as process:
        assert patiently(lambda: lines_done(file) >= rows // 2, seconds=SOAK_SECONDS, pause=0.002)
        process.send_signal(signal.SIGKILL)
    return lines_done(file)


def kept_running(stage: Stage) -> bool:
    """As whoever runs workers does: on a busy machine one may stand still for so long that it ends by itself."""
    if stage.workers[-1].process.poll() is not None:
        stage.start()
    return True


def keys_in_redis(stage: Stage) -> int:
    with redis_py.Redis.from_url(stage.redis.url) as client:
        return int(client.dbsize())


def lines_done(file: Path) -> int:
    return int(json.loads(progress_file(file).read_bytes())["line"]) if progress_file(file).exists() else 0


def typed(stage: Stage, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As Stage.run, for files that take their time."""
    environ = {**os.environ, **stage.environ}
    command = [*ACQUIT, "suppression", *arguments]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=SOAK_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return done


def exported(stage: Stage) -> dict[str, str]:
    done = typed(stage, "export")
    return {row["address"]: row["reason"] for row in csv.DictReader(io.StringIO(done.stdout))}
