"""``perftui run``."""

import click

from perftui.cli import options as shared
from perftui.cli.options import Options


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="CMD …")
@shared.plain
@shared.as_json
@shared.watching
@shared.children
@shared.common
def run(options: Options, command: tuple[str, ...]) -> int:
    """Start CMD and open the screen on it.

    perftui leaves with CMD's exit code. Without a terminal, or with --plain or --json, a diagnosis is printed
    when CMD ends (or after --for).
    """
    from perftui.cli.child import run_on_screen, run_plain
    from perftui.cli.screen import wants_screen

    options.config()
    return run_on_screen(command, options) if wants_screen(options) else run_plain(command, options)
