"""Contact lists as files: read as they stand, plain or gzip, and written whole or not at all."""

import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from acquit.screening.layout import SAMPLE_BYTES, BadList

LINE_LIMIT = 1 << 20
"""A longer line is read in pieces: memory stays flat."""
_UTF8_BOM = b"\xef\xbb\xbf"
_BROKEN = (EOFError, gzip.BadGzipFile, zlib.error)


class Contacts:
    """An open list. `lines` are bytes read as Latin-1, so that each says exactly what bytes it was."""

    def __init__(self, file: BinaryIO, size: int | None) -> None:
        self._file = file
        self.size = size  # in bytes of the file, None where nobody knows
        buffered = file if isinstance(file, io.BufferedReader) else io.BufferedReader(file)  # type: ignore[type-var]
        is_gzip = buffered.peek(2)[:2] == b"\x1f\x8b"
        stream: BinaryIO = gzip.GzipFile(fileobj=buffered) if is_gzip else buffered  # type: ignore[assignment]
        with readable():
            head = _read_up_to(stream, SAMPLE_BYTES)
        _check(head)
        self.mark = _UTF8_BOM if head.startswith(_UTF8_BOM) else b""
        head = head.removeprefix(self.mark)
        self.sample = _whole_lines(head).decode("latin-1")
        whole = io.BufferedReader(_Rewound(head, stream), SAMPLE_BYTES)
        self._text = io.TextIOWrapper(whole, encoding="latin-1", newline="")

    def lines(self) -> Iterator[str]:
        return iter(partial(self._text.readline, LINE_LIMIT), "")

    def read_bytes(self) -> int:
        return self._file.tell() if self.size is not None else 0


class Replacement:
    """A file that is there only when all of it is written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        self._file = self._partial.open("wb")

    def write(self, rows: list[str]) -> None:
        self._file.write("".join(rows).encode("latin-1"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if kind is None:
            self._partial.replace(self._path)
        else:
            self._partial.unlink(missing_ok=True)


@contextmanager
def opened(name: str) -> Iterator[Contacts]:
    if name == "-":
        yield Contacts(sys.stdin.buffer, None)
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise BadList(f"{name}: {error.strerror}") from None
    with file:
        yield Contacts(file, os.fstat(file.fileno()).st_size)


@contextmanager
def readable() -> Iterator[None]:
    """What a broken gzip file raises, said as what it is."""
    try:
        yield
    except _BROKEN:
        raise BadList("the gzip file is broken") from None


def _check(head: bytes) -> None:
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise BadList("the list is UTF-16: save it as UTF-8 (Excel: CSV UTF-8)")
    if b"\0" in head:
        raise BadList("the list is no text: save it as CSV")


def _whole_lines(head: bytes) -> bytes:
    if len(head) < SAMPLE_BYTES - len(_UTF8_BOM):
        return head
    end = max(head.rfind(b"\n"), head.rfind(b"\r")) + 1
    return head[:end] if end else head


def _read_up_to(stream: BinaryIO, size: int) -> bytes:
    head = b""
    while len(head) < size and (piece := stream.read(size - len(head))):
        head += piece
    return head


class _Rewound(io.RawIOBase):
    """A stream whose head was read already, from its beginning."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = memoryview(head), rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]  # any buffer
        if self._head:
            size = min(len(buffer), len(self._head))
            buffer[:size] = self._head[:size]
            self._head = self._head[size:]
            return size
        return self._rest.readinto(buffer)  # type: ignore[attr-defined,no-any-return]  # both kinds have it
