"""`acquit dead-letters`: look at records that could not be read, and send them again."""

from pathlib import Path

import click

from acquit.commands.shell import print_row, ran, settings_of


@click.group(name="dead-letters")
def dead_letters() -> None:
    """Look at records that could not be read, and send them again."""


@dead_letters.command(name="list")
@click.option("--reason", help="Only those refused for this reason.")
@click.option("--topic", help="Only those from this topic.")
@click.option("--limit", type=int)
@click.option("--values", "with_value", is_flag=True, help="Print what they hold, too: it may name people.")
@click.pass_obj
def list_dead_letters(
    settings_file: Path | None, *, reason: str | None, topic: str | None, limit: int | None, with_value: bool
) -> None:
    """Print dead letters as NDJSON: why, where from, how large."""
    from acquit.worker.dead_letters import described, letters

    async def run() -> None:
        async for letter in letters(settings_of(settings_file), reason=reason, topic=topic, limit=limit):
            print_row(described(letter, with_value=with_value))

    ran(run())


@dead_letters.command(name="replay")
@click.option("--reason", help="Only those refused for this reason.")
@click.option("--topic", help="Only those from this topic.")
@click.option("--max-attempts", default=3, show_default=True)
@click.option("--dry-run", is_flag=True, help="Count, and send nothing.")
@click.pass_obj
def replay_dead_letters(
    settings_file: Path | None, *, reason: str | None, topic: str | None, max_attempts: int, dry_run: bool
) -> None:
    """Send dead letters back to where they came from, as they came."""
    from acquit.worker.dead_letters import replay as replay_letters

    settings = settings_of(settings_file)
    done = ran(replay_letters(settings, reason=reason, topic=topic, max_attempts=max_attempts, dry_run=dry_run))
    click.echo(f"sent {done.sent}, not matching {done.skipped_by_filter}, given up {done.given_up}")
