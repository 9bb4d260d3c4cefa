"""Apache Kafka itself: one KRaft node, fetched once from Maven Central and started as often as wanted."""

import asyncio
import os
import subprocess
import tempfile
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tests.servers.process import ServerFailedError, ServerProcess, executable, free_ports, guarded, is_listening, tail

VERSION = "4.1.1"
ROOT = Path(__file__).resolve().parents[2]
FETCH_SECONDS, FORMAT_SECONDS, START_SECONDS, ANSWER_SECONDS, STOP_SECONDS = 600, 60, 60, 5, 60

ARTIFACTS = (
    ("org.apache.kafka", "kafka_2.13", VERSION),
    ("org.apache.kafka", "kafka-tools", VERSION),
    ("org.apache.logging.log4j", "log4j-slf4j-impl", "2.24.3"),  # without a binding Kafka says nothing at all
)
COPY_DEPENDENCIES = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
LOG4J = """\
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %c{1} %m%n
rootLogger.level=INFO
rootLogger.appenderRef.out.ref=out
"""


class Kafka:
    """One node that keeps port and data when it starts again. Methods block: in a coroutine use `asyncio.to_thread`."""

    def __init__(self, folder: Path, *, heap: str = "768m", settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.heap = heap
        self.port, self._controller_port = free_ports(2)
        self.bootstrap = f"127.0.0.1:{self.port}"
        self._settings = dict(settings or {})
        self.process = ServerProcess("Kafka", folder / "kafka.log")

    def start(self) -> None:
        properties = self.folder / "server.properties"
        if not properties.exists():
            self._format(properties)
        command = [*self._java(self.heap), "kafka.Kafka", str(properties)]
        self.process.start(command, answers=lambda: has_broker(self.port), within_seconds=START_SECONDS)

    def stop(self) -> None:
        self.process.stop(within_seconds=STOP_SECONDS)

    def kill(self) -> None:
        self.process.kill()

    def restart(self) -> None:
        self.stop()
        self.start()

    def _format(self, properties: Path) -> None:
        (self.folder / "log4j2.properties").write_text(LOG4J)
        draft = properties.with_suffix(".draft")
        draft.write_text("".join(f"{name}={value}\n" for name, value in self._properties().items()))
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        arguments = ["format", "--ignore-formatted", f"--cluster-id={cluster}", "--config", str(draft)]
        _run([*self._java("128m"), "kafka.tools.StorageTool", *arguments], within_seconds=FORMAT_SECONDS)
        draft.rename(properties)

    def _java(self, heap: str) -> list[str]:
        return [
            executable("java", "default-jre-headless"),
            f"-Xmx{heap}",
            "-XX:-UsePerfData",
            f"-Djava.io.tmpdir={self.folder}",  # the codecs unpack native libraries there, and a kill leaves them
            f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}",
            "-cp",
            f"{jars()}/*",
        ]

    def _properties(self) -> dict[str, str]:
        controller = f"127.0.0.1:{self._controller_port}"
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{controller}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{controller}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(self.folder / "data"),
            # a killed broker may register again only when its old session has ended: 9 s unless told
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "auto.create.topics.enable": "false",
            "message.max.bytes": str(4 * 1024 * 1024),
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            "offsets.topic.num.partitions": "5",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.num.partitions": "5",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            **self._settings,
        }


@contextmanager
def running_kafka(*, heap: str = "768m", settings: Mapping[str, str] | None = None) -> Iterator[Kafka]:
    """A node in a temporary folder that goes with it; `settings` are added to the server's properties."""
    with tempfile.TemporaryDirectory(prefix="acquit-kafka-") as folder:
        kafka = Kafka(Path(folder), heap=heap, settings=settings)
        try:
            kafka.start()
            yield kafka
        finally:
            kafka.stop()


def cache() -> Path:
    """A folder for what is fetched or built once and used by later runs."""
    folder = Path(os.environ.get("TEST_CACHE") or ROOT / ".cache").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def jars() -> Path:
    """The folder of Kafka's jars; it only ever exists whole, because a fetch is renamed into place when it is done."""
    fetched = cache() / f"kafka-{VERSION}"
    if not fetched.is_dir():
        with tempfile.TemporaryDirectory(prefix="fetch-", dir=cache()) as folder:
            _fetch(Path(folder))
            try:
                (Path(folder) / "jars").rename(fetched)
            except OSError:
                if not fetched.is_dir():  # else another run has fetched it meanwhile
                    raise
    return fetched


def _fetch(folder: Path) -> None:
    pom = folder / "pom.xml"
    pom.write_text(_pom())
    mvn = [executable("mvn", "maven"), "-q", "-B", "-Dstyle.color=never", "-f", str(pom), COPY_DEPENDENCIES]
    copy = ["-DincludeScope=runtime", f"-DoutputDirectory={folder / 'jars'}"]
    _run([*mvn, *copy], within_seconds=FETCH_SECONDS)


def _pom() -> str:
    dependencies = "".join(f"<dependency>{_coordinates(artifact)}</dependency>" for artifact in ARTIFACTS)
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        f"{_coordinates(('acquit', 'test-kafka', '1'))}<dependencies>{dependencies}</dependencies></project>"
    )


def _coordinates(artifact: tuple[str, str, str]) -> str:
    group, name, version = artifact
    return f"<groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version>"


def _run(command: list[str], *, within_seconds: float) -> None:
    try:
        subprocess.run(
            guarded(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=within_seconds, check=True
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (error.output or b"").decode(errors="replace")
        raise ServerFailedError(f"{error}. It said last:\n{tail(said)}") from error


def has_broker(port: int) -> bool:
    """Whether a broker answers there with metadata that names a broker, which comes later than the open port."""
    if not is_listening(port):
        return False
    with ThreadPoolExecutor(max_workers=1) as thread:  # the caller may already be in an event loop
        return thread.submit(lambda: asyncio.run(_has_broker(f"127.0.0.1:{port}"))).result()


async def _has_broker(bootstrap: str) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await admin.start()
            return bool((await admin.describe_cluster())["brokers"])
    except (KafkaError, OSError):  # TimeoutError is an OSError
        return False
    finally:
        await admin.close()
