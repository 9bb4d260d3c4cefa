"""How to reach Kafka and Redis: settings turned into the arguments of each client. Nothing connects here.

TLS is always an ssl.SSLContext made here: `faust.SSLCredentials(cafile=…)` raises TypeError, and SASLCredentials
without a context means SASL without TLS.
"""

import ssl
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from acquit.errors import BadSettings
from acquit.worker.settings import Settings

if TYPE_CHECKING:
    from faust.auth import SASLCredentials, SSLCredentials


def kafka_options(settings: Settings) -> dict[str, Any]:
    """What every aiokafka client (consumer, producer, admin) is given to find the brokers and to be let in."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap.split(","),
        "security_protocol": settings.kafka_security.upper(),
    }
    if context := _kafka_tls(settings):
        options["ssl_context"] = context
    if settings.kafka_security.startswith("sasl"):
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
        options["sasl_plain_username"] = settings.kafka_username  # SCRAM takes them under these names too
        options["sasl_plain_password"] = _kafka_password(settings)
    return options


def faust_credentials(settings: Settings) -> "SASLCredentials | SSLCredentials | None":
    """Faust's `broker_credentials`; None is plaintext without a name."""
    from faust.auth import SASLCredentials, SSLCredentials  # noqa: PLC0415 -- half a second, of the worker alone

    context = _kafka_tls(settings)
    if settings.kafka_security.startswith("sasl"):
        return SASLCredentials(
            mechanism=settings.kafka_sasl_mechanism,
            username=settings.kafka_username,
            password=_kafka_password(settings),
            ssl_context=context,
        )
    return SSLCredentials(context) if context else None


def redis_client(settings: Settings) -> Redis:
    """A client that fails at once and never tries again by itself: whoever holds the batch decides how to wait.

    RESP2 and no client name, for the commands that open a connection with these (HELLO, CLIENT SETNAME) may not be
    allowed by an ACL, and then nothing works.
    """
    options: dict[str, Any] = {}
    if settings.redis_url.startswith("rediss:"):
        options["ssl_ca_certs"] = str(settings.redis_ca_file) if settings.redis_ca_file else None
        options["ssl_check_hostname"] = True
    password = settings.redis_password
    return Redis.from_url(
        settings.redis_url,
        username=settings.redis_username,
        password=password.get_secret_value() if password else None,
        socket_timeout=settings.redis_timeout_seconds,
        socket_connect_timeout=settings.redis_timeout_seconds,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        **options,
    )


def _kafka_password(settings: Settings) -> str | None:
    return settings.kafka_password.get_secret_value() if settings.kafka_password else None


def _kafka_tls(settings: Settings) -> ssl.SSLContext | None:
    if not settings.kafka_security.endswith("ssl"):
        return None
    context = _trusting(settings)
    if settings.kafka_cert_file:
        _identify(context, settings)
    return context


def _trusting(settings: Settings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.kafka_ca_file)
    except (ssl.SSLError, OSError) as error:
        raise BadSettings("settings", None, "kafka_ca_file", "holds no certificate that can be read") from error


def _identify(context: ssl.SSLContext, settings: Settings) -> None:
    assert settings.kafka_cert_file is not None
    try:
        # With no password at all OpenSSL would ask the terminal for one, and a worker would stand still.
        context.load_cert_chain(settings.kafka_cert_file, settings.kafka_key_file, password="")
    except (ssl.SSLError, OSError) as error:
        problem = "kafka_cert_file and it are no certificate with its own, unencrypted key"
        raise BadSettings("settings", None, "kafka_key_file", problem) from error
