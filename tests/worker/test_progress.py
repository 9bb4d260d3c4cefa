"""A bar is for people: on a terminal alone, and never where output is read by a program."""

import io
import sys

import pytest

from acquit.worker.progress import bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_bar_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with bar("reading", 10) as moved:
        moved(5)
    assert "reading" in terminal.getvalue()


def test_nothing_is_shown_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    with bar("reading", 10) as moved:
        moved(5)
    assert capsys.readouterr() == ("", "")
