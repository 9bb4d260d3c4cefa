"""Reading the settings from a TOML file and the environment. Whatever is wrong is a BadSettings that points at it."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from acquit.errors import BadSettings
from acquit.worker.checks import suggestion
from acquit.worker.settings import Settings

PREFIX = "ACQUIT_"
FILE_VARIABLE = "ACQUIT_SETTINGS"
"""Names the TOML file; the one variable of ours that is no setting."""


@dataclass(frozen=True)
class _Written:
    """What the operator wrote, and where: turns a wrong setting into the error that points at it."""

    file: Path | None
    text: str = field(repr=False)
    keys: dict[str, Any] = field(repr=False)
    variables: dict[str, str] = field(repr=False)

    def values(self) -> dict[str, Any]:
        return {**self.keys, **self.variables}

    def wrong(self, path: tuple[str, ...], problem: str) -> BadSettings:
        if self.file is None or path[0] in self.variables:
            return BadSettings("environment", None, _variable(path[0]), ": ".join((*path[1:], problem)))
        return BadSettings(self.file, _line(self.text, path), ".".join(path), problem)


def load(file: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings, or BadSettings for the first thing that is unknown or wrong; `file` goes before ACQUIT_SETTINGS."""
    if file is None and environ.get(FILE_VARIABLE):
        file = Path(environ[FILE_VARIABLE])
    text = _read(file) if file else ""
    written = _Written(file, text, keys=_parse(file, text), variables=_variables(environ))
    for name in written.keys:
        if name not in Settings.model_fields:
            raise written.wrong((name,), "is no setting" + suggestion(name, set(Settings.model_fields)))
    settings = _validated(written)
    # Raised out here, the error has no pydantic error as its context, which would hold what was written.
    if isinstance(settings, BadSettings):
        raise settings
    return settings


def _validated(written: _Written) -> Settings | BadSettings:
    try:
        return Settings(**written.values())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    path = tuple(str(part) for part in first["loc"] if part != "[key]")
    return written.wrong(path, str(first.get("ctx", {}).get("error") or first["msg"]))


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    known = {_variable(name): name for name in Settings.model_fields}
    ours = {name for name in environ if name.startswith(PREFIX) and name != FILE_VARIABLE}
    for name in sorted(ours - known.keys()):
        if not _is_service_link(name, environ[name]):
            raise BadSettings("environment", None, name, "is no setting" + suggestion(name, {*known, FILE_VARIABLE}))
    return {known[name]: environ[name] for name in ours & known.keys() if _is_written(name, environ[name])}


def _is_written(name: str, value: str) -> bool:
    return value != "" and not _is_service_link(name, value)


def _is_service_link(name: str, value: str) -> bool:
    """Kubernetes gives every pod ACQUIT_PORT=tcp://… and its like when a Service is called acquit or acquit-….

    https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
    """
    if re.search(r"_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$", name):
        return True
    return name.endswith("_PORT") and re.match(r"(tcp|udp|sctp)://", value) is not None


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise BadSettings(file, None, None, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
    raise BadSettings(file, line, None, "is not UTF-8")


def _parse(file: Path | None, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
    assert file is not None  # no file, no text
    place = re.search(r" \(at line (\d+), column \d+\)$", said)
    line = int(place[1]) if place else text.rstrip().count("\n") + 1  # else "(at end of document)"
    raise BadSettings(file, line, None, f"is not TOML: {said.partition(' (at ')[0]}")


def _line(text: str, path: tuple[str, ...]) -> int | None:
    """The line where a key is written: the first after which the file, cut off there, has it."""
    lines = text.split("\n")
    begin = 0
    for end in range(1, len(lines) + 1):
        try:
            keys = tomllib.loads("\n".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            continue  # within a value of several lines
        if _has(keys, path):
            return begin + 1
        begin = end
    return _line(text, path[:-1]) if len(path) > 1 else None


def _has(keys: Any, path: tuple[str, ...]) -> bool:
    return not path or (isinstance(keys, dict) and path[0] in keys and _has(keys[path[0]], path[1:]))
