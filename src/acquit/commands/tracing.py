"""`acquit trace`: what became of a person's messages, or of one message, told from the logs."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from acquit.commands.shell import print_row, ran, settings_of

if TYPE_CHECKING:
    from acquit.suppression.timeline import Moment


@click.command()
@click.argument("recipient", metavar="[CHANNEL:ADDRESS]", required=False)
@click.option("--message", metavar="PROVIDER:ID", help="One message, whoever had it: reads all of acquit.events.")
@click.option("--json", "is_json", is_flag=True, help="NDJSON, with all that was logged.")
@click.pass_obj
def trace(settings_file: Path | None, *, recipient: str | None, message: str | None, is_json: bool) -> None:
    """Tell all that the logs hold of an address, or of a message: submits, receipts with their reasons, what people did,
    what the list made of it. An address is looked for in its own partition; a message, in all of them.
    """
    if (recipient is None) == (message is None):
        raise click.UsageError("say whose: CHANNEL:ADDRESS, or --message PROVIDER:ID")
    if recipient is not None:
        _trace_person(settings_file, recipient, is_json=is_json)
    elif message is not None:
        _trace_message(settings_file, message, is_json=is_json)


def _trace_person(settings_file: Path | None, recipient: str, *, is_json: bool) -> None:
    from acquit.worker import history

    found = ran(history.read(settings_of(settings_file), recipient, now=datetime.now(UTC)))
    _tell(found.everything, [found.reach], is_json=is_json)


def _trace_message(settings_file: Path | None, message: str, *, is_json: bool) -> None:
    from acquit.worker import message_trace
    from acquit.worker.progress import bar

    settings = settings_of(settings_file)
    total = ran(message_trace.length(settings))
    with bar("reading", total) as moved:
        found = ran(message_trace.read(settings, message, moved=moved))
    _tell(found.moments, [f"to {whom}" for whom in found.masked] + [found.reach], is_json=is_json)


def _tell(moments: list["Moment"], after: list[str], *, is_json: bool) -> None:
    from acquit.worker import history

    if is_json:
        for moment in moments:
            print_row(history.printed(moment))
    else:
        click.echo("\n".join([*history.told(moments), *after]))
