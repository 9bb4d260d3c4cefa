"""`acquit screen` over a contact list of a million rows, with and without the suppression list at four scopes.

Lists as people have them: six columns, a quoted one among them, some rows twice in another spelling, some misspelt. Made from
a seed; every tenth row is on the list, in one of the scopes.
"""

import csv
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
from redis import Redis

from acquit.suppression.keys import READY, entry_key, entry_value
from bench.peers import ROOT
from tests.servers.process import guarded
from tests.servers.redis import running_redis

ROWS, SEED = 1_000_000, 7
WITHIN_SECONDS = 120
TARGET_PER_SECOND, TARGET_MB = 50_000, 200
ACCOUNT, STREAM = "acme", "otp"
_NAMES = [
    "anna",
    "ben",
    "carla",
    "david",
    "emma",
    "felix",
    "greta",
    "hugo",
    "ines",
    "jan",
    "karim",
    "lea",
    "marc",
    "nina",
    "omar",
    "paula",
]
_LARGE = ["gmail.com"] * 6 + ["yahoo.fr", "hotmail.com", "outlook.com", "orange.fr", "icloud.com"]
_OTHERS = [f"shop{number}.example.com" for number in range(3_000)]
_AGAIN_EVERY = 100


@dataclass(frozen=True)
class Screened:
    """One run of the command, start and summary included."""

    what: str
    rows: int
    rejects: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    load_average: float

    @property
    def per_second(self) -> float:
        return self.rows / self.seconds


def measure(rows: int = ROWS) -> Iterator[Screened]:
    with running_redis() as server, tempfile.TemporaryDirectory(prefix="acquit-screen-") as folder:
        with Redis.from_url(server.url) as redis:
            redis.set(READY, "bench")
            lists = {
                name: _made(Path(folder) / f"{name}.csv", rows, redis, is_mail=name == "mail")
                for name in ("mail", "numbers")
            }
        asking = ("--account", ACCOUNT, "--stream", STREAM)
        yield _run("mail, without the list", lists["mail"], server.url, "--no-list")
        yield _run("mail, four scopes", lists["mail"], server.url, *asking)
        yield _run("numbers, four scopes", lists["numbers"], server.url, *asking, "--region", "FR")


def told(done: Screened) -> str:
    is_met = done.per_second > TARGET_PER_SECOND and done.peak_mb < TARGET_MB
    return (
        f"screen {done.what}: {done.rows:,} rows, {done.rejects:,} rejects, {done.per_second:,.0f} rows/s, "
        f"{done.cpu_seconds:.1f} s of CPU, peak {done.peak_mb:.0f} MB (load average before: {done.load_average:.1f})   "
        f"target > {TARGET_PER_SECOND:,}/s, < {TARGET_MB} MB: {'met' if is_met else 'MISSED'}"
    )


def _run(what: str, path: Path, redis_url: str, *arguments: str) -> Screened:
    load = os.getloadavg()[0]
    command = [sys.executable, "-m", "acquit", "screen", str(path), "--force", "--json", *arguments]
    environment = {**os.environ, "ACQUIT_REDIS_URL": redis_url}
    with subprocess.Popen(
        guarded(["timeout", str(WITHIN_SECONDS), *command]), stdout=subprocess.PIPE, cwd=ROOT, env=environment
    ) as peer:
        assert peer.stdout is not None
        said = peer.stdout.read()
        _, status, used = os.wait4(peer.pid, 0)
        peer.returncode = os.waitstatus_to_exitcode(status)
    if peer.returncode not in {0, 1}:
        raise RuntimeError(f"acquit screen ended with {peer.returncode}")
    summary = orjson.loads(said)
    return Screened(
        what=what,
        rows=summary["rows"],
        rejects=sum(summary["rejects"].values()),
        seconds=summary["seconds"],
        cpu_seconds=used.ru_utime + used.ru_stime,
        peak_mb=used.ru_maxrss / 1024,
        load_average=load,
    )


def _made(path: Path, rows: int, redis: Redis, *, is_mail: bool) -> Path:
    drawn = random.Random(SEED)
    again: list[str] = []
    value = entry_value("stop", datetime(2026, 1, 1, tzinfo=UTC), "engagement:stop")
    scopes = ["*", f"*:{STREAM}", f"acct:{ACCOUNT}", f"acct:{ACCOUNT}:{STREAM}"]
    with path.open("w", encoding="utf-8", newline="") as file, redis.pipeline(transaction=False) as pipe:
        writer = csv.writer(file)
        writer.writerow(["id", "first_name", "last_name", "email" if is_mail else "phone", "city", "created"])
        for number in range(rows):
            first, last = drawn.choice(_NAMES), drawn.choice(_NAMES)
            canonical = _mailbox(drawn, f"{first}.{last}{number}") if is_mail else f"+336{drawn.randrange(10**8):08d}"
            written = _written(drawn, canonical, again, is_mail=is_mail)
            if number % _AGAIN_EVERY == 0:
                again.append(canonical)
            writer.writerow([number, first, last, written, f"Paris, {number % 20}", f"2026-01-{number % 28 + 1:02d}"])
            if number % 10 == 3:
                recipient = f"{'email' if is_mail else 'sms'}:{canonical}"
                pipe.set(entry_key(recipient, scopes[number // 10 % 4]), value)
                if len(pipe) >= 5_000:
                    pipe.execute()
        pipe.execute()
    return path


def _mailbox(drawn: random.Random, local: str) -> str:
    return f"{local}@{drawn.choice(_LARGE if drawn.random() < 0.7 else _OTHERS)}"


def _written(drawn: random.Random, canonical: str, again: list[str], *, is_mail: bool) -> str:
    kind = drawn.random()
    if kind < 0.03 and again:
        canonical = drawn.choice(again)
    if is_mail:
        if kind < 0.03:
            return canonical.upper()
        return (
            canonical.replace("gmail", "gmial")
            if kind < 0.05
            else canonical.replace("@", "")
            if kind < 0.06
            else canonical
        )
    if kind < 0.03 or kind > 0.8:
        return f"0{canonical[3:]}"
    if kind < 0.05:
        return canonical[:9]
    return (
        f"{canonical[:3]} {canonical[3]} {canonical[4:6]} {canonical[6:8]} {canonical[8:10]} {canonical[10:]}"
        if kind < 0.3
        else canonical
    )
