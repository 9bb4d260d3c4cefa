"""`acquit suppression held`: what the circuit breaker keeps from the list, for staff to decide."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import click
import msgspec

from acquit.commands.shell import ACTOR, REASON, print_row, ran, settings_of


@click.group()
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
        async for one in listed(settings_of(settings_file), wanted(recipient, route, carrier)):
            print_row(msgspec.to_builtins(one))

    ran(run())


def _decision(command: Callable[..., None]) -> Callable[..., None]:
    """And who says so, and why."""
    return _which(click.option("--all", "is_all", is_flag=True, help="All that is held.")(REASON(ACTOR(command))))


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
    people = ran(decide(settings_of(settings_file), name, which, by=actor, reason=reason))
    click.echo(f"asked to {name} what is held of {people} {'person' if people == 1 else 'people'}")
