"""`acquit suppression import` and `export`: the list as a file, ours or another system's."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from acquit.commands.shell import ACTOR, REASON, ran, settings_of
from acquit.errors import AcquitError
from acquit.rules import load as load_rules

if TYPE_CHECKING:
    from acquit.worker.list_import import Counts, Rejected, Source

SHOWN = 20
"""So many bad lines are told; all of them stand in the file of rejects."""


def _layout_names(_ctx: click.Context, _option: click.Parameter, name: str) -> str:
    from acquit.worker.list_layouts import LAYOUTS, OWN

    if name != OWN and name not in LAYOUTS:
        raise click.BadParameter(f"there are {', '.join([OWN, *LAYOUTS])}")
    return name


_LAYOUT = click.option(
    "--layout",
    default="acquit",
    show_default=True,
    callback=_layout_names,
    help="Whose: acquit, ses, sendgrid-bounces, ...",
)


@click.command(name="import")
@click.argument("file", type=click.Path(allow_dash=True))
@REASON
@ACTOR
@_LAYOUT
@click.option("--held-for", help="What lines without a reason are held for: a category, stop, manual or legal.")
@click.option("--scope", default="*", show_default=True, help="Where lines without a scope hold.")
@click.option("--skip-bad", is_flag=True, help="Import the good lines although there are bad ones.")
@click.option("--dry-run", is_flag=True, help="Count, say what is wrong, and ask for nothing.")
@click.option(
    "--rejects", type=click.Path(path_type=Path), help="Write bad lines here, with why; FILE.rejects if not said."
)
@click.pass_obj
def import_list(  # noqa: PLR0913 - its options
    settings_file: Path | None, *, file: str, reason: str, actor: str, layout: str, held_for: Any, scope: str,
    skip_bad: bool, dry_run: bool, rejects: Path | None,
) -> None:  # fmt: skip
    """Import a list, CSV or JSON, of our own (channel,address[,scope,reason,since,until]) or another system's layout.

    Interrupted, it goes on where it was when it is run again. Twice is as good as once.
    """
    from acquit.suppression.keys import SCOPE, SCOPES
    from acquit.worker.list_file import Asked
    from acquit.worker.list_import import Source, bring
    from acquit.worker.progress import bar

    if not SCOPE.fullmatch(scope):
        raise AcquitError(f"--scope must be {SCOPES}")
    settings = settings_of(settings_file)
    with _file(file) as path:
        asked = Asked(by=actor, why=reason, now=datetime.now(UTC), hold=held_for, scope=scope)
        source = Source(path, load_rules(settings.rules_dir).policy, asked, layout)
        counts = _look(source, rejects or Path("stdin.rejects" if file == "-" else f"{file}.rejects"))
        if dry_run:
            click.echo(f"would ask for {counts}")
            return
        if counts.rejected and not skip_bad:
            click.echo(f"nothing is imported: {counts}", err=True)
            sys.exit(1)
        with bar("asking", counts.total + counts.rejected) as moved:
            sent = ran(bring(source, settings, moved=moved)) if counts.total else 0
    click.echo(f"asked for {sent} entries; bad lines left out: {counts.rejected}")


@click.command()
@_LAYOUT
@click.option("--json", "is_json", is_flag=True, help="NDJSON instead of CSV.")
@click.option("--channel")
@click.option("--reason", "reasons", multiple=True, help="Any number of times.")
@click.option("--scope")
@click.option("--since", type=click.DateTime(), help="Held since then or later, in UTC.")
@click.option("--before", type=click.DateTime(), help="Held since before then, in UTC.")
@click.option("--domain", help="Mailboxes of this domain.")
@click.pass_obj
def export(
    settings_file: Path | None, *, layout: str, is_json: bool, channel: str | None, reasons: tuple[str, ...],
    scope: str | None, since: datetime | None, before: datetime | None, domain: str | None,
) -> None:  # fmt: skip
    """Print the list, or part of it, from its truth in Kafka, as `import` reads it."""
    from acquit.worker.list_export import Export, Wanted, domain_of

    wanted = Wanted(
        channel=channel, reasons=frozenset(reasons), scope=scope, since=since and since.replace(tzinfo=UTC),
        before=before and before.replace(tzinfo=UTC), domain=domain and domain_of(domain),
    )  # fmt: skip
    written = Export(layout, is_json=is_json)

    async def run() -> None:
        async for line in written.lines(settings_of(settings_file), wanted, now=datetime.now(UTC)):
            sys.stdout.buffer.write(line)

    ran(run())
    if written.left_out:
        click.echo(f"left out: {written.left_out} entries that {layout} cannot say", err=True)


@contextmanager
def _file(name: str) -> Iterator[Path]:
    """The file; what comes by standard input is kept in one meanwhile."""
    if name != "-":
        path = Path(name)
        if not path.is_file():
            raise click.UsageError(f"no such file: {name}")
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="acquit-import-") as folder:
        path = Path(folder) / "stdin"
        with path.open("wb") as kept:
            shutil.copyfileobj(sys.stdin.buffer, kept)
        yield path


def _look(source: "Source", rejects: Path) -> "Counts":
    from acquit.worker.list_import import look
    from acquit.worker.progress import bar

    with bar("reading", source.path.stat().st_size) as moved, _rejecting(rejects) as reject:
        counts = look(source, rejects=reject, moved=moved)
    if counts.rejected > SHOWN:
        click.echo(f"and {counts.rejected - SHOWN:,} more", err=True)
    if counts.rejected:
        click.echo(f"bad lines are in {rejects}", err=True)
    return counts


@contextmanager
def _rejecting(path: Path) -> Iterator[Callable[["Rejected"], None]]:
    """Bad lines go to the file, which is there only if there are any; the first are told, without what they hold."""
    from acquit.worker.list_rows import csv_line

    path.unlink(missing_ok=True)
    seen = 0

    def reject(bad: "Rejected") -> None:
        nonlocal seen
        seen += 1
        if seen <= SHOWN:
            click.echo(str(bad), err=True)
        if seen == 1:
            path.touch(mode=0o600)
            kept.append(path.open("w", encoding="utf-8", newline=""))
            kept[0].write(csv_line(("line", "why", "text")))
        kept[0].write(csv_line((bad.line, bad.why, bad.text.rstrip("\r\n"))))

    kept: list[Any] = []
    try:
        yield reject
    finally:
        for file in kept:
            file.close()
