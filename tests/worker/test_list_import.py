"""An import is looked at, brought, and gone on with where it ended."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka.errors import KafkaConnectionError

from acquit.errors import AcquitError
from acquit.events import Command
from acquit.worker import list_import
from acquit.worker.commands import AT_ONCE
from acquit.worker.list_file import Asked
from acquit.worker.list_import import Rejected, Source, began, bring, look, progress_file
from acquit.worker.list_rows import Form, rows
from acquit.worker.settings import Settings
from tests.builders import shipped_rules

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
BATCHES = 4
POLICY = shipped_rules().policy


class Broker:
    """Takes batches until it goes away."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.had: list[Command] = []
        self.takes = 1_000
        monkeypatch.setattr(list_import, "sending", self.sending)

    @asynccontextmanager
    async def sending(self, _settings: Settings) -> AsyncIterator[Callable[[Sequence[Command]], Awaitable[None]]]:
        async def send_some(batch: Sequence[Command]) -> None:
            if not self.takes:
                raise KafkaConnectionError
            self.takes -= 1
            self.had += batch

        yield send_some


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    return Broker(monkeypatch)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv"
    lines = [f"sms,+336{number:08d}" for number in range(BATCHES * AT_ONCE - 10)]
    path.write_text("\n".join(["channel,address", *lines, "sms,12"]))
    return path


def source(path: Path, *, now: datetime = NOW, **fields: Any) -> Source:
    return Source(path, POLICY, Asked(by="ann", why="move", now=now, hold="stop", **fields))


def ignored(_: Any) -> None:
    pass


async def run(of: Source) -> int:
    return await bring(of, Settings(), moved=ignored)


def test_look_counts_by_what_is_held_and_tells_what_is_wrong(file: Path) -> None:
    bad: list[Rejected] = []
    counts = look(source(file), rejects=bad.append, moved=ignored)
    assert (dict(counts.entries), counts.rejected) == ({"stop": BATCHES * AT_ONCE - 10}, 1)
    assert [(each.line, each.text) for each in bad] == [(BATCHES * AT_ONCE - 8, "sms,12\n")]
    assert str(counts) == "19,990 entries (stop 19,990), 1 bad lines"
    assert not progress_file(file).exists()


def test_look_counts_failures_that_are_so_old_that_they_hold_nobody(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    rows = [
        "jo@a.example,recipient_unknown,2025-11-22T09:00:00Z,",  # 365 days ago
        "jo@b.example,recipient_unknown,2025-11-22T09:00:01Z,",
        "jo@c.example,recipient_unknown,2025-11-22T09:00:00Z,forever",
        "jo@d.example,complaint,2001-01-01T00:00:00Z,",
    ]
    file.write_text("\n".join(["channel,address,reason,since,until", *(f"email,{row}" for row in rows)]))
    counts = look(source(file), rejects=ignored, moved=ignored)
    assert str(counts) == "4 entries (complaint 1, recipient_unknown 3), 1 of them over already, 0 bad lines"


async def test_import_brings_every_good_line_once_and_leaves_nothing_behind(file: Path, broker: Broker) -> None:
    assert await run(source(file)) == len({command.to for command in broker.had}) == BATCHES * AT_ONCE - 10
    assert list(file.parent.iterdir()) == [file]


async def test_import_that_ended_halfway_goes_on_there_with_the_times_of_its_beginning(
    file: Path, broker: Broker
) -> None:
    broker.takes = 2
    with pytest.raises(KafkaConnectionError):
        await run(source(file))
    broker.takes = 1_000
    assert await run(source(file, now=NOW + timedelta(days=1))) == 2 * AT_ONCE - 10
    assert len(broker.had) == len({command.to for command in broker.had}) == BATCHES * AT_ONCE - 10
    assert {command.at for command in broker.had} == {NOW}
    assert list(file.parent.iterdir()) == [file]


async def test_batch_of_which_we_did_not_learn_is_sent_again_as_it_was(file: Path, broker: Broker) -> None:
    broker.takes = 2
    with pytest.raises(KafkaConnectionError):
        await run(source(file))
    kept = msgspec.json.decode(progress_file(file).read_bytes(), type=list_import.Progress)
    kept.line -= AT_ONCE  # as when it ended between the broker's answer and the note of it
    progress_file(file).write_bytes(msgspec.json.encode(kept))
    broker.takes = 1_000
    await run(source(file, now=NOW + timedelta(days=1)))
    assert len(broker.had) == BATCHES * AT_ONCE - 10 + AT_ONCE
    assert broker.had[AT_ONCE : 2 * AT_ONCE] == broker.had[2 * AT_ONCE : 3 * AT_ONCE]


async def test_other_file_or_other_import_does_not_go_on_with_what_began(file: Path, broker: Broker) -> None:
    broker.takes = 1
    with pytest.raises(KafkaConnectionError):
        await run(source(file))
    with pytest.raises(AcquitError, match=r"another import of .* has begun"):
        began(source(file, scope="*:news"))
    with file.open("a") as more:
        more.write("\nsms,+33612345678")
    with pytest.raises(AcquitError, match=r"has changed since its import began: delete .*list.csv.progress"):
        began(source(file))


def test_progress_holds_no_address(file: Path) -> None:
    progress = list_import._begun(source(file))
    progress.line = 7
    list_import._keep(file, progress)
    assert "336" not in progress_file(file).read_text().replace(str(progress.modified_ns), "")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ('{"a": "1"}\n\n{"a": "2"}\n', [1, 3]),
        ('[{"a": "1"},\n {"a": "2"}]', [1, 2]),
        ('{"items": [{"a": "1"}], "paging": {}}\n{"items": [{"a": "2"}], "paging": {}}', [1, 2]),
        ('{\n  "paging": {},\n "items": [{"a": "1"}]\n}', [1]),
        ('{\n  "a": "1"\n}\n{\n  "a": "2"\n}', [1, 2]),
        ("  \n[]", []),
    ],
)
def test_json_comes_as_lines_as_an_array_or_as_the_answers_of_an_api(
    tmp_path: Path, text: str, numbers: list[int]
) -> None:
    path = tmp_path / "x"
    path.write_text(text)
    with path.open("rb") as opened:
        found = list(rows(opened, Form(ignored, "items")))
    assert [(line.number, line.row) for line in found] == [
        (number, {"a": str(place)}) for place, number in enumerate(numbers, 1)
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b'[{"a": "1"}', "line 1 is not JSON"),
        (b'{"items": 5}', "holds no rows"),
        (b'a\n"unclosed' + b"x" * 2_000_000, "line . is no CSV: field larger"),
    ],
)
def test_file_that_is_none_is_refused(tmp_path: Path, text: bytes, why: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(text)
    with path.open("rb") as opened, pytest.raises(AcquitError, match=why):
        list(rows(opened, Form(ignored, "items")))


def test_broken_line_among_json_lines_is_rejected_alone(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text('{"a": \n{"a": "2"}\n')
    with path.open("rb") as opened:
        assert [line.why for line in rows(opened, Form(ignored, "items"))] == ["is not JSON", ""]
