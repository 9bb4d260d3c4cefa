"""`acquit screen`: its arguments, its progress, and what it says at the end."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
import orjson

from acquit.events import CHANNELS

if TYPE_CHECKING:
    from acquit.worker.mail_domains import MailDomains
    from acquit.worker.screening import Summary, Wanted

EXIT_REJECTS, EXIT_UNREADABLE, EXIT_UNAVAILABLE, EXIT_INTERRUPTED = 1, 2, 69, 130
Sender = tuple[str | None, str | None]
"""Account and stream, as whose the list is asked."""
WARNED = {"role_address": "nobody's own address (such as postmaster@)", "dns_failed": "DNS did not answer"}


class Unreadable(click.ClickException):
    """A list that cannot be screened as it was asked for."""

    exit_code = EXIT_UNREADABLE


class Unavailable(click.ClickException):
    """The suppression list cannot be asked, or not be trusted."""

    exit_code = EXIT_UNAVAILABLE


@click.command()
@click.argument("file", type=click.Path(allow_dash=True))
@click.option("--clean", type=click.Path(path_type=Path, dir_okay=False), help="Default: FILE.clean, beside it.")
@click.option("--rejects", type=click.Path(path_type=Path, dir_okay=False), help="Default: FILE.rejects, beside it.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@click.option("--channel", type=click.Choice(CHANNELS), help="Else by the column: email, or sms for numbers.")
@click.option("--column", help="Name or number (from 1) of the column with the addresses; else guessed.")
@click.option("--region", help="Country of numbers that do not name theirs, such as FR.")
@click.option("--account", help="Ask the list as this account sends.")
@click.option("--stream", help="Ask the list for this stream.")
@click.option("--no-list", is_flag=True, help="Do not ask the suppression list.")
@click.option("--dns", is_flag=True, help="Look whether the domains of mailboxes take mail.")
@click.option(
    "--trust-domain", "trusted", multiple=True, help="No misspelling, whatever it looks like. May be repeated."
)
@click.option("--json", "is_json", is_flag=True, help="The summary as JSON.")
@click.pass_obj
def screen(
    settings_file: Path | None, /, *, file: str, is_json: bool, account: str | None, stream: str | None, no_list: bool,
    **asked: Any,
) -> None:  # fmt: skip
    """Clean a contact list: CSV with a header, or one address a line, plain or gzip; - for standard input.

    Duplicates, what is no address or number, misspelt domains and who is suppressed go into FILE.rejects with the reason;
    all other rows into FILE.clean, byte for byte.

    Status 0: all are clean; 1: there are rejects; 2: wrong arguments or a list that cannot be read; 69: the suppression
    list is not ready or does not answer.
    """
    from acquit.screening.layout import BadList

    try:
        sender = _sender(account, stream, no_list=no_list)
        summary = asyncio.run(_screened(settings_file, file, _wanted(file, **asked), sender))
    except BadList as error:
        raise Unreadable(str(error)) from None
    if is_json:
        click.echo(orjson.dumps(msgspec.to_builtins(summary), option=orjson.OPT_INDENT_2))
    else:
        _show(summary)
    sys.exit(EXIT_REJECTS if summary.rejects else 0)


async def _screened(settings_file: Path | None, file: str, wanted: "Wanted", sender: Sender | None) -> "Summary":
    from redis.exceptions import RedisError

    from acquit.worker.contact_file import opened
    from acquit.worker.list_lookup import NotReady

    _end_on_sigterm()
    try:
        with opened(file) as contacts:
            if sender is None:
                return await _with_progress(contacts, wanted)
            async with _list(settings_file, sender) as access:
                return await _with_progress(contacts, msgspec.structs.replace(wanted, **access))
    except asyncio.CancelledError:  # by a signal; the files are gone by now, and a thread may wait for standard input
        os._exit(EXIT_INTERRUPTED)
    except NotReady as error:
        raise Unavailable(f"{error}; --no-list screens without it") from None
    except RedisError as error:
        raise Unavailable(f"no answer from Redis: {type(error).__name__}; --no-list screens without it") from None
    except OSError as error:
        raise Unreadable(f"{error.filename or 'the files'}: {error.strerror}") from None


def _end_on_sigterm() -> None:
    """As by Ctrl-C: half a file with addresses must not be left behind."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):  # the latter, too, where a shell has us ignore it
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)


def _wanted(
    file: str, *, clean: Path | None, rejects: Path | None, force: bool, region: str | None, trusted: tuple[str, ...],
    dns: bool, **asked: Any,
) -> "Wanted":  # fmt: skip
    from acquit.worker.screening import Wanted

    return Wanted(
        *_outputs(file, clean, rejects, force=force),
        region=_region(region),
        trusted=tuple(domain.lower() for domain in trusted),
        domains=_domains() if dns else None,
        **asked,
    )


def _domains() -> "MailDomains":
    from acquit.worker.mail_domains import MailDomains, NoResolver

    try:
        return MailDomains()
    except ImportError:
        raise click.UsageError("--dns needs dnspython: pip install 'acquit[dns]'") from None
    except NoResolver:
        raise Unreadable("--dns: this machine is told of no DNS server (/etc/resolv.conf)") from None


def _sender(account: str | None, stream: str | None, *, no_list: bool) -> Sender | None:
    if no_list and (account or stream):
        raise click.UsageError("--account and --stream are of the list that --no-list does not ask")
    return None if no_list else (account, stream)


@asynccontextmanager
async def _list(settings_file: Path | None, sender: Sender) -> AsyncIterator[dict[str, Any]]:
    from acquit.worker.connections import redis_client
    from acquit.worker.list_lookup import Asked
    from acquit.worker.settings_file import load

    settings = load(settings_file, os.environ)
    async with redis_client(settings) as redis:
        yield {"list_redis": redis, "asked": Asked(*sender, settings.hashing)}


async def _with_progress(contacts: Any, wanted: "Wanted") -> "Summary":
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    from acquit.worker.screening import screen as screen_list

    console = Console(stderr=True)
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=contacts.size)
        return await screen_list(contacts, wanted, progress=lambda done: bar.update(task, completed=done))


def _outputs(file: str, clean: Path | None, rejects: Path | None, *, force: bool) -> tuple[Path, Path]:
    from acquit.screening.layout import BadList

    if file == "-" and not (clean and rejects):
        raise click.UsageError("from standard input: say --clean and --rejects")
    stem = file.removesuffix(".gz")
    paths = clean or Path(f"{stem}.clean"), rejects or Path(f"{stem}.rejects")
    if len({path.resolve() for path in (*paths, Path(file))}) < 3:
        raise click.UsageError("the list, --clean and --rejects must be three files")
    for path in paths:
        if path.exists() and not force:
            raise BadList(f"{path} is there already: --force replaces it")
    return paths


def _region(text: str | None) -> str | None:
    from acquit.screening.numbers import is_region

    if text is not None and not is_region(text.upper()):
        raise click.UsageError("--region is no country that phonenumbers knows: two letters, such as FR")
    return text and text.upper()


def _show(summary: "Summary") -> None:
    from rich.console import Console
    from rich.table import Table

    layout = summary.layout
    where = "one address a line" if layout.delimiter is None else f"column {layout.column + 1} of {layout.fields}"
    name = f" ({layout.name.strip()})" if layout.name else ""
    click.echo(f"{where}{name}, {'with' if layout.has_header else 'without'} a header, {summary.encoding}; "
               f"channel {layout.channel}{f', region {summary.region}' if summary.region else ''}")  # fmt: skip
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right")
    table.add_column()
    table.add_row(f"{summary.rows:,}", "rows")
    table.add_row(f"{summary.clean:,}", "clean", style="green")
    for reason, number in summary.rejects.items():
        table.add_row(f"{number:,}", reason.replace("_", " "), style="yellow")
    if summary.suggestions:
        table.add_row(f"{summary.suggestions:,}", "of these with a suggestion")
    for warning, number in summary.warnings.items():
        table.add_row(f"{number:,}", f"kept, but {WARNED[warning]}")
    Console().print(table)
    if not summary.is_list_asked:
        click.echo("the suppression list was not asked")
    if summary.rows:
        click.echo(f"{summary.rows / max(summary.seconds, 1e-9):,.0f} rows/s")
