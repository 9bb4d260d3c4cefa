"""What runs for long, and the topics that it needs: worker, demo, top, topics, simulate."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson
from click.core import ParameterSource

from acquit.commands.shell import ran, settings_of
from acquit.rules import load as load_rules


@click.command()
@click.pass_obj
def worker(settings_file: Path | None) -> None:
    """Run a worker; start as many as there is work for, at most one per partition."""
    from acquit.worker.start import run

    settings = settings_of(settings_file)
    run(settings, load_rules(settings.rules_dir))


@click.command()
@click.option("--seconds", type=float, help="End by itself after so long.")
@click.option("--http-port", default=9464, show_default=True, help="For metrics and health; 0 takes a free one.")
@click.option("--kafka-port", default=0, show_default=True, help="For the embedded broker; 0 takes a free one.")
@click.option("--redis-port", default=0, show_default=True, help="For the embedded Valkey; 0 takes a free one.")
def demo(*, seconds: float | None, http_port: int, kafka_port: int, redis_port: int) -> None:
    """The whole main job on embedded servers, with simulated traffic, live."""
    from acquit.worker.demo import run

    run(seconds=seconds, http_port=http_port, kafka_port=kafka_port, redis_port=redis_port)


@click.command()
@click.argument("address", default="127.0.0.1:9464")
@click.option("--once", is_flag=True, help="Look once, print, and end.")
def top(address: str, *, once: bool) -> None:
    """A live view of a running worker, by the address of its metrics."""
    from acquit.worker.watching import watch

    watch(address, once=once)


@click.group()
def topics() -> None:
    """Make acquit's topics, or say what is wrong with them."""


@topics.command()
@click.option("--with-raw", is_flag=True, help="Make the raw topics as well.")
@click.pass_obj
def create(settings_file: Path | None, *, with_raw: bool) -> None:
    """Make the topics that are missing."""
    from acquit.worker.topics import create as create_topics

    made = ran(create_topics(settings_of(settings_file), with_raw=with_raw))
    click.echo("\n".join(f"made {name}" for name in made) or "nothing to make: all topics are there")


@topics.command(name="check")
@click.option("--acls", "principal", metavar="PRINCIPAL", help="Print the ACLs that this principal needs instead.")
@click.pass_obj
def check_topics(settings_file: Path | None, principal: str | None) -> None:
    """Say what is wrong with the topics; status 1 if anything is."""
    from acquit.worker import topics as worker_topics

    settings = settings_of(settings_file)
    if principal:
        click.echo("\n".join(worker_topics.acls(settings, principal)))
        return
    problems = ran(worker_topics.check(settings))
    click.echo("\n".join(problem.sentence for problem in problems) or "all topics are right")
    sys.exit(1 if problems else 0)


@click.command()
@click.option("--messages", default=1000, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--start", type=click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]), help="UTC; 12 hours ago if not said.")
@click.option("--hours", default=12.0, show_default=True, help="Over how many hours messages are sent.")
@click.option("--truth", type=click.Path(path_type=Path, dir_okay=False), help="Write what is true of them here.")
@click.option("--kafka", is_flag=True, help="Send raw records to the settings' topics, instead of printing events.")
@click.option(
    "--live", is_flag=True, help="With --kafka: half a day of history, then four providers' traffic as it happens."
)
@click.option(
    "--world",
    metavar="NAME|FILE",
    help="A world with known liars instead: low, median or high by what its routes send, or a TOML file.",
)
@click.option("--fraud", metavar="NAME", help="Of --world: who lies, and how. `--fraud list` says the names.")
@click.option("--trouble", metavar="NAME", help="Of --world: honest trouble. `--trouble list` says the names.")
@click.option(
    "--days", type=click.IntRange(1, 28), help="Of --world: for how long. Lies and trouble begin with the eighth day."
)
@click.option(
    "--from-day", type=click.IntRange(0, 27), help="Of --world: lies begin with this day instead; the first one is 0."
)
@click.option(
    "--liars", type=click.Choice(["low", "median", "high"]), help="Of --world: how much the liars' routes send."
)
@click.option(
    "--tallies", is_flag=True, help="Of --world: print tallies, drawn as counts in seconds, instead of events."
)
@click.pass_obj
def simulate(
    settings_file: Path | None, /, *, messages: int, seed: int, start: datetime | None, hours: float, truth: Path | None,
    kafka: bool, world: str | None, tallies: bool, **staged: Any,
) -> None:  # fmt: skip
    """Make traffic of which the truth is known: canonical events on standard output, or raw records on Kafka."""
    from datetime import timedelta

    from acquit.simulate import Scenario, truth_of, write_ndjson

    if "list" in staged.values():
        click.echo("\n".join(_names("frauds" if staged["fraud"] == "list" else "troubles")))
        return
    if staged.pop("live"):
        if not kafka or world or truth or tallies:
            raise click.UsageError("--live goes to Kafka, without end, and nothing else is asked of it")
        _simulate_live(settings_file)
        return
    if world is not None:
        said = {name: value for name, value in staged.items() if value is not None}
        if click.get_current_context().get_parameter_source("seed") is ParameterSource.COMMANDLINE:
            said["seed"] = seed  # a file may have its own
        _simulate_world(settings_file, world, said, start=start, truth=truth, kafka=kafka, tallies=tallies)
        return
    if tallies or any(value is not None for value in staged.values()):
        raise click.UsageError("these options need --world")
    begin = start.replace(tzinfo=UTC) if start else datetime.now(UTC) - timedelta(hours=hours)
    scenario = Scenario(seed=seed, messages=messages, start=begin, span_hours=hours)
    if truth:
        truth.write_bytes(orjson.dumps(truth_of(scenario).shown(), option=orjson.OPT_INDENT_2))
    if kafka:
        from acquit.worker.feeding import feed

        click.echo(f"{ran(feed(settings_of(settings_file), scenario))} records sent", err=True)
    else:
        write_ndjson(scenario, sys.stdout.buffer)


def _simulate_live(settings_file: Path | None) -> None:
    from acquit.worker.feeding import feed_live

    ran(feed_live(settings_of(settings_file)))


def _names(of: str) -> list[str]:
    from acquit.simulate.world.staging import ALL_FRAUDS, ALL_TROUBLES

    table = ALL_FRAUDS if of == "frauds" else ALL_TROUBLES
    return [f"{name:<32} {one.name}" for name, one in table.items()]


def _simulate_world(
    settings_file: Path | None, name: str, said: Mapping[str, Any], *, start: datetime | None, truth: Path | None,
    kafka: bool, tallies: bool,
) -> None:  # fmt: skip
    from acquit.simulate.world import tally_records, telling
    from acquit.simulate.world.truth import Truth
    from acquit.simulate.world.world_file import world_of

    staging = world_of(name, said, start=start.replace(tzinfo=UTC) if start else None)
    found = Truth(staging)
    if tallies:
        drawn = tally_records.drawn_of(staging)
        found.take_drawn(drawn)
        for tally in tally_records.tally_records(staging, drawn):
            sys.stdout.buffer.write(tally.value + b"\n")
    elif kafka:
        from acquit.worker.feeding import feed_records

        sent = ran(feed_records(settings_of(settings_file), telling.records(staging, found)))
        click.echo(f"{sent} records sent", err=True)
    else:
        sys.stdout.buffer.writelines(telling.lines(staging, found))
    if truth:
        truth.write_bytes(orjson.dumps(found.shown(), option=orjson.OPT_INDENT_2))
