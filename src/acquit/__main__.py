"""`acquit`: all commands by name. What each does stands in `commands/`."""

import os
from pathlib import Path

try:
    import click
except ModuleNotFoundError:  # a sender's install has acquit.client alone
    raise SystemExit("the commands need more: pip install 'acquit[worker]'") from None

from acquit import __version__
from acquit.commands import dead_letters, routes, running, screening, suppression, tracing, words
from acquit.commands.shell import Group


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="acquit")
@click.option(
    "--settings", "settings_file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="TOML file of settings; the environment's ACQUIT_* win over it.",
)  # fmt: skip
@click.pass_context
def main(ctx: click.Context, settings_file: Path | None) -> None:
    """What happened to each message and why, and who must not be contacted."""
    # Before numpy is imported: threads that wait for one another over small matrices treble the processor's time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    ctx.obj = settings_file


for command in (
    running.worker, running.demo, running.top, running.topics, running.simulate,
    words.check, words.classify, words.explain, words.replay, words.schema,
    suppression.suppression, tracing.trace, dead_letters.dead_letters, screening.screen, routes.routes,
):  # fmt: skip
    main.add_command(command)

if __name__ == "__main__":
    main()
