"""What staff ask for, as they type it, on a real Kafka and Redis: what the list, its history and the journal then say."""

import csv
import io
import json
import time
from dataclasses import replace

import pytest
import redis as redis_py

from acquit.suppression.keys import hashed
from tests.system.stage import Stage, patiently

KEY = "a key of a test that has 32 bytes or more"
WHO = "sms:+33612345678"
BY = ("--actor", "ann", "--reason", "asked")


@pytest.fixture
def running(stage: Stage) -> Stage:
    stage = replace(stage, extra={"ACQUIT_ERASE_KEY": KEY})
    stage.create_topics()
    worker = stage.start()
    assert patiently(worker.is_ready)
    return stage


def test_commands_from_add_to_erase(running: Stage) -> None:
    try:
        _add_and_restore(running)
        _import_and_export(running)
        _erase(running)
    finally:
        running.end()


def test_list_that_becomes_hashed_is_renamed_and_another_key_is_not_ready(stage: Stage) -> None:
    digits, name = WHO.partition("+")[2].encode(), hashed(WHO, KEY.encode())
    stage.create_topics()
    plain = stage.start()
    assert patiently(plain.is_ready)
    assert answer(stage, "add", WHO, *BY) == 0
    assert patiently(lambda: any(digits in key for key in redis_keys(stage)))
    assert plain.stop() == 0
    stage.extra = {"ACQUIT_ERASE_KEY": KEY, "ACQUIT_LIST_HASHED": "true"}
    all_hashed = stage.start()
    assert patiently(all_hashed.is_ready)
    assert "1 addresses are renamed" in all_hashed.log.read_text()
    assert answer(stage, "restore", WHO, *BY, "--scope", "*:news") == 0  # any record of its partition
    assert patiently(lambda: not any(digits in key for key in redis_keys(stage)))
    assert not any(digits in each for each in (*last_values(stage, "suppressions"), *journal(stage)))
    assert name in output(stage, "list")
    assert patiently(lambda: answer(stage, "check", WHO) == 1)
    assert all_hashed.stop() == 0
    stage.extra = {"ACQUIT_ERASE_KEY": KEY[::-1]}
    other = stage.start()
    assert patiently(lambda: "erase_key" in other.page("/readyz")[1])
    assert other.page("/readyz")[0] == 503


def _add_and_restore(stage: Stage) -> None:
    assert patiently(lambda: answer(stage, "check", WHO) == 0), "the list is ready"
    assert answer(stage, "add", WHO, *BY, "--legal") == 0
    assert patiently(lambda: answer(stage, "check", WHO) == 1), "added"
    assert answer(stage, "restore", WHO, *BY) == 0
    assert patiently(lambda: "REFUSED" in told(stage)), "refused, and told"
    assert answer(stage, "check", WHO) == 1
    assert answer(stage, "restore", WHO, *BY, "--force") == 0
    assert patiently(lambda: answer(stage, "check", WHO) == 0), "restored"
    words = [line.partition("UTC  ")[2].split(":")[0] for line in told(stage).splitlines()[:-2]]
    assert words == ["ann asked", "SUPPRESSED", "ann asked", "REFUSED to restore", "ann asked", "LIFTED"]
    lines = [json.loads(line) for line in output(stage, "history", WHO, "--json").splitlines()]
    assert [line.get("change") for line in lines if line["kind"] == "suppression"] == [
        "suppressed",
        "refused",
        "lifted",
    ]


def _import_and_export(stage: Stage) -> None:
    rows = [f"sms,+3361{n:07d},*,{('stop', 'complaint', 'recipient_unknown')[n % 3]},2026-01-02T03:04:05Z,{until(n)}"
            for n in range(1_000)]  # fmt: skip
    file = stage.folder / "list.csv"
    file.write_text("\n".join(["channel,address,scope,reason,since,until", *rows, "sms,12,*,stop,,"]))
    bad = stage.run("suppression", "import", str(file), *BY)
    assert bad.returncode == 1
    assert "line 1002: is no possible phone number" in bad.stderr
    assert exported(stage) == []
    wanted = sorted(row.replace(",2026-01-02T03:04:05Z,", ",", 1) for row in rows)
    assert answer(stage, "import", str(file), *BY, "--skip-bad") == 0
    patiently(lambda: exported(stage) == wanted)
    assert exported(stage) == wanted, "what was imported is exported"
    assert patiently(lambda: len(output(stage, "list").splitlines()) == 1_000)
    again = stage.folder / "again.csv"
    again.write_text(output(stage, "export"))
    before = len(stage.records(f"{stage.name}.suppressions"))
    assert answer(stage, "import", str(again), *BY) == 0
    assert patiently(lambda: len(stage.records(stage.settings.topic("events"))) == 2_003), (
        "the ledger could have read it"
    )
    time.sleep(2)
    assert len(stage.records(f"{stage.name}.suppressions")) == before, "twice is as good as once"


def _erase(stage: Stage) -> None:
    who = "sms:+33610000003"  # a stop
    digits = who.partition("+")[2].encode()
    name = hashed(who, KEY.encode())
    assert any(digits in each for each in (*redis_keys(stage), *last_values(stage, "suppressions"), *journal(stage)))
    said = output(stage, "erase", who, *BY)
    assert name in said
    assert f"{stage.settings.topic('events')} may hold it until 20" in said
    assert patiently(lambda: name in output(stage, "list"))
    assert patiently(lambda: not any(digits in key for key in redis_keys(stage))), "no key of Redis names the address"
    assert not any(digits in each for each in last_values(stage, "suppressions"))
    assert not any(digits in each for each in journal(stage))
    done = stage.run("suppression", "check", who)
    assert (done.returncode, "erased" in done.stdout) == (1, True)
    assert "known by the hash alone" in output(stage, "history", who)
    assert patiently(lambda: len(exported(stage)) == 1_000)


def until(number: int) -> str:
    return "2027-05-06T07:08:09Z" if number % 3 == 2 else "forever"


def answer(stage: Stage, *arguments: str) -> int:
    return stage.run("suppression", *arguments).returncode


def output(stage: Stage, *arguments: str) -> str:
    done = stage.run("suppression", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def told(stage: Stage) -> str:
    return output(stage, "history", WHO)


def exported(stage: Stage) -> list[str]:
    rows = csv.DictReader(io.StringIO(output(stage, "export")))
    names = ("channel", "address", "scope", "reason", "until")
    return sorted(",".join(row[name] for name in names) for row in rows)


def last_values(stage: Stage, topic: str) -> list[bytes]:
    """Keys and values that compaction leaves."""
    last: dict[tuple[int, bytes], bytes | None] = {}
    for record in stage.records(f"{stage.name}.{topic}"):
        last[record.partition, record.key] = record.value
    return [key + value for (_, key), value in last.items() if value is not None]


def journal(stage: Stage) -> list[bytes]:
    return last_values(stage, "journal.ledger")


def redis_keys(stage: Stage) -> list[bytes]:
    with redis_py.Redis.from_url(stage.redis.url) as client:
        return list(client.scan_iter(count=1_000))
