"""The commands, thin: they read arguments, call what does the work, and print. Each imports what it needs when it runs."""

import asyncio
import gzip
import os
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TextIO

import click
import msgspec
import orjson

from acquit import __version__
from acquit.errors import AcquitError
from acquit.rules import load as load_rules

if TYPE_CHECKING:
    from acquit.worker.commands import Wish
    from acquit.worker.settings import Settings

EXIT_REFUSED = 78
"""EX_CONFIG: rules or settings that cannot be trusted."""
EXIT_UNAVAILABLE = 69
"""EX_UNAVAILABLE: a server does not answer."""


class Refusal(click.ClickException):
    """An error of the user's, said in one line."""

    exit_code = EXIT_REFUSED


class _Group(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AcquitError as error:
            raise Refusal(str(error)) from None
        except BrokenPipeError:  # `acquit … | head`
            sys.stderr.close()
            sys.exit(0)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="acquit")
@click.option(
    "--settings", "settings_file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="TOML file of settings; the environment's ACQUIT_* win over it.",
)  # fmt: skip
@click.pass_context
def main(ctx: click.Context, settings_file: Path | None) -> None:
    """What happened to each message and why, and who must not be contacted."""
    ctx.obj = settings_file


@main.command()
@click.pass_obj
def worker(settings_file: Path | None) -> None:
    """Run a worker; start as many as there is work for, at most one per partition."""
    from acquit.worker.start import run

    settings = _settings(settings_file)
    run(settings, load_rules(settings.rules_dir))


@main.command()
@click.argument("rules_dir", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def check(settings_file: Path | None, rules_dir: Path | None) -> None:
    """Check settings and rules, or the rules in a folder of your own, without starting anything."""
    from acquit.decode import DECODERS
    from acquit.rules.idle import idle
    from acquit.rules.policy import failures_of, told

    if rules_dir is None:
        from acquit.worker.start import check_providers

        settings = _settings(settings_file)
        check_providers(settings)
        rules_dir = settings.rules_dir
        click.echo("settings: ok")
    rules = load_rules(rules_dir)
    for sentence in idle(rules, rules_dir, providers=DECODERS):
        click.echo(f"warning: {sentence}", err=True)
    words = sum(len(table) for table in rules.statuses.values())
    codes = sum(len(rows) for table in rules.codes.values() for rows in table.values())
    click.echo(f"rules {rules.version}: {words} status words in {len(rules.statuses)} tables, "
               f"{codes} code rows in {len(rules.codes)} tables, {len(rules.patterns)} patterns, "
               f"{len(rules.policy)} policy rules, "
               f"{len(rules.routes.profiles)} route profiles")  # fmt: skip
    for rule in rules.policy:
        click.echo(f"policy {rule.id}: {failures_of(rule)}: {told(rule)}")


@main.command()
@click.argument("files", nargs=-1, type=click.Path(allow_dash=True))
@click.option("--rules", "rules_dir", type=click.Path(path_type=Path), help="Folder with rules of your own.")
def classify(files: tuple[str, ...], rules_dir: Path | None) -> None:
    """Say what providers' payloads mean: NDJSON in, NDJSON out, a line for a line."""
    from acquit.offline import classify as classify_line

    rules = load_rules(rules_dir)
    for line in _lines(files):
        _print(classify_line(line, rules=rules, now=datetime.now(UTC)))


@main.command()
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


@main.command()
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
        settings = _settings(settings_file)
        fields, rules_dir = settings.of_fold, rules_dir or settings.rules_dir
    asked = {"zone": zone, "window_hours": window_hours}
    fields |= {name: value for name, value in asked.items() if value is not None}
    run = Replay(rules=load_rules(rules_dir), **fields)
    if is_log and not files:
        from acquit.worker.log_reader import read_log

        records: Iterable[Any] = _ran(read_log(_settings(settings_file)))
    else:
        records = exported_records(_lines(files)) if is_log else records_of(_lines(files))
    if is_sorted:
        records = sorted(records, key=lambda record: record.timestamp)
    for effect in run.fold(records):
        _print(effect)
    for entry in run.entries() if entries else ():
        _print(entry)
    _print(run.summary())


@main.command()
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


@main.command()
@click.option("--seconds", type=float, help="End by itself after so long.")
@click.option("--http-port", default=9464, show_default=True, help="For metrics and health; 0 takes a free one.")
@click.option("--kafka-port", default=0, show_default=True, help="For the embedded broker; 0 takes a free one.")
@click.option("--redis-port", default=0, show_default=True, help="For the embedded Valkey; 0 takes a free one.")
def demo(*, seconds: float | None, http_port: int, kafka_port: int, redis_port: int) -> None:
    """The whole main job on embedded servers, with simulated traffic, live."""
    from acquit.worker.demo import run

    run(seconds=seconds, http_port=http_port, kafka_port=kafka_port, redis_port=redis_port)


@main.command()
@click.argument("address", default="127.0.0.1:9464")
@click.option("--once", is_flag=True, help="Look once, print, and end.")
def top(address: str, *, once: bool) -> None:
    """A live view of a running worker, by the address of its metrics."""
    from acquit.worker.watching import watch

    watch(address, once=once)


@main.group()
def topics() -> None:
    """Make acquit's topics, or say what is wrong with them."""


@topics.command()
@click.option("--with-raw", is_flag=True, help="Make the raw topics as well.")
@click.pass_obj
def create(settings_file: Path | None, *, with_raw: bool) -> None:
    """Make the topics that are missing."""
    from acquit.worker.topics import create as create_topics

    made = _ran(create_topics(_settings(settings_file), with_raw=with_raw))
    click.echo("\n".join(f"made {name}" for name in made) or "nothing to make: all topics are there")


@topics.command(name="check")
@click.option("--acls", "principal", metavar="PRINCIPAL", help="Print the ACLs that this principal needs instead.")
@click.pass_obj
def check_topics(settings_file: Path | None, principal: str | None) -> None:
    """Say what is wrong with the topics; status 1 if anything is."""
    from acquit.worker import topics as worker_topics

    settings = _settings(settings_file)
    if principal:
        click.echo("\n".join(worker_topics.acls(settings, principal)))
        return
    problems = _ran(worker_topics.check(settings))
    click.echo("\n".join(problem.sentence for problem in problems) or "all topics are right")
    sys.exit(1 if problems else 0)


@main.command()
@click.option("--messages", default=1000, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--start", type=click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]), help="UTC; 12 hours ago if not said.")
@click.option("--hours", default=12.0, show_default=True, help="Over how many hours messages are sent.")
@click.option("--truth", type=click.Path(path_type=Path, dir_okay=False), help="Write what is true of them here.")
@click.option("--kafka", is_flag=True, help="Send raw records to the settings' topics, instead of printing events.")
@click.pass_obj
def simulate(
    settings_file: Path | None, *, messages: int, seed: int, start: datetime | None, hours: float, truth: Path | None,
    kafka: bool,
) -> None:  # fmt: skip
    """Make traffic of which the truth is known: canonical events on standard output, or raw records on Kafka."""
    from datetime import timedelta

    from acquit.simulate import Scenario, truth_of, write_ndjson

    begin = start.replace(tzinfo=UTC) if start else datetime.now(UTC) - timedelta(hours=hours)
    scenario = Scenario(seed=seed, messages=messages, start=begin, span_hours=hours)
    if truth:
        truth.write_bytes(orjson.dumps(truth_of(scenario).shown(), option=orjson.OPT_INDENT_2))
    if kafka:
        from acquit.worker.feeding import feed

        click.echo(f"{_ran(feed(_settings(settings_file), scenario))} records sent", err=True)
    else:
        write_ndjson(scenario, sys.stdout.buffer)


@main.group()
def suppression() -> None:
    """Ask the suppression list, and change it: who asks and why is logged."""


@suppression.command(name="check")
@click.argument("recipient", metavar="CHANNEL:ADDRESS")
@click.option("--account")
@click.option("--stream")
@click.pass_obj
def check_suppression(settings_file: Path | None, recipient: str, account: str | None, stream: str | None) -> None:
    """May this address be sent to? Status 0: yes; 1: no; 69: the list is not ready, do not trust it."""
    from acquit.worker.list_view import check as check_list
    from acquit.worker.list_view import explained

    answer = _ran(check_list(_settings(settings_file), recipient, account=account, stream=stream))
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
        async for entry in entries(_settings(settings_file), channel=channel, reason=reason, scope=scope):
            _print(msgspec.to_builtins(entry))

    _ran(run())


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

    settings = _settings(settings_file)
    done = _ran(check_list(settings) if is_check else rebuild_list(settings, without_workers=without_workers, say=say))
    click.echo(done.sentence)
    sys.exit(1 if is_check and not done.drift.is_none else 0)


_ACTOR = click.option("--actor", required=True, help="Who asks: a name or an id. It is logged.")
_REASON = click.option("--reason", required=True, help="Why. It is logged, so it must not name the person.")
_SCOPE = click.option("--scope", default="*", show_default=True, help="*, *:STREAM, acct:ID or acct:ID:STREAM.")


@suppression.command()
@click.argument("recipient", metavar="CHANNEL:ADDRESS")
@_REASON
@_ACTOR
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
@_REASON
@_ACTOR
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
@_REASON
@_ACTOR
@click.pass_obj
def port(settings_file: Path | None, *, recipient: str, ported_at: datetime, reason: str, actor: str) -> None:
    """Say that a number was ported: its failures of the 48 hours after it are not the number's fault."""
    from acquit.worker.commands import Wish

    wish = Wish("port", ported_at=ported_at.replace(tzinfo=UTC))
    _ask(settings_file, recipient, wish, actor=actor, reason=reason)


@suppression.command()
@click.argument("recipient", metavar="CHANNEL:ADDRESS")
@_REASON
@_ACTOR
@click.pass_obj
def erase(settings_file: Path | None, *, recipient: str, reason: str, actor: str) -> None:
    """Forget an address, and never contact it again: a keyed hash of it stays. Says until when its last traces are there."""
    from acquit.worker.commands import erase as ask_to_erase

    done = _ran(ask_to_erase(_settings(settings_file), recipient, by=actor, reason=reason, now=datetime.now(UTC)))
    click.echo(f"asked. When the ledger has it, Redis, state and list forget the address; {done.name} stays.")
    for topic, gone_by in done.gone_by.items():
        until = f"until {gone_by:%Y-%m-%d %H:%M} UTC at most" if gone_by else "without end: set its retention"
        click.echo(f"{topic} may hold it {until}")
    click.echo("raw topics, submits and engagements are yours: their retention counts. Other channels of this person are "
               "recipients of their own.")  # fmt: skip


@suppression.command(name="import")
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
@_REASON
@_ACTOR
@click.option("--held-for", help="What lines without a reason are held for: a category, stop, manual or legal.")
@click.option("--skip-bad", is_flag=True, help="Import the good lines although there are bad ones.")
@click.pass_obj
def import_list(
    settings_file: Path | None, *, file: TextIO, reason: str, actor: str, held_for: Any, skip_bad: bool
) -> None:
    """Import another system's list: CSV (channel,address[,scope,reason,since,until]) or NDJSON. Twice is as good as once."""
    from acquit.worker import list_file
    from acquit.worker.commands import send

    settings = _settings(settings_file)
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
    sent = _ran(send(settings, found.commands)) if found.commands else 0
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
        async for listed in list_file.truth(_settings(settings_file), now=datetime.now(UTC)):
            row = list_file.row_of(*listed)
            if is_json:
                _print(row)
            else:
                click.echo(list_file.csv_line(row.values()), nl=False)

    _ran(run())


@suppression.group()
def held() -> None:
    """What the circuit breaker keeps from the list, for staff to decide."""


def _which(command: Callable[..., None]) -> Callable[..., None]:
    """Of whom, and for which route or carrier."""
    command = click.option("--carrier", help="Only what is held for this carrier.")(command)
    command = click.option("--route", help="Only what is held for this route.")(command)
    return click.argument("recipient", metavar="[CHANNEL:ADDRESS]", required=False)(command)


@held.command(name="list")
@_which
@click.pass_obj
def list_held(settings_file: Path | None, recipient: str | None, route: str | None, carrier: str | None) -> None:
    """Print who is held, for which failures, as NDJSON."""
    from acquit.worker.held import listed, wanted

    async def run() -> None:
        async for one in listed(_settings(settings_file), wanted(recipient, route, carrier)):
            _print(msgspec.to_builtins(one))

    _ran(run())


@suppression.command()
@click.argument("recipient", metavar="CHANNEL:ADDRESS")
@click.option("--json", "is_json", is_flag=True, help="NDJSON, with all that was logged.")
@click.pass_obj
def history(settings_file: Path | None, *, recipient: str, is_json: bool) -> None:
    """Tell what happened to an address: failures, deliveries, what was said, who changed what and why, what holds now."""
    from acquit.worker import history as histories

    found = _ran(histories.read(_settings(settings_file), recipient, now=datetime.now(UTC)))
    if is_json:
        for line in [*map(histories.printed, found.moments), *histories.printed_now(found.entries)]:
            _print(line)
    else:
        click.echo("\n".join([*histories.told(found.moments), *histories.told_now(found.entries), found.reach]))


@main.command()
@click.argument("recipient", metavar="CHANNEL:ADDRESS")
@click.option("--json", "is_json", is_flag=True, help="NDJSON, with all that was logged.")
@click.pass_obj
def trace(settings_file: Path | None, *, recipient: str, is_json: bool) -> None:
    """Print all that the log holds of an address, message by message: submits, receipts of any status, what was done."""
    from acquit.worker import history as histories

    found = _ran(histories.read(_settings(settings_file), recipient, now=datetime.now(UTC)))
    if is_json:
        for moment in found.events:
            _print(histories.printed(moment))
    else:
        click.echo("\n".join([*histories.told(found.events), found.reach]))


def _decision(command: Callable[..., None]) -> Callable[..., None]:
    """And who says so, and why."""
    return _which(click.option("--all", "is_all", is_flag=True, help="All that is held.")(_REASON(_ACTOR(command))))


@held.command()
@_decision
@click.pass_obj
def release(settings_file: Path | None, /, **asked: Any) -> None:
    """Let what is held count, as if it had never been held: these people are suppressed."""
    _decide_held(settings_file, "release", **asked)


@held.command()
@_decision
@click.pass_obj
def drop(settings_file: Path | None, /, **asked: Any) -> None:
    """Forget what is held: the provider was wrong, and these failures never count."""
    _decide_held(settings_file, "drop", **asked)


def _decide_held(
    settings_file: Path | None, name: Literal["release", "drop"], *, recipient: str | None, route: str | None,
    carrier: str | None, is_all: bool, actor: str, reason: str,
) -> None:  # fmt: skip
    from acquit.worker.held import decide, wanted

    if is_all == any((recipient, route, carrier)):
        raise click.UsageError("say whose: CHANNEL:ADDRESS, --route or --carrier; or --all")
    which = wanted(recipient, route, carrier)
    people = _ran(decide(_settings(settings_file), name, which, by=actor, reason=reason))
    click.echo(f"asked to {name} what is held of {people} {'person' if people == 1 else 'people'}")


@main.group(name="dead-letters")
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
        async for letter in letters(_settings(settings_file), reason=reason, topic=topic, limit=limit):
            _print(described(letter, with_value=with_value))

    _ran(run())


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

    settings = _settings(settings_file)
    done = _ran(replay_letters(settings, reason=reason, topic=topic, max_attempts=max_attempts, dry_run=dry_run))
    click.echo(f"sent {done.sent}, not matching {done.skipped_by_filter}, given up {done.given_up}")


def _ask(settings_file: Path | None, recipient: str, wish: "Wish", *, actor: str, reason: str) -> None:
    from acquit.worker.commands import command, send

    asked = command(recipient, wish, by=actor, reason=reason, now=datetime.now(UTC))
    _ran(send(_settings(settings_file), [asked]))
    click.echo("asked; the ledger decides: `acquit suppression history CHANNEL:ADDRESS` tells what came of it")


def _settings(file: Path | None) -> "Settings":
    from acquit.worker.settings_file import load

    return load(file, os.environ)


def _ran(work: Coroutine[Any, Any, Any]) -> Any:
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


def _lines(files: Iterable[str]) -> Iterator[bytes]:
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


def _print(fields: Mapping[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(fields, default=str, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z))


if __name__ == "__main__":
    main()
