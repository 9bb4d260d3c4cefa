"""The start of a worker: serve health first, wait for Kafka and Redis and for topics that are right, then run the agents."""

import asyncio
import gc
import logging
import sys

import faust
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError

from acquit.decode import DECODERS
from acquit.errors import BadSettings
from acquit.rules import Rules
from acquit.worker import topics
from acquit.worker.app import Worker
from acquit.worker.connections import redis_client
from acquit.worker.health import Health, serve
from acquit.worker.list_rebuild import NotNowError, check_policy
from acquit.worker.list_redis import ListRedis
from acquit.worker.settings import Settings
from acquit.worker.waiting import Waits, backoff, is_passing, pause

log = logging.getLogger(__name__)


def run(settings: Settings, rules: Rules) -> None:
    """Run until SIGTERM or SIGINT. Ends the process with 75 where nothing more may be acknowledged."""
    _log_to_stderr(settings.log_level)
    check_providers(settings)
    health = Health(max_carriers=settings.max_carriers, stall_seconds=settings.stall_seconds)
    try:
        server = serve(health, host=settings.http_host, port=settings.http_port)
    except OSError as error:
        raise BadSettings("settings", None, "http_port", f"cannot be served on: {error.strerror}") from None
    log.info("health and metrics on http://%s:%d", settings.http_host, server.server_port)
    asyncio.set_event_loop(asyncio.new_event_loop())
    loop = asyncio.get_event_loop()
    partitions = loop.run_until_complete(_prepared(settings, health.waits))
    worker = Worker(settings, rules, health, partitions)
    _collect_rarely()
    faust.Worker(
        worker.app, loop=loop, loglevel=settings.log_level.upper(), override_logging=False, redirect_stdouts=False,
        quiet=True,
    ).execute_from_commandline()  # fmt: skip


def _collect_rarely() -> None:
    """Rows of state are no garbage and hold no cycles: to look through all of them again and again costs a tenth."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)


def check_providers(settings: Settings) -> None:
    """Raises BadSettings for a raw topic whose provider no decoder is named after."""
    for topic, provider in settings.raw_topics.items():
        if provider and provider not in DECODERS:
            known = ", ".join(sorted(DECODERS))
            raise BadSettings("settings", None, f"raw_topics.{topic}", f"no decoder {provider!r}; there are {known}")


async def _prepared(settings: Settings, waits: Waits) -> dict[str, int]:
    """The partition counts of our topics, once all of them are right and Redis is a place that keeps what it is given."""
    await asyncio.gather(_until_topics_are_right(settings, waits), _until_redis_keeps(settings, waits))
    return {spec.name: spec.partitions for spec in topics.specs(settings)}


async def _until_topics_are_right(settings: Settings, waits: Waits) -> None:
    for seconds in backoff():
        try:
            problems = await topics.check(settings)
        except (KafkaError, OSError) as error:
            if not is_passing(error):
                raise
            waits.begin("Kafka", error)
        else:
            waits.end("Kafka")
            if not problems:
                waits.end("topics")
                return
            waits.begin("topics", " ".join(problem.sentence for problem in problems))
        await pause(seconds)


async def _until_redis_keeps(settings: Settings, waits: Waits) -> None:
    redis = redis_client(settings)
    try:
        for seconds in backoff():
            try:
                check_policy(await ListRedis(redis).server())
            except NotNowError as error:
                waits.end("Redis")
                waits.begin(error.what, str(error))
            except (RedisError, OSError) as error:
                if not is_passing(error):
                    raise
                waits.begin("Redis", error)
            else:
                waits.end("Redis")
                waits.end("Redis setting")
                return
            await pause(seconds)
    finally:
        await redis.aclose()


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(
        stream=sys.stderr, level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for noisy in ("faust", "mode", "aiokafka"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLogger().level))
