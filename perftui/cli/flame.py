"""``perftui flame``."""

from pathlib import Path

import click

from perftui.cli import options as shared
from perftui.cli.options import Options


@click.command()
@click.argument("source", metavar="TARGET|FILE")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "collapsed", "speedscope", "svg", "pprof"]),
    help="What to write (default: by the ending of -o, text on a terminal, else collapsed).",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write FILE, in the place of the one there is.",
)
@click.option(
    "--view",
    type=click.Choice(["cpu", "wall"]),
    help="Time on a CPU, or all time (default: cpu where it is known).",
)
@click.option("--thread", "tid", type=click.IntRange(min=0), metavar="TID", help="One thread alone.")
@shared.as_json
@shared.watching
@shared.children
@shared.common
def flame(
    options: Options, source: str, format_name: str | None, output: Path | None, view: str | None, tid: int | None
) -> None:
    """Where TARGET spends its time, as a flame graph or for other programs.

    FILE is a recording (FILE@FROM-TO for a part), or stacks of another program: collapsed, speedscope, perf script,
    austin. What it is is told by its content.
    """
    from perftui.cli.flaming import Wanted, flame_of

    flame_of(source, Wanted(format_name, output, view, tid), options)
