"""``perftui replay``."""

from pathlib import Path

import click

from perftui.cli import options as shared
from perftui.cli.options import Options


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--at",
    "moment",
    metavar="TIME",
    help="Begin there: 12:03:04, 2026-01-31T12:03:04, +90 or -30 (seconds), or worst.",
)
@shared.plain
@shared.as_json
@shared.common
def replay(options: Options, file: Path, moment: str | None) -> int:
    """Open the screen on the recording or incident bundle FILE.

    With --plain or --json the diagnosis at --at (by default the end) is printed instead.
    """
    from perftui.cli.playback import report, screen
    from perftui.cli.screen import wants_screen

    return screen(file, moment, options) if wants_screen(options) else report(file, moment, options)
