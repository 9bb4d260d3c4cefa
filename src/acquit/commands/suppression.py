"""`acquit suppression`: ask the list, and change it."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from acquit.commands.held import held
from acquit.commands.list_files import export, import_list
from acquit.commands.shell import ACTOR, EXIT_UNAVAILABLE, REASON, print_row, ran, settings_of

if TYPE_CHECKING:
    from acquit.worker.commands import Wish

_SCOPE = click.option("--scope", default="*", show_default=True, help="*, *:STREAM, acct:ID or acct:ID:STREAM.")


@click.group()
def suppression() -> None:
    """Ask the suppression list, and change it: who asks and why is logged."""


for command in (held, import_list, export):
    suppression.add_command(command)


@suppression.command(name="check")
@click.argument("recipient", metavar="CHANNEL:ADDRESS")
@click.option("--account")
@click.option("--stream")
@click.pass_obj
def check_suppression(settings_file: Path | None, recipient: str, account: str | None, stream: str | None) -> None:
    """May this address be sent to? Status 0: yes; 1: no; 69: the list is not ready, do not trust it."""
    from acquit.worker.list_view import check as check_list
    from acquit.worker.list_view import explained

    answer = ran(check_list(settings_of(settings_file), recipient, account=account, stream=stream))
    click.echo(explained(answer))
    sys.exit(EXIT_UNAVAILABLE if not answer.is_ready else int(not answer.may_send))


@suppression.command(name="list")
@click.option("--channel")
@click.option("--reason")
@click.option("--scope")
@click.pass_obj
def list_suppression(settings_file: Path | None, channel: str | None, reason: str | None, scope: str | None) -> None:
    """Print the entries of the list as NDJSON."""
    from acquit.worker.list_view import entries

    async def run() -> None:
        async for entry in entries(settings_of(settings_file), channel=channel, reason=reason, scope=scope):
            print_row(msgspec.to_builtins(entry))

    ran(run())


@suppression.command()
@click.option("--check", "is_check", is_flag=True, help="Change nothing; status 1 if anything differs.")
@click.option("--without-workers", is_flag=True, help="No worker runs: write anew what one would at its start.")
@click.pass_obj
def rebuild(settings_file: Path | None, *, is_check: bool, without_workers: bool) -> None:
    """Make Redis equal to acquit.suppressions, or say how it differs. Workers and senders may go on meanwhile."""
    from acquit.worker.list_command import check as check_list
    from acquit.worker.list_command import rebuild as rebuild_list

    def say(line: str) -> None:
        click.echo(line, err=True)

    settings = settings_of(settings_file)
    done = ran(check_list(settings) if is_check else rebuild_list(settings, without_workers=without_workers, say=say))
    click.echo(done.sentence)
    sys.exit(1 if is_check and not done.drift.is_none else 0)


def _ask(settings_file: Path | None, recipient: str, wish: "Wish", *, actor: str, reason: str) -> None:
    from acquit.worker.commands import command, send

    asked = command(recipient, wish, by=actor, reason=reason, now=datetime.now(UTC))
    ran(send(settings_of(settings_file), [asked]))
    click.echo("asked; the ledger decides: `acquit suppression history CHANNEL:ADDRESS` tells what came of it")


@suppression.command()
@click.argument("recipient", metavar="CHANNEL:ADDRESS")
@REASON
@ACTOR
@_SCOPE
@click.option("--until", type=click.DateTime(), help="In UTC; without it until somebody lifts it.")
@click.option("--legal", is_flag=True, help="For a legal reason: only a forced restore lifts it.")
@click.pass_obj
def add(
    settings_file: Path | None,
    *,
    recipient: str,
    reason: str,
    actor: str,
    scope: str,
    until: datetime | None,
    legal: bool,
) -> None:
    """Put an address on the list by hand."""
    from acquit.worker.commands import Wish

    wish = Wish("add", scope, until=until.replace(tzinfo=UTC) if until else None, hold="legal" if legal else "manual")
    _ask(settings_file, recipient, wish, actor=actor, reason=reason)


@suppression.command()
@click.argument("recipient", metavar="CHANNEL:ADDRESS")
@REASON
@ACTOR
@_SCOPE
@click.option("--force", is_flag=True, help="Lift a complaint or a legal hold, too: it is logged as forced.")
@click.pass_obj
def restore(settings_file: Path | None, *, recipient: str, reason: str, actor: str, scope: str, force: bool) -> None:
    """Take an address off the list, where the policy allows it; its next hard failure counts double."""
    from acquit.worker.commands import Wish

    _ask(settings_file, recipient, Wish("restore", scope, is_forced=force), actor=actor, reason=reason)


@suppression.command()
@click.argument("recipient", metavar="CHANNEL:ADDRESS")
@click.option(
    "--at", "ported_at", type=click.DateTime(), required=True, help="When the number changed operator, in UTC."
)
@REASON
@ACTOR
@click.pass_obj
def port(settings_file: Path | None, *, recipient: str, ported_at: datetime, reason: str, actor: str) -> None:
    """Say that a number was ported: its failures of the 48 hours after it are not the number's fault."""
    from acquit.worker.commands import Wish

    wish = Wish("port", ported_at=ported_at.replace(tzinfo=UTC))
    _ask(settings_file, recipient, wish, actor=actor, reason=reason)


@suppression.command()
@click.argument("recipient", metavar="CHANNEL:ADDRESS")
@REASON
@ACTOR
@click.pass_obj
def erase(settings_file: Path | None, *, recipient: str, reason: str, actor: str) -> None:
    """Forget an address, and never contact it again: a keyed hash of it stays. Says until when its last traces are there."""
    from acquit.worker.commands import erase as ask_to_erase

    done = ran(ask_to_erase(settings_of(settings_file), recipient, by=actor, reason=reason, now=datetime.now(UTC)))
    click.echo(f"asked. When the ledger has it, Redis, state and list forget the address; {done.name} stays.")
    for topic, gone_by in done.gone_by.items():
        until = f"until {gone_by:%Y-%m-%d %H:%M} UTC at most" if gone_by else "without end: set its retention"
        click.echo(f"{topic} may hold it {until}")
    click.echo("raw topics, submits and engagements are yours: their retention counts. Other channels of this person are "
               "recipients of their own.")  # fmt: skip


@suppression.command()
@click.argument("recipient", metavar="CHANNEL:ADDRESS")
@click.option("--json", "is_json", is_flag=True, help="NDJSON, with all that was logged.")
@click.pass_obj
def history(settings_file: Path | None, *, recipient: str, is_json: bool) -> None:
    """Tell what happened to an address: failures, deliveries, what was said, who changed what and why, what holds now."""
    from acquit.worker import history as histories

    found = ran(histories.read(settings_of(settings_file), recipient, now=datetime.now(UTC)))
    if is_json:
        for line in [*map(histories.printed, found.moments), *histories.printed_now(found.entries)]:
            print_row(line)
    else:
        click.echo("\n".join([*histories.told(found.moments), *histories.told_now(found.entries), found.reach]))
