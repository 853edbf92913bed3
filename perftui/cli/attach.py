"""``perftui attach``."""

import click

from perftui.cli import options as shared
from perftui.cli.options import Options


@click.command()
@click.argument("target")
@shared.plain
@shared.as_json
@shared.watching
@shared.children
@shared.common
def attach(options: Options, target: str) -> int:
    """Open the screen on TARGET: a PID, name:PATTERN, unit:NAME.service, cgroup:PATH or container:ID.

    Without a terminal a plain report is printed instead.
    """
    from perftui.cli.screen import screen_or_report

    return screen_or_report(target, options)
