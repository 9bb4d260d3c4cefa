"""Import of a list: read it, say what is wrong with it, ask the ledger for it. All of it row by row.

What was asked for is kept beside the file, in FILE.progress: run again after a crash, an import goes on behind the last
batch that the broker has. A batch that it had, and of which we did not learn, is sent again with the same times, so that
it says nothing new; a person's START in between stands. (An id for each row would have to be remembered by the ledger
for as long as somebody may run an import again.)
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from acquit.errors import AcquitError
from acquit.events import Command
from acquit.rules.policy import PolicyRule
from acquit.worker import list_file
from acquit.worker.commands import AT_ONCE, sending
from acquit.worker.list_file import Asked
from acquit.worker.list_layouts import EVERYTHING, LAYOUTS, OWN
from acquit.worker.list_rows import Form, Line, rows
from acquit.worker.list_translation import check_columns, ours
from acquit.worker.settings import Settings

Moved = Callable[[int], None]
"""Told how far it is: bytes of the file when it is looked at, lines when it is brought."""


class Rejected(Struct, frozen=True):
    """A line that says nothing that can be held. `why` never repeats an address; `text` is the line, for a file alone."""

    line: int
    why: str
    text: str = ""

    def __str__(self) -> str:
        return f"line {self.line}: {self.why}"


class Taken(Struct, frozen=True):
    """A line's commands: one for each scope."""

    line: int
    commands: list[Command]


class Source(Struct, frozen=True):
    """A file, how it is written, and what its rows rest on."""

    path: Path
    policy: Sequence[PolicyRule]
    asked: Asked
    layout: str = OWN

    def form(self) -> Form:
        layout = LAYOUTS.get(self.layout)
        if layout is None:
            return Form(list_file.check_columns)
        return Form(lambda names: check_columns(layout, names), layout.array, layout.bare)


class Counts(Struct):
    """What is in a file: entries by what they are held for, how many of them are over already, and lines that are none."""

    entries: Counter[str]
    over: int = 0
    rejected: int = 0

    @property
    def total(self) -> int:
        return sum(self.entries.values())

    def __str__(self) -> str:
        kinds = ", ".join(f"{hold} {number:,}" for hold, number in sorted(self.entries.items()))
        over = f", {self.over:,} of them over already" if self.over else ""
        return f"{self.total:,} entries{f' ({kinds})' if kinds else ''}{over}, {self.rejected:,} bad lines"


class Progress(Struct):
    """How far an import has come. Whoever goes on with it must mean the same file, and the same by it."""

    size: int
    modified_ns: int
    layout: str
    asked: Asked
    line: int = 0
    sent: int = 0


def read(source: Source, file: BinaryIO, *, after: int = 0) -> Iterator[Taken | Rejected]:
    """Each line behind `after`, as commands or as what is wrong with it. Raises AcquitError for a file that is wrong."""
    for line in rows(file, source.form()):
        if line.number > after:
            yield _read(source, line)


def look(source: Source, *, rejects: Callable[[Rejected], None], moved: Moved) -> Counts:
    """What an import would ask for, and what it would leave out."""
    counts = Counts(Counter())
    with source.path.open("rb") as file:
        for found in read(source, file):
            if isinstance(found, Rejected):
                counts.rejected += 1
                rejects(found)
            else:
                counts.entries.update(command.hold or "" for command in found.commands)
                counts.over += sum(
                    list_file.is_over(command, source.policy, source.asked.now) for command in found.commands
                )
            if found.line % AT_ONCE == 0:
                moved(file.tell())
    return counts


async def bring(source: Source, settings: Settings, *, moved: Moved) -> int:
    """Ask for every good line, from where an earlier run of this import ended. Returns how many it asked for itself."""
    before = began(source)
    progress = before or _begun(source)
    sent_before = progress.sent
    _keep(source.path, progress)
    source = msgspec.structs.replace(source, asked=progress.asked)  # with the times of the first run
    async with sending(settings) as send_some:
        with source.path.open("rb") as file:
            for batch, line in _batches(read(source, file, after=progress.line)):
                await send_some(batch)
                progress.line, progress.sent = line, progress.sent + len(batch)
                _keep(source.path, progress)
                moved(progress.line)
    progress_file(source.path).unlink()
    return progress.sent - sent_before


def began(source: Source) -> Progress | None:
    """Where an earlier run of this import ended. Raises AcquitError where it was of another file, or another import."""
    path = progress_file(source.path)
    if not path.exists():
        return None
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Progress)
    except msgspec.DecodeError:
        raise AcquitError(f"{path} cannot be read: delete it to begin anew") from None
    now = _begun(source)
    if (found.size, found.modified_ns) != (now.size, now.modified_ns):
        raise AcquitError(f"{source.path} has changed since its import began: delete {path} to begin anew")
    if (found.layout, msgspec.structs.replace(found.asked, now=now.asked.now)) != (now.layout, now.asked):
        raise AcquitError(f"another import of {source.path} has begun: run it again as it was, or delete {path}")
    return found


def progress_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.progress")


def _read(source: Source, line: Line) -> Taken | Rejected:
    if line.row is None:
        return Rejected(line.number, line.why, line.text)
    layout = LAYOUTS.get(source.layout)
    try:
        if layout is None:
            list_file.check_values(line.row)
            return Taken(line.number, [list_file.command_of(line.row, source.policy, source.asked)])
        found = [{**row, "scope": "" if row["scope"] == EVERYTHING else row["scope"]} for row in ours(layout, line.row)]
        return Taken(line.number, [list_file.command_of(row, source.policy, source.asked) for row in found])
    except AcquitError as error:
        return Rejected(line.number, getattr(error, "detail", str(error)).removeprefix("$.to: "), line.text)


def _batches(found: Iterator[Taken | Rejected]) -> Iterator[tuple[list[Command], int]]:
    """Commands, and the line of the last of them: never a part of a line's."""
    batch: list[Command] = []
    line = 0
    for each in found:
        line = each.line
        if isinstance(each, Taken):
            batch += each.commands
        if len(batch) >= AT_ONCE:
            yield batch, line
            batch = []
    if batch:
        yield batch, line


def _begun(source: Source) -> Progress:
    status = source.path.stat()
    return Progress(status.st_size, status.st_mtime_ns, source.layout, source.asked)


def _keep(path: Path, progress: Progress) -> None:
    kept = progress_file(path)
    draft = kept.with_name(f"{kept.name}.draft")
    draft.write_bytes(msgspec.json.encode(progress))
    draft.replace(kept)
