"""`acquit suppression`: ask the list, and change it. Also `acquit trace`, which reads the same log."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click
import msgspec

from acquit.commands.held import held
from acquit.commands.shell import ACTOR, EXIT_UNAVAILABLE, REASON, print_row, ran, settings_of
from acquit.errors import AcquitError
from acquit.rules import load as load_rules

if TYPE_CHECKING:
    from acquit.worker.commands import Wish

_SCOPE = click.option("--scope", default="*", show_default=True, help="*, *:STREAM, acct:ID or acct:ID:STREAM.")


@click.group()
def suppression() -> None:
    """Ask the suppression list, and change it: who asks and why is logged."""


suppression.add_command(held)


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


@suppression.command(name="import")
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
@REASON
@ACTOR
@click.option("--held-for", help="What lines without a reason are held for: a category, stop, manual or legal.")
@click.option("--skip-bad", is_flag=True, help="Import the good lines although there are bad ones.")
@click.pass_obj
def import_list(
    settings_file: Path | None, *, file: TextIO, reason: str, actor: str, held_for: Any, skip_bad: bool
) -> None:
    """Import another system's list: CSV (channel,address[,scope,reason,since,until]) or NDJSON. Twice is as good as once."""
    from acquit.worker import list_file
    from acquit.worker.commands import send

    settings = settings_of(settings_file)
    policy = load_rules(settings.rules_dir).policy
    try:
        text = file.read()
    except UnicodeDecodeError:
        raise AcquitError("the file is not UTF-8") from None
    found = list_file.read(text, policy, by=actor, why=reason, now=datetime.now(UTC), reason=held_for)
    for bad in found.bad:
        click.echo(str(bad), err=True)
    if found.bad and not skip_bad:
        click.echo(f"nothing is imported: {len(found.bad)} lines are bad, {len(found.commands)} good", err=True)
        sys.exit(1)
    sent = ran(send(settings, found.commands)) if found.commands else 0
    click.echo(f"asked for {sent} entries; bad lines left out: {len(found.bad)}")


@suppression.command()
@click.option("--json", "is_json", is_flag=True, help="NDJSON instead of CSV.")
@click.pass_obj
def export(settings_file: Path | None, *, is_json: bool) -> None:
    """Print the whole list, from its truth in Kafka, as `import` reads it."""
    from acquit.worker import list_file

    async def run() -> None:
        if not is_json:
            click.echo(list_file.csv_line(list_file.COLUMNS), nl=False)
        async for listed in list_file.truth(settings_of(settings_file), now=datetime.now(UTC)):
            row = list_file.row_of(*listed)
            if is_json:
                print_row(row)
            else:
                click.echo(list_file.csv_line(row.values()), nl=False)

    ran(run())


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


@click.command()
@click.argument("recipient", metavar="CHANNEL:ADDRESS")
@click.option("--json", "is_json", is_flag=True, help="NDJSON, with all that was logged.")
@click.pass_obj
def trace(settings_file: Path | None, *, recipient: str, is_json: bool) -> None:
    """Print all that the log holds of an address, message by message: submits, receipts of any status, what was done."""
    from acquit.worker import history as histories

    found = ran(histories.read(settings_of(settings_file), recipient, now=datetime.now(UTC)))
    if is_json:
        for moment in found.events:
            print_row(histories.printed(moment))
    else:
        click.echo("\n".join([*histories.told(found.events), found.reach]))
