"""What the rules make of words, without any server: check, classify, explain, replay, schema."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import click
import orjson

from acquit.commands.shell import lines_of, print_row, ran, settings_of
from acquit.rules import load as load_rules


@click.command()
@click.argument("rules_dir", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def check(settings_file: Path | None, rules_dir: Path | None) -> None:
    """Check settings and rules, or the rules in a folder of your own, without starting anything."""
    from acquit.decode import DECODERS
    from acquit.rules.idle import idle
    from acquit.rules.policy import failures_of, told

    if rules_dir is None:
        from acquit.worker.start import check_providers

        settings = settings_of(settings_file)
        check_providers(settings)
        rules_dir = settings.rules_dir
        click.echo("settings: ok")
    rules = load_rules(rules_dir)
    for sentence in idle(rules, rules_dir, providers=DECODERS):
        click.echo(f"warning: {sentence}", err=True)
    words = sum(len(table) for table in rules.statuses.values())
    codes = sum(len(rows) for table in rules.codes.values() for rows in table.values())
    click.echo(f"rules {rules.version}: {words} status words in {len(rules.statuses)} tables, "
               f"{codes} code rows in {len(rules.codes)} tables, {len(rules.policy)} policy rules, "
               f"{len(rules.routes.profiles)} route profiles")  # fmt: skip
    for rule in rules.policy:
        click.echo(f"policy {rule.id}: {failures_of(rule)}: {told(rule)}")


@click.command()
@click.argument("files", nargs=-1, type=click.Path(allow_dash=True))
@click.option("--rules", "rules_dir", type=click.Path(path_type=Path), help="Folder with rules of your own.")
def classify(files: tuple[str, ...], rules_dir: Path | None) -> None:
    """Say what providers' payloads mean: NDJSON in, NDJSON out, a line for a line."""
    from acquit.offline import classify as classify_line

    rules = load_rules(rules_dir)
    for line in lines_of(files):
        print_row(classify_line(line, rules=rules, now=datetime.now(UTC)))


@click.command()
@click.argument("provider")
@click.argument("file", default="-", type=click.File("rb"))
@click.option("--to", help="The recipient, where the payload does not name it.")
@click.option("--err-dictionary", help="The code table of the route's SMPP err values.")
@click.option("--route", help="The route that it came by: its profile in routes.toml counts.")
@click.option("--ported-at", type=click.DateTime(), help="When the number went to another operator, in UTC.")
@click.option("--text", help="The message's own text: say what in it raises filtering.")
@click.option("--sender", help="With --text: the name or number that the recipient sees.")
@click.option("--rules", "rules_dir", type=click.Path(path_type=Path), help="Folder with rules of your own.")
def explain(*, provider: str, file: BinaryIO, to: str | None, err_dictionary: str | None, route: str | None,
            ported_at: datetime | None, text: str | None, sender: str | None, rules_dir: Path | None) -> None:  # fmt: skip
    """Tell one payload's way through the stages: which rule decided, why such things happen, and what to do."""
    from acquit.decode import Context
    from acquit.explaining import told, told_of_text

    rules = load_rules(rules_dir)
    since = ported_at.replace(tzinfo=UTC) if ported_at else None
    context = Context(to=to, err_dictionary=err_dictionary, route=route, ported_at=since)
    for line in told(provider, file.read(), context, rules=rules, now=datetime.now(UTC)):
        click.echo(line)
    if text is not None:
        for line in told_of_text(text, sender, rules):
            click.echo(line)


@click.command()
@click.argument("files", nargs=-1, type=click.Path(allow_dash=True))
@click.option("--sort", "is_sorted", is_flag=True, help="Sort the events by arrival first.")
@click.option("--log", "is_log", is_flag=True, help="Replay an export of acquit.events (kcat -J), or the topic itself.")
@click.option("--entries", is_flag=True, help="Print the list as it stands at the end, before the summary.")
@click.option("--rules", "rules_dir", type=click.Path(path_type=Path), help="Folder with rules of your own.")
@click.option("--zone", help="Time zone of the hours; else UTC, or with --log that of the settings.")
@click.option(
    "--window-hours", type=float, help="How long a message is remembered; else 72, or with --log as the settings say."
)
@click.pass_obj
def replay(
    settings_file: Path | None, files: tuple[str, ...], *, is_sorted: bool, is_log: bool, entries: bool,
    rules_dir: Path | None, zone: str | None, window_hours: float | None,
) -> None:  # fmt: skip
    """Fold canonical events through the worker's own core and print what it would do; a log, with the worker's settings."""
    from acquit.offline import Replay, exported_records, records_of

    fields: dict[str, Any] = {"zone": "UTC", "window_hours": 72.0}
    if is_log:
        settings = settings_of(settings_file)
        fields, rules_dir = settings.of_fold, rules_dir or settings.rules_dir
    asked = {"zone": zone, "window_hours": window_hours}
    fields |= {name: value for name, value in asked.items() if value is not None}
    run = Replay(rules=load_rules(rules_dir), **fields)
    if is_log and not files:
        from acquit.worker.log_reader import read_log

        records: Iterable[Any] = ran(read_log(settings_of(settings_file)))
    else:
        records = exported_records(lines_of(files)) if is_log else records_of(lines_of(files))
    if is_sorted:
        records = sorted(records, key=lambda record: record.timestamp)
    for effect in run.fold(records):
        print_row(effect)
    for entry in run.entries() if entries else ():
        print_row(entry)
    print_row(run.summary())


@click.command()
@click.argument("name", required=False)
def schema(name: str | None) -> None:
    """Print the JSON Schema of what a topic carries, or the names of all."""
    from acquit.schemas import SCHEMAS
    from acquit.schemas import schema as schema_of

    if name is None:
        click.echo("\n".join(SCHEMAS))
    elif name not in SCHEMAS:
        raise click.UsageError(f"no schema {name!r}; there are {', '.join(SCHEMAS)}")
    else:
        click.echo(orjson.dumps(schema_of(name), option=orjson.OPT_INDENT_2))
