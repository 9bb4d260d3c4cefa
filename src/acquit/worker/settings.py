"""Everything an operator can set: one frozen object, read once at the start; an unknown or wrong name refuses to start.

A setting `x` is written `ACQUIT_X` in the environment or `x` in the TOML file; the environment wins, and an empty
variable counts as absent. A map is a table in the file and `key=value,key=value` in the environment, and is replaced
whole. No password belongs into an address: addresses are shown, `SecretStr`s are not, and no error repeats a value.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, DirectoryPath, Field, FilePath, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from acquit.events import Channel
from acquit.routes.rates import FLOORS
from acquit.suppression.breaker import Limits
from acquit.suppression.keys import Hashing
from acquit.worker.checks import (
    Count,
    Hours,
    Mechanism,
    Seconds,
    Word,
    check_across,
    check_addresses,
    check_credential,
    check_epochs,
    check_erase_key,
    check_fencing,
    check_fetch,
    check_floors,
    check_heartbeat,
    check_kafka_file,
    check_key_file,
    check_list_hashed,
    check_mechanism,
    check_raw_topics,
    check_redis_file,
    check_redis_url,
    check_redis_username,
    check_retention,
    check_standby,
    check_zone,
    is_number,
    split_entries,
    split_words,
)
from acquit.worker.names import AGENTS, RETENTION_HOURS, AgentName, KeptTopic, TopicName


class Settings(BaseSettings):
    """What `load` returns. The order matters to the checks: a setting may look at those above it."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)

    app_id: Word = Field(
        default="acquit",
        description="Name of the consumer group, and beginning of the transactional ids. All workers on the same "
        "topics must share it: under two names they do not fence each other",
    )
    instance_id: Word | None = Field(
        default=None,
        description="A name that this worker keeps over restarts and shares with none, such as that of its pod. While it "
        "is away for less than `session_timeout_seconds` its partitions wait for it, and the other workers go on",
    )
    topic_prefix: Word = Field(
        default="acquit", description="What acquit's own topics begin with: `acquit.events` and so on"
    )
    raw_topics: Annotated[dict[Word, str], BeforeValidator(split_entries), AfterValidator(check_raw_topics)] = Field(
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
    retention_hours: Annotated[
        dict[KeptTopic, Hours], BeforeValidator(split_entries), AfterValidator(check_retention)
    ] = Field(
        default=dict(RETENTION_HOURS),
        description="How long each topic keeps its records, -1 for without end; what is not named keeps its default. "
        "`suppressions` is how long a removal stays readable after compaction",
    )
    source_epochs: Annotated[dict[str, Count], BeforeValidator(split_entries), AfterValidator(check_epochs)] = Field(
        default={},
        description="Raised by hand, per topic, after a topic that acquit reads was deleted and made again on purpose",
    )

    kafka_bootstrap: Annotated[str, AfterValidator(check_addresses)] = Field(
        default="127.0.0.1:9092", description="Brokers to begin with: `HOST:PORT,HOST:PORT`"
    )
    kafka_security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = Field(
        default="plaintext", description="`plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`"
    )
    kafka_sasl_mechanism: Annotated[Mechanism, AfterValidator(check_mechanism)] = Field(
        default="SCRAM-SHA-512",
        description="`PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`. PLAIN without TLS is refused off loopback",
    )
    kafka_username: Annotated[str | None, AfterValidator(check_credential)] = Field(
        default=None, description="SASL user name"
    )
    kafka_password: Annotated[SecretStr | None, AfterValidator(check_credential)] = Field(
        default=None, description="SASL password"
    )
    kafka_ca_file: Annotated[FilePath | None, AfterValidator(check_kafka_file)] = Field(
        default=None, description="PEM file of the authority that signed the brokers' certificates; else the system's"
    )
    kafka_cert_file: Annotated[FilePath | None, AfterValidator(check_kafka_file)] = Field(
        default=None, description="PEM file of our certificate, where brokers ask for one"
    )
    kafka_key_file: Annotated[FilePath | None, AfterValidator(check_key_file)] = Field(
        default=None, description="PEM file of that certificate's key, not encrypted"
    )
    fencing: Annotated[bool, AfterValidator(check_fencing)] = Field(
        default=True,
        description="Transactions that keep a paused worker from writing after its partitions were taken over. Off "
        "only for the embedded broker, which has none, with one worker",
    )

    standby: Annotated[bool, AfterValidator(check_standby)] = Field(
        default=False,
        description="Follow the journals of all partitions in the background, so that what another worker leaves, and "
        "what is kept at a rebalance, is loaded from memory and only what is new is read. Takes as much memory as all "
        "journals have bytes (about 40 a message of the window, of all partitions), beside the state of those owned",
    )

    session_timeout_seconds: Seconds = Field(
        default=30, description="Silence after which Kafka takes a worker for dead"
    )
    heartbeat_seconds: Annotated[Seconds, AfterValidator(check_heartbeat)] = Field(
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
    fetch_max_bytes: Annotated[Count, AfterValidator(check_fetch)] = Field(
        default=4 * 1024 * 1024, description="Bytes fetched from one partition at a time; at least `max_record_bytes`"
    )

    events_compression: Literal["none", "lz4", "zstd"] = Field(
        default="none",
        description="Of what is written to `acquit.events`: lz4 makes it three times smaller and costs a worker about "
        "2.6 microseconds a record, a fifth of what it needs for it",
    )

    redis_url: Annotated[str, AfterValidator(check_redis_url)] = Field(
        default="redis://127.0.0.1:6379/0",
        description="Redis for the suppression list; `rediss://` for TLS. No password here",
    )
    redis_password: SecretStr | None = Field(default=None, description="Redis password")
    redis_username: Annotated[str | None, AfterValidator(check_redis_username)] = Field(
        default=None, description="Redis ACL user; without it the password is the default user's"
    )
    redis_ca_file: Annotated[FilePath | None, AfterValidator(check_redis_file)] = Field(
        default=None, description="PEM file of the authority that signed Redis's certificate; else the system's"
    )
    redis_timeout_seconds: Seconds = Field(
        default=5, description="How long one Redis call may take before it is tried again"
    )

    list_check_hours: Annotated[Hours, Field(ge=0)] = Field(
        default=24,
        description="Time between two comparisons of the list in Redis with its truth, which are done slowly beside the "
        "work, the first one after a minute; 0: never",
    )
    window_hours: Hours = Field(
        default=72,
        gt=0,
        description="How long a message is remembered: what comes later is counted as too late and not joined",
    )
    max_messages: Count = Field(
        default=5_000_000,
        description="Messages that a partition remembers at most, 48 bytes each: beyond that the oldest hours of the "
        "window are forgotten first, counted and warned of",
    )
    reply_hours: Hours = Field(
        default=12,
        gt=0,
        description="A reply that names no message is one to the latest message of this person, if that is no older; "
        "about 30 bytes for each recipient of these hours",
    )
    zone: Annotated[str, AfterValidator(check_zone)] = Field(
        default="UTC", description="IANA time zone of days and hours in reports"
    )
    rules_dir: DirectoryPath | None = Field(
        default=None, description="Folder with rules of your own; they are looked at before the shipped ones"
    )
    opt_outs_across: Annotated[tuple[Channel, ...], BeforeValidator(split_words), AfterValidator(check_across)] = Field(
        default=(),
        description="Channels of which a STOP, a START or a provider's opt-out on one counts on all, such as `sms,rcs`: "
        "of those that reach a person by the same number. A restore is of its own channel",
    )
    erase_key: Annotated[SecretStr | None, AfterValidator(check_erase_key)] = Field(
        default=None,
        description="Secret of at least 32 bytes under which people who asked to be erased are known again, so that nobody "
        "contacts them; without it `acquit suppression erase` is refused. It can never be changed: senders have it, too",
    )
    list_hashed: Annotated[bool, AfterValidator(check_list_hashed)] = Field(
        default=False,
        description="Everyone is on the list under the hash of `erase_key`, not under the address. Switched on, the list "
        "is renamed as records come; switched off, who is hashed stays so",
    )
    breaker_share: Annotated[float, BeforeValidator(is_number)] = Field(
        default=0.2,
        gt=0,
        le=1,
        description="Failures that would newly suppress more than this share of a route's or carrier's recipients within "
        "`breaker_minutes` are held: `acquit suppression held`. 1 never holds, for feeds that tell failures alone",
    )
    breaker_minutes: Annotated[Count, Field(le=1_440)] = Field(
        default=10, description="Minutes of the log's time over which that share is taken"
    )
    breaker_least: Count = Field(
        default=20,
        description="And only if they are so many in one partition of `acquit.events`: an outage that hits fewer than this "
        "times `event_partitions` may stay unseen",
    )
    held_days: Annotated[float, BeforeValidator(is_number)] = Field(
        default=7, gt=0, le=365, description="What is held and nobody decides is dropped after so many days"
    )
    tally_seconds: Seconds = Field(default=2, description="Time between two writings of the running totals")
    delivery_floors: Annotated[
        dict[Channel, Annotated[float, BeforeValidator(is_number)]],
        BeforeValidator(split_entries),
        AfterValidator(check_floors),
    ] = Field(
        default=dict(FLOORS),
        description="Delivered of what was delivered or failed, by channel: a carrier whose last day is below it raises the "
        "alert `delivery_low`; 0 for no floor. What is not named keeps its default",
    )
    max_carriers: Count = Field(
        default=50, description="Carriers that metrics name, the busiest first; the rest is `other`"
    )

    agents: Annotated[tuple[AgentName, ...], BeforeValidator(split_words), Field(min_length=1)] = Field(
        default=AGENTS,
        description="Agents that this worker runs: `intake,ledger,sink,routes`, or fewer, to scale them apart; workers "
        "that run different ones need app_ids of their own",
    )

    http_host: Annotated[str, Field(min_length=1)] = Field(
        default="127.0.0.1", description="Address for health and metrics; `0.0.0.0` in a container"
    )
    http_port: Annotated[int, BeforeValidator(is_number)] = Field(
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

    @property
    def hashing(self) -> Hashing | None:
        """Under which key people are hashed, and whether all are."""
        return Hashing(self.erase_key.get_secret_value().encode(), self.list_hashed) if self.erase_key else None

    @property
    def of_fold(self) -> dict[str, Any]:
        """All that the ledger's fold depends on beside its log and the rules: Partition's arguments."""
        limits = Limits(
            share=self.breaker_share, minutes=self.breaker_minutes, least=self.breaker_least, held_days=self.held_days
        )
        return {"zone": self.zone, "window_hours": self.window_hours, "max_messages": self.max_messages,
                "reply_hours": self.reply_hours, "limits": limits, "hashing": self.hashing}  # fmt: skip

    def topic(self, name: TopicName) -> str:
        """The full name of one of acquit's own topics."""
        return f"{self.topic_prefix}.{name}"


def described() -> str:
    """The settings as a Markdown table, for the documentation."""
    rows = [
        f"| `{name}` | {_shown(setting.default)} | {setting.description} |"
        for name, setting in Settings.model_fields.items()
    ]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows]) + "\n"


def _shown(default: object) -> str:
    if default is None or default in ({}, ()):
        return ""
    if isinstance(default, dict):
        return "<br>".join(f"`{name}` {_shown(value)}" for name, value in default.items())
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
