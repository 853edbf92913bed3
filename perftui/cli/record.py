"""``perftui record``."""

from pathlib import Path

import click

from perftui.cli import options as shared
from perftui.cli.options import MAX_SECONDS, Options, Seconds


@click.command()
@click.argument("target", required=False)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The new file to record into.",
)
@click.option(
    "--for",
    "seconds",
    type=Seconds(0.1, MAX_SECONDS),
    metavar="SECONDS",
    help="How long to record (default: until Ctrl+C, or until the target ends).",
)
@shared.interval
@shared.children
@shared.common
def record(options: Options, target: str | None, output: Path) -> None:
    """Record TARGET (or this host) into FILE, without a screen.

    FILE is whole whenever recording ends; when perftui is killed, up to the last five seconds. Open it with
    perftui replay FILE.
    """
    from perftui.cli.taping import record_into

    record_into(output, target, options)
