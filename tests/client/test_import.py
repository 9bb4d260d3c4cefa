"""A sender installs and loads nothing of a worker."""

import subprocess
import sys
import tomllib
from pathlib import Path

HEAVY = {"faust", "aiokafka", "mode", "prometheus_client", "pydantic", "click", "rich", "orjson", "borghash", "cramjam"}
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_client_imports_nothing_that_only_a_worker_has() -> None:
    code = "import sys, acquit.client; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "redis" in loaded
    assert not loaded & HEAVY


def test_plain_install_has_what_the_client_needs_and_no_more() -> None:
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    assert {line.split(">")[0] for line in project["dependencies"]} == {
        "idna",
        "msgspec",
        "phonenumbers",
        "redis[hiredis]",
    }
