"""Checks of single settings, where a type does not say enough. Each raises ValueError with what must be, never the value."""

import re
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo

from acquit.events import Channel
from acquit.routes.rates import FLOORS
from acquit.worker.names import RETENTION_HOURS, TOPIC_NAMES, WITHOUT_END, KeptTopic

ERASE_KEY_BYTES = 32
_HOST = r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])"


def is_number(value: object) -> object:
    if isinstance(value, bool):  # pydantic would read true as 1
        raise ValueError("must be a number")  # noqa: TRY004 -- pydantic only collects ValueErrors
    return value


def split_words(value: object) -> object:
    """The environment's form of a list: `word,word`."""
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


def split_entries(value: object) -> object:
    """The environment's form of a map: `key=value,key=value`."""
    if not isinstance(value, str):
        return value
    entries = [entry.strip().partition("=") for entry in value.split(",") if entry.strip()]
    if not all(name and equals for name, equals, _ in entries):
        raise ValueError("must read key=value,key=value")
    if len({name for name, _, _ in entries}) < len(entries):
        raise ValueError("names a key twice")
    return {name: entry for name, _, entry in entries}


def check_addresses(value: str) -> str:
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


def check_mechanism(value: str, info: ValidationInfo) -> str:
    clear = value == "PLAIN" and info.data.get("kafka_security") == "sasl_plaintext"
    if clear and not _is_loopback(info.data.get("kafka_bootstrap", "")):
        raise ValueError("PLAIN over plaintext shows the password to the network: use sasl_ssl, or a SCRAM mechanism")
    return value


def check_credential(value: str | SecretStr | None, info: ValidationInfo) -> str | SecretStr | None:
    sasl = info.data.get("kafka_security", "").startswith("sasl")
    if sasl and not value:
        raise ValueError("must be set, because kafka_security asks for SASL")
    if not sasl and value:
        raise ValueError("is set, but kafka_security has no SASL: it would not be used")
    return value


def check_kafka_file(value: Path | None, info: ValidationInfo) -> Path | None:
    if value and not info.data.get("kafka_security", "").endswith("ssl"):
        raise ValueError("is set, but kafka_security has no TLS: it would not be used")
    return value


def check_key_file(value: Path | None, info: ValidationInfo) -> Path | None:
    if bool(value) != bool(info.data.get("kafka_cert_file")):
        raise ValueError("kafka_cert_file and kafka_key_file are set together or not at all")
    return check_kafka_file(value, info)


def check_fencing(value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 -- pydantic's own call
    if not value and not _is_loopback(info.data.get("kafka_bootstrap", "")):
        raise ValueError("may be off only for the embedded broker, on loopback: without it two workers can both write")
    return value


def check_standby(value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 -- pydantic's own call
    if value and not info.data.get("fencing", True):
        raise ValueError("needs fencing: without it there is one worker, and nobody to take over from")
    return value


def check_heartbeat(value: float, info: ValidationInfo) -> float:
    if value * 3 > info.data.get("session_timeout_seconds", value * 3):
        raise ValueError("must be at most a third of session_timeout_seconds, so that one lost heartbeat is no death")
    return value


def check_fetch(value: int, info: ValidationInfo) -> int:
    if value < info.data.get("max_record_bytes", 0):
        raise ValueError("must be at least max_record_bytes")
    return value


def check_redis_url(value: str) -> str:
    # By hand, for urllib's errors repeat what stands in the port's place. redis-py would let a query override passwords
    # and the check of certificates, and take a path that is no number for database 0.
    if re.search(r"[@?#]", value):
        raise ValueError("must hold no user, password or query: redis_username and redis_password are settings")
    place = re.fullmatch(rf"rediss?://{_HOST}(:(?P<port>[0-9]+))?(/[0-9]*)?|unix:///.+", value)
    if not place or not _is_port(place["port"] or "6379"):
        raise ValueError("must be redis://HOST:PORT/DATABASE, rediss:// for TLS, or unix:///PATH")
    return value


def check_redis_username(value: str | None, info: ValidationInfo) -> str | None:
    if value and not info.data.get("redis_password"):
        raise ValueError("is set without redis_password")
    return value


def check_redis_file(value: Path | None, info: ValidationInfo) -> Path | None:
    if value and not info.data.get("redis_url", "").startswith("rediss:"):
        raise ValueError("is set, but redis_url is not rediss://: it would not be used")
    return value


def check_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder, as in "America"
        raise ValueError("must be an IANA time zone such as Europe/Paris") from error
    return value


def check_across(value: tuple[Channel, ...]) -> tuple[Channel, ...]:
    if "email" in value:
        raise ValueError("email has addresses of its own: an opt-out there is of no number")
    if len(value) == 1:
        raise ValueError("must be two channels or more, or none")
    return value


def check_erase_key(value: SecretStr | None) -> SecretStr | None:
    if value is not None and len(value.get_secret_value().encode()) < ERASE_KEY_BYTES:
        raise ValueError(f"must be at least {ERASE_KEY_BYTES} bytes: `openssl rand -base64 48` makes one")
    return value


def check_list_hashed(value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 -- pydantic's own call
    if value and not info.data.get("erase_key"):
        raise ValueError("needs erase_key")
    return value


def check_raw_topics(value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
    ours = {f"{info.data.get('topic_prefix')}.{name}" for name in TOPIC_NAMES}
    if looped := sorted(ours & value.keys()):
        raise ValueError(f"{looped[0]} is a topic of acquit's own and cannot be a raw one")
    return value


def check_retention(value: dict[KeptTopic, float]) -> dict[KeptTopic, float]:
    for name, hours in value.items():
        if hours <= 0 and (hours != WITHOUT_END or name == "suppressions"):
            raise ValueError(f"{name} must be above 0" + ("" if name == "suppressions" else ", or -1 for without end"))
    return {**RETENTION_HOURS, **value}


def check_floors(value: dict[Channel, float]) -> dict[Channel, float]:
    for channel, floor in value.items():
        if not 0 <= floor < 1:
            raise ValueError(f"{channel} must be from 0 to below 1")
    return {**dict(FLOORS), **value}


def check_epochs(value: dict[str, int], info: ValidationInfo) -> dict[str, int]:
    sources = {f"{info.data.get('topic_prefix')}.{name}" for name in TOPIC_NAMES} | set(info.data.get("raw_topics", {}))
    for name in value:
        if name not in sources:
            raise ValueError(f"{name} is no topic that acquit reads{suggestion(name, sources)}")
    return value


def suggestion(name: str, known: set[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.7)
    return f"; did you mean {close[0]}?" if close else ""


Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
Count: TypeAlias = Annotated[int, BeforeValidator(is_number), Field(ge=1)]
Hours: TypeAlias = Annotated[float, BeforeValidator(is_number), Field(allow_inf_nan=False)]
Seconds: TypeAlias = Annotated[float, BeforeValidator(is_number), Field(gt=0, allow_inf_nan=False)]
Word: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$", max_length=200)]
