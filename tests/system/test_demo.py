"""`acquit demo` shows a newcomer the whole main job within a minute of traffic, and leaves nothing behind."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

SECONDS = 60


def test_newcomer_sees_the_whole_main_job_and_nothing_is_left(tmp_path: Path) -> None:
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    demo = subprocess.Popen(
        [sys.executable, "-m", "acquit", "demo", "--seconds", str(SECONDS), "--http-port", "0"],
        env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    children = _children_of(demo, at_least=3)
    said, _ = demo.communicate(timeout=SECONDS + 60)
    assert demo.returncode == 0, said
    seen = {
        "a hard bounce": r"suppressed +email n\*\*\*@gmail.com +recipient_unknown +ses Permanent/NoEmail",
        "a STOP reply": r"suppressed +sms \+447\*+\d{4} +stop",
        "WhatsApp 131050": r"suppressed +whatsapp \+337\*+\d{4} +opted_out +whatsapp 131050",
        "a carrier that falls": r"▼ ALERT +sms 20810.*: delivery fell to",
        "a lying route": r"▼ ALERT +\w+ on 20815: contradicted \d+\.\d% \(.*\), supplier",
        "where its dossier is": r"acquit routes evidence \w+ --carrier 20815 --html",
        "delivery of each carrier": r"email gmail.com \d",
        "how to ask for an address": r"suppression check sms:",
    }
    missing = [what for what, pattern in seen.items() if not re.search(pattern, said)]
    assert not missing, said
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert not list(tmp_path.iterdir()), "no file outside its own folder, and that is gone"


def test_taken_port_is_said_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "acquit", "demo", "--seconds", "1", "--http-port", port],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
    assert done.returncode != 0
    assert f"port {port}" in done.stderr
    assert "--http-port" in done.stderr
    assert tempfile.gettempdir() not in done.stderr


def _children_of(demo: "subprocess.Popen[str]", *, at_least: int) -> list[psutil.Process]:
    deadline = time.monotonic() + 30
    children: list[psutil.Process] = []
    while len(children) < at_least and time.monotonic() < deadline:
        children = psutil.Process(demo.pid).children(recursive=True)
        time.sleep(0.2)
    return children
