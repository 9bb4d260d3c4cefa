"""Everything an operator can set: one frozen object, read once at the start; an unknown or wrong name refuses to start.

A setting `x` is written `ACQUIT_X` in the environment or `x` in the TOML file; the environment wins, and an empty
variable counts as absent. A map is a table in the file and `key=value,key=value` in the environment, and is replaced
whole. No password belongs into an address: addresses are shown, `SecretStr`s are not, and no error repeats a value.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BeforeValidator,
    DirectoryPath,
    Field,
    FilePath,
    SecretStr,
    ValidationError,
    ValidationInfo,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from acquit.errors import BadSettings

PREFIX = "ACQUIT_"
FILE_VARIABLE = "ACQUIT_SETTINGS"
"""Names the TOML file; the one variable of ours that is no setting."""

TopicName = Literal[
    "events", "submits", "engagements", "commands", "suppressions", "suppression-log", "tallies", "alerts",
    "dead-letters", "journal.ledger", "journal.routes",
]  # fmt: skip
KeptTopic = Literal[
    "events", "submits", "engagements", "commands", "suppressions", "suppression-log", "tallies", "alerts",
    "dead-letters",
]  # fmt: skip
TOPIC_NAMES: tuple[TopicName, ...] = get_args(TopicName)
AgentName = Literal["intake", "ledger", "sink", "routes"]
AGENTS: tuple[AgentName, ...] = get_args(AgentName)

_HOST = r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])"
WITHOUT_END = -1
RETENTION_HOURS: Mapping[KeptTopic, float] = {
    "events": 7 * 24,
    "submits": 7 * 24,
    "engagements": 7 * 24,
    "commands": 7 * 24,
    "suppressions": 7 * 24,
    "suppression-log": 2 * 365 * 24,
    "tallies": 40 * 24,
    "alerts": 90 * 24,
    "dead-letters": 7 * 24,
}


def _number(value: object) -> object:
    if isinstance(value, bool):  # pydantic would read true as 1
        raise ValueError("must be a number")  # noqa: TRY004 -- pydantic only collects ValueErrors
    return value


def _words(value: object) -> object:
    """The environment's form of a list: `word,word`."""
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


def _entries(value: object) -> object:
    """The environment's form of a map: `key=value,key=value`."""
    if not isinstance(value, str):
        return value
    entries = [entry.strip().partition("=") for entry in value.split(",") if entry.strip()]
    if not all(name and equals for name, equals, _ in entries):
        raise ValueError("must read key=value,key=value")
    if len({name for name, _, _ in entries}) < len(entries):
        raise ValueError("names a key twice")
    return {name: entry for name, _, entry in entries}


def _addresses(value: str) -> str:
    entries = [entry.strip() for entry in value.split(",")]
    for number, entry in enumerate(entries, 1):
        if not (place := re.fullmatch(rf"{_HOST}:(?P<port>[0-9]+)", entry)) or not _is_port(place["port"]):
            raise ValueError(f"must be HOST:PORT,HOST:PORT; entry {number} is not")
    return ",".join(entries)


def _is_port(digits: str) -> bool:
    return len(digits) <= 5 and 0 < int(digits) <= 65_535


def _is_loopback(bootstrap: str) -> bool:
    hosts = (entry.rpartition(":")[0].strip("[]") for entry in bootstrap.split(","))
    return all(host == "localhost" or _is_loopback_ip(host) for host in hosts)


def _is_loopback_ip(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _mechanism(value: str, info: ValidationInfo) -> str:
    clear = value == "PLAIN" and info.data.get("kafka_security") == "sasl_plaintext"
    if clear and not _is_loopback(info.data.get("kafka_bootstrap", "")):
        raise ValueError("PLAIN over plaintext shows the password to the network: use sasl_ssl, or a SCRAM mechanism")
    return value


def _credential(value: str | SecretStr | None, info: ValidationInfo) -> str | SecretStr | None:
    sasl = info.data.get("kafka_security", "").startswith("sasl")
    if sasl and not value:
        raise ValueError("must be set, because kafka_security asks for SASL")
    if not sasl and value:
        raise ValueError("is set, but kafka_security has no SASL: it would not be used")
    return value


def _kafka_file(value: Path | None, info: ValidationInfo) -> Path | None:
    if value and not info.data.get("kafka_security", "").endswith("ssl"):
        raise ValueError("is set, but kafka_security has no TLS: it would not be used")
    return value


def _key_file(value: Path | None, info: ValidationInfo) -> Path | None:
    if bool(value) != bool(info.data.get("kafka_cert_file")):
        raise ValueError("kafka_cert_file and kafka_key_file are set together or not at all")
    return _kafka_file(value, info)


def _fencing(value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 -- pydantic's own call
    if not value and not _is_loopback(info.data.get("kafka_bootstrap", "")):
        raise ValueError("may be off only for the embedded broker, on loopback: without it two workers can both write")
    return value


def _heartbeat(value: float, info: ValidationInfo) -> float:
    if value * 3 > info.data.get("session_timeout_seconds", value * 3):
        raise ValueError("must be at most a third of session_timeout_seconds, so that one lost heartbeat is no death")
    return value


def _fetch(value: int, info: ValidationInfo) -> int:
    if value < info.data.get("max_record_bytes", 0):
        raise ValueError("must be at least max_record_bytes")
    return value


def _redis_url(value: str) -> str:
    # By hand, for urllib's errors repeat what stands in the port's place. redis-py would let a query override passwords
    # and the check of certificates, and take a path that is no number for database 0.
    if re.search(r"[@?#]", value):
        raise ValueError("must hold no user, password or query: redis_username and redis_password are settings")
    place = re.fullmatch(rf"rediss?://{_HOST}(:(?P<port>[0-9]+))?(/[0-9]*)?|unix:///.+", value)
    if not place or not _is_port(place["port"] or "6379"):
        raise ValueError("must be redis://HOST:PORT/DATABASE, rediss:// for TLS, or unix:///PATH")
    return value


def _redis_username(value: str | None, info: ValidationInfo) -> str | None:
    if value and not info.data.get("redis_password"):
        raise ValueError("is set without redis_password")
    return value


def _redis_file(value: Path | None, info: ValidationInfo) -> Path | None:
    if value and not info.data.get("redis_url", "").startswith("rediss:"):
        raise ValueError("is set, but redis_url is not rediss://: it would not be used")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder, as in "America"
        raise ValueError("must be an IANA time zone such as Europe/Paris") from error
    return value


def _raw_topics(value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
    ours = {f"{info.data.get('topic_prefix')}.{name}" for name in TOPIC_NAMES}
    if looped := sorted(ours & value.keys()):
        raise ValueError(f"{looped[0]} is a topic of acquit's own and cannot be a raw one")
    return value


def _retention(value: dict[KeptTopic, float]) -> dict[KeptTopic, float]:
    for name, hours in value.items():
        if hours <= 0 and (hours != WITHOUT_END or name == "suppressions"):
            raise ValueError(f"{name} must be above 0" + ("" if name == "suppressions" else ", or -1 for without end"))
    return {**RETENTION_HOURS, **value}


def _epochs(value: dict[str, int], info: ValidationInfo) -> dict[str, int]:
    sources = {f"{info.data.get('topic_prefix')}.{name}" for name in TOPIC_NAMES} | set(info.data.get("raw_topics", {}))
    for name in value:
        if name not in sources:
            raise ValueError(f"{name} is no topic that acquit reads{_suggestion(name, sources)}")
    return value


def _suggestion(name: str, known: set[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.7)
    return f"; did you mean {close[0]}?" if close else ""


Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
Count: TypeAlias = Annotated[int, BeforeValidator(_number), Field(ge=1)]
Hours: TypeAlias = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
Seconds: TypeAlias = Annotated[float, BeforeValidator(_number), Field(gt=0, allow_inf_nan=False)]
Word: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$", max_length=200)]


class Settings(BaseSettings):
    """What `load` returns. The order matters to the checks: a setting may look at those above it."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)

    app_id: Word = Field(
        default="acquit",
        description="Name of the consumer group, and beginning of the transactional ids. All workers on the same "
        "topics must share it: under two names they do not fence each other",
    )
    topic_prefix: Word = Field(
        default="acquit", description="What acquit's own topics begin with: `acquit.events` and so on"
    )
    raw_topics: Annotated[dict[Word, str], BeforeValidator(_entries), AfterValidator(_raw_topics)] = Field(
        default={},
        description="Topics with providers' callbacks, and the provider that wrote each; empty where each record's "
        "header or envelope says. In the environment: `raw.sms=smpp,raw.any=`",
    )
    event_partitions: Annotated[Count, Field(le=10_000)] = Field(
        default=12,
        description="Partitions of `acquit.events`, and so the greatest number of workers that share its work. Fixed "
        "once the topic is made: another number sends recipients to other partitions",
    )
    replication_factor: Annotated[Count, Field(le=15)] = Field(
        default=1,
        description="Brokers that keep each topic. 1 suits one broker; set 3 in production, so that losing a broker "
        "loses no opt-out (with 2, writing stops while either broker is away)",
    )
    retention_hours: Annotated[dict[KeptTopic, Hours], BeforeValidator(_entries), AfterValidator(_retention)] = Field(
        default=dict(RETENTION_HOURS),
        description="How long each topic keeps its records, -1 for without end; what is not named keeps its default. "
        "`suppressions` is how long a removal stays readable after compaction",
    )
    source_epochs: Annotated[dict[str, Count], BeforeValidator(_entries), AfterValidator(_epochs)] = Field(
        default={},
        description="Raised by hand, per topic, after a topic that acquit reads was deleted and made again on purpose",
    )

    kafka_bootstrap: Annotated[str, AfterValidator(_addresses)] = Field(
        default="127.0.0.1:9092", description="Brokers to begin with: `HOST:PORT,HOST:PORT`"
    )
    kafka_security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = Field(
        default="plaintext", description="`plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`"
    )
    kafka_sasl_mechanism: Annotated[Mechanism, AfterValidator(_mechanism)] = Field(
        default="SCRAM-SHA-512",
        description="`PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`. PLAIN without TLS is refused off loopback",
    )
    kafka_username: Annotated[str | None, AfterValidator(_credential)] = Field(
        default=None, description="SASL user name"
    )
    kafka_password: Annotated[SecretStr | None, AfterValidator(_credential)] = Field(
        default=None, description="SASL password"
    )
    kafka_ca_file: Annotated[FilePath | None, AfterValidator(_kafka_file)] = Field(
        default=None, description="PEM file of the authority that signed the brokers' certificates; else the system's"
    )
    kafka_cert_file: Annotated[FilePath | None, AfterValidator(_kafka_file)] = Field(
        default=None, description="PEM file of our certificate, where brokers ask for one"
    )
    kafka_key_file: Annotated[FilePath | None, AfterValidator(_key_file)] = Field(
        default=None, description="PEM file of that certificate's key, not encrypted"
    )
    fencing: Annotated[bool, AfterValidator(_fencing)] = Field(
        default=True,
        description="Transactions that keep a paused worker from writing after its partitions were taken over. Off "
        "only for the embedded broker, which has none, with one worker",
    )

    session_timeout_seconds: Seconds = Field(
        default=30, description="Silence after which Kafka takes a worker for dead"
    )
    heartbeat_seconds: Annotated[Seconds, AfterValidator(_heartbeat)] = Field(
        default=3, description="Time between two signs of life; at most a third of the session's timeout"
    )
    rebalance_timeout_seconds: Seconds = Field(
        default=60, description="How long Kafka waits for all workers when partitions are spread anew"
    )
    commit_interval_seconds: Seconds = Field(
        default=1, description="Time between two commits of the group's offsets, from which lag is seen"
    )
    max_poll_records: Count = Field(
        default=5_000,
        description="Records in one batch at most: more is faster, fewer gives shorter delays and less memory",
    )
    max_record_bytes: Annotated[Count, Field(ge=1_024, le=64 * 1024 * 1024)] = Field(
        default=2 * 1024 * 1024, description="A record with more bytes is not decoded but becomes a dead letter"
    )
    fetch_max_bytes: Annotated[Count, AfterValidator(_fetch)] = Field(
        default=4 * 1024 * 1024, description="Bytes fetched from one partition at a time; at least `max_record_bytes`"
    )

    events_compression: Literal["none", "lz4", "zstd"] = Field(
        default="none",
        description="Of what is written to `acquit.events`: lz4 makes it three times smaller and costs a worker about "
        "2.6 microseconds a record, a fifth of what it needs for it",
    )

    redis_url: Annotated[str, AfterValidator(_redis_url)] = Field(
        default="redis://127.0.0.1:6379/0",
        description="Redis for the suppression list; `rediss://` for TLS. No password here",
    )
    redis_password: SecretStr | None = Field(default=None, description="Redis password")
    redis_username: Annotated[str | None, AfterValidator(_redis_username)] = Field(
        default=None, description="Redis ACL user; without it the password is the default user's"
    )
    redis_ca_file: Annotated[FilePath | None, AfterValidator(_redis_file)] = Field(
        default=None, description="PEM file of the authority that signed Redis's certificate; else the system's"
    )
    redis_timeout_seconds: Seconds = Field(
        default=5, description="How long one Redis call may take before it is tried again"
    )

    window_hours: Hours = Field(
        default=72,
        gt=0,
        description="How long a message is remembered: what comes later is counted as too late and not joined",
    )
    zone: Annotated[str, AfterValidator(_zone)] = Field(
        default="UTC", description="IANA time zone of days and hours in reports"
    )
    rules_dir: DirectoryPath | None = Field(
        default=None, description="Folder with rules of your own; they are looked at before the shipped ones"
    )
    tally_seconds: Seconds = Field(default=2, description="Time between two writings of the running totals")
    alert_recent_seconds: Seconds = Field(
        default=900, description="Delivery of a carrier's last so many seconds is held against its baseline"
    )
    alert_baseline_seconds: Seconds = Field(default=86_400, description="How far back a carrier's baseline goes")
    alert_messages: Count = Field(
        default=100, description="Final messages that a window needs before anything is said of it"
    )
    max_carriers: Count = Field(
        default=50, description="Carriers that metrics name, the busiest first; the rest is `other`"
    )

    agents: Annotated[tuple[AgentName, ...], BeforeValidator(_words), Field(min_length=1)] = Field(
        default=AGENTS,
        description="Agents that this worker runs: `intake,ledger,sink,routes`, or fewer, to scale them apart; workers "
        "that run different ones need app_ids of their own",
    )

    http_host: Annotated[str, Field(min_length=1)] = Field(
        default="127.0.0.1", description="Address for health and metrics; `0.0.0.0` in a container"
    )
    http_port: Annotated[int, BeforeValidator(_number)] = Field(
        default=9464, ge=0, le=65_535, description="Port for health and metrics; 0 takes any free one"
    )
    stall_seconds: Seconds = Field(
        default=60, description="Without progress for so long while records wait, the worker says that it is not live"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="`debug`, `info`, `warning` or `error`"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Nothing is read behind the caller's back: `load` alone reads, for it knows lines and names the unknown."""
        return (init_settings,)

    def topic(self, name: TopicName) -> str:
        """The full name of one of acquit's own topics."""
        return f"{self.topic_prefix}.{name}"


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
            raise written.wrong((name,), "is no setting" + _suggestion(name, set(Settings.model_fields)))
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
            raise BadSettings("environment", None, name, "is no setting" + _suggestion(name, {*known, FILE_VARIABLE}))
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


def described() -> str:
    """The settings as a Markdown table, for the documentation."""
    rows = [
        f"| `{name}` | {_shown(setting.default)} | {setting.description} |"
        for name, setting in Settings.model_fields.items()
    ]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows]) + "\n"


def _shown(default: object) -> str:
    if default is None or default == {}:
        return ""
    if isinstance(default, dict):
        return "<br>".join(f"`{name}` {_shown(value)}" for name, value in default.items())
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
