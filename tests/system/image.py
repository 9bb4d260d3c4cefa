"""The Dockerfile without a container engine: the build stage's own commands, run under a folder, and what it would start.

A `FROM` is this machine's Python in an environment of its own; USER, LABEL and EXPOSE are only read. What this does not
know is an error. Whether an engine makes the same of it is not known: docs/status.md.
"""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.servers.kafka import cache

ROOT = Path(__file__).resolve().parents[2]
BUILD_SECONDS = 600


@dataclass(frozen=True)
class Image:
    """What of the Dockerfile a container would run, with its paths as they are here."""

    folder: Path
    entrypoint: list[str]
    command: list[str]
    healthcheck: list[str]
    last: dict[str, str]
    """The last of every other instruction of the final stage."""

    @property
    def python(self) -> str:
        return str(self.folder / "opt/acquit/bin/python")

    @property
    def acquit(self) -> list[str]:
        return [str(self.folder / "opt/acquit/bin" / self.entrypoint[0]), *self.entrypoint[1:]]


def instructions() -> Iterator[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if line.strip():
            word, _, rest = line.partition(" ")
            yield word, rest


def built() -> Image:
    """Run the build stage, unless this very image is there from before, then read the final one."""
    stages: list[list[tuple[str, str]]] = []
    for word, rest in instructions():
        if word == "FROM":
            stages.append([])
        elif stages:
            stages[-1].append((word, rest))
    build, final = stages
    folder = cache() / "image" / _fingerprint(build)
    if not (folder / "made").exists():
        shutil.rmtree(folder.parent, ignore_errors=True)
        folder.mkdir(parents=True)
        _run_stage(build, folder)
        (folder / "made").touch()
    last = dict(final)
    assert last["COPY"] == "--from=build /opt/acquit /opt/acquit", "the image is what was built, and no more"
    check = last["HEALTHCHECK"].partition(" CMD ")[2]
    return Image(folder, json.loads(last["ENTRYPOINT"]), json.loads(last["CMD"]), json.loads(check), last)


def _fingerprint(build: list[tuple[str, str]]) -> str:
    sources = [source for word, rest in build if word == "COPY" for source in rest.split()[:-1]]
    files = [ROOT / "Dockerfile", *(file for source in sources for file in _context(source))]
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def _run_stage(stage: list[tuple[str, str]], folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(folder / "python")], check=True, timeout=120)
    environ = {key: os.environ[key] for key in ("HOME", "LANG") if key in os.environ}
    environ |= {
        key: value for key, value in os.environ.items() if key.lower().endswith("proxy") or key.startswith("PIP_")
    }
    environ["PIP_NO_COMPILE"] = "1"  # what an image has compiled is compiled here when it is first needed
    environ["PATH"] = f"{folder / 'python/bin'}:{os.environ['PATH']}"
    workdir = folder
    for word, rest in stage:
        match word:
            case "ENV":
                environ |= dict(pair.split("=", 1) for pair in rest.split())
                environ.pop("PIP_NO_CACHE_DIR", None)  # a test may use what is there already
            case "WORKDIR":
                workdir = folder / rest.lstrip("/")
                workdir.mkdir(parents=True)
            case "COPY":
                *sources, target = rest.split()
                for source in sources:
                    _copy(source, workdir / target, into=target.endswith("/"))
            case "RUN":
                command = rest.replace("/opt/acquit", str(folder / "opt/acquit"))
                subprocess.run(["sh", "-ec", command], cwd=workdir, env=environ, check=True, timeout=BUILD_SECONDS)
            case _:
                raise AssertionError(f"the build stage has {word}, which is not known here")


def _context(source: str) -> list[Path]:
    """The files of a COPY that the build is sent."""
    files = sorted(file for file in (ROOT / source, *(ROOT / source).rglob("*")) if file.is_file())
    return [file for file in files if is_in_context(file.relative_to(ROOT))]


def _copy(source: str, target: Path, *, into: bool) -> None:
    files = _context(source)
    assert files, f"{source} is not in the build's context: .dockerignore"
    for file in files:
        here = target / file.name if into else target / file.relative_to(ROOT / source)
        here.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, here)


def is_in_context(path: Path) -> bool:
    """Whether .dockerignore lets this file, relative to the top, into the build; the last line that matches decides."""
    is_in = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            wanted = pattern.startswith("!")
            ways = [str(parent) for parent in (path, *path.parents)][:-1]
            if any(_matches(way, pattern.removeprefix("!")) for way in ways):
                is_in = wanted
    return is_in


def _matches(path: str, pattern: str) -> bool:
    """`*` stops at a slash, `**/` is any number of folders."""
    tail = pattern.removeprefix("**/")
    return fnmatch.fnmatchcase(path.rpartition("/")[2] if tail != pattern else path, tail) and (
        tail != pattern or path.count("/") == pattern.count("/")
    )
