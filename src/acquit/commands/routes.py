"""`acquit routes`: whether receipts can be believed, by route and carrier, from tallies."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from acquit import __version__
from acquit.commands.shell import lines_of, print_row, ran, settings_of
from acquit.errors import AcquitError
from acquit.rules import load as load_rules

if TYPE_CHECKING:
    from acquit.effects import Tally
    from acquit.routes.reading import Tallied
    from acquit.routes.verdict import Judged, Verdict
    from acquit.rules import Rules

_WORDS = ("contradicted", "suspect", "clean")


@click.group()
def routes() -> None:
    """Say whether receipts can be believed, by route and carrier."""


def _tallies(command: Callable[..., None]) -> Callable[..., None]:
    """From which tallies (NDJSON, `acquit schema tally`; without files, those of the topic), until which day."""
    command = click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(allow_dash=True))(command)
    told = "The last day that counts, in UTC; else the last one that the tallies have."
    return click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help=told)(command)


@routes.command()
@_tallies
@click.pass_obj
def judge(settings_file: Path | None, files: tuple[str, ...], day: datetime | None) -> None:
    """Judge every day of tally records: verdicts as NDJSON."""
    from acquit.effects import printed
    from acquit.routes.reading import judged_days
    from acquit.routes.telling import shown

    for _, judged in judged_days(_read(settings_file, files, day).days, prices=_rules(settings_file).prices):
        for verdict in judged.verdicts:
            print_row(printed(shown(verdict)))


@routes.command(name="list")
@_tallies
@click.pass_obj
def list_routes(settings_file: Path | None, files: tuple[str, ...], day: datetime | None) -> None:
    """Print all routes with their verdict, the worst first."""
    for verdict in sorted(
        _last(_read(settings_file, files, day), _rules(settings_file)).verdicts,
        key=lambda one: (_WORDS.index(one.word), -one.nats),
    ):
        share = verdict.share
        doubtful = f"{share.estimate:.1%} ({share.low:.1%}-{share.high:.1%})" if share else "-"
        delivery = f"delivery {_rate(verdict.reported_delivery)} told, {_rate(verdict.believed_delivery)} believed"
        line = (
            f"{verdict.word:<12}  {doubtful:>21}  {verdict.nats:>8.1f} nats  {delivery}  {verdict.place.channel}  "
            f"{verdict.sentence}"
        )
        click.echo("".join(letter if letter.isprintable() else "?" for letter in line))


def _rate(ratio: float | None) -> str:
    return f"{'-' if ratio is None else f'{ratio:.1%}':>6}"


@routes.command()
@click.argument("route")
@_tallies
@click.option("--carrier", help="Which carrier, where the route has several.")
@click.option("--channel", help="Which channel, where the route has several.")
@click.option("--supplier", help="Which supplier, where the route has several.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False, writable=True), help="Write the page here.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False, writable=True), help="Write the JSON here."
)
@click.option(
    "--own-numbers", "with_own", is_flag=True, help="List messages to numbers of ours, too: it gives them away."
)
@click.option(
    "--price", "paid", type=click.FloatRange(0, min_open=True), help="Paid for a message: shown, never evidence."
)
@click.option("--usual-price", "usual", type=click.FloatRange(0, min_open=True), help="What is usual on this carrier.")
@click.option("--currency", default="", help="Of both prices.")
@click.pass_obj
def evidence(  # noqa: PLR0913 - one for each option
    settings_file: Path | None, *, route: str, files: tuple[str, ...], day: datetime | None, carrier: str | None,
    channel: str | None, supplier: str | None, html: Path | None, json_file: Path | None, with_own: bool,
    paid: float | None, usual: float | None, currency: str,
) -> None:  # fmt: skip
    """Write the dossier of a route for its supplier: a page that stands alone, and JSON. Without either, print the JSON."""
    from acquit.routes.dossier import Terms, dossier, page

    if usual is not None and paid is None:
        raise click.UsageError("--usual-price says nothing without --price")
    tallied, rules = _read(settings_file, files, day), _rules(settings_file)
    judged = _last(tallied, rules)
    verdict = _one(judged.verdicts, route, {"carrier": carrier, "channel": channel, "supplier": supplier})
    terms = Terms(__version__, rules.version, paid, usual, currency, with_own_numbers=with_own)
    made = dossier(verdict, judged, tallied, terms)
    encoded = msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n"
    if html:
        html.write_text(page(made), encoding="utf-8")
    if json_file:
        json_file.write_bytes(encoded)
    click.echo(verdict.sentence if html or json_file else encoded, nl=bool(html or json_file))
    shown = sum(len(kind.messages) for kind in made.examples)
    if verdict.word == "contradicted" and shown < _LEAST_EXAMPLES:
        click.echo(
            f"only {shown} examples: a supplier asks for three; --own-numbers adds those to numbers of ours", err=True
        )


_LEAST_EXAMPLES = 3


def _read(settings_file: Path | None, files: Sequence[str], day: datetime | None) -> "Tallied":
    """Tally records from files, or else from their topic, until this day."""
    from acquit.routes.reading import day_of, tallied
    from acquit.worker.log_reader import read_tallies

    lines = lines_of(files) if files else ran(read_tallies(settings_of(settings_file)))
    found = tallied(_records(lines))
    found = found if day is None else found.until(day_of(day.date()))
    if not found.days:
        raise click.UsageError("there are no tallies" + (" until that day" if day else ""))
    return found


def _records(lines: Iterable[bytes]) -> Iterable["Tally"]:
    from acquit.effects import read_tally

    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield read_tally(line)
            except msgspec.DecodeError as error:
                raise AcquitError(f"line {number}: no tally record: {error}") from None


def _rules(settings_file: Path | None) -> "Rules":
    return load_rules(settings_of(settings_file).rules_dir)


def _last(tallied: "Tallied", rules: "Rules") -> "Judged":
    """The last day's verdicts, after all days before it: a word rests on the days before."""
    from acquit.routes.reading import judged_days
    from acquit.routes.verdict import Judged

    found = Judged((), {})
    for _, judged in judged_days(tallied.days, prices=rules.prices):
        found = judged
    return found


def _one(verdicts: Sequence["Verdict"], route: str, asked: Mapping[str, str | None]) -> "Verdict":
    wanted = {"route": route, **{name: word for name, word in asked.items() if word is not None}}
    found = [one for one in verdicts if wanted.items() <= one.place._asdict().items()]
    if len(found) == 1:
        return found[0]
    if not found:
        names = sorted({one.place.route for one in verdicts})
        raise click.UsageError(f"no such route on such a carrier; there are {', '.join(names)}")
    places = ", ".join(
        f"{one.place.carrier or 'unknown'} ({one.place.channel}, by {one.place.supplier}: {one.word})" for one in found
    )
    raise click.UsageError(f"route {route} has several: say --carrier, --channel or --supplier; there are {places}")
