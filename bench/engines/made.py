"""What the engines need, made on demand under .cache: an environment of their own for Python's, classes and jars for Java's."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.peers import ROOT
from tests.servers.process import executable, guarded, tail

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
JAVA = HERE.parent / "kafka-streams"
WITHIN_SECONDS = 900


def python() -> Path:
    """The Python of an environment with exactly these requirements; they never meet the project's own."""
    folder = _folder("engines", [REQUIREMENTS])
    found = folder / "bin" / "python"
    if not (folder / "made").exists():
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        pip = [str(found), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--require-hashes"]
        _run([*pip, "-r", str(REQUIREMENTS)])
        (folder / "made").touch()
    return found


def java() -> list[str]:
    """The command of the Kafka Streams program, up to its arguments."""
    folder = _folder("kafka-streams", [JAVA / "pom.xml", *sorted((JAVA / "src").rglob("*.java"))])
    if not (folder / "made").exists():
        mvn = [executable("mvn", "maven"), "-q", "-B", "-Dstyle.color=never"]
        _run([*mvn, "-f", str(JAVA / "pom.xml"), f"-Dout={folder}", "process-classes"])
        (folder / "made").touch()
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"
    path = f"{folder / 'classes'}:{folder / 'jars'}/*"
    return [executable("java", "default-jre-headless"), "-Xmx512m", "-XX:-UsePerfData", quiet, "-cp", path, "Ledger"]


def _folder(name: str, sources: Sequence[Path]) -> Path:
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
    cache = Path(os.environ.get("TEST_CACHE") or ROOT / ".cache").resolve()
    return cache / f"{name}-{digest}"


def _run(command: list[str]) -> None:
    try:
        subprocess.run(guarded(command), capture_output=True, text=True, timeout=WITHIN_SECONDS, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(f"{error}. It said last:\n{tail(str(error.stdout) + str(error.stderr))}") from error
