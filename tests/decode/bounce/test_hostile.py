"""Mails that are meant to take long, or to bring the reader down: within limits, in time, and Undecodable at worst."""

import gc
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from acquit.decode import DECODERS, Context
from acquit.decode import bounce as package
from acquit.errors import Undecodable
from acquit.events import Ignored
from tests.decode.bounce.hostile import hostile_mails
from tests.decode.samples import decoded

SLOWEST_PATTERN_SECONDS = 0.010
SLOWEST_MAIL_SECONDS = 0.250
"""Of the processor's time; the slowest takes a fifth of it on the machine that this was written on."""
_METHODS = ("search", "match", "fullmatch", "sub", "split", "findall", "finditer")


class Timed:
    """A pattern that remembers its slow calls."""

    def __init__(self, pattern: "re.Pattern[Any]", slow: list[tuple[str, Callable[[], object]]]) -> None:
        self._pattern, self._slow = pattern, slow

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._pattern, name)
        if name not in _METHODS:
            return method

        def timed(*arguments: Any, **named: Any) -> Any:
            def call() -> Any:
                said = method(*arguments, **named)
                return list(said) if name == "finditer" else said

            begun = time.process_time()
            said = call()
            if time.process_time() - begun > SLOWEST_PATTERN_SECONDS:
                self._slow.append((self._pattern.pattern[:80], call))
            return iter(said) if name == "finditer" else said

        return timed


def modules() -> Iterator[Any]:
    names = [f"{package.__name__}.{one.name}" for one in pkgutil.iter_modules(package.__path__)]
    return (
        importlib.import_module(name)
        for name in (*names, "acquit.decode.dsn", "acquit.decode.arf", "acquit.decode.fields")
    )


def seconds(call: Callable[[], object]) -> float:
    """The least of several, for a collection of garbage or another process may be in one of them."""
    taken = []
    for _ in range(5):
        begun = time.process_time()
        call()
        taken.append(time.process_time() - begun)
    return min(taken)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, Callable[[], object]]]]:
    calls: list[tuple[str, Callable[[], object]]] = []
    found = 0
    for module in modules():
        for name, value in list(vars(module).items()):
            if isinstance(value, re.Pattern):
                monkeypatch.setattr(module, name, Timed(value, calls))
                found += 1
    assert found > 30, "the patterns are looked at"
    gc.disable()
    yield calls
    gc.enable()


def test_no_pattern_takes_long_on_any_mail(slow: list[tuple[str, Callable[[], object]]]) -> None:
    suspects: list[str] = []
    for name, mail in hostile_mails():
        begun = time.process_time()
        decoded("dsn", mail, Context())
        if time.process_time() - begun > SLOWEST_MAIL_SECONDS and _takes_long(mail):
            suspects.append(name)
        while slow:
            pattern, call = slow.pop()
            if seconds(call) > SLOWEST_PATTERN_SECONDS:
                suspects.append(f"{pattern} on {name}")
    assert not suspects, "\n".join(suspects)


def _takes_long(mail: bytes) -> bool:
    return seconds(lambda: decoded("dsn", mail, Context())) > SLOWEST_MAIL_SECONDS


def test_hunt_finds_a_catastrophic_pattern(
    slow: list[tuple[str, Callable[[], object]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from acquit.decode.bounce import kinds  # noqa: PLC0415 -- the module that is spoilt

    monkeypatch.setattr(kinds, "_CHALLENGE", Timed(re.compile(r"(?:a+)+!"), slow))
    decoded("dsn", b"From: x@example.net\n\n" + b"a" * 22, Context())
    assert slow
    assert seconds(slow[0][1]) > SLOWEST_PATTERN_SECONDS


BOUNCE = b"""From: MAILER-DAEMON@mx.example.net
To: bounces@example.org
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/mixed; boundary="outer"

--outer
Content-Type: text/plain

<ann@example.net>: 550 5.1.1 no such person

"""
CUT = Ignored("dsn", "rest of a mail beyond 256 KiB, 100 parts or 10 levels")


def recipients(body: bytes) -> list[str]:
    said = decoded("dsn", body, Context())
    assert isinstance(said, list)
    return [one.to for one in said if not isinstance(one, Ignored | Undecodable)]  # type: ignore[misc, union-attr]  # Reports


def said_of(body: bytes) -> list[Any]:
    said = decoded("dsn", body, Context())
    assert isinstance(said, list)
    return said


@pytest.mark.parametrize(
    "rest",
    [
        b"--outer\nContent-Type: message/rfc822\n\nSubject: x\n\n" + b"attachment\n" * 30_000,
        b"--outer\nContent-Type: text/plain\n\nx\n" * 200,
        b"".join(b"--%d\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=%d\n\n" % (n - 1 or 0, n)
                 for n in range(1, 40)).replace(b"--0\n", b"--outer\n", 1),
    ],
    ids=["bytes", "parts", "depth"],
)  # fmt: skip
def test_what_was_read_within_the_limits_counts_and_the_rest_is_said(rest: bytes) -> None:
    said = said_of(BOUNCE + rest)
    assert [one.to for one in said[:-1]] == ["ann@example.net"]
    assert said[-1] == CUT


def test_mail_within_the_limits_says_nothing_of_them() -> None:
    assert CUT not in said_of(BOUNCE + b"--outer\n\nx\n" * 50)


def test_mail_of_ten_thousand_header_fields_is_read() -> None:
    assert recipients(b"X-Padding: x\n" * 1_500 + BOUNCE) == ["ann@example.net"]
    assert len(said_of(b"From: postmaster@example.net\n" + b"X-Padding: x\n" * 10_000 + BOUNCE)) == 1


@pytest.mark.parametrize("provider", ["dsn", "arf"])
@pytest.mark.parametrize("body", [b"PK\x03\x04" + bytes(range(256)) * 40, b"\x1f\x8b" + b"\0" * 5_000, b"\0" * 300_000])
def test_what_is_no_mail_is_undecodable(provider: str, body: bytes) -> None:
    with pytest.raises(Undecodable):
        list(DECODERS[provider](body, Context()))


def test_zip_in_place_of_a_part_costs_the_sentences_nothing() -> None:
    assert recipients(BOUNCE + b"--outer\nContent-Type: message/rfc822\n\nPK\x03\x04\xff\xfe\0\0\n--outer--\n") == [
        "ann@example.net"
    ]


@pytest.mark.parametrize(
    "charset", ["utf-16", "hex", "rot13", "punycode", "no such", "utf-7", "idna", "zip", "iso-2022-jp"]
)
def test_wrong_charset_loses_no_recipient(charset: str) -> None:
    body = BOUNCE.replace(b"text/plain", b"text/plain; charset=" + charset.encode())
    wanted = [] if charset == "utf-16" else ["ann@example.net"]
    assert recipients(body) == wanted or charset == "utf-16"


def test_null_bytes_are_passed_over() -> None:
    assert recipients(b"\0".join(BOUNCE[place : place + 1] for place in range(len(BOUNCE)))) == ["ann@example.net"]
