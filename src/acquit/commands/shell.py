"""What all commands share: how they end, whose settings they use, what they read and print."""

import asyncio
import gzip
import os
import sys
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click
import orjson

from acquit.errors import AcquitError

if TYPE_CHECKING:
    from acquit.worker.settings import Settings

EXIT_REFUSED = 78
"""EX_CONFIG: rules or settings that cannot be trusted."""
EXIT_UNAVAILABLE = 69
"""EX_UNAVAILABLE: a server does not answer."""
ACTOR = click.option("--actor", required=True, help="Who asks: a name or an id. It is logged.")
REASON = click.option("--reason", required=True, help="Why. It is logged, so it must not name the person.")


class Refusal(click.ClickException):
    """An error of the user's, said in one line."""

    exit_code = EXIT_REFUSED


class Group(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AcquitError as error:
            raise Refusal(str(error)) from None
        except BrokenPipeError:  # `acquit … | head`
            sys.stderr.close()
            sys.exit(0)


def settings_of(file: Path | None) -> "Settings":
    from acquit.worker.settings_file import load

    return load(file, os.environ)


def ran(work: Coroutine[Any, Any, Any]) -> Any:
    """Run it; a server that does not answer is said in a line."""
    from aiokafka.errors import KafkaError
    from redis.exceptions import RedisError

    try:
        return asyncio.run(work)
    except (KafkaError, RedisError, OSError) as error:
        click.echo(f"no answer from {_server(error)}: {type(error).__name__}", err=True)
        sys.exit(EXIT_UNAVAILABLE)


def _server(error: BaseException) -> str:
    return "Redis" if type(error).__module__.startswith("redis") else "Kafka"


def lines_of(files: Iterable[str]) -> Iterator[bytes]:
    for name in files or ("-",):
        with _opened(name) as file:
            yield from file


def _opened(name: str) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    path = Path(name)
    if not path.is_file():
        raise click.UsageError(f"no such file: {name}")
    with path.open("rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if is_gzip else path.open("rb")  # type: ignore[return-value]  # both read bytes by line


def print_row(fields: Mapping[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(fields, default=str, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z))
